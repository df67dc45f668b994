//! Frames: what a reader takes from the file at once.
//!
//! Readers that hold a frame in memory and go on reading from the file disagree on what crosses its
//! end: CPython's C reader drops the part within the frame where the file cannot be peeked into, and
//! runs another program than one that ignores frames. `pickle.py` refuses such, and so does npstow.
#![forbid(unsafe_code)]

use super::machine::{Machine, NO_FRAME};
use crate::{Error, Result};

impl Machine<'_> {
    /// At or behind the end of the frame: no opcode reaches from within to behind it.
    #[cold]
    pub(super) fn leave_frame(&mut self, at: u64) -> Result<()> {
        let end = std::mem::replace(&mut self.frame_end, NO_FRAME);
        if at > end {
            (self.is_misframed, self.has_crossed) = (true, true);
            let expected = format_args!("the end of an opcode by that of its frame, {end}");
            return Err(Error::corrupt(expected, at).at(self.at));
        }
        Ok(())
    }

    /// A frame of so many bytes begins here.
    pub(super) fn enter_frame(&mut self, len: u64) -> Result<()> {
        let offset = self.feed.offset();
        let end = std::mem::replace(&mut self.frame_end, offset.saturating_add(len));
        if end != NO_FRAME && end != offset {
            self.is_misframed = true;
            let expected = format_args!("a frame behind the end of the one before, {end}");
            return Err(Error::corrupt(expected, "one within"));
        }
        Ok(())
    }

    /// Behind the end of a pickle: where another one follows, readers look for it behind the frame.
    pub(super) fn check_frame_ended(&mut self) -> Result<()> {
        let offset = self.feed.offset();
        if self.frame_end != NO_FRAME && self.frame_end > offset {
            self.is_misframed = true;
            let expected = format_args!("the end of a frame, {}", self.frame_end);
            return Err(Error::corrupt(expected, "that of its pickle").at(offset));
        }
        Ok(())
    }

    /// What stands beside the opcodes is read from the file, thus from the end of the frame on.
    pub(super) fn check_outside_of_frame(&mut self) -> Result<()> {
        let offset = self.feed.offset();
        if self.frame_end != NO_FRAME && self.frame_end != offset {
            self.is_misframed = true;
            let expected = format_args!("elements behind the end of a frame, {}", self.frame_end);
            return Err(Error::corrupt(expected, "some within").at(offset));
        }
        self.frame_end = NO_FRAME;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::pickle::{Options, Verdict, from_bytes, scan};
    use crate::{Limits, MemorySource};
    use std::sync::Arc;

    /// A frame of these opcodes, or one that says another length.
    fn frame(opcodes: &[u8], len: usize) -> Vec<u8> {
        [b"\x95", &(len as u64).to_le_bytes()[..], opcodes].concat()
    }

    #[test]
    fn frames_end_between_opcodes() {
        let read = |bytes: &[u8]| from_bytes(bytes.to_vec(), &Options::default());
        let one = frame(b"K\x01", 2);
        // One behind another, with opcodes between, of no length; one whose last opcode is a frame;
        // STOP in front of the end, as `pickle.py` has it.
        let within = frame(&frame(b"", 2), 9);
        for bytes in [
            [&one[..], &frame(b"K\x02", 2), b"\x86."].concat(),
            [&frame(b"", 0)[..], &one, b"C\x03abc\x86", &frame(b".", 1)].concat(),
            [&within[..], b"K\x01."].concat(),
            frame(b"N.N.", 4),
        ] {
            assert!(read(&bytes).is_ok(), "{}", bytes.escape_ascii());
        }
        for (bytes, offset) in [
            ([&frame(b"NX\x01\0\0\0a", 6)[..], b"."].concat(), 10),
            (frame(b"cab\ncd\n.", 5), 9),
            (frame(b"I12\n.", 2), 9),
            (frame(b"K\x01.", 1), 9),
            ([&frame(&[b"N", &frame(b"0", 1)[..], b"N"].concat(), 12)[..], b"."].concat(), 10),
            ([&frame(&frame(b"", 0), 4)[..], b"N."].concat(), 9),
        ] {
            let found = read(&bytes).err().and_then(|e| e.offset());
            assert_eq!(found, Some(offset), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_scan_does_not_call_it_data_where_readers_disagree() {
        let names = b"\x8c\x05posixq\x000\x8c\x06systemq\x010\x8c\x04uuidq\x0a0\x8c\x04UUIDq\x0b0";
        let split = [
            &b"\x80\x04"[..],
            &frame(&[&names[..], b"g1"].concat(), names.len() + 2),
            b"0\n",
            &frame(b"g1", 2),
            b"1\n\x93.",
        ]
        .concat();
        let (over, tail) = (b"\x8c\x04uuidq\x000\x8c\x04UUIDq\x010", b"h\x00h\x01\x93.");
        let inner = frame(over, tail.len());
        let nest = [&frame(&inner, inner.len())[..], tail].concat();
        let within = [&b"B\x1c\0\0\0"[..], &frame(b"cuuid\nUUID\nX\x01\0\0\0ab.", 12), b"."];
        // Who reads a second pickle from the file may begin behind the frame.
        let behind = frame(b"N.cuuid\nUUID\n.", 3);
        for bytes in [split, nest, within.concat(), behind] {
            let found =
                scan(Arc::new(MemorySource::new(bytes.clone())), &Limits::default()).unwrap();
            assert!(found.verdict() >= Verdict::Unknown, "{}", bytes.escape_ascii());
            assert!(found.fault.is_some() && !found.mentions.is_empty());
            let last = found.mentions.last().unwrap();
            assert_ne!(format!("{:?}", last.what).find("UUID"), None);
        }
    }
}
