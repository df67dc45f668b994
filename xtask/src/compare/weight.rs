//! What npstow weighs: how long it compiles, how large it is.
#![forbid(unsafe_code)]

use super::stats::{Spread, digits};
use super::tools::Tools;
use crate::python;
use crate::shell::{Result, cargo, check, command, root, target, write};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// How often a short compilation is timed.
const TIMES: usize = 5;

/// Libraries of Rust that are built from nothing with all that they need: what they are called, the
/// package, its features.
const BUILT: &[(&str, &str, &[&str])] = &[
    ("npstow, default features", "npstow", &[]),
    ("npstow, npz", "npstow", &["--features", "npstow/npz"]),
    ("npstow, all features", "npstow", &["--all-features"]),
    ("ndarray-npy and ndarray", "ndarray-npy", &[]),
    ("npyz", "npyz", &[]),
];

/// C++ that includes a header and does one thing with it.
const INCLUDED: &[(&str, &str)] = &[
    (
        "npstow.hpp",
        "#include <npstow.hpp>\nint main(int, char **v) { return int(npstow::load(v[1]).size()); }\n",
    ),
    (
        "npstow/cnpy.h",
        "#include <npstow/cnpy.h>\nint main(int, char **v) { return int(cnpy::npy_load(v[1]).num_vals); }\n",
    ),
    ("npstow.h", "#include <npstow.h>\nint main(void) { return npstow_version() == nullptr; }\n"),
];

/// Builds everything and tells it as a part of the page.
pub(super) fn run(tools: &Tools) -> Result<String> {
    let mut part = "\n## What it weighs\n\nFrom nothing, with all crates that it needs, in release mode; C++ with `g++ -O2 -std=c++17 -c`, the median \
        of five.\n\n| | |\n|---|---|\n"
        .to_owned();
    for (name, package, features) in BUILT {
        println!("== building {name}");
        let seconds = built(package, features)?;
        let _ = writeln!(part, "| {name}: compiles in | {} s |", digits(seconds));
    }
    for (name, text) in INCLUDED {
        let seconds = included(name, text)?;
        let _ = writeln!(
            part,
            "| a program that includes `{name}`: compiles in | {} s |",
            digits(seconds)
        );
    }
    let wheel = python::installed(Path::new(&tools.python))?;
    let library = target().join("release");
    let files: [(&str, PathBuf); 4] = [
        ("the command `npstow`", PathBuf::from(&tools.npstow)),
        ("the wheel", wheel),
        ("the shared library", library.join("libnpstow_capi.so")),
        ("the static library", library.join("libnpstow_capi.a")),
    ];
    for (name, path) in files {
        let found = fs::metadata(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        let mib = found.len() as f64 / f64::from(1 << 20);
        let _ = writeln!(part, "| {name} | {} MiB |", digits(mib));
    }
    Ok(part)
}

fn timed(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    check(command)?;
    Ok(start.elapsed().as_secs_f64())
}

/// Seconds that a package takes whose dependencies are there as sources.
fn built(package: &str, features: &[&str]) -> Result<f64> {
    let folder = target().join("compare/weight");
    let place = folder.to_string_lossy().into_owned();
    let own = package == "npstow";
    let manifest = if own { "Cargo.toml" } else { "compare/Cargo.toml" };
    let words = ["--release", "--quiet", "--manifest-path", manifest, "-p", package];
    let mut fetch = cargo(&["fetch", "--quiet", "--manifest-path", manifest]);
    check(&mut fetch)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|why| format!("{place}: {why}"))?;
    }
    let mut build = cargo(&["build"]);
    build.args(words).args(features).args(["--target-dir", &place]);
    let seconds = timed(&mut build)?;
    fs::remove_dir_all(&folder).map_err(|why| format!("{place}: {why}"))?;
    Ok(seconds)
}

fn included(name: &str, text: &str) -> Result<f64> {
    let folder = target().join("compare");
    let source = folder.join(format!("{}.cpp", name.replace(['.', '/'], "-")));
    write(&source, text)?;
    let mut seconds = Vec::new();
    for _ in 0..TIMES {
        let mut compiler = command("g++", &["-O2", "-std=c++17", "-c", "-o", "/dev/null"]);
        compiler.arg("-I").arg(root().join("crates/npstow-capi/include")).arg(&source);
        seconds.push(timed(&mut compiler)?);
    }
    Ok(Spread::of(&seconds).median)
}
