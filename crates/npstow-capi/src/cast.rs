//! Numbers brought into another dtype, where they fit.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, Text, make, need};
use half::f16;
use npstow::{Array, Buffer, BufferMut, Dtype, Element, Error, Kind, MemoryOrder, Order, Result};

/// So many numbers are brought over at once.
const BLOCK: usize = 4096;

/// Numbers on the way: integers and booleans, or floats.
enum Block {
    Whole(Vec<i128>),
    Real(Vec<f64>),
}

/// The array with its numbers in another dtype, in C order, as a C compiler brings them over: floats
/// are cut to whole numbers, digits that a smaller float has no room for are lost, what is not zero
/// is true. A number that does not fit (too large, negative in an unsigned type, not a number in an
/// integer, a float that would become infinite) is `NPSTOW_MISMATCH` with its index. For numbers and
/// booleans only; complex numbers become complex ones.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_cast(
    array: Option<&NpstowArray>,
    descr: Text,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        let (array, dtype) = (&need(array, "array")?.array, Dtype::parse(descr.get("descr")?)?);
        Ok(NpstowArray::boxed(cast(array, &dtype)?))
    })
}

pub(crate) fn cast(array: &Array, dtype: &Dtype) -> Result<Array> {
    let native = array.to_native()?.to_contiguous(MemoryOrder::C)?;
    let to = dtype.to_order(Order::NATIVE);
    let done = if *native.dtype() == to {
        native
    } else {
        match (is_complex(native.dtype()), is_complex(&to)) {
            (false, false) => numbers(&native, &to)?,
            (true, true) => {
                let parts = parts_of(&native)?;
                whole_of(&numbers(&parts, &part(&to)?)?, &to, array.shape())?
            }
            (false, true) => {
                let real = numbers(&native, &part(&to)?)?;
                whole_of(&with_zeros(&real)?, &to, array.shape())?
            }
            (true, false) => return Err(refused(native.dtype(), &to)),
        }
    };
    done.to_order(dtype.as_scalar().map_or(Order::NATIVE, npstow::Scalar::order))
}

fn refused(from: &Dtype, to: &Dtype) -> Error {
    Error::unsupported(format!("a cast from {from} to {to}"))
}

fn is_complex(dtype: &Dtype) -> bool {
    dtype.as_scalar().is_some_and(|scalar| scalar.kind() == Kind::Complex)
}

/// The floats that a complex dtype is two of.
fn part(dtype: &Dtype) -> Result<Dtype> {
    match dtype.itemsize() {
        8 => Dtype::parse("f4"),
        16 => Dtype::parse("f8"),
        _ => Err(Error::unsupported(format!("a cast of {dtype}"))),
    }
}

fn bytes(array: &Array) -> &[u8] {
    array.bytes().unwrap_or_default()
}

/// Both parts of complex numbers, as floats on one axis.
fn parts_of(array: &Array) -> Result<Array> {
    let data = Buffer::copy_of(bytes(array));
    Array::new(part(array.dtype())?, &[array.len() * 2], MemoryOrder::C, data)
}

fn whole_of(parts: &Array, dtype: &Dtype, shape: &[usize]) -> Result<Array> {
    Array::new(dtype.clone(), shape, MemoryOrder::C, Buffer::copy_of(bytes(parts)))
}

/// Each float with a zero behind it.
fn with_zeros(real: &Array) -> Result<Array> {
    let size = real.dtype().itemsize();
    let mut both = BufferMut::zeroed(real.nbytes() * 2)?;
    let places = both.bytes_mut().chunks_exact_mut(size * 2);
    for (place, number) in places.zip(bytes(real).chunks_exact(size)) {
        place[..size].copy_from_slice(number);
    }
    Array::new(real.dtype().clone(), &[real.len() * 2], MemoryOrder::C, both.freeze())
}

/// Real numbers, in this machine's byte order and C order, into another dtype.
fn numbers(from: &Array, to: &Dtype) -> Result<Array> {
    let size = to.itemsize();
    let mut memory = BufferMut::zeroed(
        from.len().checked_mul(size).ok_or_else(|| Error::invalid("a cast beyond memory"))?,
    )?;
    let read = reader(from.dtype()).ok_or_else(|| refused(from.dtype(), to))?;
    let write = writer(to).ok_or_else(|| refused(from.dtype(), to))?;
    let step = BLOCK * from.dtype().itemsize();
    let places = memory.bytes_mut().chunks_mut((BLOCK * size).max(1));
    for (n, (source, place)) in bytes(from).chunks(step.max(1)).zip(places).enumerate() {
        let block = read(source)?;
        if let Err(at) = write(&block, place) {
            let index = n * BLOCK + at;
            let number = match &block {
                Block::Whole(numbers) => numbers.get(at).map(i128::to_string),
                Block::Real(numbers) => numbers.get(at).map(f64::to_string),
            };
            let found = format!("{} in element {index}", number.unwrap_or_default());
            return Err(Error::mismatch(format!("numbers that fit {to}"), found));
        }
    }
    Array::new(to.clone(), from.shape(), MemoryOrder::C, memory.freeze())
}

