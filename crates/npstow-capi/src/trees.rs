//! Trees searched, selected, joined and compared.

use crate::array::described;
use crate::call::{ErrorOut, Text, c_string, done, look, make, need, put, slice, slice_mut};
use crate::error::NpstowStatus;
use crate::strings::NpstowStrings;
use crate::tree::{NpstowTree, group};
use npstow::trees::{CompareOptions, ConcatOptions, Glob, Missing, NotesPolicy};
use npstow::{Dtype, Error, Item, Result, Tree, trees};
use std::ffi::{CString, c_char};
use std::fmt::Write as _;
use std::ptr;

/// What becomes of metadata where trees are joined: one of `NPSTOW_NOTES_…`.
pub type NpstowNotesPolicy = i32;
/// Those of the first tree are kept.
pub const NPSTOW_NOTES_FIRST: NpstowNotesPolicy = 0;
/// Each line once, in order; names and labels must be the same.
pub const NPSTOW_NOTES_JOIN: NpstowNotesPolicy = 1;
/// All are left out.
pub const NPSTOW_NOTES_DROP: NpstowNotesPolicy = 2;

/// What is done where a tree lacks an array that another one has: one of `NPSTOW_MISSING_…`.
pub type NpstowMissing = i32;
/// It is an error.
pub const NPSTOW_MISSING_REFUSE: NpstowMissing = 0;
/// The tree has no rows then.
pub const NPSTOW_MISSING_SKIP: NpstowMissing = 1;

/// How two trees differ. It never changes, and may be used by several threads at once.
pub struct NpstowReport {
    is_same: bool,
    compared: usize,
    lines: Vec<(CString, CString)>,
}

/// The slash paths of what matches one of the patterns, which are separated by commas; groups before
/// their members.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_find(
    tree: Option<&NpstowTree>,
    globs: Text,
    error: ErrorOut,
) -> Option<Box<NpstowStrings>> {
    make(error, || {
        let globs = Glob::list(globs.get("globs")?)?;
        let found = trees::find(&need(tree, "tree")?.tree, &globs);
        Ok(Box::new(NpstowStrings::new(found.into_iter().map(|(path, _)| path))))
    })
}

/// The tree of what matches one of the patterns, with its metadata and that of the groups around.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_select(
    tree: Option<&NpstowTree>,
    globs: Text,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || {
        let globs = Glob::list(globs.get("globs")?)?;
        Ok(NpstowTree::boxed(trees::select(&need(tree, "tree")?.tree, &globs)?))
    })
}

/// One tree of the rows of `n` trees: each array has the rows of the arrays of that name, in order.
/// `names` are what errors call the trees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_tree_concat(
    names: *const Text,
    trees: *const Option<&NpstowTree>,
    n: usize,
    notes: NpstowNotesPolicy,
    missing: NpstowMissing,
    error: ErrorOut,
) -> Option<Box<NpstowTree>> {
    make(error, || {
        let notes = match notes {
            NPSTOW_NOTES_FIRST => NotesPolicy::First,
            NPSTOW_NOTES_JOIN => NotesPolicy::Join,
            NPSTOW_NOTES_DROP => NotesPolicy::Drop,
            other => return Err(Error::invalid(format_args!("the policy {other} for metadata"))),
        };
        let missing = match missing {
            NPSTOW_MISSING_REFUSE => Missing::Refuse,
            NPSTOW_MISSING_SKIP => Missing::Skip,
            other => return Err(Error::invalid(format_args!("the policy {other} for arrays"))),
        };
        // SAFETY: the header asks for `n` names.
        let names = unsafe { slice(names, n, "names")? };
        // SAFETY: the header asks for `n` trees.
        let trees = unsafe { slice(trees, n, "trees")? };
        let mut groups = Vec::with_capacity(n);
        for (name, tree) in names.iter().zip(trees.iter().copied()) {
            groups.push((name.get("names[i]")?, &need(tree, "trees[i]")?.tree));
        }
        let options = ConcatOptions::new(notes).missing(missing);
        Ok(NpstowTree::boxed(trees::concat(&groups, &options)?))
    })
}

/// Compares two trees: names, dtypes, shapes, values (as `numpy.isclose` with these tolerances), and
/// metadata where `meta` says so.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_compare(
    left: Option<&NpstowTree>,
    right: Option<&NpstowTree>,
    rtol: f64,
    atol: f64,
    equal_nan: bool,
    meta: bool,
    error: ErrorOut,
) -> Option<Box<NpstowReport>> {
    make(error, || {
        let (left, right) = (&need(left, "left")?.tree, &need(right, "right")?.tree);
        let options = CompareOptions::default().rtol(rtol).atol(atol);
        let options = options.equal_nan(equal_nan).notes(meta);
        let report = trees::compare(left, right, &options)?;
        let differs = report.differences().iter();
        let differs = differs.map(|it| (c_string(&it.name), c_string(&it.to_string())));
        let unread = report.unread().iter();
        let unread = unread.map(|e| (c_string(e.member().unwrap_or("")), c_string(&e.to_string())));
        let lines = differs.chain(unread).collect();
        let (is_same, compared) = (report.is_same(), report.compared());
        Ok(Box::new(NpstowReport { is_same, compared, lines }))
    })
}

