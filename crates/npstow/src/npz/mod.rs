//! NPZ: a zip archive of NPY files, as `np.savez` writes it.
//!
//! | | npstow |
//! |---|---|
//! | opening | one read of the file's end, as long as the directory will be if all members are like the first one (2 MiB at most); a second one where they are not |
//! | one array by name | the directory and that member, nothing else |
//! | packing | stored and deflate; bzip2, LZMA and Zstandard with the features of those names |
//! | zip64 | wherever it stands: sizes, offsets, counts, local headers |
//! | data descriptors | skipped; the directory is the truth |
//! | in front of and behind the archive | other bytes are tolerated, and told by [`verify`](crate::verify()) |
//! | names | UTF-8, Info-ZIP's UTF-8 field (as Python has it from 3.12 on; before, it went by the other name), code page 437; slashes make groups; `.npy` is not part of a name, unless a group or another member has the short one |
//! | groups without anything in them | kept, as members that end in a slash |
//! | notes | texts that are named as NPFold names them (`x_meta.txt` beside `x.npy`, `g/NPFold_meta.txt`) are the [notes](crate::Notes) of arrays and groups; the index of a packed folder (`NPFold_index.txt`) gives the order and is no value |
//! | members that are no `.npy` | arrays where they begin as one, else values: their bytes |
//! | names that are no paths (`../x`, `/x`, `\\x`, `a//b`, `./a`) | stand below the root as they are, make no groups, and are read by exactly that name (NumPy's `''` is `.npy`); a [`Tree`](crate::Tree) of them is refused, so that no folder is ever written with one |
//! | names that occur twice | listed; asking for one by its name is an error |
//! | checksums | verified on every full read; not for slices and views |
//! | views | of stored members, aligned or not |
//! | objects | described, and read and written with the feature `pickle`; their checksum is held first |
//! | encryption, several parts, other methods | refused by name, when the member is asked for |
//!
//! Refused when the archive is opened: names with NUL, members that overlap, a directory outside the file, more members than
//! [`Limits::members`](crate::Limits::members), more bytes than
//! [`Limits::total`](crate::Limits::total). Refused when a member is asked for: a local header
//! that says something else than the directory, and packed data that claim to unpack to more than
//! [`Limits::ratio`](crate::Limits::ratio) allows.
//!
//! Archives of npstow have two fields in their directory that other readers skip: each NPY header
//! again, so that one read lists thousands of arrays with their shapes and dtypes (what it says is
//! held against the member when the member is read, and fields that another program copied to
//! other data count for nothing), and the blocks of long deflated members, so
//! that a slice unpacks only what it needs and a whole array is unpacked on all cores.
//!
//! Where the end of an archive is missing or torn, [`salvage_to`] finds the members by their local
//! headers, and writes those whose checksums are right to a new one. Where the directory is there,
//! it says what is lost and what was removed.
//!
//! A file with two archives (one behind another, or in its comment) is refused, for programs do
//! not agree on the one to read. So is an archive in a member where that of the file itself has
//! lost its end. What a change that broke off left behind the archive is read over, and cut off by
//! the next change or [`repair`]; what else is there is neither.
#![forbid(unsafe_code)]

mod archive;
mod container;
#[cfg(test)]
mod container_tests;
mod content;
mod copy;
mod directory;
mod editor;
mod end;
#[cfg(test)]
mod forge;
mod front;
mod groups;
mod leftover;
mod listing;
mod load;
mod locate;
mod member;
mod names;
mod notes;
mod options;
mod reader;
mod run;
mod salvage;
mod scan;
#[cfg(test)]
mod tests;
mod writer;
mod zip;

pub(crate) use container::Npz;
pub use editor::{Compacted, Editor, Repair, compact, diagnose, repair};
pub use options::WriteOptions;
pub use reader::{Reader, open, open_source, read};
pub use salvage::{
    Recovered, SalvageOptions, salvage, salvage_source, salvage_to, salvage_to_with, salvage_with,
};
pub use scan::State;
pub use writer::{Writer, write, write_to, write_with};
