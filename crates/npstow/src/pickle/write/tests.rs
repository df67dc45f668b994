//! What is written is read again as it was, in every protocol.
#![forbid(unsafe_code)]

use super::*;
use crate::pickle::{Options, from_bytes};
use crate::{Array, Dtype, MemoryOrder};

fn read(bytes: &[u8]) -> Value {
    from_bytes(bytes.to_vec(), &Options::default()).unwrap()
}

/// Values that every protocol holds, each as a pickle.
const VALUES: &[&[u8]] = &[
    b"N.",
    b"\x88.",
    b"I-70000\n.",
    b"L18446744073709551616L\n.",
    b"L-18446744073709551616L\n.",
    b"F-0.0\n.",
    b"c__builtin__\ncomplex\n(F1\nF-2\ntR.",
    b"V\\u20ac\\ud800\n.",
    b"C\x03\x00\xff\x80.",
    b"c__builtin__\nbytearray\n(C\x02\x00\xfftR.",
    b"(lp0\nI1\nag0\na.",
    b"(dp0\nS'a'\n(I1\nI2\nI3\nI4\nts.",
    b"\x8f(K\x01K\x02\x90.",
    b"(K\x01K\x02\x91.",
    b"cmine\nThing\n(I1\ntR}S'x'\nK\x05sb.",
    b"cmine\nThing\n)\x81.",
    b"cmine\nThing\nK\x01\x85}S'k'\nK\x02s\x92}S'x'\nK\x05sb.",
    b"(imine\nOld\n.",
    b"(cmine\nOld\nK\x01o.",
    b"ccollections\nOrderedDict\n)R(S'a'\nK\x01S'b'\nK\x02u.",
    b"ccollections\ndeque\n)R(K\x01K\x02e.",
    b"ccopy_reg\n_reconstructor\n(cmine\nThing\nc__builtin__\nobject\nNtR.",
    b"Pname\n.",
    b"\x82\x05.",
    b"]\x94]\x94h\x00ah\x00\x85\x94\x86\x94a.",
];

#[test]
fn values_come_back_in_every_protocol() {
    for pickle in VALUES {
        let value = read(pickle);
        for protocol in 2..=5 {
            let options = WriteOptions::default().protocol(protocol);
            let bytes = to_bytes(&value, &options).unwrap();
            let again = read(&bytes);
            assert_eq!(again.to_string(), value.to_string(), "{protocol}");
            assert_eq!(to_bytes(&again, &options).unwrap(), bytes, "{value} {protocol}");
        }
    }
}

#[test]
fn cycles_through_tuples_stay_cycles() {
    // t = ([t],)
    let value = read(b"]\x94h\x00\x85\x94h\x00h\x01a0h\x01.".as_slice());
    assert_eq!(value.to_string(), "([(...)],)");
    for protocol in 2..=5 {
        let bytes = to_bytes(&value, &WriteOptions::default().protocol(protocol)).unwrap();
        let again = read(&bytes);
        assert_eq!(again.to_string(), "([(...)],)");
        let inner = again.item(0).unwrap().item(0).unwrap();
        assert!(inner.is(&again), "{protocol}");
    }
}

/// A dtype with metadata of its own, of a field, and of a field of dates.
const METADATA: &[u8] = b"\x80\x04\x95\xcc\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x03V12\x94\x89\x88\x87\x94R\x94(K\x04\x8c\x01|\x94N\x8c\x01a\x94\x8c\x01b\x94\x86\x94}\x94(h\x07h\x02\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x04\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00}\x94\x8c\x04unit\x94\x8c\x01m\x94st\x94bK\x00\x86\x94h\x08h\x02\x8c\x02M8\x94\x89\x88\x87\x94R\x94(K\x04h\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00}\x94\x8c\x04zone\x94K\x01s(C\x02ns\x94K\x01K\x01K\x01t\x94\x86\x94t\x94bK\x04\x86\x94uK\x0cK\x01K\x10}\x94\x8c\x03key\x94]\x94K\x01ast\x94b.";

