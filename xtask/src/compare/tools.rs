//! Builds the contestants.
#![forbid(unsafe_code)]

use super::options::Options;
use crate::shell::{Result, cargo, check, command, files, output, read, root, target};
use crate::venv;
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The programs, and which versions they stand for.
pub(super) struct Tools {
    pub(super) npstow: String,
    own: String,
    rivals: String,
    pub(super) hello: String,
    pub(super) limit: String,
    pub(super) python: String,
    /// Rivals for Python that the test environment has not.
    pub(super) packages: String,
    /// npstow from C++: with its own header, and with the one for programs of cnpy.
    pub(super) own_cpp: String,
    pub(super) own_cnpy: String,
    /// libhdf5's own `h5ls`, where it is installed.
    pub(super) h5ls: Option<String>,
    /// C++ libraries for which there is a checkout.
    cpp: Vec<Cpp>,
    /// Name and version.
    pub(super) versions: Vec<(String, String)>,
}

/// The crates whose versions are told.
const CRATES: [&str; 8] = [
    "ndarray-npy",
    "ndarray",
    "npyz",
    "safetensors",
    "serde-pickle",
    "hdf5-reader",
    "hdf5-pure",
    "libdeflater",
];

/// A C++ library: how it is called, and our program that uses it.
pub(super) struct Cpp {
    pub(super) name: String,
    pub(super) program: String,
}

impl Tools {
    /// The C++ libraries of these names that are there.
    pub(super) fn cpp(&self, names: &[&str]) -> impl Iterator<Item = &Cpp> {
        self.cpp.iter().filter(|library| names.contains(&library.name.as_str()))
    }

    /// The program, and its words, that runs a workload with a library of Rust.
    pub(super) fn rust<'a>(&'a self, words: &'a [&'a str]) -> (&'a str, &'a [&'a str]) {
        match words {
            ["npstow", words @ ..] => (&self.own, words),
            words => (&self.rivals, words),
        }
    }

    pub(super) fn build(options: &Options) -> Result<Self> {
        let python = venv::python()?;
        crate::python::installed(&python)?;
        let folder = target().join("compare/packages");
        venv::packages(&python, &root().join("compare/python/requirements.txt"), &folder)?;
        let python = text(&python);
        let packages = ["-p", "npstow-cli", "-p", "npstow-capi"];
        check(cargo(&["build", "--quiet", "--release"]).args(packages))?;
        let manifest = "compare/Cargo.toml";
        let words = ["build", "--quiet", "--release", "--manifest-path", manifest];
        check(&mut cargo(&words))?;
        // Cargo puts it beside the manifest, unless it is told where.
        let built = match env::var_os("CARGO_TARGET_DIR") {
            Some(_) => target(),
            None => root().join("compare/target"),
        };
        let built = built.join("release");
        let limit = target().join("compare/limit");
        fs::create_dir_all(target().join("compare")).map_err(|why| why.to_string())?;
        let words = ["-O2", "-Wall", "-Wextra", "-pthread", "-o", &text(&limit)];
        check(command("gcc", &words).args(files(&root().join("compare/limit"), "c")))?;
        let mut cpp = Vec::new();
        for (name, folder) in &options.checkouts {
            cpp.push(Cpp { name: name.clone(), program: install(&compile(name, folder)?)? });
        }
        let mut tools = Self {
            npstow: install(&target().join("release/npstow"))?,
            own: install(&built.join("own"))?,
            rivals: install(&built.join("rivals"))?,
            hello: install(&built.join("hello"))?,
            limit: install(&limit)?,
            python,
            packages: text(&folder),
            own_cpp: install(&compile_own("npstow", "npstow-cpp", &[])?)?,
            own_cnpy: install(&compile_own("cnpy", "npstow-cnpy", &["-DNPSTOW"])?)?,
            h5ls: output(&mut command("h5ls", &["--version"])).is_ok().then(|| "h5ls".to_owned()),
            cpp,
            versions: Vec::new(),
        };
        tools.versions = tools.ask(options)?;
        Ok(tools)
    }

    fn ask(&self, options: &Options) -> Result<Vec<(String, String)>> {
        let lock = read(&root().join("compare/Cargo.lock"))?;
        let mut versions = Vec::new();
        let commit = output(&mut command("git", &["rev-parse", "--short=12", "HEAD"]));
        let changed = output(&mut command("git", &["status", "--porcelain", "--", "crates"]));
        let commit = commit.map(|id| format!(" at commit {}", id.trim())).unwrap_or_default();
        let changed = changed.is_ok_and(|text| !text.trim().is_empty());
        let own = locked(&lock, "npstow");
        let note = if changed { ", with changes" } else { "" };
        versions.push(("npstow".to_owned(), format!("{own}{commit}{note}")));
        for name in CRATES {
            versions.push((name.to_owned(), locked(&lock, name)));
        }
        let ask = "import platform\nfrom importlib.metadata import version\n\
                   for name in 'numpy', 'h5py', 'joblib', 'zarr', 'npy-append-array', 'safetensors':\n\
                   \x20   print(name, version(name))\n\
                   print('Python', platform.python_version())";
        let mut python = command(&self.python, &["-c", ask]);
        for line in output(python.env("PYTHONPATH", &self.packages))?.lines() {
            let (name, version) = line.split_once(' ').unwrap_or((line, "?"));
            let name = match name {
                "numpy" => "NumPy",
                "safetensors" => "safetensors in Python",
                name => name,
            };
            versions.push((name.to_owned(), version.to_owned()));
        }
        for (name, words) in [("rustc", ["--version"]), ("gcc", ["-dumpfullversion"])] {
            let said = output(&mut command(name, &words))?;
            let version = said.split_whitespace().find(|word| word.contains('.')).unwrap_or("?");
            versions.push((name.to_owned(), version.to_owned()));
        }
        if let Some(h5ls) = &self.h5ls {
            let said = output(&mut command(h5ls, &["--version"]))?;
            let version = said.split_whitespace().last().unwrap_or("?");
            versions.push((h5ls.clone(), version.to_owned()));
        }
        for (name, folder) in &options.checkouts {
            let words = ["-C", &text(folder), "rev-parse", "--short=12", "HEAD"];
            let id = output(&mut command("git", &words));
            let id =
                id.map_or("a checkout of unknown commit".to_owned(), |id| id.trim().to_owned());
            versions.push((name.clone(), id));
        }
        Ok(versions)
    }
}

