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
