//! The tests and examples of the C library, built by others: CMake and Make, in other folders.
#![forbid(unsafe_code)]

use super::CRATE;
use super::header::pinned;
use super::{install, library};
use crate::shell::{Result, capture, command, files, output, read, root, target, write};
use crate::test::Count;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Folders of examples that are projects of their own, and their programs.
const PROJECTS: &[(&str, &str)] = &[("cmake-project", "tracks"), ("make-project", "tracks")];

/// The programs of `compare/cpp`, and the words that make them need nothing but npstow; those of
/// others need what is not part of this project.
const COMPARED: &[(&str, Option<&[&str]>)] =
    &[("cnpy", Some(&["-DNPSTOW"])), ("libnpy", None), ("nphh", None), ("npstow", Some(&[]))];

/// Builds, installs into the target folder, and tests what is installed.
pub(crate) fn all(python: &Path) -> Result<Count> {
    let libraries = library::build()?;
    called()?;
    let (built, prefix) = (fresh("built")?, fresh("prefix")?);
    install::put(&libraries, &built)?;
    // What is installed may be moved.
    fs::rename(&built, &prefix).map_err(|why| format!("{}: {why}", prefix.display()))?;
    compared(&prefix)?;
    let stage = Stage { cmake: cmake(python)?, python: python.to_owned(), prefix };
    let mut total = stage.tests("tests", &[])?;
    total.add(stage.tests("tests-sanitized", &["-DNPSTOW_SANITIZE=ON"])?);
    total.add(stage.examples()?);
    Ok(total)
}

/// Every function is called by a test, or by one of the headers on top, which have tests.
fn called() -> Result {
    let own = root().join(CRATE);
    let extensions = ["c", "cpp", "h", "hpp"].iter();
    let folders = extensions.flat_map(|kind| {
        [files(&own.join("tests"), kind), files(&own.join("include"), kind)].concat()
    });
    let callers = folders.filter(|path| !path.ends_with("include/npstow.h"));
    let texts = callers.map(|path| read(&path)).collect::<Result<String>>()?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: HashSet<&str> = texts.split(|c: char| !is_name(c)).collect();
    let names = pinned()?;
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !words.contains(name)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("no test calls {}", missing.join(", "))),
    }
}

/// What is measured in C++ compiles against what is installed.
fn compared(prefix: &Path) -> Result {
    for path in files(&root().join("compare/cpp"), "cpp") {
        let name = stem(&path).unwrap_or_default();
        let Some((_, words)) = COMPARED.iter().find(|(own, _)| *own == name) else {
            return Err(format!("{}: xtask does not know what it needs", path.display()));
        };
        if let Some(words) = words {
            let mut compile = command("c++", &["-std=c++17", "-fsyntax-only", "-Wall", "-Werror"]);
            compile.args(*words).arg("-I").arg(prefix.join("include")).arg(&path);
            quietly(&mut compile)?;
            println!("capi: compare/cpp/{name}.cpp compiles");
        }
    }
    Ok(())
}

/// The machine's CMake, or that of the project's own Python.
fn cmake(python: &Path) -> Result<PathBuf> {
    for program in [PathBuf::from("cmake"), python.with_file_name("cmake")] {
        if output(&mut command(&program, &["--version"])).is_ok() {
            return Ok(program);
        }
    }
    Err("no cmake, neither of the machine nor of tools/requirements.txt".to_owned())
}

/// An empty folder below the target folder.
fn fresh(name: &str) -> Result<PathBuf> {
    let folder = target().join("capi").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    Ok(folder)
}

struct Stage {
    cmake: PathBuf,
    python: PathBuf,
    prefix: PathBuf,
}

impl Stage {
    /// Configures and builds a project; what is said where that fails.
    fn make(&self, source: &Path, build: &Path, words: &[&str]) -> Result {
        let mut configure = Command::new(&self.cmake);
        configure.arg("-S").arg(source).arg("-B").arg(build).args(words);
        configure.arg("-DCMAKE_BUILD_TYPE=Release").arg(define("CMAKE_PREFIX_PATH", &self.prefix));
        quietly(configure.arg(define("NPSTOW_PYTHON", &self.python)))?;
        let mut make = Command::new(&self.cmake);
        quietly(make.arg("--build").arg(build).args(["--parallel", "2"]))
    }

    fn tests(&self, name: &str, words: &[&str]) -> Result<Count> {
        let start = Instant::now();
        let build = fresh(name)?;
        self.make(&root().join(CRATE).join("tests"), &build, words)?;
        let mut ctest = Command::new(self.cmake.with_file_name("ctest"));
        ctest.args(["--verbose", "--test-dir"]).arg(&build);
        if let Ok(corpus) = root().join("../shared/corpus").canonicalize() {
            ctest.env("NPSTOW_CORPUS", corpus);
        }
        let (ok, text) = capture(&mut ctest)?;
        write(&target().join(format!("xtask/capi-{name}.log")), &text)?;
        let mut count = counted(&text);
        if !ok || count.passed == 0 {
            println!("{text}");
            count.failed = count.failed.max(1);
        }
        told(name, count, start);
        Ok(count)
    }

