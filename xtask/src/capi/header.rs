//! `cargo xtask header`: `npstow.h`, made of the sources of the C library.
//!
//! cbindgen is built once, in the version pinned here, into the target folder: as a library of this
//! program it would be built by everybody who runs any of its commands.
#![forbid(unsafe_code)]

use super::CRATE;
use crate::shell::{Result, capture, cargo, check, command, output, read, root, target, write};
use std::fs;
use std::path::{Path, PathBuf};

const CBINDGEN: &str = "0.29.4";

/// Writes the header.
pub(crate) fn write_header() -> Result {
    let text = made()?;
    write(&place(), &text)?;
    let (names, old) = (functions(&text), pinned()?);
    let gone: Vec<&String> = old.iter().filter(|name| !names.contains(name)).collect();
    if !gone.is_empty() {
        // Programs that were built would not start any more.
        return Err(format!("functions that symbols.txt pins are gone: {gone:?}"));
    }
    write(&pins(), &(names.join("\n") + "\n"))?;
    println!("header: {} functions, {} of them new", names.len(), names.len() - old.len());
    Ok(())
}

fn pins() -> PathBuf {
    root().join(CRATE).join("symbols.txt")
}

/// The functions that the library must have: those of the file that is committed.
pub(crate) fn pinned() -> Result<Vec<String>> {
    Ok(read(&pins())?.lines().map(str::to_owned).collect())
}

/// The committed header is what the sources make, and every item of it is described.
pub(crate) fn check_header() -> Result {
    let text = made()?;
    let bare = undocumented(&text);
    if !bare.is_empty() {
        return Err(format!("without a description in npstow.h:\n{}", bare.join("\n")));
    }
    if read(&place())? != text {
        return Err("npstow.h is not what its sources make; run cargo xtask header".to_owned());
    }
    if functions(&text) != pinned()? {
        return Err("symbols.txt lacks functions; run cargo xtask header".to_owned());
    }
    println!("header: {} functions, all described", functions(&text).len());
    Ok(())
}

fn place() -> PathBuf {
    root().join(CRATE).join("include/npstow.h")
}

/// The program, built where it is missing.
fn cbindgen() -> Result<PathBuf> {
    let folder = target().join("tools");
    let program = folder.join("bin").join(if cfg!(windows) { "cbindgen.exe" } else { "cbindgen" });
    let wanted = format!("cbindgen {CBINDGEN}");
    if output(&mut command(&program, &["--version"])).is_ok_and(|own| own.trim() == wanted) {
        return Ok(program);
    }
    println!("header: building {wanted}");
    let place = folder.to_string_lossy().into_owned();
    let words = ["install", "--quiet", "--locked", "--force", "--root", &place];
    check(cargo(&words).args(["--version", CBINDGEN, "cbindgen"]))?;
    Ok(program)
}

fn made() -> Result<String> {
    let folder = root().join(CRATE);
    let raw = target().join("xtask/npstow.h");
    fs::create_dir_all(raw.parent().unwrap_or(Path::new(".")))
        .map_err(|why| format!("{}: {why}", raw.display()))?;
    let place = raw.to_string_lossy().into_owned();
    let words = ["--quiet", "--config", "cbindgen.toml", "--output", &place, "."];
    let (ok, said) = capture(command(cbindgen()?, &words).current_dir(&folder))?;
    if !ok {
        return Err(format!("cbindgen:\n{said}"));
    }
    let preamble = read(&folder.join("header.txt"))?;
    Ok(format!("{preamble}\n{}", tidied(&read(&raw)?)))
}

/// Pointers as everywhere else, and no two empty lines in a row.
fn tidied(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim_end().replace("char * ", "char *").replace("Error ** ", "Error **");
        // An array of texts that stay as they are.
        let line = line.replace("const const char **", "const char *const *");
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n") + "\n"
}

/// The names of the functions that a header declares, sorted.
pub(crate) fn functions(header: &str) -> Vec<String> {
    let declares = |line: &str| {
        let start = line.find("npstow_")?;
        let name = &line[start..line[start..].find('(')? + start];
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let before = line[..start].trim_end_matches('*');
        (is_name && before.ends_with(' ') && !line.starts_with([' ', '#', '/', '*']))
            .then(|| name.to_owned())
    };
    let mut names: Vec<String> = header.lines().filter_map(declares).collect();
    names.sort();
    names
}

/// The declarations in front of which no comment ends.
fn undocumented(header: &str) -> Vec<String> {
    let starts = ["typedef ", "#define NPSTOW_"];
    let mut bare = Vec::new();
    let mut before = "";
    for line in header.lines() {
        let declares = starts.iter().any(|start| line.starts_with(start))
            || !functions(line).is_empty()
            || (line.starts_with("    ") && line.ends_with(';') && !line.contains("__"));
        // The rest of a declaration is indented further than members of structs are.
        let goes_on = line.starts_with("     ");
        let guard = line == "#define NPSTOW_H";
        if declares && !goes_on && !guard && !before.trim_end().ends_with("*/") {
            bare.push(line.to_owned());
        }
        before = line;
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "/**\n * Opens.\n */\nNpstowFile *npstow_open(const char *path,\n       \
        NpstowError **error);\nuint32_t npstow_abi_version(void);\n/** npstow_no(x) */\n\
        #define NPSTOW_X 1\n/** s */\ntypedef struct {\n    int bare;\n} S;\n";

    #[test]
    fn functions_and_what_is_not_described_are_found() {
        assert_eq!(functions(HEADER), ["npstow_abi_version", "npstow_open"]);
        let bare = ["uint32_t npstow_abi_version(void);", "    int bare;"];
        assert_eq!(undocumented(HEADER), bare);
        assert_eq!(tidied("a(const char * x, NpstowError ** e)\n\n\n\nb"), {
            "a(const char *x, NpstowError **e)\n\nb\n"
        });
    }
}
