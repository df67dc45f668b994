//! What Python users wait for all day: the import, and small files.
#![forbid(unsafe_code)]

use super::{Field, PYTHON};
use crate::compare::contest::{Check, Clock, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;

pub(super) fn small(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.small.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.small_sum()), Prepare::Nothing);
    field.own(PYTHON, &["small"], file);
    field.python("np.load", &["small"], file);
    Contest {
        key: "small",
        mark: "",
        title: "Load a small .npy in Python, again and again".to_owned(),
        note: "`npstow.load`: the median of 1000 in each process.".to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: vec![Goal::Faster { ours: PYTHON, rival: "np.load", least: 2.0 }],
    }
}

pub(super) fn import(tools: &Tools) -> Contest {
    let mut field = Field::new(tools, Check::Sum(0.0), Prepare::Nothing);
    field.import("import npstow", "npstow");
    field.import("import numpy", "numpy");
    Contest {
        key: "import",
        mark: "",
        title: "Import in Python".to_owned(),
        note: "In a new process, NumPy's own import included.".to_owned(),
        clock: Clock::Inside,
        times: 3,
        contestants: field.contestants,
        warm: None,
        goals: vec![Goal::Within { ours: "import npstow", limit: "import numpy", most: 1.1 }],
    }
}
