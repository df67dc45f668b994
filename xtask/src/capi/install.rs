//! `cargo xtask install --prefix DIR`: headers, both libraries, pkg-config and CMake.
#![forbid(unsafe_code)]

use super::CRATE;
use super::library::{self, Libraries, PRIVATE, SONAME};
use crate::shell::{Result, files, read, root, write};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds and installs.
pub(crate) fn install(words: &[&str]) -> Result {
    let ["--prefix", prefix] = words else {
        return Err("install wants --prefix DIR".to_owned());
    };
    // As seen by who calls us: cargo changes the folder for nobody.
    let here = std::env::current_dir().map_err(|why| format!("the current folder: {why}"))?;
    let prefix = here.join(prefix);
    put(&library::build()?, &prefix)?;
    println!("install: {}", prefix.display());
    Ok(())
}

/// Installs what was built; nothing in it says where it is, so that the folder may be moved.
pub(crate) fn put(libraries: &Libraries, prefix: &Path) -> Result {
    let own = root().join(CRATE);
    let include = own.join("include");
    for header in ["h", "hpp"].iter().flat_map(|extension| files(&include, extension)) {
        let below = header.strip_prefix(&include).map_err(|why| why.to_string())?;
        copy(&header, &prefix.join("include").join(below))?;
    }
    let lib = prefix.join("lib");
    let shared = libraries.shared.file_name().ok_or("no name of the shared library")?;
    copy(&libraries.shared, &lib.join(shared))?;
    copy(&libraries.archive, &lib.join("libnpstow.a"))?;
    link(&lib.join(SONAME), &PathBuf::from(shared))?;
    link(&lib.join("libnpstow.so"), &PathBuf::from(SONAME))?;
    let fill = Fill::new(libraries)?;
    let cmake = own.join("cmake");
    for (from, to) in [
        ("npstow.pc.in", "pkgconfig/npstow.pc"),
        ("npstowConfig.cmake.in", "cmake/npstow/npstowConfig.cmake"),
        ("npstowConfigVersion.cmake.in", "cmake/npstow/npstowConfigVersion.cmake"),
    ] {
        write(&lib.join(to), &fill.fill(&read(&cmake.join(from))?)?)?;
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&root().join(licence), &prefix.join("share/licenses/npstow").join(licence))?;
    }
    Ok(())
}

/// What stands for the names in `@`.
struct Fill(Vec<(&'static str, String)>);

impl Fill {
    fn new(libraries: &Libraries) -> Result<Self> {
        let version = libraries.version.clone();
        let mut numbers = version.split('.').map(str::to_owned);
        let (major, minor) = (numbers.next(), numbers.next());
        let shared = libraries.shared.file_name().unwrap_or_default().to_string_lossy();
        let list = PRIVATE.split(' ').map(|word| word.trim_start_matches("-l"));
        Ok(Self(vec![
            ("@MAJOR@", major.ok_or("no major version")?),
            ("@MINOR@", minor.ok_or("no minor version")?),
            ("@VERSION@", version),
            ("@SHARED@", shared.into_owned()),
            ("@SONAME@", SONAME.to_owned()),
            ("@PRIVATE@", PRIVATE.to_owned()),
            ("@PRIVATE_CMAKE@", list.collect::<Vec<_>>().join(";")),
        ]))
    }

    fn fill(&self, text: &str) -> Result<String> {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, is)| text.replace(name, is));
        let left = filled.lines().find(|line| line.matches('@').count() > 1);
        left.map_or(Ok(filled.clone()), |line| Err(format!("nothing stands for a name in: {line}")))
    }
}

fn copy(from: &Path, to: &Path) -> Result {
    let failed = |why| format!("{} to {}: {why}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // What is mapped by a program that runs is not written over.
    if to.symlink_metadata().is_ok() {
        fs::remove_file(to).map_err(failed)?;
    }
    fs::copy(from, to).map(drop).map_err(failed)
}

#[cfg(unix)]
fn link(at: &Path, to: &Path) -> Result {
    let failed = |why| format!("{}: {why}", at.display());
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at).map_err(failed)?;
    }
    std::os::unix::fs::symlink(to, at).map_err(failed)
}

#[cfg(not(unix))]
fn link(at: &Path, _: &Path) -> Result {
    Err(format!("{}: no links on this system", at.display()))
}