#[test]
fn metadata_of_dtypes_stay_where_they_belong() {
    let value = read(METADATA);
    for protocol in 2..=5 {
        let options = WriteOptions::default().protocol(protocol);
        let bytes = to_bytes(&value, &options).unwrap();
        assert!(["unit", "zone", "key"].iter().all(|key| holds(&bytes, key)), "{protocol}");
        let again = read(&bytes);
        assert_eq!(again.dtype(), value.dtype());
        assert_eq!(to_bytes(&again, &options).unwrap(), bytes);
    }
}

/// All strings of a pickle that are written as text.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn names_are_those_of_the_protocol() {
    let old = read(b"c__builtin__\nxrange\n(I1\nI2\nI1\ntR.");
    let new = read(b"\x80\x04\x8c\x08builtins\x8c\x05range\x93K\x01K\x02K\x01\x87R.");
    for value in [old, new] {
        for protocol in 2..=5 {
            let bytes = to_bytes(&value, &WriteOptions::default().protocol(protocol)).unwrap();
            let name =
                if protocol == 2 { ["__builtin__", "xrange"] } else { ["builtins", "range"] };
            assert!(name.iter().all(|part| holds(&bytes, part)), "{value} {protocol}");
            assert!(protocol == 2 || !holds(&bytes, "__"), "{value} {protocol}");
        }
    }
}

#[test]
fn what_is_laundered_calls_nothing_unknown() {
    for (bytes, name) in [
        (&b"cos\nsystem\n(S'x'\ntR."[..], "os.system"),
        // Made of its state it would be data; called, it opens a file.
        (b"cnumpy\nmemmap\n(S'x'\nS'u1'\nS'w+'\ntR.", "numpy.memmap"),
        (b"ccollections\ndefaultdict\n(cos\nsystem\ntR.", "os.system"),
        (b"cdatetime\ndate\n(cos\nsystem\n(tRtR.", "os.system"),
        (b"cbuiltins\ngetattr\ncos\npath\nX\x06\0\0\0system\x86R.", "os.path.system"),
        (b"Pos\n.", "os"),
        (b"\x82\x07.", "$extension"),
    ] {
        let Ok(value) = from_bytes(bytes.to_vec(), &Options::default()) else { continue };
        for protocol in 2..=5 {
            let options = WriteOptions::default().protocol(protocol).only_data(true);
            let clean = to_bytes(&value, &options).unwrap();
            let source = std::sync::Arc::new(crate::MemorySource::new(clean.clone()));
            let scan = crate::pickle::scan(source, &crate::Limits::default()).unwrap();
            assert_eq!(scan.verdict(), crate::pickle::Verdict::Data, "{value} {protocol}");
            assert!(holds(&clean, name), "{value} {protocol}");
        }
    }
    // Data stays what it is, but for what Python cannot make, or not in time.
    for (bytes, is_kept) in [
        (&b"cfractions\nFraction\n(V-1/3\ntR."[..], true),
        (b"cfractions\nFraction\n(V1e999999999\ntR.", false),
        (b"ccollections\ndeque\n)RNb.", true),
        (b"ccollections\ndeque\n)R}X\x01\0\0\0aK\x01sb.", false),
        (b"ccollections\nOrderedDict\n)R}X\x01\0\0\0aK\x01sb.", true),
    ] {
        let value = read(bytes);
        let clean = to_bytes(&value, &WriteOptions::default().only_data(true)).unwrap();
        let kind = read(&clean).kind();
        assert_eq!(kind == crate::ValueKind::Object, is_kept, "{value}");
    }
    for bytes in [&b"cdatetime\ndate\n(C\x04\x07\xe4\x01\x02tR."[..], b"cnumpy\nfloat64\n."] {
        let value = read(bytes);
        let clean = to_bytes(&value, &WriteOptions::default().only_data(true)).unwrap();
        let is_known = value.kind() == crate::ValueKind::Object;
        assert_eq!(read(&clean).to_string() == value.to_string(), is_known, "{value}");
    }
}

