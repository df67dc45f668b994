//! The rows of many groups, one after another.
#![forbid(unsafe_code)]

use super::select::walk;
use crate::error::quoted;
use crate::tree::Attached;
use crate::{Entry, Error, Item, Meta, Notes, Result, Tree};
use std::collections::{HashMap, HashSet};

/// What becomes of the notes of the groups and arrays that are joined.
///
/// Names that belong to rows go with their rows: where each array has as many names as rows, the
/// joined one has all of them, unless notes are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotesPolicy {
    /// Those of the first group are kept, the others are left out.
    First,
    /// Each line of metadata once, in order; where a key has several values it has several lines,
    /// and the last one counts. Names and labels must be the same.
    Join,
    /// All are left out.
    Drop,
}

/// What [`concat()`] does where a group lacks an array that another one has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// It is an error.
    #[default]
    Refuse,
    /// The group has no rows then.
    Skip,
}

/// How [`concat()`] treats what is not rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConcatOptions {
    notes: NotesPolicy,
    missing: Missing,
}

impl ConcatOptions {
    /// Says what becomes of the notes, which nobody else can decide.
    #[must_use]
    pub fn new(notes: NotesPolicy) -> Self {
        Self { notes, missing: Missing::default() }
    }

    /// Says what is done where a group lacks an array. Default: [`Missing::Refuse`].
    #[must_use]
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }
}

/// One tree of the rows of many: each array has the rows of the arrays of that name, in the order
/// of the groups. Each group comes with what errors call it.
///
/// Nothing is read: the result is described, and its rows come from the groups while it is
/// written, band by band.
///
/// ```
/// use npstow::trees::{ConcatOptions, NotesPolicy, concat};
/// use npstow::{Array, Item, Tree};
/// let event = |n: usize| Tree::new().with("hit", Array::from_vec_shape(vec![0f32; 4 * n], &[n, 4])?);
/// let (first, second) = (event(3)?, event(2)?);
/// let groups = [("A000", &first), ("A001", &second)];
/// let all = concat(&groups, &ConcatOptions::new(NotesPolicy::First))?;
/// let Some(Item::Entry(hit)) = all.get("hit") else { panic!() };
/// assert_eq!(hit.shape(), [5, 4]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Mismatch` where an array is missing in a group, or differs in dtype or in the shape of a row;
/// where notes that must be the same are not. `Unsupported` for bytes that are no array. Each says
/// the group and the array.
pub fn concat<N: AsRef<str>>(groups: &[(N, &Tree)], options: &ConcatOptions) -> Result<Tree> {
    let groups: Vec<(&str, &Tree)> =
        groups.iter().map(|(name, tree)| (name.as_ref(), *tree)).collect();
    if groups.is_empty() {
        return Err(Error::invalid("no groups to join"));
    }
    let (arrays, on_the_way) = paths(&groups, options.missing)?;
    let mut joined = Tree::new();
    for path in &arrays {
        let members = groups.iter().filter_map(|group| Member::array(group, path));
        let members = members.collect::<Result<Vec<_>>>()?;
        match join(&members)? {
            entry if path.is_empty() => joined = entry.into(),
            entry => joined.insert(path, entry)?,
        }
        joined.set_notes(path, merge(&members, options.notes)?)?;
        attach(&mut joined, path, &groups, options.notes)?;
    }
    for path in &on_the_way {
        let members: Vec<_> = groups.iter().map(|group| Member::group(*group, path)).collect();
        let notes = merge(&members, options.notes)?;
        if !path.is_empty() && joined.get(path).is_none() {
            joined.insert(path, Tree::new())?;
        }
        joined.set_notes(path, notes)?;
        attach(&mut joined, path, &groups, options.notes)?;
    }
    Ok(joined)
}

/// Brings along attributes of HDF5 that are no text, and so no notes.
fn attach(
    joined: &mut Tree,
    path: &str,
    groups: &[(&str, &Tree)],
    policy: NotesPolicy,
) -> Result<()> {
    fn more<'a>((_, tree): &(&str, &'a Tree), path: &str) -> Option<&'a Attached> {
        tree.attached(path).filter(|attached| attached.lost.is_some())
    }
    match policy {
        NotesPolicy::First => {
            let has = |(_, tree): &&(&str, &Tree)| path.is_empty() || tree.get(path).is_some();
            match groups.iter().find(has).and_then(|group| more(group, path)) {
                Some(attached) => joined.set_attached(path, attached.clone()),
                None => Ok(()),
            }
        }
        NotesPolicy::Join if groups.iter().any(|group| more(group, path).is_some()) => {
            let what = "joining attributes that are no text: take those of the first, or none";
            Err(Error::unsupported(what).in_member(path))
        }
        NotesPolicy::Join | NotesPolicy::Drop => Ok(()),
    }
}

/// An array of a group, or a group in it.
struct Member<'a> {
    group: &'a str,
    path: &'a str,
    notes: Option<&'a Notes>,
    /// Of an array.
    entry: Option<Entry>,
}

impl<'a> Member<'a> {
    fn group((group, tree): (&'a str, &'a Tree), path: &'a str) -> Self {
        Self { group, path, notes: tree.notes(path), entry: None }
    }

