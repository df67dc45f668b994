//! Names of one object: what was one in the file that it was read from is written once.
//!
//! Two arrays are one where they were one object of the same open file, and all that is written of
//! them is the same: type, shape, storage, attributes. Two groups are one where the same holds for
//! them, and their members have the same names and are one each. So whatever was changed in a tree
//! has a header of its own.
#![forbid(unsafe_code)]

use super::draft::Extras;
use super::plan::{Dataset, Stored};
use crate::entry::{Names, Place};
use crate::{Item, Tree};
use std::collections::HashMap;

/// How many names everything has that is written.
#[derive(Debug)]
pub(super) struct Links {
    arrays: Vec<u32>,
    groups: Vec<Header>,
}

/// The header of a group: how many names it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// It has so many.
    Own(u32),
    /// It is another name of the group of this number.
    Of(usize),
}

/// A member of a group: the number of an array, or of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Array(usize),
    /// A soft link to it.
    Soft(usize),
    Group(usize),
}

impl Links {
    /// How many names each array has, in the order of the tree.
    pub(super) fn arrays(&self) -> impl Iterator<Item = u32> {
        self.arrays.iter().copied()
    }

    /// What is known of each group, each behind those that are in it.
    pub(super) fn groups(&self) -> impl Iterator<Item = Header> {
        self.groups.iter().copied()
    }
}

/// Finds what has several names; arrays that are another one become links to it.
pub(super) fn find(tree: &Tree, extras: &Extras, datasets: &mut [Dataset<'_>]) -> Links {
    let soft = link(tree, extras, datasets);
    let member = |(at, dataset): (usize, &Dataset<'_>)| match dataset.stored {
        Stored::Linked(first) => Member::Array(first),
        _ => soft.get(&at).map_or(Member::Array(at), |&first| Member::Soft(first)),
    };
    let mut found = Finding {
        extras,
        arrays: datasets.iter().enumerate().map(member).collect(),
        links: Links { arrays: vec![0; datasets.len()], groups: Vec::new() },
        firsts: HashMap::new(),
    };
    found.walk(tree);
    found.links
}

/// Makes links of arrays that are other names of one; soft links, with what they lead to, where
/// that was not their own name.
fn link(tree: &Tree, extras: &Extras, datasets: &mut [Dataset<'_>]) -> HashMap<usize, usize> {
    let mut known: HashMap<Place, Vec<usize>> = HashMap::new();
    let (mut hard, mut soft) = (Vec::new(), HashMap::new());
    for is_lent in [false, true] {
        for (at, this) in datasets.iter().enumerate() {
            let place = this.place.filter(|(_, names)| is_lent == (*names == Names::Lent));
            let Some((place, names)) = place else { continue };
            let others = known.entry(place).or_default();
            let is_it = |other: &Dataset<'_>| {
                is_same(other, this) && has_same_attributes((tree, &other.path), (tree, &this.path))
            };
            let may = names != Names::One && !extras.has(&this.path);
            let same = |&other: &usize| may && datasets.get(other).is_some_and(is_it);
            match (others.iter().copied().find(same), names) {
                (Some(first), Names::Lent) => drop(soft.insert(at, first)),
                (Some(first), _) => hard.push((at, first)),
                (None, Names::Lent) => {}
                (None, _) => others.push(at),
            }
        }
    }
    let paths = soft.iter().filter_map(|(&at, &first)| {
        Some((at, Stored::Soft(format!("/{}", datasets.get(first)?.path))))
    });
    let hard = hard.into_iter().map(|(at, first)| (at, Stored::Linked(first)));
    for (at, stored) in paths.chain(hard).collect::<Vec<_>>() {
        if let Some(dataset) = datasets.get_mut(at) {
            dataset.stored = stored;
        }
    }
    soft
}

/// Whether all is the same that is written of two arrays that were one.
fn is_same(one: &Dataset<'_>, other: &Dataset<'_>) -> bool {
    let is_stored = match (&one.stored, &other.stored) {
        (Stored::Contiguous, Stored::Contiguous)
        | (Stored::Compact, Stored::Compact)
        | (Stored::Varied(_), Stored::Varied(_))
        | (Stored::Committed, Stored::Committed) => true,
        (Stored::Chunked(one), Stored::Chunked(other)) => one == other,
        _ => false,
    };
    is_stored
        && one.datatype == other.datatype
        && (one.is_null, &one.shape, &one.most) == (other.is_null, &other.shape, &other.most)
        && one.fill == other.fill
}

/// Whether what stands beside two items is the same: attributes of one object, or equal notes.
fn has_same_attributes((tree, path): (&Tree, &str), (other, other_path): (&Tree, &str)) -> bool {
    match (tree.attached(path), other.attached(other_path)) {
        (None, None) => tree.notes(path) == other.notes(other_path),
        (Some(one), Some(other)) => one.place.is_some() && one.place == other.place,
        _ => false,
    }
}

struct Finding<'a> {
    extras: &'a Extras,
    /// What each array is: the first name of it.
    arrays: Vec<Member>,
    links: Links,
    /// Groups that may have other names.
    firsts: HashMap<&'a Place, Vec<Group<'a>>>,
}

