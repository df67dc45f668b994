//! What pickles name, before anybody loads them.

use crate::call::{ErrorOut, Text, c_string, look, make, need};
use crate::limits::{NpstowLimits, limits_of};
use crate::source::NpstowSource;
use npstow::Result;
use npstow::pickle::{Mention, Named, Scan, Verdict};
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;

/// What is known of a name that a pickle uses: one of `NPSTOW_VERDICT_…`. It tells people, and
/// decides nothing: npstow runs none of them.
pub type NpstowVerdict = i32;
/// Data, which npstow rebuilds.
pub const NPSTOW_VERDICT_DATA: NpstowVerdict = 0;
/// A class that is known to do nothing but hold what it is given.
pub const NPSTOW_VERDICT_HARMLESS: NpstowVerdict = 1;
/// Nothing is known of it.
pub const NPSTOW_VERDICT_UNKNOWN: NpstowVerdict = 2;
/// It is known to run code, or to reach for something that does.
pub const NPSTOW_VERDICT_CODE: NpstowVerdict = 3;

fn number(verdict: Verdict) -> NpstowVerdict {
    match verdict {
        Verdict::Data => NPSTOW_VERDICT_DATA,
        Verdict::Harmless => NPSTOW_VERDICT_HARMLESS,
        Verdict::Code => NPSTOW_VERDICT_CODE,
        _ => NPSTOW_VERDICT_UNKNOWN,
    }
}

/// All that the pickles of a file name. It never changes, and may be looked at from several threads.
pub struct NpstowScan {
    scan: Scan,
    /// Module, where there is one, and name.
    names: Vec<(Option<CString>, CString)>,
    fault: Option<CString>,
}

impl NpstowScan {
    fn of(scan: Scan) -> Result<Box<Self>> {
        let name = |mention: &Mention| match &mention.what {
            Named::Global { module, name } => (Some(c_string(module)), c_string(name)),
            Named::Extension(number) => (None, c_string(&format!("extension {number}"))),
            Named::Persistent(id) => (None, c_string(&format!("persistent {id}"))),
            _ => (None, c_string("something that this version does not know")),
        };
        let names = scan.mentions.iter().map(name).collect();
        let fault = scan.fault.as_ref().map(|fault| c_string(&fault.to_string()));
        Ok(Box::new(Self { scan, names, fault }))
    }
}

/// Lists all that the pickles of a file name, whatever its format: one behind another, and one within
/// another; those of arrays of objects, in archives, in dumps of joblib, in checkpoints, in shelves.
/// Nothing is loaded for it. Limits may be NULL. That a pickle is broken is told in the answer.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan(
    path: Text,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowScan>> {
    make(error, || NpstowScan::of(npstow::scan(path.path("path")?, &limits_of(limits))?))
}

/// The same of a source.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_source(
    source: Option<&NpstowSource>,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowScan>> {
    make(error, || {
        let source = Arc::clone(&need(source, "source")?.0);
        NpstowScan::of(npstow::scan_source(source, "", &limits_of(limits))?)
    })
}

fn mention(scan: Option<&NpstowScan>, index: usize) -> Option<&Mention> {
    scan?.scan.mentions.get(index)
}

/// How many names there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_len(scan: Option<&NpstowScan>) -> usize {
    scan.map_or(0, |scan| scan.scan.mentions.len())
}

/// The module of a name; NULL beyond the end, and for extensions and persistent identifiers, which
/// have none. It lives as long as the scan.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_module(scan: Option<&NpstowScan>, index: usize) -> *const c_char {
    let module = scan.and_then(|scan| scan.names.get(index)?.0.as_ref());
    module.map_or(ptr::null(), |module| module.as_ptr())
}

/// A name; "extension 7" and "persistent 'id'" for what has no module. NULL beyond the end. It
/// lives as long as the scan.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_name(scan: Option<&NpstowScan>, index: usize) -> *const c_char {
    let name = scan.and_then(|scan| scan.names.get(index));
    name.map_or(ptr::null(), |(_, name)| name.as_ptr())
}

/// The byte of the opcode that brings a name (within a string that was decoded, of that string); 0
/// beyond the end.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_offset(scan: Option<&NpstowScan>, index: usize) -> u64 {
    mention(scan, index).map_or(0, |mention| mention.offset)
}

/// How many pickles a name is within, beside the one that the file is; 0 beyond the end.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_depth(scan: Option<&NpstowScan>, index: usize) -> usize {
    mention(scan, index).map_or(0, |mention| mention.depth)
}

/// What is known of a name; -1 beyond the end.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_verdict(scan: Option<&NpstowScan>, index: usize) -> NpstowVerdict {
    mention(scan, index).map_or(-1, |mention| number(mention.verdict))
}

/// The worst of all that is named; -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_worst(scan: Option<&NpstowScan>) -> NpstowVerdict {
    look(-1, || scan.map_or(-1, |scan| number(scan.scan.verdict())))
}

/// How many pickles there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_pickles(scan: Option<&NpstowScan>) -> usize {
    scan.map_or(0, |scan| scan.scan.pickles)
}

/// Where the first pickle ends; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_end(scan: Option<&NpstowScan>) -> u64 {
    scan.map_or(0, |scan| scan.scan.end)
}

/// What is wrong with it, where it cannot be read to its end; NULL where nothing is. It lives as
/// long as the scan.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_fault(scan: Option<&NpstowScan>) -> *const c_char {
    let fault = scan.and_then(|scan| scan.fault.as_ref());
    fault.map_or(ptr::null(), |fault| fault.as_ptr())
}

/// Frees a scan.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_scan_free(scan: Option<Box<NpstowScan>>) {
    look((), || drop(scan));
}
