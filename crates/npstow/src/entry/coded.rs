//! Elements that are packed: one stream, or blocks that unpack apart.
//!
//! A whole array is unpacked straight into its memory, all blocks side by side. What needs only a
//! part, or has not the memory, goes through a [`Decoder`], which moves forwards and holds one
//! block or the state of one stream.
#![forbid(unsafe_code)]

use super::Entry;
use crate::codec::{self, Codec, Crc32};
use crate::{Buffer, BufferMut, Error, ErrorKind, Limits, Result, Source, parallel};
use std::io::{self, Read};
use std::sync::Arc;

/// A packed stream within a source.
///
/// What it unpacks to begins with `skip` bytes that are no elements (the header of the array).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded {
    pub(crate) codec: Codec,
    /// Where the stream lies in the source.
    pub(crate) offset: u64,
    pub(crate) packed_len: u64,
    /// What it unpacks to.
    pub(crate) unpacked_len: u64,
    pub(crate) skip: u64,
    pub(crate) blocks: Option<Blocks>,
}

/// How a stream is cut into blocks that unpack apart: each gives `len` bytes, the last one less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    len: usize,
    /// Where the packed bytes of each block end, counted from the start of the stream.
    ends: Arc<[u64]>,
}

impl Blocks {
    /// Checks that blocks of these packed lengths make up the stream.
    pub(crate) fn new(len: usize, packed: &[u32], stream: (u64, u64)) -> Result<Self> {
        let (packed_len, unpacked_len) = stream;
        let mut end = 0u64;
        let ends: Arc<[u64]> = packed
            .iter()
            .map(|&len| {
                end = end.saturating_add(u64::from(len));
                end
            })
            .collect();
        let count = unpacked_len.div_ceil((len as u64).max(1));
        if len == 0 || count != ends.len() as u64 || end != packed_len {
            let expected = format!("an index of blocks that make up {unpacked_len} bytes");
            let found = format!("{} blocks of {len} bytes, {end} bytes packed", ends.len());
            return Err(Error::corrupt(expected, found));
        }
        Ok(Self { len, ends })
    }
}

impl Coded {
    /// Whether there is next to nothing around so many bytes of elements: to keep all of it takes
    /// little more memory than they do.
    pub(super) fn is_all(&self, nbytes: usize) -> bool {
        let nbytes = nbytes as u64;
        self.unpacked_len.saturating_sub(nbytes) <= (nbytes / AROUND).max(HEADER)
    }

    /// Whether it is unpacked in one go, by one thread, with all packed bytes at hand.
    fn is_one(&self) -> bool {
        self.blocks.is_none() && self.packed_len <= AT_ONCE
    }

