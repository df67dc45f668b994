//! What CPython 3.11 and NumPy 2.x pickled, into types of our own.
#![forbid(unsafe_code)]

use crate::pickle::{Options, from_bytes};
use crate::{Array, ErrorKind, Value, from_value};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// `plain` in protocol 4.
const PLAIN: &[u8] = b"\x80\x04\x95*\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x02id\x94K\x07\x8c\x04name\x94\x8c\x01a\x94\x8c\x04tags\x94\x8f\x94(\x8c\x01y\x94\x8c\x01x\x94\x90u.";

/// `object` in protocol 2.
const OBJECT: &[u8] = b"\x80\x02cmine\nMine\nq\x00)\x81q\x01}q\x02(X\x02\x00\x00\x00idq\x03K\x07X\x04\x00\x00\x00nameq\x04X\x01\x00\x00\x00aq\x05X\x04\x00\x00\x00tagsq\x06c__builtin__\nset\nq\x07]q\x08(X\x01\x00\x00\x00yq\x09X\x01\x00\x00\x00xq\ne\x85q\x0bRq\x0cub.";

/// `numbers` in protocol 4.
const NUMBERS: &[u8] = b"\x80\x04\x95\\\x00\x00\x00\x00\x00\x00\x00]\x94(\x88J\xff\xff\xff\xff\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00\x8a\x0d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0G?\xf8\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94\x8c\x07complex\x94\x93\x94G?\xf0\x00\x00\x00\x00\x00\x00G@\x00\x00\x00\x00\x00\x00\x00\x86\x94R\x94Ne.";

/// `arrays` in protocol 5.
const ARRAYS: &[u8] = b"\x80\x05\x95Q\x03\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94\x8c\x13numpy._core.numeric\x94\x8c\x0b_frombuffer\x94\x93\x94(\x96\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x94\x8c\x05numpy\x94\x8c\x05dtype\x94\x93\x94\x8c\x02i2\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01>\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x02K\x03\x86\x94\x8c\x01C\x94t\x94R\x94\x8c\x01h\x94h\x04(\x96\x06\x00\x00\x00\x00\x00\x00\x00\x008\x00\xc0\x00|\x94h\x08\x8c\x02f2\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x03\x85\x94h\x0ft\x94R\x94\x8c\x01s\x94h\x04(\x96\x10\x00\x00\x00\x00\x00\x00\x00\xe9\x00\x00\x00\x00\x00\x00\x00b\x00\x00\x00c\x00\x00\x00\x94h\x08\x8c\x02U2\x94\x89\x88\x87\x94R\x94(K\x03h\x17NNNK\x08K\x04K\x08t\x94bK\x02\x85\x94h\x0ft\x94R\x94\x8c\x01o\x94\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94h\x06\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x01K\x02\x86\x94h\x08\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\x89]\x94(K\x01Net\x94b\x8c\x01r\x94h\x04(\x96\x05\x00\x00\x00\x00\x00\x00\x00\x01@ \x00\x00\x94h\x08\x8c\x02V5\x94\x89\x88\x87\x94R\x94(K\x03h3N\x8c\x02id\x94\x8c\x05score\x94\x86\x94}\x94(h<h\x08\x8c\x02u1\x94\x89\x88\x87\x94R\x94(K\x03h3NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x00\x86\x94h=h\x08\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03h\x0cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x01\x86\x94uK\x05K\x01K\x10t\x94bK\x01\x85\x94h\x0ft\x94R\x94\x8c\x01f\x94h\x04(\x96 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x08@\x94h\x08\x8c\x02f8\x94\x89\x88\x87\x94R\x94(K\x03h\x17NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x02K\x02\x86\x94\x8c\x01F\x94t\x94R\x94\x8c\x01x\x94h&\x8c\x06scalar\x94\x93\x94h\x08\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03h\x17NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bC\x04\x00\x00\x80>\x94\x86\x94R\x94\x8c\x01z\x94h\x04(\x96\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@\x94h\x08\x8c\x03c16\x94\x89\x88\x87\x94R\x94(K\x03h\x17NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t\x94bK\x01\x85\x94h\x0ft\x94R\x94\x8c\x01e\x94h\x04(\x96\x00\x00\x00\x00\x00\x00\x00\x00\x94hRK\x00K\x02\x86\x94h\x0ft\x94R\x94u.";

