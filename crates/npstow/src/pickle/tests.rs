//! The machine and the constructors, on pickles of CPython 3.11 and NumPy 2.x and of our own hands.
#![forbid(unsafe_code)]

use super::{Options, Python2, from_bytes};
use crate::{Buffer, ErrorKind, Limits, Value, ValueKind};

const ARRAY_0: &[u8] = b"cnumpy._core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntp2\nc_codecs\nencode\np3\n(Vb\np4\nVlatin1\np5\ntp6\nRp7\ntp8\nRp9\n(I1\n(I2\nI2\ntp10\ncnumpy\ndtype\np11\n(Vi2\np12\nI00\nI01\ntp13\nRp14\n(I3\nV<\np15\nNNNI-1\nI-1\nI0\ntp16\nbI00\ng3\n(V\xff\xff\\u0000\\u0000\x01\\u0000\x02\\u0000\np17\ng5\ntp18\nRp19\ntp20\nb.";

const ARRAY_2: &[u8] = b"\x80\x02cnumpy._core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02c_codecs\nencode\nq\x03X\x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\x09(K\x01K\x02K\x02\x86q\ncnumpy\ndtype\nq\x0bX\x02\x00\x00\x00i2q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\x00\x00\x00<q\x0fNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10b\x89h\x03X\n\x00\x00\x00\xc3\xbf\xc3\xbf\x00\x00\x01\x00\x02\x00q\x11h\x05\x86q\x12Rq\x13tq\x14b.";

const ARRAY_5: &[u8] = b"\x80\x05\x95~\x00\x00\x00\x00\x00\x00\x00\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(\x96\x08\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x01\x00\x00\x00\x02\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02i2\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01>\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x02K\x02\x86\x94\x8c\x01F\x94t\x94R\x94.";

const MASKED_4: &[u8] = b"\x80\x04\x95\xeb\x00\x00\x00\x00\x00\x00\x00\x8c\x0dnumpy.ma.core\x94\x8c\x0e_mareconstruct\x94\x93\x94(\x8c\x08numpy.ma\x94\x8c\x0bMaskedArray\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94\x8c\x01b\x94t\x94R\x94(K\x01K\x02\x85\x94h\x06\x8c\x05dtype\x94\x93\x94\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94b\x89C\x02\x01\x02\x94C\x02\x00\x01\x94\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94h\x08K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01)h\x12\x89C\x01\x09\x94t\x94bt\x94b.";

const RECORDS_4: &[u8] = b"\x80\x04\x95\xfd\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x09numpy.rec\x94\x8c\x08recarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x01\x85\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94h\x0b\x8c\x06record\x94\x93\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94N\x8c\x01a\x94\x8c\x01b\x94\x86\x94}\x94(h\x13h\x0d\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03h\x12NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x00\x86\x94h\x14h\x0d\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x01\x86\x94uK\x05K\x01K\x10t\x94b\x89C\x05\x01\x00\x00 @\x94t\x94b.";

const OBJECTS_4: &[u8] = b"\x80\x04\x95\x8f\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x02\x85\x94h\x03\x8c\x05dtype\x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94(N\x8c\x01x\x94et\x94b.";

const SCALARS_4: &[u8] = b"\x80\x04\x95\xaf\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x16numpy._core.multiarray\x94\x8c\x06scalar\x94\x93\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bC\x04\x00\x00\x00?\x94\x86\x94R\x94h\x03h\x06\x8c\x02M8\x94\x89\x88\x87\x94R\x94(K\x04h\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00N(C\x01D\x94K\x01K\x01K\x01t\x94\x86\x94t\x94bC\x08WG\x00\x00\x00\x00\x00\x00\x94\x86\x94R\x94e.";

const METADATA_2: &[u8] = b"\x80\x02cnumpy\ndtype\nq\x00X\x02\x00\x00\x00f8q\x01\x89\x88\x87q\x02Rq\x03(K\x04X\x01\x00\x00\x00<q\x04NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00}q\x05X\x04\x00\x00\x00unitq\x06X\x01\x00\x00\x00mq\x07stq\x08b.";

fn read(bytes: &[u8]) -> Value {
    from_bytes(bytes.to_vec(), &Options::default()).unwrap()
}

