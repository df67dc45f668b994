//! `dask.array.to_npy_stack`: one array in several files, which a pickle tells about.
#![forbid(unsafe_code)]

use super::index::NPY;
use crate::{Dtype, Error, MemorySource, Result, Value, pickle};
use std::path::PathBuf;
use std::sync::Arc;

/// The name of the pickle.
pub(super) const INFO: &str = "info";

/// An array along whose axis files follow one another: `0.npy`, `1.npy` …
#[derive(Debug)]
pub(super) struct Stack {
    /// The folder, from the root.
    pub(super) folder: PathBuf,
    pub(super) dtype: Dtype,
    /// Along which axis the files follow one another.
    pub(super) axis: usize,
    shape: Vec<usize>,
    /// The lengths of the files along the axis.
    lengths: Vec<usize>,
}

impl Stack {
    /// `{'chunks': ((3, 2), (4,)), 'dtype': dtype('<f8'), 'axis': 0}`; `None` for a pickle that
    /// tells about something else.
    pub(super) fn parse(folder: PathBuf, info: Vec<u8>) -> Result<Option<Self>> {
        let source = Arc::new(MemorySource::new(info));
        let info = pickle::from_source(source, &pickle::Options::default())?;
        if info.get("chunks").is_none() {
            return Ok(None);
        }
        let part = |key: &str| {
            let missing = || Error::corrupt(format_args!("the key '{key}' of a stack"), "none");
            info.get(key).ok_or_else(missing)
        };
        let wrong = |what: &str, found: &Value| Error::corrupt(what, found.kind().name());
        let dtype = part("dtype")?;
        let dtype = dtype.dtype().cloned().ok_or_else(|| wrong("a dtype", &dtype))?;
        let chunks = part("chunks")?;
        let chunks: Vec<Vec<usize>> = chunks
            .items()
            .map(|lengths| lengths.items().map(|length| size(&length)).collect())
            .collect::<Result<_>>()?;
        let axis = size(&part("axis")?)?;
        let Some(lengths) = chunks.get(axis).cloned() else {
            let expected = format!("an axis of {}", chunks.len());
            return Err(Error::corrupt(expected, axis));
        };
        let sum = |lengths: &Vec<usize>| {
            let sum = lengths.iter().try_fold(0usize, |sum, &length| sum.checked_add(length));
            sum.ok_or_else(|| Error::corrupt("a length of an axis", "more than memory has"))
        };
        let others = chunks.iter().enumerate().filter(|(at, _)| *at != axis);
        if let Some((at, other)) = others.into_iter().find(|(_, other)| other.len() != 1) {
            let expected = format!("one chunk along axis {at}");
            return Err(Error::corrupt(expected, other.len()));
        }
        let shape = chunks.iter().map(sum).collect::<Result<_>>()?;
        Ok(Some(Self { folder, dtype, axis, shape, lengths }))
    }

    /// The file of each part, from the root, and its shape.
    pub(super) fn parts(&self) -> impl Iterator<Item = (PathBuf, Vec<usize>)> {
        self.lengths.iter().enumerate().map(|(at, length)| {
            let mut shape = self.shape.clone();
            if let Some(place) = shape.get_mut(self.axis) {
                *place = *length;
            }
            (self.folder.join(format!("{at}{NPY}")), shape)
        })
    }
}

fn size(value: &Value) -> Result<usize> {
    let size = value.as_int().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| Error::corrupt("a length or an axis", value.kind().name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Stack>> {
        Stack::parse(PathBuf::from("x"), text.as_bytes().to_vec())
    }

    /// `{'chunks': CHUNKS, 'dtype': numpy.dtype('<f8'), 'axis': AXIS}` in protocol 0.
    fn info(chunks: &str, axis: &str) -> String {
        format!("(S'chunks'\n{chunks}S'dtype'\ncnumpy\ndtype\n(S'<f8'\ntRS'axis'\n{axis}d.")
    }

    #[test]
    fn parts_have_their_shapes() {
        let stack = parse(&info("((I3\nI2\nt(I4\ntt", "I0\n")).unwrap().unwrap();
        let parts: Vec<_> = stack.parts().collect();
        let path = |name: &str| PathBuf::from("x").join(name);
        assert_eq!(parts, [(path("0.npy"), vec![3, 4]), (path("1.npy"), vec![2, 4])]);
        assert_eq!((stack.axis, stack.dtype.to_string().as_str()), (0, "<f8"));
    }

    #[test]
    fn what_makes_no_array_is_told() {
        let huge = "((I9223372036854775807\nI9223372036854775807\nI9\ntt";
        for (text, expected) in [
            (info("((I3\ntt", "I1\n"), "expected an axis of 1, found 1"),
            (info("((I3\nt(I4\nI4\ntt", "I0\n"), "expected one chunk along axis 1, found 2"),
            (info("((I3\nt(I-4\ntt", "I0\n"), "expected a length or an axis, found int"),
            (info("((S'x'\ntt", "I0\n"), "expected a length or an axis, found str"),
            (info(huge, "I0\n"), "expected a length of an axis, found more than memory has"),
            ("(S'chunks'\n(td.".to_owned(), "expected the key 'dtype' of a stack, found none"),
        ] {
            assert_eq!(parse(&text).unwrap_err().to_string(), expected, "{text}");
        }
        assert!(parse("(d.").unwrap().is_none() && parse("I1\n.").unwrap().is_none());
        let whole = info("((I3\nI2\nt(I4\ntt", "I0\n");
        (0..whole.len()).for_each(|len| assert!(parse(&whole[..len]).is_err(), "{len}"));
    }
}
