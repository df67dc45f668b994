//! Structs as records, and back.
#![forbid(unsafe_code)]

use crate::{Array, Datetime64, Dtype, Element, MemoryOrder, Record};

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Photon {
    position: [f32; 3],
    time: f32,
    direction: [f32; 3],
    weight: f32,
    polarisation: [f32; 3],
    wavelength: f32,
    flags: [f32; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C)]
struct Hit {
    #[npstow(rename = "id", title = "number")]
    identity: u32,
    good: bool,
    quality: [[bool; 2]; 1],
    #[npstow(pad)]
    _pad: u8,
    #[npstow(bytes)]
    name: [u8; 8],
    when: Datetime64,
    inner: [Inner; 2],
    #[npstow(pad)]
    _tail: [u8; 6],
}

#[derive(Clone, Copy, Debug, PartialEq, Record)]
#[repr(C, packed)]
struct Inner {
    flag: bool,
    energy: f64,
}

fn photons(n: u16) -> Vec<Photon> {
    let photon = |i: u16| Photon {
        position: [f32::from(i), 1.0, 2.0],
        time: 3.0,
        direction: [0.0; 3],
        weight: 1.0,
        polarisation: [0.5; 3],
        wavelength: 420.0,
        flags: [f32::from(i); 4],
    };
    (0..n).map(photon).collect()
}

#[test]
fn photons_are_rows_of_floats_and_back_without_a_copy() {
    let values = photons(5);
    let place = values.as_ptr().cast::<u8>();
    let records = Array::from_vec(values);
    let floats = records.view_as(f32::dtype(), &[4, 4]).unwrap();
    assert_eq!(floats.shape(), [5, 4, 4]);
    assert_eq!((records.shape(), records.dtype().itemsize()), (&[5][..], 64));
    assert_eq!(floats.buffer().as_ptr(), place);
    assert_eq!(floats.as_rows::<Photon>().unwrap(), photons(5));
    assert_eq!(
        floats.view_as(Photon::dtype(), &[]).unwrap().as_slice::<Photon>().unwrap(),
        photons(5)
    );
    assert_eq!(records.as_rows::<Photon>().unwrap(), photons(5));
    assert!(floats.as_slice::<Photon>().is_err());
    let x = records.field("position").unwrap();
    assert_eq!((x.shape(), x.strides()), (&[5, 3][..], &[64, 4][..]));
}

#[test]
fn attributes_shape_the_dtype() {
    let dtype = Hit::dtype();
    let order = if cfg!(target_endian = "little") { '<' } else { '>' };
    let want = format!(
        "[(('number', 'id'), '{order}u4'), ('good', '|b1'), ('quality', '|b1', (1, 2)), \
         ('', '|V1'), ('name', '|S8'), ('when', '{order}M8'), \
         ('inner', [('flag', '|b1'), ('energy', '{order}f8')], (2,)), ('', '|V6')]"
    );
    assert_eq!(dtype.to_string(), want);
    assert!(Hit::matches(&dtype));
    // Any unit will do, and titles do not matter; names do.
    let named = dtype.to_string().replace("<M8", "<M8[ns]").replace("('number', 'id')", "'id'");
    assert!(Hit::matches(&Dtype::parse(&named).unwrap()), "{named}");
    assert!(!Hit::matches(&Dtype::parse(&named.replace("'id'", "'no'")).unwrap()));
    assert!(!Hit::matches(&f32::dtype()));
}

#[test]
fn bools_are_checked_wherever_they_lie() {
    let inner = Inner { flag: true, energy: 0.5 };
    let hit = Hit {
        identity: 7,
        good: true,
        quality: [[false, true]],
        _pad: 0,
        name: *b"muon\0\0\0\0",
        when: Datetime64(3),
        inner: [inner; 2],
        _tail: [0; 6],
    };
    let array = Array::from_vec(vec![hit; 3]);
    assert_eq!(array.as_slice::<Hit>().unwrap(), [hit; 3]);
    assert_eq!(array.field("name").unwrap().to_strings().unwrap(), ["muon"; 3]);
    let size = size_of::<Hit>();
    for (at, name) in [(4, "good"), (6, "quality"), (24, "flag"), (33, "second flag")] {
        let mut bytes = array.bytes().unwrap().to_vec();
        bytes[size + at] = 2;
        let bad = Array::new(Hit::dtype(), &[3], MemoryOrder::C, bytes.into()).unwrap();
        let e = bad.to_vec::<Hit>().unwrap_err().to_string();
        assert!(e.contains("in element 1"), "{name}: {e}");
    }
}
