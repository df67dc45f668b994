//! The files that the contestants read, and what must be found in them.
#![forbid(unsafe_code)]

mod data;
mod elements;

pub(super) use data::Data;
pub(super) use elements::check_written;

use super::options::Options;
use super::tools::Tools;
use crate::shell::{Result, check, command};
use elements::{MANY_LEN, element, make, many_at, positions};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// How large the inputs are.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// What is large has its full size divided by this, a power of two.
    pub(super) divisor: usize,
    /// How many the many arrays are.
    pub(super) many: usize,
}

impl Size {
    /// As the goals are set for.
    pub(super) const FULL: Self = Self { divisor: 1, many: 4000 };

    /// A sixteenth of what is large.
    pub(super) const QUICK: Self = Self { divisor: 16, ..Self::FULL };

    /// Everything divided.
    pub(super) fn over(divisor: usize) -> Self {
        Self { divisor, many: Self::FULL.many / divisor }
    }
}

/// A folder of our own in memory and one on the disk, removed in the end.
pub(super) struct Inputs {
    memory: PathBuf,
    disk: PathBuf,
    pub(super) size: Size,
    /// One large array, and its number of elements.
    pub(super) large: PathBuf,
    pub(super) large_len: usize,
    /// The same in an archive.
    pub(super) stored: PathBuf,
    /// An array of many rows of 100, and how many.
    pub(super) rows: PathBuf,
    pub(super) rows_len: usize,
    /// An array of shape (123, 4).
    pub(super) small: PathBuf,
    /// The many arrays: NumPy's archive, npstow's, a file of safetensors, a folder.
    pub(super) many: PathBuf,
    pub(super) many_own: PathBuf,
    pub(super) tensors: PathBuf,
    pub(super) folder: PathBuf,
    /// HDF5 files of h5py: the many arrays, the large one, the smooth one in packed chunks; each of
    /// the oldest form and of the latest.
    pub(super) hdf5: [Hdf5; 2],
    /// Arrays to be packed.
    pub(super) smooth: Packed,
    pub(super) counts: Packed,
}

/// See [`Inputs::hdf5`].
pub(super) struct Hdf5 {
    pub(super) form: &'static str,
    pub(super) many: PathBuf,
    pub(super) large: PathBuf,
    pub(super) packed: PathBuf,
}

impl Hdf5 {
    fn at(folder: &Path, form: &'static str) -> Self {
        let path = |name| folder.join(format!("{name}-{form}.h5"));
        Self { form, many: path("many"), large: path("large"), packed: path("packed") }
    }

    /// One of two names, by the form.
    pub(super) fn marked(&self, old: &'static str, latest: &'static str) -> &'static str {
        if self.form == "latest" { latest } else { old }
    }
}

/// An array to be packed, and the archives in which NumPy and npstow have packed it.
pub(super) struct Packed {
    pub(super) array: PathBuf,
    pub(super) numpy: PathBuf,
    pub(super) own: PathBuf,
    pub(super) nbytes: usize,
}

impl Packed {
    fn at(folder: &Path, name: &str, size: Size) -> Self {
        Self {
            array: folder.join(format!("{name}.npy")),
            numpy: folder.join(format!("{name}-numpy.npz")),
            own: folder.join(format!("{name}-npstow.npz")),
            nbytes: (256 << 20) / size.divisor,
        }
    }

    /// What every reader reports.
    pub(super) fn sum(&self) -> Result<f64> {
        elements::sum(&self.array, self.nbytes / 4)
    }
}

impl Inputs {
    /// Writes what the chosen workloads need.
    pub(super) fn make(options: &Options, tools: &Tools, size: Size) -> Result<Self> {
        let own = format!("npstow-compare-{}", process::id());
        let memory = options.dir.join(&own);
        let (rows, columns) = ((1 << 14) / size.divisor, 1 << 14);
        let inputs = Self {
            disk: options.disk.join(&own),
            size,
            large: memory.join("large.npy"),
            large_len: rows * columns,
            stored: memory.join("large.npz"),
            rows: memory.join("rows.npy"),
            rows_len: 1_000_000 / size.divisor,
            small: memory.join("small.npy"),
            many: memory.join("many.npz"),
            many_own: memory.join("many-npstow.npz"),
            tensors: memory.join("many.safetensors"),
            folder: memory.join("many"),
            hdf5: ["earliest", "latest"].map(|form| Hdf5::at(&memory, form)),
            smooth: Packed::at(&memory, "smooth", size),
            counts: Packed::at(&memory, "counts", size),
            memory,
        };
        for folder in [&inputs.memory, &inputs.disk] {
            fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        }
        inputs.single(options, tools, rows, columns)?;
        inputs.several(options, tools)?;
        inputs.others(options, tools)?;
        inputs.packed(options, tools)?;
        inputs.pickles(options, tools)?;
        inputs.hdf5(options, tools)?;
        inputs.dumps(options, tools)?;
        Ok(inputs)
    }

