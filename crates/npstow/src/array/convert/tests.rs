//! Every road against the plainest one: element by element.
#![forbid(unsafe_code)]

use super::super::{Array, MemoryOrder};
use super::{Strided, copy_strided, swap_in_place};
use crate::{Buffer, Dtype, Order};

/// A small generator of pseudo-random numbers: xorshift.
pub(in crate::array) struct Random(pub(in crate::array) u64);

impl Random {
    pub(in crate::array) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

fn void(itemsize: usize) -> Dtype {
    Dtype::parse(&format!("V{itemsize}")).unwrap()
}

fn counting(nbytes: usize) -> Buffer {
    let hash = |i: usize| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24).to_le_bytes()[0];
    Buffer::from((0..nbytes).map(hash).collect::<Vec<u8>>())
}

/// An array of random axes, permuted, reversed, stepped.
fn random_array(random: &mut Random, lengths: &[usize], itemsize: usize) -> Array {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    let mut strides = vec![0_isize; lengths.len()];
    let (mut step, mut offset) = (itemsize, 0);
    for axis in order {
        let gap = 1 + random.below(5) / 4;
        let stride = step * gap;
        strides[axis] = super::signed(stride);
        if random.below(4) == 0 {
            strides[axis] = -strides[axis];
            offset += stride * (lengths[axis].max(1) - 1);
        }
        step = stride * lengths[axis].max(1);
    }
    Array::from_parts(void(itemsize), lengths.to_vec(), strides, offset, counting(step)).unwrap()
}

/// All elements in C order, the slow way.
pub(in crate::array) fn plainly(array: &Array) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut index = vec![0; array.ndim()];
    for _ in 0..array.len() {
        bytes.extend_from_slice(array.element(&index).unwrap());
        for (i, length) in index.iter_mut().zip(array.shape()).rev() {
            *i += 1;
            if *i < *length {
                break;
            }
            *i = 0;
        }
    }
    bytes
}

#[test]
fn any_layout_becomes_any_other() {
    let mut random = Random(42);
    for round in 0..600 {
        let itemsize = [1, 2, 3, 4, 8, 12, 16, 24, 300][random.below(9)];
        let lengths: Vec<usize> = match round % 3 {
            0 => (0..random.below(6)).map(|_| random.below(5)).collect(),
            1 => vec![random.below(150), random.below(150)],
            _ => vec![1 + random.below(20), 1 + random.below(70), 1 + random.below(9)],
        };
        let array = random_array(&mut random, &lengths, itemsize);
        let want = plainly(&array);
        let c = array.to_contiguous(MemoryOrder::C).unwrap();
        assert_eq!(c.bytes().unwrap(), want, "{lengths:?} of {itemsize}");
        let f = array.to_contiguous(MemoryOrder::F).unwrap();
        assert!(f.is_f_contiguous() && plainly(&f) == want, "{lengths:?} of {itemsize}");

        // Into another layout, not only out of one.
        let target = random_array(&mut random, &lengths, itemsize);
        let mut bytes = target.buffer().to_vec();
        let dst =
            Strided { bytes: &mut bytes[..], offset: target.offset(), strides: target.strides() };
        let src = Strided { bytes: &array.data[..], offset: array.offset, strides: &array.strides };
        copy_strided(&lengths, itemsize, dst, &src);
        let (shape, strides) = (lengths.clone(), target.strides().to_vec());
        let copied =
            Array::from_parts(void(itemsize), shape, strides, target.offset(), bytes.into());
        assert_eq!(plainly(&copied.unwrap()), want, "{lengths:?} of {itemsize}");

        // In pieces.
        for (order, all) in
            [(MemoryOrder::C, &want), (MemoryOrder::F, &f.bytes().unwrap().to_vec())]
        {
            let (n, piece) = (array.len(), 1 + random.below(40));
            let mut joined = Vec::new();
            for start in (0..n).step_by(piece) {
                let end = n.min(start + piece);
                let mut part = vec![0; (end - start) * itemsize];
                array.pack_range(order, start..end, &mut part);
                joined.extend(part);
            }
            assert!(joined == *all, "{lengths:?} of {itemsize} in pieces of {piece}");
        }
    }
}

#[test]
fn large_ones_on_all_cores_are_the_same() {
    for (shape, itemsize) in
        [(vec![3000, 1001], 4), (vec![1, 2_100_001], 4), (vec![70_001, 4, 4], 8)]
    {
        let n = shape.iter().product::<usize>();
        let array =
            Array::new(void(itemsize), &shape, MemoryOrder::F, counting(n * itemsize)).unwrap();
        let c = array.to_contiguous(MemoryOrder::C).unwrap();
        assert!(c.bytes().unwrap() == plainly(&array), "{shape:?}");
        let back = c.to_contiguous(MemoryOrder::F).unwrap();
        assert!(back.bytes() == array.bytes());
        let halved = array.select(&"::-2".parse().unwrap()).unwrap();
        assert!(halved.to_contiguous(MemoryOrder::C).unwrap().bytes().unwrap() == plainly(&halved));
    }
}

#[test]
fn swaps_are_the_plan_item_by_item() {
    let dtypes = [
        "<u2",
        "<i4",
        "<f8",
        "<f16",
        "<c16",
        "<c8",
        "<U3",
        "S5",
        "<M8[s]",
        "[('a', '<i2'), ('b', '<f4', (3,)), ('c', 'u1'), ('d', [('e', '<u8'), ('f', '<u2')], (2,))]",
    ];
    for descr in dtypes {
        let dtype = Dtype::parse(descr).unwrap();
        for n in [0, 1, 5, 300_001] {
            let data = counting(n * dtype.itemsize());
            let mut want = data.to_vec();
            let plan = dtype.swaps();
            want.chunks_exact_mut(dtype.itemsize()).for_each(|item| plan.apply(item));
            let mut found = data.to_vec();
            swap_in_place(&mut found, &dtype);
            assert!(found == want, "{descr}");
            let array = Array::new(dtype.clone(), &[n], MemoryOrder::C, data.clone()).unwrap();
            let big = array.to_order(Order::Big).unwrap();
            assert!(big.bytes().unwrap() == want, "{descr}");
            assert_eq!(big.dtype(), &dtype.to_order(Order::Big));
            assert!(big.to_order(Order::Little).unwrap().bytes().unwrap() == &*data);
        }
    }
}

#[test]
fn swapping_keeps_fortran_order_and_gathers_the_rest() {
    let array =
        Array::new(Dtype::parse(">i4").unwrap(), &[2, 3], MemoryOrder::F, counting(24)).unwrap();
    let native = array.to_native().unwrap();
    assert!(native.is_f_contiguous());
    let stepped = array.select(&":, ::2".parse().unwrap()).unwrap();
    let native = stepped.to_native().unwrap();
    assert!(native.is_f_contiguous() || native.is_c_contiguous());
    let mut want = plainly(&stepped);
    want.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    assert_eq!(
        plainly(&native),
        if cfg!(target_endian = "little") { want } else { plainly(&stepped) }
    );
}

#[test]
#[cfg(feature = "parallel")]
fn large_work_is_done_alone_where_that_is_said() {
    let own = std::thread::current().id();
    let threads = || {
        let noted = |_: usize, _: &mut [u8]| Ok(std::thread::current().id());
        super::map_blocks(&mut vec![0; 4 * super::GRAIN], 1 << 16, noted).unwrap()
    };
    let alone = crate::alone(threads);
    assert!(alone.len() == 256 && alone.iter().all(|id| *id == own));
    assert!(threads().iter().all(|id| *id != own));
    assert!(crate::alone(|| !super::is_shared(usize::MAX)));
}
