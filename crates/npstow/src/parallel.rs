//! Work on all cores, where the feature is on.
#![forbid(unsafe_code)]

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
        _ => items.into_par_iter().map(work).collect(),
    }
}

/// Does `work` for every item and collects what comes of it.
#[cfg(not(feature = "parallel"))]
pub(crate) fn each<T, R, E>(items: Vec<T>, work: impl Fn(T) -> Result<R, E>) -> Result<Vec<R>, E> {
    items.into_iter().map(work).collect()
}

/// How many items are worth having at hand at once.
pub(crate) fn width() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    1
}
