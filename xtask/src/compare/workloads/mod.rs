//! The workloads, who takes part in each, and what is expected of npstow.
//!
//! The first contestant of each is npstow: the others are shown as multiples of it.
#![forbid(unsafe_code)]

mod folder;
mod hdf5;
mod joblib;
mod list;
mod npy;
mod npz;
mod packed;
mod pickle;
mod python;

use super::contest::{Check, Clock, Contest, Contestant, Goal, Prepare};
use super::inputs::Inputs;
use super::options::Options;
use super::tools::Tools;
use crate::shell::Result;
use std::path::Path;

const NPSTOW: &str = "npstow";

/// The same from Python.
const PYTHON: &str = "npstow in Python";

/// The same from C++, and through the header for programs of cnpy.
const CPP: &str = "npstow in C++";
const AS_CNPY: &str = "npstow/cnpy.h";

/// C++ libraries, where there is a checkout of them.
const CNPY: &str = "cnpy";
const LIBNPY: &str = "libnpy";
/// NP.hh and NPFold.h, which come together.
const NPHH: &str = "nphh";

/// What a reader may need beside its array: the code and tables that reading touches.
const CONSTANT_KB: f64 = 2048.0;

/// The same in C++, where all formats and codecs come along in one library.
const CPP_CONSTANT_KB: f64 = 4096.0;

/// The workloads that are asked for, in order, at the size that is asked for.
pub(super) fn all(tools: &Tools, inputs: &Inputs, options: &Options) -> Result<Vec<Contest>> {
    let mut all = vec![
        npy::read(tools, inputs),
        npy::view(tools, inputs, true),
        npy::view(tools, inputs, false),
    ];
    for disk in [false, true] {
        if !disk || options.disk != options.dir {
            all.extend([false, true].map(|replace| npy::write(tools, inputs, disk, replace)));
        }
    }
    all.extend([npz::read_large(tools, inputs), npz::save_large(tools, inputs)]);
    all.extend([npz::load(tools, inputs), npz::one(tools, inputs), npz::save(tools, inputs)]);
    all.extend([folder::load(tools, inputs), folder::save(tools, inputs)]);
    if options.wants_any(&["p9", "p10"]) {
        for data in packed::both(inputs) {
            all.push(packed::save(tools, inputs, &data)?);
        }
        for data in packed::both(inputs) {
            all.extend([packed::stream(tools, &data)?, packed::blocks(tools, &data)?]);
        }
    }
    all.extend([npy::rows(tools, inputs), npy::append(tools, inputs)]);
    for (protocol, least) in pickle::PROTOCOLS {
        all.push(pickle::read(tools, inputs, protocol, least));
    }
    all.push(pickle::view(tools, inputs));
    all.extend(pickle::data(tools, inputs));
    if options.wants("p14") {
        all.extend(joblib::all(tools, inputs)?);
    }
    all.extend(hdf5::all(tools, inputs, options)?);
    all.extend([list::small(tools, inputs), list::many(tools, inputs)]);
    all.push(list::small_hdf5(tools, inputs));
    all.extend([python::small(tools, inputs), python::import(tools)]);
    all.retain(|contest| options.wants(contest.key));
    Ok(all)
}

/// Set for everyone's Python: where NumPy's BLAS has more threads than one, each of the others
/// spins for a tenth of a second from its beginning on, on a core that is somebody's who measures
/// from the end of the imports on.
const CALM: &str = "OPENBLAS_NUM_THREADS=1";

/// Programs and their words for one workload, all with the same check.
struct Field<'a> {
    tools: &'a Tools,
    check: Check,
    prepare: Prepare,
    contestants: Vec<Contestant>,
}

impl<'a> Field<'a> {
    fn new(tools: &'a Tools, check: Check, prepare: Prepare) -> Self {
        Self { tools, check, prepare, contestants: Vec::new() }
    }

