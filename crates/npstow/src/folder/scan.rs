//! One pass over a folder: which arrays, values and groups are in it.
//!
//! Each folder is listed once and no array is opened. With an index the index says what is there
//! and in which order; without one every `.npy` file is an array, as for `NPFold::load_dir`.
#![forbid(unsafe_code)]

use super::found::{Found, Group, Node, Refusal, VALUES, What};
use super::index::{self, INDEX, Key, NPY, utf8};
use super::listing::{Listing, text_of};
use super::property;
use super::root::{Kind, Root};
use crate::error::quoted;
use crate::notes::{GROUP, Sidecar};
use crate::{Error, Limits, NodeKind, Result};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Walks all of a folder.
pub(super) fn scan(root: &Root, limits: &Limits) -> Result<Found> {
    let mut scan = Scan {
        root,
        limits,
        found: Found {
            nodes: vec![Node::new(0, String::new(), What::Group(Group::default()))],
            remarks: Vec::new(),
            left_out: Vec::new(),
            hidden: Vec::new(),
            merged: false,
        },
        groups: HashMap::new(),
        waiting: vec![Folder { id: 0, linked: false }],
    };
    while let Some(folder) = scan.waiting.pop() {
        scan.folder(folder)?;
    }
    for id in 0..scan.found.nodes.len() {
        scan.found.name_children(id);
    }
    Ok(scan.found)
}

/// A folder that is still to be listed.
#[derive(Clone, Copy)]
struct Folder {
    id: u32,
    /// Whether a link led to it: then no further link is followed, so there is an end.
    linked: bool,
}

struct Scan<'a> {
    root: &'a Root,
    limits: &'a Limits,
    found: Found,
    /// Groups by the group that they are in and the name of their folder.
    groups: HashMap<(u32, String), u32>,
    waiting: Vec<Folder>,
}

