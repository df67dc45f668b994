//! HDF5 files with what a tree alone does not say: storage, attributes, soft links.
//!
//! ```text
//! hdf5 FROM.npz TO.h5 [latest] [store:PATH=WORD,…] [attr:PATH@NAME=ARRAY] [text:PATH@NAME=TEXT]
//!                     [texts:PATH@NAME=TEXT|…] [empty:PATH@NAME=DTYPE] [link:PATH=TARGET]
//!                     [enum:PATH=NAME|…] [utf8:PATH=]
//! ```
//!
//! The words of a storage are `contiguous`, `compact`, `chunks=3x2`, `chunks` (of npstow's own
//! choice), `most=_x5` (how far it may grow), `deflate=4`, `shuffle` and `fletcher32`. An array
//! that becomes an attribute is taken out of the tree. Names of an enumeration are for 0, 1 and so
//! on.
#![forbid(unsafe_code)]

use npstow::hdf5::{Draft, Storage, Value, WriteOptions};
use npstow::{Error, Item, Result, Tree};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, words @ ..] = words.as_slice() else {
        return Err(Error::invalid("hdf5 FROM.npz TO.h5 [WORD…]"));
    };
    let mut tree = npstow::open(from)?.root().to_tree()?;
    let mut attributes = Vec::new();
    for (place, array) in words.iter().filter_map(|word| word.strip_prefix("attr:").and_then(split))
    {
        attributes.push((place, taken(&mut tree, array)?));
    }
    let (mut draft, mut options) = (Draft::new(tree), WriteOptions::default());
    for (place, value) in attributes {
        draft = with_attribute(draft, place, value)?;
    }
    for word in words {
        let Some((kind, rest)) = word.split_once(':') else {
            options = options.latest();
            continue;
        };
        let (place, value) = split(rest).ok_or_else(|| Error::invalid(word))?;
        draft = match kind {
            "store" => draft.storage(place, storage(value)?)?,
            "link" => draft.soft_link(place, value)?,
            "text" => with_attribute(draft, place, value.into())?,
            "texts" => {
                let texts: Vec<String> = value.split('|').map(str::to_owned).collect();
                with_attribute(draft, place, texts.into())?
            }
            "enum" => {
                let names: Vec<(&str, i128)> = value.split('|').zip(0..).collect();
                draft.enumeration(place, &names)?
            }
            "utf8" => draft.utf8(place)?,
            "empty" => with_attribute(draft, place, Value::Empty(value.parse()?))?,
            _ => draft,
        };
    }
    draft.write(to, &options)
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.split_once('=')
}

fn taken(tree: &mut Tree, name: &str) -> Result<Value> {
    match tree.remove(name) {
        Some(Item::Array(array)) => Ok(array.into()),
        Some(Item::Entry(entry)) => entry.read().map(Value::Array),
        _ => Err(Error::not_found(name)),
    }
}

fn with_attribute(draft: Draft, place: &str, value: Value) -> Result<Draft> {
    let (path, name) = place.split_once('@').ok_or_else(|| Error::invalid(place))?;
    draft.attribute(path, name, value)
}

fn storage(words: &str) -> Result<Storage> {
    let number = |text: &str| text.parse::<u64>().map_err(Error::invalid);
    let mut storage = Storage::contiguous();
    for word in words.split(',') {
        let (word, value) = word.split_once('=').unwrap_or((word, ""));
        let lengths = || value.split('x').filter(|part| !part.is_empty());
        storage = match word {
            "contiguous" => storage,
            "compact" => Storage::compact(),
            "chunks" => Storage::chunked(&lengths().map(number).collect::<Result<Vec<_>>>()?),
            "most" => {
                let end = |text| if text == "_" { Ok(None) } else { number(text).map(Some) };
                storage.resizable(&lengths().map(end).collect::<Result<Vec<_>>>()?)
            }
            "deflate" => {
                let level = u8::try_from(number(value)?).map_err(Error::invalid)?;
                storage.deflate(level)
            }
            "shuffle" => storage.shuffle(),
            "fletcher32" => storage.fletcher32(),
            other => return Err(Error::invalid(format!("the storage '{other}'"))),
        };
    }
    Ok(storage)
}
