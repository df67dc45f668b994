//! Frames of lz4, one after another.
#![forbid(unsafe_code)]

use crate::Result;
use std::io::Read;

#[cfg(not(feature = "lz4"))]
pub(super) fn reader(_: &[u8]) -> Result<Box<dyn Read + '_>> {
    Err(crate::Error::unsupported("lz4 in a build without the feature 'lz4'"))
}

/// A reader of what the frames hold.
#[cfg(feature = "lz4")]
// As of the other formats, and as it is in a build without lz4.
#[allow(clippy::unnecessary_wraps)]
pub(super) fn reader(packed: &[u8]) -> Result<Box<dyn Read + '_>> {
    Ok(Box::new(Frames { rest: packed, frame: None, is_begun: false }))
}

#[cfg(feature = "lz4")]
struct Frames<'a> {
    rest: &'a [u8],
    frame: Option<lz4_flex::frame::FrameDecoder<&'a [u8]>>,
    is_begun: bool,
}

#[cfg(feature = "lz4")]
impl Read for Frames<'_> {
    fn read(&mut self, dst: &mut [u8]) -> std::io::Result<usize> {
        use std::io::{Error, ErrorKind};
        if dst.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(frame) = &mut self.frame {
                let len = frame.read(dst)?;
                if len > 0 {
                    return Ok(len);
                }
                self.frame = None;
            }
            match *self.rest {
                [] if self.is_begun => return Ok(0),
                [] => return Err(Error::from(ErrorKind::UnexpectedEof)),
                [0x04, 0x22, 0x4d, 0x18, ..] => {
                    self.is_begun = true;
                    let len = frame_len(self.rest);
                    let len = len.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
                    let (frame, rest) = self.rest.split_at(len);
                    self.rest = rest;
                    self.frame = Some(lz4_flex::frame::FrameDecoder::new(frame));
                }
                // A frame that is to be skipped.
                [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
                    let len = usize::try_from(u32::from_le_bytes([a, b, c, d]));
                    let end = len.ok().and_then(|len| len.checked_add(8));
                    let rest = end.and_then(|end| self.rest.get(end..));
                    self.rest = rest.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
                }
                _ => {
                    let found = "bytes behind the end of the stream";
                    return Err(Error::new(ErrorKind::InvalidData, found));
                }
            }
        }
    }
}

/// How long a frame is; none where it is cut. The decoder takes some cuts for an end.
#[cfg(feature = "lz4")]
fn frame_len(bytes: &[u8]) -> Option<usize> {
    // The frame format of lz4: a magic, flags, a size of blocks, what the flags say, a checksum.
    let flags = *bytes.get(4)?;
    let has = |bit: u8, len: usize| if flags & bit != 0 { len } else { 0 };
    let mut at = 7 + has(8, 8) + has(1, 4);
    loop {
        let size = bytes.get(at..)?.first_chunk::<4>()?;
        at += 4;
        // The highest bit marks a block that is not packed.
        let size = u32::from_le_bytes(*size) & 0x7fff_ffff;
        if size == 0 {
            at += has(4, 4);
            return (at <= bytes.len()).then_some(at);
        }
        at = at.checked_add(usize::try_from(size).ok()?)?.checked_add(has(16, 4))?;
    }
}
