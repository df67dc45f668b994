//! The project's own Python, with pinned packages, in the target folder.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, command, output, read, root, target, write};
use std::fs;
use std::path::{Path, PathBuf};

/// The interpreter with the packages of `tools/requirements.txt`, made where it is missing or
/// where the pins have changed.
pub(crate) fn python() -> Result<PathBuf> {
    let folder = target().join("venv");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let pins = read(&root().join("tools/requirements.txt"))?;
    let stamp = folder.join("pins.txt");
    // The pins themselves are the stamp, written last: a half-made environment has none.
    if python.exists() && read(&stamp).is_ok_and(|old| old == pins) {
        return Ok(python);
    }
    let base = interpreter()?;
    println!("venv: making {} with {base}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    let place = folder.to_string_lossy().into_owned();
    quietly(&base, &["-m", "venv", &place])?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let words = [&pip[..], &["-r", "tools/requirements.txt"]].concat();
    quietly(&python.to_string_lossy(), &words)?;
    write(&stamp, &pins)?;
    Ok(python)
}

/// A folder with the packages that `pins` names, to be put before others by `PYTHONPATH`.
pub(crate) fn packages(python: &Path, pins: &Path, folder: &Path) -> Result {
    let pins_ = read(pins)?;
    let stamp = folder.join("pins.txt");
    if read(&stamp).is_ok_and(|old| old == pins_) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    let (place, list) = (folder.to_string_lossy(), pins.to_string_lossy());
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let words = [&pip[..], &["--target", &place, "-r", &list]].concat();
    quietly(&python.to_string_lossy(), &words)?;
    write(&stamp, &pins_)
}

fn quietly(program: &str, words: &[&str]) -> Result {
    let (ok, text) = capture(&mut command(program, words))?;
    if ok { Ok(()) } else { Err(format!("{program} {}:\n{text}", words.join(" "))) }
}

/// The first Python on the path that is new enough.
fn interpreter() -> Result<String> {
    const ASK: &str = "import sys; print(sys.version_info[:2] >= (3, 11))";
    for name in ["python3.11", "python3", "python3.12", "python3.13", "python"] {
        if output(&mut command(name, &["-c", ASK])).is_ok_and(|text| text.trim() == "True") {
            return Ok(name.to_owned());
        }
    }
    Err("no Python of version 3.11 or newer found (the tests compare with NumPy)".to_owned())
}
