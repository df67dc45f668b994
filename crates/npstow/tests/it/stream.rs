//! Streams: several arrays in a row, ends in the middle, claims that nothing stands behind.

use super::roads::Drops;
use super::support::counted;
use npstow::{Array, ErrorKind, MemoryOrder, npy};

#[test]
fn arrays_one_after_another() {
    let mut stream = Vec::new();
    let arrays = ["<f4", "|S3", ">i8"].map(|descr| counted(descr, &[3, 2], MemoryOrder::C));
    for array in &arrays {
        npy::write_to(&mut stream, array).unwrap();
    }
    stream.extend_from_slice(b"and something else");
    let mut reader = Drops(&stream);
    for array in &arrays {
        let read = npy::read_from(&mut reader).unwrap().unwrap();
        assert_eq!((read.dtype(), read.bytes()), (array.dtype(), array.bytes()));
    }
    assert_eq!(reader.0, b"and something else");
    assert_eq!(npy::read_from(&mut reader).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_claim_allocates_nothing() {
    let header = npy::Header::new("<f8".parse().unwrap(), &[1 << 50], MemoryOrder::C).unwrap();
    let mut bytes = header.to_bytes(None).unwrap();
    bytes.extend_from_slice(&[0; 100]);
    // 8 PiB are declared: memory for them could not be had.
    let e = npy::read_from(&mut &bytes[..]).unwrap_err();
    assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(128)));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    std::fs::write(&path, &bytes).unwrap();
    for e in [npy::read(&path).unwrap_err(), npy::view(&path).unwrap_err()] {
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(128)));
        assert_eq!(e.path(), Some(&*path));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_and_written() {
    let (reader, writer) = std::io::pipe().unwrap();
    let array = counted("<f8", &[100_000], MemoryOrder::C);
    let sent = array.clone();
    let thread = std::thread::spawn(move || {
        npy::write_to(&mut npstow::WriteSink(writer), &sent).unwrap();
    });
    let mut reader = reader;
    let got: Array = npy::read_from(&mut reader).unwrap().unwrap();
    thread.join().unwrap();
    assert_eq!(got.bytes(), array.bytes());
}
