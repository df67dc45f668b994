//! What has been unpacked as a source.
#![forbid(unsafe_code)]

use crate::{Buffer, MemorySource, Result, Source};
use std::io;

/// Memory that is npstow's alone: a large part of it may be an array as it is.
#[derive(Debug)]
pub(crate) struct Unpacked(MemorySource);

/// Of so many parts of the whole, one is worth that the others stay in memory with it.
const PARTS: u64 = 4;

impl Unpacked {
    pub(crate) fn new(bytes: Buffer) -> Self {
        Self(MemorySource::new(bytes))
    }
}

impl Source for Unpacked {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.0.read_into(offset, dst)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        self.0.read(offset, len)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.0.view(offset, len)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.0.in_memory()
    }

    fn shared(&self, offset: u64, len: usize) -> Option<Buffer> {
        let is_much = (len as u64).saturating_mul(PARTS) >= self.len();
        is_much.then(|| self.0.read(offset, len).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PartSource;
    use std::sync::Arc;

    #[test]
    fn much_of_it_is_shared_and_little_is_not() {
        let whole = Arc::new(Unpacked::new(Buffer::from(vec![7u8; 64])));
        let (at, bytes) = (whole.in_memory().unwrap().as_ptr(), whole.shared(0, 16).unwrap());
        assert_eq!((bytes.as_ptr(), bytes.len()), (at, 16));
        assert!(whole.shared(0, 15).is_none() && whole.shared(60, 16).is_none());
        let part = PartSource::new(whole, 8, 40).unwrap();
        assert!(part.shared(8, 32).is_some() && part.shared(9, 32).is_none());
        assert!(MemorySource::new(vec![0u8; 4]).shared(0, 4).is_none());
    }
}
