//! P9 and P10: archives whose members are deflated.
#![forbid(unsafe_code)]

use super::{CONSTANT_KB, Field, NPSTOW, PYTHON, mebibytes, warm};
use crate::compare::contest::{Check, Clock, Contest, Goal, Prepare};
use crate::compare::inputs::{Inputs, Packed};
use crate::compare::tools::Tools;
use crate::shell::Result;
use std::thread;

const SAVEZ: &str = "np.savez_compressed";
const FAST: &str = "npstow, fast";

/// A level for speed: 1 makes smooth data 1.11 times as large as zlib does, 2 still smaller.
const FAST_LEVEL: &str = "2";

/// How much memory one core may need to pack: a few blocks of 1 MiB.
const CORE_MIB: usize = 4;

/// An array, and what is expected of it.
pub(super) struct Data<'a> {
    packed: &'a Packed,
    mark: &'static str,
    name: &'static str,
    /// Whether goals are set for it.
    goals: bool,
}

/// What the goals were set with, and what deflate is at its slowest with.
pub(super) fn both(inputs: &Inputs) -> [Data<'_>; 2] {
    let smooth = "smooth f4, a walk in whole steps";
    let counts = "f4 counts, a Poisson distribution around 0.3";
    [
        Data { packed: &inputs.smooth, mark: "smooth", name: smooth, goals: true },
        Data { packed: &inputs.counts, mark: "counts", name: counts, goals: false },
    ]
}

pub(super) fn save(tools: &Tools, inputs: &Inputs, data: &Data) -> Result<Contest> {
    let output = inputs.output(false, "out.npz");
    let file = data.packed.array.as_path();
    let files = &[file, &output][..];
    let sum = data.packed.sum()?;
    let mut field = Field::writing(tools, &output, sum);
    field.rust(NPSTOW, &["npstow", "p9", "save", "6"], files);
    field.rust(FAST, &["npstow", "p9", "save", FAST_LEVEL], files);
    field.own(PYTHON, &["p9", "save", "6"], files);
    field.python(SAVEZ, &["p9", "save"], files);
    field.rust("ndarray-npy", &["ndarray-npy", "p9", "save"], files);
    (field.check, field.prepare) = (Check::Sum(sum), Prepare::Nothing);
    for level in [FAST_LEVEL, "6"] {
        let name = format!("limit: libdeflate {level} on all cores");
        field.rust(&name, &["deflate", "p9", level], &[file]);
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    #[allow(clippy::cast_precision_loss)] // Small.
    let kb = CONSTANT_KB + (cores * CORE_MIB * 1024) as f64;
    let memory = |ours| {
        let text = format!("2 MiB and {CORE_MIB} MiB for each core");
        Goal::Memory { ours, kb, text }
    };
    let mut goals = vec![memory(NPSTOW), memory(FAST)];
    if data.goals {
        goals.extend([
            Goal::Faster { ours: NPSTOW, rival: SAVEZ, least: 5.0 },
            Goal::Faster { ours: PYTHON, rival: SAVEZ, least: 5.0 },
            Goal::Smaller { ours: NPSTOW, rival: SAVEZ, most: 1.0 },
            Goal::Faster { ours: FAST, rival: SAVEZ, least: 12.0 },
            Goal::Smaller { ours: FAST, rival: SAVEZ, most: 1.1 },
        ]);
    }
    let size = mebibytes(data.packed.nbytes);
    Ok(Contest {
        key: "p9",
        mark: data.mark,
        title: format!("P9: save a deflated NPZ, {size} of {}", data.name),
        note: format!(
            "`npz::WriteOptions::compress`, level 6 and, as *fast*, {FAST_LEVEL}; the blocks are an index of the \
            array. *Limit* packs blocks of 1 MiB from memory to memory and joins nothing."
        ),
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: None,
        goals,
    })
}

pub(super) fn stream(tools: &Tools, data: &Data) -> Result<Contest> {
    let file = &[data.packed.numpy.as_path()][..];
    let mut field = reading(tools, data)?;
    field.rust(NPSTOW, &["npstow", "p10", "array"], file);
    field.own(PYTHON, &["p10", "array"], file);
    field.python("np.load", &["p10", "array"], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p10", "array"], file);
    field.rust("npyz", &["npyz", "p10", "array"], file);
    field.rust("limit: libdeflate on one core", &["deflate", "p10", "stream"], file);
    let goals = [NPSTOW, PYTHON].map(|ours| Goal::Faster { ours, rival: "np.load", least: 2.5 });
    let note = "`npstow::open`, `File::get` and `Node::read` of what `np.savez_compressed` wrote: one stream.";
    Ok(read(tools, data, ["NumPy's", note], field, goals))
}

pub(super) fn blocks(tools: &Tools, data: &Data) -> Result<Contest> {
    let file = &[data.packed.own.as_path()][..];
    let mut field = reading(tools, data)?;
    field.rust(NPSTOW, &["npstow", "p10", "array"], file);
    field.own(PYTHON, &["p10", "array"], file);
    field.python("np.load", &["p10", "array"], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p10", "array"], file);
    field.rust("npyz", &["npyz", "p10", "array"], file);
    let limit = "limit: libdeflate on all cores";
    field.rust(limit, &["deflate", "p10", "blocks", "6"], &[&data.packed.array]);
    let goals = [NPSTOW, PYTHON].map(|ours| Goal::Faster { ours, rival: "np.load", least: 4.5 });
    let note = "`npstow::open`, `File::get` and `Node::read` of what npstow wrote: blocks that unpack apart.";
    Ok(read(tools, data, ["npstow's", note], field, goals))
}

fn reading<'a>(tools: &'a Tools, data: &Data) -> Result<Field<'a>> {
    Ok(Field::new(tools, Check::Sum(data.packed.sum()?), Prepare::Nothing))
}

fn read(tools: &Tools, data: &Data, words: [&str; 2], field: Field, goals: [Goal; 2]) -> Contest {
    let [whose, note] = words;
    let size = mebibytes(data.packed.nbytes);
    let mark = match (data.goals, whose) {
        (true, "NumPy's") => "smooth, NumPy's",
        (true, _) => "smooth, npstow's",
        (false, "NumPy's") => "counts, NumPy's",
        (false, _) => "counts, npstow's",
    };
    Contest {
        key: "p10",
        mark,
        title: format!("P10: read {whose} deflated NPZ, {size} of {}", data.name),
        note: note.to_owned(),
        clock: Clock::Inside,
        times: 1,
        contestants: field.contestants,
        warm: warm(tools, 2 * data.packed.nbytes),
        goals: if data.goals { goals.into() } else { Vec::new() },
    }
}
