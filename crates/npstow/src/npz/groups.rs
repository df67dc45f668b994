//! The members of an archive as a tree: slashes make groups, where the name is a path.
#![forbid(unsafe_code)]

use super::directory::{Directory, Found};
use super::names;
use super::notes::Beside;
use crate::container::Child;
use std::collections::HashMap;

/// All groups of an archive, made when it is listed for the first time; the first is the root.
#[derive(Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// A group by the one it is in and its name.
    by_name: HashMap<(usize, String), usize>,
    /// The number of members: groups are numbered behind them.
    members: usize,
}

#[derive(Debug, Default)]
struct Group {
    parent: usize,
    name: String,
    children: Vec<Child>,
}

/// What the node of a member or a group is called: 0 is the root, then the members, then groups.
pub(super) enum Place {
    Group(usize),
    Member(usize),
}

impl Place {
    pub(super) fn of(id: u64, members: usize) -> Self {
        let id = usize::try_from(id).unwrap_or(usize::MAX);
        match id.checked_sub(1) {
            None => Self::Group(0),
            Some(index) if index < members => Self::Member(index),
            Some(index) => Self::Group(index - members + 1),
        }
    }

    pub(super) fn id(&self, members: usize) -> u64 {
        match self {
            Self::Group(0) => 0,
            Self::Group(group) => (members + group) as u64,
            Self::Member(index) => *index as u64 + 1,
        }
    }
}

impl Groups {
    pub(super) fn new(directory: &Directory, beside: &Beside) -> Self {
        let members = directory.members();
        let (groups, by_name) = (vec![Group::default()], HashMap::new());
        let mut new = Self { groups, by_name, members: members.len() };
        let plain = members.iter().any(|m| !names::is_array(directory.name_bytes(m)));
        // Members of one group mostly follow one another.
        let mut last = (String::new(), 0);
        for (index, member) in members.iter().enumerate() {
            let name = directory.name(member);
            if member.is_odd {
                new.odd(index, directory, plain);
                continue;
            }
            let (folder, leaf) = name.rsplit_once('/').unwrap_or(("", name));
            if last.0 != folder {
                last = (folder.to_owned(), new.group(folder));
            }
            if leaf.is_empty() || beside.has(index) {
                continue;
            }
            let shown = shown(directory, name, plain).rsplit('/').next().unwrap_or(leaf);
            let child = Child { name: shown.to_owned(), id: Place::Member(index).id(new.members) };
            if let Some(group) = new.groups.get_mut(last.1) {
                group.children.push(child);
            }
        }
        new.part(directory);
        new
    }

    /// A name that is no path stands below the root as it is; a folder of that kind is nothing.
    fn odd(&mut self, index: usize, directory: &Directory, plain: bool) {
        let Some(member) = directory.members().get(index) else { return };
        let name = directory.name(member);
        if name.ends_with('/') {
            return;
        }
        let name = shown(directory, name, plain).to_owned();
        let child = Child { name, id: Place::Member(index).id(self.members) };
        if let Some(root) = self.groups.first_mut() {
            root.children.push(child);
        }
    }

    /// An array beside a group of its name is called as its member is, with `.npy`.
    fn part(&mut self, directory: &Directory) {
        let Self { groups, by_name, members } = self;
        if by_name.is_empty() {
            return;
        }
        for (at, group) in groups.iter_mut().enumerate() {
            for child in &mut group.children {
                let Place::Member(index) = Place::of(child.id, *members) else { continue };
                if by_name.contains_key(&(at, child.name.clone())) {
                    let stored = directory.members().get(index).map_or("", |m| directory.name(m));
                    stored.rsplit('/').next().unwrap_or_default().clone_into(&mut child.name);
                }
            }
        }
    }

    /// The group under a path, made where it is not there.
    fn group(&mut self, path: &str) -> usize {
        let mut at = 0;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let key = (at, step.to_owned());
            at = match self.by_name.get(&key) {
                Some(&group) => group,
                None => {
                    let new = self.groups.len();
                    let (parent, name) = (at, step.to_owned());
                    self.groups.push(Group { parent, name, children: Vec::new() });
                    let id = Place::Group(new).id(self.members);
                    if let Some(parent) = self.groups.get_mut(at) {
                        parent.children.push(Child { name: step.to_owned(), id });
                    }
                    self.by_name.insert(key, new);
                    new
                }
            };
        }
        at
    }

    /// Brings what is in a group into the order of an index; what is not in it comes last.
    pub(super) fn order<'a>(&mut self, path: &str, keys: impl Iterator<Item = &'a str>) {
        let places: HashMap<&str, usize> = keys.enumerate().map(|(at, key)| (key, at)).collect();
        let group = if path.is_empty() { Some(0) } else { self.find(path) };
        let Some(group) = group.and_then(|group| self.groups.get_mut(group)) else { return };
        group.children.sort_by_cached_key(|child| {
            let place = |key: &str| places.get(key).copied();
            place(&format!("{}.npy", child.name))
                .or_else(|| place(&child.name))
                .unwrap_or(usize::MAX)
        });
    }

    /// The group under a path, where it is there.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        path.split('/').try_fold(0, |at, step| self.by_name.get(&(at, step.to_owned())).copied())
    }

    pub(super) fn children(&self, group: usize) -> &[Child] {
        self.groups.get(group).map_or(&[], |group| &group.children)
    }

    /// The path of a group from the root.
    pub(super) fn path(&self, mut group: usize) -> String {
        let mut steps = Vec::new();
        while let Some(one) = self.groups.get(group).filter(|_| group != 0) {
            steps.push(one.name.as_str());
            group = one.parent;
        }
        steps.reverse();
        steps.join("/")
    }
}

