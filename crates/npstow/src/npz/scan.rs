//! The members of an archive found by their local headers alone.
#![forbid(unsafe_code)]

use super::archive::codec;
use super::zip::{
    CentralHeader, DataDescriptor, EndRecord, Flags, LocalHeader, Method, Zip64EndRecord,
};
use super::{names, zip};
use crate::codec::{self, Crc32, Measured};
use crate::cursor::Cursor;
use crate::entry::{Coded, Data, Seal};
use crate::npy::Header;
use crate::{Buffer, Dtype, Entry, Error, Limits, MemoryOrder, MemorySource, Result, Source};
use std::io::{self, Read};
use std::sync::Arc;

/// A member as its local header and its data tell of it.
#[derive(Clone, Debug)]
pub(super) struct Scanned {
    pub(super) name: String,
    pub(super) raw_name: Vec<u8>,
    pub(super) extra: Vec<u8>,
    pub(super) flags: Flags,
    pub(super) method: Method,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) offset: u64,
    pub(super) data_offset: u64,
    pub(super) crc32: u32,
    pub(super) packed_len: u64,
    pub(super) unpacked_len: u64,
    pub(super) state: State,
}

/// How much of a member is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// All of it; its checksum is right.
    Whole,
    /// All of it, as far as it tells its own length; the file ends before its checksum.
    Unsealed,
    /// Something is wrong with its data: what.
    Damaged(String),
    /// The file ends within it: how many of its packed bytes are there.
    Cut(u64),
    /// It cannot be had: why. The directory lists it and it is not at its place, or no archive can
    /// hold it under its name, or it is packed in a way that is not known.
    Lost(String),
}

/// How much is read at once.
const WINDOW: u64 = 1 << 20;

/// How many passes over the file a search may take; one that is whole takes two.
const PASSES: u64 = 8;

/// Signatures of what stands between members.
pub(super) const STRUCTURES: [&[u8; 4]; 4] = [
    LocalHeader::SIGNATURE,
    CentralHeader::SIGNATURE,
    Zip64EndRecord::SIGNATURE,
    EndRecord::SIGNATURE,
];

