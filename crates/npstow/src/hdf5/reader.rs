//! HDF5 as a tree: groups, datasets, committed datatypes, and what is attached to them.
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::check;
use super::dataset;
use super::family;
use super::file::File;
use super::object::header::{self, Header, kind};
use super::object::link::{Link, Target};
use super::object::{attribute, group};
use super::paths::follow;
use crate::container::{Attribute, Child, Container, Fault, NodeKind};
use crate::entry::{self, Names};
use crate::error::quoted;
use crate::{Entry, Error, Limits, Notes, Result, Source};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// An open HDF5 file.
#[derive(Debug)]
pub(crate) struct Hdf5 {
    file: Arc<File>,
    nodes: Mutex<Vec<Node>>,
    paths: Mutex<Paths>,
    /// Links that were not followed, and why; arrays of which parts are not there.
    left_out: Mutex<BTreeMap<String, String>>,
}

/// How many paths lead to how many objects: groups that are linked twice, each from the one
/// before, have more than anybody waits for.
#[derive(Debug, Default)]
struct Paths {
    objects: HashSet<(usize, u64)>,
    repeated: u64,
}

/// So many paths to objects that others lead to are always followed.
const REPEATED: u64 = 1 << 15;

/// And so many for each object.
const REPEATED_EACH: u64 = 16;

/// An object under one of its names.
#[derive(Debug)]
struct Node {
    place: Place,
    kind: NodeKind,
    parent: u64,
    depth: usize,
    names: Names,
    children: Option<Arc<Children>>,
}

/// What is in a group, in order; and in the order of the names, once somebody asks for one.
#[derive(Debug)]
struct Children {
    all: Vec<Child>,
    sorted: OnceLock<Vec<u32>>,
}

impl Children {
    fn new(all: Vec<Child>) -> Self {
        Self { all, sorted: OnceLock::new() }
    }

    /// The first one of that name.
    fn find(&self, name: &str) -> Option<&Child> {
        let sorted = self.sorted.get_or_init(|| {
            let mut sorted: Vec<u32> = (0..).take(self.all.len()).collect();
            sorted.sort_by_key(|&at| self.name(at));
            sorted
        });
        let first = sorted.partition_point(|&at| self.name(at) < name);
        self.all.get(*sorted.get(first)? as usize).filter(|child| child.name == name)
    }

    fn name(&self, at: u32) -> &str {
        self.all.get(at as usize).map_or("", |child| &child.name)
    }
}

/// Where an object is: external links lead to other files.
#[derive(Clone, Debug)]
struct Place {
    file: Arc<File>,
    address: u64,
}

impl Place {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.address == other.address
    }

    /// The same, for those who know no files of HDF5.
    fn outside(&self) -> entry::Place {
        entry::Place { file: self.file.number(), address: self.address }
    }

    fn header(&self) -> Result<Header> {
        header::read(&self.file, self.address)
    }

    /// What it is, and whether it has several names; what cannot be read is an array of which
    /// reading says why.
    fn kind(&self) -> (NodeKind, bool) {
        let Ok(header) = self.header() else { return (NodeKind::Array, false) };
        let kind = if header.find(kind::LAYOUT).is_some() {
            NodeKind::Array
        } else if group::is_group(&header) {
            NodeKind::Group
        } else if header.is_dataset() {
            NodeKind::Array
        } else {
            NodeKind::Value
        };
        (kind, header.names() > 1)
    }
}

impl Hdf5 {
    /// Opens a file in any source; where it is the file at `path`, those beside it may be read as
    /// well, if it names them.
    pub(crate) fn open(source: Arc<dyn Source>, path: &Path, limits: &Limits) -> Result<Self> {
        let beside = Arc::new(Beside::of(path, &*source));
        let limits = Arc::new(limits.clone());
        let source = family::members(&source, path, &limits, &beside)?.unwrap_or(source);
        let file = Arc::new(File::open(source, limits, beside)?);
        let place = Place { address: file.superblock().root, file: Arc::clone(&file) };
        if !group::is_group(&place.header()?) {
            let at = file.base().saturating_add(place.address);
            return Err(Error::corrupt("a root group", "another object").at(at));
        }
        let (kind, parent, names) = (NodeKind::Group, 0, Names::One);
        let root = Node { place, kind, parent, depth: 0, names, children: None };
        let (nodes, paths) = (Mutex::new(vec![root]), Mutex::default());
        Ok(Self { file, nodes, paths, left_out: Mutex::default() })
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        // Nodes are only added; those that are there are whole.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node<T>(&self, id: u64, of: impl FnOnce(&Node) -> T) -> Result<T> {
        let nodes = self.nodes();
        let node = usize::try_from(id).ok().and_then(|id| nodes.get(id));
        node.map(of).ok_or_else(|| Error::not_found(format_args!("the node {id}")))
    }

