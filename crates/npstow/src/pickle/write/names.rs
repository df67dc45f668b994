//! What of our own words was written, and under which number it is remembered.
#![forbid(unsafe_code)]

use std::collections::HashMap;

/// A module and a name in it; a text is a name in no module.
pub(super) type Name = (&'static str, &'static str);

/// One that was written.
#[derive(Debug)]
struct Known {
    name: Name,
    /// Its number in the memo.
    at: u32,
    /// Which one was asked for after this one, the last time.
    next: usize,
}

/// Names that were written, in the order of their first time.
///
/// Arrays name the same things in the same order, so it is looked first at what followed the last
/// time: most names are found without a hash.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<Known>,
    places: HashMap<Name, usize>,
    last: usize,
}

impl Names {
    /// The number under which a name is remembered, if it was written.
    pub(super) fn get(&mut self, name: Name) -> Option<u32> {
        let next = self.known.get(self.last)?.next;
        let place = match self.known.get(next) {
            Some(known) if known.name == name => next,
            _ => *self.places.get(&name)?,
        };
        self.follow(place);
        self.known.get(place).map(|known| known.at)
    }

    /// Remembers a name that was not.
    pub(super) fn insert(&mut self, name: Name, at: u32) {
        let place = self.known.len();
        self.known.push(Known { name, at, next: place });
        self.places.insert(name, place);
        self.follow(place);
    }

    /// This one comes after the last one.
    fn follow(&mut self, place: usize) {
        if let Some(last) = self.known.get_mut(self.last) {
            last.next = place;
        }
        self.last = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_whatever_order_they_are_asked_for() {
        const WORDS: [Name; 4] = [("", "a"), ("m", "a"), ("", "b"), ("m", "b")];
        let mut names = Names::default();
        let mut there: HashMap<Name, u32> = HashMap::new();
        // Rounds in one order, which is guessed, and in others, which are not.
        let orders = [[0, 1, 2, 3], [0, 1, 2, 3], [3, 1, 1, 0], [2, 3, 0, 0], [0, 1, 2, 3]];
        for (count, at) in orders.iter().flatten().enumerate() {
            let (name, count) = (WORDS[*at], u32::try_from(count).unwrap());
            assert_eq!(names.get(name), there.get(&name).copied(), "{name:?}");
            there.entry(name).or_insert_with(|| {
                names.insert(name, count);
                count
            });
        }
        assert_eq!((names.get(("", "m")), there.len()), (None, 4));
    }
}
