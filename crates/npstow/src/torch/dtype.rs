//! What the elements of storages are.
#![forbid(unsafe_code)]

use crate::{Dtype, Kind, Order, Result, Scalar};

/// Types by the name of their storage, and of their dtype; kind and size. What NumPy has no type
/// for is opaque, as `ml_dtypes` saves it.
const TABLE: &[(&str, &str, Kind, usize)] = &[
    ("DoubleStorage", "float64", Kind::Float, 8),
    ("FloatStorage", "float32", Kind::Float, 4),
    ("HalfStorage", "float16", Kind::Float, 2),
    ("BFloat16Storage", "bfloat16", Kind::Void, 2),
    ("LongStorage", "int64", Kind::Int, 8),
    ("IntStorage", "int32", Kind::Int, 4),
    ("ShortStorage", "int16", Kind::Int, 2),
    ("CharStorage", "int8", Kind::Int, 1),
    ("ByteStorage", "uint8", Kind::Uint, 1),
    ("BoolStorage", "bool", Kind::Bool, 1),
    ("ComplexFloatStorage", "complex64", Kind::Complex, 8),
    ("ComplexDoubleStorage", "complex128", Kind::Complex, 16),
    // Storages of newer types are untyped: bytes.
    ("UntypedStorage", "uint8", Kind::Uint, 1),
    ("_UntypedStorage", "uint8", Kind::Uint, 1),
    ("", "uint16", Kind::Uint, 2),
    ("", "uint32", Kind::Uint, 4),
    ("", "uint64", Kind::Uint, 8),
    ("", "float8_e4m3fn", Kind::Void, 1),
    ("", "float8_e5m2", Kind::Void, 1),
    ("", "float8_e4m3fnuz", Kind::Void, 1),
    ("", "float8_e5m2fnuz", Kind::Void, 1),
    ("", "float8_e8m0fnu", Kind::Void, 1),
];

fn made(kind: Kind, size: usize, order: Order) -> Result<Option<Dtype>> {
    // Opaque bytes have no order that could be told.
    if kind == Kind::Void && size > 1 && order == Order::Big {
        return Ok(None);
    }
    let has_order = size > 1 && kind != Kind::Void;
    let order = if has_order { order } else { Order::None };
    Scalar::new(kind, order, size).map(|scalar| Some(Dtype::Scalar(scalar)))
}

/// What a storage of this class holds; `None` for what is none, or is quantized.
pub(super) fn of_storage((module, name): (&str, &str), order: Order) -> Result<Option<Dtype>> {
    let is_torch = matches!(module, "torch" | "torch.storage" | "torch.cuda");
    let found = TABLE.iter().find(|(storage, ..)| is_torch && !name.is_empty() && *storage == name);
    match found {
        Some((_, _, kind, size)) => made(*kind, *size, order),
        None => Ok(None),
    }
}

/// What a dtype of PyTorch is: `torch.uint16`.
pub(super) fn of_name((module, name): (&str, &str), order: Order) -> Result<Option<Dtype>> {
    let found = TABLE.iter().find(|(_, dtype, ..)| module == "torch" && *dtype == name);
    match found {
        Some((_, _, kind, size)) => made(*kind, *size, order),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storages_have_dtypes() {
        let of = |module, name, order| {
            of_storage((module, name), order).unwrap().map(|dtype| dtype.to_string())
        };
        assert_eq!(of("torch", "FloatStorage", Order::Little).unwrap(), "<f4");
        assert_eq!(of("torch.cuda", "LongStorage", Order::Big).unwrap(), ">i8");
        assert_eq!(of("torch", "BFloat16Storage", Order::Little).unwrap(), "|V2");
        assert_eq!(of("torch", "BFloat16Storage", Order::Big), None);
        assert_eq!(of("torch", "QInt8Storage", Order::Little), None);
        assert_eq!(of("os", "FloatStorage", Order::Little), None);
        assert_eq!(of("torch", "", Order::Little), None);
        let new = of_name(("torch", "uint16"), Order::Little).unwrap().unwrap();
        assert_eq!(new.to_string(), "<u2");
    }
}
