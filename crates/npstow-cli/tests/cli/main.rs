//! The program as a script sees it: output, errors, exit codes.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod arrays;
mod edit;
mod trees;

use npstow::{Array, Meta, Notes, Tree, npy};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of small files.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path, as it is typed.
    fn typed(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    /// What the program says, where `@` in a word stands for this folder.
    fn say(&self, line: &str) -> Output {
        let here = self.typed("");
        npstow(&line.split(' ').map(|word| word.replace('@', &here)).collect::<Vec<_>>())
    }

    /// What came out of a success, with `@` for this folder.
    #[track_caller]
    fn told(&self, line: &str) -> String {
        out(&self.say(line)).replace(&self.typed(""), "@")
    }

    /// The line of a failure, with `@` for this folder.
    #[track_caller]
    fn refused(&self, line: &str, code: i32) -> String {
        refused(&self.say(line), code).replace(&self.typed(""), "@")
    }

    /// 2 x 3 numbers from 0 on.
    fn numbers(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        let array = Array::from_vec_shape((0..6).collect::<Vec<i32>>(), &[2, 3]).unwrap();
        npy::write(&path, &array).unwrap();
        path
    }
}

/// A run of three events in a folder, with metadata: rows are told apart by their first number.
fn run(path: &Path) {
    let mut run = Tree::new();
    for event in 0..3u8 {
        let group = format!("A{event:03}");
        let rows = |n: usize| {
            let values: Vec<f32> =
                (0..2 * n).map(|i| f32::from(event) * 100.0 + i as f32).collect();
            Array::from_vec_shape(values, &[n, 2]).unwrap()
        };
        for (name, n) in [("photon", 4), ("hit", 1)] {
            run.insert(&format!("{group}/{name}"), rows(n + usize::from(event))).unwrap();
        }
        let meta = Meta::from_text(format!("creator:sim\nt:{event}.5\n"));
        run.set_notes(&group, Notes { meta, ..Notes::default() }).unwrap();
    }
    npstow::save(path, &run).unwrap();
}

fn npstow<S: AsRef<OsStr>>(words: &[S]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_npstow"));
    command.args(words).stdin(Stdio::null()).output().unwrap()
}

fn fed<S: AsRef<OsStr>>(words: &[S], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_npstow"));
    let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses early closes its input; that is its right.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// What came out of a success.
#[track_caller]
fn out(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

/// The one line of a failure, without the program's name.
#[track_caller]
fn refused(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().strip_prefix("npstow: ").unwrap().to_owned()
}

fn words<'a>(words: &'a [&'a str], paths: &[&'a Path]) -> Vec<&'a OsStr> {
    let words = words.iter().map(OsStr::new);
    words.chain(paths.iter().map(|path| path.as_os_str())).collect()
}