    /// How much memory is fetched before the first byte is unpacked.
    pub(super) fn ahead(&self) -> usize {
        let most = self.packed_len.saturating_mul(AHEAD).min(self.unpacked_len);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// How the stream is packed.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Where the packed bytes lie in the source: the first one, and how many.
    #[must_use]
    pub fn packed(&self) -> (u64, u64) {
        (self.offset, self.packed_len)
    }

    /// How many bytes the stream unpacks to, those before the elements included.
    #[must_use]
    pub fn unpacked_len(&self) -> u64 {
        self.unpacked_len
    }

    /// Whether a part can be unpacked without all that is before it.
    #[must_use]
    pub fn is_seekable(&self) -> bool {
        self.blocks.is_some()
    }

    /// An error unless the packed bytes are there and do not claim more than the limits let them.
    pub(super) fn check(&self, source: &dyn Source, nbytes: usize, limits: &Limits) -> Result<()> {
        let there = source.len().saturating_sub(self.offset);
        if self.packed_len > there {
            let expected = format!("{} packed bytes", self.packed_len);
            return Err(Error::corrupt(expected, format!("the end after {there}")).at(self.offset));
        }
        let reach = self.codec.reach();
        let ratio = limits.check_ratio(self.packed_len, self.unpacked_len, reach);
        ratio.map_err(|e| e.at(self.offset))?;
        if self.unpacked_len.checked_sub(self.skip).is_none_or(|rest| (nbytes as u64) > rest) {
            let expected = format!("{nbytes} bytes of data behind a header of {}", self.skip);
            return Err(Error::corrupt(expected, format!("{} in all", self.unpacked_len)));
        }
        Ok(())
    }

    /// Unpacked and packed range of a block.
    fn block(&self, blocks: &Blocks, index: usize) -> (std::ops::Range<u64>, std::ops::Range<u64>) {
        let start = (index as u64).saturating_mul(blocks.len as u64);
        let end = start.saturating_add(blocks.len as u64).min(self.unpacked_len);
        let packed_start = index.checked_sub(1).and_then(|i| blocks.ends.get(i)).copied();
        let packed_end = blocks.ends.get(index).copied().unwrap_or(self.packed_len);
        (start..end, packed_start.unwrap_or(0)..packed_end)
    }
}

/// Packed bytes up to this size are read whole and unpacked at once, which is faster than in
/// steps; beyond it memory stays bounded.
const AT_ONCE: u64 = 256 << 20;

/// What is around the elements is kept with them where it is no more than this part of them, or no
/// longer than a header.
const AROUND: u64 = 16;
const HEADER: u64 = 4 << 10;

/// So many times as many bytes as are packed are given their memory before the first one is
/// unpacked: of a file that claims more than it has, no more is touched.
const AHEAD: u64 = 8;

impl Entry {
    /// All of a stream, unpacked: the bytes before the elements too.
    pub(super) fn unpack_whole(&self, coded: &Coded) -> Result<BufferMut> {
        let len = usize::try_from(coded.unpacked_len).map_err(|_| too_large())?;
        let mut whole = BufferMut::zeroed(len)?;
        if !coded.is_one() || coded.codec == Codec::LATIN1 {
            self.unpack_into(coded, 0, whole.bytes_mut())?;
            return Ok(whole);
        }
        let read = || packed_bytes(&*self.source, coded.offset, coded.packed_len);
        // One thread unpacks; the others can at least fetch what it needs.
        let ahead = coded.ahead();
        let packed = match whole.is_touched(ahead) {
            true => parallel::both(read, || whole.touch(ahead)).0,
            false => read(),
        };
        self.unpack_one(coded, &packed?, whole.bytes_mut())?;
        Ok(whole)
    }

    /// Unpacks all of a stream that is there; checks the seal.
    fn unpack_one(&self, coded: &Coded, packed: &[u8], dst: &mut [u8]) -> Result<()> {
        codec::decode_into(coded.codec, packed, dst)?;
        match &self.seal {
            Some(seal) => seal.check(codec::crc32_of_many(dst)),
            None => Ok(()),
        }
    }

    /// Unpacks what begins `at` bytes into the stream and fills `dst`; checks the seal.
    pub(super) fn unpack_into(&self, coded: &Coded, at: u64, dst: &mut [u8]) -> Result<()> {
        let whole = at == 0 && dst.len() as u64 == coded.unpacked_len;
        #[cfg(feature = "pickle")]
        if whole && coded.codec == Codec::LATIN1 && self.seal.is_none() {
            return self.unpack_latin1(coded, dst);
        }
        if let Some(blocks) = &coded.blocks {
            return self.unpack_blocks(coded, blocks, at, dst);
        }
        if !whole || !coded.is_one() {
            let mut decoder = Decoder::new(self, coded, true)?;
            decoder.read(at, dst)?;
            return decoder.finish();
        }
        let packed = packed_bytes(&*self.source, coded.offset, coded.packed_len)?;
        self.unpack_one(coded, &packed, dst)
    }

