//! Arrays with their metadata on the way between processes: the stream and buffer forms of NP.hh.
//!
//! | form | bytes |
//! |---|---|
//! | message, of a stream of them | four big-endian `u32`: length of header, data, metadata, and 0; then these three parts |
//! | body (of an HTTP request, a file `.buf`) | an NPY file, and the metadata to the end |
//!
//! Neither carries names or labels. What is written is what NP.hh reads: see
//! [`Profile::NpFold`](super::Profile::NpFold).
//!
//! ```
//! use npstow::{Array, Meta, folder::transport};
//! let mut stream = Vec::new();
//! let meta = Meta::from_text("count:3\n");
//! transport::write_message(&mut stream, &Array::from_vec(vec![1.0f32, 2.0, 3.0]), &meta)?;
//! let mut reader = &stream[..];
//! let message = transport::read_message(&mut reader)?.unwrap();
//! assert_eq!(message.array.as_slice::<f32>()?, [1.0, 2.0, 3.0]);
//! assert_eq!(message.meta.get_as::<u32>("count")?, Some(3));
//! assert!(transport::read_message(&mut reader)?.is_none());
//! # Ok::<(), npstow::Error>(())
//! ```
#![forbid(unsafe_code)]

use super::index::utf8;
use super::profile::plan;
use crate::npy::{Header, HeaderMemo, Payload, Plan};
use crate::source::read_growing;
use crate::{Array, Error, Limits, Meta, Result, Sink, read_stream};
use std::io::Read;

/// An array and its metadata.
#[derive(Clone, Debug)]
pub struct Message {
    /// The array.
    pub array: Array,
    /// Its metadata, as they came.
    pub meta: Meta,
}

/// Length of the prefix: four big-endian numbers of 32 bits.
const PREFIX: usize = 16;

/// Reads the next message of a stream; `None` at its end.
///
/// Exactly the message is consumed. Memory grows with what arrives, not with what is announced.
///
/// # Errors
/// `Corrupt` where the stream ends within a message or its parts do not agree with the prefix;
/// `Unsupported` for objects and for a prefix of another kind; `Limit`; `Io`. Offsets count from
/// the start of the message.
pub fn read_message(reader: &mut dyn Read) -> Result<Option<Message>> {
    let Some([header_len, data_len, meta_len, spare]) = read_prefix(reader)? else {
        return Ok(None);
    };
    let limits = Limits::default();
    if spare != 0 {
        let what = format!("a message with {spare} in the fourth number of its prefix");
        return Err(Error::unsupported(what).at(12));
    }
    if u64::from(header_len) > limits.max_header_len() {
        let limit = limits.max_header_len();
        return Err(Error::limit("an NPY header (bytes)", limit, header_len).at(0));
    }
    let mut offset = PREFIX as u64;
    let mut part = |len: u32| {
        let len = usize::try_from(len)
            .map_err(|_| Error::unsupported("a part larger than the address space"))?;
        let part = read_growing(reader, offset, len)?;
        offset += len as u64;
        Ok::<_, Error>(part)
    };
    let header = part(header_len)?;
    let header = Header::parse(header.bytes(), &limits).map_err(|e| e.shift(PREFIX as u64))?;
    let announced = |what: &str, announced: u32, found: u64, at: u64| {
        if u64::from(announced) == found {
            return Ok(());
        }
        let expected = format!("the {announced} bytes of {what} that the prefix announces");
        Err(Error::corrupt(expected, format_args!("{what} of {found}")).at(at))
    };
    announced("header", header_len, header.data_offset(), 0)?;
    let nbytes = header.nbytes()?;
    announced("data", data_len, nbytes as u64, 4)?;
    let data_offset = PREFIX as u64 + header.data_offset();
    refuse_objects(&header, data_offset)?;
    limits.check_array(nbytes as u64)?;
    let data = part(data_len)?.freeze();
    let array = Array::new(header.dtype().clone(), header.shape(), header.order(), data)?;
    let meta = part(meta_len)?;
    let text = utf8(meta.bytes()).map_err(|e| e.shift(data_offset + nbytes as u64))?;
    Ok(Some(Message { array, meta: Meta::from_text(text) }))
}

fn refuse_objects(header: &Header, at: u64) -> Result<()> {
    if header.dtype().has_object() {
        let what = "the payload of an object array (a pickle)";
        return Err(Error::unsupported(what).at(at));
    }
    Ok(())
}

fn read_prefix(reader: &mut dyn Read) -> Result<Option<[u32; 4]>> {
    let mut bytes = Vec::with_capacity(PREFIX);
    let failed = |e| Error::io("reading a message", e).at(0);
    reader.take(PREFIX as u64).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(4)) {
        *number = bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
    }
    if bytes.len() < PREFIX {
        let found = format!("the end after {}", bytes.len());
        return Err(Error::corrupt("the 16 bytes of a message's prefix", found).at(0));
    }
    Ok(Some(numbers))
}

/// Writes an array and its metadata as a message.
///
/// # Errors
/// `Unsupported` for what NP.hh does not read, and for a part of 4 GiB or more; `Io`.
pub fn write_message(sink: &mut dyn Sink, array: &Array, meta: &Meta) -> Result<()> {
    let (header, options) = plan(array.dtype(), array.shape())?;
    let mut prefix = Vec::with_capacity(PREFIX);
    let parts =
        [("header", header.len()), ("data", array.nbytes()), ("metadata", meta.as_str().len())];
    for (what, len) in parts {
        let len = u32::try_from(len).map_err(|_| {
            Error::unsupported(format!("a message with {len} bytes of {what} (less than 4 GiB)"))
        })?;
        prefix.extend(len.to_be_bytes());
    }
    prefix.extend([0; 4]);
    let failed = |e| Error::io("writing a message", e);
    sink.write_all(&prefix).map_err(failed)?;
    Plan::new(Payload::Array(array), &options, &mut HeaderMemo::default())?.write(sink)?;
    sink.write_all(meta.as_str().as_bytes()).map_err(failed)
}

