//! The bytes of a pickle, as the machine takes them: read in windows, long strings jumped over.
#![forbid(unsafe_code)]

use crate::value::{Span, Store};
use crate::{Error, Result};

/// The first window of a part; the next ones double.
const WINDOW: usize = 16 << 10;

/// The largest window.
const MOST: usize = 4 << 20;

/// The first window behind bytes that were skipped, where there are often few opcodes.
const HOP: usize = 256;

/// From this length on, bytes are skipped that nobody needs in memory.
const SKIPPED: u64 = 512;

/// Strings from this length on are not read before somebody asks for them.
pub(super) const FAR: u64 = 64 << 10;

/// A place in a pickle.
#[derive(Debug)]
pub(super) struct Feed {
    /// Among the bytes held.
    position: usize,
    /// What is added to such a position to have the offset in the file.
    shift: u64,
    /// Where the source ends.
    end: u64,
    window: usize,
    /// How many bytes may be held.
    most: u64,
}

impl Feed {
    pub(super) fn new(store: &mut Store, offset: u64, most: u64) -> Self {
        let end = store
            .locate(offset)
            .map_or(0, |(_, source, at)| offset.saturating_add(source.len().saturating_sub(at)));
        store.begin(offset);
        let shift = offset.wrapping_sub(store.all_held().len() as u64);
        Self { position: store.all_held().len(), shift, end, window: WINDOW, most }
    }

    /// The offset in the file.
    #[inline]
    pub(super) fn offset(&self) -> u64 {
        self.shift.wrapping_add(self.position as u64)
    }

