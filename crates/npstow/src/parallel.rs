//! Work on all cores, where the feature is on.
#![forbid(unsafe_code)]

#[cfg(feature = "parallel")]
mod here {
    use std::cell::Cell;

    thread_local! {
        /// Whether this thread works alone.
        static ALONE: Cell<bool> = const { Cell::new(false) };
    }

    /// Gives the thread back what it was, whatever becomes of the job.
    struct Before(bool);

    impl Drop for Before {
        fn drop(&mut self) {
            ALONE.set(self.0);
        }
    }

    pub(super) fn alone<T>(job: impl FnOnce() -> T) -> T {
        let _before = Before(ALONE.replace(true));
        job()
    }

    pub(crate) fn is_alone() -> bool {
        ALONE.get()
    }
}

#[cfg(feature = "parallel")]
pub(crate) use here::is_alone;

/// Does a job with this thread alone: no other one is woken, and none is begun.
///
/// To wake a thread takes as long as to read a small file, so what is known to be small is done
/// sooner alone. A job within rayon's `ThreadPool::install` has that pool's threads again.
///
/// ```
/// use npstow::{Array, MemoryOrder};
/// let array = Array::from_vec_shape(vec![1u8, 2, 3, 4], &[2, 2])?;
/// let turned = npstow::alone(|| array.to_contiguous(MemoryOrder::F))?;
/// assert_eq!(turned.shape(), [2, 2]);
/// # Ok::<(), npstow::Error>(())
/// ```
pub fn alone<T>(job: impl FnOnce() -> T) -> T {
    #[cfg(feature = "parallel")]
    return here::alone(job);
    #[cfg(not(feature = "parallel"))]
    job()
}

/// Does `work` for every item, side by side, and collects what comes of it in order.
#[cfg(feature = "parallel")]
pub(crate) fn each<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, E> + Send + Sync,
) -> Result<Vec<R>, E> {
    use rayon::prelude::*;
    match items.len() {
        // No thread is woken for what one does alone.
        0 | 1 => items.into_iter().map(work).collect(),
        _ if is_alone() => items.into_iter().map(work).collect(),
        _ => items.into_par_iter().map(work).collect(),
    }
}

/// Does `work` for every item and collects what comes of it.
#[cfg(not(feature = "parallel"))]
pub(crate) fn each<T, R, E>(items: Vec<T>, work: impl Fn(T) -> Result<R, E>) -> Result<Vec<R>, E> {
    items.into_iter().map(work).collect()
}

/// Does `work` for every item on other cores, while this one does `then` with what came of those
/// before, in order. No more than a few are under way at once.
///
/// The first error of `then` ends it.
#[cfg(all(feature = "parallel", any(feature = "npz", feature = "hdf5")))]
pub(crate) fn ordered<T: Send, R: Send, E>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Send + Sync,
    mut then: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    use std::collections::VecDeque;
    use std::sync::mpsc::{Receiver, sync_channel};

    if width() < 2 {
        return items.into_iter().try_for_each(|item| then(work(item)));
    }
    // A worker of a pool must not wait for others, for there may be none: it works along, batch
    // by batch.
    if rayon::current_thread_index().is_some() {
        let mut items = items.into_iter();
        loop {
            let batch: Vec<T> = items.by_ref().take(3 * width()).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let done = each(batch, |item| Ok::<_, std::convert::Infallible>(work(item)));
            done.unwrap_or_else(|never| match never {}).into_iter().try_for_each(&mut then)?;
        }
    }
    let work = &work;
    rayon::in_place_scope(|scope| {
        let mut waiting: VecDeque<Receiver<R>> = VecDeque::new();
        // Of a work that panicked there is nothing; the panic goes on when the scope ends.
        let mut next = |one: Option<Receiver<R>>| match one.and_then(|one| one.recv().ok()) {
            Some(result) => then(result),
            None => Ok(()),
        };
        for item in items {
            let (send, receive) = sync_channel(1);
            scope.spawn(move |_| {
                // Nobody waits for it after an error.
                let _ = send.send(work(item));
            });
            waiting.push_back(receive);
            if waiting.len() > 2 * width() {
                next(waiting.pop_front())?;
            }
        }
        while !waiting.is_empty() {
            next(waiting.pop_front())?;
        }
        Ok(())
    })
}