/// `texts` in protocol 4.
const TEXTS: &[u8] = b"\x80\x04\x95|\x01\x00\x00\x00\x00\x00\x00]\x94(\x8c\x08datetime\x94\x8c\x08datetime\x94\x93\x94C\n\x07\xe4\x01\x02\x03\x04\x05\x00\x02\xa6\x94h\x01\x8c\x08timezone\x94\x93\x94h\x01\x8c\x09timedelta\x94\x93\x94J\xff\xff\xff\xffJH \x01\x00K\x00\x87\x94R\x94\x85\x94R\x94\x86\x94R\x94h\x03C\n\x07\xe4\x01\x02\x00\x00\x00\x00\x00\x00\x94\x85\x94R\x94h\x01\x8c\x04date\x94\x93\x94C\x04\x07\xcf\x0c\x1f\x94\x85\x94R\x94h\x01\x8c\x04time\x94\x93\x94C\x06\x01\x02\x03\x00\x00\x00\x94\x85\x94R\x94h\x18C\x06\x01\x02\x03\x00\x00\x00\x94h\x06h\x08K\x00K\x00K\x00\x87\x94R\x94\x85\x94R\x94\x86\x94R\x94\x8c\x07decimal\x94\x8c\x07Decimal\x94\x93\x94\x8c\x041.50\x94\x85\x94R\x94\x8c\x09fractions\x94\x8c\x08Fraction\x94\x93\x94K\x01K\x03\x86\x94R\x94\x8c\x04uuid\x94\x8c\x04UUID\x94\x93\x94)\x81\x94}\x94\x8c\x03int\x94\x8a\x11\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00sbh0)\x81\x94}\x94h3K\x05sb\x8c\x07pathlib\x94\x8c\x0dPurePosixPath\x94\x93\x94\x8c\x01/\x94\x8c\x01a\x94\x8c\x01b\x94\x87\x94R\x94h8\x8c\x01c\x94\x8c\x01d\x94\x86\x94R\x94e.";

/// `lengths` in protocol 4.
const LENGTHS: &[u8] = b"\x80\x04\x95:\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x08datetime\x94\x8c\x09timedelta\x94\x93\x94K\x01K\x02J \xa1\x07\x00\x87\x94R\x94h\x03J\xff\xff\xff\xffK\x00K\x00\x87\x94R\x94e.";

/// `containers` in protocol 4.
const CONTAINERS: &[u8] = b"\x80\x04\x953\x01\x00\x00\x00\x00\x00\x00]\x94(\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94\x8c\x01a\x94K\x01sh\x01\x8c\x0bdefaultdict\x94\x93\x94\x8c\x08builtins\x94\x8c\x04list\x94\x93\x94\x85\x94R\x94h\x05K\x02sh\x01\x8c\x07Counter\x94\x93\x94}\x94(\x8c\x01a\x94K\x02\x8c\x01b\x94K\x01u\x85\x94R\x94h\x01\x8c\x05deque\x94\x93\x94)R\x94(K\x01K\x02eh\x15)K\x01\x86\x94R\x94K\x03a\x8c\x04mine\x94\x8c\x05Point\x94\x93\x94K\x04K\x05\x86\x94\x81\x94h\x19\x8c\x06MyList\x94\x93\x94)\x81\x94K\x06a\x8c\x05array\x94\x8c\x14_array_reconstructor\x94\x93\x94(\x8c\x05array\x94\x8c\x05array\x94\x93\x94\x8c\x01d\x94K\x10C\x08\x00\x00\x00\x00\x00\x00\x1e@\x94t\x94R\x94h#(h&\x8c\x01H\x94K\x02C\x02\x08\x00\x94t\x94R\x94\x8f\x94(K\x09\x90(K\n\x91\x94e.";

