//! The bytes that strings are slices of: what was read of the file, and what was decoded.
#![forbid(unsafe_code)]

use crate::{Buffer, Error, Result, Source};
use std::fmt;
use std::sync::Arc;

/// Marks a span of decoded bytes.
const ASIDE: u64 = 1 << 63;

/// Marks, together with the other one, a buffer that came from outside.
const GIVEN: u64 = 1 << 62;

/// Some bytes, by their place in the file or among what was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u64,
    len: u64,
}

impl Span {
    /// Bytes of the file.
    pub(crate) fn in_file(offset: u64, len: u64) -> Self {
        Self { start: offset & !ASIDE, len }
    }

    pub(crate) fn len(self) -> u64 {
        self.len
    }

    /// Where in the file the bytes begin, if they are there as they are.
    pub(crate) fn offset(self) -> Option<u64> {
        (self.start & ASIDE == 0).then_some(self.start)
    }
}

/// A part of the file that was read.
#[derive(Clone, Copy, Debug)]
struct Part {
    offset: u64,
    /// Where it begins among the bytes held.
    start: usize,
}

/// Bytes that came from outside: in memory, or still in the file of another store.
enum Given {
    Buffer(Buffer),
    Far { source: Arc<dyn Source>, offset: u64 },
}

/// Bytes that were read, bytes that were decoded, and the source of those that were not read.
#[derive(Default)]
pub(crate) struct Store {
    held: Vec<u8>,
    /// By offset; each goes on up to the start of the next one among the bytes held.
    parts: Vec<Part>,
    aside: Vec<u8>,
    given: Vec<Given>,
    source: Option<Arc<dyn Source>>,
}

impl Store {
    /// Where bytes that are not held come from.
    pub(crate) fn set_source(&mut self, source: Arc<dyn Source>) {
        self.source = Some(source);
    }

    pub(crate) fn source(&self) -> Option<&Arc<dyn Source>> {
        self.source.as_ref()
    }

    /// All bytes that were read so far.
    #[inline]
    pub(crate) fn all_held(&self) -> &[u8] {
        &self.held
    }

    /// Begins another part of the file; parts come in the order of their offsets.
    pub(crate) fn begin(&mut self, offset: u64) {
        let start = self.held.len();
        match self.parts.last_mut() {
            Some(last) if last.start == start => last.offset = offset,
            _ => self.parts.push(Part { offset, start }),
        }
    }

    /// Reads the next bytes of the part begun last, which are at this offset.
    pub(crate) fn load(&mut self, offset: u64, len: usize) -> Result<()> {
        let source = self.source.as_ref().ok_or_else(|| Error::invalid("bytes of no source"))?;
        let start = self.held.len();
        self.held.resize(start + len, 0);
        let read = source.read_into(offset, self.held.get_mut(start..).unwrap_or_default());
        read.map_err(|e| Error::io("reading a pickle", e).at(offset))
    }

    /// Gives back memory that was kept in reserve.
    pub(crate) fn settle(&mut self) {
        if self.held.capacity() > self.held.len() / 4 * 5 + 4096 {
            self.held.shrink_to_fit();
        }
    }

    /// How many bytes were decoded.
    pub(crate) fn aside_len(&self) -> u64 {
        self.aside.len() as u64
    }

