//! Property text: `1.55 *eV 1.33` on each line, as NPFold reads it in folders without an index.
//!
//! The rules are those of `NP::LoadFromString`, with its effects: `*` separates, as spaces do;
//! units on their own are noted; a field that begins with a number is that number; words are
//! noted, and name the rows of a single column. Where NPFold would abort, the text is no
//! property.
#![forbid(unsafe_code)]

use crate::{Array, Meta, Notes, Result};

/// Units that are noted where they stand on their own.
const UNITS: [&str; 8] = ["eV", "MeV", "nm", "mm", "cm", "m", "ns", LAST_UNIT];

/// The only unit in front of which NPFold finds a `/`: its search keeps the last unit alone.
const LAST_UNIT: &str = "g/cm2/MeV";

/// Larger texts are no properties.
pub(super) const MOST: u64 = 1 << 20;

/// The table in a text, and what is noted about it; `None` where the text is no property.
pub(super) fn parse(text: &str) -> Result<Option<(Array, Notes)>> {
    let mut table = Table::default();
    for line in text.lines() {
        if !table.line(line) {
            return Ok(None);
        }
    }
    let Some((fields, columns)) = table.row.filter(|&(_, columns)| columns > 0) else {
        return Ok(None);
    };
    debug_assert!(columns <= fields);
    let rows = table.values.len() / columns;
    let array = Array::from_vec_shape(table.values, &[rows, columns])?;
    let mut notes = Notes::default();
    let mut text = String::new();
    for (key, list) in [("units", &table.units), ("other", &table.words)] {
        if !list.is_empty() {
            text.push_str(&format!("{key}:{}\n", list.join(" ")));
        }
    }
    notes.meta = Meta::from_text(text);
    if columns == 1 && table.words.len() == rows {
        notes.names = table.words.into_iter().map(str::to_owned).collect();
    }
    Ok(Some((array, notes)))
}

/// What was read so far.
#[derive(Default)]
struct Table<'a> {
    values: Vec<f64>,
    units: Vec<&'a str>,
    words: Vec<&'a str>,
    /// How many fields and how many numbers each line has.
    row: Option<(usize, usize)>,
}

impl<'a> Table<'a> {
    /// Takes a line; says no where it does not fit the others.
    fn line(&mut self, line: &'a str) -> bool {
        if line.starts_with('#') {
            return true;
        }
        let (mut fields, mut numbers) = (0, 0);
        for field in split(line) {
            if UNITS.contains(&field) {
                note(&mut self.units, field);
                continue;
            }
            fields += 1;
            match number(field) {
                Some(value) => {
                    numbers += 1;
                    self.values.push(value);
                }
                None => note(&mut self.words, field),
            }
        }
        fields == 0 || *self.row.get_or_insert((fields, numbers)) == (fields, numbers)
    }
}

/// The fields of a line.
fn split(line: &str) -> impl Iterator<Item = &str> {
    let is_space = |c: char| c == '*' || c.is_ascii_whitespace() || c == '\x0b';
    let slash = line.find(LAST_UNIT).and_then(|at| at.checked_sub(1));
    let cut = slash.filter(|&at| line.as_bytes().get(at) == Some(&b'/'));
    let (before, after) = cut.and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
    let after = after.strip_prefix('/').unwrap_or(after);
    [before, after].into_iter().flat_map(move |part| part.split(is_space)).filter(|f| !f.is_empty())
}

fn note<'a>(list: &mut Vec<&'a str>, item: &'a str) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The number that a field begins with, as `std::istream` reads it.
fn number(field: &str) -> Option<f64> {
    let mut end = 0;
    let (mut point, mut exponent, mut digits) = (false, false, false);
    let mut previous = '\0';
    for c in field.chars() {
        match c {
            '0'..='9' => digits = true,
            '+' | '-' if end == 0 || matches!(previous, 'e' | 'E') => {}
            '.' if !point && !exponent => point = true,
            'e' | 'E' if digits && !exponent => exponent = true,
            _ => break,
        }
        previous = c;
        end += 1;
    }
    let value: f64 = field.get(..end)?.parse().ok()?;
    (digits && value.is_finite()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<usize>, Vec<f64>, String, Vec<String>) {
        let (array, notes) = parse(text).unwrap().unwrap();
        let values = array.as_slice::<f64>().unwrap().to_vec();
        (array.shape().to_vec(), values, notes.meta.to_string(), notes.names)
    }

    #[test]
    fn properties_are_read_as_npfold_does() {
        let (shape, values, meta, names) = read("1.55     *eV    1.33\n\n# c\n15.5  *eV 1.40\n");
        assert_eq!((&shape[..], &values[..]), (&[2, 2][..], &[1.55, 1.33, 15.5, 1.4][..]));
        assert_eq!((meta.as_str(), names.len()), ("units:eV\n", 0));

        let (shape, values, meta, names) = read("Yield   9846/MeV\nScale   1.0/MeV");
        assert_eq!((&shape[..], &values[..]), (&[2, 1][..], &[9846.0, 1.0][..]));
        assert_eq!(meta, "other:Yield Scale\n");
        assert_eq!(names, ["Yield", "Scale"]);

        let (_, values, meta, names) = read("Birks1 12.05e-3*g/cm2/MeV\nBirks2 2/g/cm2/MeV\n");
        assert_eq!(values, [12.05e-3, 2.0]);
        assert_eq!(meta, "units:g/cm2/MeV\nother:Birks1 Birks2\n");
        assert_eq!(names, ["Birks1", "Birks2"]);
        assert_eq!(read("1 g/cm2/MeV").2, "units:g/cm2/MeV\n");
        assert_eq!(read("1\t*mm *ns").2, "units:mm ns\n");
        assert_eq!(read("0\n1\n2\n").0, [3, 1]);
    }

    #[test]
    fn what_is_no_property_is_told() {
        for text in ["", "\n\n", "only words here\n", "1 2\n3\n", "1 x\ny z\n", "# c\n", "eV"] {
            assert!(parse(text).unwrap().is_none(), "{text:?}");
        }
        let text = "1.55 *eV 1.33\n15.5 *eV 1.40\n";
        for end in 0..text.len() {
            parse(&text[..end]).unwrap();
        }
    }

    #[test]
    fn numbers_are_prefixes() {
        for (field, value) in [
            ("9846/MeV", Some(9846.0)),
            ("1.5.3", Some(1.5)),
            ("+5", Some(5.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("-1e-3x", Some(-1e-3)),
            ("5eV", None),
            ("1e400", None),
            ("-", None),
            (".", None),
            ("e5", None),
            ("nan", None),
            ("inf", None),
            ("x1", None),
            ("\u{b5}m", None),
        ] {
            assert_eq!(number(field), value, "{field}");
        }
    }
}