type Reader = fn(&[u8]) -> Result<Block>;
/// Fails with the place of the number that does not fit.
type Writer = fn(&Block, &mut [u8]) -> Result<(), usize>;

fn read<T: Element>(source: &[u8], block: impl Fn(&[T]) -> Block) -> Result<Block> {
    let len = source.len() / T::dtype().itemsize().max(1);
    let array = Array::new(T::dtype(), &[len], MemoryOrder::C, Buffer::copy_of(source))?;
    Ok(block(array.as_slice::<T>()?))
}

macro_rules! whole {
    ($type:ty) => {
        |source| read::<$type>(source, |all| Block::Whole(all.iter().map(|&n| n.into()).collect()))
    };
}

fn reader(dtype: &Dtype) -> Option<Reader> {
    let scalar = dtype.as_scalar()?;
    Some(match (scalar.kind(), scalar.itemsize()) {
        (Kind::Bool, 1) => whole!(bool),
        (Kind::Int, 1) => whole!(i8),
        (Kind::Int, 2) => whole!(i16),
        (Kind::Int, 4) => whole!(i32),
        (Kind::Int, 8) => whole!(i64),
        (Kind::Uint, 1) => whole!(u8),
        (Kind::Uint, 2) => whole!(u16),
        (Kind::Uint, 4) => whole!(u32),
        (Kind::Uint, 8) => whole!(u64),
        (Kind::Float, 2) => |source| {
            read::<f16>(source, |all| Block::Real(all.iter().map(|n| n.to_f64()).collect()))
        },
        (Kind::Float, 4) => {
            |source| read::<f32>(source, |all| Block::Real(all.iter().map(|&n| n.into()).collect()))
        }
        (Kind::Float, 8) => |source| read::<f64>(source, |all| Block::Real(all.to_vec())),
        _ => return None,
    })
}

/// Writes each number as the bytes that `bytes` makes of it.
fn write<const N: usize>(
    block: &Block,
    place: &mut [u8],
    whole: impl Fn(i128) -> Option<[u8; N]>,
    real: impl Fn(f64) -> Option<[u8; N]>,
) -> Result<(), usize> {
    let mut places = place.chunks_exact_mut(N).enumerate();
    let put = |(at, place): (usize, &mut [u8]), number: Option<[u8; N]>| {
        number.map(|bytes| place.copy_from_slice(&bytes)).ok_or(at)
    };
    match block {
        Block::Whole(numbers) => {
            numbers.iter().zip(&mut places).try_for_each(|(&n, place)| put(place, whole(n)))
        }
        Block::Real(numbers) => {
            numbers.iter().zip(&mut places).try_for_each(|(&n, place)| put(place, real(n)))
        }
    }
}

/// A float cut to a whole number; none for what is no number and what is beyond all integers.
fn cut(number: f64) -> Option<i128> {
    // 2^64 is beyond all of them, and within what an `i128` holds exactly.
    let fits = number.abs() <= 18_446_744_073_709_551_616.0;
    #[allow(clippy::cast_possible_truncation)]
    fits.then_some(number as i128)
}

macro_rules! to_whole {
    ($type:ty) => {
        |block, place| {
            let fit = |n: i128| <$type>::try_from(n).ok().map(<$type>::to_ne_bytes);
            write(block, place, fit, |n| cut(n).and_then(fit))
        }
    };
}

/// Rounds; none for what would become infinite.
#[allow(clippy::cast_possible_truncation)]
fn single(number: f64) -> Option<f32> {
    let rounded = number as f32;
    (rounded.is_finite() || !number.is_finite()).then_some(rounded)
}

