//! An HDF5 file: its bytes, its superblock, and how to read regions of it.
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::border::{Heap, Name, Structures};
use super::fractal::Fractal;
use super::heap::Heaps;
use super::image::Image;
use super::object::extension::cache_image;
use super::object::header::{self, kind};
use super::object::shared;
use super::object::space::Space;
use super::paths::paths;
use super::read::{Sizes, UNDEFINED};
use super::superblock::Superblock;
use crate::{Buffer, Error, Limits, Result, Source};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// See [`File::dense`].
pub(super) struct Dense {
    pub(super) bytes: Vec<u8>,
    pub(super) is_shared: bool,
    pub(super) order: u32,
}

/// What all parsers of a file share.
#[derive(Debug)]
pub(super) struct File {
    /// No two open files have the same.
    number: u64,
    source: Arc<dyn Source>,
    superblock: Superblock,
    structures: Structures,
    heaps: Heaps,
    limits: Arc<Limits>,
    beside: Arc<Beside>,
    paths: OnceLock<HashMap<u64, String>>,
    furthest: AtomicU64,
}

impl File {
    /// Reads the superblock.
    pub(super) fn open(
        source: Arc<dyn Source>,
        limits: Arc<Limits>,
        beside: Arc<Beside>,
    ) -> Result<Self> {
        let superblock = Superblock::find(&*source)?;
        let file = Self::made(source, superblock, limits, beside);
        match file.image()? {
            Some(image) => {
                let Self { superblock, limits, beside, .. } = file;
                Ok(Self::made(Arc::new(image), superblock, limits, beside))
            }
            None => Ok(file),
        }
    }

    /// A file of which no image of a cache is taken into account.
    pub(super) fn made(
        source: Arc<dyn Source>,
        superblock: Superblock,
        limits: Arc<Limits>,
        beside: Arc<Beside>,
    ) -> Self {
        let structures = Structures::new(Arc::clone(&source), superblock.base, superblock.sizes);
        let (heaps, paths) = (Heaps::default(), OnceLock::new());
        let furthest = AtomicU64::new(0);
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self { number, source, superblock, structures, heaps, limits, beside, paths, furthest }
    }

    /// The image of a metadata cache, where there is one.
    fn image(&self) -> Result<Option<Image>> {
        if self.extension() == UNDEFINED {
            return Ok(None);
        }
        // Whoever needs the extension is told what is wrong with it.
        let Ok(header) = header::read(self, self.extension()) else { return Ok(None) };
        let Some((address, len)) = cache_image(&header, self.sizes())? else { return Ok(None) };
        let block = self.read(address, len)?;
        let at = |e: Error| e.shift(self.base().saturating_add(address));
        Image::new(Arc::clone(&self.source), self.base(), self.sizes(), &block)
            .map(Some)
            .map_err(at)
    }

    /// One object of the fractal heap at an address.
    pub(super) fn heap_object(&self, heap: u64, id: &[u8]) -> Result<Vec<u8>> {
        let object = match Fractal::open(self, heap)? {
            Some(mut heap) => heap.get(id)?,
            None => None,
        };
        object.map_or_else(|| self.structures.heap(heap)?.get(id), Ok)
    }

    /// What a fractal heap has under the names of a B-tree: links, or attributes. Of those that are
    /// shared, it is their name in the heap of such.
    pub(super) fn dense(&self, heap: u64, names: u64) -> Result<Vec<Dense>> {
        let names = self.structures.names(names)?;
        self.limits.check_members(names.len() as u64)?;
        let mut ours = Fractal::open(self, heap)?;
        let mut theirs: Option<Heap<'_>> = None;
        let one = |Name { id, is_shared, order }: Name| {
            if is_shared {
                return Ok(Dense { bytes: id, is_shared, order });
            }
            let known = ours.as_mut().map_or(Ok(None), |heap| heap.get(&id))?;
            let bytes = match (known, &mut theirs) {
                (Some(bytes), _) => bytes,
                (None, Some(theirs)) => theirs.get(&id)?,
                (None, none) => none.insert(self.structures.heap(heap)?).get(&id)?,
            };
            Ok(Dense { bytes, is_shared, order })
        };
        names.into_iter().map(one).collect()
    }

    /// The end of what was read so far, as an address.
    pub(super) fn furthest(&self) -> u64 {
        self.furthest.load(Ordering::Relaxed)
    }

    /// What tells it from all other open files.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    pub(super) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// The files beside this one.
    pub(super) fn beside(&self) -> &Arc<Beside> {
        &self.beside
    }

    pub(super) fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    pub(super) fn structures(&self) -> &Structures {
        &self.structures
    }

    pub(super) fn heaps(&self) -> &Heaps {
        &self.heaps
    }

    pub(super) fn sizes(&self) -> Sizes {
        self.superblock.sizes
    }

    /// What addresses count from.
    pub(super) fn base(&self) -> u64 {
        self.superblock.base
    }

    pub(super) fn extension(&self) -> u64 {
        self.superblock.extension
    }

    /// Where an address is in the source.
    pub(super) fn position(&self, address: u64) -> Result<u64> {
        let position = address.checked_add(self.base());
        position.filter(|at| *at <= self.source.len()).ok_or_else(|| {
            let expected = format!("an address in a file of {} bytes", self.source.len());
            Error::corrupt(expected, address)
        })
    }

    /// The bytes at an address, all of which must be there.
    pub(super) fn read(&self, address: u64, len: u64) -> Result<Buffer> {
        let position = self.position(address)?;
        self.reach(address, len);
        let there = self.source.len() - position;
        match usize::try_from(len) {
            Ok(len) if len as u64 <= there => {
                let failed = |e| Error::io("reading", e).at(position);
                self.source.read(position, len).map_err(failed)
            }
            _ => {
                let found = format_args!("the end after {there}");
                Err(Error::corrupt(format_args!("{len} bytes"), found).at(position))
            }
        }
    }

    /// Keeps in mind that so many bytes at an address belong to the file.
    pub(super) fn reach(&self, address: u64, len: u64) {
        self.furthest.fetch_max(address.saturating_add(len), Ordering::Relaxed);
    }

    /// The bytes at an address, as many of `most` as there are.
    pub(super) fn read_up_to(&self, address: u64, most: u64) -> Result<Buffer> {
        let position = self.position(address)?;
        let len = usize::try_from(most.min(self.source.len() - position)).unwrap_or(usize::MAX);
        self.source.read(position, len).map_err(|e| Error::io("reading", e).at(position))
    }

    /// The first path to the object at an address.
    pub(super) fn path_of(&self, address: u64) -> Result<Option<String>> {
        if self.paths.get().is_none() {
            let _ = self.paths.set(paths(self)?);
        }
        Ok(self.paths.get().and_then(|paths| paths.get(&address)).cloned())
    }

    /// Lengths of the axes of the dataset at an address.
    pub(super) fn shape_of(&self, address: u64) -> Result<Vec<u64>> {
        let header = header::read(self, address)?;
        let none = || Error::corrupt("a dataset", "something else");
        let message = header.find(kind::DATASPACE).ok_or_else(none)?;
        Ok(Space::parse(&shared::body(self, message)?, self.sizes())?.shape)
    }
}
