//! Notes beside arrays and groups: the text files of NPFold, as members of an archive.
#![forbid(unsafe_code)]

use super::directory::{Directory, Found};
use super::names;
use super::writer::aside;
use crate::notes::{GROUP, INDEX, Sidecar, VALUES};
use crate::{Entry, Error, Notes, Result, Tree};
use std::collections::{HashMap, HashSet};

/// The members that hold notes, by what they stand beside: the path of an array, or that of a
/// group and a slash.
#[derive(Debug, Default)]
pub(super) struct Beside {
    of: HashMap<String, Vec<(Sidecar, usize)>>,
    members: HashSet<usize>,
    /// The indexes of folders of NPFold that were packed as they are, by their groups.
    indexes: Vec<(String, usize)>,
}

impl Beside {
    pub(super) fn new(directory: &Directory) -> Self {
        let mut new = Self::default();
        for (index, member) in directory.members().iter().enumerate() {
            // All of them are texts, and most members are arrays.
            if member.is_odd || !directory.name_bytes(member).ends_with(b".txt") {
                continue;
            }
            let name = directory.name(member);
            let (folder, leaf) = name.rsplit_once('/').unwrap_or(("", name));
            if leaf == INDEX || leaf == VALUES {
                new.members.insert(index);
                new.indexes.extend((leaf == INDEX).then(|| (folder.to_owned(), index)));
            }
            let Some((owner, kind)) = owner(directory, name) else { continue };
            new.members.insert(index);
            new.of.entry(owner).or_default().push((kind, index));
        }
        new
    }

    /// Whether a member holds notes, and is no value of its own.
    pub(super) fn has(&self, index: usize) -> bool {
        self.members.contains(&index)
    }

    /// Whether there are no notes at all.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The members that say in which order the names of a group are.
    pub(super) fn indexes(&self) -> &[(String, usize)] {
        &self.indexes
    }

    /// The members that hold the notes of an array or (with a slash behind its path) a group.
    pub(super) fn members_of(&self, owner: &str) -> &[(Sidecar, usize)] {
        self.of.get(owner).map_or(&[], Vec::as_slice)
    }

    /// Every array and group that has notes, by its path (with a slash behind that of a group).
    pub(super) fn owners(&self) -> impl Iterator<Item = &str> {
        self.of.keys().map(String::as_str)
    }

    /// Reads the notes of an array or a group.
    pub(super) fn read(
        &self,
        owner: &str,
        value: impl Fn(usize) -> Result<Entry>,
    ) -> Result<Notes> {
        let mut notes = Notes::default();
        for (kind, index) in self.members_of(owner) {
            let bytes = value(*index)?.read()?;
            let bytes = bytes.bytes().unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|e| {
                let at = e.valid_up_to();
                let found = bytes.get(at).map_or(0, |&byte| byte);
                let what = format!("text in UTF-8 in '{}{}'", stem(owner), kind.ending());
                Error::corrupt(what, format_args!("the byte {found:#04x}")).at(at as u64)
            })?;
            kind.read(text, &mut notes);
        }
        Ok(notes)
    }
}

/// Whose notes a member of this name holds: of an array that is there, or of a group.
fn owner(directory: &Directory, name: &str) -> Option<(String, Sidecar)> {
    if !name.ends_with(".txt") {
        return None;
    }
    let (folder, leaf) = match name.rsplit_once('/') {
        Some((folder, leaf)) => (format!("{folder}/"), leaf),
        None => (String::new(), name),
    };
    let (stem, kind) = Sidecar::split(leaf)?;
    if stem == GROUP {
        return Some((if folder.is_empty() { "/".to_owned() } else { folder }, kind));
    }
    let array = format!("{folder}{stem}");
    match directory.find(&format!("{array}.npy")) {
        Found::One(_) => Some((array, kind)),
        Found::Nothing | Found::Many(_) => None,
    }
}

/// The members that hold the notes of a tree: names and texts.
pub(super) fn of_tree(tree: &Tree) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (path, is_group, notes) in tree.noted() {
        let owner = match is_group {
            true => format!("{path}/"),
            false => super::writer::array_name(aside(tree, &path)).to_owned(),
        };
        all.extend(members(&owner, notes).map_err(|e| e.in_member(&path))?);
    }
    Ok(all)
}

/// The members that hold the notes of an array or (with a slash behind its path) a group.
pub(super) fn members(owner: &str, notes: &Notes) -> Result<Vec<(String, String)>> {
    let stem = stem(owner);
    let mut members = Vec::new();
    for kind in Sidecar::ALL {
        if let Some(text) = kind.write(notes)? {
            members.push((format!("{stem}{}", kind.ending()), text));
        }
    }
    Ok(members)
}

/// What the names of members begin with that hold the notes of an array or a group.
fn stem(owner: &str) -> String {
    match owner.strip_suffix('/') {
        Some("") => GROUP.to_owned(),
        Some(group) => format!("{group}/{GROUP}"),
        None => owner.to_owned(),
    }
}

/// The path that the notes of a member are found under.
pub(super) fn owner_of(name: &str) -> &str {
    names::array_name(name).unwrap_or(name)
}
