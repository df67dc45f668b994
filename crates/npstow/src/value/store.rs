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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

    /// Which of the buffers that came from outside it is.
    pub(crate) fn given(self) -> Option<usize> {
        let is_given = self.start & ASIDE != 0 && self.start & GIVEN != 0;
        usize::try_from(self.start & !(ASIDE | GIVEN)).ok().filter(|_| is_given)
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
    /// Where it is among the bytes held.
    start: usize,
    end: usize,
}

/// Bytes that came from outside: in memory, or still in the file of another store.
enum Given {
    Buffer(Buffer),
    Far { source: Arc<dyn Source>, offset: u64 },
}

/// Files beside the first one begin at such offsets, each behind the one before.
const STEP: u64 = 1 << 20;

/// How much of a file is read at once where little of it is kept.
const AHEAD: usize = 256 << 10;

/// What was read of a file beyond what is held.
#[derive(Default)]
struct Ahead {
    offset: u64,
    bytes: Vec<u8>,
    /// Whether the part begun last comes from here.
    is_used: bool,
}

impl Ahead {
    fn get(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.bytes.get(start..start.checked_add(len)?)
    }

    /// Reads what begins at `at` of a source, which stands at `offset` here.
    fn read(&mut self, source: &dyn Source, at: u64, offset: u64) -> Result<()> {
        let left = usize::try_from(source.len().saturating_sub(at)).unwrap_or(usize::MAX);
        self.offset = offset;
        self.bytes.resize(left.min(AHEAD), 0);
        let read = source.read_into(at, &mut self.bytes);
        if read.is_err() {
            self.bytes.clear();
        }
        read.map_err(|e| Error::io("reading a pickle", e).at(at))
    }
}

/// Bytes that were read, bytes that were decoded, and the source of those that were not read.
#[derive(Default)]
pub(crate) struct Store {
    held: Vec<u8>,
    /// By offset.
    parts: Vec<Part>,
    /// Which of them was begun last.
    current: usize,
    ahead: Ahead,
    aside: Vec<u8>,
    given: Vec<Given>,
    source: Option<Arc<dyn Source>>,
    /// Files beside it, by the offset that stands for their beginning.
    beside: Vec<(u64, Arc<dyn Source>, String)>,
}

impl Store {
    /// Where bytes that are not held come from.
    pub(crate) fn set_source(&mut self, source: Arc<dyn Source>) {
        self.source = Some(source);
    }

    pub(crate) fn source(&self) -> Option<&Arc<dyn Source>> {
        self.source.as_ref()
    }

    /// Adds a file beside the first one; spans of it count from the offset that this gives.
    pub(crate) fn add_beside(&mut self, source: Arc<dyn Source>, name: &str) -> Result<u64> {
        let (base, last) = match self.beside.last() {
            Some((base, last, _)) => (*base, last.len()),
            None => (0, self.source.as_ref().map_or(0, |source| source.len())),
        };
        let next = base.saturating_add(last).checked_next_multiple_of(STEP).and_then(|base| {
            let end = base.checked_add(source.len())?.checked_add(STEP)?;
            (end < GIVEN).then_some(base + STEP)
        });
        let next = next.ok_or_else(|| Error::unsupported("files of exabytes"))?;
        self.beside.push((next, source, name.to_owned()));
        Ok(next)
    }

    /// The file that an offset is in, with the offset there; the first file has number 0.
    pub(crate) fn locate(&self, offset: u64) -> Option<(usize, &Arc<dyn Source>, u64)> {
        let at = self.beside.partition_point(|(base, ..)| *base <= offset);
        match at.checked_sub(1).and_then(|last| self.beside.get(last)) {
            Some((base, source, _)) => Some((at, source, offset - base)),
            None => self.source.as_ref().map(|source| (0, source, offset)),
        }
    }

    /// The name of a file beside the first one, by its number.
    pub(crate) fn name_beside(&self, number: usize) -> Option<&str> {
        let file = number.checked_sub(1).and_then(|at| self.beside.get(at));
        file.map(|(_, _, name)| name.as_str())
    }

    /// Where in its file a span begins; 0 of what is in none.
    pub(crate) fn place(&self, span: Span) -> u64 {
        let found = span.offset().and_then(|offset| self.locate(offset));
        found.map_or(0, |(_, _, offset)| offset)
    }

    /// How long all files are together.
    pub(crate) fn files_len(&self) -> u64 {
        let beside = self.beside.iter().map(|(_, source, _)| source.len());
        let first = self.source.as_ref().map_or(0, |source| source.len());
        beside.fold(first, u64::saturating_add)
    }