/// Goes through a source from its start and finds members.
pub(super) struct Scan<'a> {
    source: &'a Arc<dyn Source>,
    limits: &'a Arc<Limits>,
    start: u64,
    window: Buffer,
    /// What may still be read: looking for the end of a member whose length is not told can cost
    /// the rest of the file, again and again.
    budget: u64,
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a Arc<dyn Source>, limits: &'a Arc<Limits>) -> Self {
        let budget = source.len().saturating_mul(PASSES).saturating_add(16 << 20);
        Self { source, limits, start: 0, window: Buffer::default(), budget }
    }

    /// All members, in the order of the file.
    pub(super) fn run(mut self) -> Result<Vec<Scanned>> {
        let mut found: Vec<Scanned> = Vec::new();
        let mut at = 0;
        while let Some(place) = self.next(at, &[LocalHeader::SIGNATURE])? {
            let Some((member, next)) = self.member(place)? else {
                // Something that only looks like a header.
                at = place + 4;
                continue;
            };
            found.push(member);
            self.limits.check_members(found.len() as u64).map_err(|e| e.at(place))?;
            at = next;
        }
        Ok(found)
    }

    /// Where the first member begins whose data are whole.
    pub(super) fn first(mut self) -> Result<Option<u64>> {
        let mut at = 0;
        while let Some(place) = self.next(at, &[LocalHeader::SIGNATURE])? {
            at = match self.member(place)? {
                Some((member, _)) if member.state == State::Whole => return Ok(Some(place)),
                Some((_, next)) => next,
                None => place + 4,
            };
        }
        Ok(None)
    }

    fn len(&self) -> u64 {
        self.source.len()
    }

    fn spend(&mut self, bytes: u64) -> Result<()> {
        self.budget = self.budget.checked_sub(bytes).ok_or_else(|| {
            let what = "passes over the file in search of members";
            Error::limit(what, PASSES, "more (headers that lead nowhere)").at(self.start)
        })?;
        Ok(())
    }

    /// Up to `len` bytes at `offset`: fewer at the end of the file.
    fn bytes(&mut self, offset: u64, len: u64) -> Result<Buffer> {
        let len = len.min(self.len().saturating_sub(offset));
        if let Some(bytes) = self.held(offset, len) {
            return Ok(bytes);
        }
        let most = len.max(WINDOW).min(self.len().saturating_sub(offset));
        self.spend(most)?;
        let failed = |e| Error::io("looking for members", e).at(offset);
        let size = usize::try_from(most).map_err(|_| Error::unsupported("a window this long"))?;
        self.window = self.source.read(offset, size).map_err(failed)?;
        self.start = offset;
        Ok(self.held(offset, len).unwrap_or_default())
    }

    /// These bytes, where all of them are at hand.
    fn held(&self, offset: u64, len: u64) -> Option<Buffer> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.window.slice(from..from.checked_add(usize::try_from(len).ok()?)?).ok()
    }

    /// What is at hand from `offset` on, or what is read there: room for a signature, unless the
    /// file ends.
    fn rest(&mut self, offset: u64) -> Result<Buffer> {
        let end = self.start + self.window.len() as u64;
        if offset >= self.start && (offset + 4 <= end || end == self.len()) && offset <= end {
            return self.bytes(offset, end - offset);
        }
        self.bytes(offset, WINDOW)
    }

    /// The first place from `at` on where one of these signatures stands.
    fn next(&mut self, mut at: u64, signatures: &[&[u8; 4]]) -> Result<Option<u64>> {
        loop {
            let window = self.rest(at)?;
            let found = window.windows(4).position(|four| {
                four.first() == Some(&b'P') && signatures.iter().any(|wanted| four == *wanted)
            });
            if let Some(place) = found {
                return Ok(Some(at + place as u64));
            }
            let end = at + window.len() as u64;
            if end >= self.len() {
                return Ok(None);
            }
            // A signature may lie across two windows.
            at = end - 3;
        }
    }

    /// The member at `place`, and where to go on; `None` where it is none.
    fn member(&mut self, place: u64) -> Result<Option<(Scanned, u64)>> {
        let longest = (LocalHeader::SIZE + 2 * usize::from(u16::MAX)) as u64;
        let bytes = self.bytes(place, longest)?;
        let mut cursor = Cursor::new(&bytes);
        let Ok(header) = LocalHeader::parse(&mut cursor) else { return Ok(None) };
        let Some((member, lost)) = self.plausible(&header, place, cursor.position()) else {
            return Ok(None);
        };
        let told = (header.crc32, header.packed_len, header.unpacked_len);
        let (mut member, next) = match header.flags.has(Flags::DESCRIPTOR) && told == (0, 0, 0) {
            true => self.described(member)?,
            false => self.sized(member)?,
        };
        // Where it ends was worth to know: what is within is no part of this archive.
        if let (Some(why), false) = (lost, matches!(member.state, State::Cut(_))) {
            member.state = State::Lost(why);
        }
        Ok(Some((member, next)))
    }

    /// A member whose header tells its sizes.
    fn sized(&mut self, mut member: Scanned) -> Result<(Scanned, u64)> {
        let there = self.len() - member.data_offset;
        if member.packed_len > there {
            member.state = State::Cut(there);
            let next = member.data_offset;
            return Ok((member, next));
        }
        let end = member.data_offset + member.packed_len;
        if self.verify(&mut member)? || self.ends_well(end)? {
            return Ok((member, end));
        }
        // Its length may be what is wrong: others may be within.
        let next = member.data_offset;
        Ok((member, next))
    }

    /// What a header says, where it can be one, and why the member cannot be had whatever its data
    /// are.
    fn plausible(
        &self,
        header: &LocalHeader<'_>,
        offset: u64,
        len: u64,
    ) -> Option<(Scanned, Option<String>)> {
        let name = names::decode(header.name, header.flags, header.extra).ok()?;
        let lost = unfit(&name, header.flags, header.method, self.limits).err();
        let odd = name.is_empty() || name.chars().any(char::is_control);
        if lost.is_some() && (odd || !header.method.is_registered()) {
            // A signature within data, by chance.
            return None;
        }
        // Fields that are damaged would damage the directory of a new archive.
        let sound = zip::fields(header.extra).all(|field| field.is_ok());
        let member = Scanned {
            name: name.into_owned(),
            raw_name: header.name.to_vec(),
            extra: if sound { header.extra.to_vec() } else { Vec::new() },
            flags: header.flags,
            method: header.method,
            time: header.time,
            date: header.date,
            offset,
            data_offset: offset + len,
            crc32: header.crc32,
            packed_len: header.packed_len,
            unpacked_len: header.unpacked_len,
            state: State::Whole,
        };
        Some((member, lost.map(|e| e.what().to_owned())))
    }

    /// A member whose sizes follow its data: the first descriptor that tells the distance to the
    /// header, and with which the data have the right checksum, is its.
    fn described(&mut self, mut member: Scanned) -> Result<(Scanned, u64)> {
        let mut at = member.data_offset;
        let signatures = [&[DataDescriptor::SIGNATURE][..], &STRUCTURES[..]].concat();
        let mut wrong = None;
        while let Some(place) = self.next(at, &signatures)? {
            for (told, end) in self.descriptors(&member, place)? {
                let mut known = member.clone();
                (known.crc32, known.packed_len) = (told.crc32, told.packed_len);
                known.unpacked_len = told.unpacked_len;
                if self.verify(&mut known)? {
                    return Ok((known, end));
                }
                // A signature may be read as a checksum, too.
                let odd = told.crc32.to_le_bytes() == *DataDescriptor::SIGNATURE;
                if wrong.is_none() && !odd && self.ends_well(end)? {
                    wrong = Some((known, end));
                }
            }
            at = place + 1;
        }
        if let Some(found) = wrong {
            return Ok(found);
        }
        let there = self.len() - member.data_offset;
        let mut next = member.data_offset;
        member.state = State::Cut(there);
        // Where only the descriptor is gone, the data themselves may tell where they end.
        if let Ok(Some(own)) = self.own_length(&member) {
            if there - own.packed_len.min(there) < DataDescriptor::SIZE as u64 {
                (member.crc32, member.packed_len) = (own.crc32, own.packed_len);
                (member.unpacked_len, member.state) = (own.unpacked_len, State::Unsealed);
                next += own.packed_len;
            }
        }
        Ok((member, next))
    }

    /// What the data say of their own length: a packed stream has an end, and the header of an
    /// array tells how many elements follow.
    fn own_length(&mut self, member: &Scanned) -> Result<Option<Measured>> {
        let there = self.len() - member.data_offset;
        self.spend(there)?;
        let mut rest = Rest { source: &**self.source, at: member.data_offset };
        if let Some(codec) = codec(member.method, member.flags)? {
            let most = self.limits.most_unpacked(there, codec.reach());
            return codec::measure(codec, &mut rest, most).map(Some);
        }
        if names::array_name(&member.name).is_none() {
            return Ok(None);
        }
        let Some(header) = Header::read_stream(&mut rest, self.limits)? else { return Ok(None) };
        let Some(len) = header.data_offset().checked_add(header.nbytes()? as u64) else {
            return Ok(None);
        };
        let mut crc = Crc32::new();
        let mut at = member.data_offset;
        let end = at.saturating_add(len);
        if end > self.len() {
            return Ok(None);
        }
        while at < end {
            let bytes = self.bytes(at, WINDOW.min(end - at))?;
            crc.update(&bytes);
            at += bytes.len() as u64;
        }
        Ok(Some(Measured { packed_len: len, unpacked_len: len, crc32: crc.finish() }))
    }

    /// The descriptors of a member that begin at `place`, or end there where a structure begins,
    /// and where each ends.
    fn descriptors(&mut self, member: &Scanned, place: u64) -> Result<Vec<(DataDescriptor, u64)>> {
        let mut found = Vec::new();
        for start in [Some(place), place.checked_sub(12), place.checked_sub(20)] {
            let data = member.data_offset;
            let Some(start) = start.filter(|&start| start >= data) else { continue };
            let bytes = self.bytes(start, DataDescriptor::SIZE as u64)?;
            let stored = member.method == Method::STORED;
            let fits = |(told, _): &(DataDescriptor, u64)| {
                told.packed_len == start - data && (!stored || told.unpacked_len == start - data)
            };
            let readings = DataDescriptor::readings(&bytes).filter(fits);
            found.extend(readings.map(|(told, len)| (told, start + len)));
        }
        Ok(found)
    }

    /// Whether something of a zip archive, or the end of the file, is at `at`.
    fn ends_well(&mut self, at: u64) -> Result<bool> {
        let bytes = self.bytes(at, 4)?;
        let descriptor = bytes.starts_with(DataDescriptor::SIGNATURE);
        let structure = STRUCTURES.iter().any(|signature| bytes.starts_with(*signature));
        Ok(bytes.is_empty() || descriptor || structure)
    }

    /// Reads all of a member; says whether it is whole, and sets its state.
    fn verify(&mut self, member: &mut Scanned) -> Result<bool> {
        self.spend(member.packed_len)?;
        let checked = match self.held(member.data_offset, member.packed_len) {
            Some(bytes) => {
                let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
                check(&source, 0, member, self.limits)
            }
            None => check(self.source, member.data_offset, member, self.limits),
        };
        match checked {
            Ok(()) => member.state = State::Whole,
            Err(e) if e.kind() == crate::ErrorKind::Io => return Err(e),
            Err(e) => member.state = State::Damaged(e.what().to_owned()),
        }
        Ok(member.state == State::Whole)
    }
}