/// `containers_0` in protocol 0.
const CONTAINERS_0: &[u8] = b"(lp0\nccollections\nOrderedDict\np1\n(tRp2\nVa\np3\nI1\nsaccollections\ndefaultdict\np4\n(c__builtin__\nlist\np5\ntp6\nRp7\ng3\nI2\nsaccollections\nCounter\np8\n((dp9\nVa\np10\nI2\nsVb\np11\nI1\nstp12\nRp13\naccollections\ndeque\np14\n(tRp15\nI1\naI2\naag14\n((tI1\ntp16\nRp17\nI3\naaccopy_reg\n_reconstructor\np18\n(cmine\nPoint\np19\nc__builtin__\ntuple\np20\n(I4\nI5\ntp21\ntp22\nRp23\nag18\n(cmine\nMyList\np24\ng5\n(lp25\nI6\natp26\nRp27\nacarray\narray\np28\n(Vd\np29\n(lp30\nF7.5\natp31\nRp32\nag28\n(VH\np33\n(lp34\nI8\natp35\nRp36\nac__builtin__\nset\np37\n((lp38\nI9\natp39\nRp40\nac__builtin__\nfrozenset\np41\n((lp42\nI10\natp43\nRp44\na.";

/// `enums` in protocol 4.
const ENUMS: &[u8] = b"\x80\x04\x95^\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x03Red\x94}\x94\x8c\x03Rgb\x94]\x94(K\x01K\x02K\x03es}\x94\x8c\x05Named\x94}\x94\x8c\x04name\x94\x8c\x01x\x94ss}\x94\x8c\x03One\x94K\x05s\x8c\x04mine\x94\x8c\x06Colour\x94\x93\x94\x8c\x03red\x94\x85\x94R\x94e.";

/// `bytes` in protocol 4.
const BYTES: &[u8] = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x03raw\x94C\x02\x01\x02\x94\x8c\x04text\x94\x8c\x03abc\x94u.";

fn read(bytes: &[u8]) -> Value {
    from_bytes(bytes.to_vec(), &Options::default()).unwrap()
}

#[derive(Deserialize, Debug, PartialEq)]
struct Mine<'a> {
    id: u8,
    name: &'a str,
    tags: BTreeSet<String>,
}