fn writer(dtype: &Dtype) -> Option<Writer> {
    let scalar = dtype.as_scalar()?;
    Some(match (scalar.kind(), scalar.itemsize()) {
        (Kind::Bool, 1) => |block, place| {
            write(block, place, |n| Some([u8::from(n != 0)]), |n| Some([u8::from(n != 0.0)]))
        },
        (Kind::Int, 1) => to_whole!(i8),
        (Kind::Int, 2) => to_whole!(i16),
        (Kind::Int, 4) => to_whole!(i32),
        (Kind::Int, 8) => to_whole!(i64),
        (Kind::Uint, 1) => to_whole!(u8),
        (Kind::Uint, 2) => to_whole!(u16),
        (Kind::Uint, 4) => to_whole!(u32),
        (Kind::Uint, 8) => to_whole!(u64),
        (Kind::Float, 2) => |block, place| {
            let fit = |n: f64| {
                let rounded = f16::from_f64(n);
                (rounded.is_finite() || !n.is_finite()).then(|| rounded.to_ne_bytes())
            };
            write(block, place, |n| fit(real(n)), fit)
        },
        (Kind::Float, 4) => |block, place| {
            #[allow(clippy::cast_precision_loss)]
            let whole = |n: i128| Some((n as f32).to_ne_bytes());
            write(block, place, whole, |n| single(n).map(f32::to_ne_bytes))
        },
        (Kind::Float, 8) => |block, place| {
            write(block, place, |n| Some(real(n).to_ne_bytes()), |n| Some(n.to_ne_bytes()))
        },
        _ => return None,
    })
}

#[allow(clippy::cast_precision_loss)]
fn real(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(array: Array, descr: &str) -> Result<Array> {
        cast(&array, &Dtype::parse(descr).unwrap())
    }

    #[test]
    fn numbers_that_fit_come_over() {
        let wide = Array::from_vec(vec![-1i64, 0, 127]);
        assert_eq!(to(wide.clone(), "i1").unwrap().to_vec::<i8>().unwrap(), [-1, 0, 127]);
        assert_eq!(to(wide.clone(), "f2").unwrap().to_vec::<f16>().unwrap()[2].to_f32(), 127.0);
        assert_eq!(to(wide.clone(), "?").unwrap().to_vec::<bool>().unwrap(), [true, false, true]);
        let big = to(wide, ">i4").unwrap();
        assert_eq!((big.dtype().to_string(), big.bytes().unwrap()[11]), (">i4".to_owned(), 127));
        let reals = Array::from_vec(vec![1.9f64, -1.9, 1e-300]);
        assert_eq!(to(reals.clone(), "i4").unwrap().to_vec::<i32>().unwrap(), [1, -1, 0]);
        assert_eq!(to(reals, "f4").unwrap().to_vec::<f32>().unwrap(), [1.9, -1.9, 0.0]);
        let most = Array::from_vec(vec![u64::MAX]);
        assert_eq!(to(most, "u8").unwrap().to_vec::<u64>().unwrap(), [u64::MAX]);
        let many =
            Array::from_vec((0..10_000u16).collect::<Vec<_>>()).reshape(&[100, 100]).unwrap();
        let turned = to(many.transpose(), "f8").unwrap();
        assert_eq!(turned.to_vec::<f64>().unwrap()[9_999], 9999.0);
        assert_eq!(turned.to_vec::<f64>().unwrap()[1], 100.0);
    }

    #[test]
    fn numbers_that_do_not_fit_are_told() {
        let told = |array: Array, descr: &str| to(array, descr).unwrap_err().to_string();
        let many = Array::from_vec((0..5000i32).map(|n| n / 4999 * 200).collect::<Vec<_>>());
        assert_eq!(told(many, "i1"), "expected numbers that fit |i1, found 200 in element 4999");
        let minus = Array::from_vec(vec![-1i8]);
        assert_eq!(told(minus, "u8"), "expected numbers that fit <u8, found -1 in element 0");
        for (number, descr) in [(f64::NAN, "i8"), (1e300, "f4"), (2e19, "u8"), (1e5, "f2")] {
            assert!(to(Array::from_vec(vec![number]), descr).is_err(), "{number} {descr}");
        }
        assert!(to(Array::from_vec(vec![f64::INFINITY]), "f4").is_ok());
        assert!(told(Array::from_strings(&["a"]).unwrap(), "f4").starts_with("not supported"));
    }

    #[test]
    fn complex_numbers_stay_complex() {
        let real = Array::from_vec(vec![1i32, -2]);
        let both = to(real, "c16").unwrap();
        assert_eq!(
            to(parts_of(&both).unwrap(), "f8").unwrap().to_vec::<f64>().unwrap(),
            [1.0, 0.0, -2.0, 0.0]
        );
        let small = to(both, "c8").unwrap();
        assert_eq!(parts_of(&small).unwrap().to_vec::<f32>().unwrap(), [1.0, 0.0, -2.0, 0.0]);
        assert!(to(small, "f4").is_err());
    }
}
