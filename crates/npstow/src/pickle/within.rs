//! Every array in a value, by the path to it.
#![forbid(unsafe_code)]

use super::paths::places;
use crate::container::NodeKind;
use crate::{Entry, Limits, Result, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// Every array in a value, each once: with the path on which it is met first. The value itself is
/// not among them.
///
/// ```
/// use npstow::pickle;
/// let value = pickle::from_bytes(b"(I1\nt.".to_vec(), &pickle::Options::default())?;
/// assert!(pickle::arrays_in(&value, &npstow::Limits::default())?.is_empty());
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Limit` where there are too many paths, or one is too long.
pub fn arrays_in(value: &Value, limits: &Limits) -> Result<Vec<(String, Entry)>> {
    let graph = value.graph();
    let places = places(graph, value.cell(), limits)?;
    let limits = Arc::new(limits.clone());
    let mut met = HashSet::from([value.cell()]);
    let mut found = Vec::new();
    // Ways into groups: the place, and the path to it.
    let mut waiting = vec![(0, String::new())];
    while let Some((at, path)) = waiting.pop() {
        let Some(place) = places.get(at) else { continue };
        let is_array = place.kind == NodeKind::Array || graph.array(place.cell).is_some();
        if is_array && met.insert(place.cell) {
            let array = Value::new(Arc::clone(graph), place.cell);
            found.push((path.clone(), Entry::of_value(&array, &limits)?));
        }
        for &child in place.children.iter().rev() {
            let Some(below) = places.get(child) else { continue };
            // An array that holds others is met at the place of its own.
            if below.cell == place.cell {
                continue;
            }
            let path = match path.as_str() {
                "" => below.name.clone(),
                path => format!("{path}/{}", below.name),
            };
            waiting.push((child, path));
        }
    }
    Ok(found)
}