    fn single(&self, options: &Options, tools: &Tools, rows: usize, columns: usize) -> Result {
        if options.wants_any(&["p1", "p2", "p3", "p4", "p12", "p16"]) {
            make(&self.large, rows, columns)?;
        }
        if options.wants("p4") {
            self.python(tools, &["stored"], &[&self.large, &self.stored])?;
        }
        if options.wants_any(&["p11", "append"]) {
            make(&self.rows, self.rows_len, 100)?;
        }
        make(&self.small, 123, 4)
    }

    fn several(&self, options: &Options, tools: &Tools) -> Result {
        if options.wants_any(&["p5", "p6", "p7", "p17"]) {
            self.python(tools, &["many"], &[&self.many])?;
        }
        if options.wants_any(&["p5", "p6", "p17"]) {
            self.rust(tools, &["npstow", "p7", "save"], &[&self.many_own])?;
            self.rust(tools, &["safetensors", "p7", "save"], &[&self.tensors])?;
        }
        if options.wants("p8") {
            self.python(tools, &["folder"], &[&self.folder])?;
        }
        Ok(())
    }

    /// The files of rivals that have a form of their own.
    fn others(&self, options: &Options, tools: &Tools) -> Result {
        if options.wants_any(&["p5", "p6"]) {
            self.other(tools, &["zarr", "make", "p5"], &[&self.small, &self.zarr()])?;
        }
        if options.wants("p11") {
            self.other(tools, &["zarr", "make", "p11"], &[&self.rows, &self.zarr_rows()])?;
            self.other(tools, &["h5py", "make", "p11"], &[&self.rows, &self.rows_h5()])?;
        }
        Ok(())
    }

    /// The many arrays, and the array of rows, as zarr has them.
    pub(super) fn zarr(&self) -> PathBuf {
        self.memory.join("many.zarr")
    }

    pub(super) fn zarr_rows(&self) -> PathBuf {
        self.memory.join("rows.zarr")
    }

    /// The array of rows as a dataset.
    pub(super) fn rows_h5(&self) -> PathBuf {
        self.memory.join("rows.h5")
    }

    /// The small array in an HDF5 file.
    pub(super) fn small_h5(&self) -> PathBuf {
        self.memory.join("small.h5")
    }

    fn pickles(&self, options: &Options, tools: &Tools) -> Result {
        if options.wants("p12") {
            for protocol in ["2", "4", "5"] {
                let new = self.pickled(protocol);
                self.python(tools, &["pickled", protocol], &[&self.large, &new])?;
            }
        }
        if options.wants("p13") {
            for data in Data::ALL {
                self.python(tools, &["data", data.name], &[&self.data(data.name)])?;
            }
        }
        Ok(())
    }

    fn dumps(&self, options: &Options, tools: &Tools) -> Result {
        if options.wants("p14") {
            self.python(tools, &["dumped", "many"], &[&self.output(false, "many.joblib")])?;
            let array = &self.smooth.array;
            self.python(tools, &["dumped"], &[array, &self.dumped("joblib")])?;
            self.rust(tools, &["npstow", "p14", "pack"], &[array, &self.dumped("npstow")])?;
        }
        Ok(())
    }

    /// The smooth array as a packed dump, by whom.
    pub(super) fn dumped(&self, by: &str) -> PathBuf {
        self.memory.join(format!("smooth-{by}.joblib"))
    }

    /// The large array as a pickle.
    pub(super) fn pickled(&self, protocol: &str) -> PathBuf {
        self.memory.join(format!("large-{protocol}.pkl"))
    }

    /// A pickle of Python's data.
    pub(super) fn data(&self, name: &str) -> PathBuf {
        self.memory.join(format!("{name}.pkl"))
    }