    /// For those who write something new, in which NumPy must find a sum.
    fn writing(tools: &'a Tools, output: &Path, sum: f64) -> Self {
        let mut field = Self::new(tools, Check::Sum(sum), Prepare::Nothing);
        field.output(output, sum);
        field
    }

    /// Those who come from now on write to another place.
    fn output(&mut self, output: &Path, sum: f64) {
        let look = vec![self.tools.python.clone(), "compare/python/check.py".to_owned()];
        self.check = Check::Found(output.to_owned(), look, sum);
        self.prepare = Prepare::New(output.to_owned());
    }

    fn add(&mut self, name: &str, program: &[&str], words: &[&str], paths: &[&Path]) {
        let text = |word: &&str| (*word).to_owned();
        let paths = paths.iter().map(|path| path.to_string_lossy().into_owned());
        let words = program.iter().chain(words).map(text).chain(paths).collect();
        let (check, prepare) = (self.check.clone(), self.prepare.clone());
        self.contestants.push(Contestant { name: name.to_owned(), words, check, prepare });
    }

    fn rust(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let (program, words) = self.tools.rust(words);
        self.add(name, &[program], words, paths);
    }

    /// NumPy, joblib and h5py.
    fn python(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &["env", CALM, &tools.python, "compare/python/rivals.py"], words, paths);
    }

    /// Libraries for Python other than NumPy and joblib.
    fn other(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        let packages = format!("PYTHONPATH={}", tools.packages);
        let program = ["env", CALM, &packages, &tools.python, "compare/python/others.py"];
        self.add(name, &program, words, paths);
    }

    /// npstow from Python.
    fn own(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &["env", CALM, &tools.python, "compare/python/ours.py"], words, paths);
    }

    /// The import of a module, as it is for everybody.
    fn import(&mut self, name: &str, module: &str) {
        let tools = self.tools;
        let words = ["import", module];
        self.add(name, &[&tools.python, "compare/python/ours.py"], &words, &[]);
    }

    /// The Rust library on one core.
    fn alone(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let (program, words) = self.tools.rust(words);
        self.add(name, &["env", "RAYON_NUM_THREADS=1", program], words, paths);
    }

    /// npstow from C++.
    fn own_cpp(&mut self, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(CPP, &[&tools.own_cpp], words, paths);
    }

    /// npstow through the header for programs of cnpy.
    fn as_cnpy(&mut self, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(AS_CNPY, &[&tools.own_cnpy], words, paths);
    }

    /// Those of the C++ libraries that are there.
    fn cpp(&mut self, names: &[&str], words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        for library in tools.cpp(names) {
            self.add(&library.name, &[&library.program], words, paths);
        }
    }

    fn limit(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &[&tools.limit], words, paths);
    }

    /// The contest of those who were added, each of whom takes the time itself; three times in each
    /// process.
    fn contest(
        self,
        (key, mark): (&'static str, &'static str),
        title: impl Into<String>,
        note: &str,
        goals: Vec<Goal>,
    ) -> Contest {
        let (title, note) = (title.into(), note.to_owned());
        let (clock, contestants) = (Clock::Inside, self.contestants);
        Contest { key, mark, title, note, clock, times: 3, contestants, warm: None, goals }
    }
}

/// What is expected of C++ beside the libraries of which there is a checkout.
fn beside(tools: &Tools, rivals: &[&'static str]) -> Vec<Goal> {
    let there = |name: &&str| tools.cpp(&[*name]).next().is_some();
    let goal = |rival| Goal::Faster { ours: CPP, rival, least: 3.0 };
    rivals.iter().copied().filter(there).map(goal).collect()
}

/// The command that touches so much memory.
fn warm(tools: &Tools, bytes: usize) -> Option<Vec<String>> {
    Some(vec![tools.limit.clone(), "warm".to_owned(), (bytes >> 20).to_string()])
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

#[allow(clippy::cast_precision_loss)] // A few million at most.
fn kibibytes(bytes: usize) -> f64 {
    (bytes >> 10) as f64
}
