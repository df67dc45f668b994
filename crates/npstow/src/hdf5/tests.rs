#![forbid(unsafe_code)]

use super::Hdf5;
use crate::container::{Attribute, Container, NodeKind};
use crate::{Data, Entry, Error, ErrorKind, Limits, MemorySource, Result, VariedItem};
use std::path::Path;
use std::sync::Arc;

/// Made by `corpus/gen_hdf5.py`.
const OLD: &[u8] = include_bytes!("../../../../corpus/hdf5/old.h5");
const NEW: &[u8] = include_bytes!("../../../../corpus/hdf5/new.h5");

fn open_with(bytes: Vec<u8>, limits: &Limits) -> Result<Hdf5> {
    Hdf5::open(Arc::new(MemorySource::new(bytes)), Path::new("x.h5"), limits)
}

fn open(bytes: &[u8]) -> Result<Hdf5> {
    open_with(bytes.to_vec(), &Limits::default())
}

fn entry(file: &Hdf5, path: &str) -> Entry {
    file.entry(file.find(path).unwrap().unwrap()).unwrap()
}

fn read(entry: &Entry) -> Result<()> {
    match entry.data() {
        Data::Varied(varied) => {
            if entry.nbytes() > 0 {
                varied.item(0)?;
            }
            varied.each_digested(&mut |_| {})
        }
        _ => entry.read().map(drop),
    }
}

/// Reads everything that there is; the errors that come of it.
fn read_all(file: &Hdf5) -> Vec<Error> {
    let (mut errors, mut waiting) = (Vec::new(), vec![0]);
    while let Some(id) = waiting.pop() {
        match file.children(id) {
            Ok(children) => waiting.extend(children.iter().map(|child| child.id)),
            Err(e) => errors.push(e),
        }
        if file.kind(id) != NodeKind::Group {
            errors.extend(file.entry(id).and_then(|entry| read(&entry)).err());
        }
        match file.attributes(id) {
            Err(e) => errors.push(e),
            Ok(all) => errors.extend(all.iter().filter_map(|(_, attribute)| match attribute {
                Attribute::Array(entry) => read(entry).err(),
                _ => None,
            })),
        }
    }
    file.check(&mut Vec::new());
    errors
}

#[test]
fn what_h5py_wrote_is_read() {
    for bytes in [OLD, NEW] {
        let file = open(bytes).unwrap();
        assert!(read_all(&file).is_empty());
        let names: Vec<String> =
            file.children(0).unwrap().into_iter().map(|child| child.name).collect();
        let wanted = "chunks group grows plane records references soft texts";
        assert_eq!(names.join(" "), wanted);
        let chunks = entry(&file, "chunks").read().unwrap();
        assert_eq!(chunks.to_vec::<i32>().unwrap(), (0..35).collect::<Vec<_>>());
        let part = entry(&file, "chunks").read_slice(&"5, 1:4".parse().unwrap()).unwrap();
        assert_eq!(part.to_vec::<i32>().unwrap(), [26, 27, 28]);
        assert_eq!(entry(&file, "grows").read().unwrap().to_vec::<i16>().unwrap()[11], 11);
        for path in ["group/array", "group/again", "soft"] {
            let array = entry(&file, path);
            assert!(array.offset().is_some());
            assert_eq!(array.read().unwrap().to_vec::<f64>().unwrap(), [0.0, 1.0, 2.0], "{path}");
        }
        assert_eq!(entry(&file, "records").dtype().to_string(), "[('n', '|u1'), ('s', '|S2')]");
    }
}

#[test]
fn elements_of_no_fixed_length_come_one_by_one() {
    for bytes in [OLD, NEW] {
        let file = open(bytes).unwrap();
        let item = |path: &str, number| match entry(&file, path).data() {
            Data::Varied(varied) => varied.item(number),
            other => panic!("{other:?}"),
        };
        assert!(matches!(item("texts", 2).unwrap(), VariedItem::Text(text) if text == "é"));
        assert!(matches!(item("texts", 1).unwrap(), VariedItem::Text(text) if text.is_empty()));
        let path = item("references", 0).unwrap();
        assert!(matches!(path, VariedItem::Path(Some(path)) if path == "/texts"));
        assert_eq!(item("texts", 3).unwrap_err().kind(), ErrorKind::Invalid);
        let e = entry(&file, "texts").read().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        let notes = file.notes(0).unwrap();
        assert_eq!(notes.meta.get("text"), Some("as it is"));
        assert!(file.notes(file.find("group").unwrap().unwrap()).is_err());
    }
}

