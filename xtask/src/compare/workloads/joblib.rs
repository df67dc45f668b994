//! P14: dumps of joblib, of many arrays and of one that is packed.
#![forbid(unsafe_code)]

use super::{Field, NPSTOW, mebibytes, warm};
use crate::compare::contest::{Check, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;
use crate::shell::Result;

const LOAD: &str = "joblib.load";
const DUMP: &str = "joblib.dump";

/// Everything of P14, one after another.
pub(super) fn all(tools: &Tools, inputs: &Inputs) -> Result<Vec<Contest>> {
    Ok(vec![load(tools, inputs), save(tools, inputs), unpack(tools, inputs)?, pack(tools, inputs)?])
}

fn load(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = inputs.output(false, "many.joblib");
    let mut field = Field::new(tools, Check::Sum(inputs.many_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p14", "load"], &[&file]);
    field.python(LOAD, &["p14", "load"], &[&file]);
    let title = "P14: load a dump of a dictionary of 4000 arrays of f4 (100, 4)";
    let note = "`npstow::open` and `File::load`, of joblib's dump.";
    contest("load", title.to_owned(), note, field, 10.0, LOAD)
}

fn save(tools: &Tools, inputs: &Inputs) -> Contest {
    let output = inputs.output(false, "out.joblib");
    let mut field = Field::writing(tools, &output, inputs.many_sum());
    field.rust(NPSTOW, &["npstow", "p14", "save"], &[&output]);
    field.python(DUMP, &["p14", "save"], &[&output]);
    let title = "P14: dump a dictionary of 4000 arrays of f4 (100, 4)";
    contest("save", title.to_owned(), "`npstow::save`.", field, 10.0, DUMP)
}

fn unpack(tools: &Tools, inputs: &Inputs) -> Result<Contest> {
    let (numpy, own) = (inputs.dumped("joblib"), inputs.dumped("npstow"));
    let packed = &inputs.smooth;
    let mut field = Field::new(tools, Check::Sum(packed.sum()?), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p14", "one"], &[&numpy]);
    field.rust("npstow, npstow's file", &["npstow", "p14", "one"], &[&own]);
    field.python(LOAD, &["p14", "one"], &[&numpy]);
    field.python("joblib.load, npstow's file", &["p14", "one"], &[&own]);
    let size = mebibytes(packed.nbytes);
    let title = format!("P14: load one array of {size} out of a dump packed by zlib at level 3");
    let note = "`npstow::open` and `Node::read`. joblib's file is one stream, which one core unpacks; \
        npstow's is one as well, of blocks that unpack apart.";
    let mut made = contest("unpack", title, note, field, 3.0, LOAD);
    made.warm = warm(tools, 3 * packed.nbytes);
    Ok(made)
}

fn pack(tools: &Tools, inputs: &Inputs) -> Result<Contest> {
    let (output, packed) = (inputs.output(false, "out.joblib"), &inputs.smooth);
    let files = &[packed.array.as_path(), &output][..];
    let mut field = Field::writing(tools, &output, packed.sum()?);
    field.rust(NPSTOW, &["npstow", "p14", "pack"], files);
    field.python(DUMP, &["p14", "pack"], files);
    let size = mebibytes(packed.nbytes);
    let title = format!("P14: dump one array of {size}, packed by zlib at level 3");
    let mut made = contest("pack", title, "`npstow::save_with`.", field, 3.0, DUMP);
    made.goals.push(Goal::Smaller { ours: NPSTOW, rival: DUMP, most: 1.0 });
    Ok(made)
}

fn contest(
    mark: &'static str,
    title: String,
    note: &str,
    field: Field,
    least: f64,
    rival: &'static str,
) -> Contest {
    let goals = vec![Goal::Faster { ours: NPSTOW, rival, least }];
    Contest { times: 1, ..field.contest(("p14", mark), title, note, goals) }
}
