//! Writing pickles that CPython and NumPy load: of trees, and of values that were read.
//!
//! The same values make the same bytes. Only what is met more than once is remembered, and nothing
//! is framed: readers need no frames.
#![forbid(unsafe_code)]

mod names;
mod numpy;
mod out;
mod plain;
mod values;

use super::opcode::code;
use crate::entry::Entry;
use crate::{AtomicFile, Durability, Error, Item, Result, Sink, Tree, Value};
use numpy::Dtypes;
use out::Out;
use std::path::Path;
use values::Values;

/// How a pickle is written.
///
/// ```
/// use npstow::pickle::{self, WriteOptions};
/// let value = pickle::from_bytes(b"(I1\nI2\nt.".to_vec(), &Default::default())?;
/// assert_eq!(pickle::to_bytes(&value, &WriteOptions::default())?, b"\x80\x04K\x01K\x02\x86.");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WriteOptions {
    protocol: u8,
    pub(crate) durability: Durability,
    only_data: bool,
}

impl Default for WriteOptions {
    /// Protocol 4, which Python reads from 3.4 on.
    fn default() -> Self {
        Self { protocol: 4, durability: Durability::default(), only_data: false }
    }
}

impl WriteOptions {
    /// The protocol, 2 to 5. Python reads 2 from 2.3 on, 3 from 3.0, 4 from 3.4, 5 from 3.8.
    #[must_use]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = protocol;
        self
    }

    /// What is waited for before the file counts as saved.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Makes what loads without running anything but constructors of data that npstow knows: all
    /// other objects, classes and functions become dictionaries that say what they were, in the
    /// form of [`Value::to_json`].
    ///
    /// ```
    /// use npstow::pickle::{self, WriteOptions};
    /// let bad = pickle::from_bytes(b"cos\nsystem\n(S'x'\ntR.".to_vec(), &Default::default())?;
    /// let clean = pickle::to_bytes(&bad, &WriteOptions::default().only_data(true))?;
    /// let clean = pickle::from_bytes(clean, &Default::default())?;
    /// assert_eq!(clean.to_string(), "{'$object': {'class': 'os.system', 'args': ('x',)}}");
    /// # Ok::<(), npstow::Error>(())
    /// ```
    #[must_use]
    pub fn only_data(mut self, only_data: bool) -> Self {
        self.only_data = only_data;
        self
    }

    fn values<'a>(&self, value: &'a Value) -> Values<'a> {
        let values = Values::new(value);
        if self.only_data { values.only_data() } else { values }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !(2..=5).contains(&self.protocol) {
            let what = format!("writing pickle protocol {} (2 to 5 are written)", self.protocol);
            return Err(Error::unsupported(what));
        }
        Ok(())
    }
}

/// A value as the bytes of a pickle.
///
/// # Errors
/// `Unsupported` for what the protocol cannot hold; whatever reading arrays needs.
pub fn to_bytes(value: &Value, options: &WriteOptions) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    options.check()?;
    let mut out = Out::new(&mut bytes, options.protocol);
    options.values(value).write(&mut out, &mut Dtypes::new())?;
    out.finish()?;
    Ok(bytes)
}

/// Writes a tree to a file, atomically: groups are dictionaries, one thing without a name is
/// itself.
///
/// ```
/// use npstow::{Array, Tree, pickle};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.pkl");
/// let tree = Tree::new().with("layer/weight", Array::from_vec(vec![1.5f32, 2.5]))?;
/// pickle::write(&path, &tree, &pickle::WriteOptions::default())?;
/// let value = pickle::open(&path, &Default::default())?;
/// let weight = value.get("layer").unwrap().get("weight").unwrap();
/// assert_eq!(weight.to_array()?.as_slice::<f32>()?, [1.5, 2.5]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Io`; `Unsupported` for what the protocol cannot hold; whatever reading arrays needs.
pub fn write(path: impl AsRef<Path>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let path = path.as_ref();
    options.check()?;
    let mut file = AtomicFile::create(path, options.durability)?;
    write_to(&mut file, tree, options).map_err(|e| e.in_path(path))?;
    file.commit()
}

/// Writes a tree to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink).
///
/// # Errors
/// As [`write()`].
pub fn write_to(sink: &mut dyn Sink, tree: &Tree, options: &WriteOptions) -> Result<()> {
    options.check()?;
    write_out(Out::new(sink, options.protocol), tree, options)
}

/// Writes a tree as joblib does: the elements of arrays stand between the opcodes. `is_raw`:
/// nothing packs the file, so that arrays can be mapped.
#[cfg(feature = "joblib")]
pub(crate) fn write_between(
    sink: &mut dyn Sink,
    tree: &Tree,
    options: &WriteOptions,
    is_raw: bool,
) -> Result<()> {
    options.check()?;
    write_out(Out::new(sink, options.protocol).between(is_raw), tree, options)
}

fn write_out(mut out: Out<'_>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    tree.check_attached()?;
    let mut dtypes = Dtypes::new();
    match tree.get("") {
        Some(item) => leaf(&mut out, &mut dtypes, item, options)?,
        None => group(&mut out, &mut dtypes, tree, options)?,
    }
    out.finish()
}

/// A group and all below it; trees may be as deep as their maker liked.
fn group(
    out: &mut Out<'_>,
    dtypes: &mut Dtypes,
    tree: &Tree,
    options: &WriteOptions,
) -> Result<()> {
    let begin = |out: &mut Out<'_>| {
        out.op(code::EMPTY_DICT)?;
        out.op(code::MARK)
    };
    begin(out)?;
    let mut open = vec![tree.iter()];
    while let Some(items) = open.last_mut() {
        let Some((name, item)) = items.next() else {
            out.op(code::SETITEMS)?;
            open.pop();
            continue;
        };
        out.text(name.as_bytes())?;
        if let Item::Group(inner) = item {
            begin(out)?;
            open.push(inner.iter());
            continue;
        }
        leaf(out, dtypes, item, options).map_err(|e| e.in_member(name))?;
    }
    Ok(())
}

fn leaf(out: &mut Out<'_>, dtypes: &mut Dtypes, item: &Item, options: &WriteOptions) -> Result<()> {
    let entry = match item {
        Item::Array(array) => Entry::try_from(array)?,
        Item::Entry(entry) | Item::Value(entry) => entry.clone(),
        Item::Group(tree) => return group(out, dtypes, tree, options),
    };
    if entry.is_objects() {
        return options.values(&entry.value()?).write(out, dtypes);
    }
    match item {
        // Bytes that are no array.
        Item::Value(entry) => out.bytes(entry.read()?.bytes().unwrap_or_default()),
        Item::Array(array) => numpy::array(out, dtypes, &entry, array.bytes_in(entry.order())),
        _ => numpy::array(out, dtypes, &entry, None),
    }
}

#[cfg(test)]
mod tests;