#[test]
fn cut_anywhere_it_is_an_error_and_no_panic() {
    for bytes in [OLD, NEW] {
        for len in (0..bytes.len()).step_by(53) {
            let errors = match open(&bytes[..len]) {
                Ok(file) => read_all(&file).len(),
                Err(_) => 1,
            };
            // What is cut off at the very end may be padding.
            assert!(errors > 0 || len > bytes.len() - 4096, "{len}");
        }
    }
}

#[test]
fn damaged_anywhere_it_ends() {
    for bytes in [OLD, NEW] {
        for at in (0..bytes.len()).step_by(5).filter(|at| bytes[*at] != 0 || at % 40 == 0) {
            for change in [0xff, 1, 0x80] {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= change;
                if let Ok(file) = open(&damaged) {
                    read_all(&file);
                }
            }
        }
    }
}

#[test]
fn strings_that_claim_more_than_the_file_has_are_refused() {
    let bytes = include_bytes!("../../../../corpus/hdf5/strings_longer_than_the_file.h5");
    let errors = read_all(&open(bytes).unwrap());
    let is_it =
        |e: &Error| e.kind() == ErrorKind::Corrupt && e.to_string().contains("bytes of data");
    assert!(errors.iter().any(is_it), "{errors:?}");
}

#[test]
fn limits_are_kept() {
    let members = open_with(OLD.to_vec(), &Limits::default().members(3)).unwrap();
    assert_eq!(members.children(0).unwrap_err().kind(), ErrorKind::Limit);
    let depth = open_with(OLD.to_vec(), &Limits::default().depth(1)).unwrap();
    let group = depth.find("group").unwrap().unwrap();
    assert_eq!(depth.children(group).unwrap_err().kind(), ErrorKind::Limit);
    let file = open_with(OLD.to_vec(), &Limits::default().array_nbytes(100)).unwrap();
    let chunks = file.entry(file.find("chunks").unwrap().unwrap()).unwrap();
    assert_eq!(chunks.read().unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn groups_are_in_order_of_creation_where_it_is_kept() {
    use crate::hdf5::{WriteOptions, write_to};
    // Links in the header, and in a heap.
    for many in [3, 40] {
        let names: Vec<String> = (0..many).rev().map(|n| format!("a{n:02}")).collect();
        let mut tree = crate::Tree::new();
        for name in &names {
            tree.insert(name, crate::Array::from_vec(vec![1u8])).unwrap();
        }
        let mut sorted = names.clone();
        sorted.sort();
        for (options, wanted) in
            [(WriteOptions::default().latest(), &names), (WriteOptions::default(), &sorted)]
        {
            let mut bytes = Vec::new();
            write_to(&mut bytes, &tree, &options).unwrap();
            let children = open(&bytes).unwrap().children(0).unwrap();
            assert_eq!(&children.into_iter().map(|child| child.name).collect::<Vec<_>>(), wanted);
        }
    }
}

#[test]
fn what_was_read_is_carried_over_with_its_attributes() {
    use crate::hdf5::{WriteOptions, write_to};
    let options = crate::OpenOptions::default();
    let source = |bytes: &[u8]| Arc::new(MemorySource::new(bytes.to_vec()));
    for bytes in [OLD, NEW] {
        let mut tree =
            options.open_source(source(bytes), "x.h5").unwrap().root().to_tree().unwrap();
        let attributes = |bytes: &[u8]| {
            let file = open(bytes).unwrap();
            let group = file.find("group").unwrap().unwrap();
            let mut all = Vec::new();
            for (name, attribute) in file.attributes(group).unwrap() {
                let Attribute::Array(entry) = attribute else { unreachable!() };
                all.push((name, entry.dtype().clone(), entry.read().unwrap().to_vec::<i64>()));
            }
            all.sort_by(|a, b| a.0.cmp(&b.0));
            format!("{all:?}")
        };
        for form in [WriteOptions::default(), WriteOptions::default().latest()] {
            let mut again = Vec::new();
            write_to(&mut again, &tree, &form).unwrap();
            assert_eq!(attributes(&again), attributes(bytes));
            let file = open(&again).unwrap();
            assert!(read_all(&file).is_empty());
            let texts = entry(&file, "texts");
            let Data::Varied(varied) = texts.data() else { panic!("{texts:?}") };
            assert!(matches!(varied.item(2).unwrap(), VariedItem::Text(text) if text == "é"));
            let references = entry(&file, "references");
            let Data::Varied(varied) = references.data() else { panic!("{references:?}") };
            let path = varied.item(0).unwrap();
            assert!(matches!(path, VariedItem::Path(Some(path)) if path == "/texts"));
        }
        tree.remove("references");
        #[cfg(feature = "npz")]
        {
            let e =
                crate::npz::write_to(&mut Vec::new(), &tree, &crate::npz::WriteOptions::default())
                    .unwrap_err();
            assert!(e.to_string().contains("the attribute 'a0' of dtype"), "{e}");
            assert_eq!(e.kind(), ErrorKind::Unsupported);
            // Notes that are set take the place of all.
            let mut group =
                crate::Tree::new().with("g", tree.get("group").unwrap().clone()).unwrap();
            group.set_notes("g", crate::Notes::default()).unwrap();
            crate::npz::write_to(&mut Vec::new(), &group, &crate::npz::WriteOptions::default())
                .unwrap();
        }
    }
}

#[test]
fn heaps_of_files_with_short_lengths_are_read() {
    let file = open(include_bytes!("../../../../corpus/hdf5/four.h5")).unwrap();
    assert!(read_all(&file).is_empty());
    assert_eq!(file.notes(0).unwrap().meta.get("text"), Some("as it is"));
    let texts = entry(&file, "texts");
    let Data::Varied(varied) = texts.data() else { panic!("{texts:?}") };
    for (number, expected) in [(0, "a"), (1, ""), (2, "a longer one")] {
        let item = varied.item(number).unwrap();
        assert!(matches!(&item, VariedItem::Text(text) if text == expected), "{item:?}");
    }
}

#[test]
fn paths_to_the_same_objects_are_counted() {
    let bytes = include_bytes!("../../../../corpus/hdf5/doubled.h5");
    let file = open(bytes).unwrap();
    let errors = read_all(&file);
    assert!(errors.iter().all(|e| e.kind() == ErrorKind::Limit), "{errors:?}");
    assert!(errors[0].to_string().contains("paths to objects"), "{errors:?}");
    // One path at a time is no matter.
    let deep = format!("g0{}", "/left".repeat(24));
    assert!(open(bytes).unwrap().find(&deep).unwrap().is_some());
}

#[test]
fn links_that_lead_nowhere_are_told() {
    let file = open(include_bytes!("../../../../corpus/hdf5/outward.h5")).unwrap();
    assert!(file.left_out().is_empty());
    assert!(read_all(&file).is_empty());
    let paths: Vec<String> = file.left_out().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["group/out", "missing", "soft"]);
    assert!(file.left_out()[0].1.contains("../outside.h5"));
}

#[test]
fn texts_and_dates_come_back_with_their_dtype() {
    use crate::hdf5::{WriteOptions, write_to};
    let record = "[('u', '<U2'), ('d', '<m8[ns]'), ('n', '<i2'), ('s', '>U1', (2,))]";
    for dtype in ["<U2", ">U3", "<M8[25s]", ">m8[D]", "<M8", record] {
        let dtype = crate::Dtype::parse(dtype).unwrap();
        let len = 3 * dtype.itemsize();
        let bytes: Vec<u8> = (0..len).map(|n| u8::try_from(n % 90).unwrap()).collect();
        let array =
            crate::Array::new(dtype.clone(), &[3], crate::MemoryOrder::C, bytes.clone().into())
                .unwrap();
        let tree = crate::Tree::new().with("a", array).unwrap();
        for options in [WriteOptions::default(), WriteOptions::default().latest()] {
            let mut written = Vec::new();
            write_to(&mut written, &tree, &options).unwrap();
            let again = entry(&open(&written).unwrap(), "a").read().unwrap();
            assert_eq!(again.dtype(), &dtype);
            assert_eq!(again.bytes().unwrap(), bytes);
        }
    }
}

#[test]
fn attributes_are_compared_though_one_of_them_is_no_text() {
    use super::{Draft, WriteOptions};
    use crate::{Array, Tree};
    let dir = tempfile::tempdir().unwrap();
    let tree = |unit: &str, run: Option<Array>, lines: Option<&str>| {
        let tree = Tree::new().with("g/d", Array::from_vec(vec![1u8])).unwrap();
        let mut draft = Draft::new(tree).attribute("g/d", "unit", unit).unwrap();
        if let Some(run) = run {
            draft = draft.attribute("g/d", "run", run).unwrap();
        }
        if let Some(line) = lines {
            draft = draft.attribute("", "lines", vec![line.to_owned(), "b".to_owned()]).unwrap();
        }
        let path = dir.path().join("x.h5");
        draft.write(&path, &WriteOptions::default()).unwrap();
        crate::open(&path).unwrap().root().to_tree().unwrap()
    };
    let told = |left: &Tree, right: &Tree| -> Vec<String> {
        let report = crate::trees::compare(left, right, &Default::default()).unwrap();
        assert!(report.unread().is_empty(), "{report:?}");
        report.differences().iter().map(|d| format!("{}: {d}", d.name)).collect()
    };
    let run = |run: i32| Some(Array::from_vec(vec![run]));
    let nan = || Some(Array::from_vec(vec![f64::NAN]));
    let base = tree("m", run(1), Some("a"));
    assert!(told(&base, &tree("m", run(1), Some("a"))).is_empty());
    assert!(told(&tree("m", nan(), None), &tree("m", nan(), None)).is_empty());
    assert_eq!(told(&base, &tree("km", run(1), Some("a"))), ["g/d: metadata 'unit': 'm' and 'km'"]);
    let both = told(&base, &tree("km", run(2), Some("c")));
    assert_eq!(both.len(), 3, "{both:?}");
    assert_eq!(both[0], "@lines: another content");
    assert!(both[2].starts_with("g/d@run: ") && both[2].contains("1 and 2"), "{both:?}");
    // Where only one side has attributes that are no text, the text is compared all the same.
    let gone = "g/d@run: only on the left: an array";
    assert_eq!(told(&base, &tree("m", None, Some("a"))), [gone]);
    assert_eq!(
        told(&tree("km", None, Some("a")), &base),
        ["g/d: metadata 'unit': 'km' and 'm'", "g/d@run: only on the right: an array"]
    );
    assert_eq!(
        told(&base, &tree("m", Some(Array::from_vec(vec![1i64])), Some("a"))),
        ["g/d@run: dtype <i4 and <i8"]
    );
    let longer = Some(Array::from_vec(vec![1, 1]));
    assert_eq!(told(&base, &tree("m", longer, Some("a"))), ["g/d@run: shape (1,) and (2,)"]);
}

#[test]
fn a_dataset_that_lost_a_message_is_no_datatype() {
    use super::file::File;
    use super::object::header::{self, kind};
    use super::paths::follow;
    use super::{WriteOptions, write_to};
    let tree = crate::Tree::new().with("x", crate::Array::from_vec(vec![1.0, 2.0, 3.0])).unwrap();
    let mut whole = Vec::new();
    write_to(&mut whole, &tree, &WriteOptions::default()).unwrap();
    let (source, limits) = (Arc::new(MemorySource::new(whole.clone())), Arc::default());
    let file = Arc::new(File::open(source, limits, Arc::default()).unwrap());
    let address = follow(&file, file.superblock().root, "x").unwrap();
    let lost = header::read(&file, address).unwrap();
    for (kind, named) in [
        (kind::LAYOUT, "a layout of a dataset"),
        (kind::DATATYPE, "a datatype of a dataset"),
        (kind::DATASPACE, "a dataspace of a dataset"),
    ] {
        // The type of a message stands 8 bytes before its body; one is unknown, one says nothing.
        let at = usize::try_from(lost.find(kind).unwrap().offset).unwrap() - 8;
        for other in [0x33, 0] {
            let mut bytes = whole.clone();
            assert_eq!(u16::from(bytes[at]), kind);
            bytes[at] = other;
            let file = open(&bytes).unwrap();
            let id = file.find("x").unwrap().unwrap();
            assert_eq!(file.kind(id), NodeKind::Array);
            let e = file.entry(id).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Corrupt);
            assert_eq!(e.offset(), Some(lost.offset), "{e}");
            assert!(e.to_string().contains(named), "{e}");
        }
    }
}

