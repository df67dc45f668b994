//! The messages of object headers (HDF5 IV.A.2) that npstow writes, as bodies.
#![forbid(unsafe_code)]

use super::UNDEFINED;
use super::emit::Emit;
use super::object_header::Message;

/// Numbers of the kinds of messages.
pub(crate) mod kind {
    pub(crate) const DATASPACE: u8 = 0x01;
    pub(crate) const LINK_INFO: u8 = 0x02;
    pub(crate) const DATATYPE: u8 = 0x03;
    pub(crate) const FILL_VALUE: u8 = 0x05;
    pub(crate) const LINK: u8 = 0x06;
    pub(crate) const LAYOUT: u8 = 0x08;
    pub(crate) const GROUP_INFO: u8 = 0x0a;
    pub(crate) const FILTERS: u8 = 0x0b;
    pub(crate) const ATTRIBUTE: u8 = 0x0c;
    pub(crate) const SYMBOL_TABLE: u8 = 0x11;
    pub(crate) const ATTRIBUTE_INFO: u8 = 0x15;
}

/// What never changes.
const CONSTANT: u8 = 1;
/// What is not shared.
const OWN: u8 = 4;

/// How many elements there are on which axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dataspace<'a> {
    /// Nothing, which is not even of a shape.
    Null,
    Simple {
        lengths: &'a [u64],
        most: Option<&'a [u64]>,
    },
}

impl Dataspace<'_> {
    pub(crate) fn write(&self, latest: bool) -> Vec<u8> {
        let mut out = Emit::new();
        let Self::Simple { lengths, most } = self else {
            // Only the second version knows it.
            return out.bytes(&[2, 0, 0, 2]).finish();
        };
        let rank = u8::try_from(lengths.len()).expect("ranks were checked");
        let flags = u8::from(most.is_some());
        match latest {
            true => out.bytes(&[2, rank, flags, u8::from(rank > 0)]),
            false => out.bytes(&[1, rank, flags]).zeros(5),
        };
        let all = lengths.iter().chain(most.iter().copied().flatten());
        out.u64s(all.copied()).finish()
    }

    pub(crate) fn message(&self, latest: bool) -> Message {
        Message::new(kind::DATASPACE, 0, self.write(latest))
    }
}

pub(crate) fn datatype(body: Vec<u8>) -> Message {
    Message::new(kind::DATATYPE, CONSTANT, body)
}

/// A datatype that is an object.
pub(crate) fn committed(body: Vec<u8>) -> Message {
    Message::new(kind::DATATYPE, CONSTANT | OWN, body)
}

/// When room for elements is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocated {
    Early = 1,
    Late = 2,
    Incrementally = 3,
}

/// Nothing, in the place of something later: libhdf5 breaks a header that it adds to if no message
/// is as long as the one that says where a header goes on.
pub(crate) fn room() -> Message {
    Message::new(0, 0, vec![0; 64])
}

/// What unwritten elements are: these bytes, or zeros, as everywhere, where there are none.
pub(crate) fn fill_value(allocated: Allocated, fill: &[u8], latest: bool) -> Message {
    let when = allocated as u8;
    let mut out = Emit::new();
    // Written only where somebody sets it.
    match latest {
        true if fill.is_empty() => out.bytes(&[3, when | 2 << 2]),
        true => out.bytes(&[3, when | 2 << 2 | 1 << 5]),
        false => out.bytes(&[2, when, 2, 1]),
    };
    if !(latest && fill.is_empty()) {
        let len = u32::try_from(fill.len()).expect("what does not fit a header was left out");
        out.u32(len).bytes(fill);
    }
    Message::new(kind::FILL_VALUE, CONSTANT, out.finish())
}

/// Where the elements are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout<'a> {
    Compact(&'a [u8]),
    Contiguous { address: u64, len: u64 },
    Chunked { index: u64, lengths: &'a [u32], itemsize: u32 },
}

impl Layout<'_> {
    pub(crate) fn message(&self) -> Message {
        let mut out = Emit::new();
        out.u8(3);
        match self {
            Self::Compact(bytes) => {
                let len = u16::try_from(bytes.len()).expect("what is compact was checked");
                out.u8(0).u16(len).bytes(bytes)
            }
            Self::Contiguous { address, len } => out.u8(1).u64(*address).u64(*len),
            Self::Chunked { index, lengths, itemsize } => {
                // The bytes of an element are one more axis.
                let rank = u8::try_from(lengths.len() + 1).expect("ranks were checked");
                out.u8(2).u8(rank).u64(*index);
                out.u32s(lengths.iter().copied()).u32(*itemsize)
            }
        };
        Message::new(kind::LAYOUT, 0, out.finish())
    }
}

