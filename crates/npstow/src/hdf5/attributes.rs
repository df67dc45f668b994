//! Attributes on their way into a header, or into a heap where they are many or large.
#![forbid(unsafe_code)]

use super::draft::Value;
use super::elements::Elements;
use super::file::File;
use super::types::{Form, MAX_RANK, datatype, too_many_axes, variable_text};
use super::varied::{texts_at, varied_data, varied_type};
use super::write::btree2::{self, Kind};
use super::write::checksum::lookup3;
use super::write::emit::Emit;
use super::write::fractal_heap::{FractalHeap, Of};
use super::write::global_heap::HeapId;
use super::write::message::{Attribute, Dataspace, Dense, attribute_info, kind};
use super::write::object_header::{Message, Version};
use crate::{Data, Error, Result};

/// More attributes than this are kept in a heap in the latest form, as the library does.
const FEW: usize = 8;

/// More messages than this do not fit a header of the oldest form, whatever else is in it.
const MOST_OLD: usize = 60_000;

/// Where structures go: bytes at the end of what was written before.
pub(super) trait Ground {
    /// Takes bytes and says where they begin.
    fn place(&mut self, bytes: &[u8]) -> u64;

    /// Where the next bytes will begin.
    fn here(&mut self) -> u64;

    /// Takes texts and sequences into the global heap.
    fn objects(&mut self, objects: &[&[u8]]) -> Result<Vec<HeapId>>;

    /// Where the header will be of the object that has its own at an address of another file.
    fn header_of(&mut self, file: &File, address: u64) -> Result<u64>;
}

/// A value as bytes.
struct Encoded {
    datatype: Vec<u8>,
    dataspace: Vec<u8>,
    data: Vec<u8>,
}

/// The messages for all attributes of an object, and the version of the header they need.
///
/// # Errors
/// What HDF5 cannot hold, by the name of the attribute; `Exists` for a name given twice.
pub(super) fn messages(
    path: &str,
    attributes: &[(String, Value)],
    latest: bool,
    ground: &mut impl Ground,
) -> Result<(Version, Vec<Message>)> {
    check(path, attributes)?;
    let mut encoded = Vec::with_capacity(attributes.len());
    for (name, value) in attributes {
        let one = encode(value, latest, ground);
        encoded.push(one.map_err(|e| named(e, path, name))?);
    }
    let names = attributes.iter().map(|(name, _)| name.as_str());
    let all: Vec<Attribute<'_>> = names.zip(&encoded).map(|(n, e)| e.named(n)).collect();
    let is_large = |one: &Attribute<'_>| one.len() > Message::MOST;
    let most = if latest { FEW } else { MOST_OLD };
    let is_dense = all.len() > most || all.iter().any(is_large);
    let version = if latest || is_dense { Version::V2 } else { Version::V1 };
    let count = u16::try_from(all.len()).unwrap_or(u16::MAX);
    if is_dense {
        let dense = dense(&all, ground)?;
        return Ok((version, vec![attribute_info(count, dense)]));
    }
    let mut messages = Vec::with_capacity(all.len() + 1);
    if version == Version::V2 && count > 0 {
        messages.push(attribute_info(count, Dense::NONE));
    }
    for (order, one) in (0..).zip(&all) {
        let message = Message::new(kind::ATTRIBUTE, 0, one.write(latest));
        messages.push(Message { order, ..message });
    }
    Ok((version, messages))
}

fn check(path: &str, attributes: &[(String, Value)]) -> Result<()> {
    if attributes.len() > usize::from(u16::MAX) {
        let what = "attributes of one object in HDF5";
        return Err(Error::limit(what, u16::MAX.into(), attributes.len()).in_member(path));
    }
    let mut seen = std::collections::HashSet::new();
    for (name, _) in attributes {
        super::draft::check_name(name).map_err(|e| named(e, path, name))?;
        if !seen.insert(name) {
            return Err(Error::exists(format_args!("the attribute '{name}'")).in_member(path));
        }
    }
    Ok(())
}

/// Says which attribute an error is about, as listings do.
fn named(e: Error, path: &str, name: &str) -> Error {
    e.in_member(&format!("{path}@{name}"))
}

