//! DLPack: arrays shared with other libraries in the process, without a copy.
//!
//! The structs are those of the published interface (dlpack.h, version 1.1, and its form before 1.0).

use crate::array::NpstowArray;
use crate::call::{ErrorOut, make, need, slice};
use crate::make::{borrowed, copy};
use npstow::{Array, Dtype, Error, Kind, MemoryOrder, Order, Result, Scalar};
use std::ffi::c_void;
use std::ptr;

/// `DLDevice`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Device {
    kind: i32,
    id: i32,
}

/// `kDLCPU`, `kDLCUDAHost`: memory that a processor reads.
const READABLE: [i32; 2] = [1, 3];

/// `DLDataType`.
#[repr(C)]
#[derive(Clone, Copy)]
struct DataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

/// `DLTensor`.
#[repr(C)]
struct Tensor {
    data: *mut c_void,
    device: Device,
    ndim: i32,
    dtype: DataType,
    shape: *mut i64,
    /// In elements; NULL for C order.
    strides: *mut i64,
    byte_offset: u64,
}

/// `DLManagedTensor`, the form before 1.0.
#[repr(C)]
struct Old {
    tensor: Tensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut Old)>,
}

/// `DLManagedTensorVersioned`.
#[repr(C)]
struct New {
    major: u32,
    minor: u32,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut New)>,
    flags: u64,
    tensor: Tensor,
}

/// `DLPACK_FLAG_BITMASK_READ_ONLY`.
const READ_ONLY: u64 = 1;

/// What a tensor of ours points to.
struct Kept {
    array: Box<NpstowArray>,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

fn data_type(dtype: &Dtype) -> Result<DataType> {
    let refused = || Error::unsupported(format!("the dtype {dtype} in DLPack"));
    let scalar = dtype.as_scalar().ok_or_else(refused)?;
    if scalar.order() == Order::SWAPPED {
        let what = format!("the byte order of {dtype} in DLPack (see npstow_array_to_native)");
        return Err(Error::unsupported(what));
    }
    let code = match scalar.kind() {
        Kind::Int => 0,
        Kind::Uint => 1,
        Kind::Float => 2,
        Kind::Complex => 5,
        Kind::Bool => 6,
        _ => return Err(refused()),
    };
    let bits = u8::try_from(scalar.itemsize() * 8).map_err(|_| refused())?;
    Ok(DataType { code, bits, lanes: 1 })
}

fn kept(array: &Array) -> Result<Kept> {
    let itemsize = isize::try_from(array.dtype().itemsize()).unwrap_or(1).max(1);
    let number = |n: &usize| i64::try_from(*n).map_err(|_| Error::invalid("a shape beyond DLPack"));
    let shape = array.shape().iter().map(number).collect::<Result<_>>()?;
    let stride = |n: &isize| match n % itemsize {
        0 => i64::try_from(n / itemsize).map_err(|_| Error::invalid("strides beyond DLPack")),
        _ => {
            let what = format!("strides of {n} bytes for elements of {itemsize} in DLPack");
            Err(Error::unsupported(what))
        }
    };
    let strides = array.strides().iter().map(stride).collect::<Result<_>>()?;
    Ok(Kept { array: NpstowArray::boxed(array.clone()), shape, strides })
}

/// A tensor whose memory lives as long as what the second pointer leads to.
fn tensor(array: &Array) -> Result<(Tensor, *mut Kept)> {
    let (dtype, kept) = (data_type(array.dtype())?, kept(array)?);
    let ndim = i32::try_from(array.ndim()).map_err(|_| Error::invalid("axes beyond DLPack"))?;
    let kept = Box::leak(Box::new(kept));
    let tensor = Tensor {
        data: kept.array.start().cast_mut().cast(),
        device: Device { kind: 1, id: 0 },
        ndim,
        dtype,
        shape: kept.shape.as_mut_ptr(),
        strides: kept.strides.as_mut_ptr(),
        byte_offset: 0,
    };
    Ok((tensor, kept))
}

unsafe extern "C" fn delete_new(tensor: *mut New) {
    if !tensor.is_null() {
        // SAFETY: `npstow_array_to_dlpack` made both, and the owner calls this once.
        let tensor = unsafe { Box::from_raw(tensor) };
        // SAFETY: the same.
        drop(unsafe { Box::from_raw(tensor.context.cast::<Kept>()) });
    }
}

unsafe extern "C" fn delete_old(tensor: *mut Old) {
    if !tensor.is_null() {
        // SAFETY: `npstow_array_to_dlpack_unversioned` made both, and the owner calls this once.
        let tensor = unsafe { Box::from_raw(tensor) };
        // SAFETY: the same.
        drop(unsafe { Box::from_raw(tensor.context.cast::<Kept>()) });
    }
}

/// The array as a `DLManagedTensorVersioned` (DLPack 1.x), marked as read-only; the elements are
/// shared. Its `deleter` frees it. `NPSTOW_UNSUPPORTED` for records, strings and times, and where the
/// byte order is not this machine's.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_to_dlpack(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> *mut c_void {
    let made = make(error, || {
        let (tensor, context) = tensor(&need(array, "array")?.array)?;
        let (context, deleter) = (context.cast(), Some(delete_new as unsafe extern "C" fn(_)));
        let new = New { major: 1, minor: 1, context, deleter, flags: READ_ONLY, tensor };
        Ok(Box::into_raw(Box::new(new)).cast())
    });
    made.unwrap_or(ptr::null_mut())
}