    /// Keeps decoded bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Span {
        let start = self.aside.len() as u64 | ASIDE;
        self.aside.extend_from_slice(bytes);
        Span { start, len: bytes.len() as u64 }
    }

    /// Keeps a buffer that came from outside.
    pub(crate) fn give(&mut self, buffer: Buffer) -> Span {
        let (start, len) = (self.given.len() as u64 | ASIDE | GIVEN, buffer.len() as u64);
        self.given.push(Given::Buffer(buffer));
        Span { start, len }
    }

    /// Keeps the place of bytes in another source, which are read when they are asked for.
    fn give_far(&mut self, source: Arc<dyn Source>, offset: u64, len: u64) -> Span {
        let start = self.given.len() as u64 | ASIDE | GIVEN;
        self.given.push(Given::Far { source, offset });
        Span { start, len }
    }

    /// Keeps bytes of another store: what that has in memory is copied, what came to it from outside
    /// is shared, and what lies in a file stays there.
    pub(crate) fn take(&mut self, other: &Self, span: Span) -> Result<Span> {
        if let Some(Given::Buffer(buffer)) = other.given(span) {
            return Ok(self.give(buffer.clone()));
        }
        if let Some(bytes) = other.held(span) {
            return Ok(self.add(bytes));
        }
        let far = match other.given(span) {
            Some(Given::Far { source, offset }) => Some((Arc::clone(source), *offset)),
            _ => span.offset().zip(other.source.clone()).map(|(at, source)| (source, at)),
        };
        let (source, offset) = far.ok_or_else(|| Error::invalid("bytes that are nowhere"))?;
        Ok(self.give_far(source, offset, span.len))
    }

    fn given(&self, span: Span) -> Option<&Given> {
        if span.start & ASIDE == 0 || span.start & GIVEN == 0 {
            return None;
        }
        self.given.get(usize::try_from(span.start & !(ASIDE | GIVEN)).ok()?)
    }

    /// The bytes, where they are in memory.
    #[inline]
    pub(crate) fn held(&self, span: Span) -> Option<&[u8]> {
        let len = usize::try_from(span.len).ok()?;
        let Some(offset) = span.offset() else {
            if span.start & GIVEN != 0 {
                return match self.given(span)? {
                    Given::Buffer(buffer) => buffer.get(..len),
                    Given::Far { .. } => None,
                };
            }
            let start = usize::try_from(span.start & !ASIDE).ok()?;
            return self.aside.get(start..start.checked_add(len)?);
        };
        let (at, end) = match self.parts.as_slice() {
            [] => return None,
            [only] => (only, self.held.len()),
            parts => {
                let at = parts.partition_point(|part| part.offset <= offset).checked_sub(1)?;
                let end = parts.get(at + 1).map_or(self.held.len(), |next| next.start);
                (parts.get(at)?, end)
            }
        };
        let start = usize::try_from(offset.checked_sub(at.offset)?).ok()?.checked_add(at.start)?;
        let stop = start.checked_add(len)?;
        if stop > end { None } else { self.held.get(start..stop) }
    }

    /// The bytes, read from the file where they are not in memory.
    pub(crate) fn read(&self, span: Span) -> Result<Buffer> {
        let given = self.given(span);
        if let Some(Given::Buffer(buffer)) = given {
            return Ok(buffer.clone());
        }
        if let Some(bytes) = self.held(span) {
            return Ok(Buffer::copy_of(bytes));
        }
        let missing = || Error::invalid("bytes that are nowhere");
        let (offset, source) = match given {
            Some(Given::Far { source, offset }) => (*offset, Some(source)),
            _ => (span.offset().ok_or_else(missing)?, self.source.as_ref()),
        };
        let len = usize::try_from(span.len)
            .map_err(|_| Error::unsupported("bytes beyond the address space").at(offset))?;
        let read = source.ok_or_else(missing)?.read(offset, len);
        read.map_err(|e| Error::io("reading bytes", e).at(offset))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({} bytes held, {} aside)", self.held.len(), self.aside.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn parts_are_found_and_not_mixed() {
        let mut store = Store::default();
        store.set_source(Arc::new(MemorySource::new((0..120).collect::<Vec<u8>>())));
        store.begin(0);
        store.load(0, 3).unwrap();
        store.begin(100);
        store.load(100, 5).unwrap();
        assert_eq!(store.held(Span::in_file(1, 2)), Some(&[1, 2][..]));
        assert_eq!(store.held(Span::in_file(1, 3)), None);
        assert_eq!(store.held(Span::in_file(100, 5)), Some(&[100, 101, 102, 103, 104][..]));
        assert_eq!(store.held(Span::in_file(101, 5)), None);
        assert_eq!(store.held(Span::in_file(50, 1)), None);
        assert_eq!(&*store.read(Span::in_file(50, 2)).unwrap(), &[50, 51]);
        assert!(store.read(Span::in_file(119, 2)).is_err());
        let span = store.add(b"xyz");
        assert_eq!((store.held(span), span.offset()), (Some(&b"xyz"[..]), None));
        let span = store.give(Buffer::from_static(b"12"));
        assert_eq!((store.held(span), span.offset()), (Some(&b"12"[..]), None));
        assert_eq!(&*store.read(span).unwrap(), b"12");
        // Into another store: from the memory, from the file, and from what was given.
        let mut other = Store::default();
        for (from, is_held, bytes) in [
            (Span::in_file(1, 2), true, &[1, 2][..]),
            (Span::in_file(50, 2), false, &[50, 51]),
            (span, true, b"12"),
        ] {
            let taken = other.take(&store, from).unwrap();
            assert_eq!(
                (other.held(taken).is_some(), &*other.read(taken).unwrap()),
                (is_held, bytes)
            );
            let mut third = Store::default();
            let again = third.take(&other, taken).unwrap();
            assert_eq!(&*third.read(again).unwrap(), bytes);
        }
    }
}