/// What a member is called in listings: without `.npy`, unless another member has that very name.
/// `plain` says that there are members without `.npy`.
pub(super) fn shown<'a>(directory: &Directory, name: &'a str, plain: bool) -> &'a str {
    match names::array_name(name) {
        Some(short) if !plain && !short.ends_with(".npy") => short,
        Some(short) if directory.find(short) == Found::Nothing => short,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::forge::{Forged, archive};
    use crate::{
        Array, ErrorKind, Fault, File, Limits, MemorySource, Node, NodeKind, OpenOptions, npz,
    };
    use std::sync::Arc;

    fn numbers(from: i64) -> Array {
        Array::from_vec((from..from + 10).collect())
    }

    fn opened(bytes: &[u8]) -> File {
        let source = Arc::new(MemorySource::new(bytes.to_vec()));
        OpenOptions::default().open_source(source, "a.npz").unwrap()
    }

    #[test]
    fn names_that_are_no_paths_are_read_by_themselves() {
        let odd = ["/entry/data", "\\alpha", "./a", "a//b", "a/../b", "../x", "C:\\x", ".", "/a/b"];
        let mut members = vec![Forged::array("a/b", &numbers(0)), Forged::new("../", b"")];
        members.extend((1..).zip(odd).map(|(n, name)| Forged::array(name, &numbers(n))));
        members.push(Forged::new("../x_meta.txt", b"k:1\n"));
        let bytes = archive(&members);
        let file = opened(&bytes);
        let names: Vec<String> =
            file.leaves().unwrap().iter().map(|node| node.name().to_owned()).collect();
        assert_eq!(names[0], "a/b");
        assert_eq!(names[1..10], odd);
        assert_eq!(names[10..], ["../x_meta.txt"]);
        let tops: Vec<_> = file.root().children().unwrap().into_iter().map(|n| n.kind()).collect();
        assert_eq!(tops.iter().filter(|&&kind| kind == NodeKind::Group).count(), 1);
        let first = |node: &Node| node.read().unwrap().as_slice::<i64>().unwrap()[0];
        let reader =
            npz::open_source(Arc::new(MemorySource::new(bytes)), &Limits::default()).unwrap();
        for (n, name) in (1..).zip(odd) {
            for node in [file.get(name).unwrap(), file.root().get(name).unwrap()] {
                assert!(node.is_odd(), "{name}");
                assert_eq!((first(&node), node.name()), (n, name));
                assert!(node.notes().unwrap().is_empty());
                // By itself it is an array without a name.
                assert_eq!(node.load().unwrap().names(), [""]);
            }
            assert_eq!(reader.read(name).unwrap().as_slice::<i64>().unwrap()[0], n);
        }
        // Else a leading slash counts for nothing.
        assert_eq!(first(&file.get("a/b").unwrap()), 0);
        assert_eq!(first(&file.get("//a/b/").unwrap()), 0);
        let group = file.get("a").unwrap();
        assert_eq!(group.load().unwrap().names(), ["b"]);
        for (from, name) in [("a", "/b"), ("a", "../b"), ("a", "../a/b"), ("", "../"), ("", "x")] {
            let e = file.get(from).unwrap().get(name).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::NotFound, "{name}");
        }
        for e in [file.load().unwrap_err(), file.root().to_tree().unwrap_err()] {
            assert_eq!((e.kind(), e.member()), (ErrorKind::Unsupported, Some(odd[0])), "{e}");
        }
        let notes = file.verify().unwrap();
        assert_eq!(notes.len(), odd.len() + 2);
        assert!(notes.iter().all(|fault| matches!(fault, Fault::Note(_))));
    }

    #[test]
    fn members_of_odd_names_are_removed_alone_and_never_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.npz");
        let members = ["a/b", "a//b", "a/../c", "/", "...npy", "/x"];
        let members: Vec<_> = members.iter().map(|name| Forged::array(name, &numbers(3))).collect();
        std::fs::write(&path, archive(&members)).unwrap();
        let names = || npz::open(&path).unwrap().names().map(str::to_owned).collect::<Vec<_>>();
        let mut editor = npz::Editor::open(&path).unwrap();
        editor.remove("a").unwrap();
        editor.rename("/x", "x").unwrap();
        for name in ["../y", "y//z", "..", "."] {
            assert_eq!(
                editor.add(name, &numbers(0)).unwrap_err().kind(),
                ErrorKind::Invalid,
                "{name}"
            );
        }
        assert_eq!(editor.rename("a//b", "./b").unwrap_err().kind(), ErrorKind::Invalid);
        editor.commit().unwrap();
        assert_eq!(names(), ["a//b", "a/../c", "/.npy", "...npy", "x"]);
        let e = npz::read(&path).unwrap_err();
        assert_eq!((e.kind(), e.member()), (ErrorKind::Unsupported, Some("a//b")));
    }
}
