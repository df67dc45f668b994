//! P17: the command as a process.
#![forbid(unsafe_code)]

use super::Field;
use crate::compare::contest::{Check, Clock, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;
use std::path::Path;

const LS: &str = "npstow ls";
const H5LS: &str = "h5ls";
const PYTHON: &str = "python, np.load and print";

pub(super) fn small(tools: &Tools, inputs: &Inputs) -> Contest {
    let goal = Goal::Faster { ours: LS, rival: PYTHON, least: 40.0 };
    let title = "P17: list a small .npy as a process".to_owned();
    let note = "From the start of the process to its end, as its parent sees it.";
    let field = list(tools, &inputs.small, "123");
    Contest { title, ..contest(field, "small", note, Some(goal)) }
}

pub(super) fn many(tools: &Tools, inputs: &Inputs) -> Contest {
    let goal = Goal::Faster { ours: LS, rival: PYTHON, least: 60.0 };
    let title = "P17: list an archive of 4000 arrays as a process".to_owned();
    let note = "NumPy's archive; npstow's own repeats what there is to list in its directory.";
    let mut field = list(tools, &inputs.many, "a3999");
    field.check = Check::Says("a3999");
    field.add("npstow ls, npstow's file", &[&tools.npstow, "ls"], &[], &[&inputs.many_own]);
    Contest { title, ..contest(field, "4000", note, Some(goal)) }
}

pub(super) fn small_hdf5(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = inputs.small_h5();
    let mut field = list(tools, &file, "123");
    let (note, goals) = match &tools.h5ls {
        Some(h5ls) => {
            field.check = Check::Says("123");
            field.add(H5LS, &[h5ls], &[], &[&file]);
            let goal = Goal::Faster { ours: LS, rival: H5LS, least: 3.0 };
            ("h5py's file, of one dataset; Python with h5py.", vec![goal])
        }
        None => {
            ("h5py's file, of one dataset; Python with h5py. **There was no `h5ls` here.**", vec![])
        }
    };
    let title = "P17: list a small HDF5 file as a process".to_owned();
    Contest { title, goals, ..contest(field, "small HDF5", note, None) }
}

fn list<'a>(tools: &'a Tools, file: &Path, says: &'static str) -> Field<'a> {
    let mut field = Field::new(tools, Check::Says(says), Prepare::Nothing);
    field.add(LS, &[&tools.npstow, "ls"], &[], &[file]);
    field.add(PYTHON, &[&tools.python, "compare/python/ls.py"], &[], &[file]);
    field.check = Check::Says("hello");
    field.add("limit: hello in Rust", &[&tools.hello], &[], &[]);
    field
}

fn contest(field: Field, mark: &'static str, note: &str, goal: Option<Goal>) -> Contest {
    Contest {
        key: "p17",
        mark,
        title: String::new(),
        note: note.to_owned(),
        clock: Clock::Process,
        times: 5,
        contestants: field.contestants,
        warm: None,
        goals: goal.into_iter().collect(),
    }
}
