//! The members of an archive as a tree: slashes make groups.
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
        let plain = members.iter().any(|m| names::array_name(directory.name(m)).is_none());
        // Members of one group mostly follow one another.
        let mut last = (String::new(), 0);
        for (index, member) in members.iter().enumerate() {
            let name = directory.name(member);
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
