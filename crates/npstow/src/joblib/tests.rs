#![forbid(unsafe_code)]

use super::{Compressor, WriteOptions, from_bytes, from_source, scan, to_bytes, write, write_to};
use crate::pickle::{self, Options, Verdict};
use crate::{Array, Error, ErrorKind, Item, MemoryOrder, MemorySource, OpenOptions, Result, Tree};
use std::path::Path;
use std::sync::Arc;

/// An object of joblib's with these attributes, each of them opcodes; behind it, what belongs to it.
fn wrapper(class: &str, attributes: &[(&str, &[u8])], behind: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x80\x02c".to_vec();
    bytes.extend_from_slice(class.replace(':', "\n").as_bytes());
    bytes.extend_from_slice(b"\n)\x81}(");
    for (name, value) in attributes {
        bytes.push(b'X');
        bytes.extend_from_slice(&u32::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(value);
    }
    bytes.extend_from_slice(b"ub");
    bytes.extend_from_slice(behind);
    bytes
}

const CLASS: &str = "joblib.numpy_pickle:NumpyArrayWrapper";
const U2: &[u8] = b"cnumpy\ndtype\nX\x02\0\0\0u2K\0K\x01\x87Rq\x01(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb";
const OBJECT: &[u8] = b"cnumpy\ndtype\nX\x02\0\0\0O8K\0K\x01\x87R";
const NDARRAY: &[u8] = b"cnumpy\nndarray\n";
const C: &[u8] = b"X\x01\0\0\0C";
const F: &[u8] = b"X\x01\0\0\0F";

fn old(shape: &[u8], order: &[u8], dtype: &[u8], behind: &[u8]) -> Vec<u8> {
    let attributes = [("subclass", NDARRAY), ("shape", shape), ("order", order), ("dtype", dtype)];
    wrapper(CLASS, &attributes, behind)
}

/// Two numbers as joblib has them since it maps arrays, and one more attribute.
fn new(more: (&str, &[u8]), behind: &[u8]) -> Vec<u8> {
    let attributes = [
        ("subclass", NDARRAY),
        ("shape", b"K\x02\x85"),
        ("order", C),
        ("dtype", U2),
        ("allow_mmap", b"\x88"),
        more,
    ];
    wrapper(CLASS, &attributes, behind)
}

fn read(bytes: Vec<u8>) -> Result<crate::Value> {
    from_bytes(bytes, &Options::default())
}

#[test]
fn arrays_stand_between_the_opcodes() {
    let value = read(old(b"K\x02\x85", C, U2, b"\x01\0\x02\0.")).unwrap();
    assert_eq!(value.to_array().unwrap().as_slice::<u16>().unwrap(), [1, 2]);
    let value = read(old(b"K\x01K\x02\x86", F, U2, b"\x01\0\x02\0.")).unwrap();
    assert_eq!(value.to_array().unwrap().strides(), [2, 2]);
    // Since 1.2 there is padding.
    let aligned = ("numpy_array_alignment_bytes", &b"K\x10"[..]);
    let bytes = new(aligned, b"\x03\xff\xff\xff\x01\0\x02\0.");
    assert_eq!(read(bytes).unwrap().to_array().unwrap().as_slice::<u16>().unwrap(), [1, 2]);
}

#[test]
fn objects_stand_there_as_a_pickle() {
    let inner = pickle::to_bytes(
        &pickle::from_bytes(b"(I1\nS'a'\ntp0\n.".to_vec(), &Options::default()).unwrap(),
        &pickle::WriteOptions::default(),
    )
    .unwrap();
    // What the pickle within remembers is not what the one around it remembers.
    let mut bytes = b"\x80\x02]q\x05".to_vec();
    let within = old(b"K\x02\x85", C, OBJECT, &inner);
    bytes.extend_from_slice(&within[2..]);
    bytes.extend_from_slice(b"ah\x05a.");
    let value = read(bytes).unwrap();
    assert_eq!(value.item(0).unwrap().to_string(), "(1, 'a')");
    assert_eq!(value.items().len(), 2);
}

#[test]
fn an_object_like_those_of_joblib_remains_one_for_pickle() {
    let bytes = old(b"K\x02\x85", C, U2, b".");
    let value = pickle::from_bytes(bytes, &Options::default()).unwrap();
    let class = value.class().unwrap();
    assert_eq!(class.as_global(), Some(("joblib.numpy_pickle", "NumpyArrayWrapper")));
}

#[test]
fn dumps_are_cut_anywhere_and_refused() {
    let mut tree = Tree::new();
    for (name, order) in [("a", MemoryOrder::C), ("b", MemoryOrder::F)] {
        let array = Array::from_vec((0..12_i16).collect::<Vec<_>>()).reshape(&[3, 4]).unwrap();
        tree.insert(name, array.to_contiguous(order).unwrap()).unwrap();
    }
    let mut bytes = Vec::new();
    write_to(&mut bytes, &tree, &WriteOptions::default()).unwrap();
    assert!(read(bytes.clone()).is_ok());
    for len in 0..bytes.len() {
        assert!(read(bytes[..len].to_vec()).is_err(), "{len} of {}", bytes.len());
    }
}

#[test]
fn what_lies_is_refused() {
    let kind = |bytes| read(bytes).unwrap_err().kind();
    for (bytes, expected) in [
        // A length that is not there, and one that nobody has.
        (old(b"K\x09\x85", C, U2, b"\x01\0."), ErrorKind::Corrupt),
        (old(b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85", C, U2, b"."), ErrorKind::Limit),
        (old(b"J\xff\xff\xff\xff\x85", C, U2, b"."), ErrorKind::Corrupt),
        (old(b"K\x01\x85", b"X\x01\0\0\0K", U2, b"\x01\0."), ErrorKind::Corrupt),
        (old(b"K\x01\x85", C, b"K\x02", b"\x01\0."), ErrorKind::Unsupported),
        (wrapper(CLASS, &[("shape", b")"), ("order", C)], b"."), ErrorKind::Corrupt),
        // A pickle within that is none.
        (old(b"K\x01\x85", C, OBJECT, b"\xff."), ErrorKind::Corrupt),
        // A file beside what is in memory.
        (
            wrapper("joblib.numpy_pickle:NDArrayWrapper", &[("filename", b"X\x01\0\0\0x")], b"."),
            ErrorKind::Unsupported,
        ),
    ] {
        assert_eq!(kind(bytes.clone()), expected, "{}", bytes.escape_ascii());
    }
    // Attributes that are no dictionary.
    assert_eq!(
        kind(b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81K\x01b.".to_vec()),
        ErrorKind::Corrupt
    );
}

#[test]
fn pickles_within_pickles_within_are_not_followed() {
    // Within the pickle of an array of objects joblib reads a plain pickle.
    let within = old(b"K\x01\x85", C, U2, b".");
    let value = read(old(b"K\x01\x85", C, OBJECT, &[&within[..], b"."].concat())).unwrap();
    assert!(value.class().is_some());
}

/// A file beside a dump.
fn beside(name: &str) -> Vec<u8> {
    let mut text = vec![b'X'];
    text.extend_from_slice(&u32::try_from(name.len()).unwrap().to_le_bytes());
    text.extend_from_slice(name.as_bytes());
    let attributes = [("filename", &text[..]), ("subclass", NDARRAY)];
    wrapper("joblib.numpy_pickle:NDArrayWrapper", &attributes, b".")
}

#[test]
fn files_beside_stay_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let array = Array::from_vec(vec![1_u16, 2]);
    crate::npy::write(dir.path().join("x.npy"), &array).unwrap();
    crate::npy::write(inner.join("x.npy"), &array).unwrap();
    let open = |name: &str| {
        let path = inner.join("dump.pkl");
        std::fs::write(&path, beside(name)).unwrap();
        super::open(&path, &Options::default())
    };
    let value = open("x.npy").unwrap();
    assert_eq!(value.to_array().unwrap().as_slice::<u16>().unwrap(), [1, 2]);
    let file = crate::open(inner.join("dump.pkl")).unwrap();
    assert_eq!((file.format().name(), file.root().shape().unwrap().len()), ("joblib", 1));
    let entry = file.root().entry().unwrap();
    assert_eq!(entry.offset(), Some(128));
    let absolute = dir.path().join("x.npy");
    for name in ["../x.npy", "none.npy", absolute.to_str().unwrap(), "dump.pkl"] {
        assert!(open(name).is_err(), "{name}");
    }
    // Bytes that a caller gives have no folder, whatever they are called.
    let source = Arc::new(MemorySource::new(beside("x.npy")));
    let named = OpenOptions::default().open_source(source.clone(), inner.join("dump.pkl"));
    assert!(named.is_err());
    assert!(from_source(source, Some(&inner), &Options::default()).is_ok());
}

fn tree() -> Result<Tree> {
    let value =
        pickle::from_bytes(b"(dS'k'\n(lp1\nI1\nasS'l'\ng1\ns.".to_vec(), &Options::default())?;
    Tree::new()
        .with("a/b", Array::from_vec((0..5000).map(f64::from).collect::<Vec<_>>()))?
        .with("c", Array::from_vec(vec![1_u8, 2, 3]))?
        .with("o", Item::try_from(&value)?)
}

#[test]
fn what_is_written_is_read_however_it_is_packed() {
    for compressor in ["none", "zlib", "gzip", "bz2", "lzma", "xz", "lz4"] {
        let compressor = Compressor::of_name(compressor).unwrap();
        for protocol in 2..=5 {
            let options = WriteOptions::default().compress(compressor, None).protocol(protocol);
            let mut bytes = Vec::new();
            write_to(&mut bytes, &tree().unwrap(), &options).unwrap();
            let value = read(bytes.clone()).unwrap();
            let b = value.get("a").unwrap().get("b").unwrap().to_array().unwrap();
            assert_eq!(b.as_slice::<f64>().unwrap()[4999], 4999.0);
            assert_eq!(value.get("o").unwrap().to_string(), "{'k': [1], 'l': [1]}");
            // Read, and written again, it is the same.
            assert!(to_bytes(&value, &options).unwrap() == bytes, "{compressor} {protocol}");
        }
    }
}

#[test]
fn arrays_can_be_viewed_where_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.joblib");
    write(&path, &tree().unwrap(), &WriteOptions::default()).unwrap();
    let file = crate::open(&path).unwrap();
    assert_eq!(file.format().name(), "joblib");
    let entry = file.get("a/b").unwrap().entry().unwrap();
    assert_eq!(entry.offset().unwrap() % 64, 0);
    assert_eq!(entry.view().unwrap().as_slice::<f64>().unwrap()[7], 7.0);
    let slice = entry.read_slice(&"10:12".parse().unwrap()).unwrap();
    assert_eq!(slice.as_slice::<f64>().unwrap(), [10.0, 11.0]);
    assert!(file.verify().unwrap().is_empty());
}

#[test]
fn options_that_a_compressor_has_not_are_refused() {
    let fails = |compressor, level| {
        let options = WriteOptions::default().compress(compressor, Some(level));
        write_to(&mut Vec::new(), &tree().unwrap(), &options).err().map(|e: Error| e.to_string())
    };
    assert_eq!(fails(Compressor::Lz4, 9).unwrap(), "not supported: level 9 of lz4 (0 to 2)");
    assert_eq!(fails(Compressor::Bzip2, 0).unwrap(), "not supported: level 0 of bz2 (1 to 9)");
    assert_eq!(fails(Compressor::None, 3).unwrap(), "a level without a compressor");
    assert_eq!(fails(Compressor::Zlib, 12), None);
    let options = WriteOptions::default().protocol(1);
    assert!(write_to(&mut Vec::new(), &tree().unwrap(), &options).is_err());
}

#[test]
fn the_extension_says_how_it_is_packed() {
    let dir = tempfile::tempdir().unwrap();
    for (name, start) in [
        ("x.joblib", &b"\x80\x04"[..]),
        ("x.joblib.z", b"\x78\x5e"),
        ("x.joblib.gz", b"\x1f\x8b"),
        ("x.joblib.bz2", b"BZh9"),
        ("x.joblib.xz", b"\xfd7zXZ"),
        ("x.joblib.lzma", b"\x5d\0\0"),
        ("x.joblib.lz4", b"\x04\x22\x4d\x18"),
    ] {
        let path = dir.path().join(name);
        crate::save(&path, &tree().unwrap()).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(start), "{name}");
        assert_eq!(crate::open(&path).unwrap().format().name(), "joblib", "{name}");
    }
}

#[test]
fn names_are_found_behind_and_within_arrays() {
    let found = |bytes: Vec<u8>, folder: Option<&Path>| {
        let scan = scan(Arc::new(MemorySource::new(bytes)), folder, &Default::default()).unwrap();
        let names: Vec<String> = scan.mentions.iter().map(|m| format!("{:?}", m.what)).collect();
        (names.join(" "), scan.verdict(), scan.fault.is_some())
    };
    // Behind an array, in the pickle of an array of objects, in a file beside.
    let call = b"cos\nsystem\n(S'x'\ntR.";
    let behind = old(b"K\x02\x85", C, U2, &[&b"\x01\0\x02\0"[..], call].concat());
    let within = old(b"K\x02\x85", C, OBJECT, &[&call[..], b"."].concat());
    for bytes in [behind, within] {
        let (names, verdict, fault) = found(bytes, None);
        assert!(names.contains("system") && verdict == Verdict::Code && !fault, "{names}");
    }
    // Elements that a plain reader of pickles would run.
    let hidden = old(b"K\x06\x85", C, U2, b"cos\nsystem\n).");
    let hidden = [&hidden[..], b"."].concat();
    assert!(found(hidden, None).0.contains("system"));
    let clean = old(b"K\x02\x85", C, U2, b"\x01\0\x02\0.");
    assert_eq!(found(clean, None).1, Verdict::Data);
    let dir = tempfile::tempdir().unwrap();
    let (names, _, fault) = found(beside("x.npy"), Some(dir.path()));
    assert!(fault && names.contains("NDArrayWrapper"));
}

#[test]
fn what_is_in_front_of_damage_is_looked_into() {
    use crate::Sink;
    use crate::packed::{Method, Packer};
    // What decoders look ahead is behind the call.
    let noise: Vec<u8> =
        (0..100_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let dump = [&b"\x80\x04cos\nsystem\n(X\x01\0\0\0xtRB\xa0\x86\x01\0"[..], &noise, b"."].concat();
    let found = |bytes: Vec<u8>| {
        let scan = scan(Arc::new(MemorySource::new(bytes)), None, &Default::default()).unwrap();
        (scan.mentions.len(), scan.verdict(), scan.fault.is_some())
    };
    for method in [Method::Zlib, Method::Gzip, Method::Bzip2, Method::Lzma, Method::Xz, Method::Lz4]
    {
        let mut whole = Vec::new();
        let mut packer = Packer::new(method, 3, &mut whole).unwrap();
        packer.write_all(&dump).unwrap();
        packer.finish().unwrap();
        assert_eq!(found(whole.clone()), (1, Verdict::Code, false), "{method:?}");
        let cut = whole[..whole.len() - 2].to_vec();
        let behind = [&whole[..], b"junk"].concat();
        for (what, damaged) in [("cut", cut), ("junk", behind)] {
            // Nobody unpacks a part of a block of lz4.
            let expected = match (method, what) {
                (Method::Lz4, "cut") => (0, Verdict::Unknown, true),
                _ => (1, Verdict::Code, true),
            };
            assert_eq!(found(damaged), expected, "{method:?} {what}");
        }
    }
    assert_eq!(found(b"\x78\x9c".to_vec()), (0, Verdict::Unknown, true));
}

#[test]
fn nothing_of_a_frame_stands_in_front_of_the_elements() {
    // joblib has the frame in memory: it takes the elements from behind it, then runs the rest.
    let dump = |rest: &[u8]| {
        let opcodes = [&old(b"K\x02\x85", C, U2, b"")[2..], rest].concat();
        let len = (opcodes.len() as u64).to_le_bytes();
        [&b"\x80\x04\x95"[..], &len, &opcodes, b"\x01\0\x02\0."].concat()
    };
    let value = read(dump(b"")).unwrap();
    assert_eq!(value.to_array().unwrap().as_slice::<u16>().unwrap(), [1, 2]);
    let e = read(dump(b"NNNN0000")).unwrap_err();
    assert!(e.to_string().contains("elements behind the end of a frame"), "{e}");
    let scan = scan(Arc::new(MemorySource::new(dump(b"N0N0"))), None, &Default::default()).unwrap();
    assert!(scan.fault.is_some() && scan.verdict() != Verdict::Data);
    // The same of the pickle of an array of objects.
    let inner = |len: u64| {
        let inner = [&b"\x80\x04\x95"[..], &len.to_le_bytes(), b"K\x07."].concat();
        read(old(b"K\x01\x85", C, OBJECT, &[&inner[..], b"0N."].concat()))
    };
    assert!(inner(3).is_ok() && inner(4).is_err());
}

#[test]
fn attributes_that_joblib_does_not_write_are_refused() {
    let with = |name, value| read(new((name, value), b"\x01\0\x02\0."));
    assert!(with("subclass", NDARRAY).is_ok());
    for name in ["safe_get_numpy_array_alignment_bytes", "read", "read_array", "filename", "x"] {
        let e = with(name, b"cbuiltins\nlist\n").unwrap_err();
        assert!(e.to_string().contains(&format!("an attribute '{name}' of an array")), "{e}");
    }
    let attributes = [("filename", &b"X\x01\0\0\0x"[..]), ("read", b"cbuiltins\nslice\n")];
    let e = read(wrapper("joblib.numpy_pickle:NDArrayWrapper", &attributes, b".")).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    assert!(e.to_string().contains("an attribute 'read'"), "{e}");
    // Bytes of Python 3 are no name, and no order; strings of Python 2 are.
    let of = |from: &[u8], to: &[u8]| {
        let bytes = old(b"K\x02\x85", F, U2, b"\x01\0\x02\0.");
        let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
        let bytes = [&bytes[..at], to, &bytes[at + from.len()..]].concat();
        // Also where strings of Python 2 are bytes, as they are in a scan.
        let as_bytes = Options::default().strings(pickle::Python2::Bytes);
        let read = read(bytes.clone());
        assert_eq!(read.is_ok(), from_bytes(bytes, &as_bytes).is_ok());
        read
    };
    for start in [&b"U\x01F"[..], b"T\x01\0\0\0F", b"S'F'\n"] {
        assert!(of(F, start).is_ok(), "{}", start.escape_ascii());
    }
    for start in
        [&b"C\x01F"[..], b"B\x01\0\0\0F", b"c_codecs\nencode\nX\x01\0\0\0FU\x06latin1\x86R"]
    {
        assert!(of(F, start).is_err(), "{}", start.escape_ascii());
    }
    assert!(of(b"X\x05\0\0\0order", b"C\x05order").is_err());
    assert!(read(old(b"\x88\x85", C, U2, b"\x01\0.")).is_err());
}

#[test]
fn arrays_that_a_call_makes_are_refused() {
    // The arguments set attributes: joblib then skips padding that the state says nothing of.
    let bytes = old(b"K\x02\x85", C, U2, b"\x01\0\x02\0.");
    let at = bytes.windows(2).position(|part| part == b")\x81").unwrap();
    for (made, is_read) in [
        (&b")\x81"[..], true),
        (b")R", false),
        (b"(NNNNtR", false),
        (b"(NNNNt\x81", false),
        (b")}\x92", true),
        (b"N\x85}\x92", false),
    ] {
        let bytes = [&bytes[..at], made, &bytes[at + 2..]].concat();
        assert_eq!(read(bytes).is_ok(), is_read, "{}", made.escape_ascii());
    }
}

/// Bytes that are read, not shown, and how often.
#[derive(Debug)]
struct Counted(Vec<u8>, std::sync::atomic::AtomicUsize);

impl crate::Source for Counted {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> std::io::Result<()> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let start = usize::try_from(offset).unwrap();
        dst.copy_from_slice(&self.0[start..start + dst.len()]);
        Ok(())
    }

    fn view(&self, _: u64, _: usize) -> Result<crate::Buffer> {
        Err(Error::unsupported("showing what is read"))
    }
}

#[test]
fn a_file_of_many_arrays_is_opened_with_few_reads() {
    let mut tree = Tree::new();
    for n in 0..1000u16 {
        // Some are so small that they are kept, some so large that they are no neighbours.
        let len = [3, 400, 700, 400, 60_000][usize::from(n) % 5] / if n > 100 { 20 } else { 1 };
        let len = if n % 5 == 1 { 400 } else { len };
        tree = tree.with(&format!("a{n}"), Array::from_vec(vec![n; len])).unwrap();
    }
    let mut bytes = Vec::new();
    write_to(&mut bytes, &tree, &WriteOptions::default()).unwrap();
    let source = Arc::new(Counted(bytes, std::sync::atomic::AtomicUsize::new(0)));
    let file = OpenOptions::default().open_source(source.clone(), "x").unwrap();
    let reads = source.1.load(std::sync::atomic::Ordering::Relaxed);
    assert!((2..=80).contains(&reads), "{reads}");
    let loaded = file.load().unwrap();
    for (path, item) in tree.iter() {
        let (Item::Array(made), Some(Item::Array(read))) = (item, loaded.get(path)) else {
            panic!("{path}")
        };
        assert!(made.bytes() == read.bytes() && made.shape() == read.shape(), "{path}");
    }
}

#[test]
fn names_that_come_again_are_looked_at_wherever_they_stand() {
    // As joblib writes it: the second object has its names by what is remembered of the first.
    let two = |second: &[u8]| {
        let first = new(("numpy_array_alignment_bytes", b"N"), b"\x01\0\x02\0");
        let mut bytes = b"\x80\x02]".to_vec();
        // Each name is remembered by its number: `q` and a number behind it.
        let mut rest = &first[2..];
        for (number, name) in ["shape", "order", "dtype", "allow_mmap"].into_iter().enumerate() {
            let text = [&[b'X', u8::try_from(name.len()).unwrap(), 0, 0, 0], name.as_bytes()];
            let text = text.concat();
            let at = rest.windows(text.len()).position(|part| part == text).unwrap() + text.len();
            bytes.extend_from_slice(&rest[..at]);
            bytes.extend_from_slice(&[b'q', 0x10 + u8::try_from(number).unwrap()]);
            rest = &rest[at..];
        }
        bytes.extend_from_slice(rest);
        bytes.extend_from_slice(b"acjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(");
        bytes.extend_from_slice(second);
        bytes.extend_from_slice(b"ub\x03\0\x04\0a.");
        read(bytes).and_then(|value| value.item(1).unwrap().to_array())
    };
    let class = [b"X\x08\0\0\0subclass", NDARRAY].concat();
    let (shape, order, dtype) = (&b"K\x02\x85"[..], C, U2);
    let same = [&class, &b"h\x10"[..], shape, b"h\x11", order, b"h\x12", dtype].concat();
    assert_eq!(two(&same).unwrap().as_slice::<u16>().unwrap(), [3, 4]);
    let moved = [&b"h\x12"[..], dtype, b"h\x11", order, &class, b"h\x10", shape].concat();
    assert_eq!(two(&moved).unwrap().as_slice::<u16>().unwrap(), [3, 4]);
    // What stands where the shape stood before is no shape.
    let swapped = [&class, &b"h\x11"[..], shape, b"h\x10", order, b"h\x12", dtype].concat();
    let e = two(&swapped).unwrap_err();
    assert!(e.to_string().contains("text as 'order'"), "{e}");
    // The last of a name counts, as in Python.
    let twice =
        [&class, &b"h\x10K\x01\x85h\x10"[..], shape, b"h\x11", order, b"h\x12", dtype].concat();
    assert_eq!(two(&twice).unwrap().len(), 2);
    let foreign = [&class, &b"X\x05\0\0\0shap\xc3"[..], shape].concat();
    assert!(two(&foreign).is_err());
}
