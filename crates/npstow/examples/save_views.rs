//! Saves views of arrays, one for each line of standard input, as `np.save` saves them: the test
//! of all layouts against NumPy feeds it.
//!
//! A line is `BASE TAB SHAPE TAB SELECTION TAB FIELD TAB transpose TAB OUT`; a part that is not
//! wanted is `-`. The base is broadcast to the shape, then selected from, then its field is taken,
//! then it is transposed.

use npstow::{Array, Error, Result, npy};
use std::io::BufRead;

fn main() -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Error::io("reading the list", e))?;
        let words: Vec<&str> = line.split('\t').collect();
        let [base, shape, selection, field, transpose, out] = words[..] else {
            return Err(Error::invalid(format!("expected six words, found '{line}'")));
        };
        let mut view = npy::view(base)?;
        if shape != "-" {
            view = broadcast(&view, shape)?;
        }
        if selection != "-" {
            view = view.select(&selection.parse()?)?;
        }
        if field != "-" {
            view = view.field(field)?;
        }
        if transpose != "-" {
            view = view.transpose();
        }
        npy::write(out, &view)?;
    }
    Ok(())
}

/// NumPy's `broadcast_to`: axes of length 1 and missing ones are repeated by strides of 0.
fn broadcast(array: &Array, shape: &str) -> Result<Array> {
    let length = |n: &str| n.parse::<usize>().map_err(|_| Error::invalid(format!("length '{n}'")));
    let shape = shape.split(',').map(length).collect::<Result<Vec<_>>>()?;
    let missing = shape.len().saturating_sub(array.ndim());
    let mut strides = vec![0; missing];
    for ((&stride, &len), &wide) in array.strides().iter().zip(array.shape()).zip(&shape[missing..])
    {
        strides.push(if len == wide { stride } else { 0 });
    }
    let (dtype, data) = (array.dtype().clone(), array.buffer().clone());
    Array::from_parts(dtype, shape, strides, array.offset(), data)
}
