//! Work on all cores, where there is more of it than one thread does while another wakes up.
#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError};
use std::{panic, thread};

/// Does `work` for every item, side by side; what comes of it is in order.
///
/// The threads are none of the library's pool: one of those that waits does other work of the pool
/// meanwhile, which may want what it holds.
pub(crate) fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    if items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    let count = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let waiting = Mutex::new(items.into_iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let share = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        // Where no more threads are to be had, those that there are do it all.
        let begin = |_| thread::Builder::new().spawn_scoped(scope, share).ok();
        let others: Vec<_> = (1..count).map_while(begin).collect();
        let mut done = share();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn what_comes_of_it_is_in_order() {
        for count in [0, 1, 2, 3, 1000] {
            let done = each((0..count).collect(), |n: u32| n.to_string());
            assert_eq!(done, (0..count).map(|n| n.to_string()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_goes_on() {
        let work = |n: u32| assert_ne!(n, 70);
        let panicked = std::panic::catch_unwind(|| each((0..100).collect(), work));
        assert!(panicked.is_err());
    }
}
