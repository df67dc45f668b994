//! Data to text: nothing here reads or prints.
#![forbid(unsafe_code)]

use crate::crew;
use crate::json::Json;
use crate::table::{self, Align, Table};
use npstow::{Attribute, Data, Dtype, Entry, Error, MemoryOrder, NodeKind, Order, Result};
use std::fmt::Write;

/// Characters that act on a terminal, or that reorder or hide text around them.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text from a file made fit for a terminal, on one line.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    put_harmless(&mut out, text);
    out
}

fn put_harmless(out: &mut String, text: &str) {
    // Almost all names are.
    match text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        true => out.push_str(text),
        false => escape(out, text, |_| false),
    }
}

/// Text of several lines made fit for a terminal.
pub(crate) fn harmless_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(&mut out, text, |c| c == '\n');
    out
}

fn escape(out: &mut String, text: &str, keep: impl Fn(char) -> bool) {
    for c in text.chars() {
        if is_harmful(c) && !keep(c) {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
}

/// A shape as Python prints the tuple.
pub(crate) fn shape(shape: &[usize]) -> String {
    let mut out = String::new();
    put_shape(&mut out, shape);
    out
}

fn put_number(out: &mut String, number: usize) {
    let _ = write!(out, "{number}");
}

fn put_shape(out: &mut String, shape: &[usize]) {
    out.push('(');
    for (at, len) in shape.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        put_number(out, *len);
    }
    out.push_str(if shape.len() == 1 { ",)" } else { ")" });
}

/// Text of at most so many characters, the cut marked.
pub(crate) fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most.saturating_sub(1)) {
        Some((at, last)) if at + last.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

/// An element of a listing.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: NodeKind,
    /// `None` for a group, and for what cannot be described.
    pub(crate) entry: Option<Entry>,
    pub(crate) attributes: Json,
    /// What could not be told.
    pub(crate) error: Option<String>,
}

/// What is attached to a node, as values.
///
/// # Errors
/// `Unsupported` for what has no form here yet.
pub(crate) fn attributes(attributes: Vec<(String, Attribute)>) -> Result<Json> {
    let value = |(name, attribute): (String, Attribute)| match attribute {
        Attribute::Text(text) => Ok((name, text.into())),
        Attribute::Texts(texts) => {
            Ok((name, Json::List(texts.into_iter().map(Json::from).collect())))
        }
        Attribute::Array(entry) => {
            let value = crate::value::entry(&entry);
            value.map(|value| (name.clone(), value)).map_err(|e| e.in_member(&format!("@{name}")))
        }
        // No format that is read so far has others; better refused than left out.
        _ => Err(Error::unsupported(format!("listing the attribute '{}'", harmless(&name)))),
    };
    Ok(Json::Map(attributes.into_iter().map(value).collect::<Result<_>>()?))
}

/// The longest dtype shown whole in a table.
const DTYPE_WIDTH: usize = 40;

/// Some lines of a listing for people.
#[derive(Debug)]
pub(crate) struct Lines {
    table: Table,
    /// Whether every dtype is shown whole.
    long: bool,
}

impl Lines {
    pub(crate) fn new(long: bool) -> Self {
        Self { table: Table::default(), long }
    }

    pub(crate) fn add(&mut self, row: &Row) {
        put(&mut self.table, row, self.long);
        self.table.end_line();
    }
}

/// A listing for people, of lines that were made side by side.
#[derive(Debug)]
pub(crate) struct Listing {
    heads: Table,
    lines: Vec<Lines>,
}

impl Listing {
    const HEADS: [&str; 7] = ["NAME", "KIND", "DTYPE", "SHAPE", "ORDER", "BYTES", "STORED"];

    pub(crate) fn of(lines: Vec<Lines>) -> Self {
        let mut heads = Table::default();
        Self::HEADS.iter().for_each(|head| heads.cell(head));
        heads.end_line();
        Self { heads, lines }
    }

