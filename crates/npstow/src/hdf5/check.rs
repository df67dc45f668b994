//! What is wrong with a file as a whole.
#![forbid(unsafe_code)]

use super::file::File;
use super::object::extension::check_free_space;
use super::object::header;
use super::read::UNDEFINED;
use crate::Error;
use crate::container::Fault;

/// What is said of a file that is marked as being written to.
pub(super) const LEFT_OPEN: &str = "a program that wrote to the file did not close it";

/// Looks at what the superblock and its extension say.
pub(super) fn superblock(file: &File, faults: &mut Vec<Fault>) {
    let superblock = file.superblock();
    if superblock.is_open() {
        faults.push(Fault::Note(LEFT_OPEN.to_owned()));
    }
    let (end, len) = (superblock.end.saturating_add(superblock.base), file.source().len());
    if superblock.end != UNDEFINED && end > len {
        let expected = format!("a file of {end} bytes");
        faults.push(Fault::Error(Error::corrupt(expected, len).at(len)));
    }
    if superblock.extension == UNDEFINED {
        return;
    }
    let checked = header::read(file, superblock.extension)
        .and_then(|header| check_free_space(&header, file.sizes()));
    if let Err(e) = checked {
        faults.push(Fault::Error(e));
    }
}

/// Looks whether anything that was read lies behind the end that the superblock tells.
pub(super) fn end(file: &File, faults: &mut Vec<Fault>) {
    let (end, furthest) = (file.superblock().end, file.furthest());
    if end != UNDEFINED && furthest > end && !file.superblock().is_open() {
        let expected = format!("everything before the end of the file at {end}");
        let found = format!("an object up to {furthest}");
        faults.push(Fault::Error(Error::corrupt(expected, found).at(file.base())));
    }
}