#[test]
fn dictionaries_and_objects_become_structs() {
    let tags = ["x", "y"].map(str::to_owned).into();
    let expected = Mine { id: 7, name: "a", tags };
    for bytes in [PLAIN, OBJECT] {
        assert_eq!(from_value::<Mine>(&read(bytes)).unwrap(), expected);
    }
    let value = read(OBJECT);
    let loose: BTreeMap<String, Value> = from_value(&value).unwrap();
    assert_eq!(loose["id"].as_int(), Some(7));
    assert_eq!(from_value::<Vec<u8>>(&value).unwrap_err().kind(), ErrorKind::Mismatch);
    assert_eq!(from_value::<u8>(&value).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn numbers_of_every_size() {
    type Numbers = (bool, i8, u64, i128, f32, (f64, f64), Option<u8>);
    let found: Numbers = from_value(&read(NUMBERS)).unwrap();
    assert_eq!(found, (true, -1, 1 << 63, -(1 << 100), 1.5, (1.0, 2.0), None));
    type Narrow = (bool, u8);
    assert_eq!(from_value::<Narrow>(&read(NUMBERS)).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[derive(Deserialize, Debug, PartialEq)]
struct Row {
    id: u8,
    score: f64,
}

#[derive(Deserialize)]
struct Arrays {
    a: Vec<[i16; 3]>,
    h: Vec<f32>,
    s: Vec<String>,
    o: Vec<Vec<Option<u8>>>,
    r: Vec<Row>,
    f: [[f64; 2]; 2],
    x: f32,
    z: Vec<(f64, f64)>,
    e: Vec<Vec<f64>>,
}

#[test]
fn arrays_become_sequences_or_stay_arrays() {
    let value = read(ARRAYS);
    let found: Arrays = from_value(&value).unwrap();
    assert_eq!(found.a, [[0, 1, 2], [3, 4, 5]]);
    assert_eq!(found.h, [0.5, -2.0, f32::INFINITY]);
    assert_eq!(found.s, ["é", "bc"]);
    assert_eq!(found.o, [[Some(1), None]]);
    assert_eq!(found.r, [Row { id: 1, score: 2.5 }]);
    assert_eq!((found.f, found.x), ([[0.0, 1.0], [2.0, 3.0]], 0.25));
    assert_eq!(found.z, [(1.0, 2.0)]);
    assert!(found.e.is_empty());

    #[derive(Deserialize)]
    struct Own {
        a: Array,
        o: Value,
        x: Option<Array>,
    }
    let own: Own = from_value(&value).unwrap();
    assert_eq!((own.a.shape(), own.a.to_vec::<i16>().unwrap()), (&[2, 3][..], (0..6).collect()));
    assert_eq!(own.o.objects().map(Iterator::count), Some(2));
    assert_eq!(own.x.unwrap().shape(), [0; 0]);
    assert_eq!(
        from_value::<HashMap<String, Array>>(&value).unwrap_err().kind(),
        ErrorKind::Mismatch
    );
}

#[test]
fn what_the_standard_library_has_is_text() {
    let found: Vec<String> = from_value(&read(TEXTS)).unwrap();
    assert_eq!(
        found,
        [
            "2020-01-02T03:04:05.000678-03:30",
            "2020-01-02T00:00:00",
            "1999-12-31",
            "01:02:03",
            "01:02:03+00:00",
            "1.50",
            "1/3",
            "80000000-0000-0000-0000-000000000005",
            "00000000-0000-0000-0000-000000000005",
            "/a/b",
            "c/d",
        ]
    );
    let value = read(LENGTHS);
    assert_eq!(from_value::<(f64, f64)>(&value).unwrap(), (86_402.5, -86_400.0));
    let first: Duration = from_value(&value.item(0).unwrap()).unwrap();
    assert_eq!(first, Duration::new(86_402, 500_000_000));
    assert!(from_value::<Duration>(&value.item(1).unwrap()).is_err());
}

#[test]
fn containers_are_what_they_hold() {
    type Map = HashMap<String, u8>;
    type All =
        (Map, Map, Map, Vec<u8>, Vec<u8>, (u8, u8), Vec<u8>, Vec<f64>, [u16; 1], (u8,), (u8,));
    for bytes in [CONTAINERS, CONTAINERS_0] {
        let found: All = from_value(&read(bytes)).unwrap();
        let of = |pairs: &[(&str, u8)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), *v)).collect();
        let maps = (of(&[("a", 1)]), of(&[("a", 2)]), of(&[("a", 2), ("b", 1)]));
        assert_eq!((&found.0, &found.1, &found.2), (&maps.0, &maps.1, &maps.2));
        assert_eq!((&*found.3, &*found.4, found.5), (&[1, 2][..], &[3][..], (4, 5)));
        assert_eq!((&*found.6, &*found.7, found.8), (&[6][..], &[7.5][..], [8]));
        assert_eq!((found.9, found.10), ((9,), (10,)));
    }
    // As Python 2 has it.
    let old = read(b"ccollections\nOrderedDict\n((l(lS'a'\naI1\naatR.");
    assert_eq!(from_value::<HashMap<String, u8>>(&old).unwrap()["a"], 1);
}

#[derive(Deserialize, Debug, PartialEq)]
enum Shade {
    Red,
    Rgb(u8, u8, u8),
    Named { name: String },
    One(u8),
}

#[test]
fn variants_by_their_names() {
    let value = read(ENUMS);
    let found: Vec<Shade> = value.items().take(4).map(|v| from_value(&v).unwrap()).collect();
    let named = Shade::Named { name: "x".to_owned() };
    assert_eq!(found, [Shade::Red, Shade::Rgb(1, 2, 3), named, Shade::One(5)]);
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
    }
    assert_eq!(from_value::<Colour>(&value.item(4).unwrap()).unwrap(), Colour::Red);
    assert!(from_value::<Colour>(&value.item(0).unwrap()).is_err());
}

#[test]
fn bytes_are_bytes_or_numbers() {
    #[derive(Deserialize)]
    struct Both<'a> {
        raw: Vec<u8>,
        text: &'a str,
    }
    let value = read(BYTES);
    let both: Both = from_value(&value).unwrap();
    assert_eq!((both.raw, both.text), (vec![1, 2], "abc"));
    let raw = value.get("raw").unwrap();
    assert_eq!(from_value::<&[u8]>(&raw).unwrap(), [1, 2]);
}

#[test]
fn what_holds_itself_ends() {
    #[derive(Deserialize, Debug)]
    struct List(#[allow(dead_code)] Vec<List>);
    let value = read(b"]q\0h\0a.");
    assert_eq!(from_value::<List>(&value).unwrap_err().kind(), ErrorKind::Limit);
    let deep = [&b"]".repeat(127)[..], &b"a".repeat(126), b"."].concat();
    assert!(from_value::<List>(&read(&deep)).is_ok());
}
