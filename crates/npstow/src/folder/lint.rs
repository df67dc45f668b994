//! What NPFold's readers, in C++ and in Python, would stumble over in a folder with their index.
#![forbid(unsafe_code)]

use super::found::{Found, Node, What};
use super::names::FOLD_ATTRIBUTES;
use super::profile::Profile;
use crate::error::quoted;
use crate::notes::{GROUP, Sidecar};
use crate::{Entry, Result};
use std::collections::HashSet;

/// How many arrays a remark names.
const NAMED: usize = 5;

/// Remarks about groups that have an index.
pub(super) fn lint(found: &Found, describe: &dyn Fn(u64) -> Result<Entry>) -> Vec<String> {
    let mut remarks = Vec::new();
    for node in &found.nodes {
        let What::Group(group) = &node.what else { continue };
        if !group.indexed {
            continue;
        }
        let children: Vec<(u32, &Node)> = group
            .children
            .iter()
            .filter_map(|&id| Some((id, found.nodes.get(id as usize)?)))
            .collect();
        let shown = quoted(&group.folder.to_string_lossy());
        let place = if shown.is_empty() { String::new() } else { format!("in '{shown}': ") };
        if !node.sidecars.contains(&Sidecar::Names) {
            remarks.push(format!("{place}no {GROUP}_names.txt, which NPFold always writes"));
        }
        remarks.extend(names(&children).into_iter().map(|what| format!("{place}{what}")));
        if let Some(what) = dtypes(&children, describe) {
            remarks.push(format!("{place}{what}"));
        }
    }
    remarks
}

fn names(children: &[(u32, &Node)]) -> Vec<String> {
    let mut remarks = Vec::new();
    let is_array = |node: &Node| matches!(node.what, What::Array);
    let is_group = |node: &Node| matches!(node.what, What::Group(_));
    let groups: HashSet<&str> =
        children.iter().filter(|(_, node)| is_group(node)).map(|(_, n)| n.name()).collect();
    let beside: HashSet<String> = children
        .iter()
        .filter(|(_, node)| is_array(node))
        .flat_map(|(_, node)| node.sidecars.iter().map(move |kind| (node, kind)))
        .map(|(node, kind)| format!("{}{}", node.stem(), kind.ending().trim_end_matches(".txt")))
        .collect();
    for (_, node) in children {
        let name = quoted(node.name());
        if node.name().contains('$') {
            remarks.push(format!("'{name}': NP.hh takes what follows '$' from the environment"));
        }
        let stem = node.stem();
        if !is_array(node) {
            if let What::Group(group) = &node.what {
                if !group.indexed && !group.children.is_empty() {
                    remarks.push(format!("'{name}' has no index: fold.py does not see it"));
                }
            }
            continue;
        }
        if stem == GROUP {
            remarks.push(format!("'{name}': its text files would be those of the group"));
        }
        if groups.contains(stem) {
            remarks.push(format!("'{name}' is an array and a group: fold.py finds one of them"));
        }
        if beside.contains(stem) {
            remarks.push(format!("'{name}': for fold.py also the notes of another array"));
        }
        if FOLD_ATTRIBUTES.contains(&stem) {
            remarks.push(format!("'{name}' hides what fold.py's Fold has under that name"));
        }
    }
    remarks
}

/// Arrays that NP.hh does not read; what is damaged is told by those who read it.
fn dtypes(children: &[(u32, &Node)], describe: &dyn Fn(u64) -> Result<Entry>) -> Option<String> {
    let mut named = Vec::new();
    let mut count = 0;
    for (id, node) in children {
        let What::Array = node.what else { continue };
        let Ok(entry) = describe(u64::from(*id)) else { continue };
        if Profile::NpFold.reads(&entry) {
            continue;
        }
        count += 1;
        if named.len() < NAMED {
            named.push(format!("'{}'", quoted(node.name())));
        }
    }
    let more = if count > named.len() { ", …" } else { "" };
    (count > 0).then(|| format!("NP.hh does not read {count} arrays: {}{more}", named.join(", ")))
}
