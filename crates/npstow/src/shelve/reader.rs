//! A database as a container: keys at the root, below each what its pickle holds.
#![forbid(unsafe_code)]

use super::{Record, dumb, gnu, sqlite, value};
use crate::container::{Child, Container, Fault, NodeKind, no_array};
use crate::pickle::{Pickle, Scan};
use crate::{
    Data, Dtype, Entry, Error, FileSource, Limits, MemoryOrder, Result, Source, Value, ValueBuilder,
};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// An open database; values are read when they are asked for.
#[derive(Debug)]
pub(crate) struct Shelf {
    source: Arc<dyn Source>,
    records: Vec<Record>,
    names: Vec<Name>,
    by_name: HashMap<String, usize>,
    values: Vec<OnceLock<Shelved>>,
    limits: Arc<Limits>,
}

/// A key as a name.
#[derive(Debug)]
struct Name {
    text: String,
    is_path: bool,
}

#[derive(Debug)]
enum Shelved {
    Pickle(Pickle),
    Bytes(Entry),
}

/// Nodes below a key have its number in their upper half.
const HALF: u32 = 32;

/// Opens a database of two files: the text, and the values.
pub(crate) fn open_dumb([text, values]: &[PathBuf; 2], limits: &Limits) -> Result<Shelf> {
    let text = FileSource::open(text)?;
    limits.check_array(text.len())?;
    let text = super::read(&text, 0, text.len())?;
    let values: Arc<dyn Source> = Arc::new(FileSource::open(values)?);
    let records = dumb::records(&text, values.len())?;
    Shelf::new(values, records, limits)
}

impl Shelf {
    /// Opens a database of one file.
    pub(crate) fn open(source: Arc<dyn Source>, start: &[u8], limits: &Limits) -> Result<Self> {
        let records = match gnu::sniff(start) {
            true => gnu::records(&*source, limits)?,
            false => sqlite::records(&*source, limits)?,
        };
        Self::new(source, records, limits)
    }

    fn new(source: Arc<dyn Source>, records: Vec<Record>, limits: &Limits) -> Result<Self> {
        limits.check_members(records.len() as u64)?;
        let names: Vec<Name> = records.iter().map(|record| name(&record.key)).collect();
        let mut by_name = HashMap::new();
        for (at, name) in names.iter().enumerate() {
            if by_name.insert(name.text.clone(), at).is_some() {
                let name = crate::error::quoted(&name.text);
                return Err(Error::corrupt(format_args!("one value of the key '{name}'"), "two"));
            }
        }
        let values = records.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { source, records, names, by_name, values, limits: Arc::new(limits.clone()) })
    }

    /// The key that a node is below, and the node within its value.
    fn place(id: u64) -> Option<(usize, u64)> {
        let key = usize::try_from(id >> HALF).ok()?.checked_sub(1)?;
        Some((key, id & ((1 << HALF) - 1)))
    }

    fn id(key: usize, inner: u64) -> u64 {
        (key as u64 + 1) << HALF | inner
    }

    fn shelved(&self, key: usize) -> Result<&Shelved> {
        let missing = || Error::not_found("a key of that number");
        let known = self.values.get(key).ok_or_else(missing)?;
        if let Some(found) = known.get() {
            return Ok(found);
        }
        let record = self.records.get(key).ok_or_else(missing)?;
        let source = value(&self.source, &record.value)?;
        let start = super::read(&*source, 0, source.len().min(2))?;
        // pickletools PROTO: protocols from 2 on begin with it; those of others are tried.
        let is_pickle = matches!(start[..], [0x80, 2..=5]) || crate::pickle::sniff(&*source);
        let found = match is_pickle {
            true => Shelved::Pickle(Pickle::open(source, &self.limits, None)?),
            false => Shelved::Bytes(self.bytes(source)?),
        };
        Ok(known.get_or_init(|| found))
    }

    /// What the pickles of all values name. A value that is no pickle has none.
    pub(crate) fn scan(&self) -> Result<Scan> {
        let mut all = Scan::default();
        for (at, record) in self.records.iter().enumerate() {
            let source = value(&self.source, &record.value)?;
            let mut found = crate::pickle::scan(source, &self.limits)?;
            let name: Arc<str> = self.names.get(at).map_or("", |name| &*name.text).into();
            let start = match record.value[..] {
                [one] => one.offset,
                _ => 0,
            };
            for mention in &mut found.mentions {
                mention.offset = mention.offset.saturating_add(start);
                mention.beside = Some(Arc::clone(&name));
            }
            all.mentions.append(&mut found.mentions);
            all.pickles += found.pickles;
            if all.fault.is_none() {
                all.fault = found.fault.map(|e| e.in_member(&name));
            }
        }
        Ok(all)
    }

    fn bytes(&self, source: Arc<dyn Source>) -> Result<Entry> {
        let len = usize::try_from(source.len())
            .map_err(|_| Error::unsupported("a value larger than the address space"))?;
        let (dtype, data) = (Dtype::parse("|u1")?, Data::Raw { offset: 0 });
        Entry::new(source, dtype, &[len], MemoryOrder::C, data, Arc::clone(&self.limits))
    }

    /// All of it as a dictionary.
    fn dictionary(&self) -> Result<Value> {
        let mut builder = ValueBuilder::default();
        let dict = builder.dict()?;
        for (at, record) in self.records.iter().enumerate() {
            let key = match std::str::from_utf8(&record.key) {
                Ok(text) => builder.text(text)?,
                Err(_) => builder.bytes(&record.key)?,
            };
            let part = match self.shelved(at)? {
                Shelved::Pickle(pickle) => match pickle.value(0)? {
                    Some(value) => builder.value(&value)?,
                    None => builder.none(),
                },
                Shelved::Bytes(entry) => {
                    builder.bytes(entry.read()?.bytes().unwrap_or_default())?
                }
            };
            builder.set(dict, key, part)?;
        }
        builder.finish(dict)
    }
}

