//! Any path as a tree, any tree to a path.

use super::support::counted;
use npstow::{Array, ErrorKind, Fault, Format, MemoryOrder, NodeKind, OpenOptions, Tree};

#[test]
fn a_npy_file_is_its_array() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no extension");
    let array = counted("<f4", &[3, 2], MemoryOrder::C);
    npstow::npy::write(&path, &array).unwrap();
    let file = npstow::open(&path).unwrap();
    assert_eq!((file.format(), file.root().kind()), (Format::Npy, NodeKind::Array));
    assert_eq!(file.arrays().unwrap().len(), 1);
    assert!(file.root().children().unwrap().is_empty());
    let e = file.get("photon/x").unwrap_err();
    assert_eq!((e.kind(), e.path()), (ErrorKind::NotFound, Some(&*path)));
    let node = file.get("").unwrap();
    assert_eq!(node.shape().unwrap(), [3, 2]);
    assert_eq!(node.read().unwrap().bytes(), array.bytes());
    assert!(node.attributes().unwrap().is_empty());
}

#[test]
fn a_stream_is_opened_as_a_file_is() {
    let array = counted("<f4", &[3, 2], MemoryOrder::C);
    let bytes = npstow::npy::to_bytes(&array, &Default::default()).unwrap();
    let file = OpenOptions::default().open_reader(&mut &bytes[..], "-").unwrap();
    assert_eq!(file.root().read().unwrap().bytes(), array.bytes());
    let e = OpenOptions::default().open_reader(&mut &b"hello"[..], "-").unwrap_err();
    assert_eq!(e.to_string(), "-: at byte 0: expected a file of arrays, found 'hello'");
}

#[test]
fn saving_is_by_extension_and_loses_no_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let array = Array::from_vec(vec![1i32, 2]);
    npstow::save(&path, &Tree::from(&array)).unwrap();
    assert_eq!(npstow::open(&path).unwrap().root().read().unwrap().bytes(), array.bytes());
    // An entry of a file is a tree's item as well; here a file replaces itself.
    let entry = npstow::open(&path).unwrap().root().entry().unwrap();
    npstow::save(&path, &Tree::from(entry)).unwrap();
    assert_eq!(npstow::open(&path).unwrap().root().read().unwrap().bytes(), array.bytes());
    let named = Tree::new().with("a", &array).unwrap();
    assert_eq!(npstow::save(&path, &named).unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(npstow::save(&path, &Tree::new()).unwrap_err().kind(), ErrorKind::Invalid);
    #[cfg(feature = "pickle")]
    npstow::save(dir.path().join("x.pkl"), &named).unwrap();
    #[cfg(not(feature = "pickle"))]
    {
        let e = npstow::save(dir.path().join("x.pkl"), &named).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        assert!(e.to_string().contains("not supported: writing the format pickle"), "{e}");
    }
    #[cfg(feature = "hdf5")]
    npstow::save(dir.path().join("x.h5"), &named).unwrap();
    for name in ["x.mat", "x.nc"] {
        let e = npstow::save(dir.path().join(name), &named).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid);
    }
    let e = npstow::save(dir.path().join("x.txt"), &named).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Invalid);
}

#[test]
fn formats_that_are_not_read_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("no extension");
    for (start, what) in [(b"\x0e\x03\x13\x01", "an HDF4 file"), (b"CDF\x01", "a netCDF-3 file")] {
        std::fs::write(&path, start).unwrap();
        let e = npstow::open(&path).unwrap_err();
        assert_eq!((e.kind(), e.path()), (ErrorKind::Unsupported, Some(&*path)));
        assert!(e.to_string().ends_with(&format!("not supported: {what}")), "{e}");
    }
}

