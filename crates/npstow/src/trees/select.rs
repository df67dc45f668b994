//! Finding names, and taking what they name into a tree of its own.
#![forbid(unsafe_code)]

use super::glob::{Glob, any};
use crate::error::quoted;
use crate::{Error, Item, Result, Tree};

/// Everything with its full path, groups before their members.
pub(super) fn walk(tree: &Tree) -> Vec<(String, &Item)> {
    let mut found: Vec<(String, &Item)> = Vec::new();
    // A stack of levels rather than recursion: trees may be as deep as their maker liked.
    let mut levels = vec![(String::new(), tree.iter())];
    while let Some((prefix, items)) = levels.last_mut() {
        let Some((name, item)) = items.next() else {
            levels.pop();
            continue;
        };
        let path = format!("{prefix}{name}");
        if let Item::Group(group) = item {
            levels.push((format!("{path}/"), group.iter()));
        }
        found.push((path, item));
    }
    found
}

/// The groups, arrays and values whose paths match one of the patterns, in the tree's order,
/// groups before their members. Without patterns, all of them.
///
/// ```
/// use npstow::{Array, Tree, trees::{self, Glob}};
/// let tree = Tree::new()
///     .with("A000/hit", Array::from_vec(vec![1u8]))?
///     .with("A001/hit", Array::from_vec(vec![2u8]))?;
/// let found = trees::find(&tree, &Glob::list("*1,**/hit")?);
/// let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
/// assert_eq!(paths, ["A000/hit", "A001", "A001/hit"]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[must_use]
pub fn find<'a>(tree: &'a Tree, globs: &[Glob]) -> Vec<(String, &'a Item)> {
    let mut found = walk(tree);
    found.retain(|(path, _)| any(globs, path));
    found
}

/// What matches one of the patterns, under the same names in a new tree. It is shallow: arrays
/// are shared, entries stay unread. A group comes with all that is in it; groups on the way to
/// what was chosen are made. All keep their notes, and so does the tree.
///
/// ```
/// use npstow::{Array, Tree, trees::{self, Glob}};
/// let event = Tree::new()
///     .with("genstep", Array::from_vec(vec![1u8]))?
///     .with("hit", Array::from_vec(vec![2u8]))?
///     .with("photon", Array::from_vec(vec![3u8]))?;
/// assert_eq!(trees::select(&event, &Glob::list("photon,genstep")?)?.names(), ["genstep", "photon"]);
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `NotFound` for a pattern that nothing matches.
pub fn select(tree: &Tree, globs: &[Glob]) -> Result<Tree> {
    let all = walk(tree);
    let misses = |glob: &&Glob| !all.iter().any(|(path, _)| glob.matches(path));
    if let Some(glob) = globs.iter().find(misses) {
        let what = format_args!("anything that matches '{}'", quoted(glob.as_str()));
        return Err(Error::not_found(what));
    }
    let mut chosen = Tree::new();
    let copy_notes = |from: &Tree, to: &mut Tree, path: &str| to.copy_notes(path, from, path);
    let mut whole: Option<String> = None;
    for (path, item) in &all {
        let is_taken = whole.as_ref().is_some_and(|whole| path.starts_with(whole));
        if is_taken || !any(globs, path) {
            continue;
        }
        match item {
            Item::Group(_) => whole = Some(format!("{path}/")),
            _ if path.is_empty() => {
                chosen = Tree::from((*item).clone());
                copy_notes(tree, &mut chosen, path)?;
                continue;
            }
            _ => {}
        }
        chosen.insert(path, (*item).clone())?;
        copy_notes(tree, &mut chosen, path)?;
        for (at, _) in path.match_indices('/') {
            copy_notes(tree, &mut chosen, &path[..at])?;
        }
    }
    if tree.get("").is_none() {
        copy_notes(tree, &mut chosen, "")?;
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Array, ErrorKind, Meta, Notes};

    fn notes(text: &str) -> Notes {
        Notes { meta: Meta::from_text(text), ..Notes::default() }
    }

    fn run() -> Tree {
        let mut tree = Tree::new();
        for path in ["A000/hit", "A000/deep/hit", "A000/photon", "A001/hit", "run"] {
            tree.insert(path, Array::from_vec(vec![1u8])).unwrap();
        }
        tree.insert("empty", Tree::new()).unwrap();
        for path in ["", "A000", "A000/hit", "A000/deep", "A001"] {
            tree.set_notes(path, notes(&format!("at:{path}\n"))).unwrap();
        }
        tree
    }

    fn paths(tree: &Tree, globs: &str) -> Vec<String> {
        find(tree, &Glob::list(globs).unwrap()).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn finding_keeps_the_order_of_the_tree() {
        let tree = run();
        assert_eq!(paths(&tree, "**/hit"), ["A000/hit", "A000/deep/hit", "A001/hit"]);
        assert_eq!(paths(&tree, "r*,A*"), ["A000", "A001", "run"]);
        assert_eq!(paths(&tree, "*/*/*"), ["A000/deep/hit"]);
        assert_eq!(find(&tree, &[]).len(), 9);
        let alone = Tree::from(Array::from_vec(vec![1u8]));
        assert_eq!(paths(&alone, "**"), [""]);
    }

    #[test]
    fn what_is_selected_keeps_its_notes() {
        let tree = run();
        let at = |chosen: &Tree, path| chosen.notes(path).map(|n| n.meta.as_str().to_owned());
        let chosen = select(&tree, &Glob::list("A000/hit,A000/deep").unwrap()).unwrap();
        assert_eq!(paths(&chosen, "**"), ["A000", "A000/hit", "A000/deep", "A000/deep/hit"]);
        for path in ["", "A000", "A000/hit", "A000/deep"] {
            assert_eq!(at(&chosen, path).unwrap(), format!("at:{path}\n"));
        }
        let chosen = select(&tree, &Glob::list("A00*,**/hit,empty").unwrap()).unwrap();
        assert_eq!(chosen.names(), ["A000", "A001", "empty"]);
        assert_eq!(at(&chosen, "A000/hit").unwrap(), "at:A000/hit\n");
        let alone = select(&Tree::from(Array::from_vec(vec![1u8])), &Glob::list("*").unwrap());
        assert_eq!(alone.unwrap().names(), [""]);
        assert!(select(&tree, &[]).unwrap().get("A000/deep/hit").is_some());
    }

    #[test]
    fn a_pattern_without_a_match_is_an_error() {
        let e = select(&run(), &Glob::list("run,B*").unwrap()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::NotFound);
        assert_eq!(e.to_string(), "not found: anything that matches 'B*'");
    }
}
