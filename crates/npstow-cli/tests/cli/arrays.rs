//! One array in a file.
#![forbid(unsafe_code)]

use super::{Desk, fed, npstow, out, refused, words};
use npstow::{Array, MemoryOrder, Order, npy};
use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::{
    ffi::OsStr,
    process::{Command, Output, Stdio},
};

#[test]
fn ls_describes_without_reading() {
    let desk = Desk::new();
    let path = desk.numbers("x.npy");
    let text = npstow(&words(&["ls", "--json"], &[&path]));
    let expected = format!(
        "{{\"path\": \"{}\", \"format\": \"npy\", \"items\": [{{\"name\": \"\", \"kind\": \"array\", \
         \"descr\": \"<i4\", \"shape\": [2, 3], \"fortran_order\": false, \"nbytes\": 24, \
         \"storage\": {{\"layout\": \"raw\", \"codec\": null, \"offset\": 128, \"nbytes\": 24}}, \
         \"attributes\": {{}}}}]}}\n",
        path.display()
    );
    assert_eq!(out(&text), expected);
    let text = npstow(&words(&["ls"], &[&path]));
    assert!(out(&text).contains("array  <i4    (2, 3)  C"), "{text:?}");
    // The data are gone; the header is not.
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(128).unwrap();
    out(&npstow(&words(&["ls"], &[&path])));
}

#[test]
fn show_prints_as_numpy_does() {
    let desk = Desk::new();
    let path = desk.numbers("x.npy");
    let text = npstow(&words(&["show"], &[&path]));
    let head = format!("{}  <i4 (2, 3)\n", path.display());
    assert_eq!(out(&text), format!("{head}[[0 1 2]\n [3 4 5]]\n"));
    let text = npstow(&words(&["show", "-s", "-1, ::2"], &[&path]));
    assert_eq!(out(&text), format!("{}  <i4 (2,)\n[3 5]\n", path.display()));
    let text = npstow(&words(&["show", "--json"], &[&path]));
    let digest = npstow(&words(&["digest", "--json"], &[&path]));
    let digest =
        out(&digest).trim().trim_start_matches("[{\"name\": \"\", ").trim_end_matches("}]");
    assert_eq!(out(&text).trim(), format!("{{\"$array\": {{{digest}}}}}"));
    let line = refused(&npstow(&words(&["show", "-s", "0, 0, 0"], &[&path])), 2);
    assert!(line.starts_with(path.to_str().unwrap()), "{line}");
}

#[test]
fn show_takes_opaque_elements_for_what_they_are() {
    let desk = Desk::new();
    let path = desk.at("w.npy");
    let bytes = npstow::Buffer::from(vec![0x80, 0x3f, 0x00, 0xc0]);
    let array = Array::new("|V2".parse().unwrap(), &[2], MemoryOrder::C, bytes).unwrap();
    npy::write(&path, &array).unwrap();
    let text = npstow(&words(&["show", "--as", "bfloat16"], &[&path]));
    assert_eq!(out(&text), format!("{}  bfloat16 (2,)\n[ 1. -2.]\n", path.display()));
    let line = refused(&npstow(&words(&["show", "--as", "float8_e5m2"], &[&path])), 1);
    assert!(line.contains("w.npy: expected elements of dtype |V1"), "{line}");
}

#[test]
fn show_looks_at_the_edges_of_a_huge_file() {
    let desk = Desk::new();
    let path = desk.at("huge.npy");
    let header = npy::Header::new("<f8".parse().unwrap(), &[1 << 24, 800], MemoryOrder::C);
    let bytes = header.unwrap().to_bytes(None).unwrap();
    fs::write(&path, &bytes).unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    // 100 GiB of nothing, where the file system has such files.
    if file.set_len(bytes.len() as u64 + ((800 * 8) << 24)).is_err() {
        return;
    }
    let text = npstow(&words(&["show"], &[&path]));
    assert!(out(&text).ends_with("[0. 0. 0. ... 0. 0. 0.]]\n"), "{text:?}");
}