    fn place(&self, id: u64) -> Result<Place> {
        self.node(id, |node| node.place.clone())
    }

    /// Whether a node is an object, or below it.
    fn is_below(&self, id: u64, place: &Place) -> bool {
        let nodes = self.nodes();
        let mut at = usize::try_from(id).ok();
        while let Some(node) = at.and_then(|at| nodes.get(at)) {
            if node.place.is(place) {
                return true;
            }
            if node.depth == 0 {
                return false;
            }
            at = usize::try_from(node.parent).ok();
        }
        false
    }

    /// Where a link leads.
    fn target(&self, id: u64, target: &Target) -> Result<Place> {
        let Place { file, address } = self.place(id)?;
        match target {
            Target::Hard(address) => Ok(Place { file, address: *address }),
            Target::Soft(path) => Ok(Place { address: follow(&file, address, path)?, file }),
            Target::External { file: name, path } => {
                let Some(file) = file.beside().open(name, file.limits())? else {
                    return Err(Error::not_found(format_args!("the file '{}'", quoted(name))));
                };
                Ok(Place { address: follow(&file, file.superblock().root, path)?, file })
            }
            Target::UserDefined(kind) => {
                Err(Error::unsupported(format_args!("a link of type {kind} in HDF5")))
            }
        }
    }

    fn links(&self, id: u64) -> Result<Vec<Link>> {
        let place = self.place(id)?;
        group::links(&place.file, &place.header()?)
    }

    /// A new node below another one.
    fn add(&self, parent: u64, place: Place, is_lent: bool) -> Result<u64> {
        let (above, within) = self.node(parent, |node| (node.depth, node.names))?;
        let ((kind, is_shared), depth) = (place.kind(), above + 1);
        let names = match within {
            Names::Lent => Names::Lent,
            _ if is_lent => Names::Lent,
            Names::One if !is_shared => Names::One,
            _ => Names::Several,
        };
        let most = self.file.limits().max_depth();
        if depth > most {
            return Err(Error::limit("a depth of groups", most as u64, depth));
        }
        let mut nodes = self.nodes();
        let number = nodes.len() as u64;
        self.file.limits().check_members(number)?;
        nodes.push(Node { place, kind, parent, depth, names, children: None });
        Ok(number)
    }

    /// The path of a node, as far as its groups were listed.
    fn path(&self, id: u64) -> String {
        let nodes = self.nodes();
        let node = |id: u64| usize::try_from(id).ok().and_then(|id| nodes.get(id));
        let (mut steps, mut at) = (Vec::new(), id);
        while let Some(below) = node(at).filter(|node| node.depth > 0) {
            let siblings = node(below.parent).and_then(|above| above.children.as_ref());
            let child = siblings.and_then(|all| all.all.iter().find(|child| child.id == at));
            steps.push(child.map_or("…", |child| &*child.name));
            at = below.parent;
        }
        steps.reverse();
        steps.join("/")
    }

    /// Keeps in mind links that lead nowhere, or out of the file.
    fn keep_left_out(&self, id: u64, links: Vec<(String, String)>) {
        if links.is_empty() {
            return;
        }
        let path = self.path(id);
        // Every entry is whole whatever happened to another thread.
        let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, why) in links {
            let name = if path.is_empty() { name } else { format!("{path}/{name}") };
            left_out.insert(name, why);
        }
    }

    /// Keeps in mind which parts of an array are not there.
    fn keep_parts_left_out(&self, id: u64, entry: &Entry) {
        if let [first, others @ ..] = entry.left_out() {
            let more = match others.len() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
            left_out.insert(self.path(id), format!("{first}{more}"));
        }
    }

    /// Counts a path to an object; an error where they are out of proportion.
    fn count(&self, place: &Place) -> Result<()> {
        // Counts are whole whatever happened to another thread.
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        // Files stay open as long as this one, so that no two have the same place in memory.
        if paths.objects.insert((Arc::as_ptr(&place.file).addr(), place.address)) {
            return Ok(());
        }
        paths.repeated += 1;
        let all = (paths.objects.len() as u64).saturating_mul(REPEATED_EACH);
        let most = all.saturating_add(REPEATED);
        if paths.repeated > most && self.file.limits().max_members() != u64::MAX {
            let what = "paths to objects that other paths lead to";
            return Err(Error::limit(what, most, paths.repeated));
        }
        Ok(())
    }

    /// The links that lead somewhere, as nodes; keeps in mind why the others do not.
    fn resolve(&self, id: u64) -> Result<Vec<Child>> {
        let (mut children, mut lost) = (Vec::new(), Vec::new());
        for link in self.links(id)? {
            let place = match self.target(id, &link.target) {
                Ok(place) => place,
                Err(e) => {
                    lost.push((link.name, e.what().to_owned()));
                    continue;
                }
            };
            if self.is_below(id, &place) {
                lost.push((link.name, "a link to a group that it is in".to_owned()));
                continue;
            }
            self.count(&place)?;
            let is_lent = !matches!(link.target, Target::Hard(_));
            children.push(Child { name: link.name, id: self.add(id, place, is_lent)? });
        }
        self.keep_left_out(id, lost);
        Ok(children)
    }

    /// What is in a group, listed when it is first asked for; `None` where it is none.
    fn listed(&self, id: u64) -> Result<Option<Arc<Children>>> {
        if let Some(known) = self.node(id, |node| node.children.clone())? {
            return Ok(Some(known));
        }
        if self.kind(id) != NodeKind::Group {
            return Ok(None);
        }
        let children = Arc::new(Children::new(self.resolve(id)?));
        let mut nodes = self.nodes();
        let node = usize::try_from(id).ok().and_then(|id| nodes.get_mut(id));
        // Another thread may have been as far: its nodes are as good.
        Ok(Some(match node {
            Some(node) => Arc::clone(node.children.get_or_insert(children)),
            None => children,
        }))
    }

    /// What is wrong with a node, its links and its attributes.
    fn check_node(&self, id: u64, path: &str, faults: &mut Vec<Fault>) {
        match self.attributes(id) {
            Ok(all) => all.into_iter().for_each(|(name, attribute)| {
                if let Attribute::Array(entry) = attribute {
                    if let Err(e) = super::notes::readable(&entry) {
                        faults.push(Fault::Error(e.in_member(&format!("{path}@{name}"))));
                    }
                }
            }),
            Err(e) => faults.push(Fault::Error(e.in_member(path))),
        }
        // Links that lead nowhere are kept in mind.
        if let Err(e) = self.children(id) {
            faults.push(Fault::Error(e.in_member(path)));
        }
    }
}

