//! Checkpoints of PyTorch from 1.6 on: an archive of a pickle and storages.
#![forbid(unsafe_code)]

use super::rebuild::{Places, rebuild, storages};
use crate::npz::Npz;
use crate::pickle::{Options, Pickle, run};
use crate::{Entry, Error, Limits, Order, Result, Source};
use std::sync::Arc;

/// The pickle, in the folder that everything in the archive is in.
const PICKLE: &str = "/data.pkl";

/// Whether an archive begins with that pickle: PyTorch writes it first.
pub(crate) fn sniff(start: &[u8]) -> bool {
    // APPNOTE 4.3.7: the length of the name at 26, the name at 30.
    let len = match start {
        [b'P', b'K', 3, 4, ..] => start.get(26..28),
        _ => None,
    };
    let len =
        len.map_or(0, |len| len.iter().rev().fold(0, |len, &byte| len << 8 | usize::from(byte)));
    start.get(30..30 + len).is_some_and(|name| name.ends_with(PICKLE.as_bytes()))
}

pub(super) fn open(source: Arc<dyn Source>, start: &[u8], limits: &Limits) -> Result<Pickle> {
    let archive = Npz::open_known(source, start, limits)?;
    let name = archive.names().find(|name| name.ends_with(PICKLE)).map(str::to_owned);
    let Some(folder) = name.as_deref().and_then(|name| name.strip_suffix(PICKLE)) else {
        return Err(Error::corrupt("the member 'data.pkl' of a checkpoint", "none"));
    };
    let order = order(&archive, folder)?;
    let member = |name: &str| -> Result<(Entry, u64)> {
        let name = format!("{folder}/{name}");
        let missing = || Error::corrupt(format_args!("the member '{name}'"), "none");
        let entry = archive.bytes(&name)?.ok_or_else(missing)?;
        let packed = || Error::unsupported("a checkpoint whose members are packed");
        let offset = entry.offset().ok_or_else(packed)?;
        entry.check()?;
        Ok((entry, offset))
    };
    let (pickle, offset) = member("data.pkl")?;
    let options = Options::default().limits(limits.clone());
    let mut done = run(Arc::clone(pickle.source()), offset, &options)?;
    let end = offset.saturating_add(pickle.nbytes() as u64);
    if done.end > end {
        return Err(Error::corrupt("a pickle that ends in its member", done.end).at(end));
    }
    let mut places = Places::new();
    for (key, storage) in storages(&done.graph, order)? {
        let (entry, offset) = member(&format!("data/{key}"))?;
        if entry.nbytes() as u64 != storage.nbytes()? {
            let expected = format!("{} bytes of the storage '{key}'", storage.nbytes()?);
            return Err(Error::corrupt(crate::error::quoted(&expected), entry.nbytes()).at(offset));
        }
        places.insert(key, offset);
    }
    rebuild(&mut done.graph, &places, order)?;
    Pickle::made(done.graph, done.top, limits, done.end, end)
}

/// In which order bytes are: a member says it, since PyTorch 2.1.
fn order(archive: &Npz, folder: &str) -> Result<Order> {
    let Some(entry) = archive.bytes(&format!("{folder}/byteorder"))? else {
        return Ok(Order::Little);
    };
    if entry.nbytes() > 16 {
        return Err(Error::corrupt("'little' or 'big' for the byte order", "a longer text"));
    }
    let array = entry.read()?;
    match array.bytes().unwrap_or_default().trim_ascii() {
        b"little" => Ok(Order::Little),
        b"big" => Ok(Order::Big),
        other => {
            let found = crate::error::quoted(&other.escape_ascii().to_string());
            Err(Error::corrupt("'little' or 'big' for the byte order", found))
        }
    }
}
