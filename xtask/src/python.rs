//! The Python package: its wheel, its tests, and what checkers say of its types.
#![forbid(unsafe_code)]

use crate::shell::{Result, capture, command, output, root, target, write};
use crate::test::Count;
use crate::venv;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const PACKAGE: &str = "crates/npstow-py";

/// `cargo xtask wheel`: builds the wheel and puts it into the project's own Python.
pub(crate) fn wheel() -> Result {
    let wheel = installed(&venv::python()?)?;
    println!("wheel: {}", wheel.display());
    Ok(())
}

/// `cargo xtask wheel --python PATH`: a wheel for another interpreter, for somebody to install. One
/// without the lock has no stable interface yet, so its wheel is for that version alone.
pub(crate) fn wheel_for(python: &Path) -> Result {
    let ask = "import sysconfig; print(sysconfig.get_config_var('Py_GIL_DISABLED') or 0)";
    let is_free = output(&mut command(python, &["-c", ask]))?.trim() == "1";
    let folder = target().join("wheels-for");
    let mut maturin = maturin(python, &folder);
    if is_free {
        maturin.arg("--no-default-features");
    }
    quietly(maturin)?;
    println!("wheel: in {}", folder.display());
    Ok(())
}

/// `cargo xtask python`: the wheel, and everything that is said of it.
pub(crate) fn run() -> Result {
    all(&venv::python()?)?.close()
}

/// Runs the tests of the package and the checkers of its types.
pub(crate) fn all(python: &Path) -> Result<Count> {
    let wheel = installed(python)?;
    let mut total = tests(python, &wheel)?;
    total.add(numpys(python)?);
    total.add(joblibs(python)?);
    for (name, words) in CHECKERS {
        let start = Instant::now();
        let mut checker = command(python, words);
        // It finds what is installed, not the sources beside it.
        let (ok, text) = capture(checker.current_dir(root().join(PACKAGE).join("tests")))?;
        let verdict = if ok { "ok" } else { "FAILED" };
        println!("python: {name}: {verdict} ({:.1} s)", start.elapsed().as_secs_f64());
        if !ok {
            println!("{text}");
        }
        total.add(Count { passed: u64::from(ok), failed: u64::from(!ok) });
    }
    Ok(total)
}

/// `cargo xtask numpy-tests`: NumPy's own tests of files with our functions in their place.
pub(crate) fn numpy_tests() -> Result {
    let python = venv::python()?;
    installed(&python)?;
    numpys(&python)?.close()
}

/// From the installed NumPy: what it says of its formats, of saving, loading and mapping.
fn numpys(python: &Path) -> Result<Count> {
    let words = ["-p", "numpy_tests", "--pyargs", "numpy.lib.tests.test_format"];
    let more = ["numpy.lib.tests.test_io", "numpy._core.tests.test_memmap"];
    let mut pytest = pytest(python, &[&words[..], &more].concat());
    // The plugin that puts them there.
    pytest.env("PYTHONPATH", root().join(PACKAGE));
    counted("NumPy's own tests", "numpy-tests.log", pytest)
}

/// `cargo xtask joblib-tests`: joblib's own tests of dumps with our functions in their place.
pub(crate) fn joblib_tests() -> Result {
    let python = venv::python()?;
    installed(&python)?;
    joblibs(&python)?.close()
}

/// From the installed joblib: what it says of dumping and loading.
fn joblibs(python: &Path) -> Result<Count> {
    let words = ["-p", "joblib_tests", "--pyargs", "joblib.test.test_numpy_pickle"];
    let mut pytest = pytest(python, &words);
    // The plugin that puts them there.
    pytest.env("PYTHONPATH", root().join(PACKAGE));
    counted("joblib's own tests", "joblib-tests.log", pytest)
}

const CHECKERS: &[(&str, &[&str])] = &[
    ("mypy --strict", &["-m", "mypy", "--strict", "-p", "npstow"]),
    ("stubtest", &["-m", "mypy.stubtest", "npstow._npstow"]),
];

/// Builds the wheel and installs it; its path.
pub(crate) fn installed(python: &Path) -> Result<PathBuf> {
    let folder = target().join("wheels");
    // An old one would be found beside the new one.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    quietly(maturin(python, &folder))?;
    let built = fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let wheel = built.flatten().map(|entry| entry.path()).find(|path| ends(path, "whl"));
    let wheel = wheel.ok_or_else(|| format!("maturin left no wheel in {}", folder.display()))?;
    let mut pip = command(python, &["-m", "pip", "install", "--quiet", "--no-deps"]);
    pip.args(["--disable-pip-version-check", "--force-reinstall"]).arg(&wheel);
    quietly(pip)?;
    Ok(wheel)
}

/// The command that builds a wheel into a folder.
fn maturin(python: &Path, folder: &Path) -> Command {
    let mut maturin = command(python, &["-m", "maturin", "build", "--quiet", "--release"]);
    maturin.args(["--manifest-path", &format!("{PACKAGE}/Cargo.toml")]);
    maturin.arg("--interpreter").arg(python).arg("--out").arg(folder);
    maturin
}

fn ends(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own == extension)
}

fn quietly(mut program: Command) -> Result {
    let (ok, text) = capture(&mut program)?;
    if ok { Ok(()) } else { Err(text) }
}

fn tests(python: &Path, wheel: &Path) -> Result<Count> {
    let mut pytest = pytest(python, &["tests"]);
    pytest.env("NPSTOW_WHEEL", wheel);
    if let Ok(corpus) = root().join("../shared/corpus").canonicalize() {
        pytest.env("NPSTOW_CORPUS", corpus);
    }
    counted("pytest", "pytest.log", pytest)
}

fn pytest(python: &Path, words: &[&str]) -> Command {
    let own = ["-m", "pytest", "-q", "-rs", "--color=no", "-p", "no:cacheprovider"];
    let mut pytest = command(python, &own);
    pytest.args(words).current_dir(root().join(PACKAGE)).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest
}

fn counted(name: &str, log: &str, mut pytest: Command) -> Result<Count> {
    let start = Instant::now();
    let (ok, text) = capture(&mut pytest)?;
    write(&target().join("xtask").join(log), &text)?;
    let mut count = said(&text);
    if !ok || count.passed == 0 {
        println!("{text}");
        count.failed = count.failed.max(1);
    }
    let verdict = if count.failed == 0 { "ok" } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f64();
    println!("python: {name}: {} checks, {verdict} ({seconds:.1} s)", count.passed);
    for line in text.lines().filter(|line| line.starts_with("SKIPPED")) {
        println!("  {line}");
    }
    Ok(count)
}

/// The last line of pytest: `2 failed, 30 passed, 1 skipped, 1 error in 4.5s`.
fn said(text: &str) -> Count {
    let last = text.lines().rev().find(|line| line.contains(" in ")).unwrap_or_default();
    let words: Vec<&str> = last.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let number = |what: &str| {
        let pair = words.windows(2).find(|pair| pair.last() == Some(&what));
        pair.and_then(|pair| pair.first()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let failed = number("failed") + number("error") + number("errors");
    Count { passed: number("passed"), failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_pytest_is_read() {
        let told = |text: &str| (said(text).passed, said(text).failed);
        assert_eq!(told("..\n30 passed in 4.50s\n"), (30, 0));
        assert_eq!(told("2 failed, 30 passed, 1 skipped, 1 error in 4.5s\n"), (30, 3));
        assert_eq!(told("no tests ran in 0.1s\n"), (0, 0));
    }
}