#[test]
fn keys_that_become_dictionaries_are_listed() {
    let class = "{'$global': 'A.b'}";
    let enumeration = "{'$object': {'class': 'A.b', 'args': (1,)}}";
    for (bytes, clean) in [
        (&b"}cA\nb\nK\x01s."[..], format!("{{'$dict': [[{class}, 1]]}}")),
        (b"}cA\nb\nK\x01\x85RK\x01s.", format!("{{'$dict': [[{enumeration}, 1]]}}")),
        (
            b"}(K\x05NcA\nb\n\x85\x85K\x01u.",
            format!("{{'$dict': [[5, None], [(({class},),), 1]]}}"),
        ),
        (b"\x8f(cA\nb\nK\x01\x90.", format!("{{'$set': [{class}, 1]}}")),
        (b"\x8f((cA\nb\n\x91\x90.", format!("{{'$set': [{{'$frozenset': [{class}]}}]}}")),
        (
            b"cA\nb\n)R}cA\nb\nK\x01sb.",
            format!("{{'$object': {{'class': 'A.b', 'state': {{'$dict': [[{class}, 1]]}}}}}}"),
        ),
        (
            b"ccollections\nOrderedDict\n)RcA\nb\nK\x01s.",
            format!(
                "{{'$object': {{'class': 'collections.OrderedDict', 'pairs': {{'$dict': [[{class}, 1]]}}}}}}"
            ),
        ),
        (
            b"ccollections\nOrderedDict\n(]](cA\nb\nK\x01eatR.",
            format!(
                "{{'$object': {{'class': 'collections.OrderedDict', 'args': ([[{class}, 1]],)}}}}"
            ),
        ),
        (
            b"ccollections\nCounter\n(}cA\nb\nK\x01stR.",
            format!(
                "{{'$object': {{'class': 'collections.Counter', 'args': ({{'$dict': [[{class}, 1]]}},)}}}}"
            ),
        ),
        (
            b"cA\nb\n)R(cA\nb\nK\x01u.",
            format!("{{'$object': {{'class': 'A.b', 'pairs': {{'$dict': [[{class}, 1]]}}}}}}"),
        ),
        // The value of a key may be anything.
        (
            b"ccollections\nOrderedDict\n)RK\x01cA\nb\ns.",
            format!("collections.OrderedDict(pairs={{1: {class}}})"),
        ),
    ] {
        let value = read(bytes);
        for protocol in 2..=5 {
            let options = WriteOptions::default().protocol(protocol).only_data(true);
            let laundered = to_bytes(&value, &options).unwrap();
            assert_eq!(read(&laundered).to_string(), clean, "{value} {protocol}");
        }
    }
}

#[test]
fn arrays_of_all_kinds_come_back() {
    let dtypes = [
        "<f8",
        ">i2",
        "|b1",
        "|S3",
        "<U2",
        "<M8[25ns]",
        "<m8",
        "|V3",
        "<c16",
        "<f2",
        "[('x', '<f4', (2,)), ('', '|V3'), (('t', 'n'), '>i8')]",
        "[('a', [('b', '|u1'), ('c', '<M8[D]')]), ('d', '|S1')]",
    ];
    for dtype in dtypes {
        let dtype = dtype.parse::<Dtype>().unwrap();
        let bytes: Vec<u8> = (0..251).cycle().take(6 * dtype.itemsize()).collect();
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let array = Array::new(dtype.clone(), &[2, 3], order, bytes.clone().into()).unwrap();
            for protocol in 2..=5 {
                let mut out = Vec::new();
                let tree = Tree::new().with("a/x", &array).unwrap().with("b", &array).unwrap();
                let options = WriteOptions::default().protocol(protocol);
                write_to(&mut out, &tree, &options).unwrap();
                let value = read(&out);
                for name in ["a", "b"] {
                    let mut found = value.get(name).unwrap();
                    if name == "a" {
                        found = found.get("x").unwrap();
                    }
                    let found = found.to_array().unwrap();
                    assert_eq!((found.dtype(), found.shape()), (&dtype, &[2, 3][..]));
                    assert_eq!(found.bytes(), array.bytes(), "{dtype} {protocol}");
                }
                let again = to_bytes(&value, &options).unwrap();
                assert_eq!(read(&again).to_json().unwrap(), value.to_json().unwrap());
            }
        }
    }
}

