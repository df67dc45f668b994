//! Rows that are added, crashes on the way, and what is refused.
#![forbid(unsafe_code)]

use super::*;
use crate::hdf5::{Draft, Storage, WriteOptions};
use crate::{Array, Durability, ErrorKind, Source, Tree};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A file in memory that fails after so many writes; what is longer than a page is then written by
/// half.
#[derive(Clone, Debug)]
struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    left: Arc<AtomicUsize>,
}

impl Memory {
    fn new(bytes: Vec<u8>, writes: usize) -> Self {
        Self { bytes: Arc::new(Mutex::new(bytes)), left: Arc::new(AtomicUsize::new(writes)) }
    }

    fn now(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    fn appender(&self, name: &str) -> Result<Appender> {
        let disk = Box::new(self.clone());
        Appender::on(disk, Path::new("nowhere.h5"), name, Durability::default())
    }
}

impl Disk for Memory {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        let start = usize::try_from(offset).unwrap();
        let mut file = self.bytes.lock().unwrap();
        let is_one_page = start / 4096 == (start + bytes.len().max(1) - 1) / 4096;
        let is_inside = start + bytes.len() <= file.len();
        assert!(is_one_page || !is_inside, "{} bytes are changed at {start}", bytes.len());
        let done = match left {
            0 if is_one_page => 0,
            0 => bytes.len() / 2,
            _ => bytes.len(),
        };
        if done > 0 {
            let end = start + done;
            if file.len() < end {
                file.resize(end, 0);
            }
            file[start..end].copy_from_slice(&bytes[..done]);
        }
        if left == 0 { Err(io::Error::other("a crash")) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        // After a crash nobody is left to do it.
        if self.left.load(Ordering::Relaxed) > 0 {
            self.bytes.lock().unwrap().truncate(usize::try_from(len).unwrap());
        }
        Ok(())
    }

    fn source(&self) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(crate::MemorySource::new(self.now())))
    }

    fn still_at(&self, _: &Path) -> Result<()> {
        Ok(())
    }
}

fn file(array: &Array, storage: Storage, latest: bool) -> Vec<u8> {
    let tree = Tree::new().with("g/x", array.clone()).unwrap();
    let tree = tree.with("y", Array::from_vec(vec![1u8, 2, 3])).unwrap();
    let draft = Draft::new(tree).storage("g/x", storage).unwrap();
    let options = WriteOptions::default();
    let mut bytes = Vec::new();
    draft.write_to(&mut bytes, &if latest { options.latest() } else { options }).unwrap();
    bytes
}

/// Shape and values.
type Content = (Vec<usize>, Vec<u32>);

fn content(array: &Array) -> Content {
    (array.shape().to_vec(), array.to_vec::<u32>().unwrap())
}

fn read(bytes: &[u8]) -> Content {
    let source = Arc::new(crate::MemorySource::new(bytes.to_vec()));
    let file = crate::OpenOptions::default().open_source(source, Path::new("x.h5")).unwrap();
    assert_eq!(file.get("y").unwrap().read().unwrap().as_slice::<u8>().unwrap(), [1, 2, 3]);
    assert!(file.verify().unwrap().is_empty());
    content(&file.get("g/x").unwrap().read().unwrap())
}

fn numbers(first: u32, shape: &[usize]) -> Array {
    let count = u32::try_from(shape.iter().product::<usize>()).unwrap();
    Array::from_vec((first..first + count).collect::<Vec<u32>>()).reshape(shape).unwrap()
}

fn growing(lengths: &[u64]) -> Storage {
    let mut most: Vec<Option<u64>> = vec![None; lengths.len()];
    most[lengths.len() - 1] = Some(1 << 20);
    Storage::chunked(lengths).resizable(&most)
}

/// The rows of an array from one on.
fn rows(array: &Array, start: usize, end: usize) -> Array {
    let range = i64::try_from(start).unwrap()..i64::try_from(end).unwrap();
    array.select(&crate::Selection::rows(range)).unwrap()
}

