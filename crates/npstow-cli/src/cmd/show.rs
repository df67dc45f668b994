//! `npstow show`: an array as NumPy prints it.
#![forbid(unsafe_code)]

use crate::args::Show;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::{Place, label};
use crate::progress::Progress;
use crate::render;
use npstow::{Array, Entry, Error, ErrorKind, MlType, Node, NodeKind, Result, Selection};

/// The longest dtype shown in the first line: some records have thousands of fields.
const HEAD_WIDTH: usize = 300;

pub(super) fn run(args: &Show) -> Result<Exit> {
    let place = Place::new(&args.path).join(args.name.as_deref().unwrap_or_default());
    let node = place.node(&Progress::none())?;
    let at = |e: Error| e.in_member(node.name()).in_path(&place.path);
    if node.kind() == NodeKind::Value {
        return value(&node, args).map_err(at);
    }
    if args.form.json {
        return json(&node, args).map_err(at);
    }
    let entry = node.entry()?;
    let array = part(&entry, args.slice.as_ref()).map_err(at)?;
    let dtype = args.as_type.map_or_else(|| array.dtype().to_string(), |ml| ml.to_string());
    let head = format!(
        "{}  {} {}",
        label(node.name(), &place.path),
        render::short(&dtype, HEAD_WIDTH),
        render::shape(array.shape())
    );
    let body = match args.as_type {
        Some(ml) => as_type(&array, ml).map_err(at)?,
        None => array.to_string(),
    };
    super::print(&format!("{}\n{}\n", render::harmless(&head), render::harmless_lines(&body)))
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

/// Results up to this size are read; a file that changes meanwhile cannot hurt then.
const SMALL: usize = 1 << 20;

/// What is to be shown. NumPy's summary looks at the edges only, so what is large is mapped and
/// looked at there, whatever its size.
fn part(entry: &Entry, slice: Option<&Selection>) -> Result<Array> {
    let all = Selection::all();
    let slice = slice.unwrap_or(&all);
    let shape = slice.resolve(entry.shape())?;
    let elements = shape.shape().iter().fold(1usize, |all, &n| all.saturating_mul(n));
    if elements.saturating_mul(entry.dtype().itemsize()) <= SMALL {
        return entry.read_slice(slice);
    }
    match entry.view() {
        Ok(whole) => whole.select(slice),
        // What cannot be mapped, or is packed.
        Err(e) if e.kind() == ErrorKind::Unsupported && entry.check().is_ok() => {
            entry.read_slice(slice)
        }
        Err(e) => Err(e),
    }
}

/// As much is decoded for `--as`, the parts that are not shown included.
const DECODED: usize = 256 << 20;

/// The elements as a type of `ml_dtypes`, each of which a float32 holds exactly.
fn as_type(array: &Array, ml: MlType) -> Result<String> {
    if array.nbytes() > DECODED {
        return Err(Error::limit(
            "an array for --as (bytes; -s takes less)",
            DECODED as u64,
            array.nbytes(),
        ));
    }
    Ok(array.view_ml(ml)?.to_f32()?.to_string())
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
