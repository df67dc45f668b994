//! The two headers of a member that is written.
#![forbid(unsafe_code)]

use super::content::Packed;
use super::zip::{
    Alignment, BlockIndex, CentralHeader, DATE, Flags, HeaderCopy, LocalHeader, Method,
};
use crate::Result;

/// Where data that can be mapped begin.
pub(super) const ALIGN: u16 = 64;

/// What is known of a member that is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) flags: Flags,
    pub(super) method: Method,
    pub(super) crc32: u32,
    pub(super) packed_len: u64,
    pub(super) unpacked_len: u64,
    pub(super) zip64: bool,
    /// The logarithm of the length of its blocks, and their packed lengths, where it has several.
    pub(super) blocks: Option<(u8, Vec<u32>)>,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) internal: u16,
    pub(super) external: u32,
    /// Extra fields of others, and the comment, of a member that is copied.
    pub(super) extra: Vec<u8>,
    pub(super) comment: Vec<u8>,
}

impl Member {
    /// A member of this name, without data.
    pub(super) fn new(name: String, method: Method) -> Self {
        let flags = if name.is_ascii() { Flags::default() } else { Flags::UTF8 };
        Self {
            name: name.into_bytes(),
            flags,
            method,
            date: DATE,
            // What `unzip` gives the files: read and write for the owner.
            external: 0o600 << 16,
            ..Self::default()
        }
    }

    /// Takes over what came of packing.
    pub(super) fn set(&mut self, packed: &Packed, unpacked_len: u64) {
        (self.crc32, self.packed_len) = (packed.crc32, packed.len);
        self.unpacked_len = unpacked_len;
        self.blocks = (packed.blocks.len() > 1).then(|| (packed.log2_len, packed.blocks.clone()));
    }

    /// Version needed to extract (APPNOTE 4.4.3.2).
    fn needed(&self) -> u16 {
        if self.zip64 { 45 } else { 20 }
    }

    /// The local header of a member at `at`, whose NPY header is so long, where it has one;
    /// appends it, and says how long it is.
    pub(super) fn local(
        &self,
        at: u64,
        header_len: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Result<usize> {
        let mut header = LocalHeader {
            needed: self.needed(),
            flags: self.flags,
            method: self.method,
            time: self.time,
            date: self.date,
            crc32: self.crc32,
            packed_len: self.packed_len,
            unpacked_len: self.unpacked_len,
            zip64: self.zip64,
            name: &self.name,
            ..LocalHeader::default()
        };
        let mut padding = [0; Alignment::MOST];
        if let (Method::STORED, Some(array)) = (self.method, header_len) {
            let data = at + header.written_len() as u64 + array;
            if let Some(field) = Alignment::fitting(ALIGN, data) {
                header.extra = field.write(&mut padding)?;
            }
        }
        let start = out.len();
        header.write(out)?;
        Ok(out.len() - start)
    }

    /// The entry of the directory for a member at `at` whose local header has `local_len` bytes;
    /// `header` is the NPY header that its data begin with.
    pub(super) fn central(
        &self,
        at: u64,
        local_len: usize,
        header: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let mut extra = self.extra.clone();
        let local_extra = local_len.saturating_sub(LocalHeader::SIZE + self.name.len());
        let local_extra_len = u16::try_from(local_extra).unwrap_or(u16::MAX);
        let copy = header.and_then(|header| HeaderCopy::of(header, local_extra_len));
        if let Some(copy) = copy {
            copy.write(&mut extra)?;
        }
        if let Some((log2_len, lens)) = &self.blocks {
            BlockIndex::write(*log2_len, lens, &mut extra)?;
        }
        let entry = CentralHeader {
            made_by: 3 << 8 | self.needed(),
            needed: self.needed(),
            flags: self.flags,
            method: self.method,
            time: self.time,
            date: self.date,
            crc32: self.crc32,
            packed_len: self.packed_len,
            unpacked_len: self.unpacked_len,
            name: &self.name,
            extra: &extra,
            comment: &self.comment,
            internal: self.internal,
            external: self.external,
            offset: at,
            ..CentralHeader::default()
        };
        entry.write(out)
    }
}
