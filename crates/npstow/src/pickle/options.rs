//! How a pickle is read.
#![forbid(unsafe_code)]

use crate::{Buffer, Limits};

/// What a `str` of Python 2 is: it may be text, and it may be bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Python2 {
    /// Text where it is ASCII, bytes elsewhere: nothing is lost, and nothing is guessed.
    #[default]
    Auto,
    /// Always bytes.
    Bytes,
    /// Text in Latin-1, whatever it is: `encoding='latin1'`.
    Latin1,
    /// Text in ASCII; else an error.
    Ascii,
    /// Text in UTF-8; else an error.
    Utf8,
}

/// How a pickle is read.
///
/// ```
/// use npstow::pickle::{Options, Python2};
/// let old = Options::default().strings(Python2::Latin1);
/// let value = npstow::pickle::from_bytes(b"U\x02\xb5mq\x00.".to_vec(), &old)?;
/// assert_eq!(value.to_string(), "'µm'");
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(super) strings: Python2,
    pub(super) buffers: Vec<Buffer>,
    pub(super) limits: Limits,
}

impl Options {
    pub(crate) fn max(&self) -> &Limits {
        &self.limits
    }

    /// What strings of Python 2 are taken for.
    #[must_use]
    pub fn strings(mut self, strings: Python2) -> Self {
        self.strings = strings;
        self
    }

    /// The buffers that were pickled out of band (PEP 574), in their order.
    #[must_use]
    pub fn buffers(mut self, buffers: Vec<Buffer>) -> Self {
        self.buffers = buffers;
        self
    }

    /// Bounds what the file may claim.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
