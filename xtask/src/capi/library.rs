//! `libnpstow.so` and `libnpstow.a`, of which nobody sees anything but our functions.
//!
//! Both are made of the static library that cargo builds: what cargo makes of a `cdylib` has no
//! version script of ours, and its static library shows all that Rust and zstd are made of.
#![forbid(unsafe_code)]

use super::CRATE;
use super::header::pinned;
use crate::manifest;
use crate::shell::{Result, cargo, check, command, output, read, root, target};
use std::fs;
use std::path::{Path, PathBuf};

/// The two libraries, and what they are called.
#[derive(Debug)]
pub(crate) struct Libraries {
    pub(crate) shared: PathBuf,
    pub(crate) archive: PathBuf,
    pub(crate) version: String,
}

/// `libnpstow.so.0`: the number of the interface, as `npstow_abi_version` gives it.
pub(crate) const SONAME: &str = "libnpstow.so.0";
/// What else a static library needs.
pub(crate) const PRIVATE: &str = "-lgcc_s -lpthread -lm -ldl -lc";

/// Builds both into the target folder, and sees to it that they show what is pinned.
pub(crate) fn build() -> Result<Libraries> {
    if !cfg!(target_os = "linux") {
        return Err("the C library is made on Linux only".to_owned());
    }
    check(&mut cargo(&["build", "--quiet", "--release", "-p", "npstow-capi"]))?;
    let folder = target().join("capi/lib");
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let workspace = read(&root().join("Cargo.toml"))?;
    let version = manifest::text(&workspace, "workspace.package", "version");
    let version = version.ok_or("no version in Cargo.toml")?.to_owned();
    let libraries = Libraries {
        shared: folder.join(format!("libnpstow.so.{version}")),
        archive: folder.join("libnpstow.a"),
        version,
    };
    let cargos = target().join("release/libnpstow_capi.a");
    let names = pinned()?;
    shared(&cargos, &libraries.shared, &names)?;
    archive(&cargos, &libraries.archive, &names)?;
    is_pinned(&["-D"], &libraries.shared, &names)?;
    is_pinned(&["-g"], &libraries.archive, &names)?;
    Ok(libraries)
}

/// The functions are the roots; what they do not need is left out.
fn roots(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("-Wl,--undefined={name}")).collect()
}

fn shared(cargos: &Path, to: &Path, names: &[String]) -> Result {
    let map = root().join(CRATE).join("npstow.map");
    let mut link = command("cc", &["-shared", "-Wl,--gc-sections", "-Wl,-z,defs", "-Wl,-z,relro"]);
    link.args(["-Wl,-z,now", "-Wl,--strip-debug", &format!("-Wl,-soname,{SONAME}")]);
    link.arg(format!("-Wl,--version-script={}", map.display())).args(roots(names));
    link.arg(cargos).args(PRIVATE.split(' ')).arg("-o").arg(to);
    check(&mut link)
}

/// One object, in which every name but ours is local.
fn archive(cargos: &Path, to: &Path, names: &[String]) -> Result {
    let object = to.with_extension("o");
    let mut link = command("cc", &["-nostdlib", "-r", "-Wl,--gc-sections"]);
    link.args(roots(names)).arg(cargos).arg("-o").arg(&object);
    check(&mut link)?;
    // Rust's own crates have their LLVM code with them, which older versions of its plugin for `ar`
    // cannot read.
    let llvm = ["--remove-section=.llvmbc", "--remove-section=.llvmcmd"];
    let ours = ["--wildcard", "--strip-debug", "--keep-global-symbol=npstow_*"];
    check(command("objcopy", &[llvm.as_slice(), &ours].concat()).arg(&object))?;
    // `ar` adds to what is there.
    if to.exists() {
        fs::remove_file(to).map_err(|why| format!("{}: {why}", to.display()))?;
    }
    check(command("ar", &["crs"]).arg(to).arg(&object))?;
    fs::remove_file(&object).map_err(|why| format!("{}: {why}", object.display()))
}

fn is_pinned(words: &[&str], library: &Path, names: &[String]) -> Result {
    let mut nm = command("nm", words);
    let text = output(nm.args(["--defined-only", "--format=posix"]).arg(library))?;
    let shown = shown(&text);
    if shown == names {
        println!("capi: {}: {} functions", library.display(), shown.len());
        return Ok(());
    }
    let more = shown.iter().filter(|name| !names.contains(name)).map(|name| format!("+ {name}"));
    let less = names.iter().filter(|name| !shown.contains(name)).map(|name| format!("- {name}"));
    let lines: Vec<String> = more.chain(less).collect();
    Err(format!("{} does not show what symbols.txt pins:\n{}", library.display(), lines.join("\n")))
}

/// The names of `nm`, sorted; without the version that a shared library gives them, and without the
/// name of that version.
fn shown(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let mut words = line.split(' ');
        let (name, kind) = (words.next()?, words.next()?);
        (kind != "A").then(|| name.split('@').next().unwrap_or(name).to_owned())
    };
    let mut names: Vec<String> = text.lines().filter_map(name).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let text = "NPSTOW_0 A 0 0\nnpstow_b@@NPSTOW_0 T 10 20\nnpstow_a T 10 20\n\nlib.a[x.o]:\n";
        assert_eq!(shown(text), ["npstow_a", "npstow_b"]);
    }
}
