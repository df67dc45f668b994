//! Members carried over as they are packed: into a compacted archive, or under another name.
#![forbid(unsafe_code)]

use super::directory::{Directory, Member as Listed};
use super::locate::{Window, locate};
use super::member::Member;
use super::writer::Writer;
use super::zip::{Alignment, BlockIndex, Flags, HeaderCopy, Method, fields};
use crate::entry::decoded_start;
use crate::npy;
use crate::{Error, Result, Sink, Source};

/// How much is copied at once.
const STEP: usize = 1 << 20;

/// The longest NPY header that is looked for in a member, to be repeated in the directory.
const HEADER: usize = 12 + HeaderCopy::MOST;

/// Copies the member at `index` behind what was written, under `name`; nothing is unpacked but
/// the NPY header, and stored arrays are aligned anew.
pub(super) fn copy_member<S: Sink>(
    writer: &mut Writer<S>,
    source: &dyn Source,
    directory: &Directory,
    index: usize,
    name: &str,
) -> Result<()> {
    let listed = listed(directory, index)?;
    let located = locate(source, directory, index, &mut Window::single())?;
    let central = directory.header(listed)?;
    let mut member = Member::new(name.to_owned(), listed.method);
    (member.crc32, member.packed_len) = (listed.crc32, listed.packed_len);
    member.unpacked_len = listed.unpacked_len;
    member.zip64 = listed.packed_len.max(listed.unpacked_len) >= u64::from(u32::MAX);
    (member.time, member.date) = (central.time, central.date);
    (member.internal, member.external) = (central.internal, central.external);
    member.comment = central.comment.to_vec();
    // Other flags than those of the name say how the data are packed (APPNOTE 4.4.4, bits 1, 2).
    let kept = central.flags.0 & !(Flags::UTF8.with(Flags::DESCRIPTOR).0);
    member.flags = Flags(member.flags.0 | kept);
    for field in fields(central.extra) {
        let field = field?;
        match field.id {
            // Written anew; zip64 is by the header itself.
            HeaderCopy::ID | Alignment::ID => {}
            BlockIndex::ID => {
                if let Some(blocks) = BlockIndex::parse(field.payload)? {
                    member.blocks = Some((blocks.log2_len, blocks.packed_lens().collect()));
                }
            }
            _ => field.write(&mut member.extra)?,
        }
    }
    let header = npy_header(source, listed, located.data_offset, name)?;
    let at = writer.position();
    let mut local = Vec::new();
    member.local(at, header.as_ref().map(|header| header.len() as u64), &mut local)?;
    writer.take_name(name)?;
    writer.write(&local)?;
    copy_bytes(writer, source, located.data_offset, listed.packed_len)?;
    writer.enter(&member, at, local.len(), header.as_deref())
}

fn listed(directory: &Directory, index: usize) -> Result<&Listed> {
    let missing = || Error::not_found(format_args!("member {index}"));
    directory.members().get(index).ok_or_else(missing)
}

/// Copies `left` bytes from `at` on behind what was written.
pub(super) fn copy_bytes<S: Sink>(
    writer: &mut Writer<S>,
    source: &dyn Source,
    mut at: u64,
    mut left: u64,
) -> Result<()> {
    let mut block = vec![0; STEP.min(usize::try_from(left).unwrap_or(STEP))];
    while left > 0 {
        let step = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = block.get_mut(..step).unwrap_or_default();
        source.read_into(at, bytes).map_err(|e| Error::io("copying", e).at(at))?;
        writer.write(bytes)?;
        (at, left) = (at + step as u64, left - step as u64);
    }
    Ok(())
}

/// The NPY header that a member begins with, where it has one of a usual length.
fn npy_header(
    source: &dyn Source,
    listed: &Listed,
    data_offset: u64,
    name: &str,
) -> Result<Option<Vec<u8>>> {
    if super::names::array_name(name).is_none() {
        return Ok(None);
    }
    let len = usize::try_from(listed.packed_len).unwrap_or(usize::MAX).min(HEADER);
    let failed = |e| Error::io("reading the header", e).at(data_offset);
    let packed = source.read(data_offset, len).map_err(failed)?;
    let start = match listed.method {
        Method::STORED => packed.to_vec(),
        Method::DEFLATE => decoded_start(crate::Codec::DEFLATE, &packed, HEADER)?.0,
        _ => return Ok(None),
    };
    Ok(npy::header_len(&start).and_then(|len| start.get(..len)).map(<[u8]>::to_vec))
}