/// A group, and what is known of it.
struct Group<'a> {
    number: usize,
    tree: &'a Tree,
    members: Vec<Member>,
}

/// A group whose members are looked at.
struct Level<'a> {
    path: String,
    tree: &'a Tree,
    items: Box<dyn Iterator<Item = (&'a str, &'a Item)> + 'a>,
    members: Vec<Member>,
}

impl<'a> Level<'a> {
    fn new(path: String, tree: &'a Tree) -> Self {
        Self { path, tree, items: Box::new(tree.iter()), members: Vec::new() }
    }
}

impl<'a> Finding<'a> {
    fn walk(&mut self, tree: &'a Tree) {
        let mut next = 0;
        let mut levels = vec![Level::new(String::new(), tree)];
        while let Some(level) = levels.last_mut() {
            match level.items.next() {
                Some((name, Item::Group(group))) => {
                    let path = match level.path.is_empty() {
                        true => name.to_owned(),
                        false => format!("{}/{name}", level.path),
                    };
                    levels.push(Level::new(path, group));
                }
                Some(_) => {
                    level.members.extend(self.arrays.get(next).copied());
                    next += 1;
                }
                None => {
                    let group = levels.pop().map(|level| self.close(level));
                    match (levels.last_mut(), group) {
                        (Some(above), Some(group)) => above.members.push(group),
                        // The superblock leads to the root.
                        (None, Some(root)) => self.count(root),
                        _ => {}
                    }
                }
            }
        }
    }

    /// What a group is whose members are known.
    fn close(&mut self, level: Level<'a>) -> Member {
        let Level { path, tree, members, .. } = level;
        let number = self.links.groups.len();
        let Some(object) = tree.shared().filter(|_| !self.extras.has(&path)) else {
            self.own(&members);
            return Member::Group(number);
        };
        let others = self.firsts.get(object).map_or(&[][..], Vec::as_slice);
        let is_it = |other: &&Group<'_>| {
            other.members == members
                && other.tree.names() == tree.names()
                && has_same_attributes((other.tree, ""), (tree, ""))
        };
        if let Some(first) = others.iter().find(is_it).map(|other| other.number) {
            self.links.groups.push(Header::Of(first));
            return Member::Group(first);
        }
        self.own(&members);
        self.firsts.entry(object).or_default().push(Group { number, tree, members });
        Member::Group(number)
    }

    /// A group with a header of its own, whose members are names.
    fn own(&mut self, members: &[Member]) {
        members.iter().for_each(|member| self.count(*member));
        self.links.groups.push(Header::Own(0));
    }

    fn count(&mut self, member: Member) {
        let names = match member {
            Member::Array(number) => self.links.arrays.get_mut(number),
            Member::Soft(_) => None,
            Member::Group(number) => match self.links.groups.get_mut(number) {
                Some(Header::Own(names)) => Some(names),
                _ => None,
            },
        };
        names.into_iter().for_each(|names| *names += 1);
    }
}

#[cfg(test)]
mod tests;
