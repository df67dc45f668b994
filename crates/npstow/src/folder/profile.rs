//! What NP.hh can read, and what is made of the rest.
#![forbid(unsafe_code)]

use crate::npy::{Header, Version, WriteOptions};
use crate::{Dtype, Entry, Error, Kind, MemoryOrder, Order, Result, Scalar};

/// For whom a folder is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// For npstow, NumPy and whoever reads NPY: arrays are written as they are. NPFold reads the
    /// index, the notes and every array that NP.hh can read.
    #[default]
    Native,
    /// For NPFold: what NP.hh cannot read is converted (booleans to `u1`, big-endian to little,
    /// Fortran order to C) or refused by name (0-d, records, strings, dates, complex numbers,
    /// long doubles), and so are names that NPFold would mistake.
    NpFold,
}

impl Profile {
    /// How an array is written; `wanted` is how it may be.
    ///
    /// # Errors
    /// `Unsupported` for what the profile cannot hold.
    pub(super) fn options(
        self,
        dtype: &Dtype,
        shape: &[usize],
        wanted: &WriteOptions,
    ) -> Result<WriteOptions> {
        match self {
            Self::Native => Ok(wanted.clone()),
            Self::NpFold => Ok(plan(dtype, shape)?.1),
        }
    }

    /// Whether such an array is read as it lies.
    pub(super) fn reads(self, entry: &Entry) -> bool {
        let same = || {
            plain(entry.dtype()).is_ok_and(|dtype| dtype == *entry.dtype())
                && entry.order() == MemoryOrder::C
                && !entry.shape().is_empty()
                && entry.offset().is_some_and(|offset| offset % 16 == 0)
        };
        self == Self::Native || same()
    }
}

/// The header with which NP.hh reads an array, and how to write the whole.
///
/// # Errors
/// `Unsupported` for what it does not read.
pub(super) fn plan(dtype: &Dtype, shape: &[usize]) -> Result<(Vec<u8>, WriteOptions)> {
    let stored = plain(dtype)?;
    if shape.is_empty() {
        return Err(Error::unsupported("a 0-d array for NPFold, which loses its element"));
    }
    let options = WriteOptions::default().version(Version::V1).memory_order(MemoryOrder::C);
    let options = options.byte_order(Order::Little).stored_as(stored.clone());
    let header = Header::new(stored, shape, MemoryOrder::C)?.to_bytes(Some(Version::V1))?;
    // NP.hh takes the first line feed for the end of the header, wherever it is.
    if header.iter().position(|&byte| byte == b'\n') != header.len().checked_sub(1) {
        return Err(Error::unsupported("for NPFold, a header with a line feed in its length"));
    }
    Ok((header, options))
}

/// The dtype in which NP.hh reads these elements.
fn plain(dtype: &Dtype) -> Result<Dtype> {
    let refused = || Error::unsupported(format_args!("the dtype {dtype} for NPFold"));
    let scalar = dtype.as_scalar().ok_or_else(refused)?;
    match (scalar.kind(), scalar.itemsize()) {
        (Kind::Bool, _) => Ok(Dtype::scalar(Scalar::new(Kind::Uint, Order::None, 1)?)),
        (Kind::Int | Kind::Uint | Kind::Float, 1 | 2 | 4 | 8) => Ok(dtype.to_order(Order::Little)),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn np_hh_gets_what_it_reads() {
        for (dtype, stored) in [
            ("?", "'|u1'"),
            (">f4", "'<f4'"),
            ("<f2", "'<f2'"),
            ("|i1", "'|i1'"),
            ("=u8", "'<u8'"),
            (">i2", "'<i2'"),
        ] {
            let dtype: Dtype = dtype.parse().unwrap();
            let (header, _) = plan(&dtype, &[3, 4]).unwrap();
            let text = String::from_utf8_lossy(&header).into_owned();
            let expected =
                format!("{{'descr': {stored}, 'fortran_order': False, 'shape': (3, 4), }}");
            assert!(text.contains(&expected), "{text}");
            assert_eq!(header.len() % 16, 0);
        }
        for dtype in ["c8", "c16", "f16", "S5", "U5", "M8[s]", "m8", "V4", "O", "i4, f4"] {
            let dtype: Dtype = dtype.parse().unwrap();
            let e = plan(&dtype, &[3]).unwrap_err();
            assert_eq!(e.kind(), crate::ErrorKind::Unsupported, "{dtype}");
        }
        let dtype: Dtype = "f4".parse().unwrap();
        assert!(Profile::NpFold.options(&dtype, &[], &WriteOptions::default()).is_err());
        assert!(Profile::Native.options(&dtype, &[], &WriteOptions::default()).is_ok());
    }
}