    /// All bytes that were read so far.
    #[inline]
    pub(crate) fn all_held(&self) -> &[u8] {
        &self.held
    }

    /// Begins a part behind bytes that are not kept: of what is held, nothing from `end` on. The
    /// next such part is near, and comes with the same read.
    pub(crate) fn hop(&mut self, end: usize, offset: u64) {
        if let Some(part) = self.parts.get_mut(self.current) {
            part.end = part.end.min(end.max(part.start));
            self.held.truncate(part.end);
        }
        self.begin(offset);
        self.ahead.is_used = true;
    }

    /// Begins another part of the file.
    pub(crate) fn begin(&mut self, offset: u64) {
        self.ahead.is_used = false;
        let start = self.held.len();
        if self.parts.get(self.current).is_some_and(|part| part.start == part.end) {
            self.parts.remove(self.current);
        }
        let at = self.parts.partition_point(|part| part.offset <= offset);
        self.parts.insert(at, Part { offset, start, end: start });
        self.current = at;
    }

    /// Reads the next bytes of the part begun last, which are at this offset.
    pub(crate) fn load(&mut self, offset: u64, len: usize) -> Result<()> {
        let missing = || Error::invalid("bytes of no source");
        let (_, source, at) = self.locate(offset).ok_or_else(missing)?;
        let source = Arc::clone(source);
        if self.ahead.is_used && self.ahead.get(offset, len).is_none() && len <= AHEAD {
            self.ahead.read(&*source, at, offset)?;
        }
        match self.ahead.get(offset, len).filter(|_| self.ahead.is_used) {
            Some(bytes) => self.held.extend_from_slice(bytes),
            None => {
                let start = self.held.len();
                self.held.resize(start + len, 0);
                let read = source.read_into(at, self.held.get_mut(start..).unwrap_or_default());
                read.map_err(|e| Error::io("reading a pickle", e).at(at))?;
            }
        }
        if let Some(part) = self.parts.get_mut(self.current) {
            part.end = self.held.len();
        }
        Ok(())
    }

    /// Gives back memory that was kept in reserve.
    pub(crate) fn settle(&mut self) {
        self.ahead = Ahead::default();
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
            _ => span
                .offset()
                .and_then(|at| other.locate(at))
                .map(|(_, source, at)| (Arc::clone(source), at)),
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
        let part = match self.parts.as_slice() {
            [] => return None,
            [only] => only,
            parts => {
                parts.get(parts.partition_point(|part| part.offset <= offset).checked_sub(1)?)?
            }
        };
        let start = usize::try_from(offset.checked_sub(part.offset)?).ok()?;
        let start = start.checked_add(part.start)?;
        let stop = start.checked_add(len)?;
        if stop > part.end { None } else { self.held.get(start..stop) }
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
            Some(Given::Far { source, offset }) => (*offset, source),
            _ => {
                let at = span.offset().ok_or_else(missing)?;
                let (_, source, offset) = self.locate(at).ok_or_else(missing)?;
                (offset, source)
            }
        };
        let len = usize::try_from(span.len)
            .map_err(|_| Error::unsupported("bytes beyond the address space").at(offset))?;
        let read = source.read(offset, len);
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

    #[test]
    fn files_beside_have_offsets_of_their_own() {
        let mut store = Store::default();
        store.set_source(Arc::new(MemorySource::new(b"first".to_vec())));
        store.begin(0);
        store.load(0, 2).unwrap();
        let second =
            store.add_beside(Arc::new(MemorySource::new(b"second".to_vec())), "s").unwrap();
        let third = store.add_beside(Arc::new(MemorySource::new(b"third".to_vec())), "t").unwrap();
        store.begin(third);
        store.load(third, 5).unwrap();
        // The first one goes on.
        store.begin(2);
        store.load(2, 3).unwrap();
        assert_eq!(store.held(Span::in_file(third + 1, 4)), Some(&b"hird"[..]));
        assert_eq!(store.held(Span::in_file(2, 3)), Some(&b"rst"[..]));
        assert_eq!(store.held(Span::in_file(0, 2)), Some(&b"fi"[..]));
        assert_eq!(store.held(Span::in_file(1, 2)), None);
        assert_eq!(&*store.read(Span::in_file(second, 6)).unwrap(), b"second");
        assert!(store.read(Span::in_file(second + 1, 6)).is_err());
        let (number, _, offset) = store.locate(second + 3).unwrap();
        assert_eq!((number, offset, store.files_len()), (1, 3, 16));
        assert_eq!((store.name_beside(0), store.name_beside(2)), (None, Some("t")));
    }
}
