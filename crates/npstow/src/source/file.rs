//! A file, read at offsets; mapped when a view is asked for.
#![forbid(unsafe_code)]

use super::{Source, check_range, mmap};
use crate::{Buffer, Error, Result};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// A regular file. Its length is taken once, when it is opened.
///
/// Reading copies with positional reads: another process that cuts the file short meanwhile
/// causes an error, nothing worse. Only [`Source::view`] maps the file.
///
/// ```
/// use npstow::{FileSource, Source};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("x.npy");
/// # std::fs::write(&path, b"some bytes").unwrap();
/// let source = FileSource::open(&path)?;
/// let mut word = [0; 5];
/// source.read_into(5, &mut word).map_err(|e| npstow::Error::io("reading", e))?;
/// assert_eq!((source.len(), &word), (10, b"bytes"));
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
    map: OnceLock<Buffer>,
}

impl FileSource {
    /// Opens the file at `path` for reading.
    ///
    /// # Errors
    /// `Io` where it cannot be opened; `Unsupported` where it is no regular file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| Error::io("opening", e).in_path(path))?;
        Self::new(file).map_err(|e| e.in_path(path))
    }

    /// Takes an open file; its position is neither used nor moved.
    ///
    /// # Errors
    /// `Io` where the system does not tell its length; `Unsupported` where it is no regular file.
    pub fn new(file: File) -> Result<Self> {
        Self::regular(file)?
            .map_err(|_| Error::unsupported("reading at offsets from what is no regular file"))
    }

    /// As [`new`](Self::new), but gives back what is no regular file.
    pub(crate) fn regular(file: File) -> Result<Result<Self, File>> {
        let metadata = file.metadata().map_err(|e| Error::io("asking for the length", e))?;
        if !metadata.is_file() {
            return Ok(Err(file));
        }
        Ok(Ok(Self { file, len: metadata.len(), map: OnceLock::new() }))
    }

    fn map(&self) -> Result<&Buffer> {
        if let Some(map) = self.map.get() {
            return Ok(map);
        }
        let map = mmap::map(&self.file, self.len).map_err(|e| Error::io("mapping the file", e))?;
        Ok(self.map.get_or_init(|| map))
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_into(&self, offset: u64, dst: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, dst, offset)
    }

    #[cfg(windows)]
    fn read_into(&self, mut offset: u64, mut dst: &mut [u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !dst.is_empty() {
            match self.file.seek_read(dst, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    dst = &mut dst[n..];
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn view(&self, offset: u64, len: usize) -> Result<Buffer> {
        check_range(self.len, offset, len).map_err(|e| Error::io("mapping", e).at(offset))?;
        if len == 0 {
            return Ok(Buffer::default());
        }
        // What was cut off since the file was opened would end the process when it is touched.
        let there = self.file.metadata().map_err(|e| Error::io("asking for the length", e))?.len();
        if check_range(there, offset, len).is_err() {
            let found = format_args!("the file cut to {there} bytes");
            return Err(Error::corrupt(format_args!("{len} bytes"), found).at(offset));
        }
        let start = usize::try_from(offset)
            .map_err(|_| Error::unsupported("a map larger than the address space").at(offset))?;
        self.map()?.slice(start..start + len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn reads_and_views_agree_and_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"hello world").unwrap();
        let source = FileSource::open(&path).unwrap();
        assert_eq!(source.len(), 11);
        assert_eq!(&*source.read(6, 5).unwrap(), b"world");
        assert_eq!(&*source.view(6, 5).unwrap(), b"world");
        assert_eq!(source.read(7, 5).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(source.view(7, 5).is_err());
        assert!(source.read(u64::MAX, 1).is_err());
        assert!(source.view(11, 0).unwrap().is_empty());
    }

    #[test]
    fn what_was_cut_off_is_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"hello world").unwrap();
        let source = FileSource::open(&path).unwrap();
        assert_eq!(&*source.view(0, 5).unwrap(), b"hello");
        File::options().write(true).open(&path).unwrap().set_len(7).unwrap();
        assert_eq!(&*source.view(0, 5).unwrap(), b"hello");
        let e = source.view(6, 5).unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(6)));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let e = FileSource::open(std::env::temp_dir()).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        let e = FileSource::open("no such file").unwrap_err();
        assert_eq!((e.kind(), e.path()), (ErrorKind::Io, Some(Path::new("no such file"))));
    }
}
