//! Python's pickles: read as data, never run.
//!
//! A pickle is a program for a small machine. npstow runs that machine, all of it, but what the
//! program calls is not called: a name is a name, constructors of a fixed table (NumPy's arrays,
//! Python's containers) are implemented here, and everything else becomes an object that says what
//! it is and what it was made of. Such an object can be looked into, and written again.
//!
//! ```
//! use npstow::pickle;
//! // What others would run: os.system('rm -rf /')
//! let bytes = b"cos\nsystem\n(S'rm -rf /'\ntR.".to_vec();
//! let object = pickle::from_bytes(bytes, &pickle::Options::default())?;
//! assert_eq!(object.to_string(), "os.system('rm -rf /')");
//! assert_eq!(object.class().unwrap().as_global(), Some(("os", "system")));
//! # Ok::<(), npstow::Error>(())
//! ```
#![forbid(unsafe_code)]

mod beside;
mod build;
mod feed;
mod frame;
mod machine;
mod opcode;
mod options;
mod paths;
mod reader;
mod rest;
mod run;
mod scan;
mod text;
mod verdict;
mod within;
mod write;

#[cfg(feature = "joblib")]
pub(crate) use beside::{Beside, described};
#[cfg(feature = "joblib")]
pub(crate) use machine::Machine;
pub use opcode::{Argument, Instruction, Opcodes, opcodes};
pub use options::{Options, Python2};
#[cfg(any(feature = "shelve", not(feature = "joblib")))]
pub(crate) use reader::sniff;
pub(crate) use reader::{Pickle, unpickle};
pub use reader::{from_bytes, from_source, from_source_at, open};
#[cfg(feature = "joblib")]
pub(crate) use reader::{from_source_beside, sniff_beside};
#[cfg(feature = "torch")]
pub(crate) use run::{Done, run};
pub(crate) use scan::MOST;
#[cfg(feature = "joblib")]
pub(crate) use scan::scan_beside;
pub use scan::{Mention, Named, Scan, scan};
pub use verdict::Verdict;
pub use within::arrays_in;
#[cfg(feature = "joblib")]
pub(crate) use write::write_between;
pub use write::{WriteOptions, to_bytes, write, write_to};

#[cfg(test)]
mod tests;