fn shown(bytes: &[u8]) -> String {
    read(bytes).to_string()
}

/// Where a pickle is refused, and how.
fn refused(bytes: &[u8]) -> (u64, ErrorKind) {
    let e = from_bytes(bytes.to_vec(), &Options::default()).unwrap_err();
    (e.offset().unwrap(), e.kind())
}

#[test]
fn numbers_and_strings_of_every_opcode() {
    for (bytes, expected) in [
        (&b"I7\n."[..], "7"),
        (b"I01\n.", "True"),
        (b"I00\n.", "False"),
        (b"I-12345678901234567890\n.", "-12345678901234567890"),
        (b"L5L\n.", "5"),
        (b"L5\n.", "5"),
        // As CPython's own unpickler reads them, which asks C for INT, and `int(line, 0)`.
        (b"I010\n.", "8"),
        (b"I-010\n.", "-8"),
        (b"I 1\n.", "True"),
        (b"I-0\n.", "False"),
        (b"I001\n.", "1"),
        (b"I0x1F\n.", "31"),
        (b"I0o_17 \n.", "15"),
        (b"I-0b11\n.", "-3"),
        (b"I\x0b1_000\n.", "1000"),
        (b"I-9223372036854775808\n.", "-9223372036854775808"),
        (b"I0xfffffffffffffffff\n.", "295147905179352825855"),
        (b"L00L\n.", "0"),
        // For C, a zero is the end.
        (b"I5\0\n.", "5"),
        (b"I010\0x\n.", "8"),
        (b"L5\0xL\n.", "5"),
        (b"F1.5\0\n.", "1.5"),
        (b"F-inf\n.", "-inf"),
        (b"F1.7976931348623158e308\n.", "1.7976931348623157e+308"),
        (b"L-0x10L\n.", "-16"),
        (b"J\xff\xff\xff\xff.", "-1"),
        (b"K\xff.", "255"),
        (b"M\x01\x02.", "513"),
        (b"\x8a\0.", "0"),
        (b"\x8a\x02\0\x80.", "-32768"),
        (b"\x8b\x01\0\0\0\x7f.", "127"),
        (b"F1.5\n.", "1.5"),
        (b"G?\xf8\0\0\0\0\0\0.", "1.5"),
        (b"N.", "None"),
        (b"\x88.", "True"),
        (b"\x89.", "False"),
        (b"S'a\\x41'\n.", "'aA'"),
        (b"T\x01\0\0\0a.", "'a'"),
        (b"U\x01\xff.", "b'\\xff'"),
        (b"V\\u03bb\xe9\n.", "'λé'"),
        (b"X\x02\0\0\0\xce\xbb.", "'λ'"),
        (b"\x8c\x01a.", "'a'"),
        (b"\x8d\x01\0\0\0\0\0\0\0a.", "'a'"),
        (b"B\x01\0\0\0a.", "b'a'"),
        (b"C\x01a.", "b'a'"),
        (b"\x8e\x01\0\0\0\0\0\0\0a.", "b'a'"),
        (b"\x96\x01\0\0\0\0\0\0\0a.", "bytearray(b'a')"),
    ] {
        assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn containers_the_stack_and_the_memo() {
    for (bytes, expected) in [
        (&b"]."[..], "[]"),
        (b"(K\x01K\x02l.", "[1, 2]"),
        (b"]K\x01a(K\x02K\x03e.", "[1, 2, 3]"),
        (b"(K\x01K\x02t.", "(1, 2)"),
        (b").", "()"),
        (b"K\x01\x85.", "(1,)"),
        (b"K\x01K\x02\x86.", "(1, 2)"),
        (b"K\x01K\x02K\x03\x87.", "(1, 2, 3)"),
        (b"(K\x01K\x02d.", "{1: 2}"),
        (b"}K\x01K\x02s(K\x03K\x04K\x01K\x05u.", "{1: 5, 3: 4}"),
        (b"\x8f(K\x01K\x01\x90.", "{1}"),
        (b"(K\x01\x91.", "frozenset({1})"),
        (b"K\x01K\x020.", "1"),
        (b"K\x012\x86.", "(1, 1)"),
        (b"K\x01(K\x02K\x031.", "1"),
        // A mark is dropped by POP as well.
        (b"K\x01(0.", "1"),
        (b"K\x07p5\n0g5\n.", "7"),
        (b"K\x07q\x050h\x05.", "7"),
        (b"K\x07r\0\0\0\x050j\0\0\0\x05.", "7"),
        // MEMOIZE counts what is remembered, not the highest number.
        (b"K\x07q\x05K\x08\x94h\x01\x86\x86.", "(7, (8, 8))"),
        (b"\x80\x04\x95\x02\0\0\0\0\0\0\0K\x01.", "1"),
        (b"]q\0h\0a.", "[[...]]"),
    ] {
        assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
    }
    let shared = read(b"]q\0(h\0h\0\x86.");
    assert!(shared.item(0).unwrap().is(&shared.item(1).unwrap()));
}

#[test]
fn copies_and_equal_keys() {
    for (bytes, expected) in [
        // What is added to a list later does not come to a copy of it, nor the other way.
        (
            &b"]q\0K\x01a]q\x010h\0K\x02a0cbuiltins\nlist\nh\0\x85R0\
            cbuiltins\nlist\nh\0\x85RK\x03a0h\0K\x04a."[..],
            "[1, 2, 4]",
        ),
        (
            b"]q\0K\x01aK\x09\x850K\x02a(K\x03K\x04K\x05e0\
            cbuiltins\nlist\nh\0\x85Rq\x01K\x06a0h\0K\x07a0h\0h\x01\x86.",
            "([1, 2, 3, 4, 5, 7], [1, 2, 3, 4, 5, 6])",
        ),
        (b"cbuiltins\nset\n](K\x01G?\xf0\0\0\0\0\0\0\x88e\x85R.", "{1}"),
        // The same keys twice, twice.
        (b"X\x01\0\0\0aq\0(h\0K\x01h\0K\x02d(h\0K\x01h\0K\x02d\x87.", "('a', {'a': 2}, {'a': 2})"),
        (b"}(K\x01\x85K\x05G?\xf0\0\0\0\0\0\0\x85K\x06u.", "{(1,): 6}"),
    ] {
        assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
    }
    for bytes in [&b"}]K\x01s."[..], b"}(K\x01K\x02]K\x03u.", b"\x8f(}\x90."] {
        let e = from_bytes(bytes.to_vec(), &Options::default()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{}", bytes.escape_ascii());
    }
}

#[test]
fn names_and_objects_are_inert() {
    for (bytes, expected) in [
        (&b"cos\nsystem\n."[..], "os.system"),
        (b"\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"cos\nsystem\n(S'x'\ntR.", "os.system('x')"),
        (b"(S'x'\nios\nsystem\n.", "os.system('x')"),
        (b"(cmine\nOld\nK\x01o.", "mine.Old(1)"),
        (b"(imine\nOld\n.", "mine.Old()"),
        (b"cmine\nA\n)\x81}S'x'\nK\x01sb.", "mine.A(state={'x': 1})"),
        (b"cmine\nA\n)\x81(K\x01e(K\x02K\x03u.", "mine.A(items=[1], pairs={2: 3})"),
        (b"cmine\nA\n)}\x92.", "mine.A()"),
        (b"cmine\nA\nK\x01\x85}S'k'\nK\x02s\x92.", "mine.A(1, {'k': 2})"),
        (b"ccopyreg\n_reconstructor\n(cmine\nA\nc__builtin__\nobject\nNtR.", "mine.A()"),
        (b"\x82\x05.", "<extension 5>"),
        (b"\x83\x05\x01.", "<extension 261>"),
        (b"\x84\x05\0\0\x01.", "<extension 16777221>"),
        (b"Pname\n.", "<persistent 'name'>"),
        (b"K\x07Q.", "<persistent 7>"),
        (b"cbuiltins\ngetattr\ncmine\nColour\nS'RED'\n\x86R.", "mine.Colour.RED"),
        (b"cbuiltins\nset\n](K\x01e\x85R.", "{1}"),
        (b"c_codecs\nencode\nX\x02\0\0\0\xc3\xbfX\x06\0\0\0latin1\x86R.", "b'\\xff'"),
        (b"cbuiltins\nbytearray\nC\x01a\x85R.", "bytearray(b'a')"),
        (b"cbuiltins\ncomplex\nG?\xf8\0\0\0\0\0\0K\x02\x86R.", "(1.5+2j)"),
    ] {
        assert_eq!(shown(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn strings_of_python_2_as_one_likes() {
    let as_ = |strings, bytes: &[u8]| {
        from_bytes(bytes.to_vec(), &Options::default().strings(strings)).map(|v| v.to_string())
    };
    for (strings, ascii, other, utf8) in [
        (Python2::Auto, "'a'", Some("b'\\xe9'"), Some("b'\\xce\\xbb'")),
        (Python2::Bytes, "b'a'", Some("b'\\xe9'"), Some("b'\\xce\\xbb'")),
        (Python2::Latin1, "'a'", Some("'é'"), Some("'Î»'")),
        (Python2::Ascii, "'a'", None, None),
        (Python2::Utf8, "'a'", None, Some("'λ'")),
    ] {
        assert_eq!(as_(strings, b"U\x01a.").unwrap(), ascii);
        assert_eq!(as_(strings, b"S'a'\n.").unwrap(), ascii);
        for (bytes, expected) in [(&b"U\x01\xe9."[..], other), (b"T\x02\0\0\0\xce\xbb.", utf8)] {
            assert_eq!(as_(strings, bytes).ok().as_deref(), expected, "{strings:?}");
        }
    }
}

#[test]
fn buffers_come_from_the_caller() {
    let bytes = b"\x80\x05\x97\x97\x98\x86.";
    let given = vec![Buffer::from_static(b"one"), Buffer::from_static(b"two")];
    let value = from_bytes(bytes.to_vec(), &Options::default().buffers(given)).unwrap();
    assert_eq!(value.to_string(), "(bytearray(b'one'), b'two')");
    let few = Options::default().buffers(vec![Buffer::from_static(b"one")]);
    let e = from_bytes(bytes.to_vec(), &few).unwrap_err();
    assert_eq!((e.kind(), e.offset()), (ErrorKind::Mismatch, Some(3)));
    assert_eq!(refused(b"N\x98."), (1, ErrorKind::Corrupt));
}

#[test]
fn wrong_types_are_refused_where_they_are() {
    for (bytes, offset) in [
        (&b"K\x01K\x02a."[..], 4),
        (b"}K\x01a.", 3),
        (b"](K\x01\x90.", 4),
        (b"K\x01K\x02K\x03s.", 6),
        (b"](K\x01K\x02u.", 6),
        (b"}(K\x01u.", 4),
        (b"(K\x01d.", 3),
        (b"K\x01)R.", 3),
        (b"cos\nsystem\nK\x01R.", 13),
        (b"cmine\nA\n)K\x01\x92.", 11),
        (b"K\x01}b.", 3),
        (b"K\x01K\x02\x93.", 4),
        (b"h\0.", 0),
        (b"g5\n.", 0),
        (b"0.", 0),
        (b"(.", 1),
        (b"t.", 0),
        (b"(e.", 1),
        (b"a.", 0),
        (b"K\x01\x86.", 2),
        (b"K\x01(\x85.", 3),
        (b".", 0),
        (b"\x82\0.", 0),
        (b"\x84\xff\xff\xff\xff.", 0),
        (b"\x8c\x01\xff.", 0),
        (b"Sa\n.", 0),
        (b"S'\\x1'\n.", 0),
        (b"Ix\n.", 0),
        (b"Fx\n.", 0),
        (b"P\xff\n.", 0),
        (b"c\xff\na\n.", 0),
        (b"T\xff\xff\xff\xff.", 0),
        (b"\x8b\xff\xff\xff\xff.", 0),
        (b"N\xff.", 1),
        (b"\x80\x04\x95\x09\0\0\0\0\0\0\0N.", 2),
    ] {
        assert_eq!(refused(bytes), (offset, ErrorKind::Corrupt), "{}", bytes.escape_ascii());
    }
    assert_eq!(refused(b"\x80\x06N."), (0, ErrorKind::Unsupported));
    assert_eq!(refused(&[b"L", &b"9".repeat(4301)[..], b"L\n."].concat()), (0, ErrorKind::Limit));
}

#[test]
fn arrays_of_every_protocol() {
    for (bytes, dtype) in [(ARRAY_0, "<i2"), (ARRAY_2, "<i2"), (ARRAY_5, ">i2")] {
        let value = read(bytes);
        assert_eq!((value.kind(), value.shape()), (ValueKind::Array, Some(&[2, 2][..])));
        let array = value.to_array().unwrap();
        assert_eq!(array.dtype().to_string(), dtype);
        let native = array.to_native().unwrap();
        let found: Vec<i16> = native.to_vec().unwrap();
        assert_eq!(found, [-1, 0, 1, 2]);
    }
    let masked = read(MASKED_4);
    assert_eq!(masked.class().unwrap().as_global(), Some(("numpy.ma", "MaskedArray")));
    assert_eq!(masked.to_array().unwrap().to_vec::<u8>().unwrap(), [1, 2]);
    let mask = masked.mask().unwrap().to_array().unwrap();
    assert_eq!(mask.to_vec::<bool>().unwrap(), [false, true]);
    let records = read(RECORDS_4);
    assert_eq!(records.class().unwrap().as_global().map(|(_, name)| name), Some("recarray"));
    let dtype = records.dtype().unwrap().clone();
    assert_eq!(dtype.as_record().unwrap().fields().len(), 2);
    let objects = read(OBJECTS_4);
    let all: Vec<String> = objects.objects().unwrap().map(|item| item.to_string()).collect();
    assert_eq!(all, ["None", "'x'"]);
    assert_eq!(objects.to_array().unwrap_err().kind(), ErrorKind::Unsupported);
    let scalars = read(SCALARS_4);
    assert_eq!(scalars.item(0).unwrap().to_array().unwrap().to_vec::<f32>().unwrap(), [0.5]);
    assert_eq!(scalars.item(1).unwrap().dtype().unwrap().to_string(), "<M8[D]");
    assert_eq!(read(METADATA_2).dtype().unwrap().to_string(), "<f8");
}

#[test]
fn every_cut_is_seen() {
    let samples =
        [ARRAY_0, ARRAY_2, ARRAY_5, MASKED_4, RECORDS_4, OBJECTS_4, SCALARS_4, METADATA_2];
    for bytes in samples {
        for len in 0..bytes.len() {
            let e = from_bytes(bytes[..len].to_vec(), &Options::default()).unwrap_err();
            assert!(e.offset().is_some_and(|offset| offset <= len as u64), "{len}: {e}");
        }
        // What stands behind a pickle is not its own.
        read(&[bytes, b"more"].concat());
        // Any byte may be another one.
        for at in 0..bytes.len() {
            for with in [0, 0x28, 0x2e, 0x30, 0x52, 0x62, 0x74, 0x80, 0x94, 0xff] {
                let mut changed = bytes.to_vec();
                changed[at] = with;
                if let Ok(value) = from_bytes(changed, &Options::default()) {
                    let _ = (value.to_string(), value.to_array());
                }
            }
        }
    }
}

#[test]
fn budgets_bound_what_a_pickle_makes() {
    let limited = |bytes: &[u8], limits| {
        from_bytes(bytes.to_vec(), &Options::default().limits(limits)).map(drop)
    };
    let many = [&b"("[..], &b"]".repeat(1000), b"t."].concat();
    let few = Limits::default().values(999);
    assert_eq!(limited(&many, few).unwrap_err().kind(), ErrorKind::Limit);
    assert!(limited(&many, Limits::default().values(1001)).is_ok());
    let small = Limits::default().total(1 << 10);
    let long = [&b"X\0\x08\0\0"[..], &b"a".repeat(0x800), b"."].concat();
    assert_eq!(limited(&long, small).unwrap_err().kind(), ErrorKind::Limit);
    // Sets of one list, whose members are looked at once; of one with repeats; of one that grows.
    let number = |n: u16| [&b"M"[..], &n.to_le_bytes()].concat();
    for (unlike, len) in [(3000, 3000), (1500, 1500)] {
        let list: Vec<u8> = (0..3000).flat_map(|n| number(n % unlike)).collect();
        let list = [&b"c__builtin__\nset\n\x940]\x94("[..], &list, b"e0"].concat();
        let same = [&list[..], &b"h\0h\x01\x85R0".repeat(2000), b"h\0h\x01\x85R."].concat();
        assert_eq!(read(&same).len(), Some(len));
        let grown = (0..2000).flat_map(|n| [&b"h\0h\x01"[..], &number(n), b"a\x85R0"].concat());
        let grown = [&list[..], &grown.collect::<Vec<_>>(), b"N."].concat();
        assert_eq!(from_bytes(grown, &Options::default()).unwrap_err().kind(), ErrorKind::Limit);
    }
    // The same text decoded again and again is in the file once.
    let mut again = b"c_codecs\nencode\n\x94X\0\xf0\0\0".to_vec();
    again.extend("é".repeat(0x7800).bytes());
    again.extend(b"\x94\x8c\x06latin1\x94000");
    again.extend(b"h\x00h\x01h\x02\x86R0".repeat(20_000));
    again.extend(b"N.");
    assert_eq!(refused(&again).1, ErrorKind::Limit);
    // Ten to the sixtieth numbers, in sixty tuples.
    let mut laughs = b"(K\x01K\x01t\x94".to_vec();
    for at in 0..60 {
        laughs.extend([b'h', at].repeat(10));
        laughs.splice(laughs.len() - 20..laughs.len() - 20, *b"(");
        laughs.extend(b"t\x94");
    }
    laughs.push(b'.');
    let value = read(&laughs);
    assert!(value.count() < 100 && value.to_string().ends_with("..."));
}

#[test]
fn deep_values_need_no_stack() {
    let deep = [&b"]".repeat(200_000)[..], &b"a".repeat(199_999), b"."].concat();
    let value = read(&deep);
    assert_eq!(value.to_string().len(), 400_000);
    let tuples = [&b")"[..], &b"\x85".repeat(100_000), b"."].concat();
    assert_eq!(read(&tuples).len(), Some(1));
}

#[test]
fn floats_are_those_that_c_reads() {
    for text in [" 1.5", "1.5 ", "\t1.5", "1.5\r", "1e400", "-1e400", "1.8e308", "1_0", "", "\0"] {
        assert_eq!(refused(format!("F{text}\n.").as_bytes()), (0, ErrorKind::Corrupt), "{text:?}");
    }
}

#[test]
fn what_only_init_takes_is_dropped_where_that_does_not_run() {
    for (class, args, new, called) in [
        ("list", &b"](K\x01e\x85"[..], "[]", "[1]"),
        ("set", b"](K\x01e\x85", "set()", "{1}"),
        ("bytearray", b"C\x01a\x85", "bytearray(b'')", "bytearray(b'a')"),
        ("tuple", b"](K\x01e\x85", "(1,)", "(1,)"),
        ("frozenset", b"](K\x01e\x85", "frozenset({1})", "frozenset({1})"),
        ("bytes", b"C\x01a\x85", "b'a'", "b'a'"),
        ("int", b"K\x05\x85", "5", "5"),
    ] {
        let name = format!("\u{80}\u{4}cbuiltins\n{class}\n");
        let name: Vec<u8> = name.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let with = |end: &[u8]| shown(&[&name[..], args, end].concat());
        assert_eq!((with(b"\x81."), with(b"R.")), (new.to_owned(), called.to_owned()), "{class}");
        assert_eq!(with(b"}\x92."), new, "{class}");
    }
    assert_eq!(shown(b"\x80\x04cbuiltins\ndict\n}K\x01K\x02s\x85\x81."), "{}");
    assert_eq!(shown(b"\x80\x04cbuiltins\nlist\n)}\x8c\x01aK\x01s\x92."), "[]");
}

#[test]
fn flags_that_are_not_those_of_the_dtype_are_refused() {
    let dtype = |name: &str, flags: u8| {
        let start =
            format!("cnumpy\ndtype\n(U\x02{name}I0\nI1\ntR(I3\nU\x01|NNNI-1\nI-1\nI{flags}\ntb.");
        from_bytes(start.into_bytes(), &Options::default())
    };
    for (name, flags, is_sound) in [
        ("u1", 0, true),
        ("u1", 1, false),
        ("u1", 2, false),
        ("u1", 4, false),
        ("u1", 63, false),
        ("O8", 63, true),
        ("O8", 0, false),
    ] {
        let read = dtype(name, flags);
        assert_eq!(read.is_ok(), is_sound, "{name} {flags}: {read:?}");
    }
}

/// The dtype `V4`, or another one, with a state.
fn dtype_of(name: &str, state: &str) -> crate::Result<String> {
    let bytes = format!("cnumpy\ndtype\n(S'{name}'\nI0\nI1\ntR({state}tb.").into_bytes();
    from_bytes(bytes, &Options::default())
        .map(|value| value.dtype().map(ToString::to_string).unwrap_or_default())
}

#[test]
fn versions_of_states_are_those_that_numpy_reads() {
    // Each was given to NumPy 2.4.
    let rest = "S'>'\nNNNI-1\nI-1\n";
    for version in 0..=4 {
        for more in ["", "I0\n", "I0\nN"] {
            let read = dtype_of("f4", &format!("I{version}\n{rest}{more}"));
            assert_eq!(read.unwrap(), ">f4", "{version} {more:?}");
        }
    }
    for version in [-1, 5] {
        let e = dtype_of("f4", &format!("I{version}\n{rest}I0\n")).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        assert!(e.to_string().contains(&format!("version {version} of a dtype's state")));
    }
    // Six parts, and five, which have no version.
    assert_eq!(dtype_of("f4", "I0\nS'>'\nNNI-1\nI-1\n").unwrap(), ">f4");
    assert_eq!(dtype_of("f4", "S'>'\nNNI-1\nI-1\n").unwrap(), ">f4");
    assert_eq!(dtype_of("f4", "S'>'\nNNI-1\n").unwrap_err().kind(), ErrorKind::Unsupported);
    let e = dtype_of("f4", &format!("F1.0\n{rest}I0\n")).unwrap_err();
    assert!(e.to_string().contains("the version of a dtype's state, found a float"), "{e}");
    // The names of fields were once in the dictionary, and are taken from nowhere else then.
    let byte = "cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR";
    let (old, new) =
        (format!("(dS'a'\n({byte}I3\ntsI-1\n(S'a'\nts"), format!("(dS'a'\n({byte}I3\nts"));
    let record = "[('', '|V3'), ('a', '|u1')]";
    for (state, is_read) in [
        (format!("S'|'\nN{old}I4\nI1\n"), true),
        (format!("I0\nS'|'\nN{old}I4\nI1\n"), true),
        (format!("I1\nS'|'\nNN{old}I4\nI1\n"), true),
        (format!("I1\nS'|'\nN(S'b'\nt{old}I4\nI1\n"), true),
        (format!("I2\nS'|'\nN(S'a'\nt{new}I4\nI1\n"), true),
        (format!("I2\nS'|'\nNN{new}I4\nI1\n"), false),
        ("I2\nS'|'\nN(S'a'\ntNI4\nI1\n".to_owned(), false),
        (format!("I1\nS'|'\nN(S'a'\nt{new}I4\nI1\n"), false),
        (format!("S'|'\nN{new}I4\nI1\n"), false),
    ] {
        match dtype_of("V4", &state) {
            Ok(dtype) => assert!(is_read && dtype == record, "{state} {dtype}"),
            Err(e) => assert!(!is_read && e.kind() == ErrorKind::Corrupt, "{state} {e}"),
        }
    }
    let array = |state: &[u8]| {
        let at = ARRAY_2.windows(5).position(|five| five == b"(K\x01K\x02").unwrap();
        let (before, after) = (&ARRAY_2[..at + 1], &ARRAY_2[at + 3..]);
        from_bytes([before, state, after].concat(), &Options::default())
    };
    for version in [&b""[..], b"K\x00", b"K\x01", b"I01\n"] {
        assert_eq!(array(version).unwrap().shape(), Some(&[2, 2][..]));
    }
    let e = array(b"K\x05").unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    assert!(e.to_string().contains("version 5 of an array's state"), "{e}");
    assert_eq!(array(b"J\xff\xff\xff\xff").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn metadata_of_a_dtype_are_a_dictionary() {
    let state = "I4\nS'<'\nNNNI-1\nI-1\nI0\n";
    assert_eq!(dtype_of("f4", &format!("{state}(dS'a'\nI1\ns")).unwrap(), "<f4");
    for (found, what) in [("I5\n", "an integer"), ("(t", "a tuple"), ("S'x'\n", "a string")] {
        let e = dtype_of("f4", &format!("{state}{found}")).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt);
        let expected = format!("a dictionary as the metadata of a dtype, found {what}");
        assert!(e.to_string().contains(&expected), "{e}");
    }
    let unit = "(S's'\nI1\nI1\nI1\nt";
    assert_eq!(dtype_of("M8[s]", &format!("{state}({}{unit}t", "(d")).unwrap(), "<M8[s]");
    assert_eq!(dtype_of("M8[s]", &format!("{state}(N{unit}t")).unwrap(), "<M8[s]");
    for bad in ["N".to_owned(), format!("(I5\n{unit}t")] {
        assert_eq!(
            dtype_of("M8[s]", &format!("{state}{bad}")).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
    }
}

#[test]
fn long_names_of_fields_are_fetched_from_the_file() {
    let text = |text: &str| {
        [&b"X"[..], &u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat()
    };
    let byte = b"cnumpy\ndtype\n(U\x02u1I0\nI1\ntR";
    // One field whose name and title are memoized, as they are in the tuple and the dictionary.
    let record = |name: &[u8], title: &[u8], again: usize| {
        let names = [&b"("[..], name, b"q\x00", &b"h\x00".repeat(again), b"t"].concat();
        let what = [&b"("[..], byte, b"I0\n", title, b"q\x01t"].concat();
        let fields = [&b"(dh\x00"[..], &what, b"q\x02sh\x01h\x02s"].concat();
        let start = b"cnumpy\ndtype\n(U\x02V1I0\nI1\ntR(I3\nU\x01|N";
        [&start[..], &names, &fields, b"I1\nI1\nI0\ntb."].concat()
    };
    let read =
        |bytes: Vec<u8>, limits: Limits| from_bytes(bytes, &Options::default().limits(limits));
    let limits = Limits::default;
    for (name, title) in
        [("x".repeat(70_000), "y".repeat(80_000)), ("ü".repeat(70_000), "t".into())]
    {
        let value = read(record(&text(&name), &text(&title), 0), limits()).unwrap();
        let field = value.dtype().unwrap().as_record().unwrap().fields()[0].clone();
        assert_eq!((field.name(), field.title()), (&*name, Some(&*title)));
    }
    // As Python 2 wrote it.
    let old = [&b"T"[..], &70_000_u32.to_le_bytes(), &b"\xe9".repeat(70_000)].concat();
    let value = read(record(&old, &text("t"), 0), limits()).unwrap();
    assert_eq!(value.dtype().unwrap().as_record().unwrap().fields()[0].name(), "é".repeat(70_000));
    // No longer than the header of an NPY may be, and no text again and again.
    let long = record(&text(&"x".repeat(70_000)), &text("t"), 0);
    let e = read(long.clone(), limits().header_len(69_999)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Limit);
    assert!(e.to_string().contains("the name of a field of at most 69999, found 70000"), "{e}");
    assert!(read(long, limits().header_len(70_000)).is_ok());
    let again = record(&text(&"x".repeat(70_000)), &text("t"), 1000);
    assert_eq!(read(again, limits()).unwrap_err().kind(), ErrorKind::Limit);
    // Bytes that are no text.
    let wide = [&b"X"[..], &70_000_u32.to_le_bytes(), &b"\xff".repeat(70_000)].concat();
    assert_eq!(
        read(record(&wide, &text("t"), 0), limits()).unwrap_err().kind(),
        ErrorKind::Corrupt
    );
}

#[test]
fn what_is_no_length_is_told() {
    let shape = b"cnumpy._core.numeric\n_frombuffer\n(U\x02abcnumpy\ndtype\n(U\x02u1I0\nI1\ntR(";
    for (length, found) in [(&b"I-7\n"[..], "-7"), (b"U\x01x", "a string")] {
        let bytes = [&shape[..], length, b"tU\x01CtR."].concat();
        let e = from_bytes(bytes, &Options::default()).unwrap_err();
        assert!(e.to_string().contains(&format!("a length of a shape, found {found}")), "{e}");
    }
}
