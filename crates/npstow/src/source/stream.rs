//! Readers that cannot seek: pipes, sockets, decompressors.
//!
//! What a header declares is not believed: memory grows with the bytes that really arrive, at
//! most to twice of them. Large memory grows by moving pages, not bytes.
#![forbid(unsafe_code)]

use crate::{Buffer, BufferMut, Error, Result};
use std::io::{self, Read};

/// What is allocated before any byte has arrived, however much is declared.
const FIRST: usize = 4 << 20;

/// Takes in all that is left of `reader`, at most `limit` bytes.
///
/// ```
/// use npstow::{ErrorKind, read_stream};
/// let mut pipe = &b"some bytes"[..];
/// assert_eq!(&*read_stream(&mut pipe, 1 << 20)?, b"some bytes");
/// let mut pipe = &b"some bytes"[..];
/// assert_eq!(read_stream(&mut pipe, 5).unwrap_err().kind(), ErrorKind::Limit);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io` where reading fails; `Limit` where more than `limit` bytes come.
pub fn read_stream(reader: &mut dyn Read, limit: u64) -> Result<Buffer> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut buffer = BufferMut::zeroed(64 << 10)?;
    let mut filled = 0;
    loop {
        filled += fill(reader, &mut buffer.bytes_mut()[filled..])
            .map_err(|e| Error::io("reading", e).at(filled as u64))?;
        if filled < buffer.len() {
            break;
        }
        if filled > most {
            return Err(Error::limit("a stream (bytes)", limit, "more"));
        }
        // One byte beyond the limit tells a stream that ends there from one that goes on.
        buffer.resize(filled.saturating_mul(2).min(most.saturating_add(1)))?;
    }
    if filled > most {
        return Err(Error::limit("a stream (bytes)", limit, "more"));
    }
    buffer.freeze().slice(0..filled)
}

/// Takes in exactly `len` bytes, which begin at `offset` of the stream.
pub(crate) fn read_growing(reader: &mut dyn Read, offset: u64, len: usize) -> Result<BufferMut> {
    let mut buffer = BufferMut::zeroed(len.min(FIRST))?;
    let mut filled = 0;
    loop {
        let wanted = buffer.len() - filled;
        let got = fill(reader, &mut buffer.bytes_mut()[filled..])
            .map_err(|e| Error::io("reading", e).at(offset + filled as u64))?;
        filled += got;
        if got < wanted {
            return Err(Error::corrupt(
                format_args!("{len} bytes of data"),
                format_args!("the end after {filled}"),
            )
            .at(offset));
        }
        if filled == len {
            return Ok(buffer);
        }
        buffer.resize(len.min(filled.saturating_mul(2)))?;
    }
}

/// Fills `dst` unless the reader ends before; says how many bytes came.
fn fill(reader: &mut dyn Read, dst: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < dst.len() {
        match reader.read(&mut dst[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn all_of_a_stream_within_the_limit() {
        for len in [0usize, 1, 65_535, 65_536, 65_537, 9 << 20] {
            let bytes: Vec<u8> = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
            assert_eq!(&*read_stream(&mut &bytes[..], len as u64).unwrap(), &bytes[..], "{len}");
            if len > 0 {
                let e = read_stream(&mut &bytes[..], len as u64 - 1).unwrap_err();
                assert_eq!(e.kind(), ErrorKind::Limit, "{len}");
            }
        }
    }

    /// A reader that a signal interrupts before every byte.
    struct Interrupted<'a>(&'a [u8], bool);

    impl Read for Interrupted<'_> {
        fn read(&mut self, dst: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = dst.len().min(1);
            self.0.read(&mut dst[..len])
        }
    }

    #[test]
    fn a_signal_ends_no_stream() {
        let mut reader = Interrupted(b"hello", false);
        assert_eq!(&*read_stream(&mut reader, 5).unwrap(), b"hello");
        let mut reader = Interrupted(b"hello", false);
        assert_eq!(read_growing(&mut reader, 0, 4).unwrap().bytes(), b"hell");
    }

    #[test]
    fn a_declared_length_is_not_believed() {
        let bytes = vec![7u8; 5 << 20];
        let got = read_growing(&mut &bytes[..], 128, bytes.len()).unwrap();
        assert_eq!(got.bytes(), &bytes[..]);
        let e = read_growing(&mut &bytes[..], 128, usize::MAX / 4).unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(128)));
        assert!(read_growing(&mut &bytes[..], 0, 0).unwrap().is_empty());
    }
}