impl Container for Hdf5 {
    fn kind(&self, id: u64) -> NodeKind {
        self.node(id, |node| node.kind).unwrap_or(NodeKind::Value)
    }

    fn children(&self, id: u64) -> Result<Vec<Child>> {
        Ok(self.listed(id)?.map_or_else(Vec::new, |children| children.all.clone()))
    }

    fn child(&self, id: u64, name: &str) -> Result<Option<Child>> {
        if let Some(child) = self.listed(id)?.and_then(|children| children.find(name).cloned()) {
            return Ok(Some(child));
        }
        if self.kind(id) != NodeKind::Group {
            return Ok(None);
        }
        // A link that leads nowhere is there all the same, and says why.
        match self.links(id)?.into_iter().find(|link| link.name == name) {
            // Or it leads to a group that it is in, which no list follows.
            Some(link) => {
                let place = self.target(id, &link.target)?;
                let is_lent = !matches!(link.target, Target::Hard(_));
                self.add(id, place, is_lent).map(|id| Some(Child { name: link.name, id }))
            }
            None => Ok(None),
        }
    }

    fn entry(&self, id: u64) -> Result<Entry> {
        let place = self.place(id)?;
        let (file, header) = (&place.file, place.header()?);
        let entry = match self.kind(id) {
            NodeKind::Value => dataset::committed(file, &header)?,
            _ => dataset::entry(file, &header)?,
        };
        self.keep_parts_left_out(id, &entry);
        Ok(entry.with_place((place.outside(), self.node(id, |node| node.names)?)))
    }

    fn place_of(&self, id: u64) -> Option<(entry::Place, Names)> {
        self.node(id, |node| (node.place.outside(), node.names)).ok()
    }

    fn attributes(&self, id: u64) -> Result<Vec<(String, Attribute)>> {
        let place = self.place(id)?;
        let all = attribute::all(&place.file, &place.header()?)?;
        let named = |one: attribute::Attribute| {
            let name = one.name.clone();
            let entry = dataset::attribute(&place.file, one);
            let entry = entry.map_err(|e| e.in_member(&format!("@{name}")))?;
            Ok((name, Attribute::Array(entry)))
        };
        all.into_iter().map(|one| one.and_then(named)).collect()
    }

    fn notes(&self, id: u64) -> Result<Notes> {
        super::notes::notes(self.attributes(id)?)
    }

    fn warning(&self) -> Option<String> {
        self.file.superblock().is_open().then(|| check::LEFT_OPEN.to_owned())
    }

    fn left_out(&self) -> Vec<(String, String)> {
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        left_out.clone().into_iter().collect()
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        check::superblock(&self.file, faults);
        let mut waiting = vec![(0, String::new())];
        while let Some((id, path)) = waiting.pop() {
            self.check_node(id, &path, faults);
            for child in self.children(id).unwrap_or_default() {
                let below = match path.is_empty() {
                    true => child.name,
                    false => format!("{path}/{}", child.name),
                };
                waiting.push((child.id, below));
            }
        }
        check::end(&self.file, faults);
    }
}
