//! P1, P2, P3 and P11: one array in a file of its own.
#![forbid(unsafe_code)]

use super::{
    CNPY, CONSTANT_KB, CPP, CPP_CONSTANT_KB, Field, LIBNPY, NPHH, NPSTOW, PYTHON, beside,
    kibibytes, mebibytes, warm,
};
use crate::compare::contest::{Check, Clock, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;

const NO_WAIT: &str = "npstow, Durability::None";

pub(super) fn read(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.large.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p1"], file);
    field.own(PYTHON, &["p1"], file);
    field.own_cpp(&["p1"], file);
    field.as_cnpy(&["p1"], file);
    field.python("np.load", &["p1"], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p1"], file);
    field.rust("npyz", &["npyz", "p1"], file);
    field.cpp(&[CNPY, LIBNPY, NPHH], &["p1"], file);
    field.limit("limit: read(2) into huge pages", &["p1", "huge"], file);
    field.limit("read(2) into 4 KiB pages", &["p1", "small"], file);
    let size = mebibytes(inputs.large_bytes());
    let kb = kibibytes(inputs.large_bytes()) + CONSTANT_KB;
    let cpp_kb = kibibytes(inputs.large_bytes()) + CPP_CONSTANT_KB;
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: "np.load", least: 1.0 },
        Goal::Faster { ours: PYTHON, rival: "np.load", least: 1.0 },
        Goal::Faster { ours: NPSTOW, rival: "ndarray-npy", least: 3.0 },
        Goal::Within { ours: NPSTOW, limit: "limit: read(2) into huge pages", most: 1.15 },
        Goal::Memory { ours: NPSTOW, kb, text: format!("{size} and 2 MiB") },
        Goal::Memory { ours: CPP, kb: cpp_kb, text: format!("{size} and 4 MiB") },
    ];
    goals.extend(beside(tools, &[CNPY, LIBNPY, NPHH]));
    Contest {
        key: "p1",
        mark: "",
        title: format!("P1: read {size} of f4 into new memory"),
        note: "`npy::read`. The file is in the page cache; freeing the memory is not timed."
            .to_owned(),
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: warm(tools, 2 * inputs.large_bytes()),
        goals,
    }
}

pub(super) fn view(tools: &Tools, inputs: &Inputs, first: bool) -> Contest {
    let file = &[inputs.large.as_path()][..];
    let which = if first { "first" } else { "again" };
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p2", which], file);
    field.own(PYTHON, &["p2", which], file);
    field.python("np.load(mmap_mode='r')", &["p2", which], file);
    field.rust("ndarray-npy view_npy", &["ndarray-npy", "p2", which], file);
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
        mark: which,
        title: format!("P2: open a view, nothing touched, {title}"),
        note: note.to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: vec![
            Goal::Under { ours: NPSTOW, ms: 0.060 },
            Goal::Faster { ours: PYTHON, rival: "np.load(mmap_mode='r')", least: 4.0 },
        ],
    }
}

pub(super) fn write(tools: &Tools, inputs: &Inputs, disk: bool, replace: bool) -> Contest {
    let output = inputs.output(disk, "out.npy");
    let prepare = match replace {
        true => Prepare::Replace(output.clone(), inputs.large.clone()),
        false => Prepare::New(output.clone()),
    };
    let check = Check::Written(output.clone(), inputs.large_len);
    let files = &[inputs.large.as_path(), output.as_path()][..];
    let mut field = Field::new(tools, check, prepare);
    field.rust(NPSTOW, &["npstow", "p3", "default"], files);
    field.rust(NO_WAIT, &["npstow", "p3", "none"], files);
    field.python("np.save", &["p3", "none"], files);
    if replace && disk {
        field.python("np.save and os.fsync", &["p3", "fsync"], files);
    }
    if !replace {
        field.rust("ndarray-npy", &["ndarray-npy", "p3"], files);
    }
    if !replace && !disk {
        field.rust("npyz", &["npyz", "p3"], files);
    }
    field.limit("limit: write", &["p3", "write"], files);
    field.limit("limit: fallocate and write", &["p3", "reserve"], files);
    // Waiting for the disk is a promise that np.save does not make.
    let ours = if replace && disk { NO_WAIT } else { NPSTOW };
    let least = if disk { 1.25 } else { 1.0 };
    let size = mebibytes(inputs.large_bytes());
    let mark = match (replace, disk) {
        (false, false) => "new, memory",
        (true, false) => "replacing, memory",
        (false, true) => "new, disk",
        (true, true) => "replacing, disk",
    };
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
        mark,
        title: format!("P3: write {size} of f4 {what} {place}"),
        note,
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: warm(tools, 3 * inputs.large_bytes()),
        goals: vec![Goal::Faster { ours, rival: "np.save", least }],
    }
}

pub(super) fn rows(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.rows.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.rows_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p11"], file);
    field.own(PYTHON, &["p11"], file);
    field.python("np.load(mmap_mode='r')[rows]", &["p11"], file);
    field.rust("ndarray-npy view_npy and select", &["ndarray-npy", "p11"], file);
    field.other("h5py", &["h5py", "p11"], &[&inputs.rows_h5()]);
    field.other("zarr", &["zarr", "p11"], &[&inputs.zarr_rows()]);
    field.limit("limit: 1000 pread", &["p11"], file);
    Contest {
        key: "p11",
        mark: "",
        title: format!("P11: 1000 rows, anywhere, of f4 ({}, 100)", inputs.rows_len),
        note: "`npy::open` and `Entry::read_slice`; opening is part of it everywhere. The file is in the page cache. \
            h5py and zarr read files of their own, h5py row by row, zarr chunks of 1,000 rows, not packed."
            .to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: [NPSTOW, PYTHON]
            .map(|ours| Goal::Faster { ours, rival: "np.load(mmap_mode='r')[rows]", least: 4.0 })
            .into(),
    }
}

pub(super) fn append(tools: &Tools, inputs: &Inputs) -> Contest {
    let output = inputs.output(false, "appended.npy");
    let files = &[inputs.rows.as_path(), output.as_path()][..];
    let mut field = Field::writing(tools, &output, inputs.appended_sum());
    field.rust(NPSTOW, &["npstow", "append"], files);
    field.own(PYTHON, &["append"], files);
    field.other("npy-append-array", &["npy-append-array", "append"], files);
    let note = "`npy::Appender`, to a new file in memory: `push` of 100 rows at a time, one `commit` in the end.";
    let title = format!("Append {} rows of f4 (100) to a .npy, 100 at a time", inputs.rows_len);
    field.contest(("append", ""), title, note, Vec::new())
}
