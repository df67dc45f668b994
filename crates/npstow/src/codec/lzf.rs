//! LZF, h5py's own filter 32000.
#![forbid(unsafe_code)]

use crate::{Error, Result};

/// Unpacks a whole stream into exactly `dst`.
pub(crate) fn unpack(bytes: &[u8], dst: &mut [u8]) -> Result<()> {
    let made = unpack_some(bytes, dst)?;
    if made != dst.len() {
        return Err(Error::corrupt(format_args!("{} bytes packed with lzf", dst.len()), made));
    }
    Ok(())
}

/// Unpacks a whole stream, which may be shorter than `dst`; says how long it is.
pub(crate) fn unpack_some(bytes: &[u8], dst: &mut [u8]) -> Result<usize> {
    let wrong = |at: usize| Error::corrupt("bytes packed with lzf", "others").at(at as u64);
    let (mut from, mut to) = (0, 0);
    while let Some(&control) = bytes.get(from) {
        let start = from;
        from += 1;
        if control < 32 {
            let len = usize::from(control) + 1;
            let run = bytes.get(from..from + len).ok_or_else(|| wrong(start))?;
            dst.get_mut(to..to + len).ok_or_else(|| wrong(start))?.copy_from_slice(run);
            (from, to) = (from + len, to + len);
            continue;
        }
        let mut next = || {
            from += 1;
            bytes.get(from - 1).map(|&byte| usize::from(byte)).ok_or_else(|| wrong(start))
        };
        let mut len = usize::from(control >> 5) + 2;
        if len == 9 {
            len += next()?;
        }
        let back = (usize::from(control & 31) << 8) + next()? + 1;
        repeat(dst, to, back, len).ok_or_else(|| wrong(start))?;
        to += len;
    }
    Ok(to)
}

/// Copies `len` bytes from so far back, which may overlap what is written.
pub(super) fn repeat(dst: &mut [u8], to: usize, back: usize, len: usize) -> Option<()> {
    let from = to.checked_sub(back).filter(|_| back > 0)?;
    if back >= len {
        let (before, after) = dst.split_at_mut_checked(to)?;
        after.get_mut(..len)?.copy_from_slice(before.get(from..from + len)?);
        return Some(());
    }
    dst.get(to..to.checked_add(len)?)?;
    for i in 0..len {
        *dst.get_mut(to + i)? = *dst.get(from + i)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_repetitions() {
        // "abc", then 7 bytes from 3 back, then 20 of the last one.
        let packed = [2, b'a', b'b', b'c', 5 << 5, 2, 7 << 5, 11, 0];
        let mut dst = [0; 30];
        unpack(&packed, &mut dst).unwrap();
        assert_eq!(&dst, b"abcabcabcaaaaaaaaaaaaaaaaaaaaa");
        for len in 0..packed.len() {
            assert!(unpack(&packed[..len], &mut dst).is_err(), "{len}");
        }
        assert!(unpack(&packed, &mut [0; 29]).is_err() && unpack(&packed, &mut [0; 31]).is_err());
        assert_eq!(unpack_some(&packed, &mut [0; 31]).unwrap(), 30);
        assert!(unpack(&[5 << 5, 9], &mut [0; 30]).is_err());
        assert!(unpack(&[], &mut []).is_ok());
    }
}
