//! The workloads, who takes part in each, and what is expected of npstow.
//!
//! The first contestant of each is npstow: the others are shown as multiples of it.
#![forbid(unsafe_code)]

use super::contest::{Check, Clock, Contest, Contestant, Goal, Prepare};
use super::inputs::Inputs;
use super::options::Options;
use super::tools::Tools;
use std::path::Path;

const NPSTOW: &str = "npstow";
const NO_WAIT: &str = "npstow, Durability::None";

/// What a reader may need beside its array: the code and tables that reading touches.
const CONSTANT_KB: f64 = 2048.0;

/// All workloads in order, at the size that is asked for.
pub(super) fn all(tools: &Tools, inputs: &Inputs, options: &Options) -> Vec<Contest> {
    let (disk, memory) = (options.disk.clone(), options.dir.clone());
    let mut all = vec![read(tools, inputs), view(tools, inputs, true), view(tools, inputs, false)];
    for replace in [false, true] {
        all.push(write(tools, inputs, false, replace));
    }
    if disk != memory {
        for replace in [false, true] {
            all.push(write(tools, inputs, true, replace));
        }
    }
    all.push(rows(tools, inputs));
    all.push(list(tools, inputs));
    all
}

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

    fn add(&mut self, name: &str, program: &[&str], words: &[&str], paths: &[&Path]) {
        let text = |word: &&str| (*word).to_owned();
        let paths = paths.iter().map(|path| path.to_string_lossy().into_owned());
        let words = program.iter().chain(words).map(text).chain(paths).collect();
        let (check, prepare) = (self.check.clone(), self.prepare.clone());
        self.contestants.push(Contestant { name: name.to_owned(), words, check, prepare });
    }

    fn rust(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &[&tools.rivals], words, paths);
    }

    fn python(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &[&tools.python, "compare/python/rivals.py"], words, paths);
    }

    fn limit(&mut self, name: &str, words: &[&str], paths: &[&Path]) {
        let tools = self.tools;
        self.add(name, &[&tools.limit], words, paths);
    }
}

/// The command that touches so many times the large array's memory.
fn warm(tools: &Tools, inputs: &Inputs, times: usize) -> Option<Vec<String>> {
    let mib = times * (inputs.large_bytes() >> 20);
    Some(vec![tools.limit.clone(), "warm".to_owned(), mib.to_string()])
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

fn read(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.large.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["p1", "npstow"], file);
    field.python("np.load", &["p1"], file);
    field.rust("ndarray-npy", &["p1", "ndarray-npy"], file);
    field.rust("npyz", &["p1", "npyz"], file);
    for (name, program) in &tools.cpp {
        field.add(name, &[program], &[], file);
    }
    field.limit("limit: read(2) into huge pages", &["p1", "huge"], file);
    field.limit("read(2) into 4 KiB pages", &["p1", "small"], file);
    let size = mebibytes(inputs.large_bytes());
    #[allow(clippy::cast_precision_loss)] // A few million at most.
    let kb = (inputs.large_bytes() >> 10) as f64 + CONSTANT_KB;
    Contest {
        key: "p1",
        title: format!("P1: read {size} of f4 into new memory"),
        note: "`npy::read`. The file is in the page cache; freeing the memory is not timed."
            .to_owned(),
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: warm(tools, inputs, 2),
        goals: vec![
            Goal::Faster { ours: NPSTOW, rival: "np.load", least: 1.0 },
            Goal::Faster { ours: NPSTOW, rival: "ndarray-npy", least: 3.0 },
            Goal::Within { ours: NPSTOW, limit: "limit: read(2) into huge pages", most: 1.15 },
            Goal::Memory { ours: NPSTOW, kb, text: format!("{size} and 2 MiB") },
        ],
    }
}

