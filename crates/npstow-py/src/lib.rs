//! The extension of the Python package `npstow`: the library, as thin as can be.
//!
//! A function takes Python's words apart, does the work without the interpreter's lock, and puts
//! together what came of it; what users see is written in Python, in `python/npstow`.
#![deny(unsafe_code)]

mod archive;
mod command;
mod diff;
mod dtype;
mod edit;
mod error;
mod given;
mod held;
mod input;
mod joblib;
mod key;
mod load;
mod many;
mod memory;
mod meta;
mod node;
mod options;
mod output;
mod pickle;
mod pool;
mod save;
mod source;
mod stream;
mod tree;
mod value;
mod varied;
mod work;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _npstow {
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::archive::Archive;
    #[pymodule_export]
    use crate::command::main;
    #[pymodule_export]
    use crate::diff::diff;
    #[pymodule_export]
    use crate::edit::{Appender, Editor, compact};
    #[pymodule_export]
    use crate::joblib::{joblib_dump, joblib_load};
    #[pymodule_export]
    use crate::load::{header_len_of, load, map_header, parse_header};
    #[pymodule_export]
    use crate::memory::Memory;
    #[pymodule_export]
    use crate::meta::{meta_get, meta_keys, meta_set};
    #[pymodule_export]
    use crate::node::{Node, open, open_given, split_place};
    #[pymodule_export]
    use crate::pickle::{
        load_value, pickle_dump, pickle_launder, pickle_load, pickle_scan, value_of,
    };
    #[pymodule_export]
    use crate::save::{NewFile, make_header, save, savez};
    #[pymodule_export]
    use crate::tree::{digest, save_tree, set_notes};
}
