//! P4 to P7: archives whose members are stored as they are.
#![forbid(unsafe_code)]

use super::{
    CNPY, CONSTANT_KB, CPP, CPP_CONSTANT_KB, Field, NPSTOW, PYTHON, beside, kibibytes, mebibytes,
    warm,
};
use crate::compare::contest::{Check, Contest, Goal, Prepare};
use crate::compare::inputs::Inputs;
use crate::compare::tools::Tools;

const TENSORS: &str = "safetensors";
const TENSORS_PYTHON: &str = "safetensors in Python";

/// What follows the number in the titles.
const MANY: &str = "4000 arrays of f4 (100, 4)";

pub(super) fn read_large(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.stored.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.large_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p4", "array"], file);
    field.own(PYTHON, &["p4", "array"], file);
    field.own_cpp(&["p4", "array"], file);
    field.as_cnpy(&["p4", "array"], file);
    field.python("np.load", &["p4", "array"], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p4", "array"], file);
    field.rust("npyz", &["npyz", "p4", "array"], file);
    field.cpp(&[CNPY], &["p4", "array"], file);
    field.limit("limit: read and CRC-32 fused", &["p4", "read"], file);
    let size = mebibytes(inputs.large_bytes());
    let kb = kibibytes(inputs.large_bytes()) + CONSTANT_KB;
    let cpp_kb = kibibytes(inputs.large_bytes()) + CPP_CONSTANT_KB;
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: "np.load", least: 3.5 },
        Goal::Faster { ours: PYTHON, rival: "np.load", least: 3.5 },
        Goal::Memory { ours: NPSTOW, kb, text: format!("{size} and 2 MiB") },
        Goal::Memory { ours: CPP, kb: cpp_kb, text: format!("{size} and 4 MiB") },
    ];
    goals.extend(beside(tools, &[CNPY]));
    let title = format!("P4: read the one array of a stored NPZ, {size} of f4");
    let note = "`npstow::open`, `File::get` and `Node::read`, of NumPy's archive. All but cnpy compare the \
        checksum.";
    let contest = field.contest(("p4", "read"), title, note, goals);
    Contest { times: 1, warm: warm(tools, 2 * inputs.large_bytes()), ..contest }
}

pub(super) fn save_large(tools: &Tools, inputs: &Inputs) -> Contest {
    let output = inputs.output(false, "out.npz");
    let files = &[inputs.large.as_path(), output.as_path()][..];
    let mut field = Field::writing(tools, &output, inputs.large_sum());
    field.rust(NPSTOW, &["npstow", "p4", "save"], files);
    field.own(PYTHON, &["p4", "save"], files);
    field.own_cpp(&["p4", "save"], files);
    field.as_cnpy(&["p4", "save"], files);
    field.python("np.savez", &["p4", "save"], files);
    field.rust("ndarray-npy", &["ndarray-npy", "p4", "save"], files);
    field.rust("npyz", &["npyz", "p4", "save"], files);
    field.cpp(&[CNPY], &["p4", "save"], files);
    field.limit("limit: write and CRC-32", &["p4", "save"], &[&inputs.stored, &output]);
    let size = mebibytes(inputs.large_bytes());
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: "np.savez", least: 1.6 },
        Goal::Faster { ours: PYTHON, rival: "np.savez", least: 1.6 },
        Goal::Memory { ours: NPSTOW, kb: CONSTANT_KB, text: "2 MiB".to_owned() },
        Goal::Memory { ours: CPP, kb: CPP_CONSTANT_KB, text: "4 MiB".to_owned() },
    ];
    goals.extend(beside(tools, &[CNPY]));
    let title = format!("P4: save one array as a stored NPZ, {size} of f4");
    let note = "`npstow::save`, to a new file in memory.";
    let contest = field.contest(("p4", "save"), title, note, goals);
    Contest { times: 1, warm: warm(tools, 3 * inputs.large_bytes()), ..contest }
}

