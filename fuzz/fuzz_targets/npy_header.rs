//! The text of a header: parsed, written, parsed again; any version around it.
#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use npstow::Limits;
use npstow::npy::{Header, MAGIC};

fuzz_target!(|input: (u8, &[u8])| {
    let (version, text) = input;
    let version = version % 3 + 1;
    let mut bytes = MAGIC.to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        let Ok(len) = u16::try_from(text.len()) else { return };
        bytes.extend(len.to_le_bytes());
    } else {
        let Ok(len) = u32::try_from(text.len()) else { return };
        bytes.extend(len.to_le_bytes());
    }
    bytes.extend(text);
    let header = match Header::parse(&bytes, &Limits::default()) {
        Ok(header) => header,
        Err(e) => {
            assert!(e.offset().is_none_or(|at| at <= bytes.len() as u64), "{e}");
            assert!(e.to_string().lines().count() == 1);
            return;
        }
    };
    assert_eq!(header.data_offset(), bytes.len() as u64);
    let Ok(written) = header.to_bytes(None) else { return };
    let again = Header::parse(&written, &Limits::none()).expect("our own header is read");
    assert_eq!((again.dtype(), again.shape(), again.order()), (header.dtype(), header.shape(), header.order()));
});
