//! Parts of several sources, one after another as one: external storage, and files of the family
//! driver.
#![forbid(unsafe_code)]

use crate::source::check_range;
use crate::{Buffer, Error, Result, Source};
use std::io;
use std::sync::Arc;

/// A part of a source; `len` bytes, of which those behind the end of the source are zeros.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) source: Arc<dyn Source>,
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// See above.
#[derive(Clone, Debug)]
pub(super) struct Segments(Vec<Segment>);

impl Segments {
    pub(super) fn new(segments: Vec<Segment>) -> Self {
        Self(segments)
    }
}

impl Source for Segments {
    fn len(&self) -> u64 {
        self.0.iter().fold(0, |n, segment| n.saturating_add(segment.len))
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        check_range(self.len(), offset, dst.len())?;
        let (mut at, mut rest, mut start) = (offset, dst, 0u64);
        for segment in &self.0 {
            let end = start.saturating_add(segment.len);
            if at < end && !rest.is_empty() {
                let inside = at - start;
                let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(rest.len());
                let (now, later) = rest.split_at_mut(len);
                let from = segment.offset.saturating_add(inside);
                let there = segment.source.len().saturating_sub(from);
                let there = usize::try_from(there).unwrap_or(usize::MAX).min(len);
                let (read, zeros) = now.split_at_mut(there);
                segment.source.read_into(from, read)?;
                zeros.fill(0);
                (at, rest) = (at + len as u64, later);
            }
            start = end;
        }
        Ok(())
    }

    fn view(&self, _: u64, _: usize) -> Result<Buffer> {
        Err(Error::unsupported("a view of data in several files"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn parts_are_one_and_zeros_behind_them() {
        let segment = |bytes: &[u8], offset, len| {
            let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes.to_vec()));
            Segment { source, offset, len }
        };
        let all =
            Segments::new(vec![segment(b"xabc", 1, 3), segment(b"d", 0, 2), segment(b"ef", 0, 2)]);
        assert_eq!(all.len(), 7);
        assert_eq!(&*all.read(0, 7).unwrap(), b"abcd\0ef");
        assert_eq!(&*all.read(2, 3).unwrap(), b"cd\0");
        assert!(all.read(5, 3).is_err() && all.read(u64::MAX, 1).is_err());
    }
}
