//! Running programs, and where things lie in the checkout.
#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command of this program ends with; the text is for a person.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder of build outputs.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that runs us, in the root of the checkout.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let program = env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = command(program, words);
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// Any program, in the root of the checkout.
pub(crate) fn command(program: impl AsRef<OsStr>, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words).current_dir(root());
    command
}

/// Runs a program that prints what it likes; an error where it fails.
pub(crate) fn check(command: &mut Command) -> Result {
    let line = words(command);
    let status = command.status().map_err(|why| format!("{line}: {why}"))?;
    if status.success() { Ok(()) } else { Err(format!("{line}: {status}")) }
}

/// Runs a program and takes what it prints: whether it did well, and both streams as text.
pub(crate) fn capture(command: &mut Command) -> Result<(bool, String)> {
    let line = words(command);
    let output = command.output().map_err(|why| format!("{line}: {why}"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), text))
}

/// The standard output of a program that must do well.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = words(command);
    let output = command.output().map_err(|why| format!("{line}: {why}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{line}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// Reads a text file, naming it where that fails.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}

/// Writes a file and the folders it needs, naming it where that fails.
pub(crate) fn write(path: &Path, text: &str) -> Result {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))
}

/// All files below `folder` whose name ends in `.extension`, sorted; build outputs left out.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension() == Some(OsStr::new(extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `path` as seen from the root of the checkout, with `/` between its parts.
pub(crate) fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.iter().map(OsStr::to_string_lossy).collect::<Vec<_>>().join("/")
}

fn words(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = Path::new(&line).file_name() {
        line = name.to_string_lossy().into_owned();
    }
    for word in command.get_args() {
        line.push(' ');
        line.push_str(&word.to_string_lossy());
    }
    line
}