/// One filter of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    /// Whether a chunk may be stored without it.
    pub(crate) optional: bool,
    pub(crate) values: Vec<u32>,
}

pub(crate) fn filters(filters: &[Filter], latest: bool) -> Message {
    let count = u8::try_from(filters.len()).expect("there are at most three");
    let mut out = Emit::new();
    out.u8(if latest { 2 } else { 1 }).u8(count);
    if !latest {
        out.zeros(6);
    }
    for filter in filters {
        let values = u16::try_from(filter.values.len()).expect("there is at most one");
        out.u16(filter.id);
        if !latest {
            let len = (filter.name.len() + 1).next_multiple_of(8);
            out.u16(u16::try_from(len).expect("names are short"));
        }
        out.u16(filter.optional.into()).u16(values);
        if !latest {
            out.bytes(filter.name.as_bytes()).u8(0).pad(8);
        }
        out.u32s(filter.values.iter().copied());
        if !latest && filter.values.len() % 2 == 1 {
            out.u32(0);
        }
    }
    Message::new(kind::FILTERS, CONSTANT, out.finish())
}

/// The members of a group of the old style.
pub(crate) fn symbol_table(tree: u64, heap: u64) -> Message {
    let mut out = Emit::new();
    Message::new(kind::SYMBOL_TABLE, 0, out.u64(tree).u64(heap).finish())
}

/// A heap with the trees that lead into it: by name, and in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dense {
    pub(crate) heap: u64,
    pub(crate) names: u64,
    pub(crate) order: u64,
}

impl Dense {
    /// Where everything is in the header.
    pub(crate) const NONE: Self = Self { heap: UNDEFINED, names: UNDEFINED, order: UNDEFINED };

    fn write(self, out: &mut Emit) {
        out.u64(self.heap).u64(self.names).u64(self.order);
    }
}

/// Order is kept, and indexed.
const ORDERED: u8 = 3;

/// How the members of a group of the latest form are kept; `count` were made so far.
pub(crate) fn link_info(count: u64, dense: Dense) -> Message {
    let mut out = Emit::new();
    dense.write(out.u8(0).u8(ORDERED).u64(count));
    Message::new(kind::LINK_INFO, 0, out.finish())
}

/// Of a group of the latest form: nothing that differs from what the library does by default.
pub(crate) fn group_info() -> Message {
    Message::new(kind::GROUP_INFO, CONSTANT, vec![0, 0])
}

/// How the attributes of an object are kept; `count` were made so far.
pub(crate) fn attribute_info(count: u16, dense: Dense) -> Message {
    let mut out = Emit::new();
    dense.write(out.u8(0).u8(ORDERED).u16(count));
    Message::new(kind::ATTRIBUTE_INFO, OWN, out.finish())
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) datatype: &'a [u8],
    pub(crate) dataspace: &'a [u8],
    pub(crate) data: &'a [u8],
}

