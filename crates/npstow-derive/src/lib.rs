//! `#[derive(Record)]`: a `#[repr(C)]` struct as a NumPy structured dtype.
