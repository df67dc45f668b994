//! The threads that work side by side: a pool of this process alone.
//!
//! A child made by `fork` (as `multiprocessing` does) has none of its parent's threads, and would
//! wait for them for ever: it gets a pool of its own.
#![forbid(unsafe_code)]

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::{Arc, Mutex};

static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Does a job with the threads of this process.
pub(crate) fn install<T: Send>(job: impl FnOnce() -> T + Send) -> T {
    match pool() {
        Some(pool) => pool.install(job),
        // No more threads are to be had: it goes without.
        None => npstow::alone(job),
    }
}

fn pool() -> Option<Arc<ThreadPool>> {
    let own = std::process::id();
    // Where another thread held it while the process was forked, nobody will give it back.
    let Ok(mut held) = POOL.try_lock() else { return build() };
    match &*held {
        Some((process, pool)) if *process == own => Some(Arc::clone(pool)),
        _ => {
            let pool = build()?;
            // Dropping the parent's pool would wait for threads that are not here.
            std::mem::forget(held.replace((own, Arc::clone(&pool))));
            Some(pool)
        }
    }
}

fn build() -> Option<Arc<ThreadPool>> {
    let named = |index| format!("npstow-{index}");
    ThreadPoolBuilder::new().thread_name(named).build().map(Arc::new).ok()
}

/// More threads than so many times the cores only stand in each other's way.
const TIMES: usize = 4;

fn of(threads: usize) -> Option<ThreadPool> {
    // The system is asked in some 20 calls: as long as it takes to read a small file.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = cores.saturating_mul(TIMES);
    ThreadPoolBuilder::new().num_threads(threads.min(most)).build().ok()
}

/// Does a job with so many threads, where that was said, and else with those it has.
pub(crate) fn limited<T: Send>(threads: Option<usize>, job: impl FnOnce() -> T + Send) -> T {
    match threads.and_then(of) {
        Some(own) => own.install(job),
        None => job(),
    }
}