    /// How many bytes there are from here on.
    pub(super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.offset())
    }

    /// What is in memory from here on.
    #[inline]
    fn rest<'a>(&self, store: &'a Store) -> &'a [u8] {
        store.all_held().get(self.position..).unwrap_or_default()
    }

    /// Reads until `len` bytes are in memory, or all that are left.
    #[cold]
    fn fill(&mut self, store: &mut Store, len: usize) -> Result<()> {
        loop {
            let held = self.rest(store).len();
            let next = self.offset() + held as u64;
            let left = usize::try_from(self.end.saturating_sub(next)).unwrap_or(usize::MAX);
            if held >= len || left == 0 {
                return Ok(());
            }
            let want = (len - held).max(self.window).min(left).min(MOST);
            self.window = (self.window * 2).min(MOST);
            if (store.all_held().len() + want) as u64 > self.most {
                return Err(Error::limit("a pickle in memory (bytes)", self.most, "more").at(next));
            }
            store.load(next, want)?;
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self, store: &mut Store) -> Result<[u8; N]> {
        if let Some(bytes) = self.rest(store).first_chunk::<N>() {
            self.position += N;
            return Ok(*bytes);
        }
        self.fill(store, N)?;
        match self.rest(store).first_chunk::<N>() {
            Some(bytes) => {
                self.position += N;
                Ok(*bytes)
            }
            None => Err(self.short(N as u64)),
        }
    }

    fn short(&self, len: u64) -> Error {
        let left = self.left();
        Error::corrupt(format_args!("{len} bytes"), format_args!("the end after {left}"))
            .at(self.offset())
    }

    /// The next `len` bytes; long ones stay in the file.
    #[inline]
    pub(super) fn string(&mut self, store: &mut Store, len: u64) -> Result<Span> {
        let span = Span::in_file(self.offset(), len);
        let Some(size) = usize::try_from(len).ok().filter(|&n| n <= self.rest(store).len()) else {
            return self.far(store, span);
        };
        self.position += size;
        Ok(span)
    }

    #[cold]
    fn far(&mut self, store: &mut Store, span: Span) -> Result<Span> {
        if span.len() > self.left() {
            return Err(self.short(span.len()));
        }
        if span.len() < FAR {
            self.fill(store, usize::try_from(span.len()).unwrap_or(usize::MAX))?;
            return self.string(store, span.len());
        }
        let offset = self.offset() + span.len();
        store.begin(offset);
        self.go_on(store, offset, WINDOW);
        Ok(span)
    }

    /// A part of the file was begun.
    fn go_on(&mut self, store: &Store, offset: u64, window: usize) {
        self.position = store.all_held().len();
        self.shift = offset.wrapping_sub(self.position as u64);
        self.window = window;
    }

    /// The next `len` bytes, which stay in the file unless they are few.
    pub(super) fn skip(&mut self, store: &mut Store, len: u64) -> Result<Span> {
        if !(SKIPPED..FAR).contains(&len) || len > self.left() {
            return self.string(store, len);
        }
        let span = Span::in_file(self.offset(), len);
        let offset = self.offset() + len;
        store.hop(self.position, offset);
        self.go_on(store, offset, HOP);
        Ok(span)
    }

    /// The next `len` bytes, all in memory.
    pub(super) fn held(&mut self, store: &mut Store, len: u64) -> Result<Span> {
        if len > self.left() {
            return Err(self.short(len));
        }
        self.fill(store, usize::try_from(len).unwrap_or(usize::MAX))?;
        self.string(store, len)
    }

    /// Text up to a newline, which is taken too, and is no part of it.
    pub(super) fn line(&mut self, store: &mut Store) -> Result<Span> {
        let mut seen = 0;
        loop {
            let rest = self.rest(store).get(seen..).unwrap_or_default();
            if let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
                let span = Span::in_file(self.offset(), (seen + at) as u64);
                self.position += seen + at + 1;
                return Ok(span);
            }
            seen += rest.len();
            self.fill(store, seen + 1)?;
            if self.rest(store).len() == seen {
                return Err(Error::corrupt("a line", "no newline").at(self.offset()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;
    use std::sync::Arc;

    #[test]
    fn what_is_skipped_is_not_kept() {
        let mut bytes = Vec::new();
        for n in 0..1000u32 {
            bytes.extend(n.to_le_bytes());
            bytes.extend([7; 1000]);
        }
        let mut store = Store::default();
        store.set_source(Arc::new(MemorySource::new(bytes)));
        let mut feed = Feed::new(&mut store, 0, u64::MAX);
        for n in 0..1000u32 {
            assert_eq!(feed.array::<4>(&mut store).unwrap(), n.to_le_bytes());
            let span = feed.skip(&mut store, 1000).unwrap();
            assert_eq!((span.offset(), span.len()), (Some(u64::from(n) * 1004 + 4), 1000));
            assert!(store.held(span).is_none());
        }
        assert!(store.all_held().len() <= 4000 && feed.left() == 0);
        for n in 0..1000u32 {
            let number = Span::in_file(u64::from(n) * 1004, 4);
            assert_eq!(store.held(number), Some(&n.to_le_bytes()[..]));
        }
        assert_eq!(&*store.read(Span::in_file(4, 1000)).unwrap(), &[7; 1000]);
        assert!(feed.skip(&mut store, 1000).is_err() && feed.array::<1>(&mut store).is_err());
    }

    #[test]
    fn long_strings_are_jumped_over() {
        let mut bytes = vec![1, 2];
        bytes.extend(vec![7; 200_000]);
        bytes.extend(b"line\nrest");
        let mut store = Store::default();
        store.set_source(Arc::new(MemorySource::new(bytes)));
        let mut feed = Feed::new(&mut store, 0, u64::MAX);
        assert_eq!(feed.array::<2>(&mut store).unwrap(), [1, 2]);
        let far = feed.string(&mut store, 200_000).unwrap();
        assert_eq!((far.offset(), feed.offset()), (Some(2), 200_002));
        assert!(store.held(far).is_none() && store.all_held().len() < 20_000);
        let line = feed.line(&mut store).unwrap();
        assert_eq!(store.held(line), Some(&b"line"[..]));
        assert_eq!(feed.array::<1>(&mut store).unwrap(), *b"r");
        assert!(feed.string(&mut store, 4).is_err() && feed.line(&mut store).is_err());
        assert!(feed.string(&mut store, u64::MAX).is_err());
        assert!(feed.held(&mut store, 4).is_err());
        let span = feed.held(&mut store, 3).unwrap();
        assert_eq!((store.held(span), feed.left()), (Some(&b"est"[..]), 0));
        assert!(feed.array::<1>(&mut store).is_err());
        assert_eq!(&*store.read(far).unwrap(), &[7; 200_000]);
    }
}