/// Whether everything was compared and nothing differs; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_is_same(report: Option<&NpstowReport>) -> bool {
    report.is_some_and(|report| report.is_same)
}

/// How many arrays both trees have; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_compared(report: Option<&NpstowReport>) -> usize {
    report.map_or(0, |report| report.compared)
}

/// How many differences there are, with what could not be read; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_len(report: Option<&NpstowReport>) -> usize {
    report.map_or(0, |report| report.lines.len())
}

/// The slash path of a difference; NULL beyond the last. It lives as long as the report.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_path(report: Option<&NpstowReport>, index: usize) -> *const c_char {
    let line = report.and_then(|report| report.lines.get(index));
    line.map_or(ptr::null(), |(path, _)| path.as_ptr())
}

/// What differs, as a line of text; NULL beyond the last. It lives as long as the report.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_message(
    report: Option<&NpstowReport>,
    index: usize,
) -> *const c_char {
    let line = report.and_then(|report| report.lines.get(index));
    line.map_or(ptr::null(), |(_, text)| text.as_ptr())
}

/// Frees a report.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_report_free(report: Option<Box<NpstowReport>>) {
    look((), || drop(report));
}

/// A table as text: a line of column names, then one for each group, separated by tabs; what is not
/// there is "-".
fn table<T: std::fmt::Display>(table: &trees::Table<T>) -> String {
    let mut text = format!("name\t{}\n", table.columns().join("\t"));
    for (name, cells) in table.rows() {
        text.push_str(if name.is_empty() { "." } else { name });
        for cell in cells {
            // Writing to a string cannot fail.
            let _ = match cell {
                Some(cell) => write!(text, "\t{cell}"),
                None => write!(text, "\t-"),
            };
        }
        text.push('\n');
    }
    text
}

/// How many rows the arrays of each group have: a table as text, to be freed with
/// `npstow_string_free`. The first line has the names of the columns (those arrays that match one of
/// the patterns), each other one a group ("." is the top); tabs between them, "-" for none.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_counts(
    tree: Option<&NpstowTree>,
    globs: Text,
    error: ErrorOut,
) -> *mut c_char {
    let text = make(error, || {
        let globs = Glob::list(globs.get("globs")?)?;
        Ok(c_string(&table(&trees::counts(&need(tree, "tree")?.tree, &globs))).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}

/// What the metadata of groups and arrays say, as `npstow_tree_counts`: the columns are those keys
/// that match one of the patterns.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_metadata(
    tree: Option<&NpstowTree>,
    globs: Text,
    error: ErrorOut,
) -> *mut c_char {
    let text = make(error, || {
        let globs = Glob::list(globs.get("globs")?)?;
        Ok(c_string(&table(&trees::metadata(&need(tree, "tree")?.tree, &globs))).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}

/// Dtype and shape of what stands under a path; nothing is read for it.
fn description<'a>(tree: &'a Tree, path: &str) -> Result<(&'a Dtype, &'a [usize])> {
    match tree.get(path) {
        Some(Item::Array(array)) => Ok((array.dtype(), array.shape())),
        Some(Item::Entry(entry) | Item::Value(entry)) => Ok((entry.dtype(), entry.shape())),
        _ => group(tree, path)
            .and_then(|_| Err(Error::mismatch("an array", format_args!("the group '{path}'")))),
    }
}

/// One line on what stands under a slash path, which is not read for it: "(1000, 4, 4) <f4", or "3
/// names" for a group. To be freed with `npstow_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_desc(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> *mut c_char {
    let text = make(error, || {
        let (tree, path) = (&need(tree, "tree")?.tree, path.get("path")?);
        let text = match description(tree, path) {
            Ok((dtype, shape)) => described(dtype, shape),
            Err(_) => match group(tree, path)?.len() {
                1 => "1 name".to_owned(),
                n => format!("{n} names"),
            },
        };
        Ok(c_string(&text).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}

/// The number of axes of the array under a slash path, which is not read for it.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_ndim(
    tree: Option<&NpstowTree>,
    path: Text,
    ndim: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    put(error, ndim, "ndim", || {
        Ok(description(&need(tree, "tree")?.tree, path.get("path")?)?.1.len())
    })
}

/// The lengths of the `ndim` axes of the array under a slash path, which is not read for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_tree_shape(
    tree: Option<&NpstowTree>,
    path: Text,
    shape: *mut usize,
    ndim: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let (_, own) = description(&need(tree, "tree")?.tree, path.get("path")?)?;
        if ndim != own.len() {
            return Err(Error::mismatch(format!("{ndim} axes"), format!("{} axes", own.len())));
        }
        // SAFETY: the header asks for room for `ndim` lengths.
        unsafe { slice_mut(shape, ndim, "shape")? }.copy_from_slice(own);
        Ok(())
    })
}

/// The dtype of the array under a slash path, which is not read for it. To be freed with
/// `npstow_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_tree_descr(
    tree: Option<&NpstowTree>,
    path: Text,
    error: ErrorOut,
) -> *mut c_char {
    let text = make(error, || {
        let (dtype, _) = description(&need(tree, "tree")?.tree, path.get("path")?)?;
        Ok(c_string(&dtype.to_string()).into_raw())
    });
    text.unwrap_or(ptr::null_mut())
}