/// A copy of the array as a `DLManagedTensor`, the form before 1.0, which cannot say that memory is
/// not to be written to.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_array_to_dlpack_unversioned(
    array: Option<&NpstowArray>,
    error: ErrorOut,
) -> *mut c_void {
    let made = make(error, || {
        let copy = copy(&need(array, "array")?.array)?;
        let (tensor, context) = tensor(&copy)?;
        let (context, deleter) = (context.cast(), Some(delete_old as unsafe extern "C" fn(_)));
        Ok(Box::into_raw(Box::new(Old { tensor, context, deleter })).cast())
    });
    made.unwrap_or(ptr::null_mut())
}

fn dtype(found: DataType) -> Result<Dtype> {
    let kind = match found.code {
        0 => Some(Kind::Int),
        1 => Some(Kind::Uint),
        2 => Some(Kind::Float),
        5 => Some(Kind::Complex),
        6 => Some(Kind::Bool),
        _ => None,
    };
    let refused = || {
        let (code, bits, lanes) = (found.code, found.bits, found.lanes);
        Error::unsupported(format!("the DLPack type {code} of {bits} bits in {lanes} lanes"))
    };
    let kind =
        kind.filter(|_| found.lanes == 1 && found.bits.is_multiple_of(8)).ok_or_else(refused)?;
    let itemsize = usize::from(found.bits) / 8;
    let order = if itemsize > 1 { Order::NATIVE } else { Order::None };
    Scalar::new(kind, order, itemsize).map(Dtype::scalar).map_err(|_| refused())
}

/// Shape, strides in bytes, and how many bytes in front of and behind the first element there are.
#[derive(Debug, Default)]
struct Layout {
    shape: Vec<usize>,
    strides: Vec<isize>,
    before: usize,
    after: usize,
}

impl Layout {
    /// # Safety
    /// `tensor` is as DLPack asks.
    unsafe fn of(tensor: &Tensor, itemsize: usize) -> Result<Self> {
        let wrong = |what: &str| Error::invalid(format_args!("a DLPack tensor with {what}"));
        let ndim = usize::try_from(tensor.ndim).map_err(|_| wrong("a negative number of axes"))?;
        // SAFETY: DLPack asks for `ndim` lengths.
        let lengths = unsafe { slice(tensor.shape.cast_const(), ndim, "shape")? };
        let length = |&n: &i64| usize::try_from(n).map_err(|_| wrong("a negative length"));
        let shape = lengths.iter().map(length).collect::<Result<Vec<_>>>()?;
        let steps = if tensor.strides.is_null() {
            None
        } else {
            // SAFETY: DLPack asks for NULL or `ndim` strides.
            Some(unsafe { slice(tensor.strides.cast_const(), ndim, "strides")? })
        };
        let has_elements = !shape.contains(&0);
        let after = if has_elements { itemsize } else { 0 };
        let mut layout = Self { after, ..Self::default() };
        let mut packed = itemsize;
        for (axis, &n) in shape.iter().enumerate().rev() {
            let given = steps.and_then(|steps| steps.get(axis));
            let step = match given {
                Some(&step) => isize::try_from(step)
                    .ok()
                    .and_then(|step| step.checked_mul(isize::try_from(itemsize).ok()?)),
                None => isize::try_from(packed).ok(),
            };
            let step = step.ok_or_else(|| wrong("strides beyond memory"))?;
            packed = packed.checked_mul(n.max(1)).ok_or_else(|| wrong("a shape beyond memory"))?;
            let reach = step.unsigned_abs().checked_mul(n.saturating_sub(1));
            let reach = reach.ok_or_else(|| wrong("strides beyond memory"))?;
            let side = if step < 0 { &mut layout.before } else { &mut layout.after };
            if has_elements {
                *side = side.checked_add(reach).ok_or_else(|| wrong("strides beyond memory"))?;
            }
            layout.strides.insert(0, step);
        }
        layout.shape = shape;
        Ok(layout)
    }
}

