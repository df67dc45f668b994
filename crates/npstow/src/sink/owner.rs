//! What belongs to one process, though a child that it forks has it open, too.
#![forbid(unsafe_code)]

use std::io;

/// The process that began something.
///
/// A child made by `fork` has copies of its parent's values, which stand for the parent's files:
/// what the child wrote or took back by them, the parent would lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u32);

impl Owner {
    /// This process.
    pub(crate) fn new() -> Self {
        Self(std::process::id())
    }

    /// Whether that is this process.
    pub(crate) fn is_here(self) -> bool {
        self == Self::new()
    }

    /// An error where that is another process.
    pub(crate) fn check(self) -> io::Result<()> {
        match self.is_here() {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "process {} began this, and only it can go on; this is process {}",
                self.0,
                std::process::id()
            ))),
        }
    }

    /// The process that forked this one, for tests.
    #[cfg(test)]
    pub(crate) fn parent() -> Self {
        Self(std::process::id().wrapping_add(1))
    }
}
