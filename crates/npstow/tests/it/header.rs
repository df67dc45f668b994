//! Headers: what NumPy writes, byte for byte, and what it reads.

use npstow::npy::{Header, Version};
use npstow::{Dtype, ErrorKind, Limits, MemoryOrder};

fn header(descr: &str, shape: &[usize], order: MemoryOrder) -> Header {
    Header::new(Dtype::parse(descr).unwrap(), shape, order).unwrap()
}

/// From NumPy 2.4.6: `numpy.lib.format.write_array_header_1_0` and its kin.
#[test]
fn headers_are_numpys() {
    let bytes = header("<f4", &[3, 2], MemoryOrder::C).to_bytes(None).unwrap();
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    let mut expected = b"\x93NUMPY\x01\x00v\x00".to_vec();
    expected.extend_from_slice(text.as_bytes());
    expected.resize(127, b' ');
    expected.push(b'\n');
    assert_eq!(bytes, expected);

    let bytes = header("<f4", &[], MemoryOrder::F).to_bytes(Some(Version::V2)).unwrap();
    assert_eq!(&bytes[..12], b"\x93NUMPY\x02\x00\x74\x00\x00\x00");
    assert_eq!(bytes.len() % 64, 0);
}

/// From NumPy 2.4.6: how long a name may be before the header takes 64 bytes more. Any digit of the
/// room to grow shows here, and that a header which is aligned already is padded by 64.
#[test]
fn room_to_grow_and_padding_are_numpys() {
    let (c, f) = (MemoryOrder::C, MemoryOrder::F);
    for (shape, order, first, second) in [
        (&[3][..], c, 32, 96),
        (&[3, 1000], c, 27, 91),
        (&[3, 1000], f, 31, 95),
        (&[1000, 3], f, 28, 92),
        (&[], c, 54, 118),
        (&[0, 3], c, 30, 94),
    ] {
        for len in 1..140 {
            let name = "a".repeat(len);
            let bytes = header(&format!("[('{name}', '<f4')]"), shape, order).to_bytes(None);
            let expected = 128 + 64 * (usize::from(len >= first) + usize::from(len >= second));
            assert_eq!(bytes.unwrap().len(), expected, "{shape:?} {order:?}, a name of {len}");
        }
    }
}

/// A header of this version around a text, in bytes.
fn spelled(version: u8, text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).unwrap().to_le_bytes();
    let len = if version == 1 { &len[..2] } else { &len };
    [b"\x93NUMPY", &[version, 0][..], len, text].concat()
}

/// NumPy 2.4.6 reads the same names.
#[test]
fn versions_1_and_2_are_latin1_and_version_3_is_utf8() {
    let name = |version, name: &[u8]| {
        let rest = b"', '<f4')], 'fortran_order': False, 'shape': (3,), }\n";
        let bytes = spelled(version, &[b"{'descr': [('", name, rest].concat());
        let header = Header::parse(&bytes, &Limits::default())?;
        Ok::<_, npstow::Error>(header.dtype().as_record().unwrap().fields()[0].name().to_owned())
    };
    for version in [1, 2] {
        assert_eq!(name(version, b"\xe9").unwrap(), "\u{e9}");
        // What would be UTF-8 too is Latin-1 all the same.
        assert_eq!(name(version, b"\xc3\xa9").unwrap(), "\u{c3}\u{a9}");
    }
    assert_eq!(name(3, b"\xc3\xa9").unwrap(), "\u{e9}");
    let e = name(3, b"\xe9").unwrap_err();
    assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(25)));
}

/// NumPy reads integers of Python 2 in the versions that Python 2 wrote.
#[test]
fn longs_are_of_versions_1_and_2() {
    let parse = |version| {
        let text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3L,), }\n";
        Header::parse(&spelled(version, text), &Limits::default())
    };
    for version in [1, 2] {
        assert_eq!(parse(version).unwrap().shape(), [3]);
    }
    assert_eq!(parse(3).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn the_first_version_that_holds_the_header_is_chosen() {
    let version = |descr: &str| header(descr, &[1], MemoryOrder::C).to_bytes(None).unwrap()[6];
    assert_eq!(version("[('a', '<f4')]"), 1);
    assert_eq!(version("[('caf\u{e9}', '<f4')]"), 1);
    assert_eq!(version("[('\u{3bb}', '<f4')]"), 3);
    let wide: Vec<String> = (0..5000).map(|i| format!("('field{i}', '<f4')")).collect();
    assert_eq!(version(&format!("[{}]", wide.join(", "))), 2);
    let greek = header("[('\u{3bb}', '<f4')]", &[1], MemoryOrder::C);
    let e = greek.to_bytes(Some(Version::V1)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported);
}

#[test]
fn what_is_written_is_read() {
    for descr in super::support::descrs() {
        for shape in super::support::SHAPES {
            for order in [MemoryOrder::C, MemoryOrder::F] {
                for version in [None, Some(Version::V1), Some(Version::V2), Some(Version::V3)] {
                    let wrote = header(&descr, shape, order);
                    let bytes = wrote.to_bytes(version).unwrap();
                    assert_eq!(bytes.len() % 64, 0);
                    let read = Header::parse(&bytes, &Limits::default()).unwrap();
                    assert_eq!(read.dtype(), wrote.dtype());
                    assert_eq!((read.shape(), read.order()), (*shape, order));
                    assert_eq!(read.data_offset(), bytes.len() as u64);
                    for cut in 0..bytes.len() {
                        let e = Header::parse(&bytes[..cut], &Limits::default()).unwrap_err();
                        assert_eq!(e.kind(), ErrorKind::Corrupt, "cut at {cut}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_header_longer_than_allowed_is_refused_before_it_is_read() {
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend(u32::MAX.to_le_bytes());
    let e = Header::parse(&bytes, &Limits::default()).unwrap_err();
    assert_eq!((e.kind(), e.offset()), (ErrorKind::Limit, Some(8)));
    let e = Header::parse(&bytes, &Limits::none()).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Corrupt);
}
