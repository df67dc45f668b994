//! Arrays as a whole.
#![forbid(unsafe_code)]

use super::*;
use crate::ErrorKind;

fn bytes(n: u8) -> Buffer {
    Buffer::from((0..n).collect::<Vec<u8>>())
}

fn dtype(text: &str) -> Dtype {
    Dtype::parse(text).unwrap()
}

#[test]
fn lengths_are_checked_when_an_array_is_made() {
    let new = |shape: &[usize], n| Array::new(dtype("<u2"), shape, MemoryOrder::C, bytes(n));
    assert!(new(&[2, 3], 12).is_ok());
    let e = new(&[2, 3], 11).unwrap_err();
    assert_eq!(e.to_string(), "expected 12 bytes for shape (2, 3) of <u2, found 11 bytes");
    assert_eq!(new(&[1 << 40, 1 << 40], 0).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(new(&[], 2).unwrap().len(), 1);
    assert!(new(&[0, 7], 0).unwrap().is_empty());
}

#[test]
fn parts_must_lie_within_the_bytes() {
    let parts = |shape: &[usize], strides: &[isize], offset| {
        Array::from_parts(dtype("<u2"), shape.to_vec(), strides.to_vec(), offset, bytes(12))
    };
    assert!(parts(&[2, 3], &[6, 2], 0).is_ok());
    assert!(parts(&[2, 3], &[6, 2], 1).is_err());
    assert!(parts(&[2, 3], &[-6, 2], 6).is_ok());
    assert!(parts(&[2, 3], &[-6, 2], 5).is_err());
    assert!(parts(&[1000], &[0], 10).is_ok());
    assert!(parts(&[0, 3], &[isize::MIN, 5], 12).is_ok());
    assert!(parts(&[0], &[1], 13).is_err());
    assert!(parts(&[2], &[isize::MAX], 0).is_err());
    assert!(parts(&[2], &[isize::MIN], 0).is_err());
    assert!(parts(&[3], &[1, 1], 0).is_err());
    assert!(parts(&[1], &[isize::MAX], usize::MAX).is_err());
}

#[test]
fn subarrays_become_axes() {
    let sub = Array::new(dtype("(2,3)<u2"), &[2], MemoryOrder::C, bytes(24)).unwrap();
    assert_eq!((sub.shape(), sub.dtype().to_string()), (&[2, 2, 3][..], "<u2".to_owned()));
    let record = dtype("[('a', 'u1'), ('b', '<u2', (2, 2))]");
    let a = Array::new(record, &[2], MemoryOrder::C, bytes(18)).unwrap();
    let b = a.field("b").unwrap();
    assert_eq!((b.shape(), b.strides(), b.offset()), (&[2, 2, 2][..], &[9, 4, 2][..], 1));
    assert_eq!(b.element(&[1, 0, 1]).unwrap(), [12, 13]);
    let last = a.select(&"::-1".parse().unwrap()).unwrap().field("b").unwrap();
    assert_eq!((last.offset(), last.element(&[0, 0, 1]).unwrap()), (10, &[12, 13][..]));
    assert_eq!(a.field("c").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(b.field("c").unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn elements_are_found_and_bounds_kept() {
    let a = Array::new(dtype("<u2"), &[2, 3], MemoryOrder::F, bytes(12)).unwrap();
    assert_eq!(a.element(&[1, 2]).unwrap(), [10, 11]);
    let e = a.element(&[0, 3]).unwrap_err().to_string();
    assert_eq!(e, "index 3 is out of bounds for axis 1 with size 3");
    assert!(a.element(&[0]).is_err());
    assert_eq!(a.bytes().unwrap().len(), 12);
    let column = a.select(&Selection::all().at(1)).unwrap();
    assert_eq!((column.shape(), column.bytes()), (&[3][..], None));
}

#[test]
fn slices_say_exactly_what_is_wrong() {
    let why = |e: Error| e.to_string();
    let a = Array::from_vec_shape(vec![1_i32, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
    assert_eq!(a.as_slice::<i32>().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(a.as_slice::<[i32; 3]>().unwrap(), [[1, 2, 3], [4, 5, 6]]);
    assert_eq!(a.as_slice::<[[i32; 3]; 2]>().unwrap(), [[[1, 2, 3], [4, 5, 6]]]);
    assert!(why(a.as_slice::<[i32; 2]>().unwrap_err()).contains("found shape (2, 3)"));
    assert!(why(a.as_slice::<f32>().unwrap_err()).contains("dtype <f4, found <i4"));
    assert!(why(a.transpose().as_slice::<i32>().unwrap_err()).contains("Fortran order"));
    let swapped = a.to_order(Order::SWAPPED).unwrap();
    assert!(why(swapped.as_slice::<i32>().unwrap_err()).contains("byte order"));
    assert_eq!(swapped.to_vec::<i32>().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(a.transpose().iter::<i32>().unwrap().collect::<Vec<_>>(), [1, 4, 2, 5, 3, 6]);

    let odd = Array::from_parts(dtype("<u4"), vec![2], vec![4], 1, bytes(9)).unwrap();
    let odd = if odd.bytes().unwrap().as_ptr().align_offset(4) == 0 {
        Array::from_parts(dtype("<u4"), vec![1], vec![4], 2, bytes(9)).unwrap()
    } else {
        odd
    };
    assert!(why(odd.as_slice::<u32>().unwrap_err()).contains("memory aligned to 4 bytes"));
    assert_eq!(odd.to_vec::<u32>().unwrap().len(), odd.len());

    let bools = Array::new(dtype("?"), &[3], MemoryOrder::C, Buffer::from(vec![0, 1, 2])).unwrap();
    let e = why(bools.as_slice::<bool>().unwrap_err());
    assert_eq!(e, "expected a valid value of dtype |b1, found the bytes [02] in element 2");
    assert!(bools.to_vec::<bool>().is_err());
}

#[test]
fn vectors_become_arrays_without_a_copy() {
    let values = vec![[1.0_f64, 2.0], [3.0, 4.0]];
    let place = values.as_ptr().cast::<u8>();
    let a = Array::from_vec(values);
    assert_eq!((a.shape(), a.buffer().as_ptr()), (&[2, 2][..], place));
    assert!(Array::from_vec_shape(vec![1_u8; 5], &[2, 3]).is_err());
    let dates = Array::from_vec(vec![Datetime64(1), Datetime64::NAT]);
    assert_eq!(dates.dtype().to_string(), "<M8");
    assert_eq!(Array::from_slice(&['a', 'µ']).to_strings().unwrap(), ["a", "µ"]);
    assert_eq!(Array::from_slice::<u8>(&[]).shape(), [0]);
}

#[test]
fn rows_are_structs_of_the_same_leaves() {
    let a = Array::from_vec((0..12).collect::<Vec<i16>>()).reshape(&[3, 2, 2]).unwrap();
    assert_eq!(a.as_rows::<[i16; 4]>().unwrap()[2], [8, 9, 10, 11]);
    assert_eq!(a.as_rows::<[[i16; 2]; 2]>().unwrap().len(), 3);
    assert!(a.as_rows::<[i16; 3]>().unwrap_err().to_string().contains("rows of 3 elements"));
    assert!(a.as_rows::<[u16; 4]>().is_err());
    assert!(a.as_rows::<f64>().is_err());
}

#[test]
fn views_as_other_dtypes_keep_rows() {
    let a = Array::from_vec((0..24_u8).collect::<Vec<_>>()).reshape(&[2, 12]).unwrap();
    let v = a.view_as(dtype("<u2"), &[2, 3]).unwrap();
    assert_eq!((v.shape(), v.strides()), (&[2, 2, 3][..], &[12, 6, 2][..]));
    let v = a.view_as(dtype("(2,)<u2"), &[3]).unwrap();
    assert_eq!(v.shape(), [2, 3, 2]);
    assert!(a.view_as(dtype("<u2"), &[5]).is_err());
    assert!(a.view_as(dtype("O"), &[]).is_err());
    assert!(a.transpose().view_as(dtype("<u2"), &[6]).is_err());
    let none = a.select(&"0:0".parse().unwrap()).unwrap();
    assert_eq!(none.view_as(dtype("<u4"), &[3]).unwrap().shape(), [0, 3]);
}

#[test]
fn reshaping_counts() {
    let a = Array::from_vec((0..6).collect::<Vec<i64>>());
    assert_eq!(
        a.reshape(&[3, 2]).unwrap().transpose().reshape(&[6]).unwrap().to_vec::<i64>().unwrap(),
        [0, 2, 4, 1, 3, 5]
    );
    assert!(a.reshape(&[4]).is_err());
    assert_eq!(a.reshape(&[1, 6, 1]).unwrap().ndim(), 3);
}

#[cfg(all(feature = "complex", feature = "half"))]
#[test]
fn types_of_other_crates_are_elements() {
    use half::{bf16, f16};
    use num_complex::Complex;
    let z = Array::from_vec(vec![Complex::new(1.0_f32, -2.0)]);
    assert_eq!(
        (z.dtype(), z.to_string().as_str()),
        (&dtype("c8").to_order(Order::NATIVE), "[1.-2.j]")
    );
    assert_eq!(z.as_slice::<Complex<f32>>().unwrap()[0].im, -2.0);
    assert_eq!(Array::from_vec(vec![f16::from_f32(0.1)]).to_string(), "[0.1]");
    let b = Array::from_vec(vec![bf16::from_f32(1.5)]);
    assert_eq!(b.dtype().to_string(), "|V2");
    let values = b.view_ml(MlType::Bfloat16).unwrap().to_f32().unwrap();
    assert_eq!(values.as_slice::<f32>().unwrap(), [1.5]);
}
