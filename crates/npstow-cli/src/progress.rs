//! A bar for long work, on a terminal only; short work never sees one.
#![forbid(unsafe_code)]

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use npstow::{Buffer, Result, Sink, Source};
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Counts the bytes of a piece of work; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Option<Arc<Work>>);

#[derive(Debug)]
struct Work {
    started: Instant,
    total: AtomicU64,
    done: AtomicU64,
    /// Made when patience runs out.
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// A bar on standard error, where that is a terminal and nobody asked for quiet.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self::none();
        }
        let started = Instant::now();
        let (total, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Some(Arc::new(Work { started, total, done, bar: OnceLock::new() })))
    }

    /// Nothing, ever.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Says how many bytes there are to do, from now on.
    pub(crate) fn expect(&self, total: u64) {
        if let Some(work) = &self.0 {
            work.done.store(0, Ordering::Relaxed);
            work.total.store(total, Ordering::Relaxed);
        }
    }

    /// Counts bytes done.
    pub(crate) fn add(&self, bytes: u64) {
        let Some(work) = &self.0 else { return };
        let done = work.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let total = work.total.load(Ordering::Relaxed);
        if total > 0 && work.started.elapsed() > PATIENCE {
            let bar = work.bar.get_or_init(|| bar(total));
            bar.set_position(done.min(total));
        }
    }

    /// What is read from `inner` counts.
    pub(crate) fn counted<T>(&self, inner: T) -> Counted<T> {
        Counted { inner, progress: self.clone() }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{wide_bar} {percent}% {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A source or a sink whose bytes count as progress.
#[derive(Debug)]
pub(crate) struct Counted<T> {
    inner: T,
    progress: Progress,
}

impl<T> Counted<T> {
    pub(crate) fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Source> Source for Counted<T> {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        self.inner.read_into(offset, dst)?;
        self.progress.add(dst.len() as u64);
        Ok(())
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        self.inner.view(offset, len)
    }

    fn in_memory(&self) -> Option<&[u8]> {
        self.inner.in_memory()
    }
}

/// Sinks get at most this much at once, so that the bar moves while one large array is written.
const STEP: usize = 64 << 20;

impl<T: Sink> Sink for Counted<T> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for step in bytes.chunks(STEP) {
            self.inner.write_all(step)?;
            self.progress.add(step.len() as u64);
        }
        Ok(())
    }

    fn reserve(&mut self, len: u64) -> io::Result<()> {
        self.inner.reserve(len)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        self.inner.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        self.inner.can_patch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_through() {
        let progress = Progress::none();
        progress.expect(3);
        let mut sink = progress.counted(Vec::new());
        sink.reserve(3).unwrap();
        sink.write_all(&[1, 2, 3]).unwrap();
        let source = progress.counted(npstow::MemorySource::new(sink.into_inner()));
        let mut two = [0; 2];
        source.read_into(1, &mut two).unwrap();
        assert_eq!((two, source.len(), source.in_memory()), ([2, 3], 3, Some(&[1u8, 2, 3][..])));
        assert!(!progress.is_shown());
    }
}