    /// Unpacks all blocks side by side; those that lie within `dst` straight into it.
    fn unpack_blocks(&self, coded: &Coded, blocks: &Blocks, at: u64, dst: &mut [u8]) -> Result<()> {
        let mut pieces: Vec<(usize, &mut [u8])> = Vec::with_capacity(blocks.ends.len());
        let mut rest = dst;
        let mut position = at;
        for index in 0..blocks.ends.len() {
            let (range, _) = coded.block(blocks, index);
            let len = range.end.saturating_sub(position.max(range.start));
            let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
            let (piece, after) = rest.split_at_mut(len);
            (rest, position) = (after, position + len as u64);
            pieces.push((index, piece));
        }
        let one =
            |(index, piece): (usize, &mut [u8])| self.unpack_block(coded, blocks, index, at, piece);
        let crcs = parallel::each(pieces, one)?;
        let Some(seal) = &self.seal else { return Ok(()) };
        let mut all = Crc32::new();
        crcs.iter().for_each(|crc| all.combine(crc));
        seal.check(all.finish())
    }

    /// Unpacks one block; `piece` is the part of it that is wanted, which starts at `at` of the
    /// stream where the block does not start after it.
    fn unpack_block(
        &self,
        coded: &Coded,
        blocks: &Blocks,
        index: usize,
        at: u64,
        piece: &mut [u8],
    ) -> Result<Crc32> {
        let (range, packed) = coded.block(blocks, index);
        let packed_offset = coded.offset + packed.start;
        let packed = packed_bytes(&*self.source, packed_offset, packed.end - packed.start)?;
        let mut crc = Crc32::new();
        let shift = |e: Error| e.shift(range.start);
        if piece.len() as u64 == range.end - range.start {
            decode_block(coded, index, &packed, piece).map_err(shift)?;
            crc.update(piece);
            return Ok(crc);
        }
        let len = usize::try_from(range.end - range.start).map_err(|_| too_large())?;
        let mut scratch = BufferMut::zeroed(len)?;
        decode_block(coded, index, &packed, scratch.bytes_mut()).map_err(shift)?;
        crc.update(scratch.bytes());
        let from = usize::try_from(at.saturating_sub(range.start)).unwrap_or(usize::MAX);
        if let Some(wanted) = scratch.bytes().get(from..).and_then(|rest| rest.get(..piece.len())) {
            piece.copy_from_slice(wanted);
        }
        Ok(crc)
    }
}

/// One block of a stream, which is a stream of its own but for the mark of the end.
fn decode_block(coded: &Coded, index: usize, packed: &[u8], dst: &mut [u8]) -> Result<()> {
    let last = coded.blocks.as_ref().is_none_or(|blocks| index + 1 == blocks.ends.len());
    codec::decode_block(coded.codec, packed, last, dst)
}

fn packed_bytes(source: &dyn Source, offset: u64, len: u64) -> Result<Buffer> {
    let len = usize::try_from(len).map_err(|_| too_large())?;
    source.read(offset, len).map_err(|e| Error::io("reading packed data", e).at(offset))
}

fn too_large() -> Error {
    Error::unsupported("packed data larger than the address space")
}

/// The first bytes that a stream unpacks to, at most `len`, and what ended it before: `packed` may
/// be cut anywhere. Enough for a header, without the block that follows it.
pub(crate) fn decoded_start(
    codec: Codec,
    packed: &[u8],
    len: usize,
) -> Result<(Vec<u8>, Option<Error>)> {
    let mut reader = codec::reader(codec, Box::new(packed), u64::MAX)?;
    let mut start = vec![0; len];
    let (mut filled, mut why) = (0, None);
    while let Some(rest) = start.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // What came before that counts.
            Err(e) => {
                why = Some(failed(e, filled as u64));
                break;
            }
        }
    }
    start.truncate(filled);
    Ok((start, why))
}

/// Unpacks a stream forwards, piece by piece.
pub(super) struct Decoder<'a> {
    entry: &'a Entry,
    coded: &'a Coded,
    codec: Codec,
    road: Road<'a>,
    /// Everything that comes by, where all of it is to be checked.
    crc: Option<Crc32>,
}