/// Does `work` for every item, and `then` with what came of it.
#[cfg(all(not(feature = "parallel"), any(feature = "npz", feature = "hdf5")))]
pub(crate) fn ordered<T, R, E>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R,
    mut then: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    items.into_iter().try_for_each(|item| then(work(item)))
}

/// Does two jobs, side by side where there is another thread.
pub(crate) fn both<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    #[cfg(feature = "parallel")]
    if width() > 1 {
        return rayon::join(one, other);
    }
    (one(), other())
}

/// So much of what is summed on all cores is one thread's at a time.
pub(crate) const PART: usize = if cfg!(test) { 1 << 10 } else { 4 << 20 };

/// What `of` makes of `bytes`, taken in parts on all cores and put together in order.
pub(crate) fn summed<S: Send>(
    bytes: &[u8],
    of: impl Fn(&[u8]) -> S + Send + Sync,
    combine: impl Fn(&mut S, &S),
) -> S {
    let part = |bytes: &[u8]| Ok::<_, std::convert::Infallible>(of(bytes));
    let parts = each(bytes.chunks(PART).collect(), part).unwrap_or_else(|never| match never {});
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return of(&[]) };
    parts.for_each(|next| combine(&mut all, &next));
    all
}

/// How many items are worth having at hand at once.
pub(crate) fn width() -> usize {
    #[cfg(feature = "parallel")]
    return if is_alone() { 1 } else { rayon::current_num_threads() };
    #[cfg(not(feature = "parallel"))]
    1
}

#[cfg(all(test, feature = "parallel", any(feature = "npz", feature = "hdf5")))]
mod tests {
    use super::{alone, each, ordered};
    use std::convert::Infallible;
    use std::thread::{self, ThreadId};

    /// The threads that work on many items, of every way there is.
    fn threads() -> Vec<ThreadId> {
        let own = |_| thread::current().id();
        let mut seen: Vec<ThreadId> =
            each((0..64).collect(), |n: u32| Ok::<_, Infallible>(own(n))).unwrap();
        ordered(0..64u32, own, |id| {
            seen.push(id);
            Ok::<_, Infallible>(())
        })
        .unwrap();
        seen
    }

    #[test]
    fn alone_is_one_thread_and_a_pool_within_has_its_own() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let own = thread::current().id();
        assert!(alone(threads).iter().all(|id| *id == own));
        assert!(alone(|| pool.install(threads)).iter().all(|id| *id != own));
        assert!(pool.install(|| alone(threads)).windows(2).all(|ids| ids[0] == ids[1]));
        let panicked = std::panic::catch_unwind(|| alone(|| panic!("within")));
        assert!(panicked.is_err() && !super::is_alone());
    }

    #[test]
    fn what_comes_of_it_is_in_order_wherever_it_is_done() {
        let run = |fail: Option<u32>| {
            let mut seen = Vec::new();
            let done = ordered(
                0..100u32,
                |n| n * n,
                |square| {
                    seen.push(square);
                    if fail.is_some_and(|n| n * n == square) { Err(square) } else { Ok(()) }
                },
            );
            (seen, done)
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        for (seen, done) in [run(None), pool.install(|| run(None)), one.install(|| run(None))] {
            assert_eq!(seen, (0..100).map(|n| n * n).collect::<Vec<_>>());
            assert_eq!(done, Ok(()));
        }
        for (seen, done) in
            [run(Some(40)), pool.install(|| run(Some(40))), one.install(|| run(Some(40)))]
        {
            assert_eq!((seen.len(), done), (41, Err(1600)));
        }
    }
}
