//! The file of an archive as a source that keeps a promise: what was described from the directory
//! alone is held against the member itself when its first bytes are read.
//!
//! All entries of an archive share it, so that neighbours are still read with one read, and the
//! bytes of that read serve for the comparison.
#![forbid(unsafe_code)]

use super::directory::{Directory, Member};
use super::locate::{Located, Window, locate};
use super::zip::{Flags, HeaderCopy, Method, find_extra};
use crate::codec::Codec;
use crate::entry::decoded_start;
use crate::npy::Header;
use crate::{Buffer, Error, Limits, Result, Source};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// What is known of a member beyond the directory.
const UNKNOWN: u8 = 0;
/// It was described from the directory alone.
const PROMISED: u8 = 1;
/// Its local header and NPY header were held against the directory.
const CHECKED: u8 = 2;

#[derive(Debug)]
pub(super) struct Archive {
    source: Arc<dyn Source>,
    directory: Directory,
    limits: Arc<Limits>,
    states: Box<[AtomicU8]>,
    /// How many members are described and not checked yet.
    promised: AtomicUsize,
}

impl Archive {
    pub(super) fn open(source: Arc<dyn Source>, start: &[u8], limits: &Limits) -> Result<Self> {
        let directory = Directory::read_known(&*source, start, limits)?;
        let states = directory.members().iter().map(|_| AtomicU8::new(UNKNOWN)).collect();
        let limits = Arc::new(limits.clone());
        Ok(Self { source, directory, limits, states, promised: AtomicUsize::new(0) })
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// The copy of a member's NPY header in the directory, where there is one that we know.
    pub(super) fn copy(&self, member: &Member) -> Result<Option<HeaderCopy<'_>>> {
        let extra = self.directory.header(member)?.extra;
        let payload = find_extra(extra, HeaderCopy::ID);
        Ok(payload.and_then(|payload| HeaderCopy::parse(payload).ok().flatten()))
    }

    /// Where the data of a member begin if its copy tells the truth; `None` where it does not.
    ///
    /// It is believed where the member then ends as the next one begins: programs that copy our
    /// fields without knowing them move the data. The member is looked at when its bytes are
    /// read. Else it is looked at now, and at once where that costs no system call.
    pub(super) fn promise(&self, index: usize, copy: &HeaderCopy<'_>) -> Result<Option<u64>> {
        let member = self.directory.member(index)?;
        let (offset, fits) = self.fits(member, copy);
        if !fits || self.source.in_memory().is_some() {
            let found = locate(&*self.source, &self.directory, index, &mut Window::single())?;
            let header = self.npy_header(member, &found)?;
            let is_true = Self::own(&header, found.extra_len) == Some(*copy);
            if fits && !is_true {
                return Err(Self::lied(found.data_offset));
            }
            self.checked(index);
            return Ok(is_true.then_some(found.data_offset));
        }
        if let Some(state) = self.states.get(index) {
            let set =
                state.compare_exchange(UNKNOWN, PROMISED, Ordering::AcqRel, Ordering::Acquire);
            if set.is_ok() {
                self.promised.fetch_add(1, Ordering::AcqRel);
            }
        }
        Ok(Some(offset))
    }

    /// Where the data of a member are by its copy, and whether it then ends where the next begins.
    fn fits(&self, member: &Member, copy: &HeaderCopy<'_>) -> (u64, bool) {
        let before = super::zip::LocalHeader::SIZE + self.directory.raw_name(member).len();
        let offset = member.offset + before as u64 + u64::from(copy.local_extra_len);
        (offset, offset.checked_add(member.packed_len) == Some(member.limit))
    }