    fn array((group, tree): &(&'a str, &'a Tree), path: &'a str) -> Option<Result<Self>> {
        let entry = match tree.get(path)? {
            Item::Array(array) => Entry::try_from(array),
            #[cfg(feature = "pickle")]
            Item::Entry(entry) if entry.is_objects() => {
                Err(entry.placed(Error::unsupported("joining arrays of Python objects")))
            }
            Item::Entry(entry) => Ok(entry.clone()),
            Item::Value(_) => Err(Error::unsupported("joining bytes that are no array")),
            Item::Group(_) => Err(Error::mismatch("an array, as in another group", "a group")),
        };
        let mut member = Self::group((group, tree), path);
        Some(match entry {
            Ok(entry) => {
                member.entry = Some(entry);
                Ok(member)
            }
            Err(e) => Err(member.named(e)),
        })
    }

    /// Says which group and array an error is about, unless the entry said so.
    fn named(&self, e: Error) -> Error {
        if e.path().is_some() {
            return e;
        }
        let both = [self.group, self.path];
        let both: Vec<&str> = both.into_iter().filter(|part| !part.is_empty()).collect();
        e.in_member(&both.join("/"))
    }

    fn rows(&self) -> Option<usize> {
        self.entry.as_ref()?.shape().first().copied()
    }
}

/// The paths of all arrays and of all groups, in the order in which they are met; the groups
/// themselves are `""`.
fn paths(groups: &[(&str, &Tree)], missing: Missing) -> Result<(Vec<String>, Vec<String>)> {
    let (mut arrays, mut others, mut known) = (Vec::new(), Vec::new(), HashMap::new());
    for (group, tree) in groups {
        if tree.get("").is_none() && others.first().is_none_or(|first: &String| !first.is_empty()) {
            others.insert(0, String::new());
        }
        for (path, item) in walk(tree) {
            if known.contains_key(&path) {
                continue;
            }
            known.insert(path.clone(), *group);
            match item {
                Item::Group(_) => others.push(path),
                _ => arrays.push(path),
            }
        }
    }
    let refused = arrays.iter().filter(|_| missing == Missing::Refuse);
    for path in refused {
        if let Some((group, _)) = groups.iter().find(|(_, tree)| tree.get(path).is_none()) {
            let has = known.get(path).copied().unwrap_or_default();
            let (expected, found) = match path.as_str() {
                "" => (format!("one array, as '{}' is", quoted(has)), "a group"),
                path => {
                    (format!("the array '{}', which '{}' has", quoted(path), quoted(has)), "none")
                }
            };
            return Err(Error::mismatch(expected, found).in_member(group));
        }
    }
    Ok((arrays, others))
}

fn join(members: &[Member<'_>]) -> Result<Entry> {
    let entries = members.iter().filter_map(|member| member.entry.clone()).collect();
    Entry::join(entries).map_err(|(at, e)| match members.get(at) {
        Some(member) => member.named(e),
        None => e,
    })
}

fn merge(members: &[Member<'_>], policy: NotesPolicy) -> Result<Notes> {
    if policy == NotesPolicy::Drop || members.iter().all(|member| member.notes.is_none()) {
        return Ok(Notes::default());
    }
    let mut notes = members.first().and_then(|member| member.notes).cloned().unwrap_or_default();
    if policy == NotesPolicy::Join {
        notes.meta = joined_meta(members);
        notes.labels = same(members, "labels", |notes| &notes.labels)?;
    }
    notes.names = match names_of_rows(members) {
        Some(names) => names,
        None if policy == NotesPolicy::Join => same(members, "names", |notes| &notes.names)?,
        None => notes.names,
    };
    Ok(notes)
}

/// Every line once.
fn joined_meta(members: &[Member<'_>]) -> Meta {
    let mut known = HashSet::new();
    let mut text = String::new();
    for line in members.iter().filter_map(|member| member.notes).flat_map(|n| n.meta.lines()) {
        if known.insert(line) {
            text.push_str(line);
            text.push('\n');
        }
    }
    Meta::from_text(text)
}

/// All names, where each array has one for each of its rows.
fn names_of_rows(members: &[Member<'_>]) -> Option<Vec<String>> {
    let names = |member: &Member<'_>| member.notes.map_or(0, |notes| notes.names.len());
    let fits = |member: &Member<'_>| member.rows() == Some(names(member));
    let all = members.iter().all(fits).then(|| members.iter().filter_map(|member| member.notes))?;
    let all: Vec<String> = all.flat_map(|notes| notes.names.iter().cloned()).collect();
    (!all.is_empty()).then_some(all)
}

/// What all have that have any.
fn same(
    members: &[Member<'_>],
    what: &str,
    part: impl Fn(&Notes) -> &Vec<String>,
) -> Result<Vec<String>> {
    let mut found: Option<&Vec<String>> = None;
    for member in members {
        let Some(list) = member.notes.map(&part).filter(|list| !list.is_empty()) else { continue };
        match found {
            Some(first) if first != list => {
                let expected = format!("the {what} of the other groups, {}", listed(first));
                return Err(member.named(Error::mismatch(expected, listed(list))));
            }
            _ => found = Some(list),
        }
    }
    Ok(found.cloned().unwrap_or_default())
}

fn listed(list: &[String]) -> String {
    quoted(&format!("{list:?}"))
}

#[cfg(test)]
mod tests;