    pub(crate) fn text(&self) -> String {
        let tables: Vec<&Table> = self.lines.iter().map(|lines| &lines.table).collect();
        let widths = table::widest(std::iter::once(&self.heads).chain(tables.iter().copied()));
        let is_right = |at: usize| Self::HEADS[at] == "BYTES";
        let align = |at| if is_right(at) { Align::Right } else { Align::Left };
        let text = |table: &Table| table.aligned(&widths, align);
        text(&self.heads) + &crew::each(tables, text).concat()
    }
}

/// The word of a listing.
pub(crate) fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Group => "group",
        NodeKind::Array => "array",
        // What formats to come have is not an array either.
        _ => "value",
    }
}

fn put(table: &mut Table, row: &Row, long: bool) {
    table.cell_with(|out| put_harmless(out, &row.name));
    let Some(entry) = &row.entry else {
        [kind(row.kind), "-", "-", "-", "-"].iter().for_each(|text| table.cell(text));
        return table.cell_with(|out| put_harmless(out, row.error.as_deref().unwrap_or("-")));
    };
    if row.kind == NodeKind::Value {
        let value = match entry.data() {
            Data::Value(value) => Some(value.kind().name()),
            _ => None,
        };
        ["value", value.unwrap_or("-"), "-", "-"].iter().for_each(|text| table.cell(text));
        match value {
            Some(_) => ["-", "-"].iter().for_each(|text| table.cell(text)),
            None => put_stored(table, entry),
        }
        return;
    }
    table.cell("array");
    let dtype = entry.dtype().to_string();
    table.cell_with(|out| match long {
        true => put_harmless(out, &dtype),
        false => out.push_str(&short(&harmless(&dtype), DTYPE_WIDTH)),
    });
    table.cell_with(|out| put_shape(out, entry.shape()));
    table.cell(if entry.order() == MemoryOrder::F { "F" } else { "C" });
    put_stored(table, entry);
}

/// How long, and how stored.
fn put_stored(table: &mut Table, entry: &Entry) {
    table.cell_with(|out| put_number(out, entry.nbytes()));
    table.cell(&stored(entry));
}

/// Where and how the elements lie.
fn stored(entry: &Entry) -> String {
    match entry.data() {
        Data::Raw { offset } => format!("raw at {offset}"),
        Data::Objects { offset } => format!("objects at {offset}"),
        Data::Value(_) => "objects".to_owned(),
        Data::Inline => "inline".to_owned(),
        Data::Coded(coded) => {
            let (offset, len) = coded.packed();
            format!("{} at {offset}, {len} bytes", coded.codec().name())
        }
        Data::Chunked(chunked) => {
            let (filters, len) = (chunked.filters().join("+"), entry.stored_nbytes());
            let chunk = shape(chunked.chunk());
            let plain = filters.is_empty();
            format!("chunks {chunk}{}{filters}, {len} bytes", if plain { "" } else { " " })
        }
        Data::Varied(varied) => format!("{}, {}", varied.what(), stored(varied.raw())),
        Data::Composed(composed) => composed.what(),
        _ => "encoded".to_owned(),
    }
}

/// An item of `ls --json`.
///
/// # Errors
/// `Unsupported` for a dtype without a `descr`.
pub(crate) fn item(row: Row) -> Result<Json> {
    let Some(entry) = &row.entry else {
        let mut all = vec![
            ("name", row.name.into()),
            ("kind", kind(row.kind).into()),
            ("attributes", row.attributes),
        ];
        all.extend(row.error.map(|why| ("error", why.into())));
        return Ok(Json::Object(all));
    };
    if row.kind == NodeKind::Value {
        if let Data::Value(value) = entry.data() {
            return Ok(Json::Object(vec![
                ("name", row.name.into()),
                ("kind", "value".into()),
                ("type", value.kind().name().into()),
                ("attributes", row.attributes),
            ]));
        }
        return Ok(Json::Object(vec![
            ("name", row.name.into()),
            ("kind", "value".into()),
            ("type", "bytes".into()),
            ("nbytes", entry.nbytes().into()),
            ("storage", storage(entry)?),
            ("attributes", row.attributes),
        ]));
    }
    Ok(Json::Object(vec![
        ("name", row.name.into()),
        ("kind", "array".into()),
        ("descr", descr(entry.dtype())?),
        ("shape", entry.shape().into()),
        ("fortran_order", (entry.order() == MemoryOrder::F).into()),
        ("nbytes", entry.nbytes().into()),
        ("storage", storage(entry)?),
        ("attributes", row.attributes),
    ]))
}