enum Road<'a> {
    Stream {
        reader: Box<dyn Read + Send + 'a>,
        position: u64,
    },
    Blocks {
        blocks: &'a Blocks,
        /// The block that `scratch` holds.
        held: Option<usize>,
        scratch: BufferMut,
        /// The next block whose bytes the checksum waits for.
        hashed: usize,
    },
}

impl<'a> Decoder<'a> {
    /// `verify`: everything is unpacked, in order, and the seal is checked at the end.
    pub(super) fn new(entry: &'a Entry, coded: &'a Coded, verify: bool) -> Result<Self> {
        let road = match &coded.blocks {
            Some(blocks) => Road::Blocks {
                blocks,
                held: None,
                scratch: BufferMut::zeroed(
                    usize::try_from(coded.unpacked_len).unwrap_or(usize::MAX).min(blocks.len),
                )?,
                hashed: 0,
            },
            None => Road::Stream { reader: stream(entry, coded, coded.codec)?, position: 0 },
        };
        let crc = (verify && entry.seal.is_some()).then(Crc32::new);
        Ok(Self { entry, coded, codec: coded.codec, road, crc })
    }

    /// Fills `dst` with what lies `at` bytes into the unpacked stream; going back costs a new
    /// start.
    pub(super) fn read(&mut self, at: u64, dst: &mut [u8]) -> Result<()> {
        match self.road {
            Road::Stream { .. } => self.read_stream(at, dst),
            Road::Blocks { .. } => self.read_blocks(at, dst),
        }
    }

    fn read_stream(&mut self, at: u64, dst: &mut [u8]) -> Result<()> {
        self.either_way(|decoder| decoder.stream_to(at, dst))
    }

    /// Does what a broken stream stops once more, from its start, where it may be another one.
    fn either_way(&mut self, mut work: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        let first = match work(self) {
            Err(e) if e.kind() == ErrorKind::Corrupt => e,
            done => return done,
        };
        let (Some(other), Road::Stream { reader, position }) =
            (self.codec.otherwise(), &mut self.road)
        else {
            return Err(first);
        };
        (*reader, *position) = (stream(self.entry, self.coded, other)?, 0);
        self.codec = other;
        self.crc = self.crc.take().map(|_| Crc32::new());
        work(self).map_err(|_| first)
    }

    fn stream_to(&mut self, at: u64, dst: &mut [u8]) -> Result<()> {
        let Road::Stream { reader, position } = &mut self.road else { return Ok(()) };
        if at < *position {
            // Nobody who checks goes back.
            let reader_of = stream(self.entry, self.coded, self.codec)?;
            (*reader, *position, self.crc) = (reader_of, 0, None);
        }
        skip(reader, at - *position, self.crc.as_mut()).map_err(|e| failed(e, at))?;
        *position = at;
        reader.read_exact(dst).map_err(|e| failed(e, at))?;
        *position += dst.len() as u64;
        if let Some(crc) = &mut self.crc {
            crc.update(dst);
        }
        Ok(())
    }

    fn read_blocks(&mut self, mut at: u64, mut dst: &mut [u8]) -> Result<()> {
        let Road::Blocks { blocks, .. } = self.road else { return Ok(()) };
        while !dst.is_empty() {
            let index = usize::try_from(at / blocks.len as u64).unwrap_or(usize::MAX);
            let scratch = self.block(index)?;
            let start = usize::try_from(at % blocks.len as u64).unwrap_or(usize::MAX);
            let there = scratch.get(start..).unwrap_or_default();
            if there.is_empty() {
                let expected = format!("more than {} bytes", self.coded.unpacked_len);
                return Err(Error::corrupt(expected, "the end").at(at));
            }
            let (now, later) = dst.split_at_mut(there.len().min(dst.len()));
            now.copy_from_slice(&there[..now.len()]);
            at += now.len() as u64;
            dst = later;
        }
        Ok(())
    }