#[test]
fn verify_tells_damage_from_what_numpy_leaves_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let bytes = npstow::npy::to_bytes(&counted("|b1", &[4], MemoryOrder::C), &Default::default());
    let bytes = bytes.unwrap();
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let faults = npstow::verify(&path).unwrap();
        faults
            .into_iter()
            .map(|fault| match fault {
                Fault::Error(e) => format!("error at {:?}: {}", e.offset(), e.what()),
                Fault::Note(note) => note,
                _ => unreachable!(),
            })
            .collect::<Vec<_>>()
    };
    assert!(told(&bytes).is_empty());
    let mut two = bytes.clone();
    two[130] = 2;
    assert_eq!(told(&two), ["error at Some(130): expected a boolean of 0 or 1, found 2"]);
    assert_eq!(
        told(&[&bytes[..], b"tail"].concat()),
        ["4 bytes behind the data, from byte 132 on"]
    );
    assert_eq!(
        told(&[&bytes[..], &bytes].concat()),
        ["another array behind the data, at byte 132"]
    );
    assert_eq!(
        told(&[&bytes[..], &bytes[..131]].concat())[0],
        "error at Some(260): expected 4 bytes of data, found the end after 3"
    );
    assert_eq!(
        told(&bytes[..130]),
        ["error at Some(128): expected 4 bytes of data, found the end after 2"]
    );
}

#[test]
fn text_beyond_unicode_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for (descr, most) in
        [("<U2", u32::to_le_bytes as fn(u32) -> [u8; 4]), (">U2", u32::to_be_bytes)]
    {
        let array = |codes: [u32; 4]| {
            let bytes: Vec<u8> = codes.into_iter().flat_map(most).collect();
            Array::new(descr.parse().unwrap(), &[2], MemoryOrder::C, npstow::Buffer::from(bytes))
                .unwrap()
        };
        // A surrogate alone is text for NumPy.
        for (codes, is_sound) in
            [([0x41, 0x10_ffff, 0xd800, 0], true), ([0, 0, 0, 0x11_0000], false)]
        {
            std::fs::write(
                &path,
                npstow::npy::to_bytes(&array(codes), &Default::default()).unwrap(),
            )
            .unwrap();
            let faults = npstow::verify(&path).unwrap();
            assert_eq!(faults.is_empty(), is_sound);
            if let [Fault::Error(e)] = &faults[..] {
                assert_eq!(e.offset(), Some(128 + 12));
                assert_eq!(e.what(), "expected a code point up to 10ffff, found 110000");
            }
        }
    }
}

#[test]
fn arrays_behind_the_first_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = npstow::npy::to_bytes(&counted("|b1", &[4], MemoryOrder::C), &Default::default());
    let bytes = bytes.unwrap();
    let path = dir.path().join("x.npy");
    let left_out = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        npstow::open(&path).unwrap().left_out()
    };
    assert!(left_out(&bytes).is_empty());
    assert!(left_out(&[&bytes[..], b"\x93NUM"].concat()).is_empty());
    let told = "another array behind the data, at byte 132".to_owned();
    assert_eq!(left_out(&[&bytes[..], &bytes].concat()), [(String::new(), told.clone())]);
    assert_eq!(npstow::open(&path).unwrap().warnings(), [told]);
    // In a folder, too, whose files are not read before anybody asks.
    let notes = npstow::verify(dir.path()).unwrap();
    assert!(matches!(&notes[..], [Fault::Note(note)] if note.starts_with("x: another array")));
}

#[cfg(feature = "digest")]
#[test]
fn the_digest_is_of_the_values() {
    use npstow::npy::WriteOptions;
    use npstow::{Order, digest, npy};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let of = |array: &Array, options: &WriteOptions| {
        npy::write_with(&path, array, options).unwrap();
        digest(&npy::open(&path).unwrap()).unwrap()
    };
    for descr in super::support::descrs() {
        let array = counted(&descr, &[5, 7], MemoryOrder::C);
        let plain = of(&array, &WriteOptions::default());
        for options in [
            WriteOptions::default().memory_order(MemoryOrder::F),
            WriteOptions::default().byte_order(Order::Big),
            WriteOptions::default().byte_order(Order::Little).memory_order(MemoryOrder::F),
        ] {
            assert_eq!(of(&array, &options), plain, "{descr}");
        }
    }
    // sha256 of the sixteen bytes of two little-endian doubles, from Python's hashlib.
    let array = Array::from_vec(vec![1.0f64, -2.5]);
    let hex: String =
        of(&array, &WriteOptions::default()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "f138ae8a7b9a72de60b736f59d2474dd5b2357f5817f0dfa3309f5da5e629d87");
}

