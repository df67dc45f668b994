//! A named place in an open file.
#![forbid(unsafe_code)]

use super::File;
use crate::container::{Attribute, Child, NodeKind, no_array};
use crate::trees::Glob;
use crate::{
    Array, Dtype, Entry, Error, Loaded, MemoryOrder, Notes, ReadOptions, Result, Selection, Tree,
    Wrap,
};

/// A group, an array or a value of a [`File`]; cheap to clone, nothing is read until it is asked for.
///
/// Every error says the file's path and the node's name.
#[derive(Clone, Debug)]
pub struct Node {
    file: File,
    id: u64,
    name: String,
}

impl Node {
    pub(super) fn root(file: File) -> Self {
        Self { file, id: 0, name: String::new() }
    }

    pub(super) fn at(file: File, id: u64, name: &str) -> Self {
        Self { file, id, name: name.to_owned() }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The one place where path and name are added to errors.
    fn place<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| self.placed(e))
    }

    pub(super) fn placed(&self, e: Error) -> Error {
        e.in_member(&self.name).in_path(self.file.path())
    }

    /// Slash path from the root; `""` for the root itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its name is no path, and so says nothing of groups: archives may have names like
    /// `../x` and `/x`. Such a node is below the root, is read by exactly that name, and is in no
    /// tree.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.file.0.container.is_odd(self.id)
    }

    /// The file it is in.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Group, array or value.
    #[must_use]
    pub fn kind(&self) -> NodeKind {
        self.file.0.container.kind(self.id)
    }

    fn child(&self, child: Child) -> Self {
        let name = match self.name.as_str() {
            "" => child.name,
            parent => format!("{parent}/{}", child.name),
        };
        Self { file: self.file.clone(), id: child.id, name }
    }

    /// The nodes directly below, in the file's order; none below arrays and values.
    ///
    /// # Errors
    /// Whatever reading the names needs.
    pub fn children(&self) -> Result<Vec<Self>> {
        let children = self.place(self.file.0.container.children(self.id))?;
        Ok(children.into_iter().map(|child| self.child(child)).collect())
    }

    /// The node of that name directly below.
    ///
    /// # Errors
    /// `NotFound`; whatever reading the names needs.
    pub fn get(&self, name: &str) -> Result<Self> {
        match self.place(self.file.0.container.child(self.id, name))? {
            Some(child) => Ok(self.child(child)),
            None => Err(Error::not_found(format_args!("the name '{name}'"))
                .in_member(&self.name)
                .in_path(self.file.path())),
        }
    }

    /// The node itself and all below it, groups before their members, in the file's order.
    pub(super) fn walk(&self) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.clone()];
        while let Some(node) = waiting.pop() {
            if node.kind() == NodeKind::Group {
                waiting.extend(node.children()?.into_iter().rev());
            }
            found.push(node);
        }
        Ok(found)
    }

    /// The nodes whose paths, counted from this node, match one of the patterns; groups before
    /// their members, in the file's order. Nothing but names is read for it.
    ///
    /// ```
    /// use npstow::{Array, Tree, trees::Glob};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("x.npy");
    /// npstow::save(&path, &Tree::from(Array::from_vec(vec![1u8])))?;
    /// let all = npstow::open(&path)?.root().find(&Glob::list("**")?)?;
    /// assert_eq!(all.len(), 1);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// Whatever reading the names needs.
    pub fn find(&self, globs: &[Glob]) -> Result<Vec<Self>> {
        let mut found = self.walk()?;
        let is_top = |node: &Self| node.id == self.id && node.kind() == NodeKind::Group;
        found.retain(|node| {
            let path = super::collect::relative(node.name(), self.name());
            !is_top(node) && globs.iter().any(|glob| glob.matches(path))
        });
        Ok(found)
    }

    /// The description of the array: its dtype, shape, and how it is stored. A value is described
    /// as the array of its bytes.
    ///
    /// # Errors
    /// `Mismatch` for a group; `Corrupt` where the description is damaged.
    pub fn entry(&self) -> Result<Entry> {
        match self.kind() {
            NodeKind::Array | NodeKind::Value => {
                let entry = self.place(self.file.0.container.entry(self.id))?;
                Ok(entry.found_at(self.file.path(), &self.name))
            }
            NodeKind::Group => self.place(Err(no_array(&self.name))),
        }
    }

    /// The Python object here, of a pickle: all of it, for a group too.
    ///
    /// # Errors
    /// `Mismatch` where the format holds no Python objects.
    #[cfg(feature = "pickle")]
    pub fn value(&self) -> Result<crate::Value> {
        let value = self.place(self.file.0.container.value(self.id))?;
        let none = || Error::mismatch("a Python object", self.file.format());
        self.place(value.ok_or_else(none))
    }

    /// What the elements are.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn dtype(&self) -> Result<Dtype> {
        Ok(self.entry()?.dtype().clone())
    }

    /// Lengths of the axes.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn shape(&self) -> Result<Vec<usize>> {
        Ok(self.entry()?.shape().to_vec())
    }

    /// In which order the elements lie in the file.
    ///
    /// # Errors
    /// As [`entry`](Self::entry).
    pub fn order(&self) -> Result<MemoryOrder> {
        Ok(self.entry()?.order())
    }

    /// Reads the array into new memory; see [`Entry::read`].
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::read`.
    pub fn read(&self) -> Result<Array> {
        self.place(self.entry()?.read())
    }

    /// Reads the array in the orders asked for; see [`Entry::read_with`].
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::read_with`.
    pub fn read_with(&self, options: &ReadOptions) -> Result<Array> {
        self.place(self.entry()?.read_with(options))
    }

    /// Reads the array's bytes into the caller's memory; see [`Entry::read_into`].
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::read_into`.
    pub fn read_into(&self, dst: &mut [u8]) -> Result<()> {
        self.place(self.entry()?.read_into(dst))
    }

    /// Reads a part of the array; see [`Entry::read_slice`].
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::read_slice`.
    pub fn read_slice(&self, selection: &Selection) -> Result<Array> {
        self.place(self.entry()?.read_slice(selection))
    }

    /// Shows the array without reading it; see [`Entry::view`] for the caveat.
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and `Entry::view`.
    pub fn view(&self) -> Result<Array> {
        self.place(self.entry()?.view())
    }

    /// SHA-256 of the array's content, which does not depend on format, byte order or memory
    /// order; see [`digest`](crate::digest()). Of a value, of its form in JSON,
    /// `{"$bytes":"<base64>"}`.
    ///
    /// # Errors
    /// As [`entry`](Self::entry) and [`Entry::read_slice`].
    #[cfg(feature = "digest")]
    pub fn digest(&self) -> Result<[u8; 32]> {
        let entry = self.entry()?;
        self.place(match self.kind() {
            NodeKind::Value => crate::digest::digest_value(&entry),
            _ => crate::digest(&entry),
        })
    }

    /// Metadata, names and labels that are written beside the node.
    ///
    /// # Errors
    /// Whatever reading them needs.
    pub fn notes(&self) -> Result<Notes> {
        self.place(self.file.0.container.notes(self.id))
    }

    /// Everything that is attached to the node, in the file's order.
    ///
    /// # Errors
    /// Whatever reading it needs.
    pub fn attributes(&self) -> Result<Vec<(String, Attribute)>> {
        let mut all = self.place(self.file.0.container.attributes(self.id))?;
        for (name, attribute) in &mut all {
            if let Attribute::Array(entry) = attribute {
                let member = format!("{}@{name}", self.name);
                *entry = entry.clone().found_at(self.file.path(), &member);
            }
        }
        Ok(all)
    }

    /// What of the file's [`left_out`](File::left_out) is the node, or below it.
    #[must_use]
    pub fn left_out(&self) -> Vec<(String, String)> {
        let above = self.name();
        let is_below = |path: &str| match path.strip_prefix(above) {
            Some(rest) => above.is_empty() || rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        let mut left_out = self.file.left_out();
        left_out.retain(|(path, _)| is_below(path));
        left_out
    }

    /// The node and all below it as a tree whose arrays are described but not read: what
    /// [`save`](crate::save()) takes to write another format, array by array.
    ///
    /// # Errors
    /// Whatever the descriptions need; `Invalid` where names do not fit into one tree, and
    /// `Unsupported` where one is no path (see [`is_odd`](Self::is_odd)).
    pub fn to_tree(&self) -> Result<Tree> {
        super::collect::describe(self, true)
    }

    /// As [`to_tree`](Self::to_tree), without metadata, names and labels: they are not even read.
    ///
    /// # Errors
    /// As `to_tree`.
    pub fn to_data_tree(&self) -> Result<Tree> {
        super::collect::describe(self, false)
    }

    /// Reads the node and all below it into memory: thousands of arrays with few, large reads,
    /// and on all cores. Small arrays share an allocation, which lives as long as any of them.
    ///
    /// # Errors
    /// As [`to_tree`](Self::to_tree) and [`read`](Self::read).
    pub fn load(&self) -> Result<Tree> {
        super::collect::load(self)
    }

    /// As [`load`](Self::load), into memory that nobody else has, so that it may be written to:
    /// the paths of all nodes, groups in front of what is in them, and the arrays and values among
    /// them in the same order. Python objects stand by themselves, with their places among those:
    /// see `Loaded::objects`. Everything is read through what `wrap` makes of each source.
    ///
    /// ```
    /// use npstow::{Array, NodeKind, Tree};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("run");
    /// npstow::save(&path, &Tree::new().with("a/b", Array::from_vec(vec![1u8, 2]))?)?;
    /// let (nodes, loaded) = npstow::open(&path)?.root().load_own(&|source| source)?;
    /// let names: Vec<&str> = nodes.iter().map(|(path, _)| path.as_str()).collect();
    /// assert_eq!((names, loaded.slots[0].shape[0]), (vec!["a", "a/b"], 2));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As `load`.
    pub fn load_own(&self, wrap: Wrap<'_>) -> Result<(Vec<(String, NodeKind)>, Loaded)> {
        super::collect::load_own(self, wrap)
    }
}