impl Encoded {
    fn named<'a>(&'a self, name: &'a str) -> Attribute<'a> {
        let Self { datatype, dataspace, data } = self;
        Attribute { name, datatype, dataspace, data }
    }
}

fn encode(value: &Value, latest: bool, ground: &mut impl Ground) -> Result<Encoded> {
    let form = if latest { Form::Latest } else { Form::Old };
    let space = |lengths: &[u64]| Dataspace::Simple { lengths, most: None }.write(latest);
    let elements = |elements: Elements<'_>| -> Result<Encoded> {
        let (datatype, elements) = elements.typed(elements.native(), form)?;
        let dataspace = space(&lengths(elements.shape())?);
        Ok(Encoded { datatype, dataspace, data: elements.to_vec()? })
    };
    let null = |datatype: Vec<u8>| {
        let dataspace = Dataspace::Null.write(latest);
        Encoded { datatype, dataspace, data: Vec::new() }
    };
    Ok(match value {
        Value::Array(array) => elements(Elements::Array(array))?,
        Value::Text(text) => Encoded {
            datatype: variable_text(true),
            dataspace: space(&[]),
            data: texts_at(&[text], ground)?,
        },
        Value::Texts(texts) => Encoded {
            datatype: variable_text(true),
            dataspace: space(&[texts.len() as u64]),
            data: texts_at(&texts.iter().map(String::as_str).collect::<Vec<_>>(), ground)?,
        },
        Value::Entry(entry) if entry.native().is_some_and(|native| native.is_null) => {
            null(Elements::Entry(entry).typed(entry.native(), form)?.0)
        }
        Value::Entry(entry) => match entry.data() {
            Data::Varied(varied) => Encoded {
                datatype: varied_type(&**varied, form)?.0,
                dataspace: space(&lengths(entry.shape())?),
                data: varied_data(&**varied, ground)
                    .map_err(|e| Elements::Entry(entry).unread(e))?,
            },
            _ => elements(Elements::Entry(entry))?,
        },
        Value::Empty(dtype) => null(datatype(dtype, form)?),
    })
}

fn lengths(shape: &[usize]) -> Result<Vec<u64>> {
    if shape.len() > MAX_RANK {
        return Err(too_many_axes(shape.len()));
    }
    Ok(shape.iter().map(|&n| n as u64).collect())
}

/// Puts attributes into a heap of their own, with trees by name and by order.
fn dense(all: &[Attribute<'_>], ground: &mut impl Ground) -> Result<Dense> {
    let mut heap = FractalHeap::new(Of::Attributes);
    let (mut by_name, mut by_order) = (Vec::new(), Vec::new());
    for (order, one) in (0u32..).zip(all) {
        let id = heap.add(&one.write(true))?;
        let hash = lookup3(one.name.as_bytes());
        let mut record = Emit::new();
        record.bytes(&id).u8(0).u32(order);
        by_order.push(record.clone().finish());
        by_name.push((hash, one.name, record.u32(hash).finish()));
    }
    Ok(place_dense(ground, heap, (Kind::AttributeNames, by_name), (Kind::AttributeOrder, by_order)))
}

/// A record with the hash and the name that it is sorted by.
pub(super) type ByName<'a> = (u32, &'a str, Vec<u8>);

/// Places a heap and what leads into it: records by name, and records in order of creation.
pub(super) fn place_dense(
    ground: &mut impl Ground,
    heap: FractalHeap,
    (names, mut by_name): (Kind, Vec<ByName<'_>>),
    (order, by_order): (Kind, Vec<Vec<u8>>),
) -> Dense {
    by_name.sort();
    let by_name: Vec<Vec<u8>> = by_name.into_iter().map(|(_, _, record)| record).collect();
    let heap = heap.write(ground.here());
    ground.place(&heap.bytes);
    let names = btree2::write(names, &by_name, ground.here());
    ground.place(&names.bytes);
    let order = btree2::write(order, &by_order, ground.here());
    ground.place(&order.bytes);
    Dense { heap: heap.header, names: names.header, order: order.header }
}