/// `shelve` encodes keys in UTF-8. What is no path is shown with escapes.
fn name(key: &[u8]) -> Name {
    match std::str::from_utf8(key) {
        Ok(text) => {
            let is_path = !text.contains('\0') && text.split('/').all(|step| !step.is_empty());
            Name { text: text.to_owned(), is_path }
        }
        Err(_) => Name { text: key.escape_ascii().to_string(), is_path: false },
    }
}

impl Container for Shelf {
    fn kind(&self, id: u64) -> NodeKind {
        let Some((key, inner)) = Self::place(id) else { return NodeKind::Group };
        match self.shelved(key) {
            Ok(Shelved::Pickle(pickle)) => pickle.kind(inner),
            // What is damaged is told when it is read.
            Ok(Shelved::Bytes(_)) | Err(_) => NodeKind::Value,
        }
    }

    fn children(&self, id: u64) -> Result<Vec<Child>> {
        let Some((key, inner)) = Self::place(id) else {
            let names = self.names.iter().enumerate();
            let child =
                |(at, name): (usize, &Name)| Child { name: name.text.clone(), id: Self::id(at, 0) };
            return Ok(names.map(child).collect());
        };
        let Shelved::Pickle(pickle) = self.shelved(key)? else { return Ok(Vec::new()) };
        let below = |child: Child| Child { name: child.name, id: Self::id(key, child.id) };
        Ok(pickle.children(inner)?.into_iter().map(below).collect())
    }

    fn find(&self, path: &str) -> Result<Option<u64>> {
        // A key may have slashes of its own: the longest one that fits.
        let ends = path.rmatch_indices('/').map(|(at, _)| at);
        for end in std::iter::once(path.len()).chain(ends) {
            let Some(&key) = path.get(..end).and_then(|key| self.by_name.get(key)) else {
                continue;
            };
            let rest = path.get(end + 1..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Some(Self::id(key, 0)));
            }
            if let Shelved::Pickle(pickle) = self.shelved(key)? {
                if let Some(inner) = pickle.find(rest)? {
                    return Ok(Some(Self::id(key, inner)));
                }
            }
        }
        Ok(None)
    }

    fn is_odd(&self, id: u64) -> bool {
        let name = Self::place(id).and_then(|(key, _)| self.names.get(key));
        name.is_some_and(|name| !name.is_path)
    }

    fn find_odd(&self, name: &str) -> Result<Option<u64>> {
        let found = self.by_name.get(name).map(|&key| Self::id(key, 0));
        Ok(found.filter(|&id| self.is_odd(id)))
    }

    fn entry(&self, id: u64) -> Result<Entry> {
        let (key, inner) = Self::place(id).ok_or_else(|| no_array(""))?;
        match self.shelved(key)? {
            Shelved::Pickle(pickle) => pickle.entry(inner),
            Shelved::Bytes(entry) => Ok(entry.clone()),
        }
    }

    fn value(&self, id: u64) -> Result<Option<Value>> {
        let Some((key, inner)) = Self::place(id) else { return self.dictionary().map(Some) };
        match self.shelved(key)? {
            Shelved::Pickle(pickle) => pickle.value(inner),
            Shelved::Bytes(_) => Ok(None),
        }
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        for at in 0..self.records.len() {
            // What cannot be read is told of its key.
            if let Ok(Shelved::Pickle(pickle)) = self.shelved(at) {
                pickle.check(faults);
            }
        }
    }
}
