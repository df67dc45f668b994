//! Packing a file as a whole while it is written, on all cores where the format has parts.
//!
//! What comes is gathered into pieces of a fixed size, so that the bytes do not depend on how many
//! cores there are: blocks of deflate and lz4, streams of bzip2 and xz one after another, which is
//! what their own tools write on many cores. Only `.lzma` has no parts.
#![forbid(unsafe_code)]

use crate::codec::{Adler32, Crc32, deflate};
use crate::parallel::{each, width};
use crate::{Error, Result, Sink};
use std::io;

/// The bytes that become one block of deflate.
pub(super) const BLOCK: usize = 1 << 20;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Zlib,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Lz4,
}

/// A sink that packs what it is given into another one.
pub(crate) struct Packer<'s> {
    sink: &'s mut dyn Sink,
    method: Method,
    level: u8,
    /// How many bytes become one piece.
    piece: usize,
    pending: Vec<u8>,
    adler: Adler32,
    crc: Crc32,
    len: u64,
    #[cfg(feature = "lzma")]
    lzma: Option<lzma::Stream>,
}

/// A piece that was packed, with the checksums of what it was.
type Packed = (Vec<u8>, Option<Adler32>, Option<Crc32>);

impl<'s> Packer<'s> {
    /// The level has to be one of the method's.
    pub(crate) fn new(method: Method, level: u8, sink: &'s mut dyn Sink) -> Result<Self> {
        let mut packer = Self {
            sink,
            method,
            level,
            piece: piece_len(method, level),
            pending: Vec::new(),
            adler: Adler32::new(),
            crc: Crc32::new(),
            len: 0,
            #[cfg(feature = "lzma")]
            lzma: None,
        };
        match method {
            // RFC 1950 2.2: a window of 32 KiB, and how hard it was tried.
            Method::Zlib => packer.raw(match level {
                0..=1 => &[0x78, 0x01],
                2..=5 => &[0x78, 0x5e],
                6 => &[0x78, 0x9c],
                _ => &[0x78, 0xda],
            })?,
            // RFC 1952 2.3: no time and no name, so that the same makes the same bytes.
            Method::Gzip => packer.raw(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])?,
            // Version 1, blocks that unpack apart, of at most 4 MiB; the last byte is a checksum.
            Method::Lz4 => packer.raw(&[0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])?,
            #[cfg(feature = "lzma")]
            Method::Lzma => packer.lzma = Some(lzma::Stream::new(level)?),
            _ => {}
        }
        Ok(packer)
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|e| Error::io("writing what was packed", e))
    }

    /// Packs all whole pieces that are there.
    fn whole(&mut self) -> Result<()> {
        let whole = self.pending.len() / self.piece * self.piece;
        let pending = std::mem::take(&mut self.pending);
        let (now, later) = pending.split_at(whole);
        let pieces: Vec<&[u8]> = now.chunks(self.piece).collect();
        let (method, level) = (self.method, self.level);
        for piece in each(pieces, |piece| pack(method, level, piece, false))? {
            self.put(piece)?;
        }
        self.pending = later.to_vec();
        Ok(())
    }

    fn put(&mut self, (bytes, adler, crc): Packed) -> Result<()> {
        if let Some(adler) = adler {
            self.adler.combine(adler);
        }
        if let Some(crc) = crc {
            self.crc.combine(&crc);
        }
        self.raw(&bytes)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.len += bytes.len() as u64;
        #[cfg(feature = "lzma")]
        if let Some(stream) = &mut self.lzma {
            let packed = stream.write(bytes)?;
            return self.raw(&packed);
        }
        let most = self.piece * width().saturating_mul(2);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(most - self.pending.len()));
            self.pending.extend_from_slice(now);
            rest = later;
            if self.pending.len() >= most {
                self.whole()?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<()> {
        #[cfg(feature = "lzma")]
        if let Some(stream) = self.lzma.take() {
            let packed = stream.finish()?;
            return self.raw(&packed);
        }
        self.whole()?;
        let rest = std::mem::take(&mut self.pending);
        let is_deflate = matches!(self.method, Method::Zlib | Method::Gzip);
        // A file without a stream would be none.
        if is_deflate || !rest.is_empty() || (self.len == 0 && self.method != Method::Lz4) {
            self.put(pack(self.method, self.level, &rest, true)?)?;
        }
        match self.method {
            Method::Zlib => self.raw(&self.adler.finish().to_be_bytes()),
            Method::Gzip => {
                let crc = self.crc.clone().finish();
                self.raw(&crc.to_le_bytes())?;
                // RFC 1952 2.3.1: the length modulo 2³².
                let [a, b, c, d, ..] = self.len.to_le_bytes();
                self.raw(&[a, b, c, d])
            }
            Method::Lz4 => self.raw(&[0; 4]),
            _ => Ok(()),
        }
    }
}