#[test]
fn show_prints_packed_arrays_alike() {
    let desk = Desk::new();
    let array = Array::from_vec_shape((0..60_000).collect::<Vec<i32>>(), &[200, 300]).unwrap();
    npy::write(desk.at("x.npy"), &array).unwrap();
    desk.told("convert @x.npy @f.npy --order F");
    desk.told("convert @x.npy @z.npz --compress");
    for slice in [":", "::-1", "[5, 199, 7], 2:"] {
        let said = |path: &Path| {
            let said = npstow(&words(&["show", "-s", slice], &[path]));
            out(&said).split_once("  ").unwrap().1.to_owned()
        };
        let expected = array.select(&slice.parse().unwrap()).unwrap();
        assert!(said(&desk.at("x.npy")).ends_with(&format!("\n{expected}\n")), "{slice}");
        for other in ["f.npy", "z.npz:x"] {
            assert_eq!(said(&desk.at(other)), said(&desk.at("x.npy")), "{slice} {other}");
        }
    }
}

#[test]
fn digests_do_not_depend_on_orders() {
    let desk = Desk::new();
    let path = desk.numbers("x.npy");
    let other = desk.at("y.npy");
    let wanted = npstow(&words(&["digest", "--attributes", "--json"], &[&path]));
    let options = ["convert", "--order", "F", "--byte-order", "big", "--format-version", "3.0"];
    assert_eq!(out(&npstow(&words(&options, &[&path, &other]))), "");
    let entry = npy::open(&other).unwrap();
    assert_eq!((entry.order(), entry.dtype().to_string().as_str()), (MemoryOrder::F, ">i4"));
    assert_eq!(fs::read(&other).unwrap()[6], 3);
    let got = npstow(&words(&["digest", "--json"], &[&other]));
    assert_eq!(out(&got), out(&wanted));
    // And back, over itself.
    let options = ["convert", "--order", "C", "--byte-order", "little"];
    assert_eq!(out(&npstow(&words(&options, &[&other, &other]))), "");
    assert_eq!(fs::read(&other).unwrap(), fs::read(&path).unwrap());
    let line = npstow(&words(&["digest"], &[&path]));
    assert_eq!(out(&line).len(), 64 + 2 + path.to_str().unwrap().len() + 1);
}

#[test]
fn a_dash_is_standard_input_or_output() {
    let desk = Desk::new();
    let bytes = fs::read(desk.numbers("x.npy")).unwrap();
    let copy = fed(&["convert", "-", "-"], &bytes);
    assert_eq!(copy.stdout, bytes);
    assert!(out(&fed(&["show", "-"], &bytes)).ends_with("[[0 1 2]\n [3 4 5]]\n"));
    for command in ["ls", "digest", "verify"] {
        out(&fed(&[command, "-"], &bytes));
    }
    let line = refused(&fed(&["digest", "-"], &bytes[..140]), 1);
    assert!(line.starts_with("-: at byte 128: expected 24 bytes of data, found"), "{line}");
}

