//! Jenkins' lookup3, which stands behind every structure of the newer forms and orders names.
#![forbid(unsafe_code)]

/// The hash `hashlittle` with 0 to begin with (HDF5: `H5_checksum_lookup3`).
pub(crate) fn lookup3(bytes: &[u8]) -> u32 {
    // The length counts by its lowest 32 bits.
    let len = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or(0);
    let start = 0xdead_beef_u32.wrapping_add(len);
    let mut state = [start; 3];
    let mut rest = bytes;
    while rest.len() > 12 {
        let (block, after) = rest.split_at(12);
        add(&mut state, block);
        mix(&mut state);
        rest = after;
    }
    if rest.is_empty() {
        return state[2];
    }
    add(&mut state, rest);
    last(&mut state);
    state[2]
}

/// Adds up to 12 bytes as three words; missing ones are zero.
fn add(state: &mut [u32; 3], bytes: &[u8]) {
    for (word, part) in state.iter_mut().zip(bytes.chunks(4)) {
        let mut four = [0; 4];
        four.iter_mut().zip(part).for_each(|(place, byte)| *place = *byte);
        *word = word.wrapping_add(u32::from_le_bytes(four));
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    for (shift, turn) in [(4, 0), (6, 1), (8, 2), (16, 0), (19, 1), (4, 2)] {
        let (x, y, z) = match turn {
            0 => (&mut *a, &mut *c, &mut *b),
            1 => (&mut *b, &mut *a, &mut *c),
            _ => (&mut *c, &mut *b, &mut *a),
        };
        *x = x.wrapping_sub(*y) ^ y.rotate_left(shift);
        *y = y.wrapping_add(*z);
    }
}

fn last([a, b, c]: &mut [u32; 3]) {
    for (shift, turn) in [(14, 0), (11, 1), (25, 2), (16, 0), (4, 1), (14, 2), (24, 0)] {
        let (x, y) = match turn {
            0 => (&mut *c, &*b),
            1 => (&mut *a, &*c),
            _ => (&mut *b, &*a),
        };
        *x = (*x ^ *y).wrapping_sub(y.rotate_left(shift));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_reference() {
        // From the text of lookup3.c, and from files that h5py wrote.
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
