//! Packed bytes: any of them end in a verdict on which the decoders agree; what is packed is proved
//! by the walk, and each block unpacks alone and with the others.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::__fuzzing;

fuzz_target!(|input: (u8, u8, u16, &[u8], &[u8])| {
    let (level, which, block, bytes, packed) = input;
    __fuzzing::pack(level % 13, usize::from(block) + 1, bytes, which.into());
    __fuzzing::unpack(packed, block.into(), which.into());
    __fuzzing::blosc2(packed, block.into());
    __fuzzing::walk(packed, bytes);
});
