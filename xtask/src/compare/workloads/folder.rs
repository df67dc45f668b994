//! P8: a folder of 4000 files.
#![forbid(unsafe_code)]

use super::{Field, LIBNPY, NPHH, NPSTOW, PYTHON, beside};
use crate::compare::contest::{Check, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;

const LOAD: &str = "np.load of each";
const SAVE: &str = "np.save of each";

pub(super) fn load(tools: &Tools, inputs: &Inputs) -> Contest {
    let folder = &[inputs.folder.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.many_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p8", "load"], folder);
    field.own(PYTHON, &["p8", "load"], folder);
    field.own_cpp(&["p8", "load"], folder);
    field.python(LOAD, &["p8", "load"], folder);
    field.cpp(&[NPHH, LIBNPY], &["p8", "load"], folder);
    field.limit("limit: open, read, close on all cores", &["p8", "load"], folder);
    let note =
        "`npstow::open` and `File::load`. NumPy wrote the folder; NPFold's index lies in it.";
    let title = "P8: load a folder of 4000 arrays of f4 (100, 4)";
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: LOAD, least: 12.0 },
        Goal::Faster { ours: PYTHON, rival: LOAD, least: 12.0 },
        Goal::Faster { ours: NPSTOW, rival: NPHH, least: 5.0 },
    ];
    goals.extend(beside(tools, &[NPHH, LIBNPY]));
    field.contest(("p8", "load"), title, note, goals)
}

pub(super) fn save(tools: &Tools, inputs: &Inputs) -> Contest {
    let output = inputs.output(false, "out");
    let new = &[output.as_path()][..];
    let mut field = Field::writing(tools, &output, inputs.many_sum());
    field.rust(NPSTOW, &["npstow", "p8", "save"], new);
    field.own(PYTHON, &["p8", "save"], new);
    field.own_cpp(&["p8", "save"], new);
    field.python(SAVE, &["p8", "save"], new);
    field.cpp(&[NPHH, LIBNPY], &["p8", "save"], new);
    field.limit("limit: open, write, close on all cores", &["p8", "save"], new);
    let note =
        "`npstow::save`: the folder is there as a whole or not at all; the others write in place.";
    let title = "P8: save a folder of 4000 arrays of f4 (100, 4)";
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: SAVE, least: 5.0 },
        Goal::Faster { ours: PYTHON, rival: SAVE, least: 5.0 },
        Goal::Faster { ours: NPSTOW, rival: NPHH, least: 2.0 },
    ];
    goals.extend(beside(tools, &[NPHH, LIBNPY]));
    field.contest(("p8", "save"), title, note, goals)
}
