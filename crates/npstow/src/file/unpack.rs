//! Files that are packed as a whole: `x.pkl.gz`.
//!
//! What is in them cannot be read at an offset, so it is unpacked into memory first. Offsets in
//! errors are those of the unpacked bytes.
#![forbid(unsafe_code)]

use crate::{Error, Limits, MemorySource, Result, Source, read_stream};
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// Whether a file that begins so is packed: RFC 1952, and deflate is the only method there is.
pub(super) fn is_packed(start: &[u8]) -> bool {
    start.starts_with(b"\x1f\x8b\x08")
}

/// What a file of gzip holds.
pub(super) fn unpacked(source: &Arc<dyn Source>, limits: &Limits) -> Result<Arc<dyn Source>> {
    let reader = BufReader::with_capacity(64 << 10, Packed { source, position: 0 });
    let most = limits.most_unpacked(source.len(), 1).min(limits.max_total());
    let read = read_stream(&mut flate2::bufread::MultiGzDecoder::new(reader), most);
    let bytes = read.map_err(|e| match e.io_error().map(io::Error::kind) {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Error::corrupt("a gzip stream", e.what())
        }
        Some(io::ErrorKind::UnexpectedEof) => Error::corrupt("a gzip stream", "its end too early"),
        _ => e,
    })?;
    Ok(Arc::new(MemorySource::new(bytes)))
}

/// A source from its beginning on.
struct Packed<'a> {
    source: &'a Arc<dyn Source>,
    position: u64,
}

impl Read for Packed<'_> {
    fn read(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.position);
        let len = dst.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(dst) = dst.get_mut(..len) else { return Ok(0) };
        self.source.read_into(self.position, dst)?;
        self.position += len as u64;
        Ok(len)
    }
}

#[cfg(test)]
#[cfg(feature = "pickle")]
mod tests {
    use crate::{ErrorKind, Limits, MemorySource, OpenOptions};
    use std::io::Write;
    use std::sync::Arc;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn open(bytes: Vec<u8>, limits: Limits) -> crate::Result<crate::File> {
        OpenOptions::default().limits(limits).open_source(Arc::new(MemorySource::new(bytes)), "x")
    }

    #[test]
    fn gzip_is_looked_into_and_cut_anywhere() {
        let bytes = packed(b"\x80\x04]\x94(K\x01K\x02e.");
        let file = open(bytes.clone(), Limits::default()).unwrap();
        assert_eq!(file.root().value().unwrap().to_string(), "[1, 2]");
        for len in 0..bytes.len() {
            assert!(open(bytes[..len].to_vec(), Limits::default()).is_err(), "{len}");
        }
        let mut bytes = packed(&[0x80, 4, b'N', b'.']);
        let end = bytes.len() - 6;
        bytes[end] ^= 1;
        assert_eq!(open(bytes, Limits::default()).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn bombs_are_stopped() {
        let bomb = packed(&vec![0; 8 << 20]);
        let limits = Limits::default().total(1 << 20);
        assert_eq!(open(bomb, limits).unwrap_err().kind(), ErrorKind::Limit);
    }
}