#[test]
fn fields_stay_in_the_order_of_the_file() {
    use super::{WriteOptions, write_to};
    use crate::{Array, Dtype, Field, MemoryOrder, OpenOptions, Record, Tree};
    let scalar = |text: &str| Dtype::parse(text).unwrap();
    let inner = vec![Field::new("z", scalar(">f4"), 4), Field::new("y", scalar("<u2"), 0)];
    let inner = Dtype::from(Record::new(inner, Some(8)).unwrap());
    let fields = vec![
        Field::new("b", scalar("<i4"), 8),
        Field::new("a", scalar("<i2"), 1),
        Field::new("in", Dtype::array(inner, &[1]).unwrap(), 12),
    ];
    let dtype = Dtype::from(Record::new(fields, Some(20)).unwrap());
    let bytes: Vec<u8> = (0..40).collect();
    let array = Array::new(dtype.clone(), &[2], MemoryOrder::C, bytes.clone().into()).unwrap();
    let tree = Tree::new().with("x", array).unwrap();
    for form in [WriteOptions::default(), WriteOptions::default().latest()] {
        let mut file = Vec::new();
        write_to(&mut file, &tree, &form).unwrap();
        let source = Arc::new(MemorySource::new(file.clone()));
        let root = OpenOptions::default().open_source(source, "x.h5").unwrap().root();
        let read = root.get("x").unwrap().read().unwrap();
        assert_eq!((read.dtype(), read.bytes()), (&dtype, Some(&bytes[..])));
        let mut again = Vec::new();
        write_to(&mut again, &root.to_tree().unwrap(), &form).unwrap();
        assert!(again == file);
    }
}
