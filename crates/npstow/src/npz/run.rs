//! Runs of small stored members: where each will lie is known before any is made, so they are made
//! side by side, while those before them are written.
#![forbid(unsafe_code)]

use super::content::Content;
use super::member::Member;
use super::writer::{Writer, array_name, npy_name};
use super::zip::{LocalHeader, Method};
use crate::npy::{Payload, Plan};
use crate::{Error, Item, Result, Sink, codec, parallel};
use std::sync::{Mutex, PoisonError};

/// Larger arrays are written straight from where they lie.
const SMALL: u64 = 64 << 10;

/// Shorter runs are not worth a second core, whose memory has to be touched first.
const LEAST: u64 = if cfg!(test) { 8 << 10 } else { 64 << 20 };

/// So many members are planned before they are written.
const MOST: usize = 16 << 10;

/// How much is made at once: it is in cache when it is written.
const CHUNK: u64 = 512 << 10;

/// A member whose place is known.
struct Laid<'a> {
    member: Member,
    plan: Plan<'a>,
    at: u64,
    /// Its local header, which lacks the checksum.
    local: Vec<u8>,
}

/// Members as they are to be written, and their entries of the directory.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u64,
}

impl<S: Sink> Writer<S> {
    /// Adds stored members: small arrays of a run side by side, others one after another.
    pub(super) fn add_stored(&mut self, leaves: &[(&str, &Item)]) -> Result<()> {
        let is_small = |(_, item): &(&str, &Item)| match item {
            Item::Array(array) => array.nbytes() as u64 <= SMALL,
            _ => false,
        };
        for run in leaves.chunk_by(|a, b| is_small(a) == is_small(b)) {
            match run.first() {
                Some(first) if is_small(first) && nbytes(run) >= LEAST => {
                    run.chunks(MOST).try_for_each(|run| self.add_run(run))?;
                }
                _ => run.iter().try_for_each(|(name, item)| self.add_item(name, item))?,
            }
        }
        Ok(())
    }

    fn add_run(&mut self, run: &[(&str, &Item)]) -> Result<()> {
        let mut laid: Vec<Laid<'_>> = Vec::with_capacity(run.len());
        let mut refused = Ok(());
        let mut at = self.position();
        for (name, item) in run {
            let Item::Array(array) = item else { continue };
            let name = array_name(name);
            match self.lay(name, Payload::Array(array), at) {
                Ok(one) => {
                    at += one.local.len() as u64 + one.plan.len();
                    laid.push(one);
                }
                Err(e) => {
                    // Those in front of it are there, as if each had been added alone.
                    refused = Err(e.in_member(name));
                    break;
                }
            }
        }
        let spare: Mutex<Vec<Made>> = Mutex::new(Vec::new());
        let lock = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let work = |chunk| {
            let old = lock().pop().unwrap_or_default();
            make(chunk, old)
        };
        parallel::ordered(chunks(laid), work, |made: Result<Made>| {
            let made = made?;
            self.write(&made.bytes)?;
            self.enter_all(made.count, &made.directory);
            lock().push(made);
            Ok(())
        })
        .and(refused)
    }

    /// Takes the name of an array, and says how its member will begin at `at`.
    fn lay<'a>(&mut self, name: &str, payload: Payload<'a>, at: u64) -> Result<Laid<'a>> {
        let plan = self.plan(payload)?;
        let content = Content::Array(&plan);
        let mut member = self.begin(npy_name(name), &content, Method::STORED)?;
        (member.packed_len, member.unpacked_len) = (plan.len(), plan.len());
        let mut local = Vec::new();
        member.local(at, content.header_len(), &mut local)?;
        Ok(Laid { member, plan, at, local })
    }
}

/// How many bytes of elements there are.
fn nbytes(run: &[(&str, &Item)]) -> u64 {
    let nbytes = run.iter().map(|(_, item)| match item {
        Item::Array(array) => array.nbytes() as u64,
        _ => 0,
    });
    nbytes.sum()
}

