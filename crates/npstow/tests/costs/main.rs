//! What work costs, in counts: allocations, and calls of the system that read and write.
//!
//! Times differ from machine to machine; these do not. Each has a ceiling, so that nobody adds one
//! for each array without noticing, and a floor, so that a count that measures nothing shows.
//! One test alone: the counts are those of the whole process.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_precision_loss)]

use npstow::{Array, Durability, SaveOptions, Tree, npy};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    allocations: f64,
    reads: f64,
    writes: f64,
}

/// The kernel's counts of this process: calls that read, calls that write.
fn calls() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/self/io").ok()?;
    let field = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().parse().ok()
    };
    Some((field("syscr:")?, field("syscw:")?))
}

fn cost<T>(work: impl Fn() -> T) -> Cost {
    // What is made once in a process is no part of it.
    drop(work());
    // Looking at the counts is a read, or two, itself.
    let (earlier, before) = (calls(), calls());
    let region = Region::new(ALLOCATOR);
    let made = work();
    let stats = region.change();
    let after = calls();
    drop(made);
    let allocations = (stats.allocations + stats.reallocations) as f64;
    let (reads, writes) = match (earlier, before, after) {
        (Some(earlier), Some(before), Some(after)) => {
            let own = before.0 - earlier.0;
            ((after.0 - before.0).saturating_sub(own) as f64, (after.1 - before.1) as f64)
        }
        _ => (0.0, 0.0),
    };
    Cost { allocations, reads, writes }
}

const FEW: u16 = 500;
const MANY: u16 = 2500;

/// What one more array costs, and what there is to begin with.
fn grown<T>(work: impl Fn(u16) -> T) -> (Cost, Cost) {
    let (few, many) = (cost(|| work(FEW)), cost(|| work(MANY)));
    let each = |of: fn(Cost) -> f64| (of(many) - of(few)) / f64::from(MANY - FEW);
    let each = Cost {
        allocations: each(|cost| cost.allocations),
        reads: each(|cost| cost.reads),
        writes: each(|cost| cost.writes),
    };
    let count = f64::from(FEW);
    let start = Cost {
        allocations: few.allocations - each.allocations * count,
        reads: few.reads - each.reads * count,
        writes: few.writes - each.writes * count,
    };
    (start, each)
}

fn tree(count: u16) -> Tree {
    let mut tree = Tree::new();
    for at in 0..count {
        let values: Vec<f32> = (0..400).map(|i| f32::from(i ^ at)).collect();
        tree.insert(&format!("a{at:04}"), Array::from_vec_shape(values, &[100, 4]).unwrap())
            .unwrap();
    }
    tree
}

struct Faults(Vec<String>);

impl Faults {
    fn within(&mut self, what: &str, found: f64, range: RangeInclusive<f64>) {
        println!("{what}: {found:.3} of {range:?}");
        if !range.contains(&found) {
            self.0.push(format!("{what}: {found:.3}, not within {range:?}"));
        }
    }

    fn calls(&mut self, what: &str, found: f64, range: RangeInclusive<f64>) {
        if calls().is_some() {
            self.within(what, found, range);
        } else {
            println!("{what}: skipped, the system does not count");
        }
    }
}

fn path(folder: &Path, name: &str, count: u16) -> std::path::PathBuf {
    folder.join(format!("{count}{name}"))
}