pub(super) fn load(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.many.as_path()][..];
    let mut field = Field::new(tools, Check::Sum(inputs.many_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p5", "load"], file);
    field.rust("npstow, npstow's file", &["npstow", "p5", "load"], &[&inputs.many_own]);
    field.own(PYTHON, &["p5", "load"], file);
    field.own("npstow in Python, as a tree", &["p5", "tree"], file);
    field.own_cpp(&["p5", "load"], file);
    field.as_cnpy(&["p5", "load"], file);
    field.python("np.load", &["p5", "load"], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p5", "load"], file);
    field.rust("npyz", &["npyz", "p5", "load"], file);
    field.rust(TENSORS, &["safetensors", "p5", "view"], &[&inputs.tensors]);
    field.rust("safetensors, copied", &["safetensors", "p5", "load"], &[&inputs.tensors]);
    field.other(TENSORS_PYTHON, &["safetensors", "p5", "load"], &[&inputs.tensors]);
    field.other("zarr", &["zarr", "p5", "load"], &[&inputs.zarr()]);
    field.cpp(&[CNPY], &["p5", "load"], file);
    field.limit("limit: read, CRC-32, copy", &["p5", "copy"], file);
    field.limit("limit: read, CRC-32", &["p5", "view"], file);
    let note = "`npstow::open` and `File::load`, of NumPy's archive. safetensors reads a file of its own \
        format, which has no checksums, and leaves the elements where they are; *copied*, each array has \
        memory of its own. zarr reads a folder, not packed.";
    let mut goals = vec![
        Goal::Faster { ours: NPSTOW, rival: "ndarray-npy", least: 15.0 },
        Goal::Faster { ours: NPSTOW, rival: TENSORS, least: 1.0 },
        Goal::Faster { ours: PYTHON, rival: "np.load", least: 35.0 },
        Goal::Faster { ours: PYTHON, rival: TENSORS_PYTHON, least: 1.0 },
    ];
    goals.extend(beside(tools, &[CNPY]));
    field.contest(("p5", ""), format!("P5: load an NPZ of {MANY}"), note, goals)
}

pub(super) fn one(tools: &Tools, inputs: &Inputs) -> Contest {
    let file = &[inputs.many.as_path()][..];
    let own = &[inputs.many_own.as_path()][..];
    let one = inputs.one();
    let mut field = Field::new(tools, Check::Sum(inputs.one_sum()), Prepare::Nothing);
    field.rust(NPSTOW, &["npstow", "p6", &one], file);
    field.rust("npstow, npstow's file", &["npstow", "p6", &one], own);
    field.own(PYTHON, &["p6", &one], file);
    field.own_cpp(&["p6", &one], file);
    field.as_cnpy(&["p6", &one], file);
    field.python("np.load", &["p6", &one], file);
    field.rust("ndarray-npy", &["ndarray-npy", "p6", &one], file);
    field.rust("npyz", &["npyz", "p6", &one], file);
    field.rust(TENSORS, &["safetensors", "p6", &one], &[&inputs.tensors]);
    field.other(TENSORS_PYTHON, &["safetensors", "p6", &one], &[&inputs.tensors]);
    field.other("h5py", &["h5py", "p6", &one], &[&inputs.hdf5[0].many]);
    field.other("zarr", &["zarr", "p6", &one], &[&inputs.zarr()]);
    // It takes sizes from local headers, in which np.savez has none.
    field.cpp(&[CNPY], &["p6", &one], own);
    field.limit("limit: read the directory and the member", &["p6", &one], file);
    let note = "`npstow::open`, `File::get` and `Node::read`, of NumPy's archive. The crate safetensors \
        reads all of its file; cnpy reads npstow's, h5py and zarr files of their own.";
    let goals = [NPSTOW, PYTHON].map(|ours| Goal::Faster { ours, rival: "np.load", least: 50.0 });
    let mut goals = Vec::from(goals);
    goals.extend(beside(tools, &[CNPY]));
    field.contest(
        ("p6", ""),
        format!("P6: read one by its name from an NPZ of {MANY}"),
        note,
        goals,
    )
}

pub(super) fn save(tools: &Tools, inputs: &Inputs) -> Contest {
    let output = inputs.output(false, "out.npz");
    let new = &[output.as_path()][..];
    let mut field = Field::writing(tools, &output, inputs.many_sum());
    field.rust(NPSTOW, &["npstow", "p7", "save"], new);
    field.own(PYTHON, &["p7", "save"], new);
    field.python("np.savez", &["p7", "save"], new);
    field.rust("ndarray-npy", &["ndarray-npy", "p7", "save"], new);
    field.rust("npyz", &["npyz", "p7", "save"], new);
    field.cpp(&[CNPY], &["p7", "save"], new);
    field.limit("limit: write", &["p7"], &[&inputs.many, &output]);
    let output = inputs.output(false, "out.safetensors");
    field.output(&output, inputs.many_sum());
    field.rust(TENSORS, &["safetensors", "p7", "save"], &[&output]);
    field.other(TENSORS_PYTHON, &["safetensors", "p7", "save"], &[&output]);
    let note = "`npstow::save`, to a new file in memory. *Limit* writes an archive that is ready in memory.";
    let goals = vec![
        Goal::Faster { ours: NPSTOW, rival: "np.savez", least: 14.0 },
        Goal::Faster { ours: PYTHON, rival: "np.savez", least: 14.0 },
        Goal::Faster { ours: NPSTOW, rival: TENSORS, least: 1.0 },
        Goal::Faster { ours: PYTHON, rival: TENSORS_PYTHON, least: 1.0 },
    ];
    field.contest(("p7", ""), format!("P7: save an NPZ of {MANY}"), note, goals)
}
