//! Python literals: what NPY headers are written in.
#![forbid(unsafe_code)]
