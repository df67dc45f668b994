//! npstow, as its documentation says to use it.
#![forbid(unsafe_code)]

use crate::measure::{self, Result, Times, once, repeated};
use crate::pattern;
use crate::source::source;
use npstow::{Array, Durability, Item, SaveOptions, Selection, Tree, npy, npz};

/// The workloads, by their words.
pub(crate) fn run(words: &[&str]) -> Result {
    match *words {
        ["p1", file] => read(file),
        ["p2", times, file] => view(file, measure::times(times)?),
        ["p3", durability, file, new] => write(file, new, durability),
        ["p4" | "p10", name, file] => read_one(name, file),
        ["p4", "save", file, new] => save_one(file, new),
        ["p5" | "p8", "load", path] => load(path),
        ["p6", name, file] => read_one(name, file),
        ["p7" | "p8", "save", new] => save(new),
        ["p9", "save", level, file, new] => pack(level.parse()?, file, new),
        ["p11", file] => rows(file),
        ["append", file, new] => append(file, new),
        ["p14", "load", file] => load(file),
        ["p14", "one", file] => read_one("", file),
        ["p14", "save", new] => save(new),
        ["p14", "pack", file, new] => dump(file, new),
        _ => Err(crate::words::USAGE.into()),
    }
}

fn read(file: &str) -> Result {
    let (outcome, array) = once(|| npy::read(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

fn view(file: &str, times: Times) -> Result {
    let (outcome, array) = repeated(times, || npy::view(file))?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

fn write(file: &str, new: &str, durability: &str) -> Result {
    let options = match durability {
        "none" => npy::WriteOptions::default().durability(Durability::None),
        _ => npy::WriteOptions::default(),
    };
    let array = source(file)?;
    Ok(once(|| npy::write_with(new, &array, &options))?.0)
}

fn rows(file: &str) -> Result {
    let rows = wanted(file)?;
    let work = || npy::open(file)?.read_slice(&Selection::all().list(rows));
    let (outcome, array) = once(work)?;
    Ok(outcome.check(pattern::sample_rows(array.as_slice()?)))
}

fn append(file: &str, new: &str) -> Result {
    let array = source(file)?;
    let (values, columns) = (array.as_slice::<f32>()?, array.shape()[1]);
    let mut parts = values.chunks(100 * columns);
    let first = parts.next().ok_or("no rows")?;
    let work = || {
        npy::write(new, &Array::from_slice(first).reshape(&[first.len() / columns, columns])?)?;
        let mut out = npy::Appender::open(new)?;
        for part in parts {
            out.push_slice(part)?;
        }
        out.finish()
    };
    Ok(once(work)?.0)
}

fn wanted(file: &str) -> Result<Vec<i64>> {
    let len = npy::open(file)?.shape()[0];
    Ok(pattern::rows(len).into_iter().map(i64::try_from).collect::<std::result::Result<_, _>>()?)
}

fn read_one(name: &str, file: &str) -> Result {
    let (outcome, array) = once(|| npstow::open(file)?.get(name)?.read())?;
    Ok(outcome.check(pattern::sample(array.as_slice()?)))
}

fn save_one(file: &str, new: &str) -> Result {
    let tree = Tree::new().with("array", source(file)?)?;
    Ok(once(|| npstow::save(new, &tree))?.0)
}

fn pack(level: u8, file: &str, new: &str) -> Result {
    let tree = Tree::new().with("array", source(file)?)?;
    let options = npz::WriteOptions::default().compress(level);
    Ok(once(|| npz::write_with(new, &tree, &options))?.0)
}

/// A dump of joblib, packed as joblib usually does.
fn dump(file: &str, new: &str) -> Result {
    let tree = Tree::from(source(file)?);
    let options = SaveOptions::default().compress(3);
    Ok(once(|| npstow::save_with(new, &tree, &options))?.0)
}

/// Everything of an archive, a folder or a dump.
pub(crate) fn load(path: &str) -> Result {
    let (outcome, tree) = once(|| npstow::open(path)?.load())?;
    let sum = pattern::sample_many(tree.len(), |name, place| match tree.get(name) {
        Some(Item::Array(array)) => pattern::at(array.as_slice().ok()?, place),
        _ => None,
    })?;
    Ok(outcome.check(sum))
}

/// To an archive, a folder or a dump, as the name says.
fn save(new: &str) -> Result {
    let tree = many()?;
    Ok(once(|| npstow::save(new, &tree))?.0)
}

/// The many arrays, as they are to be saved.
pub(crate) fn many() -> Result<Tree> {
    let mut tree = Tree::new();
    for (name, values) in pattern::many() {
        tree.insert(&name, Array::from_vec_shape(values, &pattern::SHAPE)?)?;
    }
    Ok(tree)
}
