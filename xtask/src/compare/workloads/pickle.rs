//! P12 and P13: pickles of one large array, and of Python's data.
#![forbid(unsafe_code)]

use super::{CONSTANT_KB, Field, NPSTOW, kibibytes, mebibytes, warm};
use crate::compare::contest::{Check, Contest, Goal, Prepare};
use crate::compare::inputs::{Data, Inputs};
use crate::compare::tools::Tools;

const LOAD: &str = "pickle.load";
const LIMIT: &str = "np.load of a .npy";
const SERDE: &str = "serde-pickle";

/// The protocols that are measured: those that hold bytes, the one that holds text.
pub(super) const PROTOCOLS: [(&str, f64); 3] = [("4", 2.0), ("5", 2.0), ("2", 4.0)];

pub(super) fn read(tools: &Tools, inputs: &Inputs, protocol: &'static str, least: f64) -> Contest {
    let (pickled, large) = (inputs.pickled(protocol), inputs.large.as_path());
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p12", "load"], &[&pickled]);
    field.python(LOAD, &["p12", "load"], &[&pickled]);
    field.python(LIMIT, &["p12", "limit"], &[large]);
    let size = mebibytes(inputs.large_bytes());
    let kb = kibibytes(inputs.large_bytes()) * 1.1 + CONSTANT_KB;
    let title = format!("P12: read {size} of f4 out of a pickle of protocol {protocol}");
    let note = "`npstow::open` and `Node::read`. The file is in the page cache.";
    let goals = vec![
        Goal::Faster { ours: NPSTOW, rival: LOAD, least },
        Goal::Memory { ours: NPSTOW, kb, text: format!("1.1 times {size}, and 2 MiB") },
    ];
    let contest = field.contest(("p12", protocol), title, note, goals);
    Contest { times: 1, warm: warm(tools, 3 * inputs.large_bytes()), ..contest }
}

pub(super) fn view(tools: &Tools, inputs: &Inputs) -> Contest {
    let pickled = inputs.pickled("5");
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p12", "view", "first"], &[&pickled]);
    field.python(LOAD, &["p12", "load"], &[&pickled]);
    let title = "P12: open a view of the array in a pickle of protocol 5";
    let note = "`npstow::open` and `Node::view`, nothing touched; others have no such thing.";
    field.contest(("p12", "view"), title, note, vec![Goal::Under { ours: NPSTOW, ms: 1.0 }])
}

/// Everything of P13, one after another.
pub(super) fn data(tools: &Tools, inputs: &Inputs) -> Vec<Contest> {
    let one = |data: &Data| {
        let (file, what) = (inputs.data(data.name), data.name);
        let mut field = Field::new(tools, Check::Sum(data.sum()), Prepare::Nothing);
        field.rust(NPSTOW, &["npstow", "p13", what], &[&file]);
        field.python(LOAD, &["p13", what], &[&file]);
        let mut goals = vec![Goal::Faster { ours: NPSTOW, rival: LOAD, least: data.least }];
        if what != "arrays" {
            field.rust(SERDE, &["serde-pickle", "p13", what], &[&file]);
        }
        if what == "records" {
            goals.push(Goal::Faster { ours: NPSTOW, rival: SERDE, least: 5.0 });
            let structs = "npstow into structs";
            field.rust(structs, &["npstow", "p13", "structs"], &[&file]);
            field.rust("serde-pickle into structs", &["serde-pickle", "p13", "structs"], &[&file]);
        }
        let title = format!("P13: a pickle of {}", data.title);
        let note = "`pickle::open`. The collector of CPython's garbage is off, as it should be.";
        field.contest(("p13", data.name), title, note, goals)
    };
    Data::ALL.iter().map(one).collect()
}