#[test]
fn append_and_repair() {
    let desk = Desk::new();
    let (target, rows) = (desk.numbers("x.npy"), desk.at("rows.npy"));
    let row = Array::from_vec_shape(vec![7, 8, 9], &[1, 3]).unwrap().to_order(Order::Big).unwrap();
    npy::write(&rows, &row).unwrap();
    let said = npstow(&words(&["append", "--repeat", "3"], &[&target, &rows]));
    assert!(out(&said).ends_with("x.npy: 5 rows, 3 of them new\n"), "{said:?}");
    assert_eq!(npy::read(&target).unwrap().as_slice::<i32>().unwrap()[12..], [7, 8, 9]);

    let length = fs::metadata(&target).unwrap().len();
    let torn = fs::OpenOptions::new().write(true).open(&target).unwrap();
    torn.set_len(length - 5).unwrap();
    let line = refused(&npstow(&words(&["verify"], &[&target])), 1);
    assert!(line.contains("expected 60 bytes of data, found"), "{line}");
    let said = npstow(&words(&["repair", "--dry-run"], &[&target]));
    assert!(out(&said).contains("4 of 5 rows would be kept, 7 bytes"), "{said:?}");
    let said = npstow(&words(&["repair", "--json"], &[&target]));
    assert!(
        out(&said).ends_with(
            "\"changed\": true, \"rows_before\": 5, \"rows_after\": 4, \"trimmed\": 7}\n"
        )
    );
    assert_eq!(out(&npstow(&words(&["verify"], &[&target]))), "");
    let said = npstow(&words(&["repair"], &[&target]));
    assert!(out(&said).ends_with("whole, nothing to do\n"));

    npy::write(&rows, &Array::from_vec(vec![7, 8, 9])).unwrap();
    let line = refused(&npstow(&words(&["append"], &[&target, &rows])), 1);
    assert!(line.ends_with("x.npy: expected shape (n, 3), found shape (3,)"), "{line}");
    npy::write(&rows, &Array::from_vec_shape(vec![0.0; 3], &[1, 3]).unwrap()).unwrap();
    let line = refused(&npstow(&words(&["append"], &[&target, &rows])), 1);
    assert!(line.ends_with("x.npy: expected dtype <i4, found dtype <f8"), "{line}");
}

#[test]
fn verify_tells_faults_and_remarks() {
    let desk = Desk::new();
    let path = desk.numbers("x.npy");
    assert_eq!(out(&npstow(&words(&["verify"], &[&path]))), "");
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"tail");
    fs::write(&path, &bytes).unwrap();
    let said = npstow(&words(&["verify"], &[&path]));
    assert!(out(&said).contains("x.npy: 4 bytes behind the data"), "{said:?}");
    let said = npstow(&words(&["verify", "--json"], &[&path]));
    assert!(out(&said).contains("\"valid\": true, \"faults\": [], \"notes\": [\"4 bytes"));
    bytes[6] = 9;
    fs::write(&path, &bytes).unwrap();
    let line = refused(&npstow(&words(&["verify"], &[&path])), 1);
    assert!(line.ends_with("at byte 6: expected NPY version 1.0, 2.0 or 3.0, found version 9.0"));
    let said = npstow(&words(&["verify", "--json"], &[&path]));
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("{\"kind\": \"corrupt\", \"name\": \"\", \"offset\": 6,"), "{said}");
}

