//! `cargo xtask …`: the project's own commands. CI calls nothing else.
#![forbid(unsafe_code)]

mod capi;
mod ci;
mod compare;
mod features;
mod fuzz;
mod layers;
mod lines;
mod manifest;
mod msrv;
mod mutate;
mod paths;
mod python;
mod shell;
mod suites;
mod test;
mod tokens;
mod transcript;
mod tree;
mod unsafety;
mod venv;

use shell::Result;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test      all tests: cargo test, the Python suites of tests/, the transcripts of tests/golden/,
            the Python package
  ci        every check below, then test; what CI runs
  fmt       formatting, nothing changed
  lint      clippy over everything, warnings denied
  planted   none of the bugs of xtask/mutants/ is in the code; which patches are to be made again
  layers    module uses against the layer table; unsafe code only where the list says
  lines     length of files and functions; panics in parsers
  features  the library without features, with each one alone, and with all
  doc       the documentation, warnings denied
  msrv      rust-version fields, those of the dependencies, and newer std APIs
  tree      the number of crates the library brings with default features
  leaves    cargo check of the fuzz and compare crates
  bless     rewrite the transcripts of tests/golden/ from what the program prints now
  header    the header of the C library, made of its sources, and the list of its functions
  capi      the C library: built, installed below target, its tests (also under sanitizers) and
            examples (also under valgrind)
  install --prefix DIR
            the C library: headers, shared and static library, pkg-config, CMake
  wheel     the wheel of the Python package, installed into the project's own Python
  wheel --python PATH
            the wheel for another Python, which has maturin, free-threaded ones included
  python    the wheel, its tests, NumPy's and joblib's, and what mypy and stubtest say of its types
  numpy-tests
            NumPy's own tests of files, with our functions in the place of NumPy's
  joblib-tests
            joblib's own tests of its dumps, with our functions in the place of joblib's
  mutate [NAME…]
            apply each planted bug of xtask/mutants/, or those named, and expect a test to fail
  fuzz [--seconds N] [TARGET…]
            build the fuzz targets and run each for N seconds (300)
  compare [--quick] [--only p1,p3] [--update] [--rounds N] [--dir DIR] [--out FILE] [--against FILE] [--cnpy DIR] …
            speed beside NumPy, ndarray-npy, npyz and the bare minimum, how it grows with the data, what npstow
            weighs; writes COMPARE.md, compare/speed.svg and compare/speed.json, the last one held against;
            with --update, what is measured takes the place of what COMPARE.md has of the same workloads
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result {
    match words {
        ["test"] => test::run(),
        ["ci"] => ci::run(),
        ["bless"] => test::bless(),
        ["header"] => capi::write_header(),
        ["capi"] => capi::run(),
        ["install", rest @ ..] => capi::install(rest),
        ["wheel"] => python::wheel(),
        ["wheel", "--python", python] => python::wheel_for(Path::new(python)),
        ["python"] => python::run(),
        ["numpy-tests"] => python::numpy_tests(),
        ["joblib-tests"] => python::joblib_tests(),
        ["mutate", names @ ..] => mutate::run(names),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["compare", rest @ ..] => compare::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [name] => match ci::step(name) {
            Some(step) => step(),
            None => Err(format!("no command '{name}'; see cargo xtask help")),
        },
        _ => Err("too many arguments; see cargo xtask help".to_owned()),
    }
}
