//! A bar for long work, on a terminal only; short work never sees one.
#![forbid(unsafe_code)]

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use npstow::{Buffer, Item, Result, Source, Tree};
use std::cell::RefCell;
use std::collections::HashMap;
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

    /// The same tree, whose arrays count while they are read; they are what there is to do, once
    /// each.
    pub(crate) fn watch(&self, trees: Vec<Tree>) -> Result<Vec<Tree>> {
        if !self.is_shown() {
            return Ok(trees);
        }
        let mut total = 0;
        // One for each source: neighbours in it are still told to be neighbours.
        let mut counted: HashMap<usize, Arc<dyn Source>> = HashMap::new();
        let counted = RefCell::new(&mut counted);
        let wrap = |source: Arc<dyn Source>| -> Arc<dyn Source> {
            let identity = Arc::as_ptr(&source).cast::<u8>() as usize;
            let mut counted = counted.borrow_mut();
            let own = counted.entry(identity).or_insert_with(|| Arc::new(self.counted(source)));
            Arc::clone(own)
        };
        let mut change = |item: Item| match item {
            Item::Entry(entry) => {
                total += entry.stored_nbytes();
                Ok(Item::Entry(entry.through(&wrap)))
            }
            Item::Value(entry) => {
                total += entry.stored_nbytes();
                Ok(Item::Value(entry.through(&wrap)))
            }
            other => Ok(other),
        };
        let trees = trees.into_iter().map(|tree| tree.map(&mut change)).collect();
        self.expect(total);
        trees
    }

    /// What is read from `inner` counts.
    pub(crate) fn counted(&self, inner: Arc<dyn Source>) -> Counted {
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

/// A source whose bytes count as progress.
#[derive(Debug)]
pub(crate) struct Counted {
    inner: Arc<dyn Source>,
    progress: Progress,
}

impl Source for Counted {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_pass_through() {
        let progress = Progress::none();
        progress.expect(3);
        let source: Arc<dyn Source> = Arc::new(npstow::MemorySource::new(vec![1u8, 2, 3]));
        let source = progress.counted(source);
        let mut two = [0; 2];
        source.read_into(1, &mut two).unwrap();
        assert_eq!((two, source.len(), source.in_memory()), ([2, 3], 3, Some(&[1u8, 2, 3][..])));
        assert!(!progress.is_shown());
    }
}
