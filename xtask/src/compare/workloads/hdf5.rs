//! P15 and P16: HDF5, against h5py.
#![forbid(unsafe_code)]

use super::{Field, NPSTOW, mebibytes, warm};
use crate::compare::contest::{Check, Contest, Goal, Prepare};
use crate::compare::inputs::{Hdf5, Inputs};
use crate::compare::options::Options;
use crate::compare::tools::Tools;
use crate::shell::Result;
use std::path::Path;

const ALONE: &str = "npstow, one core";
const H5PY: &str = "h5py";
/// Crates that need no libhdf5.
const CRATES: [&str; 2] = ["hdf5-reader", "hdf5-pure"];

/// All of them: files of the oldest form, and of the latest.
pub(super) fn all(tools: &Tools, inputs: &Inputs, options: &Options) -> Result<Vec<Contest>> {
    let mut all = Vec::new();
    for file in &inputs.hdf5 {
        all.extend([load(tools, inputs, file), save(tools, inputs, file)]);
    }
    if options.wants("p16") {
        let sum = inputs.smooth.sum()?;
        for file in &inputs.hdf5 {
            all.extend([read(tools, inputs, file), write(tools, inputs, file)]);
            all.extend([unpack(tools, inputs, file, sum), pack(tools, inputs, file, sum)]);
        }
    }
    Ok(all)
}

fn load(tools: &Tools, inputs: &Inputs, file: &Hdf5) -> Contest {
    let mut field = Field::new(tools, Check::Sum(inputs.many_sum()), Prepare::Nothing);
    run(&mut field, &["p15", "load"], &[file.many.as_path()]);
    for name in CRATES {
        field.rust(name, &[name, "p15", "load"], &[file.many.as_path()]);
    }
    let title = format!("P15: load 4000 datasets of f4 (100, 4), h5py's file, {}", file.form);
    field.contest(
        ("p15", file.marked("load old", "load latest")),
        title,
        "`npstow::open` and `File::load`.",
        faster(15.0),
    )
}

fn save(tools: &Tools, inputs: &Inputs, file: &Hdf5) -> Contest {
    let output = inputs.output(false, "out.h5");
    let mut field = Field::writing(tools, &output, inputs.many_sum());
    run(&mut field, &["p15", "save", file.form], &[output.as_path()]);
    if file.form == "latest" {
        // It has no other form.
        field.rust("hdf5-pure", &["hdf5-pure", "p15", "save"], &[output.as_path()]);
    }
    let title = format!("P15: save 4000 datasets of f4 (100, 4), {}", file.form);
    field.contest(
        ("p15", file.marked("save old", "save latest")),
        title,
        "`hdf5::write_with`, to a new file in memory.",
        faster(10.0),
    )
}

fn read(tools: &Tools, inputs: &Inputs, file: &Hdf5) -> Contest {
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    run(&mut field, &["p16", "read"], &[file.large.as_path()]);
    for name in CRATES {
        field.rust(name, &[name, "p16", "read"], &[file.large.as_path()]);
    }
    let size = mebibytes(inputs.large_bytes());
    let title = format!("P16: read a contiguous dataset, {size} of f4, {}", file.form);
    let contest = field.contest(
        ("p16", file.marked("read old", "read latest")),
        title,
        "`Node::read`.",
        faster(1.1),
    );
    Contest { times: 1, warm: warm(tools, 2 * inputs.large_bytes()), ..contest }
}

fn write(tools: &Tools, inputs: &Inputs, file: &Hdf5) -> Contest {
    let output = inputs.output(false, "out.h5");
    let mut field = Field::writing(tools, &output, inputs.large_sum());
    run(&mut field, &["p16", "save", file.form], &[inputs.large.as_path(), output.as_path()]);
    let size = mebibytes(inputs.large_bytes());
    let title = format!("P16: write a contiguous dataset, {size} of f4, {}", file.form);
    let contest = field.contest(
        ("p16", file.marked("write old", "write latest")),
        title,
        "`Draft::write`.",
        faster(1.1),
    );
    Contest { times: 1, warm: warm(tools, 3 * inputs.large_bytes()), ..contest }
}

fn unpack(tools: &Tools, inputs: &Inputs, file: &Hdf5, sum: f64) -> Contest {
    let mut field = Field::new(tools, Check::Sum(sum), Prepare::Nothing);
    run(&mut field, &["p16", "read"], &[file.packed.as_path()]);
    // It says of such a file: invalid data layout version: 5.
    let reads = |name: &str| name != "hdf5-pure" || file.form != "latest";
    for name in CRATES.into_iter().filter(|name| reads(name)) {
        field.rust(name, &[name, "p16", "read"], &[file.packed.as_path()]);
    }
    let size = mebibytes(inputs.smooth.nbytes);
    let title =
        format!("P16: read chunks of 1 MiB, shuffled and gzip 4, {size} of f4, {}", file.form);
    let contest = field.contest(
        ("p16", file.marked("unpack old", "unpack latest")),
        title,
        "`Node::read`, of h5py's file. hdf5-pure reads no chunks of the latest form.",
        faster(4.0),
    );
    Contest { times: 1, warm: warm(tools, 2 * inputs.smooth.nbytes), ..contest }
}

fn pack(tools: &Tools, inputs: &Inputs, file: &Hdf5, sum: f64) -> Contest {
    let output = inputs.output(false, "out.h5");
    let mut field = Field::writing(tools, &output, sum);
    run(
        &mut field,
        &["p16", "pack", file.form],
        &[inputs.smooth.array.as_path(), output.as_path()],
    );
    let size = mebibytes(inputs.smooth.nbytes);
    let title =
        format!("P16: write chunks of 1 MiB, shuffled and gzip 4, {size} of f4, {}", file.form);
    let contest = field.contest(
        ("p16", file.marked("pack old", "pack latest")),
        title,
        "`Draft::write`.",
        faster(3.0),
    );
    Contest { times: 1, warm: warm(tools, 3 * inputs.smooth.nbytes), ..contest }
}

/// npstow, on all cores and on one, and h5py: the same words to all.
fn run(field: &mut Field<'_>, words: &[&str], paths: &[&Path]) {
    let ours = [&["npstow"], words].concat();
    field.rust(NPSTOW, &ours, paths);
    field.alone(ALONE, &ours, paths);
    field.python(H5PY, words, paths);
}

fn faster(least: f64) -> Vec<Goal> {
    vec![Goal::Faster { ours: NPSTOW, rival: H5PY, least }]
}
