//! `npstow show`: an array as NumPy prints it.
#![forbid(unsafe_code)]

use crate::args::Show;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, label};
use crate::progress::Progress;
use crate::render;
use npstow::{
    Data, Entry, Error, ErrorKind, Node, NodeKind, PreviewOptions, Result, Value, Varied,
};

/// The longest dtype shown in the first line: some records have thousands of fields.
const HEAD_WIDTH: usize = 300;

pub(super) fn run(args: &Show) -> Result<Exit> {
    let place = Place::new(&args.path).join(args.name.as_deref().unwrap_or_default());
    let node = place.node(&Progress::none())?;
    let at = |e: Error| e.in_member(node.name()).in_path(&place.path);
    match node.value() {
        Ok(value) => {
            // An array of a dtype that lies in no file, such as `StringDType`, is an object.
            let has_elements = value.objects().is_none() && value.shape().is_some();
            let is_plain = node.kind() == NodeKind::Array && has_elements;
            if !is_plain || (args.form.json && args.slice.is_none()) {
                return object(&value, args).map_err(at);
            }
        }
        // What holds no objects says so.
        Err(e) if e.kind() == ErrorKind::Mismatch => {}
        Err(e) => return Err(e),
    }
    if node.kind() == NodeKind::Value {
        return value(&node, args).map_err(at);
    }
    let entry = node.entry()?;
    super::say_left_out(&node);
    if let Data::Varied(varied) = entry.data() {
        let label = label(node.name(), &place.path);
        return elements(&label, &entry, &**varied, args).map_err(at);
    }
    if args.form.json {
        return json(&node, args).map_err(at);
    }
    let slice = args.slice.clone().unwrap_or_default();
    let corners = entry.corners(&slice, &PreviewOptions::default()).map_err(at)?;
    let dtype = args.as_type.map_or_else(|| corners.dtype().to_string(), |ml| ml.to_string());
    let head = format!(
        "{}  {} {}",
        label(node.name(), &place.path),
        render::short(&dtype, HEAD_WIDTH),
        render::shape(corners.shape())
    );
    let body = match args.as_type {
        // A float32 holds each of them exactly.
        Some(ml) => corners.map(|array| array.view_ml(ml)?.to_f32()).map_err(at)?,
        None => corners,
    };
    let body = render::harmless_lines(&body.to_string());
    super::print(&format!("{}\n{body}\n", render::harmless(&head)))
}

/// A Python object, as Python prints it.
fn object(value: &Value, args: &Show) -> Result<Exit> {
    if args.slice.is_some() || args.as_type.is_some() {
        return Err(Error::invalid("--slice and --as are for arrays; this is a Python object"));
    }
    if args.form.json {
        return super::print(&format!("{}\n", value.to_json()?));
    }
    super::print(&format!("{}\n", render::harmless_lines(&value.to_string())))
}

/// Bytes that are no array: as text where they are text, else as Python prints bytes.
fn value(node: &Node, args: &Show) -> Result<Exit> {
    if args.slice.is_some() || args.as_type.is_some() {
        return Err(Error::invalid("--slice and --as are for arrays; this is a value"));
    }
    let array = node.read()?;
    let bytes = array.bytes().unwrap_or_default();
    if args.form.json {
        return super::print(&format!("{}\n", Json::bytes(bytes)));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => render::harmless_lines(text),
        Err(_) => format!("b'{}'\n", bytes.escape_ascii()),
    };
    super::print(&text)
}

/// Elements without a fixed length, each on a line of its own, or all as lists.
fn elements(label: &str, entry: &Entry, varied: &dyn Varied, args: &Show) -> Result<Exit> {
    if args.slice.is_some() || args.as_type.is_some() {
        return Err(Error::invalid("--slice and --as are for elements of a fixed length"));
    }
    let count = entry.shape().iter().product::<usize>();
    let item = |number| varied.item(number).and_then(crate::value::item);
    if args.form.json {
        let items = (0..count).map(item).collect::<Result<Vec<_>>>()?;
        let json = nested(&mut items.into_iter(), entry.shape());
        return super::print(&format!("{json}\n"));
    }
    let shape = render::shape(entry.shape());
    let mut text = render::harmless(&format!("{label}  {} {shape}", varied.what())) + "\n";
    let shown = |number: &usize| count <= MOST || *number < EDGE || number + EDGE >= count;
    let mut last = None;
    for number in (0..count).filter(shown) {
        if last.is_some_and(|last| last + 1 < number) {
            text.push_str("...\n");
        }
        last = Some(number);
        text.push_str(&render::harmless(&item(number)?.to_string()));
        text.push('\n');
    }
    super::print(&text)
}

/// So many elements are shown whole, and so many at either end of more; as NumPy does.
const MOST: usize = 1000;
const EDGE: usize = 3;

/// Items as lists of lists.
fn nested(items: &mut dyn Iterator<Item = Json>, shape: &[usize]) -> Json {
    match shape.split_first() {
        None => items.next().unwrap_or(Json::Null),
        Some((&length, rest)) => Json::List((0..length).map(|_| nested(items, rest)).collect()),
    }
}

fn json(node: &Node, args: &Show) -> Result<Exit> {
    let entry = node.entry()?;
    let entry = match &args.slice {
        Some(slice) => Entry::try_from(&entry.read_slice(slice)?)?,
        None => entry,
    };
    let hash = npstow::digest(&entry)?;
    let json = render::array(entry.dtype(), entry.shape(), &hash)?;
    super::print(&format!("{json}\n"))
}
