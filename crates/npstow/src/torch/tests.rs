//! Checkpoints that PyTorch wrote, whole and damaged, and hostile ones.
#![forbid(unsafe_code)]

use crate::{ErrorKind, File, MemorySource, OpenOptions, Result};
use std::sync::Arc;

const FILES: &[(&str, &[u8])] = &[
    ("views-zip", include_bytes!("../../../../corpus/torch/views-zip.pt")),
    ("views-old", include_bytes!("../../../../corpus/torch/views-old.pt")),
    ("state-old4", include_bytes!("../../../../corpus/torch/state-old4.pt")),
    ("types-old", include_bytes!("../../../../corpus/torch/types-old.pt")),
];

fn open(bytes: &[u8]) -> Result<File> {
    OpenOptions::default().open_source(Arc::new(MemorySource::new(bytes.to_vec())), "x.pt")
}

/// Every array with its bytes, where all can be read.
fn content(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let file = open(bytes).ok()?;
    let arrays = file.arrays().ok()?;
    let one = |node: &crate::Node| {
        let array = node.read().ok()?;
        Some((node.name().to_owned(), array.bytes()?.to_vec()))
    };
    arrays.iter().map(one).collect()
}

#[test]
fn views_share_their_storage() {
    for (name, bytes) in FILES.iter().take(2) {
        let file = open(bytes).unwrap();
        assert_eq!(file.format().name(), "torch");
        let of = |path: &str| file.get(path).unwrap();
        let values = |path: &str| of(path).read().unwrap().to_vec::<f32>().unwrap();
        let base: Vec<f32> = (0..24u8).map(f32::from).collect();
        assert_eq!(values("base"), base, "{name}");
        let offset = of("base").entry().unwrap().offset().unwrap();
        assert_eq!(of("turned").entry().unwrap().offset(), Some(offset));
        assert_eq!(of("row").entry().unwrap().offset(), Some(offset + 24));
        assert_eq!(of("turned").shape().unwrap(), [6, 4]);
        assert_eq!(values("column"), [1.0, 7.0, 13.0, 19.0]);
        assert_eq!(values("steps"), [0.0, 3.0, 12.0, 15.0]);
        assert_eq!(values("wide"), [0.0; 5]);
        assert_eq!(of("empty").shape().unwrap(), [0, 6]);
        assert_eq!(values("scalar"), [15.0]);
    }
}

#[test]
fn damage_is_told_or_changes_elements_alone() {
    for (name, bytes) in FILES {
        let whole = content(bytes).unwrap();
        for len in 0..bytes.len() {
            assert!(content(&bytes[..len]).is_none(), "{name} cut at {len}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 0x55;
            // Names and shapes may change; nothing else happens.
            if let Some(found) = content(&changed) {
                assert!(found.len() <= whole.len() + 24, "{name}, byte {at}");
            }
        }
    }
}

/// A checkpoint of one tensor in the old form: text of its arguments, keys, and what comes behind.
fn made(tensor: &str, keys: &str, storages: &[u8]) -> Vec<u8> {
    let mut bytes =
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.".to_vec();
    bytes.extend_from_slice(tensor.as_bytes());
    bytes.extend_from_slice(keys.as_bytes());
    bytes.extend_from_slice(storages);
    bytes
}

/// A tensor over a storage of two floats.
fn tensor(storage: &str, count: &str, rest: &str) -> String {
    format!(
        "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\n{storage}\nS'k'\nS'cpu'\nI{count}\nNtQ{rest}I00\nNtR."
    )
}

const KEYS: &str = "(S'k'\nl.";
const TWO: &[u8] = b"\x02\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\x40";

#[test]
fn a_tensor_made_by_hand() {
    let good = made(&tensor("FloatStorage", "2", "I0\n(I2\nt(I1\nt"), KEYS, TWO);
    assert_eq!(
        open(&good).unwrap().get("").unwrap().read().unwrap().to_vec::<f32>().unwrap(),
        [1.0, 2.0]
    );
    // A view of a view: the storage from its second element on.
    let view = tensor("FloatStorage", "2", "I0\n(I1\nt(I1\nt").replace("NtQ", "(S'v'\nI1\nI1\nttQ");
    let one = open(&made(&view, KEYS, TWO)).unwrap().get("").unwrap().read().unwrap();
    assert_eq!(one.to_vec::<f32>().unwrap(), [2.0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let float = |rest: &str| made(&tensor("FloatStorage", "2", rest), KEYS, TWO);
    let large = "9223372036854775807";
    for (what, bytes, kind) in [
        ("offset", float("I2\n(I1\nt(I1\nt"), ErrorKind::Corrupt),
        ("length", float("I0\n(I3\nt(I1\nt"), ErrorKind::Corrupt),
        ("stride", float("I0\n(I2\nt(I2\nt"), ErrorKind::Corrupt),
        ("negative", float("I0\n(I2\nt(I-1\nt"), ErrorKind::Corrupt),
        ("axes", float("I0\n(I2\nt(I1\nI1\nt"), ErrorKind::Corrupt),
        ("far", float(&format!("I{large}\n(I2\nt(I{large}\nt")), ErrorKind::Corrupt),
        ("much of little", float("I0\n(I4000000\nt(I0\nt"), ErrorKind::Limit),
        (
            "count",
            made(&tensor("FloatStorage", "3", "I0\n(I2\nt(I1\nt"), KEYS, TWO),
            ErrorKind::Corrupt,
        ),
        (
            "short",
            made(&tensor("DoubleStorage", "2", "I0\n(I2\nt(I1\nt"), KEYS, TWO),
            ErrorKind::Corrupt,
        ),
        (
            "key",
            made(&tensor("FloatStorage", "2", "I0\n(I2\nt(I1\nt"), "(S'j'\nl.", TWO),
            ErrorKind::Unsupported,
        ),
        (
            "no key",
            made(&tensor("FloatStorage", "2", "I0\n(I2\nt(I1\nt"), "(l.", b""),
            ErrorKind::Corrupt,
        ),
        (
            "twice",
            made(
                &tensor("FloatStorage", "2", "I0\n(I2\nt(I1\nt"),
                "(S'k'\nS'k'\nl.",
                &[TWO, TWO].concat(),
            ),
            ErrorKind::Corrupt,
        ),
        (
            "keys",
            made(&tensor("FloatStorage", "2", "I0\n(I2\nt(I1\nt"), "I1\n.", TWO),
            ErrorKind::Corrupt,
        ),
    ] {
        assert_eq!(open(&bytes).unwrap_err().kind(), kind, "{what}");
    }
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let e = open(&tar).unwrap_err();
    assert!(e.to_string().contains("a tar archive"), "{e}");
    let version = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xea\x03.";
    assert_eq!(open(version).unwrap_err().kind(), ErrorKind::Unsupported);
}