    /// The copy that a member's own header would have.
    fn own(header: &[u8], extra_len: usize) -> Option<HeaderCopy<'_>> {
        u16::try_from(extra_len).ok().and_then(|n| HeaderCopy::of(header, n))
    }

    /// Locates a member and holds it against its entry in the directory, and against the copy of
    /// its NPY header where that is believed.
    pub(super) fn check(&self, index: usize, window: &mut Window<'_>) -> Result<Located> {
        let found = locate(&*self.source, &self.directory, index, window)?;
        let member = self.directory.member(index)?;
        let place = |e| self.directory.place(index, e);
        if self.copy(member).map_err(place)?.is_some_and(|copy| self.fits(member, &copy).1) {
            let header = self.npy_header(member, &found).map_err(place)?;
            self.compare(member, &header, found.data_offset, found.extra_len).map_err(place)?;
        }
        self.checked(index);
        Ok(found)
    }

    /// Holds a member's own NPY header against the copy in the directory, where that is believed.
    pub(super) fn compare(
        &self,
        member: &Member,
        header: &[u8],
        data_offset: u64,
        extra_len: usize,
    ) -> Result<()> {
        match self.copy(member)? {
            Some(copy)
                if self.fits(member, &copy).1 && Self::own(header, extra_len) != Some(copy) =>
            {
                Err(Self::lied(data_offset))
            }
            _ => Ok(()),
        }
    }

    fn lied(data_offset: u64) -> Error {
        Error::corrupt("the NPY header that the directory repeats", "another one").at(data_offset)
    }

    /// Remembers that a member keeps what the directory promises.
    pub(super) fn checked(&self, index: usize) {
        if let Some(state) = self.states.get(index) {
            if state.swap(CHECKED, Ordering::AcqRel) == PROMISED {
                self.promised.fetch_sub(1, Ordering::AcqRel);
            }
        }
    }

    /// The file itself, of which nothing is held against the directory.
    pub(super) fn file(&self) -> &dyn Source {
        &*self.source
    }

    pub(super) fn shared_file(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// The bytes of the NPY header that a member begins with, unpacked.
    pub(super) fn npy_header(&self, member: &Member, found: &Located) -> Result<Buffer> {
        // Offsets are those in the file where the data are stored as they are.
        let base =
            if codec(member.method, member.flags)?.is_none() { found.data_offset } else { 0 };
        let prefix = self.start(member, found, 12)?;
        let len = Header::len_of(&prefix, &self.limits).map_err(|e| e.shift(base))?;
        self.start(member, found, len)
    }

    /// The first `len` bytes that a member unpacks to; fewer where it has not so many.
    pub(super) fn start(&self, member: &Member, found: &Located, len: usize) -> Result<Buffer> {
        let Some(codec) = codec(member.method, member.flags)? else {
            return self.packed_start(member, found, len as u64);
        };
        let mut known = found.start.len() as u64;
        loop {
            let packed = self.packed_start(member, found, known)?;
            let (start, why) = decoded_start(codec, &packed, len)?;
            match why {
                _ if start.len() >= len => return Ok(Buffer::from(start)),
                // Of a stream that ends before its header does, the header's reader tells.
                None if known >= member.packed_len => return Ok(Buffer::from(start)),
                Some(e) if known >= member.packed_len => return Err(e),
                _ => {}
            }
            // Four times as much of the packed data each time, until it is enough.
            known = known.max(64).saturating_mul(4).min(member.packed_len);
        }
    }

    /// The first `len` bytes of a member's data as they are stored, or all of them.
    fn packed_start(&self, member: &Member, found: &Located, len: u64) -> Result<Buffer> {
        let len = usize::try_from(len.min(member.packed_len))
            .map_err(|_| Error::unsupported("a header larger than the address space"))?;
        match found.start.slice(0..len) {
            Ok(start) => Ok(start),
            Err(_) => {
                let failed = |e| Error::io("reading the header", e).at(found.data_offset);
                self.source.read(found.data_offset, len).map_err(failed)
            }
        }
    }

    /// Holds every promised member that lies in what was read against the directory.
    fn keep(&self, offset: u64, len: usize, read: &[u8]) -> io::Result<()> {
        if self.promised.load(Ordering::Acquire) == 0 {
            return Ok(());
        }
        let end = offset.saturating_add(len as u64);
        for index in self.directory.within(offset..end) {
            let state = self.states.get(index).map(|state| state.load(Ordering::Acquire));
            if state == Some(PROMISED) {
                let mut window = Window::given(offset, read);
                self.check(index, &mut window).map_err(io::Error::other)?;
            }
        }
        Ok(())
    }
}

/// How a member is packed: `None` where it is not.
pub(super) fn codec(method: Method, flags: Flags) -> Result<Option<Codec>> {
    Ok(Some(match method {
        Method::STORED => return Ok(None),
        Method::DEFLATE => Codec::DEFLATE,
        Method::BZIP2 => Codec::BZIP2,
        // APPNOTE 4.4.4: whether a mark at the end of the stream says where it is.
        Method::LZMA if flags.has(Flags::LZMA_MARK) => Codec::LZMA,
        Method::LZMA => Codec::LZMA_UNMARKED,
        Method::ZSTD | Method::ZSTD_OLD => Codec::ZSTD,
        other => return Err(Error::unsupported(format_args!("a member packed with {other}"))),
    }))
}

impl Source for Archive {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.source.read_into(offset, dst)?;
        self.keep(offset, dst.len(), dst)
    }

    fn read(&self, offset: u64, len: usize) -> io::Result<Buffer> {
        let bytes = self.source.read(offset, len)?;
        self.keep(offset, len, &bytes)?;
        Ok(bytes)
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.keep(offset, len, &[]).map_err(|e| Error::io("reading the header", e).at(offset))?;
        self.source.view(offset, len)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.source.in_memory()
    }
}