fn view(tools: &Tools, inputs: &Inputs, first: bool) -> Contest {
    let file = &[inputs.large.as_path()][..];
    let which = if first { "first" } else { "again" };
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["p2", "npstow", which], file);
    field.python("np.load(mmap_mode='r')", &["p2", which], file);
    field.rust("ndarray-npy view_npy", &["p2", "ndarray-npy", which], file);
    field.limit("limit: open, fstat, pread, mmap", &["p2", which], file);
    let (title, note) = if first {
        ("for the first time in a process", "`npy::view`. Code that has never run is part of it.")
    } else {
        (
            "again",
            "`npy::view` after the first time: the median of 1000 in each process, the old view dropped in between.",
        )
    };
    Contest {
        key: "p2",
        title: format!("P2: open a view, nothing touched, {title}"),
        note: note.to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: vec![Goal::Under { ours: NPSTOW, ms: 0.060 }],
    }
}

fn write(tools: &Tools, inputs: &Inputs, disk: bool, replace: bool) -> Contest {
    let output = inputs.output(disk);
    let prepare = match replace {
        true => Prepare::Replace(output.clone(), inputs.large.clone()),
        false => Prepare::New(output.clone()),
    };
    let check = Check::Written(output.clone(), inputs.large_len);
    let files = &[inputs.large.as_path(), output.as_path()][..];
    let mut field = Field::new(tools, check, prepare);
    field.rust(NPSTOW, &["p3", "npstow", "default"], files);
    field.rust(NO_WAIT, &["p3", "npstow", "none"], files);
    field.python("np.save", &["p3", "none"], files);
    if replace && disk {
        field.python("np.save and os.fsync", &["p3", "fsync"], files);
    }
    if !replace {
        field.rust("ndarray-npy", &["p3", "ndarray-npy"], files);
    }
    if !replace && !disk {
        field.rust("npyz", &["p3", "npyz"], files);
    }
    field.limit("limit: write", &["p3", "write"], files);
    field.limit("limit: fallocate and write", &["p3", "reserve"], files);
    // Waiting for the disk is a promise that np.save does not make.
    let ours = if replace && disk { NO_WAIT } else { NPSTOW };
    let least = if disk { 1.25 } else { 1.0 };
    let size = mebibytes(inputs.large_bytes());
    let what = if replace { "in the place of an old file" } else { "to a new file" };
    let place = if disk { "on the disk" } else { "in memory" };
    let mut note =
        "`npy::write`: the name leads to the old file or to the whole new one, never to a part; \
        the others write in place. The array lies in huge pages, whoever writes it."
            .to_owned();
    if replace && disk {
        note.push_str(" By default npstow waits for the disk before it lets an old file go.");
    }
    Contest {
        key: "p3",
        title: format!("P3: write {size} of f4 {what} {place}"),
        note,
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: warm(tools, inputs, 3),
        goals: vec![Goal::Faster { ours, rival: "np.save", least }],
    }
}

fn rows(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.rows.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.rows_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["p11", "npstow"], file);
    field.python("np.load(mmap_mode='r')[rows]", &["p11"], file);
    field.rust("ndarray-npy view_npy and select", &["p11", "ndarray-npy"], file);
    field.limit("limit: 1000 pread", &["p11"], file);
    Contest {
        key: "p11",
        title: format!("P11: 1000 rows, anywhere, of f4 ({}, 100)", inputs.rows_len),
        note: "`npy::open` and `Entry::read_slice`; opening is part of it everywhere. The file is in the page cache."
            .to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: vec![Goal::Faster { ours: NPSTOW, rival: "np.load(mmap_mode='r')[rows]", least: 4.0 }],
    }
}

fn list(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.small.as_path()][..];
    let mut field = Field::new(tools, Check::Says("123"), Prepare::Nothing);
    field.add("npstow ls", &[&tools.npstow, "ls"], &[], file);
    field.add("python, np.load and print", &[&tools.python, "compare/python/ls.py"], &[], file);
    field.check = Check::Says("hello");
    field.add("limit: hello in Rust", &[&tools.hello], &[], &[]);
    Contest {
        key: "p17",
        title: "P17: list a small .npy as a process".to_owned(),
        note: "From the start of the process to its end, as its parent sees it.".to_owned(),
        clock: Clock::Process,
        times: 5,
        contestants: field.contestants,
        warm: None,
        goals: vec![Goal::Faster {
            ours: "npstow ls",
            rival: "python, np.load and print",
            least: 40.0,
        }],
    }
}
