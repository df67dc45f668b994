//! Archives made by hand, right and wrong in every way that a test likes.
#![forbid(unsafe_code)]

use super::zip::{
    CentralHeader, DATE, DataDescriptor, Flags, HeaderCopy, LocalHeader, Method, write_end,
};
use crate::codec::deflate;
pub(super) use crate::source::Counting;
use crate::{Array, Limits, npy};

/// One member as it is to be written; by default stored, plain and true.
#[derive(Clone, Debug)]
pub(super) struct Forged {
    pub(super) name: Vec<u8>,
    /// The name in the local header, where it is another.
    pub(super) local_name: Option<Vec<u8>>,
    pub(super) packed: Vec<u8>,
    pub(super) unpacked_len: u64,
    pub(super) crc32: u32,
    pub(super) method: Method,
    pub(super) flags: Flags,
    pub(super) local_extra: Vec<u8>,
    pub(super) extra: Vec<u8>,
    /// A zip64 field in the local header, as NumPy writes it always.
    pub(super) zip64: bool,
    /// Zeros in the local header and a descriptor behind the data: signed, 64 bits.
    pub(super) descriptor: Option<(bool, bool)>,
}

impl Forged {
    pub(super) fn new(name: &str, content: &[u8]) -> Self {
        let flags = if name.is_ascii() { Flags::default() } else { Flags::UTF8 };
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            packed: content.to_vec(),
            unpacked_len: content.len() as u64,
            crc32: crate::codec::crc32(content),
            method: Method::STORED,
            flags,
            local_extra: Vec::new(),
            extra: Vec::new(),
            zip64: false,
            descriptor: None,
        }
    }

    /// A member with an array, called `name` and `.npy`.
    pub(super) fn array(name: &str, array: &Array) -> Self {
        let bytes = npy::to_bytes(array, &npy::WriteOptions::default()).unwrap();
        Self::new(&format!("{name}.npy"), &bytes)
    }

    /// Packed with deflate; what it was before comes along.
    pub(super) fn deflated(mut self) -> Self {
        let content = std::mem::take(&mut self.packed);
        deflate::compress_block(6, &content, true, &mut self.packed).unwrap();
        self.method = Method::DEFLATE;
        self
    }

    /// With the NPY header in the directory, too; for members that are stored.
    pub(super) fn copied(mut self) -> Self {
        let len = npy::Header::len_of(&self.packed, &Limits::default()).unwrap();
        let extra_len = u16::try_from(self.local_extra.len()).unwrap();
        let extra_len = extra_len + if self.zip64 { 20 } else { 0 };
        let copy = HeaderCopy::of(&self.packed[..len], extra_len).unwrap();
        copy.write(&mut self.extra).unwrap();
        self
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn local(&self, out: &mut Vec<u8>) {
        let described = self.descriptor.is_some();
        let told = |value: u64| if described { 0 } else { value };
        let header = LocalHeader {
            needed: 20,
            flags: self.all_flags(),
            method: self.method,
            time: 0,
            date: DATE,
            crc32: if described { 0 } else { self.crc32 },
            packed_len: told(self.packed.len() as u64),
            unpacked_len: told(self.unpacked_len),
            zip64: self.zip64,
            name: self.local_name.as_deref().unwrap_or(&self.name),
            extra: &self.local_extra,
        };
        header.write(out).unwrap();
        out.extend(&self.packed);
        if let Some((signed, wide)) = self.descriptor {
            let (packed_len, unpacked_len) = (self.packed.len() as u64, self.unpacked_len);
            let crc32 = self.crc32;
            DataDescriptor { crc32, packed_len, unpacked_len }.write(out, signed, wide);
        }
    }

    fn all_flags(&self) -> Flags {
        if self.descriptor.is_some() { self.flags.with(Flags::DESCRIPTOR) } else { self.flags }
    }

    fn central(&self, offset: u64, out: &mut Vec<u8>) {
        let header = CentralHeader {
            made_by: 0x0314,
            needed: 20,
            flags: self.all_flags(),
            method: self.method,
            date: DATE,
            crc32: self.crc32,
            packed_len: self.packed.len() as u64,
            unpacked_len: self.unpacked_len,
            name: &self.name,
            extra: &self.extra,
            external: 0o600 << 16,
            offset,
            ..CentralHeader::default()
        };
        header.write(out).unwrap();
    }
}

/// The whole archive, and where each local header is.
pub(super) fn archive_with(members: &[Forged], comment: &[u8]) -> (Vec<u8>, Vec<u64>) {
    let (mut out, mut offsets) = (Vec::new(), Vec::new());
    for member in members {
        offsets.push(out.len() as u64);
        member.local(&mut out);
    }
    let directory = directory(members, &offsets);
    let offset = out.len() as u64;
    out.extend(&directory);
    let (count, len) = (members.len() as u64, directory.len() as u64);
    write_end(&mut out, count, len, offset, comment).unwrap();
    (out, offsets)
}

/// The whole archive.
pub(super) fn archive(members: &[Forged]) -> Vec<u8> {
    archive_with(members, b"").0
}

/// The directory alone, with the offsets that the test likes.
pub(super) fn directory(members: &[Forged], offsets: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    for (member, &offset) in members.iter().zip(offsets) {
        member.central(offset, &mut out);
    }
    out
}
