//! What the decoders that go in steps have in common.
#![forbid(unsafe_code)]

/// A decoder that is given packed bytes piece by piece, and room for what they become.
pub(super) trait Steps: Send {
    /// Goes on as far as `input` and `output` let it. `is_end`: no packed bytes come behind
    /// `input`.
    fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Step;

    /// Begins a new stream behind the end of one, where the format says that streams one after
    /// another are one; says whether it does.
    fn restart(&mut self) -> bool {
        false
    }
}

/// What a step did.
#[derive(Debug)]
pub(super) struct Step {
    /// Bytes taken from the input.
    pub(super) read: usize,
    /// Bytes put into the output.
    pub(super) written: usize,
    pub(super) state: State,
}

/// Where a decoder is after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In the midst of the stream.
    Going,
    /// Behind its end; so many of the bytes taken, in this step or before, are no part of it.
    Ended(usize),
    /// The packed bytes end before the stream does; only LZMA finds that out by itself.
    #[cfg_attr(not(feature = "lzma"), allow(dead_code))]
    Short,
    /// The stream is broken: what was found.
    Broken(String),
}

/// What a decoder counts, as a number of bytes of a slice.
#[cfg(any(feature = "npz", feature = "bzip2"))]
pub(super) fn since(now: u64, before: u64) -> usize {
    usize::try_from(now - before).expect("no more than a slice holds")
}
