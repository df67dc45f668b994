//! What the tests share: small files of every kind, and the folders that files come from.

use npstow::{Array, Dtype, MemoryOrder};
use std::path::{Path, PathBuf};

/// The project's own folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every `.npy` file below `folder` of the project, sorted.
pub fn npy_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![project().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "npy") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The `.npy` files that others wrote, beside a developer's checkout. Without them the tests that
/// need them say so, and pass.
pub fn shared_npy_files() -> Vec<PathBuf> {
    let folder = project().join("../shared/corpus/files/npy");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no shared corpus beside the checkout ({})", folder.display());
        return Vec::new();
    }
    npy_files("../shared/corpus/files/npy")
}

/// An array of 0, 1, 2 … in the bytes of any dtype.
pub fn counted(descr: &str, shape: &[usize], order: MemoryOrder) -> Array {
    let dtype = Dtype::parse(descr).unwrap();
    let len = dtype.itemsize() * shape.iter().product::<usize>();
    let one_byte = descr.contains("b1") || descr.contains('?');
    let bytes: Vec<u8> =
        (0..len).map(|i| if one_byte { i % 2 } else { i * 7 % 251 } as u8).collect();
    Array::new(dtype, shape, order, bytes.into()).unwrap()
}

/// Dtypes of every kind, each with both byte orders where it has one.
pub fn descrs() -> Vec<String> {
    let mut descrs: Vec<String> =
        ["|b1", "|i1", "|u1", "|S5", "|S0", "|V3", "|V0"].map(str::to_owned).into();
    for order in ["<", ">"] {
        let ordered = [
            "i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32", "U3",
            "U0", "M8[ns]", "M8", "m8[25s]",
        ];
        descrs.extend(ordered.iter().map(|kind| format!("{order}{kind}")));
        descrs.push(format!(
            "[('a', '{order}i2'), ('b', '|u1'), ('', '|V1'), ('c', '{order}f8', (2,))]"
        ));
    }
    descrs.push("[('x', '<i2'), ('n', [('y', '>f4'), ('z', '<c8', (2, 2))])]".to_owned());
    descrs
}

/// Shapes of every sort.
pub const SHAPES: &[&[usize]] =
    &[&[], &[0], &[1], &[7], &[3, 4], &[0, 5], &[4, 0], &[2, 3, 4], &[1, 1, 5], &[1, 2, 1, 3, 2]];
