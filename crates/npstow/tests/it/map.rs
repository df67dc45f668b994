//! Arrays changed through a map of their file.

use super::support::counted;
use npstow::npy::{self, MapMode};
use npstow::{ErrorKind, MemoryOrder};

#[test]
fn changes_go_where_the_mode_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    npy::write(&path, &counted("<i4", &[2, 3], MemoryOrder::C)).unwrap();
    let before = npy::read(&path).unwrap().as_slice::<i32>().unwrap().to_vec();

    let mut private = npy::map_mut(&path, MapMode::CopyOnWrite).unwrap();
    private.as_mut_slice::<i32>().unwrap()[0] = -1;
    assert_eq!(private.as_slice::<i32>().unwrap()[0], -1);
    assert_eq!(npy::read(&path).unwrap().as_slice::<i32>().unwrap(), before);

    let mut shared = npy::map_mut(&path, MapMode::ReadWrite).unwrap();
    shared.as_mut_slice::<i32>().unwrap()[5] = -2;
    shared.flush().unwrap();
    assert_eq!(npy::read(&path).unwrap().as_slice::<i32>().unwrap()[5], -2);
    assert_eq!(private.shape(), [2, 3]);
    assert_eq!(private.as_slice::<u32>().unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_zeroed_file_is_what_numpy_would_save() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for shape in super::support::SHAPES {
        for order in [MemoryOrder::C, MemoryOrder::F] {
            let map = npy::create(&path, "<f8".parse().unwrap(), shape, order).unwrap();
            assert_eq!(map.bytes().len(), shape.iter().product::<usize>() * 8);
            drop(map);
            let read = npy::read(&path).unwrap();
            assert_eq!(read.shape(), *shape);
            assert!(read.bytes().unwrap().iter().all(|&b| b == 0));
        }
    }
}

#[test]
fn larger_than_memory_is_fine_when_it_is_sparse() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let rows = 1 << 24;
    // 64 GiB.
    let made = npy::create(&path, "<f8".parse().unwrap(), &[rows, 512], MemoryOrder::C);
    let Ok(mut map) = made else {
        eprintln!("SKIPPED: no sparse file of 64 GiB here");
        return;
    };
    map.as_mut_slice::<f64>().unwrap()[rows * 512 - 1] = 2.5;
    drop(map);
    let last = npy::open(&path).unwrap().read_slice(&"-1, -2:".parse().unwrap()).unwrap();
    assert_eq!(last.as_slice::<f64>().unwrap(), [0.0, 2.5]);
}

#[test]
fn a_file_that_is_cut_short_is_not_mapped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    npy::write(&path, &counted("<i4", &[6], MemoryOrder::C)).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(150).unwrap();
    for mode in [MapMode::ReadWrite, MapMode::CopyOnWrite] {
        assert_eq!(npy::map_mut(&path, mode).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn without_elements_there_is_a_map_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    for (descr, shape) in [("<i4", &[0][..]), ("<i4", &[3, 0, 2]), ("|V0", &[4])] {
        npy::write(&path, &counted(descr, shape, MemoryOrder::C)).unwrap();
        for mode in [MapMode::ReadWrite, MapMode::CopyOnWrite] {
            let mut map = npy::map_mut(&path, mode).unwrap();
            assert_eq!((map.shape(), map.bytes().len()), (shape, 0));
            assert!(map.bytes_mut().is_empty());
            map.flush().unwrap();
        }
        assert_eq!(npy::view(&path).unwrap().shape(), shape);
    }
}