    /// The examples, copied to a folder of their own, by CMake and by Make.
    fn examples(&self) -> Result<Count> {
        let folder = fresh("elsewhere")?;
        let own = root().join(CRATE).join("examples");
        copy_all(&own, &folder)?;
        let mut total = Count::default();
        let build = fresh("elsewhere-build")?;
        self.make(&folder, &build, &[])?;
        let sources: Vec<PathBuf> =
            ["c", "cpp"].iter().flat_map(|extension| files(&own, extension)).collect();
        let own_sources = sources.iter().filter(|path| path.parent() == Some(&own));
        let names: Vec<String> = own_sources.filter_map(|path| stem(path)).collect();
        if names.is_empty() {
            return Err("no examples".to_owned());
        }
        for name in &names {
            total.add(self.example(&format!("{name} (CMake)"), &build.join(name))?);
        }
        quietly(self.with_prefix(&mut Command::new("make")).arg("-C").arg(&folder))?;
        for name in &names {
            total.add(self.example(&format!("{name} (Make)"), &folder.join(name))?);
        }
        for (project, program) in PROJECTS.iter().filter(|(name, _)| own.join(name).is_dir()) {
            let folder = folder.join(project);
            let build = if folder.join("CMakeLists.txt").exists() {
                let build = fresh(&format!("elsewhere-{project}"))?;
                self.make(&folder, &build, &[])?;
                build
            } else {
                quietly(self.with_prefix(&mut Command::new("make")).arg("-C").arg(&folder))?;
                folder
            };
            total.add(self.example(project, &build.join(program))?);
        }
        Ok(total)
    }

    fn with_prefix<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program.env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"));
        program.env("PREFIX", &self.prefix)
    }

    /// Runs a program alone, and under valgrind where that is installed.
    fn example(&self, name: &str, program: &Path) -> Result<Count> {
        let start = Instant::now();
        let (ok, text) = capture(Command::new(program).arg(fresh("scratch")?))?;
        let mut count = Count { passed: u64::from(ok), failed: u64::from(!ok) };
        if !ok {
            println!("{text}");
        }
        if output(&mut command("valgrind", &["--version"])).is_err() {
            println!("capi: example {name}: SKIPPED under valgrind, which is not installed");
        } else {
            let mut valgrind = command("valgrind", &["--quiet", "--leak-check=full"]);
            valgrind.args(["--errors-for-leak-kinds=definite,indirect", "--error-exitcode=9"]);
            let suppressions = root().join(CRATE).join("tests/valgrind.txt");
            if suppressions.exists() {
                valgrind.arg(format!("--suppressions={}", suppressions.display()));
            }
            let (clean, text) = capture(valgrind.arg(program).arg(fresh("scratch")?))?;
            if !clean {
                println!("{text}");
            }
            count.add(Count { passed: u64::from(clean), failed: u64::from(!clean) });
        }
        told(&format!("example {name}"), count, start);
        Ok(count)
    }
}

fn told(name: &str, count: Count, start: Instant) {
    let verdict = if count.failed == 0 { "ok" } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f64();
    println!("capi: {name}: {} checks, {verdict} ({seconds:.1} s)", count.passed);
}

fn define(name: &str, value: &Path) -> String {
    format!("-D{name}={}", value.display())
}

fn quietly(program: &mut Command) -> Result {
    let (ok, text) = capture(program)?;
    if ok { Ok(()) } else { Err(text) }
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
}

fn copy_all(from: &Path, to: &Path) -> Result {
    let failed = |why| format!("{}: {why}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)?.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            copy_all(&path, &to.join(name))?;
        } else {
            write(&to.join(name), &read(&path)?)?;
        }
    }
    Ok(())
}

/// The lines of ctest's programs: `7: 12 passed, 0 failed`.
fn counted(text: &str) -> Count {
    let mut total = Count::default();
    for line in text.lines() {
        let said = line.split_once(": ").filter(|(n, _)| n.parse::<u32>().is_ok());
        if let Some(count) = said.and_then(|(_, rest)| Count::parse(rest)) {
            total.add(count);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_are_counted() {
        let text = "1: 12 passed, 0 failed\n12: 3 passed, 2 failed\n7 passed, 7 failed\n1: x";
        assert_eq!(counted(text), Count { passed: 15, failed: 2 });
    }
}