/// Members in pieces of about [`CHUNK`].
fn chunks(laid: Vec<Laid<'_>>) -> Vec<Vec<Laid<'_>>> {
    let mut chunks = Vec::new();
    let (mut chunk, mut len) = (Vec::new(), 0);
    for one in laid {
        len += one.plan.len();
        chunk.push(one);
        if len >= CHUNK {
            chunks.push(std::mem::take(&mut chunk));
            len = 0;
        }
    }
    chunks.push(chunk);
    chunks
}

/// Makes members in memory that was used before.
fn make(chunk: Vec<Laid<'_>>, mut made: Made) -> Result<Made> {
    made.bytes.clear();
    made.directory.clear();
    made.count = chunk.len() as u64;
    for Laid { mut member, plan, at, local } in chunk {
        let content = Content::Array(&plan);
        let start = made.bytes.len();
        made.bytes.extend_from_slice(&local);
        let data = made.bytes.len();
        content.give(&mut |bytes| {
            made.bytes.extend_from_slice(bytes);
            Ok(())
        })?;
        let bytes = made.bytes.get(data..).unwrap_or_default();
        if bytes.len() as u64 != plan.len() {
            let expected = format!("{} bytes of data", plan.len());
            return Err(Error::corrupt(expected, bytes.len()));
        }
        member.crc32 = codec::crc32(bytes);
        let crc = start + LocalHeader::CRC_AT;
        if let Some(place) = made.bytes.get_mut(crc..crc + 4) {
            place.copy_from_slice(&member.crc32.to_le_bytes());
        }
        member.central(at, local.len(), content.header(), &mut made.directory)?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::super::{WriteOptions, Writer};
    use crate::{Array, ErrorKind, Tree};

    #[test]
    fn a_run_is_written_as_each_of_its_members_alone() {
        let mut tree = Tree::new();
        let mut alone = Writer::new(Vec::new(), &WriteOptions::default()).unwrap();
        for i in 0..3000u32 {
            // Larger ones part the runs; some are not contiguous.
            let len = if i % 997 == 5 { 20_000 } else { i % 300 };
            let table = Array::from_vec((0..2 * len).map(|x| x ^ i).collect::<Vec<u32>>());
            let rows = usize::try_from(len).unwrap();
            let table = table.reshape(&[rows, 2]).unwrap();
            let array = match i % 3 {
                0 => table.transpose(),
                1 => table.select(&"::2".parse().unwrap()).unwrap(),
                _ => table,
            };
            let name = format!("g{}/x{i}", i / 1000);
            alone.add(&name, &array).unwrap();
            tree.insert(&name, array).unwrap();
        }
        let mut whole = Writer::new(Vec::new(), &WriteOptions::default()).unwrap();
        whole.add_tree(&tree).unwrap();
        assert!(whole.finish().unwrap() == alone.finish().unwrap());
    }

    #[test]
    fn what_is_refused_in_a_run_leaves_those_in_front_of_it() {
        let mut tree = Tree::new();
        for i in 0..100u8 {
            let name = if i == 60 { "c\\..\\d".to_owned() } else { format!("x{i}") };
            tree.insert(&name, Array::from_vec(vec![i; 1000])).unwrap();
        }
        let mut writer = Writer::new(Vec::new(), &WriteOptions::default()).unwrap();
        let e = writer.add_tree(&tree).unwrap_err();
        assert_eq!((e.kind(), e.member()), (ErrorKind::Invalid, Some("c\\..\\d")));
        let bytes = writer.finish().unwrap();
        let source = std::sync::Arc::new(crate::MemorySource::new(bytes));
        let back = crate::npz::open_source(source, &crate::Limits::default()).unwrap();
        assert_eq!(back.names().count(), 60);
        assert_eq!(back.read("x59").unwrap().as_slice::<u8>().unwrap(), [59; 1000]);
    }
}
