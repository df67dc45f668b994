//! npstow for C and C++: the library behind `npstow.h`, which is made from these files.
//!
//! Every function takes C's words apart, calls the library, and hands out what came of it. What
//! holds for all of them, and is said once in the header:
//!
//! * a handle that is NULL is an error of the kind `NPSTOW_INVALID`, and freeing NULL does nothing;
//! * what can fail has `NpstowError **error` as its last parameter, which may be NULL;
//! * no panic crosses: `call.rs` is the door that everything goes through.
//!
//! Handles come in as `Option<&T>` and go out as `Option<Box<T>>`, which are pointers to C; so
//! most of the functions need no unsafe code.
#![deny(unsafe_op_in_unsafe_fn)]
// What is exported is public by its symbol, the header speaks of it; `cargo xtask header` sees to
// it that every item is documented.
#![allow(unreachable_pub, missing_debug_implementations)]
// Handles to be freed come by value.
#![allow(clippy::needless_pass_by_value)]
// The header says what pointers must be, once for all functions.
#![allow(clippy::missing_safety_doc)]

mod append;
mod array;
mod builder;
mod call;
mod cast;
mod decoder;
mod dlpack;
mod dtype;
mod editor;
mod error;
mod file;
mod fork;
mod header;
mod limits;
mod make;
mod message;
mod meta;
mod node;
mod options;
mod parts;
mod pickle;
mod read;
mod records;
mod save;
mod scalars;
mod scan;
mod source;
mod strings;
mod tree;
mod trees;
mod value;
mod verify;
mod version;

/// What the header promises of handles: these may be used by several threads at once.
const fn is_shareable<T: Send + Sync>() {}
/// These may go from thread to thread.
const fn is_movable<T: Send>() {}

const _: () = {
    is_shareable::<array::NpstowArray>();
    is_shareable::<dtype::NpstowFields>();
    is_shareable::<error::NpstowError>();
    is_shareable::<file::NpstowFile>();
    is_shareable::<header::NpstowHeader>();
    is_shareable::<meta::NpstowMeta>();
    is_shareable::<node::NpstowNode>();
    is_shareable::<source::NpstowSource>();
    is_shareable::<strings::NpstowStrings>();
    is_shareable::<tree::NpstowTree>();
    is_shareable::<trees::NpstowReport>();
    is_shareable::<scan::NpstowScan>();
    is_shareable::<value::NpstowValue>();
    is_shareable::<verify::NpstowFaults>();
    is_movable::<append::NpstowAppender>();
    is_movable::<append::NpstowRowWriter>();
    is_movable::<builder::NpstowBuilder>();
    is_movable::<decoder::NpstowDecoder>();
    is_movable::<pickle::NpstowPickleOptions>();
    is_movable::<editor::NpstowEditor>();
    is_movable::<limits::NpstowLimits>();
    is_movable::<options::NpstowSaveOptions>();
    is_movable::<records::NpstowRecords>();
};
