#![forbid(unsafe_code)]

use super::*;
use crate::hdf5::beside::Beside;
use crate::hdf5::dataset;
use crate::hdf5::needs::Reading;
use crate::hdf5::object::header;
use crate::hdf5::object::selection::Axis;
use crate::hdf5::types::{Form, datatype};
use crate::hdf5::write::emit::Emit;
use crate::hdf5::write::global_heap::Collection;
use crate::hdf5::write::object_header::{Message, Version, write};
use crate::hdf5::{WriteOptions, write_to};
use crate::{Array, Data, Entry, ErrorKind, MemoryOrder, MemorySource, Tree};

/// A virtual dataset of three elements, `fill` where nothing else is: all of a dataset of some
/// dtype, or nothing.
fn dataset(dtype: &str, fill: &[u8], part: Option<(&str, &[u8])>) -> Result<Entry> {
    within(Limits::default(), "part", dtype, fill, part)
}

/// The same of another name than the part has.
fn within(
    limits: Limits,
    named: &str,
    dtype: &str,
    fill: &[u8],
    part: Option<(&str, &[u8])>,
) -> Result<Entry> {
    let mut all = Emit::new();
    all.u32(3).u32(1).zeros(8);
    let all = all.finish();
    selected(limits, named, (dtype, fill), part, [&all, &all])
}

/// The same of some elements of the part, that go to some of the dataset.
fn selected(
    limits: Limits,
    named: &str,
    (dtype, fill): (&str, &[u8]),
    part: Option<(&str, &[u8])>,
    selections: [&[u8]; 2],
) -> Result<Entry> {
    let mut tree = Tree::new();
    if let Some((dtype, bytes)) = part {
        let array = Array::new(Dtype::parse(dtype)?, &[3], MemoryOrder::C, bytes.to_vec().into())?;
        tree = tree.with("part", array)?;
    }
    let mut bytes = Vec::new();
    write_to(&mut bytes, &tree, &WriteOptions::default().latest())?;
    let mut heap = Collection::new(bytes.len() as u64, Collection::LEAST);
    let mut mappings = Emit::new();
    mappings.u8(0).u64(1).bytes(b".\0").bytes(named.as_bytes()).u8(0);
    for selection in selections {
        mappings.bytes(selection);
    }
    let (address, index) = match part {
        Some(_) => heap.add(&mappings.finish()).map(|id| (id.address, id.index)).unwrap(),
        None => (UNDEFINED, 0),
    };
    bytes.extend(heap.write());
    let place = bytes.len() as u64;
    let (mut space, mut value, mut layout) = (Emit::new(), Emit::new(), Emit::new());
    space.bytes(&[2, 1, 0, 1]).u64(3);
    value.bytes(&[3, 0x29]).u32(u32::try_from(fill.len()).unwrap()).bytes(fill);
    layout.bytes(&[4, 3]).u64(address).u32(index);
    let what = datatype(&Dtype::parse(dtype)?, Form::Latest)?;
    let bodies = [(1, space.finish()), (3, what), (5, value.finish()), (8, layout.finish())];
    let messages = bodies.map(|(kind, body)| Message::new(kind, 0, body));
    bytes.extend(write(Version::V2, 1, &messages)?);
    let (limits, beside) = (Arc::new(limits), Arc::new(Beside::default()));
    let file = Arc::new(File::open(Arc::new(MemorySource::new(bytes)), limits, beside)?);
    dataset::entry(&file, &header::read(&file, place)?)
}

fn bytes(entry: Result<Entry>) -> Result<Vec<u8>> {
    Ok(entry?.read()?.bytes().unwrap().to_vec())
}

#[test]
fn without_parts_all_is_the_fill_value() {
    let fill = (-3i32).to_le_bytes();
    assert_eq!(bytes(dataset("<i4", &fill, None)).unwrap(), fill.repeat(3));
}

#[test]
fn parts_become_what_the_dataset_is() {
    let numbers = [1.5f32, -2.0, 0.25];
    let (big, little) = (numbers.map(f32::to_be_bytes), numbers.map(f32::to_le_bytes));
    let part =
        |from: &'static str, to: &str| bytes(dataset(to, &[], Some((from, big.as_flattened()))));
    assert_eq!(part(">f4", ">f4").unwrap(), big.as_flattened());
    assert_eq!(part(">f4", "<f4").unwrap(), little.as_flattened());
    let wide = numbers.map(|n| f64::from(n).to_le_bytes());
    assert_eq!(part(">f4", "<f8").unwrap(), wide.as_flattened());
    let clipped = bytes(dataset("|u1", &[], Some(("<i2", &[44, 1, 7, 0, 0xff, 0xff]))));
    assert_eq!(clipped.unwrap(), [255, 7, 0]);
    for to in ["<i4", ">i4", "|S4", "<f2", "|S5"] {
        let e = part(">f4", to).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
        assert!(e.to_string().contains(">f4") && e.to_string().contains(to), "{e}");
    }
}

#[test]
fn missing_parts_are_refused_unless_they_may_be_missing() {
    let fill = (-3i32).to_le_bytes();
    let part = Some(("<i4", &[0; 12][..]));
    let e = within(Limits::default(), "nowhere", "<i4", &fill, part).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound);
    assert!(e.to_string().contains("'nowhere' in '.'"), "{e}");
    let lenient = Limits::default().missing_parts(1);
    let entry = within(lenient, "nowhere", "<i4", &fill, part).unwrap();
    assert!(entry.left_out()[0].contains("'nowhere' in '.'"), "{:?}", entry.left_out());
    assert_eq!(bytes(Ok(entry)).unwrap(), fill.repeat(3));
    assert!(dataset("<i4", &fill, part).unwrap().left_out().is_empty());
}

