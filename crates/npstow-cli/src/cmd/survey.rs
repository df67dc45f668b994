//! `npstow survey`: which format should I use for this data?
#![forbid(unsafe_code)]

use crate::args::Survey;
use crate::exit::{Exit, complain};
use crate::json::Json;
use crate::place::{Place, name_of, walk};
use crate::progress::Progress;
use crate::render::harmless;
use crate::table::{self, Align};
use crate::target::{nbytes, under};
use npstow::{
    Durability, Error, Format, Item, Node, NodeKind, Result, SaveOptions, Tree, save_with,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is tried: what it is called, what its file is called, its format and level.
const TRIED: &[(&str, &str, Format, Option<u8>)] = &[
    ("npy", "x.npy", Format::Npy, None),
    ("npz", "x.npz", Format::Npz, None),
    ("npz --compress=1", "x1.npz", Format::Npz, Some(1)),
    ("npz --compress=6", "x6.npz", Format::Npz, Some(6)),
    ("folder", "x", Format::Folder, None),
    ("joblib", "x.joblib", Format::Joblib, None),
    ("joblib --compress=3", "x3.joblib", Format::Joblib, Some(3)),
];

/// Up to so many bytes everything is read into memory at once, as a program would.
const AT_ONCE: u64 = 1 << 30;

pub(super) fn run(args: &Survey, quiet: bool) -> Result<Exit> {
    let place = Place::new(&args.path);
    let node = place.node(&Progress::none())?;
    let data = Data::new(&node, &place)?;
    let folder = Temporary::new(args.dir.clone().unwrap_or_else(std::env::temp_dir))?;
    let progress = Progress::new(quiet);
    let mut tried = Vec::new();
    for (label, file, format, level) in TRIED {
        let path = folder.0.join(file);
        let found = data.measure(&path, *format, *level, &progress);
        // A full disk is no property of a format.
        let found = match found {
            Err(e) if e.io_error().is_some() => return Err(e),
            found => found.map_err(|e| e.what().to_owned()),
        };
        tried.push((*label, found));
    }
    drop((progress, folder));
    let advice = advice(&data, &tried);
    if args.form.json {
        super::print(&format!("{}\n", json(&place, &data, &tried, &advice)))?;
    } else {
        super::print(&text(&data, &tried, &advice))?;
    }
    let differs = |(label, found): &(&str, Found)| {
        let is_wrong = found.as_ref().is_ok_and(|measured| !measured.same);
        if is_wrong {
            complain(&format!("{place}: written as {label}, it reads back as something else"));
        }
        is_wrong
    };
    let wrong = tried.iter().filter(|tried| differs(tried)).count();
    Ok(if wrong > 0 { Exit::Invalid } else { Exit::Done })
}

/// What is written in every format.
struct Data {
    tree: Tree,
    /// Of every array and value, in order.
    digests: Vec<[u8; 32]>,
    nbytes: u64,
    /// One array without a name.
    alone: Option<String>,
}

/// What was measured of a format.
#[derive(Debug)]
struct Measured {
    nbytes: u64,
    write: Duration,
    list: Duration,
    read: Duration,
    same: bool,
}

/// Or why the format cannot hold the data.
type Found = std::result::Result<Measured, String>;

impl Data {
    fn new(node: &Node, place: &Place) -> Result<Self> {
        let tree = node.to_tree()?;
        let mut nbytes = 0u64;
        for (_, item) in tree.leaves() {
            if let Item::Entry(entry) | Item::Value(entry) = item {
                if entry.is_objects() { entry.value().map(drop) } else { entry.check() }?;
                nbytes = nbytes.saturating_add(entry.nbytes() as u64);
            }
        }
        let digests = digests(node)?;
        let alone = tree.get("").map(|_| name_of(place).unwrap_or_else(|| "array".to_owned()));
        Ok(Self { tree, digests, nbytes, alone })
    }

    fn measure(
        &self,
        path: &Path,
        format: Format,
        level: Option<u8>,
        progress: &Progress,
    ) -> Result<Measured> {
        let tree = match &self.alone {
            Some(name) if format != Format::Npy => under(self.tree.clone(), name)?,
            None if format == Format::Npy => return Err(Error::invalid("holds one array alone")),
            _ => self.tree.clone(),
        };
        let tree = progress.watch(vec![tree])?.pop().unwrap_or_default();
        let mut options = SaveOptions::default().format(format).durability(Durability::None);
        if let Some(level) = level {
            options = options.compress(level);
        }
        let write = timed(|| save_with(path, &tree, &options))?;
        let failed = |e| Error::io("looking at the result", e).in_path(path);
        let nbytes = nbytes(path).map_err(failed)?;
        let list = timed(|| npstow::open(path)?.root().to_tree().map(drop))?;
        let read = timed(|| self.read(path))?;
        let same = digests(&npstow::open(path)?.root())? == self.digests;
        remove(path).map_err(|e| Error::io("removing", e).in_path(path))?;
        Ok(Measured { nbytes, write, list, read, same })
    }

    /// Everything as a program would read it; what is too much for that, array by array.
    fn read(&self, path: &Path) -> Result<()> {
        let file = npstow::open(path)?;
        if self.nbytes <= AT_ONCE {
            return file.load().map(drop);
        }
        file.leaves()?.iter().try_for_each(|node| node.read().map(drop))
    }
}

fn digests(node: &Node) -> Result<Vec<[u8; 32]>> {
    let leaves = walk(node.clone())?;
    leaves.iter().filter(|node| node.kind() != NodeKind::Group).map(Node::digest).collect()
}

/// The best of several times, where one does not take long: the first one pays for what is read or
/// made for the first time.
fn timed(work: impl Fn() -> Result<()>) -> Result<Duration> {
    let (mut best, mut all) = (Duration::MAX, Duration::ZERO);
    for _ in 0..10 {
        let start = Instant::now();
        work()?;
        let time = start.elapsed();
        (best, all) = (best.min(time), all + time);
        if all > Duration::from_millis(200) {
            break;
        }
    }
    Ok(best)
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// A folder for us alone, which goes when we do.
struct Temporary(PathBuf);

impl Temporary {
    fn new(parent: PathBuf) -> Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        for attempt in 0.. {
            let path = parent.join(format!("npstow-survey-{}-{attempt}", std::process::id()));
            match builder.create(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && attempt < 100 => {}
                made => {
                    made.map_err(|e| Error::io("creating a folder", e).in_path(&path))?;
                    return Ok(Self(path));
                }
            }
        }
        Err(Error::exists("a hundred temporary folders").in_path(parent))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[allow(clippy::cast_precision_loss)]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / (b as f64).max(1.0)
}

/// Sizes in two digits more than anyone needs.
#[allow(clippy::cast_precision_loss)]
fn speed(nbytes: u64, time: Duration) -> String {
    let mb = nbytes as f64 / 1e6 / time.as_secs_f64().max(1e-9);
    if mb < 10.0 { format!("{mb:.1} MB/s") } else { format!("{mb:.0} MB/s") }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn text(data: &Data, tried: &[(&str, Found)], advice: &[String]) -> String {
    let heads = ["FORMAT", "BYTES", "SIZE", "WRITE", "READ", "LIST"];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    let mut refused = String::new();
    for (label, found) in tried {
        match found {
            Ok(found) => lines.push(vec![
                (*label).to_owned(),
                found.nbytes.to_string(),
                format!("{:.0}%", 100.0 * ratio(found.nbytes, data.nbytes)),
                speed(data.nbytes, found.write),
                speed(data.nbytes, found.read),
                millis(found.list),
            ]),
            Err(why) => refused.push_str(&format!("{label}: {}\n", harmless(why))),
        }
    }
    let table = table::aligned(&lines, |at| if at == 0 { Align::Left } else { Align::Right });
    let advice: String = advice.iter().map(|line| format!("{line}\n")).collect();
    format!("{table}{refused}\n{advice}")
}

/// What the measurements say, in words.
fn advice(data: &Data, tried: &[(&str, Found)]) -> Vec<String> {
    let found = |label: &str| {
        let tried = tried.iter().find(|(name, _)| *name == label);
        tried.and_then(|(_, found)| found.as_ref().ok())
    };
    let mut lines = Vec::new();
    if let (Some(stored), Some(fast), Some(small)) =
        (found("npz"), found("npz --compress=1"), found("npz --compress=6"))
    {
        let saved = 1.0 - ratio(small.nbytes, stored.nbytes);
        let slower = small.read.as_secs_f64() / stored.read.as_secs_f64().max(1e-9);
        lines.push(match saved {
            s if s < 0.1 => "Compression gains next to nothing: do without it.".to_owned(),
            s => format!(
                "Compression saves {:.0}% of the size (level 1: {:.0}%); reading takes {slower:.1} times as long.",
                100.0 * s,
                100.0 * (1.0 - ratio(fast.nbytes, stored.nbytes))
            ),
        });
    }
    if data.alone.is_some() {
        lines.push(
            "One array: npy can be mapped and appended to, and everyone reads it.".to_owned(),
        );
    } else if let (Some(npz), Some(folder)) = (found("npz"), found("folder")) {
        let faster = folder.read.as_secs_f64() / npz.read.as_secs_f64().max(1e-9);
        let how = match faster {
            f if f > 1.2 => format!("npz is read {f:.1} times as fast as a folder"),
            f if f < 0.8 => format!("a folder is read {:.1} times as fast as npz", 1.0 / f),
            _ => "npz and a folder are read equally fast".to_owned(),
        };
        lines.push(format!(
            "Many arrays: {how}; npz is one file to move, a folder's arrays can each be mapped, \
             appended to and replaced by any program."
        ));
    }
    lines
}

fn json(place: &Place, data: &Data, tried: &[(&str, Found)], advice: &[String]) -> Json {
    let one = |(label, found): &(&str, Found)| {
        let mut object = vec![("format", Json::from(*label))];
        match found {
            Ok(found) => object.extend([
                ("nbytes", found.nbytes.into()),
                ("write_seconds", found.write.as_secs_f64().into()),
                ("read_seconds", found.read.as_secs_f64().into()),
                ("list_seconds", found.list.as_secs_f64().into()),
                ("same", found.same.into()),
            ]),
            Err(why) => object.push(("refused", why.as_str().into())),
        }
        Json::Object(object)
    };
    Json::Object(vec![
        ("path", place.to_string().into()),
        ("arrays", data.digests.len().into()),
        ("nbytes", data.nbytes.into()),
        ("formats", Json::List(tried.iter().map(one).collect())),
        ("advice", Json::List(advice.iter().map(|line| line.as_str().into()).collect())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(speed(5_000_000, Duration::from_secs(1)), "5.0 MB/s");
        assert_eq!(speed(5_000_000_000, Duration::from_secs(2)), "2500 MB/s");
        assert_eq!(millis(Duration::from_micros(1250)), "1.2 ms");
        assert_eq!(ratio(1, 0), 1.0);
    }

    #[test]
    fn advice_follows_the_numbers() {
        let measured = |nbytes, read| {
            let (write, list) = (Duration::from_secs(1), Duration::from_millis(1));
            Ok(Measured { nbytes, write, list, read: Duration::from_millis(read), same: true })
        };
        let data = |alone: Option<&str>| Data {
            tree: Tree::new(),
            digests: Vec::new(),
            nbytes: 1000,
            alone: alone.map(str::to_owned),
        };
        let tried = |small| {
            [
                ("npz", measured(1000, 10)),
                ("npz --compress=1", measured(small + 100, 20)),
                ("npz --compress=6", measured(small, 30)),
                ("folder", measured(1100, 25)),
            ]
        };
        let lines = advice(&data(None), &tried(500));
        assert_eq!(
            lines[0],
            "Compression saves 50% of the size (level 1: 40%); reading takes 3.0 times as long."
        );
        assert!(lines[1].starts_with("Many arrays: npz is read 2.5 times as fast as a folder;"));
        let lines = advice(&data(Some("x")), &tried(950));
        assert_eq!(lines[0], "Compression gains next to nothing: do without it.");
        assert!(lines[1].starts_with("One array: npy"));
    }

    #[test]
    fn long_work_is_done_once() {
        let runs = std::cell::Cell::new(0);
        let work = |millis| {
            runs.set(0);
            timed(|| {
                runs.set(runs.get() + 1);
                std::thread::sleep(Duration::from_millis(millis));
                Ok(())
            })
        };
        assert!(work(210).unwrap() >= Duration::from_millis(210));
        assert_eq!(runs.get(), 1);
        work(0).unwrap();
        assert_eq!(runs.get(), 10);
        assert!(timed(|| Err(Error::invalid("x"))).is_err());
    }

    #[test]
    fn temporary_folders_go() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Temporary::new(parent.path().to_owned()).unwrap();
        let other = Temporary::new(parent.path().to_owned()).unwrap();
        fs::write(folder.0.join("x"), b"x").unwrap();
        assert_ne!(folder.0, other.0);
        drop((folder, other));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        assert!(Temporary::new(parent.path().join("none")).is_err());
    }
}