#[cfg(feature = "digest")]
#[test]
fn the_digest_is_not_of_padding() {
    use npstow::{Dtype, MemorySource, digest, npy};
    let of = |descr: &str, elements: &[&[u8]]| {
        let (dtype, data) = (Dtype::parse(descr).unwrap(), elements.concat());
        let array = Array::new(dtype, &[elements.len()], MemoryOrder::C, data.into()).unwrap();
        let bytes = npy::to_bytes(&array, &npy::WriteOptions::default()).unwrap();
        let source = std::sync::Arc::new(MemorySource::new(bytes));
        digest(&npy::open_source(source, &npstow::Limits::default()).unwrap()).unwrap()
    };
    // Ten bytes of an x87 float count, the six behind them do not.
    let float = |value: u8, padding: u8| [[value; 10].to_vec(), vec![padding; 6]].concat();
    let big = |value, padding| float(value, padding).into_iter().rev().collect::<Vec<u8>>();
    let zero = of("<f16", &[&float(1, 0)]);
    assert_eq!(of("<f16", &[&float(1, 0xee)]), zero);
    assert_eq!(of(">f16", &[&big(1, 0xee)]), zero);
    assert_ne!(of("<f16", &[&float(2, 0)]), zero);
    let two = of("<c32", &[&[float(1, 0), float(2, 0)].concat()]);
    assert_eq!(of("<c32", &[&[float(1, 7), float(2, 8)].concat()]), two);
    assert_eq!(of("[('x', '<f16', (2,))]", &[&[float(1, 7), float(2, 8)].concat()]), two);
    // Between the fields of a record, and behind them.
    let packed = of("[('a', '|u1'), ('b', '<u2')]", &[&[1, 2, 3], &[4, 5, 6]]);
    let between = "[('a', '|u1'), ('', '|V1'), ('b', '<u2')]";
    assert_eq!(of(between, &[&[1, 9, 2, 3], &[4, 8, 5, 6]]), packed);
    let behind = "[('a', '|u1'), ('b', '<u2'), ('', '|V2')]";
    assert_eq!(of(behind, &[&[1, 2, 3, 9, 9], &[4, 5, 6, 8, 8]]), packed);
    let within = "[('r', [('a', '|u1'), ('', '|V1')]), ('b', '>u2')]";
    assert_eq!(of(within, &[&[1, 9, 3, 2], &[4, 8, 6, 5]]), packed);
    assert_ne!(of("[('a', '|u1'), ('b', '>u2')]", &[&[1, 2, 3], &[4, 5, 6]]), packed);
}

#[cfg(all(feature = "npz", feature = "pickle"))]
#[test]
fn objects_among_arrays_have_no_slot() {
    // numpy.array([None, 'two'], dtype=object)
    let bytes = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR\
        (I1\n(I2\ntcnumpy\ndtype\n(S'O8'\ntRI00\n(lNaS'two'\natb.";
    let value = npstow::pickle::from_bytes(bytes.to_vec(), &Default::default()).unwrap();
    let objects = npstow::Entry::try_from(&value).unwrap();
    let number = |n: u8| Array::from_vec(vec![n]);
    let tree = Tree::new().with("a", number(1)).and_then(|tree| tree.with("b/o", objects));
    let tree = tree.and_then(|tree| tree.with("c", number(3))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npz");
    npstow::save(&path, &tree).unwrap();
    let (nodes, loaded) = npstow::open(&path).unwrap().root().load_own(&|source| source).unwrap();
    let leaves = nodes.iter().filter(|(_, kind)| *kind != NodeKind::Group);
    assert_eq!(leaves.map(|(path, _)| &**path).collect::<Vec<_>>(), ["a", "b/o", "c"]);
    let first = |at: usize| {
        let slot = &loaded.slots[at];
        loaded.memories[slot.memory].bytes()[slot.offset]
    };
    assert_eq!((loaded.slots.len(), first(0), first(1)), (2, 1, 3));
    let (at, value) = &loaded.objects[0];
    assert_eq!((loaded.objects.len(), *at), (1, 1));
    assert_eq!(value.objects().unwrap().nth(1).unwrap().as_str(), Some("two"));
}