#[test]
fn rows_of_every_number_are_read_back() {
    for (row, lengths) in [
        (&[][..], &[4u64][..]),
        (&[5], &[3, 2]),
        (&[5], &[3, 5]),
        (&[3, 4], &[2, 2, 3]),
        (&[2, 1, 3], &[3, 1, 1, 2]),
        (&[0], &[2, 4]),
    ] {
        let shape = [&[40], row].concat();
        let array = numbers(7, &shape);
        let plain = growing(lengths);
        let packed = growing(lengths).shuffle().deflate(4).fletcher32();
        for (storage, latest) in
            [(plain.clone(), false), (plain, true), (packed.clone(), false), (packed, true)]
        {
            for start in [0, 1, 3, 6] {
                let disk =
                    Memory::new(file(&rows(&array, 0, start), storage.clone(), latest), 10_000);
                let mut at = start;
                for count in [0, 1, 2, 3, 9, 1, 12] {
                    let mut appender = disk.appender("g/x").unwrap();
                    assert_eq!(appender.rows(), at);
                    appender.push(&rows(&array, at, at + count)).unwrap();
                    at += count;
                    assert_eq!(appender.finish().unwrap(), at);
                    assert_eq!(
                        read(&disk.now()),
                        content(&rows(&array, 0, at)),
                        "{row:?} {lengths:?}"
                    );
                }
                // Several commits of one appender, of rows that do not lie together.
                let mut appender = disk.appender("/g/x").unwrap();
                while at < 40 {
                    let turned = rows(&array, at, at + 1).to_contiguous(MemoryOrder::F).unwrap();
                    appender.push(&turned).unwrap();
                    at += 1;
                    if at % 3 == 0 {
                        appender.commit().unwrap();
                        assert_eq!(read(&disk.now()), content(&rows(&array, 0, at)));
                    }
                }
                appender.finish().unwrap();
                assert_eq!(read(&disk.now()), content(&array));
            }
        }
    }
}

#[test]
fn indices_of_many_levels_go_on() {
    let disk = Memory::new(file(&numbers(0, &[0]), growing(&[1]), false), usize::MAX);
    let mut appender = disk.appender("g/x").unwrap();
    let mut at = 0;
    for step in [1u32, 62, 1, 1, 63, 64, 65, 1, 4096, 1, 3, 2000] {
        let more = numbers(at, &[usize::try_from(step).unwrap()]);
        appender.push(&more).unwrap();
        appender.commit().unwrap();
        at += step;
        assert_eq!(read(&disk.now()), content(&numbers(0, &[usize::try_from(at).unwrap()])));
    }
    // A commit of one row writes a node of each level, and the room that it takes is no more.
    let before = disk.now().len();
    for _ in 0..50 {
        appender.push(&numbers(at, &[1])).unwrap();
        appender.commit().unwrap();
        at += 1;
    }
    let each = (disk.now().len() - before) / 50;
    assert!(each < 3 * 3000, "{each} bytes for a row");
    assert_eq!(read(&disk.now()), content(&numbers(0, &[usize::try_from(at).unwrap()])));
}

#[test]
fn after_a_crash_there_are_the_old_rows_or_the_new_ones() {
    let array = numbers(3, &[600, 5]);
    for latest in [false, true] {
        for storage in [growing(&[4, 2]), growing(&[4, 2]).shuffle().deflate(1)] {
            let begin = file(&rows(&array, 0, 301), storage, latest);
            let (mut old, mut new) = (0, 0);
            for writes in 0.. {
                let disk = Memory::new(begin.clone(), writes);
                let mut appender = disk.appender("g/x").unwrap();
                let done = appender
                    .push(&rows(&array, 301, 307))
                    .and_then(|()| appender.commit())
                    .and_then(|()| appender.push(&rows(&array, 307, 600)))
                    .and_then(|()| appender.commit());
                let is_done = done.is_ok();
                if !is_done {
                    assert!(
                        appender.push(&rows(&array, 0, 1)).is_err() && appender.commit().is_err()
                    );
                }
                drop(appender);
                let there = read(&disk.now());
                let count = there.0[0];
                assert!([301, 307, 600].contains(&count), "{count}");
                assert_eq!(there, content(&rows(&array, 0, count)));
                (old, new) = (old + usize::from(count == 301), new + usize::from(count == 600));
                // What comes after it is as good.
                disk.left.store(1000, Ordering::Relaxed);
                let mut appender = disk.appender("g/x").unwrap();
                appender.push(&rows(&array, count, 600)).unwrap();
                appender.finish().unwrap();
                assert_eq!(read(&disk.now()), content(&array));
                if is_done {
                    break;
                }
            }
            assert!(old > 3 && new > 0, "{old} {new}");
        }
    }
}

#[test]
fn what_was_not_committed_is_taken_back() {
    let begin = file(&numbers(0, &[5]), growing(&[2]), true);
    let disk = Memory::new(begin.clone(), 1000);
    let mut appender = disk.appender("g/x").unwrap();
    appender.push(&numbers(5, &[5])).unwrap();
    assert_eq!(appender.rows(), 10);
    drop(appender);
    assert_eq!(disk.now(), begin);
    let mut appender = disk.appender("g/x").unwrap();
    appender.commit().unwrap();
    assert_eq!((appender.finish().unwrap(), disk.now()), (5, begin));
}