/// Copies a program to where it is run from, as an installation does. What a linker has just
/// written lies in the page cache in single pages, a copy of it in large pieces, and the first
/// steps of a process through either are not equally fast.
fn install(program: &Path) -> Result<String> {
    let folder = target().join("compare/bin");
    let new = folder.join(program.file_name().unwrap_or_default());
    let place = |why: std::io::Error| format!("{}: {why}", new.display());
    fs::create_dir_all(&folder).map_err(place)?;
    // To a new file: the old one may be open, or be what the linker wrote.
    match fs::remove_file(&new) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(place(why)),
        _ => {}
    }
    fs::copy(program, &new).map_err(place)?;
    Ok(text(&new))
}

/// Compiles our small program against a checkout.
fn compile(name: &str, folder: &Path) -> Result<PathBuf> {
    let program = target().join("compare").join(name);
    let mut compiler = command("g++", &["-O2", "-std=c++17", "-w"]);
    for include in [folder.to_path_buf(), folder.join("include")] {
        compiler.arg("-I").arg(include);
    }
    compiler.arg(format!("compare/cpp/{name}.cpp"));
    if name == "cnpy" {
        compiler.arg(folder.join("cnpy.cpp")).arg("-lz");
    }
    check(compiler.arg("-o").arg(&program))?;
    Ok(program)
}

/// Compiles one of our small programs against our own headers.
fn compile_own(source: &str, name: &str, flags: &[&str]) -> Result<PathBuf> {
    let program = target().join("compare").join(name);
    let mut compiler = command("g++", &["-O2", "-std=c++17", "-Wall"]);
    compiler.args(flags).arg("-I").arg(root().join("crates/npstow-capi/include"));
    compiler.arg(format!("compare/cpp/{source}.cpp"));
    compiler.arg(target().join("release/libnpstow_capi.a")).args(["-lpthread", "-ldl", "-lm"]);
    check(compiler.arg("-o").arg(&program))?;
    Ok(program)
}

/// The version of a package in the text of a `Cargo.lock`.
fn locked(lock: &str, name: &str) -> String {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or("?".to_owned(), |version| version.trim_matches('"').to_owned())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::locked;

    #[test]
    fn versions_are_found() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0\"\n\n[[package]]\nname = \"ab\"\nversion = \"2.0\"\n";
        assert_eq!((locked(lock, "ab"), locked(lock, "b")), ("2.0".to_owned(), "?".to_owned()));
    }
}