/// Refuses a member that cannot be had whatever its data are.
pub(super) fn unfit(name: &str, flags: Flags, method: Method, limits: &Limits) -> Result<()> {
    names::check_new(name, limits)?;
    if flags.has(Flags::SECRET) {
        return Err(Error::unsupported("an encrypted member"));
    }
    if flags.has(Flags::PATCHED) {
        return Err(Error::unsupported("a member that is a patch (flag bit 5)"));
    }
    codec(method, flags).map(drop)
}

/// What is left of a source, as a stream.
struct Rest<'a> {
    source: &'a dyn Source,
    at: u64,
}

impl Read for Rest<'_> {
    fn read(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        let left = self.source.len().saturating_sub(self.at);
        let len = dst.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let dst = dst.get_mut(..len).unwrap_or_default();
        self.source.read_into(self.at, dst)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Reads all of a member, whose data are at `offset`, piece by piece; its checksum is verified.
fn check(
    source: &Arc<dyn Source>,
    offset: u64,
    member: &Scanned,
    limits: &Arc<Limits>,
) -> Result<()> {
    let (packed_len, unpacked_len) = (member.packed_len, member.unpacked_len);
    let data = match codec(member.method, member.flags)? {
        None if packed_len == unpacked_len => Data::Raw { offset },
        None => {
            let expected = format_args!("a stored member of {unpacked_len} bytes");
            return Err(Error::corrupt(expected, format_args!("{packed_len} bytes")));
        }
        Some(codec) => {
            let (skip, blocks) = (0, None);
            Data::Coded(Arc::new(Coded { codec, offset, packed_len, unpacked_len, skip, blocks }))
        }
    };
    if unpacked_len == 0 {
        // There are no pieces to check.
        return match member.crc32 {
            0 => Ok(()),
            other => Err(Error::corrupt("the CRC-32 of no bytes", format_args!("{other:08x}"))),
        };
    }
    let len = usize::try_from(unpacked_len)
        .map_err(|_| Error::unsupported("a member larger than the address space"))?;
    let (source, limits, dtype) = (Arc::clone(source), Arc::clone(limits), Dtype::parse("|u1")?);
    let seal = Seal { start: offset, len: unpacked_len, crc32: member.crc32 };
    let entry = Entry::new(source, dtype, &[len], MemoryOrder::C, data, limits)?.sealed(seal);
    entry.check()?;
    entry.pieces(MemoryOrder::C)?.try_for_each(|piece| piece.map(drop))
}
