//! A content hash that does not depend on how an array is stored.
#![forbid(unsafe_code)]

#[cfg(feature = "pickle")]
mod json;

use crate::entry::BAND;
use crate::{Data, Dtype, Entry, Kind, MemoryOrder, Order, Result, Scalar};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// SHA-256 over the elements in C order, each as it would be stored by itself.
///
/// Scalars are little-endian (x87 long doubles with their padding zeroed), the fields of a record
/// stand one after another without padding, subarrays are in C order, strings and opaque bytes
/// are raw and of full width. So the same values have the same digest in every format, byte
/// order, memory order and record layout. Python objects are hashed as their JSON, see
/// `Value::to_json`.
///
/// ```
/// use npstow::{Array, Order, npy};
/// # let dir = tempfile::tempdir().unwrap();
/// # let (a, b) = (dir.path().join("a.npy"), dir.path().join("b.npy"));
/// let x = Array::from_vec_shape(vec![1u16, 2, 3, 4, 5, 6], &[2, 3])?;
/// npy::write(&a, &x)?;
/// npy::write_with(&b, &x, &npy::WriteOptions::default().byte_order(Order::Big))?;
/// assert_eq!(npstow::digest(&npy::open(&a)?)?, npstow::digest(&npy::open(&b)?)?);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// As [`Entry::read_slice`].
pub fn digest(entry: &Entry) -> Result<[u8; 32]> {
    #[cfg(feature = "pickle")]
    if entry.is_objects() {
        return Ok(Sha256::digest(entry.value()?.to_json()?).into());
    }
    let mut hash = Sha256::new();
    if let Data::Varied(varied) = entry.data() {
        varied.each_digested(&mut |bytes| hash.update(bytes))?;
        return Ok(hash.finalize().into());
    }
    let dtype = entry.dtype();
    let little = dtype.to_order(Order::Little);
    let plain = is_plain(dtype);
    let mut item = Vec::new();
    for piece in entry.pieces(MemoryOrder::C)? {
        let part = piece?;
        let part = if *dtype == little { part } else { part.to_order(Order::Little)? };
        let part = part.to_contiguous(MemoryOrder::C)?;
        let bytes = part.bytes_in(MemoryOrder::C).unwrap_or_default();
        if plain {
            hash.update(bytes);
            continue;
        }
        item.clear();
        for element in bytes.chunks_exact(dtype.itemsize().max(1)) {
            append(dtype, element, &mut item);
            if item.len() >= BAND {
                hash.update(&item);
                item.clear();
            }
        }
        hash.update(&item);
    }
    Ok(hash.finalize().into())
}

/// SHA-256 of bytes that are no array, as the JSON value `{"$bytes":"<base64>"}` in UTF-8: how
/// the command line shows them, without white space.
pub(crate) fn digest_value(entry: &Entry) -> Result<[u8; 32]> {
    #[cfg(feature = "pickle")]
    if matches!(entry.data(), Data::Value(_)) {
        return digest(entry);
    }
    let mut hash = Sha256::new();
    hash.update(b"{\"$bytes\":\"");
    let mut held: Vec<u8> = Vec::new();
    for piece in entry.pieces(MemoryOrder::C)? {
        let piece = piece?;
        held.extend_from_slice(piece.bytes().unwrap_or_default());
        // Three bytes are four letters, so whole threes can go.
        let whole = held.len() / 3 * 3;
        hash.update(STANDARD.encode(&held[..whole]));
        held.drain(..whole);
    }
    hash.update(STANDARD.encode(&held));
    hash.update(b"\"}");
    Ok(hash.finalize().into())
}

/// Bytes of an x87 extended float that carry its value; the rest is padding.
const X87_LEN: usize = 10;

/// The width of the x87 floats in a scalar, where it is made of them.
fn x87_width(scalar: Scalar) -> Option<usize> {
    match (scalar.kind(), scalar.itemsize()) {
        (Kind::Float, width @ (12 | 16)) => Some(width),
        (Kind::Complex, width @ (24 | 32)) => Some(width / 2),
        _ => None,
    }
}

/// Whether elements go into the hash just as they are.
fn is_plain(dtype: &Dtype) -> bool {
    match dtype {
        Dtype::Scalar(scalar) => x87_width(*scalar).is_none(),
        Dtype::Array(base, _) => is_plain(base),
        Dtype::Record(record) => {
            let mut next = 0;
            let packed = record.fields().iter().all(|field| {
                let here = field.offset() == next;
                next += field.dtype().itemsize();
                here && is_plain(field.dtype())
            });
            packed && next == record.itemsize()
        }
    }
}

/// Adds what of an element counts. Walks the dtype for each element: a plan made beforehand could
/// be as long as a hostile header likes.
fn append(dtype: &Dtype, element: &[u8], to: &mut Vec<u8>) {
    match dtype {
        Dtype::Scalar(scalar) => {
            let start = to.len();
            to.extend_from_slice(element);
            if let Some(width) = x87_width(*scalar) {
                to[start..].chunks_exact_mut(width).for_each(|float| float[X87_LEN..].fill(0));
            }
        }
        Dtype::Array(base, _) if is_plain(base) => to.extend_from_slice(element),
        Dtype::Array(base, _) => {
            let items = element.chunks_exact(base.itemsize().max(1));
            items.for_each(|item| append(base, item, to));
        }
        Dtype::Record(record) => {
            for field in record.fields() {
                let start = field.offset();
                let bytes = element.get(start..start + field.dtype().itemsize());
                append(field.dtype(), bytes.unwrap_or_default(), to);
            }
        }
    }
}
