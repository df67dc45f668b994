//! `npstow convert`: an array written anew.
#![forbid(unsafe_code)]

use crate::args::Convert;
use crate::exit::Exit;
use crate::json::Json;
use crate::place::Place;
use crate::progress::{Counted, Progress};
use npstow::{AtomicFile, Error, Format, Node, NodeKind, Result, Sink, WriteSink, npy};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::Path;

pub(super) fn run(args: &Convert, quiet: bool) -> Result<Exit> {
    let target = Path::new(&args.target);
    let to_stdout = args.target == "-";
    if to_stdout && args.form.json {
        return Err(Error::invalid("standard output cannot take both the data and --json"));
    }
    if to_stdout && io::stdout().is_terminal() {
        return Err(Error::invalid("standard output is a terminal: give a file or a pipe"));
    }
    let place = Place::new(&args.source);
    let source = place.node(&Progress::none())?;
    let format = format(args, source.file().format()).map_err(|e| e.in_path(target))?;
    if format != Format::Npy {
        let what = format!("writing the format {format}");
        return Err(Error::unsupported(what).in_path(target));
    }
    let progress = Progress::new(quiet);
    if to_stdout {
        write(&source, args, WriteSink(stdout()?), &progress)?;
        return Ok(Exit::Done);
    }
    // What cannot be read is found out before anything is made.
    check(&source)?;
    let file = AtomicFile::create(target, args.durability.get())?;
    let (file, written) = write(&source, args, file, &progress)?;
    file.commit()?;
    drop(progress);
    if args.form.json {
        let json = Json::Object(vec![
            ("path", target.to_string_lossy().into_owned().into()),
            ("format", format.name().into()),
            ("nbytes", written.into()),
        ]);
        super::print(&format!("{json}\n"))?;
    }
    Ok(Exit::Done)
}

/// The format asked for, or the one that the target's name says.
fn format(args: &Convert, of_source: Format) -> Result<Format> {
    if let Some(to) = args.to {
        return Ok(to.into());
    }
    let target = Path::new(&args.target);
    // Pipes and devices have no extension to go by.
    if args.target == "-" || is_special(target) {
        return Ok(of_source);
    }
    let extension = target.extension().map(OsStr::to_string_lossy).unwrap_or_default();
    Format::of_path(target).ok_or_else(|| {
        let extension = crate::render::harmless(&extension);
        Error::invalid(format!("'.{extension}' names no format (--to does)"))
    })
}

fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn check(source: &Node) -> Result<()> {
    if source.kind() == NodeKind::Group {
        let e = Error::invalid("a .npy file holds one array: name one, as in run.npz:photon");
        return Err(e.in_path(source.file().path()));
    }
    let place = |e: Error| e.in_member(source.name()).in_path(source.file().path());
    source.entry()?.check().map_err(place)
}

/// Writes the array; errors name the file that they are about.
fn write<S: Sink>(source: &Node, args: &Convert, sink: S, progress: &Progress) -> Result<(S, u64)> {
    let mut options = npy::WriteOptions::default();
    if let Some(order) = args.order.get() {
        options = options.memory_order(order);
    }
    if let Some(order) = args.byte_order.get() {
        options = options.byte_order(order);
    }
    if let Some(version) = args.format_version.get() {
        options = options.version(version);
    }
    let entry = source.entry()?;
    progress.expect(entry.nbytes() as u64);
    let mut out = Watched { sink: progress.counted(sink), written: 0, failed: false };
    let done = npy::write_entry(&mut out, &entry, &options);
    let place = |e: Error| match out.failed {
        true => e.in_path(&args.target),
        false => e.in_member(source.name()).in_path(source.file().path()),
    };
    done.map_err(place)?;
    Ok((out.sink.into_inner(), out.written))
}

/// Remembers whether it was the writing that failed.
struct Watched<S> {
    sink: Counted<S>,
    written: u64,
    failed: bool,
}

impl<S: Sink> Sink for Watched<S> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let done = self.sink.write_all(bytes);
        self.failed |= done.is_err();
        self.written += bytes.len() as u64;
        done
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        let done = self.sink.reserve(len);
        self.failed |= done.is_err();
        done
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        let done = self.sink.patch(offset, bytes);
        self.failed |= matches!(done, Some(Err(_)));
        done
    }

    fn can_patch(&self) -> bool {
        self.sink.can_patch()
    }
}

/// Standard output without the line buffering that text wants.
#[cfg(unix)]
fn stdout() -> Result<File> {
    use std::os::fd::AsFd;
    let owned = io::stdout().as_fd().try_clone_to_owned();
    owned.map(File::from).map_err(|e| Error::io("opening standard output", e))
}

#[cfg(windows)]
fn stdout() -> Result<File> {
    use std::os::windows::io::AsHandle;
    let owned = io::stdout().as_handle().try_clone_to_owned();
    owned.map(File::from).map_err(|e| Error::io("opening standard output", e))
}