#[test]
fn costs_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut faults = Faults(Vec::new());
    for count in [FEW, MANY] {
        npstow::save(path(folder, ".npz", count), &tree(count)).unwrap();
        npstow::save(path(folder, "", count), &tree(count)).unwrap();
        let one = Array::from_vec(vec![1f32; usize::from(count) * 4000]);
        npy::write(path(folder, ".npy", count), &one).unwrap();
    }
    let trees = [(FEW, tree(FEW)), (MANY, tree(MANY))];
    let of = |count| &trees.iter().find(|(len, _)| *len == count).unwrap().1;
    let options = SaveOptions::default().durability(Durability::None);

    let (start, each) = grown(|n| npy::read(path(folder, ".npy", n)).unwrap());
    faults.within("NPY read, allocations", start.allocations, 1.0..=30.0);
    // Each MiB is a piece of work for some core.
    faults.within("NPY read, allocations for 16 kB", each.allocations, -0.01..=0.02);
    faults.calls("NPY read, reads", start.reads, 1.0..=4.0);

    let (_, each) = grown(|n| {
        let path = folder.join("rows.npy");
        npy::write(&path, &Array::from_vec(vec![0f32])).unwrap();
        let mut rows = npy::Appender::open_with(&path, Durability::None).unwrap();
        (0..n).for_each(|_| rows.push_slice(&[1f32; 16]).unwrap());
        rows.finish().unwrap()
    });
    faults.within("NPY append, allocations for each row", each.allocations, -0.01..=0.01);
    faults.calls("NPY append, writes for each row of 64 bytes", each.writes, 0.0005..=0.002);

    let (start, each) = grown(|n| npstow::open(path(folder, ".npz", n)).unwrap());
    faults.within("NPZ open, allocations", start.allocations, 1.0..=25.0);
    faults.within("NPZ open, allocations for each array", each.allocations, -0.01..=0.01);
    faults.calls("NPZ open, reads", start.reads, 1.0..=4.0);
    faults.calls("NPZ open, reads for each array", each.reads, 0.0..=0.001);

    let (_, each) = grown(|n| npstow::open(path(folder, ".npz", n)).unwrap().load().unwrap());
    faults.within("NPZ load, allocations for each array", each.allocations, 3.0..=6.5);
    faults.calls("NPZ load, reads for each array", each.reads, 0.0001..=0.02);

    let (_, each) =
        grown(|n| npstow::save_with(path(folder, "x.npz", n), of(n), &options).unwrap());
    faults.within("NPZ save, allocations for each array", each.allocations, 2.0..=4.5);
    faults.calls("NPZ save, writes for each array", each.writes, 0.0001..=0.05);

    let (_, each) = grown(|n| npstow::open(path(folder, "", n)).unwrap().load().unwrap());
    faults.within("folder load, allocations for each array", each.allocations, 3.0..=13.5);
    faults.calls("folder load, reads for each array", each.reads, 1.0..=1.05);

    let (_, each) = grown(|n| npstow::save_with(path(folder, "x", n), of(n), &options).unwrap());
    // In the place of the one before, which is listed twice to see that nothing in it is lost.
    faults.within("folder save, allocations for each array", each.allocations, 3.0..=23.0);
    faults.calls("folder save, writes for each array", each.writes, 1.0..=1.05);
    #[cfg(feature = "hdf5")]
    hdf5(folder, of, &mut faults);
    #[cfg(feature = "joblib")]
    dumps(folder, of, &options, &mut faults);
    assert!(faults.0.is_empty(), "{:#?}", faults.0);
}

/// Every array, looked for by its name: what one costs must not grow with how many there are.
#[cfg(any(feature = "hdf5", feature = "joblib"))]
fn by_name(path: &Path, count: u16) -> usize {
    let file = npstow::open(path).unwrap();
    let found = (0..count).filter(|at| file.get(&format!("a{at:04}")).unwrap().shape().is_ok());
    let found = found.count();
    assert_eq!(found, usize::from(count));
    found
}

#[cfg(feature = "hdf5")]
fn hdf5<'t>(folder: &Path, of: impl Fn(u16) -> &'t Tree, faults: &mut Faults) {
    let (load, by_name) = both_ways(folder, ".h5", of);
    faults.within("HDF5 load, allocations for each dataset", load.allocations, 10.0..=28.0);
    // The header, to know what it is, to describe it, and for its attributes.
    faults.calls("HDF5 load, reads for each dataset", load.reads, 1.0..=3.4);
    faults.within("HDF5 by name, allocations for each dataset", by_name.allocations, 1.0..=40.0);
}

/// What an array costs in a file of this kind, loaded with all others and by its name.
#[cfg(any(feature = "hdf5", feature = "joblib"))]
fn both_ways<'t>(folder: &Path, suffix: &str, of: impl Fn(u16) -> &'t Tree) -> (Cost, Cost) {
    for count in [FEW, MANY] {
        npstow::save(path(folder, suffix, count), of(count)).unwrap();
    }
    let (_, load) = grown(|n| npstow::open(path(folder, suffix, n)).unwrap().load().unwrap());
    let (_, by_name) = grown(|n| by_name(&path(folder, suffix, n), n));
    (load, by_name)
}

#[cfg(feature = "joblib")]
fn dumps<'t>(
    folder: &Path,
    of: impl Fn(u16) -> &'t Tree,
    options: &SaveOptions,
    faults: &mut Faults,
) {
    let (load, by_name) = both_ways(folder, ".joblib", &of);
    faults.within("joblib load, allocations for each array", load.allocations, 3.0..=9.5);
    faults.calls("joblib load, reads for each array", load.reads, 0.0001..=0.02);
    faults.within("joblib by name, allocations for each array", by_name.allocations, 1.0..=40.0);
    let save = |n| npstow::save_with(path(folder, "x.joblib", n), of(n), options).unwrap();
    let (_, each) = grown(save);
    faults.within("joblib save, allocations for each array", each.allocations, 1.0..=3.5);
    faults.calls("joblib save, writes for each array", each.writes, 0.0001..=0.02);
}
