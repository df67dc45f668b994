//! Attributes as the notes that other formats keep beside arrays.
#![forbid(unsafe_code)]

use crate::container::Attribute;
use crate::error::quoted;
use crate::tree::{Attached, Lost};
use crate::{Data, Entry, Error, ErrorKind, Kind, MemoryOrder, Notes, Result, VariedItem};

/// What of attributes is text; others are refused by name, for notes are nothing but text.
pub(super) fn notes(attributes: Vec<(String, Attribute)>) -> Result<Notes> {
    let mut notes = Notes::default();
    for (name, attribute) in attributes {
        let Attribute::Array(entry) = attribute else { continue };
        add(&mut notes, &name, &entry)?;
    }
    Ok(notes)
}

/// Attributes as a tree has them: as notes where all are text, and as they are.
///
/// # Errors
/// As reading them.
pub(crate) fn attached(attributes: Vec<(String, Attribute)>) -> Result<(Option<Notes>, Attached)> {
    let one = |(name, attribute)| match attribute {
        Attribute::Array(entry) => Some((name, entry)),
        _ => None,
    };
    let all: Vec<(String, Entry)> = attributes.into_iter().filter_map(one).collect();
    let (mut notes, mut others, mut why) = (Notes::default(), Vec::new(), None);
    for (name, entry) in &all {
        match add(&mut notes, name, entry) {
            // Who writes them as text says which one is none.
            Err(e) if e.kind() == ErrorKind::Unsupported => {
                let what = e.what();
                why.get_or_insert(what.strip_prefix("not supported: ").unwrap_or(what).to_owned());
                others.push((name.clone(), entry.clone()));
            }
            added => added?,
        }
    }
    Ok(match why {
        Some(why) => (None, Attached { all, lost: Some(Lost { why, notes, others }), place: None }),
        None => (Some(notes), Attached { all, lost: None, place: None }),
    })
}

/// Adds an attribute that is text.
fn add(notes: &mut Notes, name: &str, entry: &Entry) -> Result<()> {
    let (known, texts) = match name {
        "names" => (Some(&mut notes.names), texts(entry)?),
        "labels" => (Some(&mut notes.labels), texts(entry)?),
        _ => (None, None),
    };
    if let (Some(known), Some(texts)) = (known, texts) {
        *known = texts;
        return Ok(());
    }
    match text(entry)? {
        Some(text) => notes.meta.set(name, &text).map_err(|e| {
            let (name, why) = (quoted(name), e.what());
            Error::unsupported(format_args!("the attribute '{name}' as a note: {why}"))
        }),
        None => {
            let (name, dtype) = (quoted(name), entry.dtype());
            let what = format!("the attribute '{name}' of dtype {dtype} as a note, which is text");
            Err(Error::unsupported(what))
        }
    }
}

/// The texts of an attribute that is some on one axis: the names or labels of rows and columns.
fn texts(entry: &Entry) -> Result<Option<Vec<String>>> {
    let (Data::Varied(varied), &[count]) = (entry.data(), entry.shape()) else { return Ok(None) };
    let mut texts = Vec::new();
    for number in 0..count {
        match varied.item(number)? {
            VariedItem::Text(text) => texts.push(text),
            _ => return Ok(None),
        }
    }
    Ok(Some(texts))
}

/// The text of an attribute that is one string.
pub(super) fn text(entry: &Entry) -> Result<Option<String>> {
    if !entry.shape().is_empty() {
        return Ok(None);
    }
    if let Data::Varied(varied) = entry.data() {
        return Ok(match varied.item(0)? {
            VariedItem::Text(text) => Some(text),
            _ => None,
        });
    }
    if entry.dtype().as_scalar().is_none_or(|scalar| scalar.kind() != Kind::Bytes) {
        return Ok(None);
    }
    let array = entry.read()?;
    let bytes = array.bytes().unwrap_or_default();
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
    Ok(text.map(str::to_owned))
}

/// Reads all that an attribute has.
pub(super) fn readable(entry: &Entry) -> Result<()> {
    match entry.data() {
        Data::Varied(varied) => varied.each_digested(&mut |_| {}),
        _ => entry.pieces(MemoryOrder::C)?.try_for_each(|piece| piece.map(drop)),
    }
}