    /// The bytes of a block, unpacked; and all blocks up to it where everything is checked.
    fn block(&mut self, wanted: usize) -> Result<&[u8]> {
        let Road::Blocks { blocks, held, scratch, hashed } = &mut self.road else { return Ok(&[]) };
        let mut index = if self.crc.is_some() { (*hashed).min(wanted) } else { wanted };
        while *held != Some(wanted) {
            let (range, packed) = self.coded.block(blocks, index);
            let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
            let offset = self.coded.offset + packed.start;
            let packed = packed_bytes(&*self.entry.source, offset, packed.end - packed.start)?;
            let bytes = scratch.bytes_mut().get_mut(..len).unwrap_or_default();
            *held = None;
            decode_block(self.coded, index, &packed, bytes).map_err(|e| e.shift(range.start))?;
            *held = Some(index);
            if let Some(crc) = self.crc.as_mut().filter(|_| *hashed == index) {
                crc.update(bytes);
                *hashed += 1;
            }
            index += 1;
        }
        let (range, _) = self.coded.block(blocks, wanted);
        let len = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
        Ok(scratch.bytes().get(..len).unwrap_or_default())
    }

    /// Unpacks what is left of a stream, which ends there.
    fn stream_out(&mut self) -> Result<()> {
        let Road::Stream { reader, position } = &mut self.road else { return Ok(()) };
        let end = self.coded.unpacked_len;
        let left = end.saturating_sub(*position);
        skip(reader, left, self.crc.as_mut()).map_err(|e| failed(e, end))?;
        let mut more = [0; 1];
        if reader.read(&mut more).map_err(|e| failed(e, end))? > 0 {
            let expected = format!("{end} unpacked bytes");
            return Err(Error::corrupt(expected, "more").at(end));
        }
        Ok(())
    }

    /// Unpacks what is left and checks the seal.
    pub(super) fn finish(mut self) -> Result<()> {
        let Some(seal) = &self.entry.seal else { return Ok(()) };
        match &mut self.road {
            Road::Stream { .. } => self.either_way(Self::stream_out)?,
            Road::Blocks { blocks, hashed, .. } => {
                let last = blocks.ends.len();
                if self.crc.is_some() && *hashed < last {
                    self.block(last - 1)?;
                }
            }
        }
        match self.crc.take() {
            Some(crc) => seal.check(crc.finish()),
            None => Ok(()),
        }
    }
}

fn failed(e: io::Error, at: u64) -> Error {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => {
            Error::corrupt("more packed data", "the end of the stream").at(at)
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Error::corrupt("packed data", e).at(at)
        }
        _ => Error::io("unpacking", e).at(at),
    }
}

/// Reads `len` bytes and forgets them.
fn skip(reader: &mut dyn Read, mut len: u64, mut crc: Option<&mut Crc32>) -> io::Result<()> {
    let mut waste = [0; 16 << 10];
    while len > 0 {
        let step = usize::try_from(len).unwrap_or(usize::MAX).min(waste.len());
        let bytes = &mut waste[..step];
        reader.read_exact(bytes)?;
        if let Some(crc) = &mut crc {
            crc.update(bytes);
        }
        len -= step as u64;
    }
    Ok(())
}

fn stream<'a>(
    entry: &'a Entry,
    coded: &'a Coded,
    codec: Codec,
) -> Result<Box<dyn Read + Send + 'a>> {
    let packed = SourceReader {
        source: &*entry.source,
        at: coded.offset,
        end: coded.offset.saturating_add(coded.packed_len),
    };
    codec::reader(codec, Box::new(packed), coded.unpacked_len)
}

/// A range of a source as a stream; whoever reads it brings a buffer.
struct SourceReader<'a> {
    source: &'a dyn Source,
    at: u64,
    end: u64,
}

impl Read for SourceReader<'_> {
    fn read(&mut self, dst: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let len = dst.len().min(left);
        let dst = dst.get_mut(..len).unwrap_or_default();
        self.source.read_into(self.at, dst)?;
        self.at += len as u64;
        Ok(len)
    }
}
