//! Objects: headers, and the messages in them, each with its parser.
#![forbid(unsafe_code)]

pub(super) mod attribute;
pub(super) mod datatype;
pub(super) mod extension;
pub(super) mod group;
pub(super) mod header;
pub(super) mod layout;
pub(super) mod link;
pub(super) mod selection;
pub(super) mod shared;
pub(super) mod space;
pub(super) mod storage;