/// A hyperslab of version 1: a list of blocks on one axis.
fn blocks(all: &[[u32; 2]]) -> Vec<u8> {
    let mut out = Emit::new();
    out.u32(2).u32(1).zeros(8).u32(1).u32(u32::try_from(all.len()).unwrap());
    out.u32s(all.as_flattened().iter().copied());
    out.finish()
}

#[test]
fn lists_of_blocks_are_taken_one_element_after_another() {
    let part = Some(("|u1", &[7, 8, 9][..]));
    let read = |from: &[[u32; 2]], to: &[[u32; 2]]| {
        let selections = [&blocks(from)[..], &blocks(to)];
        bytes(selected(Limits::default(), "part", ("<i2", &[1, 0]), part, selections))
    };
    assert_eq!(read(&[[0, 0], [2, 2]], &[[1, 2]]).unwrap(), [1, 0, 7, 0, 9, 0]);
    assert_eq!(read(&[[1, 2]], &[[2, 2], [0, 0]]).unwrap(), [8, 0, 1, 0, 9, 0]);
    for (from, to) in [
        // Fewer elements than places, elements that are not there, blocks that end too early.
        (&[[0, 0]][..], &[[0, 1]][..]),
        (&[[2, 3]], &[[0, 1]]),
        (&[[0, 1]], &[[2, 3]]),
        (&[[0, u32::MAX]], &[[0, u32::MAX]]),
        (&[[2, 1]], &[[0, 0]]),
    ] {
        assert_eq!(read(from, to).unwrap_err().kind(), ErrorKind::Corrupt, "{from:?} {to:?}");
    }
    let across = read(&[[0, 1], [1, 2]], &[[0, 1], [1, 2]]).unwrap_err();
    assert_eq!(across.kind(), ErrorKind::Unsupported, "{across}");
    for cut in 0..blocks(&[[0, 0]]).len() {
        let list = &blocks(&[[0, 0]])[..cut];
        let all = [&blocks(&[[0, 0]])[..], list];
        assert!(selected(Limits::default(), "part", ("<i2", &[]), part, all).is_err(), "{cut}");
    }
}

/// A virtual dataset of single elements of another one, from the last one to the first.
fn turned(source: &Source, len: u64) -> Mapped {
    let one = |start| Selected::Regular(vec![Axis { start, stride: 1, count: 1, block: 1 }]);
    let pick = |at| Picked::new(&one(at), &[len], None).unwrap();
    let part = |at: u64| Part { source: source.clone(), from: pick(at), to: pick(len - 1 - at) };
    Mapped {
        shape: source.entry.shape().to_vec(),
        dtype: source.entry.dtype().clone(),
        fill: None,
        parts: (0..len).map(part).collect(),
        left_out: Vec::new(),
        height: source.height() + 1,
        limits: Arc::default(),
    }
}

#[test]
fn each_dataset_is_read_once_however_many_parts_are_of_it() {
    let numbers: Vec<u8> = (0..60).collect();
    let entry = Entry::try_from(&Array::from_vec(numbers.clone())).unwrap();
    let mut source = Source { key: (0, 0), entry, nested: None };
    for level in 1..DEPTH as u64 {
        let nested = Arc::new(turned(&source, 60));
        let (data, dtype) = (Data::Composed(Arc::<Mapped>::clone(&nested)), nested.dtype.clone());
        let memory = Arc::new(MemorySource::new(Vec::new()));
        let entry = Entry::new(memory, dtype, &[60], MemoryOrder::C, data, Arc::default());
        source = Source { key: (0, level), entry: entry.unwrap(), nested: Some(nested) };
    }
    let top = turned(&source, 60);
    assert_eq!(top.height, DEPTH);
    for (region, reads) in [(0..60, DEPTH), (7..9, DEPTH), (5..5, 0)] {
        let mut reading = Reading::default();
        let mut found = vec![0; region.clone().count()];
        let axis = region.start as u64..region.end as u64;
        let asked: Vec<_> = std::iter::once(axis).collect();
        reading.plan(&top, &asked).unwrap();
        reading.fill(&top, &asked, &mut found).unwrap();
        assert_eq!((&found[..], reading.reads), (&numbers[region], reads));
    }
}

#[test]
fn a_dataset_is_described_once_however_often_it_is_named() {
    let tree = Tree::new().with("part", Array::from_vec(vec![1u8])).unwrap();
    let mut bytes = Vec::new();
    write_to(&mut bytes, &tree, &WriteOptions::default().latest()).unwrap();
    let beside = Arc::new(Beside::default());
    let file = File::open(Arc::new(MemorySource::new(bytes)), Arc::default(), beside).unwrap();
    let (file, mut sources) = (Arc::new(file), Sources::default());
    for name in ["part", "/part", "./part", "part"] {
        let names = (".".to_owned(), name.to_owned());
        assert!(sources.find(&file, &names, DEPTH).unwrap().is_some());
        assert_eq!(sources.count(), 1);
    }
}