fn storage(entry: &Entry) -> Result<Json> {
    if let Data::Varied(varied) = entry.data() {
        return storage(varied.raw());
    }
    if let Data::Composed(_) = entry.data() {
        return Ok(Json::Object(vec![("layout", "virtual".into()), ("codec", Json::Null)]));
    }
    if let Data::Chunked(chunked) = entry.data() {
        let filters = chunked.filters();
        let codec = if filters.is_empty() { Json::Null } else { filters.join("+").into() };
        return Ok(Json::Object(vec![
            ("layout", "chunked".into()),
            ("codec", codec),
            ("chunks", chunked.chunk().into()),
            ("nbytes", entry.stored_nbytes().into()),
        ]));
    }
    let (layout, codec, offset) = match entry.data() {
        Data::Raw { offset } => ("raw", Json::Null, Some(*offset)),
        Data::Objects { offset } => ("objects", Json::Null, Some(*offset)),
        Data::Coded(coded) => ("coded", coded.codec().name().into(), Some(coded.packed().0)),
        Data::Inline => ("inline", Json::Null, None),
        Data::Value(_) => ("objects", Json::Null, None),
        _ => return Err(Error::unsupported("listing this way of storing an array")),
    };
    Ok(Json::Object(vec![
        ("layout", layout.into()),
        ("codec", codec),
        ("offset", offset.into()),
        ("nbytes", entry.stored_nbytes().into()),
    ]))
}

/// NumPy's `descr` as JSON; of a dtype that has none, the text that NumPy shows.
pub(crate) fn descr(dtype: &Dtype) -> Result<Json> {
    match dtype.to_descr() {
        Ok(descr) => Ok(Json::from(&descr)),
        Err(_) if dtype.as_record().is_some() => Ok(dtype.to_string().into()),
        Err(e) => Err(e),
    }
}