#[test]
fn other_protocols_are_refused() {
    let value = read(b"N.");
    for protocol in [0, 1, 6] {
        assert!(to_bytes(&value, &WriteOptions::default().protocol(protocol)).is_err());
    }
}

#[test]
fn elements_without_bytes_are_written_as_a_state() {
    for dtype in ["V0", "S0", "U0"] {
        let dtype = Dtype::parse(dtype).unwrap();
        let array = Array::new(dtype, &[3], MemoryOrder::C, Vec::new().into()).unwrap();
        let mut bytes = Vec::new();
        let tree = Tree::new().with("a", &array).unwrap();
        write_to(&mut bytes, &tree, &WriteOptions::default().protocol(5)).unwrap();
        let names = String::from_utf8_lossy(&bytes);
        assert!(names.contains("_reconstruct") && !names.contains("_frombuffer"), "{names}");
        let value = read(&bytes);
        let found = value.get("a").unwrap().to_array().unwrap();
        assert_eq!((found.dtype(), found.shape()), (array.dtype(), array.shape()));
        let again = to_bytes(&value, &WriteOptions::default().protocol(5)).unwrap();
        assert!(!String::from_utf8_lossy(&again).contains("_frombuffer"));
    }
}

/// Progress, and whether to go on, is told by what is read.
#[test]
fn what_has_a_source_is_read_from_it() {
    let array = Array::from_vec((0..100_000).collect::<Vec<u32>>());
    let bytes = array.bytes().unwrap().to_vec();
    let source = std::sync::Arc::new(crate::source::Counting::new(bytes).showing());
    let counted = std::sync::Arc::clone(&source);
    let entry = Entry::try_from(&array).unwrap().through(&move |_| source.clone());
    let pickled = |item: Item| {
        let mut out = Vec::new();
        let tree = Tree::new().with("a", item).unwrap();
        write_to(&mut out, &tree, &WriteOptions::default()).unwrap();
        out
    };
    assert_eq!(pickled(Item::Entry(entry)), pickled(Item::Array(array)));
    assert_eq!(counted.taken().1, 400_000);
}

#[test]
#[cfg(feature = "npz")]
fn elements_with_a_checksum_are_compared_before_they_are_written() {
    let values: Vec<u32> = (0..256).map(|x| x * 0x0101_0101).collect();
    let tree = Tree::new().with("a", Array::from_vec(values)).unwrap();
    let mut archive = Vec::new();
    crate::npz::write_to(&mut archive, &tree, &crate::npz::WriteOptions::default()).unwrap();
    let place = archive.windows(4).position(|bytes| bytes == [77; 4]);
    let pickled = |bytes: Vec<u8>| {
        let source = std::sync::Arc::new(crate::MemorySource::new(bytes));
        let reader = crate::npz::open_source(source, &crate::Limits::default()).unwrap();
        let tree = Tree::new().with("a", reader.entry("a").unwrap()).unwrap();
        let mut out = Vec::new();
        write_to(&mut out, &tree, &WriteOptions::default()).map(|()| out)
    };
    assert!(pickled(archive.clone()).is_ok());
    archive[place.unwrap()] ^= 1;
    let e = pickled(archive).unwrap_err();
    assert_eq!(e.kind(), crate::ErrorKind::Corrupt, "{e}");
}