#[test]
fn what_cannot_grow_is_refused_and_not_changed() {
    let kind = |bytes: &[u8], name: &str, more: &Array| {
        let disk = Memory::new(bytes.to_vec(), 1000);
        let e = disk.appender(name).and_then(|mut appender| appender.push(more)).unwrap_err();
        assert_eq!(disk.now(), bytes);
        e.kind()
    };
    use ErrorKind::{Corrupt, Invalid, Mismatch, NotFound, Unsupported};
    let array = numbers(0, &[4, 3]);
    let fine = file(&array, growing(&[2, 2]), false);
    assert_eq!(kind(&fine, "g/z", &array), NotFound);
    assert_eq!(kind(&fine, "g", &array), Unsupported);
    assert_eq!(kind(&fine, "y", &array), Unsupported);
    assert_eq!(kind(&fine, "g/x", &numbers(0, &[4, 4])), Mismatch);
    assert_eq!(kind(&fine, "g/x", &Array::from_vec(vec![0i32; 3])), Mismatch);
    assert_eq!(kind(&file(&array, Storage::chunked(&[2, 2]), false), "g/x", &array), Unsupported);
    let most = Storage::chunked(&[2, 2]).resizable(&[Some(7), Some(3)]);
    assert_eq!(kind(&file(&array, most, false), "g/x", &array), Mismatch);
    let scalar = numbers(0, &[1]).reshape(&[]).unwrap();
    assert_eq!(kind(&file(&scalar, Storage::contiguous(), false), "g/x", &array), Invalid);
    let user_block = [vec![0; 512], fine.clone()].concat();
    assert_eq!(kind(&user_block, "g/x", &array), Unsupported);
    assert_eq!(kind(&fine[..fine.len() - 1], "g/x", &array), Corrupt);
    let mut marked = fine.clone();
    marked[20] = 1;
    assert_eq!(kind(&marked, "g/x", &array), Unsupported);
    // Up to its largest length it grows.
    let most = Storage::chunked(&[2, 2]).resizable(&[Some(8), Some(3)]);
    let disk = Memory::new(file(&array, most, false), 1000);
    let mut appender = disk.appender("g/x").unwrap();
    appender.push(&array).unwrap();
    assert_eq!(appender.push(&rows(&array, 0, 1)).unwrap_err().kind(), Mismatch);
    assert_eq!(appender.finish().unwrap(), 8);
    assert_eq!(read(&disk.now()).0, [8, 3]);
}

#[test]
fn damaged_files_are_refused_or_read_as_before() {
    let array = numbers(0, &[70]);
    for latest in [false, true] {
        let begin = file(&array, growing(&[1]), latest);
        for at in 0..begin.len() {
            for flip in [1u8, 0x80, 0xff] {
                let mut bytes = begin.clone();
                bytes[at] ^= flip;
                let disk = Memory::new(bytes, 1000);
                let Ok(mut appender) = disk.appender("g/x") else { continue };
                let _ = appender.push(&numbers(70, &[1])).and_then(|()| appender.commit());
            }
        }
        for len in 0..begin.len() {
            assert!(Memory::new(begin[..len].to_vec(), 1000).appender("g/x").is_err(), "{len}");
        }
    }
}

#[test]
fn files_are_locked_and_changed_in_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.h5");
    std::fs::write(&path, file(&numbers(0, &[3]), growing(&[2]), false)).unwrap();
    let mut first = Appender::open(&path, "g/x").unwrap();
    assert_eq!(Appender::open(&path, "g/x").unwrap_err().kind(), ErrorKind::Io);
    first.push_slice(&[3u32, 4]).unwrap();
    assert_eq!((first.dtype().to_string(), first.row_shape()), ("<u4".to_owned(), &[][..]));
    assert_eq!(first.finish().unwrap(), 5);
    append(&path, "g/x", &numbers(5, &[4])).unwrap();
    assert_eq!(read(&std::fs::read(&path).unwrap()), content(&numbers(0, &[9])));
    let e = append(&path, "g/x", &Array::from_vec(vec![1.0f32])).unwrap_err();
    assert!(e.to_string().contains("x.h5") && e.to_string().contains("g/x"), "{e}");
    let lost = Appender::open(&path, "g/x").map(|mut appender| {
        appender.push(&numbers(9, &[1])).unwrap();
        std::fs::remove_file(&path).unwrap();
        appender.commit()
    });
    assert_eq!(lost.unwrap().unwrap_err().kind(), ErrorKind::Io);
}
