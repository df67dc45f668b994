//! The rows of an array on the disk, some at a time.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, HandleOut, done, look, make, need};
use crate::error::NpstowStatus;
use crate::fork::settle;
use crate::node::{NpstowNode, entry};
use npstow::{Array, Error, Result};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

/// A walk over the rows of an array, in bands: a thread of the library reads the next band while the
/// last one is worked on. One thread at a time.
pub struct NpstowRecords {
    bands: Option<Receiver<Result<Array>>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for NpstowRecords {
    fn drop(&mut self) {
        // The thread hears that nobody listens; what it reads from may be gone after us.
        self.bands = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Begins a walk over the rows (of the first axis) of an array, however it is stored: no more than a
/// few bands are in memory. A band has `rows_at_once` rows, the last one fewer; 0 makes bands of
/// some MiB.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_node_records(
    node: Option<&NpstowNode>,
    rows_at_once: usize,
    error: ErrorOut,
) -> Option<Box<NpstowRecords>> {
    make(error, || {
        let entry = entry(node)?;
        // What can be said at once is said here.
        drop(entry.rows(rows_at_once)?);
        let (out, bands) = sync_channel(1);
        let work = move || {
            settle();
            let rows = match entry.rows(rows_at_once) {
                Ok(rows) => rows,
                // Nobody listens where this fails: the walk was given up.
                Err(e) => return drop(out.send(Err(e))),
            };
            for band in rows {
                let failed = band.is_err();
                if out.send(band).is_err() || failed {
                    break;
                }
            }
        };
        let thread = thread::Builder::new().name("npstow rows".to_owned());
        let thread = thread.spawn(work).map_err(|e| Error::io("starting a thread", e))?;
        Ok(Box::new(NpstowRecords { bands: Some(bands), thread: Some(thread) }))
    })
}

/// Puts the next band into `band`, or NULL behind the last one. What is damaged at the end (a
/// checksum) is told instead of the last band.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_records_next(
    records: Option<&mut NpstowRecords>,
    band: *mut *mut NpstowArray,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let records = need(records, "records")?;
        let band = HandleOut::new(band, "band")?;
        let next = records.bands.as_ref().and_then(|bands| bands.recv().ok()).transpose()?;
        let next = next.map(NpstowArray::boxed);
        // SAFETY: the header asks for a pointer that may be written to.
        unsafe { band.put(next) };
        Ok(())
    })
}

/// Ends a walk, and waits for the band that is being read.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_records_free(records: Option<Box<NpstowRecords>>) {
    look((), || drop(records));
}