impl Attribute<'_> {
    /// How long the body is at most.
    pub(crate) fn len(&self) -> usize {
        let Self { name, datatype, dataspace, data } = self;
        32 + name.len() + datatype.len() + dataspace.len() + data.len()
    }

    /// The body of the message; its names and types were checked to be short.
    pub(crate) fn write(&self, latest: bool) -> Vec<u8> {
        let is_new = latest || !self.name.is_ascii();
        let len = |len: usize| u16::try_from(len).expect("lengths were checked");
        let align = if is_new { 1 } else { 8 };
        let mut out = Emit::with_capacity(self.data.len() + 64);
        out.bytes(&[if is_new { 3 } else { 1 }, 0]).u16(len(self.name.len() + 1));
        out.u16(len(self.datatype.len())).u16(len(self.dataspace.len()));
        if is_new {
            out.u8(u8::from(!self.name.is_ascii()));
        }
        out.bytes(self.name.as_bytes()).u8(0).pad(align);
        out.bytes(self.datatype).pad(align).bytes(self.dataspace).pad(align).bytes(self.data);
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    /// Bodies of a file that h5py 3.16.0 wrote, padding of the header left out.
    #[test]
    fn old_bodies_are_h5pys() {
        let space = Dataspace::Simple { lengths: &[4, 5], most: Some(&[UNDEFINED, 5]) };
        let lengths = "04 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00";
        let most = "ff ff ff ff ff ff ff ff 05 00 00 00 00 00 00 00";
        let whole = hex(&format!("01 02 01 00 00 00 00 00 {lengths} {most}"));
        assert_eq!(space.message(false), Message::new(1, 0, whole));
        let fill = |value: &[u8]| fill_value(Allocated::Incrementally, value, false).body;
        assert_eq!(fill(&[]), hex("02 03 02 01 00 00 00 00"));
        assert_eq!(fill(&[7, 1]), hex("02 03 02 01 02 00 00 00 07 01"));
        let layout = Layout::Chunked { index: 0x1000, lengths: &[3, 2], itemsize: 8 };
        let whole = "03 02 03 00 10 00 00 00 00 00 00 03 00 00 00 02 00 00 00 08 00 00 00";
        assert_eq!(layout.message().body, hex(whole));
        let filter = |id, name, optional, values| Filter { id, name, optional, values };
        let pipeline = filters(
            &[
                filter(2, "shuffle", true, vec![8]),
                filter(1, "deflate", true, vec![4]),
                filter(3, "fletcher32", false, vec![]),
            ],
            false,
        );
        let whole = "01 03 00 00 00 00 00 00 02 00 08 00 01 00 01 00 73 68 75 66 66 6c 65 00 \
            08 00 00 00 00 00 00 00 01 00 08 00 01 00 01 00 64 65 66 6c 61 74 65 00 \
            04 00 00 00 00 00 00 00 03 00 10 00 00 00 00 00 66 6c 65 74 63 68 65 72 \
            33 32 00 00 00 00 00 00";
        assert_eq!(pipeline, Message::new(11, 1, hex(whole)));
    }

    #[test]
    fn attributes_are_h5pys() {
        let space = Dataspace::Simple { lengths: &[], most: None }.write(false);
        let datatype = hex("10 08 00 00 04 00 00 00 00 00 20 00");
        let attribute =
            Attribute { name: "n", datatype: &datatype, dataspace: &space, data: &[3, 0, 0, 0] };
        let whole = "01 00 02 00 0c 00 08 00 6e 00 00 00 00 00 00 00 10 08 00 00 04 00 00 00 \
            00 00 20 00 00 00 00 00 01 00 00 00 00 00 00 00 03 00 00 00";
        assert_eq!(attribute.write(false), hex(whole));
        let space = Dataspace::Simple { lengths: &[], most: None }.write(true);
        let attribute = Attribute { dataspace: &space, ..attribute };
        // From the heap of an object of the latest form.
        let whole = "03 00 02 00 0c 00 04 00 00 6e 00 10 08 00 00 04 00 00 00 00 00 20 00 \
            02 00 00 00 03 00 00 00";
        assert_eq!(attribute.write(true), hex(whole));
        let named = Attribute { name: "ä", ..attribute };
        assert_eq!(named.write(false)[..9], hex("03 00 03 00 0c 00 04 00 01"));
    }

    #[test]
    fn latest_bodies_are_h5pys() {
        let fill = |value: &[u8]| fill_value(Allocated::Late, value, true);
        assert_eq!(fill(&[]), Message::new(5, 1, hex("03 0a")));
        assert_eq!(fill(&[7, 1]), Message::new(5, 1, hex("03 2a 02 00 00 00 07 01")));
        let dense = Dense { heap: 0x1000, names: 0x1092, order: 0x10b8 };
        let whole = "00 03 03 00 00 10 00 00 00 00 00 00 92 10 00 00 00 00 00 00 \
            b8 10 00 00 00 00 00 00";
        assert_eq!(attribute_info(3, dense), Message::new(21, 4, hex(whole)));
        assert_eq!(Dataspace::Null.write(false), [2, 0, 0, 2]);
        assert_eq!(group_info(), Message::new(10, 1, vec![0, 0]));
    }
}