impl Sink for Packer<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.take(bytes).map_err(io::Error::other)
    }
}

/// The largest window of xz by its level, in MiB, and no less than one.
const WINDOWS: [usize; 10] = [1, 1, 2, 4, 4, 8, 8, 16, 32, 64];

fn piece_len(method: Method, level: u8) -> usize {
    match method {
        Method::Zlib | Method::Gzip => BLOCK,
        // What one block takes.
        Method::Bzip2 => usize::from(level.max(1)) * 100_000,
        // Twice the window: `xz` has three of them, and more memory.
        Method::Xz | Method::Lzma => WINDOWS.get(usize::from(level)).copied().unwrap_or(64) << 21,
        Method::Lz4 => 4 << 20,
    }
}

/// One piece; `last` ends a stream of deflate.
fn pack(method: Method, level: u8, bytes: &[u8], last: bool) -> Result<Packed> {
    let mut out = Vec::new();
    let (mut adler, mut crc) = (None, None);
    match method {
        Method::Zlib => {
            deflate::compress_block(level, bytes, last, &mut out)?;
            adler = Some(Adler32::of(bytes));
        }
        Method::Gzip => {
            deflate::compress_block(level, bytes, last, &mut out)?;
            let mut sum = Crc32::new();
            sum.update(bytes);
            crc = Some(sum);
        }
        Method::Bzip2 => bzip2(level, bytes, &mut out)?,
        Method::Xz | Method::Lzma => xz(level, bytes, &mut out)?,
        Method::Lz4 => lz4(bytes, &mut out)?,
    }
    Ok((out, adler, crc))
}

#[cfg(not(all(feature = "bzip2", feature = "lz4", feature = "lzma")))]
fn lacks(name: &str, feature: &str) -> Error {
    Error::unsupported(format_args!(
        "packing with {name} in a build without the feature '{feature}'"
    ))
}

#[cfg(feature = "bzip2")]
fn bzip2(level: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    crate::codec::encode(crate::Codec::BZIP2, level, bytes, out)
}

#[cfg(not(feature = "bzip2"))]
fn bzip2(_: u8, _: &[u8], _: &mut Vec<u8>) -> Result<()> {
    Err(lacks("bzip2", "bzip2"))
}

/// A block of lz4 behind its length, as it is where it does not become shorter.
#[cfg(feature = "lz4")]
fn lz4(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let packed = lz4_flex::block::compress(bytes);
    let (mark, block) = match packed.len() < bytes.len() {
        true => (0, &packed[..]),
        false => (1 << 31, bytes),
    };
    let len = u32::try_from(block.len()).expect("a block has at most 4 MiB");
    out.extend_from_slice(&(len | mark).to_le_bytes());
    out.extend_from_slice(block);
    Ok(())
}

#[cfg(not(feature = "lz4"))]
fn lz4(_: &[u8], _: &mut Vec<u8>) -> Result<()> {
    Err(lacks("lz4", "lz4"))
}

#[cfg(feature = "lzma")]
fn xz(level: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    lzma::xz(level, bytes, out)
}

#[cfg(not(feature = "lzma"))]
fn xz(_: u8, _: &[u8], _: &mut Vec<u8>) -> Result<()> {
    Err(lacks("xz", "lzma"))
}

#[cfg(feature = "lzma")]
mod lzma {
    use crate::{Error, Result};
    use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    fn failed(e: io::Error) -> Error {
        Error::io("packing with lzma", e)
    }

    /// A stream of xz.
    pub(super) fn xz(level: u8, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let mut writer =
            XzWriter::new(out, XzOptions::with_preset(level.into())).map_err(failed)?;
        writer.write_all(bytes).map_err(failed)?;
        writer.finish().map(drop).map_err(failed)
    }

    /// What the packer has made, to be taken from here.
    #[derive(Clone, Default)]
    struct Made(Arc<Mutex<Vec<u8>>>);

    impl Made {
        fn take(&self) -> Vec<u8> {
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }

    impl Write for Made {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A stream of `.lzma` under way.
    pub(super) struct Stream {
        writer: LzmaWriter<Made>,
        made: Made,
    }

    impl Stream {
        pub(super) fn new(level: u8) -> Result<Self> {
            let made = Made::default();
            let options = LzmaOptions::with_preset(level.into());
            // Nobody knows how long it becomes: it has a mark at its end, as Python's has.
            let writer = LzmaWriter::new_use_header(made.clone(), &options, None);
            Ok(Self { writer: writer.map_err(failed)?, made })
        }

        pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
            self.writer.write_all(bytes).map_err(failed)?;
            Ok(self.made.take())
        }

        pub(super) fn finish(self) -> Result<Vec<u8>> {
            self.writer.finish().map_err(failed)?;
            Ok(self.made.take())
        }
    }
}