#[test]
fn dtypes_that_are_none_are_invalid_data() {
    let desk = Desk::new();
    let bytes = fs::read(desk.numbers("x.npy")).unwrap();
    let header = String::from_utf8_lossy(&bytes[10..128]);
    for (descr, code, what) in [
        ("<f3", 1, "at byte 10: expected a dtype that NumPy knows, found '<f3'"),
        ("xyz", 1, "at byte 10: expected a dtype that NumPy knows, found 'xyz'"),
        ("f12", 3, "at byte 10: not supported: the dtype 'f12'"),
    ] {
        let header = header.replace("<i4", descr);
        fs::write(desk.at("y.npy"), [&bytes[..10], header.as_bytes(), &bytes[128..]].concat())
            .unwrap();
        for command in ["ls", "show", "verify"] {
            assert_eq!(desk.refused(&format!("{command} @y.npy"), code), format!("@y.npy: {what}"));
        }
    }
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    let desk = Desk::new();
    let path = desk.numbers("x.npy");
    for (name, code, part) in [
        ("y.mat", 2, "y.mat: '.mat' names no format"),
        ("y.txt", 2, "y.txt: '.txt' names no format"),
        ("no/such/y.npy", 3, "no/such/y.npy: creating"),
    ] {
        let line = refused(&npstow(&words(&["convert"], &[&path, &desk.at(name)])), code);
        assert!(line.contains(part), "{line}");
    }
    fs::write(desk.at("a.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    let line = refused(&npstow(&words(&["ls"], &[&desk.at("a.h5")])), 1);
    assert!(line.contains("a.h5: at byte 8: expected"), "{line}");
    let header = npy::Header::new("|O".parse().unwrap(), &[2], MemoryOrder::C).unwrap();
    fs::write(desk.at("o.npy"), header.to_bytes(None).unwrap()).unwrap();
    let listed = npstow(&words(&["ls", "--json"], &[&desk.at("o.npy")]));
    assert!(out(&listed).contains("\"layout\": \"objects\""));
    for command in ["show", "digest", "verify"] {
        let line = refused(&npstow(&words(&[command], &[&desk.at("o.npy")])), 1);
        assert!(line.contains("o.npy: at byte 128: expected an opcode, found the end"), "{line}");
    }
    let line = refused(&npstow(&words(&["show"], &[&path, Path::new("inner")])), 3);
    assert!(line.contains("x.npy: not found: the name 'inner'"), "{line}");
    refused(&npstow(&words(&["ls"], &[&desk.at("none.npy")])), 3);
}

#[test]
fn wrong_usage_is_one_line_too() {
    let line = refused(&npstow(&["ls", "--jsn", "x"]), 2);
    assert!(line.starts_with("unexpected argument '--jsn' found"), "{line}");
    let line = refused(&npstow(&["show", "x", "-s", "1::x"]), 2);
    assert!(line.contains("'1::x'"), "{line}");
    assert!(out(&npstow(&["--version"])).starts_with("npstow "));
    for command in [
        "ls", "show", "digest", "counts", "diff", "convert", "concat", "append", "add", "rm", "mv",
        "compact", "meta", "verify", "repair", "salvage", "survey",
    ] {
        let help = npstow(&[command, "--help"]);
        assert!(out(&help).contains("Examples:"), "{command}");
    }
}

/// What the program says to a reader that has left.
#[cfg(unix)]
fn unheard(words: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_npstow"));
    let command = command.args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_has_the_answer_but_not_the_data() {
    let desk = Desk::new();
    let path = desk.at("long.npy");
    npy::write(&path, &Array::from_vec(vec![0u8; 4 << 20])).unwrap();
    for command in ["ls", "show", "digest"] {
        let output = unheard(&words(&[command], &[&path]));
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{output:?}");
    }
    // The answer of a fault is still its exit code.
    let other = desk.numbers("x.npy");
    assert_eq!(unheard(&words(&["diff"], &[&path, &other])).status.code(), Some(1));
    for command in ["convert", "concat"] {
        let paths: &[&Path] = match command {
            "convert" => &[&path, Path::new("-")],
            _ => &[Path::new("-"), &path, &path],
        };
        let line = refused(&unheard(&words(&[command], paths)), 3);
        assert!(line.starts_with("-: ") && line.contains("roken pipe"), "{line}");
    }
}

#[test]
fn what_is_damaged_does_not_reach_standard_output() {
    let desk = Desk::new();
    let path = desk.at("cut.npy");
    let bytes = npy::to_bytes(&Array::from_vec(vec![1u64; 1 << 20]), &Default::default()).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let line = refused(&npstow(&words(&["convert"], &[&path, Path::new("-")])), 1);
    assert!(
        line.ends_with("expected 8388608 bytes of data, found the end after 8388607"),
        "{line}"
    );
    refused(&fed(&["convert", "-", "-"], &bytes[..bytes.len() - 1]), 1);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_is_an_error() {
    let desk = Desk::new();
    let path = desk.at("long.npy");
    npy::write(&path, &Array::from_vec(vec![0u8; 4 << 20])).unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 1; exec \"$0\" convert \"$1\" \"$2\""])
        .args([Path::new(env!("CARGO_BIN_EXE_npstow")), &path, &desk.at("new.npy")])
        .output()
        .unwrap();
    let line = refused(&output, 3);
    assert!(line.contains("new.npy") && line.contains("os error"), "{line}");
    assert!(!desk.at("new.npy").exists());
}

#[test]
fn only_files_of_the_right_format_are_changed_in_place() {
    let desk = Desk::new();
    desk.numbers("x.npy");
    desk.told("convert @x.npy @z.npz");
    desk.told("convert @x.npy @folder");
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/hdf5/old.h5");
    fs::copy(corpus, desk.at("a.h5")).unwrap();
    for (line, code, what) in [
        (
            "append @z.npz @x.npy",
            3,
            "@z.npz: not supported: adding rows to what is of the format npz",
        ),
        (
            "append @folder @x.npy",
            3,
            "@folder: not supported: adding rows to what is of the format folder",
        ),
        ("repair @folder", 3, "@folder: not supported: repairing what is of the format folder"),
        (
            "append @a.h5 @x.npy",
            3,
            "@a.h5: not supported: adding rows to a file of HDF5 as a whole: name a dataset of it, as \
             a.h5:NAME",
        ),
    ] {
        assert_eq!(desk.refused(line, code), what);
    }
    for line in ["append - @x.npy", "repair -", "add - @x.npy", "rm - x", "mv - x y", "compact -"] {
        let told = desk.refused(line, 2);
        assert_eq!(told, "-: a stream cannot be changed in place (a file of that name is ./-)");
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_cannot_reach_the_terminal() {
    let desk = Desk::new();
    let path = desk.numbers("a\x1b[2J\u{202e}.npy");
    for command in ["ls", "show", "digest"] {
        let text = npstow(&words(&[command], &[&path]));
        assert!(out(&text).contains("a\\u{1b}[2J\\u{202e}.npy"), "{text:?}");
    }
    let line = refused(&npstow(&words(&["ls"], &[&desk.at("\x1b.npy")])), 3);
    assert!(line.contains("\\u{1b}.npy"), "{line}");
}

#[test]
fn completions_and_manual_come_from_the_definitions() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(out(&npstow(&["completions", shell])).contains("format-version"), "{shell}");
    }
    assert!(out(&npstow(&["man"])).contains(".TH npstow 1"));
    out(&npstow(&words(&["man"], &[&desk.at("man1")])));
    for page in ["npstow.1", "npstow-ls.1", "npstow-convert.1"] {
        assert!(desk.at("man1").join(page).is_file(), "{page}");
    }
}

#[test]
fn links_that_are_not_followed_are_told() {
    let desk = Desk::new();
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/hdf5/outward.h5");
    fs::copy(corpus, desk.at("o.h5")).unwrap();
    for line in ["convert @o.h5 @o", "digest @o.h5", "diff @o.h5 @o.h5", "ls @o.h5"] {
        let output = desk.say(line);
        assert!(output.status.success(), "{line}: {output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("o.h5: left out: group/out: not supported: the file"), "{told}");
        assert!(told.contains("o.h5: left out: missing: not found: the file"), "{told}");
    }
    // Nor is the file replaced by what was read of it.
    let before = fs::read(desk.at("o.h5")).unwrap();
    let line = desk.refused("convert @o.h5 @o.h5", 3);
    assert!(line.contains("o.h5: exists already: the file, which is not replaced"), "{line}");
    fs::write(desk.at("x.npy"), fs::read(desk.numbers("x.npy")).unwrap().repeat(2)).unwrap();
    let line = desk.refused("convert @x.npy @./x.npy", 3);
    assert!(line.ends_with("read of it: another array behind the data, at byte 152"), "{line}");
    assert_eq!(fs::read(desk.at("o.h5")).unwrap(), before);
    // Nobody asked for the others.
    let output = desk.say("digest @o.h5:group/array");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