/// Reads a body: an array, and metadata to the end of the stream.
///
/// # Errors
/// As [`read_message`]; `Corrupt` for no array at all.
pub fn read_body(reader: &mut dyn Read) -> Result<Message> {
    let limits = Limits::default();
    let Some(header) = Header::read_stream(reader, &limits)? else {
        return Err(Error::corrupt("an NPY header", "the end").at(0));
    };
    refuse_objects(&header, header.data_offset())?;
    let nbytes = header.nbytes()?;
    limits.check_array(nbytes as u64)?;
    let data = read_growing(reader, header.data_offset(), nbytes)?.freeze();
    let array = Array::new(header.dtype().clone(), header.shape(), header.order(), data)?;
    let end = header.data_offset() + nbytes as u64;
    let meta = read_stream(reader, limits.max_array_nbytes()).map_err(|e| e.shift(end))?;
    let text = utf8(&meta).map_err(|e| e.shift(end))?;
    Ok(Message { array, meta: Meta::from_text(text) })
}

/// Writes an array and its metadata as a body.
///
/// # Errors
/// `Unsupported` for what NP.hh does not read; `Io`.
pub fn write_body(sink: &mut dyn Sink, array: &Array, meta: &Meta) -> Result<()> {
    let (_, options) = plan(array.dtype(), array.shape())?;
    Plan::new(Payload::Array(array), &options, &mut HeaderMemo::default())?.write(sink)?;
    let failed = |e| Error::io("writing metadata", e);
    sink.write_all(meta.as_str().as_bytes()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Order};

    fn message() -> Vec<u8> {
        let array = Array::from_vec_shape(vec![1i16, -2, 3, -4, 5, -6], &[2, 3]).unwrap();
        let mut bytes = Vec::new();
        write_message(&mut bytes, &array, &Meta::from_text("a:1\n")).unwrap();
        bytes
    }

    #[test]
    fn messages_follow_one_another() {
        let mut bytes = message();
        assert_eq!(bytes[..16], [0, 0, 0, 128, 0, 0, 0, 12, 0, 0, 0, 4, 0, 0, 0, 0]);
        let flags = Array::from_vec(vec![true, false]);
        write_message(&mut bytes, &flags, &Meta::new()).unwrap();
        let mut reader = &bytes[..];
        let first = read_message(&mut reader).unwrap().unwrap();
        assert_eq!(first.array.as_slice::<i16>().unwrap(), [1, -2, 3, -4, 5, -6]);
        assert_eq!((first.array.shape(), first.meta.as_str()), (&[2, 3][..], "a:1\n"));
        let second = read_message(&mut reader).unwrap().unwrap();
        assert_eq!(second.array.as_slice::<u8>().unwrap(), [1, 0]);
        assert!(read_message(&mut reader).unwrap().is_none());
    }

    #[test]
    fn what_np_hh_cannot_read_is_converted_or_refused() {
        let array = Array::from_vec_shape((0..6i32).collect(), &[2, 3]).unwrap();
        let big = array.transpose().to_order(Order::Big).unwrap();
        let mut bytes = Vec::new();
        write_body(&mut bytes, &big, &Meta::new()).unwrap();
        let back = read_body(&mut &bytes[..]).unwrap().array;
        assert_eq!(back.shape(), [3, 2]);
        assert_eq!(back.as_slice::<i32>().unwrap(), [0, 3, 1, 4, 2, 5]);
        let scalar = Array::from_vec_shape(vec![1u8], &[]).unwrap();
        let e = write_message(&mut Vec::new(), &scalar, &Meta::new()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn every_truncation_is_told() {
        let bytes = message();
        for end in 1..bytes.len() {
            let e = read_message(&mut &bytes[..end]).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt, "{end}: {e}");
        }
        let body = &bytes[PREFIX..];
        let meta = body.len() - 4;
        for end in 0..body.len() {
            let read = read_body(&mut &body[..end]);
            assert_eq!(read.is_ok(), end >= meta, "{end}");
        }
        assert_eq!(read_body(&mut &body[..]).unwrap().meta.as_str(), "a:1\n");
    }

    #[test]
    fn hostile_prefixes_are_refused() {
        let good = message();
        let told = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            read_message(&mut &bad[..]).unwrap_err()
        };
        assert_eq!(told(0, 255).kind(), ErrorKind::Limit);
        assert_eq!(told(4, 255).offset(), Some(4));
        assert_eq!(told(8, 255).kind(), ErrorKind::Corrupt);
        assert_eq!(told(15, 1).kind(), ErrorKind::Unsupported);
        // A header longer than what is announced, and shorter.
        assert_eq!(told(3, 127).kind(), ErrorKind::Corrupt);
        let e = told(3, 129);
        assert!(e.to_string().contains("129 bytes of header that the prefix announces"), "{e}");
        let mut bad = good.clone();
        let last = bad.len() - 2;
        bad[last] = 0xff;
        let e = read_message(&mut &bad[..]).unwrap_err();
        assert_eq!(e.offset(), Some(last as u64));
    }
}