impl Scan<'_> {
    fn path(&self, id: u32) -> PathBuf {
        self.found.nodes.get(id as usize).map(|node| self.found.path(node)).unwrap_or_default()
    }

    fn group_mut(&mut self, id: u32) -> Option<&mut Group> {
        match &mut self.found.nodes.get_mut(id as usize)?.what {
            What::Group(group) => Some(group),
            _ => None,
        }
    }

    fn remark(&mut self, path: &Path, what: &str) {
        self.found.remarks.push(format!("'{}' {what}", quoted(&path.to_string_lossy())));
    }

    fn add(&mut self, node: Node) -> Result<u32> {
        let parent = node.parent;
        let count = self.found.nodes.len();
        self.limits.check_members(count as u64)?;
        let id = u32::try_from(count).map_err(|_| Error::unsupported("more than 2^32 names"))?;
        self.found.nodes.push(node);
        if let Some(group) = self.group_mut(parent) {
            group.children.push(id);
        }
        Ok(id)
    }

    /// The group of a folder; one that several keys lead through is one group.
    fn group(&mut self, parent: u32, name: &str) -> Result<u32> {
        if let Some(&id) = self.groups.get(&(parent, name.to_owned())) {
            self.found.merged = true;
            return Ok(id);
        }
        let group = Group { folder: self.path(parent).join(name), ..Group::default() };
        let id = self.add(Node::new(parent, name.to_owned(), What::Group(group)))?;
        self.groups.insert((parent, name.to_owned()), id);
        Ok(id)
    }

    fn folder(&mut self, folder: Folder) -> Result<()> {
        let path = self.path(folder.id);
        let listing = Listing::read(self.root, &path)?;
        let own = Sidecar::ALL
            .into_iter()
            .filter(|kind| listing.take_file(&format!("{GROUP}{}", kind.ending())));
        let own = own.collect();
        if let Some(node) = self.found.nodes.get_mut(folder.id as usize) {
            node.sidecars = own;
        }
        if listing.take_file(INDEX) {
            return self.indexed(folder, &path, &listing);
        }
        if self.is_dask(&path, &listing)? {
            if let Some(what) = self.stack(&path)? {
                if let Some(node) = self.found.nodes.get_mut(folder.id as usize) {
                    node.what = what;
                }
                return Ok(());
            }
        }
        self.plain(folder, &path, &listing)
    }

    /// A file of text that belongs to the format.
    fn text(&self, path: &Path) -> Result<Vec<u8>> {
        let most = self.limits.max_array_nbytes();
        let text = self.root.text(path, most)?;
        text.ok_or_else(|| Error::limit("a text file (bytes)", most, "more"))
    }

    fn indexed(&mut self, folder: Folder, path: &Path, listing: &Listing) -> Result<()> {
        if let Some(group) = self.group_mut(folder.id) {
            group.indexed = true;
        }
        let file = path.join(INDEX);
        let placed = |e: Error| e.in_member(&file.to_string_lossy());
        let keys = index::parse(&self.text(&file)?).map_err(placed)?;
        // Folders that keys lead through, listed once each.
        let mut through: HashMap<String, (u32, Listing)> = HashMap::new();
        for key in &keys {
            match key {
                Key::Group(name) => self.subfold(folder, listing, name)?,
                Key::Array(stem) => match stem.rsplit_once('/') {
                    None => self.array(folder.id, path, listing, stem)?,
                    Some((way, base)) => {
                        if !through.contains_key(way) {
                            let inner = self.through(folder, path, listing, way)?;
                            through.insert(way.to_owned(), inner);
                        }
                        let Some((id, inner)) = through.get(way) else { continue };
                        self.array(*id, &path.join(way), inner, base)?;
                    }
                },
            }
        }
        self.rest(folder.id, path, listing)?;
        let ways: Vec<String> = through.keys().cloned().collect();
        let groups = keys.iter().filter_map(|key| match key {
            Key::Group(name) => Some(name),
            Key::Array(_) => None,
        });
        for way in ways.iter().chain(groups) {
            for (at, _) in way.match_indices('/') {
                let (up, rest) = way.split_at_checked(at).unwrap_or((way, ""));
                let step = rest.split('/').nth(1).unwrap_or_default();
                through.get(up).map(|(_, inner)| inner.take(step));
            }
        }
        for (way, (id, inner)) in &through {
            // A folder that is a group of its own as well is listed for that.
            if inner.kind(INDEX).is_none() {
                self.rest(*id, &path.join(way), inner)?;
            }
        }
        Ok(())
    }

    /// The groups on the way to an array in folders below that have no index, and what is there.
    fn through(
        &mut self,
        folder: Folder,
        path: &Path,
        listing: &Listing,
        way: &str,
    ) -> Result<(u32, Listing)> {
        let mut id = folder.id;
        let steps = way.split('/');
        for step in steps.clone() {
            id = self.group(id, step)?;
        }
        listing.take(steps.clone().next().unwrap_or_default());
        let inner = path.join(way);
        // What is missing is told of the array.
        let there = self.root.follow(&inner).is_ok_and(|kind| kind == Kind::Folder);
        let inner = if there { Listing::read(self.root, &inner)? } else { Listing::default() };
        Ok((id, inner))
    }

    /// A group that the index lists. Without a folder it is empty.
    fn subfold(&mut self, folder: Folder, listing: &Listing, name: &str) -> Result<()> {
        let mut id = folder.id;
        for step in name.split('/') {
            id = self.group(id, step)?;
        }
        let first = name.split('/').next().unwrap_or_default();
        let kind = match listing.take(first) {
            Some(_) if first != name => match self.root.follow(&self.path(id)) {
                Ok(kind) => Some(kind),
                Err(e) if e.io_error().is_some() => None,
                Err(_) => Some(Kind::Link),
            },
            kind => kind,
        };
        self.enter(folder, id, kind);
        Ok(())
    }

    /// Goes into a folder, or notes why not.
    fn enter(&mut self, folder: Folder, id: u32, kind: Option<Kind>) {
        let refusal = match kind {
            None => return,
            Some(Kind::Folder) => {
                self.waiting.push(Folder { id, linked: folder.linked });
                return;
            }
            Some(Kind::Link) if folder.linked => Refusal::Link,
            Some(Kind::Link) => match self.root.follow(&self.path(id)) {
                Ok(Kind::Folder) => {
                    self.waiting.push(Folder { id, linked: true });
                    return;
                }
                Ok(_) => Refusal::Kind,
                Err(_) => Refusal::Link,
            },
            Some(_) => Refusal::Kind,
        };
        if let Some(node) = self.found.nodes.get_mut(id as usize) {
            node.what = What::Refused(NodeKind::Array, refusal);
        }
    }

    /// An array that is listed, by index or by its name.
    fn array(&mut self, parent: u32, folder: &Path, listing: &Listing, stem: &str) -> Result<()> {
        let file = [stem, NPY].concat();
        let what = match listing.take(&file) {
            Some(Kind::File) => What::Array,
            None => What::Refused(NodeKind::Array, Refusal::Missing),
            Some(Kind::Link) => match self.root.follow(&folder.join(&file)) {
                Ok(Kind::File) => What::Array,
                Ok(_) => What::Refused(NodeKind::Array, Refusal::Kind),
                Err(_) => What::Refused(NodeKind::Array, Refusal::Link),
            },
            Some(Kind::Folder | Kind::Other) => What::Refused(NodeKind::Array, Refusal::Kind),
        };
        let mut node = Node::new(parent, file, what);
        node.sidecars = listing.beside(stem);
        self.add(node).map(drop)
    }

    /// A file that is no array.
    fn value(&mut self, parent: u32, folder: &Path, name: &OsStr, kind: Kind) -> Result<()> {
        let path = folder.join(name);
        let what = match kind {
            Kind::File => What::Value,
            Kind::Link if self.root.follow(&path).is_ok_and(|kind| kind == Kind::File) => {
                What::Value
            }
            Kind::Link => What::Refused(NodeKind::Value, Refusal::Link),
            Kind::Folder | Kind::Other => What::Refused(NodeKind::Value, Refusal::Kind),
        };
        let mut node = Node::new(parent, text_of(name).into_owned(), what);
        node.raw = name.to_str().is_none().then(|| name.to_owned());
        self.add(node).map(drop)
    }

    /// What an indexed folder holds beside what the index lists.
    fn rest(&mut self, id: u32, path: &Path, listing: &Listing) -> Result<()> {
        if listing.take_file(VALUES) {
            let file = path.join(VALUES);
            let text = self.text(&file)?;
            let text = utf8(&text).map_err(|e| e.in_member(&file.to_string_lossy()))?;
            for name in crate::notes::lines(text) {
                if super::names::inside(name).is_err() || name.contains('/') {
                    self.remark(&file, &format!("names '{}', which is no file", quoted(name)));
                } else if let Some(kind) = listing.take(name) {
                    self.value(id, path, OsStr::new(name), kind)?;
                }
            }
        }
        for (name, kind) in listing.rest() {
            let (file, text) = (path.join(name), text_of(name));
            let stale = Sidecar::split(&text)
                .is_some_and(|(stem, _)| listing.kind(&format!("{stem}{NPY}")).is_some());
            if stale {
                self.remark(&file, "is not in the index: left over, or put there by hand");
            } else if text.ends_with(NPY) || (kind == Kind::Folder && !text.starts_with('.')) {
                let why = "not in the index: left over, or put there by hand";
                self.found.left_out.push((file.to_string_lossy().into_owned(), why.to_owned()));
                self.found.hidden.push(file);
            } else if text.starts_with('.') {
                // Files of the system and of editors.
            } else {
                self.value(id, path, name, kind)?;
            }
        }
        Ok(())
    }

    /// A folder without an index: arrays first, then other files, then groups.
    fn plain(&mut self, folder: Folder, path: &Path, listing: &Listing) -> Result<()> {
        for (name, kind) in listing.rest() {
            let text = text_of(name);
            if kind == Kind::Folder || text.starts_with('.') {
                continue;
            }
            match text.strip_suffix(NPY) {
                Some(stem) if !stem.is_empty() && name == OsStr::new(text.as_ref()) => {
                    self.array(folder.id, path, listing, stem)?;
                }
                _ => self.property(folder.id, path, listing, name)?,
            }
        }
        for (name, kind) in listing.rest() {
            let text = text_of(name);
            let leads_in = kind == Kind::Link
                && self.root.follow(&path.join(name)).is_ok_and(|kind| kind == Kind::Folder);
            if kind != Kind::Folder && !leads_in && !text.starts_with('.') {
                listing.take(&text);
                self.value(folder.id, path, name, kind)?;
            }
        }
        for (name, kind) in listing.rest() {
            let text = text_of(name);
            if !matches!(kind, Kind::Folder | Kind::Link) || text.starts_with('.') {
                if text.ends_with(NPY) {
                    self.remark(
                        &path.join(name),
                        match text.starts_with('.') {
                            true => "is left out: its name begins with a dot",
                            false => "is not taken for an array: its name is not UTF-8",
                        },
                    );
                    self.found.hidden.push(path.join(name));
                }
            } else if text.starts_with('_') {
                self.remark(
                    &path.join(name),
                    "is left out: its name begins with '_', as for NPFold",
                );
                self.found.hidden.push(path.join(name));
            } else {
                let id = self.group(folder.id, &text)?;
                if let Some(group) = self.group_mut(id) {
                    group.folder = path.join(name);
                }
                self.enter(folder, id, Some(kind));
            }
        }
        Ok(())
    }

    /// Takes a property text, unless an array of that name is there.
    fn property(
        &mut self,
        parent: u32,
        folder: &Path,
        listing: &Listing,
        name: &OsStr,
    ) -> Result<()> {
        let Some(name) = name.to_str() else { return Ok(()) };
        let Some(stem) = name.strip_suffix(".txt") else { return Ok(()) };
        if listing.kind(name) != Some(Kind::File)
            || stem.is_empty()
            || name.ends_with(Sidecar::Meta.ending())
            || listing.kind(&format!("{stem}{NPY}")).is_some()
        {
            return Ok(());
        }
        // The names and labels of an array that comes later in the order of names.
        if let Some((stem, _)) = Sidecar::split(name) {
            if listing.kind(&format!("{stem}{NPY}")).is_some() {
                return Ok(());
            }
        }
        let path = folder.join(name);
        let Some(bytes) = self.root.text(&path, property::MOST)? else { return Ok(()) };
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(()) };
        if let Some(table) = property::parse(text)? {
            listing.take(name);
            self.add(Node::new(parent, name.to_owned(), What::Property(Box::new(table))))?;
        }
        Ok(())
    }

    /// What a folder of dask is; `None` where its files follow one another along another axis than
    /// the first: then they are arrays of their own.
    #[cfg(feature = "pickle")]
    fn stack(&mut self, path: &Path) -> Result<Option<What>> {
        let info = path.join(super::stack::INFO);
        let stack = super::stack::Stack::parse(path.to_owned(), self.text(&info)?);
        let stack = stack.map_err(|e| e.in_member(&info.to_string_lossy()))?;
        let Some(stack) = stack else { return Ok(None) };
        if stack.axis != 0 {
            let what =
                format!("joins the files beside it along axis {}, which is not done", stack.axis);
            self.remark(&info, &what);
            return Ok(None);
        }
        Ok(Some(What::Stack(Box::new(stack))))
    }

    #[cfg(not(feature = "pickle"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    fn stack(&mut self, _: &Path) -> Result<Option<What>> {
        Ok(Some(What::Refused(NodeKind::Array, Refusal::Dask)))
    }

    /// `dask.array.to_npy_stack`: a pickle named `info` beside `0.npy`, `1.npy` …
    fn is_dask(&self, path: &Path, listing: &Listing) -> Result<bool> {
        let stack = listing.kind("info") == Some(Kind::File) && listing.kind("0.npy").is_some();
        let others = listing.all(|name| {
            name.is_some_and(|name| {
                let number = name.strip_suffix(NPY).map(|stem| stem.parse::<u64>().is_ok());
                name == "info" || number.unwrap_or(name.starts_with('.'))
            })
        });
        if !stack || !others {
            return Ok(false);
        }
        // pickletools PROTO: the pickles of protocols 2 to 5 begin with it.
        let start = self.root.start(&path.join("info"))?;
        Ok(matches!(start, [0x80, 2..=5]))
    }
}
