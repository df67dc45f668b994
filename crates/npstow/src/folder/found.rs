//! What is in a folder: nodes, their files and their names.
#![forbid(unsafe_code)]

use super::index::NPY;
use crate::notes::Sidecar;
use crate::{Array, NodeKind, Notes};
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

pub(super) use crate::notes::VALUES;

/// Something in the folder. There may be millions: what follows from other things is not stored.
#[derive(Debug)]
pub(super) struct Node {
    /// The name of its file or folder.
    file: String,
    /// The same where it is no text.
    pub(super) raw: Option<OsString>,
    /// Whether it is called by its file's name without the ending.
    by_stem: bool,
    /// The group that it is in.
    pub(super) parent: u32,
    pub(super) what: What,
    /// Which text files stand beside it.
    pub(super) sidecars: Vec<Sidecar>,
}

#[derive(Debug)]
pub(super) enum What {
    Group(Group),
    Array,
    Value,
    /// A table that was read from a property text.
    Property(Box<(Array, Notes)>),
    /// A folder of dask that is one array.
    #[cfg(feature = "pickle")]
    Stack(Box<super::stack::Stack>),
    /// Something that is listed but not read, and why.
    Refused(NodeKind, Refusal),
}

#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its folder, from the root.
    pub(super) folder: PathBuf,
    pub(super) children: Vec<u32>,
    /// The children by name.
    pub(super) sorted: Vec<u32>,
    /// Whether it has NPFold's index.
    pub(super) indexed: bool,
}

/// Why something is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The index names it, no file is there.
    Missing,
    /// A link that is broken or leads out.
    Link,
    /// Neither file nor folder, or one in the place of the other.
    Kind,
    /// `dask.array.to_npy_stack`, by a build without pickles.
    #[cfg(not(feature = "pickle"))]
    Dask,
}

impl Node {
    pub(super) fn new(parent: u32, file: String, what: What) -> Self {
        Self { file, raw: None, by_stem: false, parent, what, sidecars: Vec::new() }
    }

    /// How it is called in its group.
    pub(super) fn name(&self) -> &str {
        if self.by_stem { super::name_of_key(&self.file) } else { &self.file }
    }

    /// The name of its file without the ending.
    pub(super) fn stem(&self) -> &str {
        super::name_of_key(&self.file)
    }

    fn is_array(&self) -> bool {
        match self.what {
            What::Array | What::Property(_) => true,
            #[cfg(feature = "pickle")]
            What::Stack(_) => false,
            What::Refused(NodeKind::Array, why) => {
                why == Refusal::Missing || self.file.ends_with(NPY)
            }
            What::Refused(..) | What::Group(_) | What::Value => false,
        }
    }
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) nodes: Vec<Node>,
    /// What a user may want to know.
    pub(super) remarks: Vec<String>,
    /// Arrays and folders that an index does not list, by their paths, and that it is so.
    pub(super) left_out: Vec<(String, String)>,
    /// Files and folders in which there may be arrays that no reader finds: these, and those whose
    /// names are left out.
    pub(super) hidden: Vec<PathBuf>,
    /// Whether two roads led to one group: then a file may be listed twice.
    pub(super) merged: bool,
}

impl Found {
    /// The file or folder of a node, from the root.
    pub(super) fn path(&self, node: &Node) -> PathBuf {
        if let What::Group(group) = &node.what {
            return group.folder.clone();
        }
        let name = node.raw.as_deref().unwrap_or(OsStr::new(&node.file));
        match self.nodes.get(node.parent as usize).map(|parent| &parent.what) {
            Some(What::Group(group)) => group.folder.join(name),
            _ => PathBuf::from(name),
        }
    }

    /// Gives the children of a group their names: that of the file, of arrays without `.npy`
    /// unless a value or a group has that name.
    pub(super) fn name_children(&mut self, id: usize) {
        let nodes = &mut self.nodes;
        let Some(What::Group(group)) = nodes.get_mut(id).map(|node| &mut node.what) else { return };
        let mut children = std::mem::take(&mut group.children);
        let node = |id: u32| nodes.get(id as usize);
        // A key through a folder and that folder's own index may list the same file.
        if self.merged {
            let mut files = HashSet::new();
            children.retain(|&id| node(id).is_some_and(|node| files.insert(node.file.as_str())));
        }
        let others = children.iter().filter_map(|&id| node(id)).filter(|node| !node.is_array());
        let mut taken: HashSet<String> = others.map(|node| node.file.clone()).collect();
        // What has the ending twice goes last: without one of them it may be in another's way.
        for twice in [false, true] {
            for &child in &children {
                let fits =
                    |node: &&mut Node| node.is_array() && node.stem().ends_with(NPY) == twice;
                let Some(node) = nodes.get_mut(child as usize).filter(fits) else { continue };
                node.by_stem = !taken.contains(node.stem());
                if !node.by_stem {
                    taken.insert(node.file.clone());
                }
            }
        }
        let mut sorted = children.clone();
        let name = |id: u32| nodes.get(id as usize).map(Node::name);
        sorted.sort_by(|&a, &b| name(a).cmp(&name(b)));
        if let Some(What::Group(group)) = nodes.get_mut(id).map(|node| &mut node.what) {
            (group.children, group.sorted) = (children, sorted);
        }
    }
}
