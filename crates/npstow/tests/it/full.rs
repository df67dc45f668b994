//! Files that may not grow further: what is written then is taken back, or counts for nothing.
//!
//! Each test runs once more in a process of its own, which the system lets make files of a few
//! MiB only.
#![cfg(unix)]

use npstow::npy::{self, Appender, RowWriter};
use npstow::{Array, ErrorKind};
use std::path::Path;
use std::process::Command;

/// More than any file may have in the process with the bound, in elements of 8 bytes.
const TOO_MUCH: usize = 1 << 20;

/// Does `work` in a new folder, in a process whose files stay below `TOO_MUCH`.
fn bounded(test: &str, work: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os("BOUNDED") {
        return work(Path::new(&folder));
    }
    let dir = tempfile::tempdir().unwrap();
    // In units of 512 or of 1024 bytes, as the shell likes. The signal would end the process.
    let run = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env("BOUNDED", dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn rows_after_a_write_that_failed_make_no_file() {
    bounded("full::rows_after_a_write_that_failed_make_no_file", |folder| {
        for (name, old) in [("new.npy", None), ("old.npy", Some(b"old"))] {
            let path = folder.join(name);
            if let Some(old) = old {
                std::fs::write(&path, old).unwrap();
            }
            let mut rows = RowWriter::create(&path, "<f8".parse().unwrap(), &[]).unwrap();
            rows.push_slice(&[1.0f64; 9]).unwrap();
            let e = rows.push_slice(&vec![2.0f64; TOO_MUCH]).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Io);
            for error in [rows.push_slice(&[3.0f64]), rows.push(&Array::from_vec(vec![3.0f64]))] {
                assert_eq!(error.unwrap_err().kind(), ErrorKind::Io);
            }
            assert_eq!(rows.finish().unwrap_err().kind(), ErrorKind::Io);
            assert_eq!(std::fs::read(&path).ok().as_deref(), old.map(|old| &old[..]));
        }
    });
}

#[test]
fn rows_that_did_not_fit_are_taken_back() {
    bounded("full::rows_that_did_not_fit_are_taken_back", |folder| {
        let path = folder.join("x.npy");
        npy::write(&path, &Array::from_vec(vec![1.0f64])).unwrap();
        let mut rows = Appender::open(&path).unwrap();
        rows.push_slice(&[2.0f64]).unwrap();
        let e = rows.push_slice(&vec![3.0f64; TOO_MUCH]).unwrap_err();
        assert_eq!((e.kind(), rows.rows()), (ErrorKind::Io, 2));
        rows.push_slice(&[4.0f64]).unwrap();
        assert_eq!(rows.finish().unwrap(), 3);
        assert_eq!(npy::read(&path).unwrap().as_slice::<f64>().unwrap(), [1.0, 2.0, 4.0]);
    });
}

#[test]
fn rows_that_wait_for_others_are_not_lost_where_there_is_no_room() {
    bounded("full::rows_that_wait_for_others_are_not_lost_where_there_is_no_room", |folder| {
        let path = folder.join("x.npy");
        npy::write(&path, &Array::from_vec(vec![1.0f64])).unwrap();
        let mut rows = Appender::open_with(&path, npstow::Durability::None).unwrap();
        // A few at a time, until the file can grow no more.
        let failed = (0..TOO_MUCH).find_map(|_| rows.push_slice(&[2.0f64; 100]).err()).unwrap();
        assert_eq!(failed.kind(), ErrorKind::Io);
        let before = rows.rows();
        assert_eq!(rows.commit().unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(rows.rows(), before);
        drop(rows);
        assert_eq!(npy::read(&path).unwrap().as_slice::<f64>().unwrap(), [1.0]);
    });
}
