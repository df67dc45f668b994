//! Children made by `fork`, which have none of their parent's threads and would wait for them for
//! ever: what they do, they do alone.
#![forbid(unsafe_code)]

use rayon::ThreadPoolBuilder;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// The process that made the first call, whose threads are there.
static FIRST: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Whether this thread is all of the pool that it works in.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Sees to it that work of this thread waits for no thread of another process.
pub(crate) fn settle() {
    let own = std::process::id();
    let first = FIRST.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed);
    if first.is_err_and(|first| first != own) && !ALONE.replace(true) {
        // It fails where the thread is in a pool already, which is then all its own.
        let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        // The thread stays in it, as long as there is the thread.
        std::mem::forget(pool);
    }
}