    fn packed(&self, options: &Options, tools: &Tools) -> Result {
        for (name, packed) in [("smooth", &self.smooth), ("counts", &self.counts)] {
            if options.wants_any(&["p9", "p10", "p14", "p16"]) {
                let mib = (packed.nbytes >> 20).to_string();
                self.python(tools, &[name, &mib], &[&packed.array])?;
            }
            if options.wants("p10") {
                self.python(tools, &["packed"], &[&packed.array, &packed.numpy])?;
                self.rust(tools, &["npstow", "p9", "save", "6"], &[&packed.array, &packed.own])?;
            }
        }
        Ok(())
    }

    fn hdf5(&self, options: &Options, tools: &Tools) -> Result {
        if options.wants("p17") {
            self.python(tools, &["smallh5"], &[&self.small, &self.small_h5()])?;
        }
        for Hdf5 { form, many, large, packed } in &self.hdf5 {
            if options.wants_any(&["p6", "p15"]) {
                self.python(tools, &["manyh5", form], &[many])?;
            }
            if options.wants("p16") {
                self.python(tools, &["hdf5", form], &[&self.large, large])?;
                self.python(tools, &["packedh5", form], &[&self.smooth.array, packed])?;
            }
        }
        Ok(())
    }

    /// What every reader of the many arrays reports: how many, and one element of eight of them.
    pub(super) fn many_sum(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // A few thousand.
        let count = self.size.many as f64;
        let places = positions(self.size.many).zip(positions(MANY_LEN));
        count + places.map(|(array, at)| many_at(array, at)).sum::<f64>()
    }

    /// One of the many arrays, the one that is read by its name.
    fn one_at(&self) -> usize {
        self.size.many * 2718 / 4000
    }

    pub(super) fn one(&self) -> String {
        format!("a{:04}", self.one_at())
    }

    /// What every reader of the one array reports.
    pub(super) fn one_sum(&self) -> f64 {
        positions(MANY_LEN).map(|at| many_at(self.one_at(), at)).sum()
    }

    fn python(&self, tools: &Tools, words: &[&str], paths: &[&Path]) -> Result {
        self.run(&tools.python, &[&["compare/python/make.py"], words].concat(), paths)
    }

    fn rust(&self, tools: &Tools, words: &[&str], paths: &[&Path]) -> Result {
        // It measures, which nobody looks at.
        let (program, words) = tools.rust(words);
        self.run(program, words, paths)
    }

    fn other(&self, tools: &Tools, words: &[&str], paths: &[&Path]) -> Result {
        let packages = format!("PYTHONPATH={}", tools.packages);
        let program = [&packages, &tools.python, "compare/python/others.py"];
        self.run("env", &[&program[..], words].concat(), paths)
    }

    fn run(&self, program: &str, words: &[&str], paths: &[&Path]) -> Result {
        let mut command = command(program, words);
        command.env("COMPARE_MANY", self.size.many.to_string());
        check(command.args(paths).stdout(process::Stdio::null()))
    }

    /// Where a contestant writes: in memory, or on the disk.
    pub(super) fn output(&self, disk: bool, name: &str) -> PathBuf {
        let folder = if disk { &self.disk } else { &self.memory };
        folder.join(name)
    }

    /// The size of the large array's elements.
    pub(super) fn large_bytes(&self) -> usize {
        self.large_len * 4
    }

    /// What every reader of the large array reports.
    pub(super) fn large_sum(&self) -> f64 {
        positions(self.large_len).map(element).sum()
    }

    /// The same of the small array.
    #[allow(clippy::unused_self)] // As the others.
    pub(super) fn small_sum(&self) -> f64 {
        positions(123 * 4).map(element).sum()
    }

    /// What is found in the array of rows.
    pub(super) fn appended_sum(&self) -> f64 {
        positions(self.rows_len * 100).map(element).sum()
    }

    /// What every reader of rows reports: one element of each, as `compare/src/pattern.rs` does.
    pub(super) fn rows_sum(&self) -> f64 {
        let mut state = 1usize;
        let mut next = || {
            state = (state * 1_103_515_245 + 12345) & 0x7fff_ffff;
            (state >> 8) % self.rows_len
        };
        (0..1000).map(|row| element(next() * 100 + row % 100)).sum()
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        // What cannot be removed is left for the user to see.
        let _ = fs::remove_dir_all(&self.memory);
        let _ = fs::remove_dir_all(&self.disk);
    }
}