/// What is hashed: described with every byte order little, as the hash is.
fn hashed(dtype: &Dtype, shape: &[usize], sha256: &[u8; 32]) -> Result<[(&'static str, Json); 3]> {
    let descr = descr(&dtype.to_order(Order::Little))?;
    Ok([("descr", descr), ("shape", shape.into()), ("sha256", hex(sha256).into())])
}

/// An item of `digest --json` for what is no array.
pub(crate) fn value_digest(name: &str, sha256: &[u8; 32]) -> Json {
    Json::Object(vec![
        ("name", name.into()),
        ("descr", Json::Null),
        ("shape", Json::List(Vec::new())),
        ("sha256", hex(sha256).into()),
    ])
}

/// An item of `digest --json` for what cannot be read.
pub(crate) fn no_digest(name: &str, error: &Error) -> Json {
    Json::Object(vec![("name", name.into()), ("error", error.what().into())])
}

/// An item of `digest --json`.
pub(crate) fn digest(name: &str, entry: &Entry, sha256: &[u8; 32]) -> Result<Json> {
    let mut items = vec![("name", name.into())];
    items.extend(hashed(entry.dtype(), entry.shape(), sha256)?);
    Ok(Json::Object(items))
}

/// An array as a value in JSON.
pub(crate) fn array(dtype: &Dtype, shape: &[usize], sha256: &[u8; 32]) -> Result<Json> {
    let items = hashed(dtype, shape, sha256)?.into();
    Ok(Json::Object(vec![("$array", Json::Object(items))]))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use npstow::{Limits, MemorySource};
    use std::sync::Arc;

    fn table(rows: &[Row], long: bool) -> String {
        // However they are shared out, they are the same lines.
        let texts = [1, 2, rows.len()].map(|piece| {
            let lines = rows.chunks(piece).map(|rows| {
                let mut lines = Lines::new(long);
                rows.iter().for_each(|row| lines.add(row));
                lines
            });
            Listing::of(lines.collect()).text()
        });
        assert!(texts.iter().all(|text| *text == texts[0]));
        texts[0].clone()
    }

    fn row(name: &str, dtype: &str, shape: &[usize], order: MemoryOrder) -> Row {
        let source = Arc::new(MemorySource::new(vec![0; 200]));
        let dtype = Dtype::parse(dtype).unwrap();
        let data = match dtype.has_object() {
            true => Data::Objects { offset: 128 },
            false => Data::Raw { offset: 128 },
        };
        let limits = Arc::new(Limits::default());
        let entry = Entry::new(source, dtype, shape, order, data, limits).unwrap();
        let (name, kind) = (name.to_owned(), NodeKind::Array);
        Row { name, kind, entry: Some(entry), attributes: Json::Map(Vec::new()), error: None }
    }

    #[test]
    fn text_from_a_file_stays_text() {
        assert_eq!(harmless("a\x1b[2J\u{202e}\n"), "a\\u{1b}[2J\\u{202e}\\n");
        assert_eq!(harmless_lines("[1\n 2]\r"), "[1\n 2]\\r");
    }

    #[test]
    fn cuts_are_marked() {
        assert_eq!((short("äöü", 3), short("äöü", 2)), ("äöü".to_owned(), "ä…".to_owned()));
        assert_eq!((short("", 2), short("ab", 5)), (String::new(), "ab".to_owned()));
    }

    #[test]
    fn tables_are_aligned() {
        let (kind, attributes) = (NodeKind::Group, Json::Null);
        let group = Row { name: "g".to_owned(), kind, entry: None, attributes, error: None };
        let rows = [row("a\x07", "<f4", &[500, 4], MemoryOrder::C), group];
        assert_eq!(
            table(&rows, false),
            "NAME    KIND   DTYPE  SHAPE     ORDER  BYTES  STORED\n\
             a\\u{7}  array  <f4    (500, 4)  C       8000  raw at 128\n\
             g       group  -      -         -          -  -\n"
        );
    }

    #[test]
    fn long_dtypes_are_cut_unless_asked_for() {
        let text = "[('alpha', '<f8'), ('beta', '<f8'), ('gamma', '<f8')]";
        let rows = [row("a", text, &[1], MemoryOrder::F)];
        assert!(table(&rows, false).contains("('g…  (1,)"));
        assert!(table(&rows, true).contains(text));
    }

    #[test]
    fn items_of_the_listing() {
        let json = item(row("x", ">i2", &[3], MemoryOrder::F)).unwrap().to_string();
        assert_eq!(
            json,
            r#"{"name": "x", "kind": "array", "descr": ">i2", "shape": [3], "fortran_order": true, "nbytes": 6, "storage": {"layout": "raw", "codec": null, "offset": 128, "nbytes": 6}, "attributes": {}}"#
        );
        let json = item(row("x", "|O", &[], MemoryOrder::C)).unwrap().to_string();
        assert!(
            json.contains(r#""layout": "objects", "codec": null, "offset": 128, "nbytes": 72"#)
        );
    }

    #[test]
    fn digests_are_described_in_their_own_byte_order() {
        let row = row("x", "[('a', '>i2'), ('b', '|S3')]", &[2], MemoryOrder::C);
        let json = digest("x", row.entry.as_ref().unwrap(), &[0xab; 32]).unwrap().to_string();
        assert!(json.starts_with(
            r#"{"name": "x", "descr": [["a", "<i2"], ["b", "|S3"]], "shape": [2], "sha256": "abab"#
        ));
    }
}
