//! Which path leads to an object: what references are shown as.
#![forbid(unsafe_code)]

use super::file::File;
use super::object::link::Target;
use super::object::{group, header};
use crate::error::quoted;
use crate::{Error, Result};
use std::collections::HashMap;

/// The first path to every object, depth-first in byte order of names; hard links only.
pub(super) fn paths(file: &File) -> Result<HashMap<u64, String>> {
    let root = file.superblock().root;
    let mut paths = HashMap::from([(root, "/".to_owned())]);
    let mut waiting = vec![(root, String::new(), true)];
    while let Some((address, path, is_new)) = waiting.pop() {
        if !is_new && paths.contains_key(&address) {
            continue;
        }
        paths.entry(address).or_insert_with(|| path.clone());
        // What cannot be read has no path below it; whoever reads it is told why.
        let Ok(header) = header::read(file, address) else { continue };
        if !group::is_group(&header) {
            continue;
        }
        let Ok(mut links) = group::links(file, &header) else { continue };
        links.sort_by(|a, b| b.name.as_bytes().cmp(a.name.as_bytes()));
        for link in links {
            if let Target::Hard(address) = link.target {
                waiting.push((address, format!("{path}/{}", link.name), false));
            }
        }
        file.limits().check_members((paths.len() + waiting.len()) as u64)?;
    }
    Ok(paths)
}

/// How many soft links may lead to one another.
const HOPS: usize = 16;

/// The address of the object at a path that begins at a group, which may go through soft links.
pub(super) fn follow(file: &File, from: u64, path: &str) -> Result<u64> {
    let root = file.superblock().root;
    let nowhere = || Error::not_found(format_args!("the path '{}'", quoted(path)));
    // From the last step to the first: they are taken from the end.
    let split = |path: &str| -> Vec<String> {
        let steps = path.split('/').filter(|step| !step.is_empty() && *step != ".");
        steps.rev().map(str::to_owned).collect()
    };
    let mut steps = split(path);
    let mut address = if path.starts_with('/') { root } else { from };
    let mut hops = 0;
    while let Some(step) = steps.pop() {
        let header = header::read(file, address)?;
        let links = group::links(file, &header)?;
        let link = links.into_iter().find(|link| link.name == step).ok_or_else(nowhere)?;
        match link.target {
            Target::Hard(next) => address = next,
            Target::Soft(path) if hops < HOPS => {
                hops += 1;
                if path.starts_with('/') {
                    address = root;
                }
                steps.extend(split(&path));
            }
            Target::External { file, .. } => {
                let (path, step, file) = (quoted(path), quoted(&step), quoted(&file));
                let what =
                    format!("the path '{path}': '{step}' is a link to another file, '{file}'");
                return Err(Error::not_found(what));
            }
            _ => return Err(nowhere()),
        }
    }
    Ok(address)
}