/// # Safety
/// `tensor` is as DLPack asks, and its memory stays until `free` is called with `owner`.
unsafe fn array(
    tensor: &Tensor,
    free: unsafe extern "C" fn(*mut c_void),
    owner: *mut c_void,
) -> Result<Array> {
    if !READABLE.contains(&tensor.device.kind) {
        let what = format!("a DLPack tensor on a device of type {}", tensor.device.kind);
        return Err(Error::unsupported(what));
    }
    let dtype = dtype(tensor.dtype)?;
    // SAFETY: the caller's promise.
    let layout = unsafe { Layout::of(tensor, dtype.itemsize())? };
    let offset = usize::try_from(tensor.byte_offset)
        .map_err(|_| Error::invalid("a DLPack tensor with an offset beyond memory"))?;
    let len = layout.before.checked_add(layout.after);
    let len = len.ok_or_else(|| Error::invalid("a DLPack tensor beyond memory"))?;
    let start = tensor.data.cast::<u8>().cast_const();
    let start = if start.is_null() {
        start
    } else {
        start.wrapping_add(offset).wrapping_sub(layout.before)
    };
    let make = |bytes| {
        let (shape, strides) = (layout.shape.clone(), layout.strides.clone());
        match len {
            0 => Array::new(dtype.clone(), &shape, MemoryOrder::C, bytes),
            _ => Array::from_parts(dtype.clone(), shape, strides, layout.before, bytes),
        }
    };
    // SAFETY: DLPack asks that all elements are there. First without the owner: a failure leaves the
    // tensor to the caller.
    make(unsafe { borrowed(start.cast(), len, "data", None, ptr::null_mut())? })?;
    // SAFETY: the same, until `free` is called.
    make(unsafe { borrowed(start.cast(), len, "data", Some(free), owner)? })
}

unsafe extern "C" fn give_back_new(owner: *mut c_void) {
    let tensor = owner.cast::<New>();
    // SAFETY: `owner` is the tensor that `npstow_array_from_dlpack` was given; its deleter is called
    // once, as DLPack asks.
    if let Some(deleter) = unsafe { (*tensor).deleter } {
        // SAFETY: the same.
        unsafe { deleter(tensor) };
    }
}

unsafe extern "C" fn give_back_old(owner: *mut c_void) {
    let tensor = owner.cast::<Old>();
    // SAFETY: as in `give_back_new`.
    if let Some(deleter) = unsafe { (*tensor).deleter } {
        // SAFETY: the same.
        unsafe { deleter(tensor) };
    }
}

/// Takes a `DLManagedTensorVersioned` (DLPack 1.x) in memory that a processor reads; the elements
/// are shared, and must not change. Where this succeeds, its `deleter` is called when nobody needs
/// them any more, from any thread; where it fails, the tensor is still the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_from_dlpack(
    managed: *mut c_void,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        // SAFETY: the header asks for NULL or such a tensor.
        let new = need(unsafe { managed.cast::<New>().as_ref() }, "managed")?;
        if new.major != 1 {
            let what = format!("version {}.{} of DLPack", new.major, new.minor);
            return Err(Error::unsupported(what));
        }
        // SAFETY: the same.
        Ok(NpstowArray::boxed(unsafe { array(&new.tensor, give_back_new, managed)? }))
    })
}

/// As `npstow_array_from_dlpack`, of a `DLManagedTensor`, the form before 1.0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_array_from_dlpack_unversioned(
    managed: *mut c_void,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    make(error, || {
        // SAFETY: the header asks for NULL or such a tensor.
        let old = need(unsafe { managed.cast::<Old>().as_ref() }, "managed")?;
        // SAFETY: the same.
        Ok(NpstowArray::boxed(unsafe { array(&old.tensor, give_back_old, managed)? }))
    })
}
