//! Writing: members one after another, forwards, with nothing left to fill in.
//!
//! What a local header says is known before the data are written, or patched in where the sink
//! lets us: so there are no data descriptors, and archives can be read from their start. Small
//! members are collected and leave with few writes. Large stored ones pass through the cache
//! once: a block is hashed and written before the next one is touched.
#![forbid(unsafe_code)]

use super::content::{Content, Packed, Packing};
use super::member::Member;
use super::names;
use super::notes;
use super::options::WriteOptions;
use super::zip::{Method, write_end};
use crate::codec::Crc32;
use crate::error::quoted;
use crate::npy::{self, HeaderMemo, Payload, Plan};
use crate::{Array, AtomicFile, Entry, Error, Item, Limits, Result, Sink, Tree, parallel};
use std::collections::HashSet;
use std::path::Path;

/// Writes a tree as an archive, atomically: an old file stays as it was until the new one is
/// whole.
///
/// An array `a/b` becomes the member `a/b.npy`, a value keeps its name, an array without a name
/// is `arr_0`, as `np.savez` calls it. Notes become the texts that NPFold keeps: `a/b_meta.txt`.
///
/// # Errors
/// `Io`; `Unsupported` for dtypes without a `descr`; `Invalid` for names that
/// archives cannot hold.
pub fn write(path: impl AsRef<Path>, tree: &Tree) -> Result<()> {
    write_with(path, tree, &WriteOptions::default())
}

/// Writes a tree as an archive as the options say, atomically.
///
/// # Errors
/// As [`write()`].
pub fn write_with(path: impl AsRef<Path>, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path, options.durability)?;
    write_to(&mut file, tree, options).map_err(|e| e.in_path(path))?;
    file.commit()
}

/// Writes a tree as an archive to a sink: memory, or a pipe by [`WriteSink`](crate::WriteSink).
///
/// # Errors
/// As [`write()`].
pub fn write_to(sink: &mut dyn Sink, tree: &Tree, options: &WriteOptions) -> Result<()> {
    let mut writer = Writer::new(Borrowed(sink), options)?;
    writer.add_tree(tree)?;
    writer.finish().map(drop)
}

struct Borrowed<'a>(&'a mut dyn Sink);

impl Sink for Borrowed<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn reserve(&mut self, len: u64) -> std::io::Result<()> {
        self.0.reserve(len)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Option<std::io::Result<()>> {
        self.0.patch(offset, bytes)
    }

    fn can_patch(&self) -> bool {
        self.0.can_patch()
    }
}

/// Small pieces are collected up to this size before they are written.
const PENDING: usize = 256 << 10;

/// An archive that is being written, member by member.
///
/// ```
/// use npstow::{Array, npz};
/// let mut writer = npz::Writer::new(Vec::new(), &npz::WriteOptions::default())?;
/// writer.add("event/photon", &Array::from_vec(vec![1.0f32, 2.0]))?;
/// writer.add("event/hit", &Array::from_vec(vec![7u8]))?;
/// let bytes = writer.finish()?;
/// let file = npstow::OpenOptions::default()
///     .open_source(std::sync::Arc::new(npstow::MemorySource::new(bytes)), "memory.npz")?;
/// assert_eq!(file.get("event/hit")?.read()?.as_slice::<u8>()?, [7]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<S: Sink> {
    sink: S,
    /// What was given to the sink; `pending` comes behind it.
    flushed: u64,
    pending: Vec<u8>,
    directory: Vec<u8>,
    /// Entries of the directory.
    count: u64,
    names: HashSet<String>,
    /// The names that were taken since the last mark, where there is one.
    taken: Option<Vec<String>>,
    /// Whether the sink failed: what it has is not what it was given.
    broken: bool,
    comment: Vec<u8>,
    packing: Packing,
    array: npy::WriteOptions,
    memo: HeaderMemo,
}

impl<S: Sink> Writer<S> {
    /// Begins an archive.
    ///
    /// # Errors
    /// `Invalid` for a level that is not there.
    pub fn new(sink: S, options: &WriteOptions) -> Result<Self> {
        Self::resume(sink, 0, options)
    }

    /// Goes on with an archive whose first `position` bytes are there already.
    pub(super) fn resume(sink: S, position: u64, options: &WriteOptions) -> Result<Self> {
        Ok(Self {
            sink,
            flushed: position,
            pending: Vec::new(),
            directory: Vec::new(),
            count: 0,
            names: HashSet::new(),
            taken: None,
            broken: false,
            comment: Vec::new(),
            packing: Packing::new(options.level)?,
            array: options.array.clone(),
            memo: HeaderMemo::default(),
        })
    }

    /// Adds an array; its member is called `name.npy`.
    ///
    /// # Errors
    /// `Exists` where the name is taken; `Invalid` for a name that archives cannot hold;
    /// `Unsupported` for dtypes without a `descr`; `Io`.
    pub fn add(&mut self, name: &str, array: &Array) -> Result<()> {
        self.add_payload(name, Payload::Array(array)).map_err(|e| e.in_member(name))
    }

    /// Adds an array of another file, piece by piece: memory stays bounded.
    ///
    /// # Errors
    /// As [`add`](Self::add), and whatever reading it needs.
    pub fn add_entry(&mut self, name: &str, entry: &Entry) -> Result<()> {
        self.add_payload(name, Payload::Entry(entry)).map_err(|e| e.in_member(name))
    }

    /// Adds a member that is no array, under just this name.
    ///
    /// # Errors
    /// As [`add`](Self::add); `Invalid` for a name that ends in `.npy`.
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.add_content(name, &Content::Bytes(bytes)).map_err(|e| e.in_member(name))
    }

    /// Adds an array of objects, which is there as the bytes of its NPY file: the header, and the
    /// pickle that somebody else has made. Its member is called `name.npy`.
    ///
    /// # Errors
    /// As [`add`](Self::add); `Invalid` for bytes that are no NPY file of objects.
    pub fn add_objects(&mut self, name: &str, npy: &[u8]) -> Result<()> {
        let header = npy::Header::parse(npy, &Limits::default());
        if !header.is_ok_and(|header| header.dtype().has_object()) {
            let e = Error::invalid("bytes that are no NPY file of an array of objects");
            return Err(e.in_member(name));
        }
        self.put(npy_name(name), &Content::Bytes(npy)).map_err(|e| e.in_member(name))
    }

    /// Adds many members at once, packed side by side, in this order. The names are those of
    /// members: other than in a tree, `a` and `a/b` can both be arrays.
    ///
    /// ```
    /// use npstow::{Array, Item, npz};
    /// let mut writer = npz::Writer::new(Vec::new(), &npz::WriteOptions::default())?;
    /// let array = Array::from_vec(vec![1u8, 2]);
    /// writer.add_all(&[("b/c".to_owned(), (&array).into()), ("b".to_owned(), (&array).into())])?;
    /// # writer.finish()?;
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add`](Self::add); `Invalid` for an empty name.
    pub fn add_all(&mut self, items: &[(String, Item)]) -> Result<()> {
        if items.iter().any(|(name, _)| name.is_empty()) {
            return Err(Error::invalid("a member without a name"));
        }
        self.add_leaves(&named(items.iter().map(|(name, item)| (name, item))))
    }

    fn add_leaves(&mut self, leaves: &[(&str, &Item)]) -> Result<()> {
        self.names.reserve(leaves.len());
        if self.packing.is_stored() { self.add_stored(leaves) } else { self.add_packed(leaves) }
    }

    /// Adds everything in a tree. Members are packed side by side, in the tree's order.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_tree(&mut self, tree: &Tree) -> Result<()> {
        tree.check_attached()?;
        let leaves = members_of(tree, "");
        leaves.iter().try_for_each(|(name, item)| check_apart(tree, name, item))?;
        self.add_leaves(&named(leaves.iter().map(|(name, item)| (name, *item))))?;
        self.add_rest("", tree)
    }

    /// Adds what stands under a name of a tree: a group with all that is in it, notes included.
    pub(super) fn add_below(&mut self, name: &str, item: &Item) -> Result<()> {
        let Item::Group(tree) = item else { return self.add_item(name, item) };
        let below = format!("{name}/");
        let leaves = members_of(tree, &below);
        leaves.iter().try_for_each(|(name, item)| self.add_item(name, item))?;
        self.add_rest(&below, tree)
    }

    /// Adds what is not in the leaves of a tree: groups without anything in them, and notes.
    fn add_rest(&mut self, below: &str, tree: &Tree) -> Result<()> {
        let alone = tree.is_empty() && tree.notes("").is_none() && !below.is_empty();
        let within = tree.empty_groups().into_iter().map(|path| format!("{below}{path}/"));
        for name in alone.then(|| below.to_owned()).into_iter().chain(within) {
            let done = self.put_stored(name.clone(), &Content::Bytes(&[]));
            done.map_err(|e| e.in_member(&name))?;
        }
        self.add_notes(below, tree)
    }

    /// Adds the notes of a tree that stands under a path (which ends in a slash, or is empty).
    pub(super) fn add_notes(&mut self, below: &str, tree: &Tree) -> Result<()> {
        for (name, text) in notes::of_tree(tree)? {
            self.add_bytes(&format!("{below}{name}"), text.as_bytes())?;
        }
        Ok(())
    }

    /// Adds what stands under a name of a tree.
    pub(super) fn add_item(&mut self, name: &str, item: &Item) -> Result<()> {
        match item {
            Item::Array(array) => self.add(array_name(name), array),
            Item::Entry(entry) => self.add_entry(array_name(name), entry),
            Item::Value(entry) => {
                let content = Content::Value(entry);
                self.add_content(name, &content).map_err(|e| e.in_member(name))
            }
            Item::Group(tree) => self.add_tree(tree),
        }
    }

    fn add_payload(&mut self, name: &str, payload: Payload<'_>) -> Result<()> {
        let plan = self.plan(payload)?;
        self.put(npy_name(name), &Content::Array(&plan))
    }

    fn add_content(&mut self, name: &str, content: &Content<'_>) -> Result<()> {
        if names::array_name(name).is_some() {
            return Err(Error::invalid("a value under a name that arrays have (.npy)"));
        }
        self.put(name.to_owned(), content)
    }

    /// Members that are small enough to be held are packed on all cores, a batch at a time.
    fn add_packed(&mut self, leaves: &[(&str, &Item)]) -> Result<()> {
        let mut batch: Vec<(&str, Plan<'_>)> = Vec::new();
        let mut len = 0;
        for (name, item) in leaves {
            let payload = match item {
                Item::Array(array) => Payload::Array(array),
                Item::Entry(entry) => Payload::Entry(entry),
                Item::Value(_) | Item::Group(_) => {
                    self.put_batch(std::mem::take(&mut batch))?;
                    len = 0;
                    self.add_item(name, item)?;
                    continue;
                }
            };
            let name = array_name(name);
            let plan = self.plan(payload).map_err(|e| e.in_member(name))?;
            let small = plan.len() <= self.packing.block_len(plan.len()) as u64;
            len += plan.len();
            batch.push((name, plan));
            if !small || len >= Packing::BATCH {
                self.put_batch(std::mem::take(&mut batch))?;
                len = 0;
            }
        }
        self.put_batch(batch)
    }

    /// Adds arrays, which have their names, of one batch.
    fn put_batch<'a>(&mut self, batch: Vec<(&'a str, Plan<'a>)>) -> Result<()> {
        let packing = self.packing.clone();
        let work = |(name, plan): (&'a str, Plan<'a>)| {
            let block = packing.block_len(plan.len()) as u64;
            let packed = (plan.len() <= block).then(|| packing.pack(&Content::Array(&plan)));
            (name, plan, packed)
        };
        parallel::ordered(batch, work, |(name, plan, packed)| {
            let content = Content::Array(&plan);
            let done = match packed {
                Some(packed) => {
                    packed.and_then(|packed| self.put_packed(npy_name(name), &content, &packed))
                }
                None => self.put(npy_name(name), &content),
            };
            done.map_err(|e| e.in_member(name))
        })
    }

    /// Writes a member of exactly this name.
    fn put(&mut self, name: String, content: &Content<'_>) -> Result<()> {
        if self.packing.is_stored() {
            return self.put_stored(name, content);
        }
        let block = self.packing.block_len(content.len()) as u64;
        if content.len() <= block {
            let packed = self.packing.pack(content)?;
            return self.put_packed(name, content, &packed);
        }
        self.put_blocks(name, content)
    }

    fn put_stored(&mut self, name: String, content: &Content<'_>) -> Result<()> {
        let mut member = self.begin(name, content, Method::STORED)?;
        let len = content.len();
        (member.packed_len, member.unpacked_len) = (len, len);
        let known = content.small_crc()?;
        if known.is_none() && !self.sink.can_patch() {
            // Into a pipe the checksum has to go first.
            let mut crc = Crc32::new();
            content.give(&mut |bytes| {
                crc.update(bytes);
                Ok(())
            })?;
            member.crc32 = crc.finish();
        }
        member.crc32 = known.unwrap_or(member.crc32);
        let at = self.position();
        let header_len = self.write_local(&member, content)?;
        let mut crc = Crc32::new();
        let mut written = 0;
        let patched = known.is_none() && self.sink.can_patch();
        content.give(&mut |bytes| {
            for block in bytes.chunks(Content::CACHED) {
                if patched {
                    crc.update(block);
                }
                self.write(block)?;
                written += block.len() as u64;
            }
            Ok(())
        })?;
        if written != len {
            let expected = format!("{len} bytes of data");
            return Err(Error::corrupt(expected, format!("{written}")));
        }
        if patched {
            member.crc32 = crc.finish();
            self.patch_local(&member, at, content)?;
        }
        self.end(&member, at, header_len, content)
    }

    /// Writes a member that is packed already.
    fn put_packed(&mut self, name: String, content: &Content<'_>, packed: &Packed) -> Result<()> {
        let member = self.begin(name, content, Method::DEFLATE)?;
        self.write_packed(member, content, packed)
    }

    fn write_packed(
        &mut self,
        mut member: Member,
        content: &Content<'_>,
        packed: &Packed,
    ) -> Result<()> {
        member.set(packed, content.len());
        let at = self.position();
        let header_len = self.write_local(&member, content)?;
        self.write(&packed.bytes)?;
        self.end(&member, at, header_len, content)
    }

    /// Packs a member block by block, all cores at once, and writes as it goes.
    fn put_blocks(&mut self, name: String, content: &Content<'_>) -> Result<()> {
        let mut member = self.begin(name, content, Method::DEFLATE)?;
        let at = self.position();
        let mut packing = self.packing.clone();
        if !self.sink.can_patch() {
            // A pipe wants the sizes first: what is packed is held, or, where it is too much,
            // forgotten and made again.
            let mut held = Vec::new();
            let mut fits = true;
            let mut sizes = packing.blocks(content, &mut |bytes| {
                fits = fits && held.len() + bytes.len() <= Packing::HELD;
                if fits {
                    held.extend_from_slice(bytes);
                }
                Ok(())
            })?;
            if fits {
                sizes.bytes = held;
                return self.write_packed(member, content, &sizes);
            }
            drop(held);
            member.set(&sizes, content.len());
            let header_len = self.write_local(&member, content)?;
            packing.blocks(content, &mut |bytes| self.write(bytes))?;
            return self.end(&member, at, header_len, content);
        }
        // Sizes that make the header as long as the true ones will.
        member.unpacked_len = content.len();
        member.packed_len = content.len();
        let header_len = self.write_local(&member, content)?;
        let sizes = packing.blocks(content, &mut |bytes| self.write(bytes))?;
        member.set(&sizes, content.len());
        self.patch_local(&member, at, content)?;
        self.end(&member, at, header_len, content)
    }

    /// Writes the local header of a member whose data come next, and says how long it is.
    fn write_local(&mut self, member: &Member, content: &Content<'_>) -> Result<usize> {
        let at = self.position();
        if self.pending.len() >= PENDING {
            self.flush()?;
        }
        if self.pending.capacity() == 0 {
            let few = content.len().saturating_mul(16);
            self.pending.reserve_exact(usize::try_from(few).unwrap_or(PENDING).min(PENDING));
        }
        member.local(at, content.header_len(), &mut self.pending)
    }

    /// Writes the local header of a member again, now that more is known of it.
    fn patch_local(&mut self, member: &Member, at: u64, content: &Content<'_>) -> Result<()> {
        let mut header = Vec::new();
        member.local(at, content.header_len(), &mut header)?;
        self.patch(at, &header)
    }

    /// Takes a name.
    pub(super) fn take_name(&mut self, name: &str) -> Result<()> {
        names::check_new(name, &Limits::default()).map_err(|e| Error::invalid(e.what()))?;
        if u16::try_from(name.len()).is_err() {
            return Err(Error::invalid("a name of more than 65535 bytes"));
        }
        if !self.names.insert(name.to_owned()) {
            return Err(Error::exists(format_args!("the name '{}'", quoted(name))));
        }
        if let Some(taken) = &mut self.taken {
            taken.push(name.to_owned());
        }
        Ok(())
    }

    /// Checks a name and takes it.
    pub(super) fn begin(
        &mut self,
        name: String,
        content: &Content<'_>,
        method: Method,
    ) -> Result<Member> {
        self.take_name(&name)?;
        // A deflated member may become longer than it was, so the room for long sizes is
        // there before it is needed.
        let margin = content.len() / 1000 + (1 << 20);
        let zip64 = content.len().saturating_add(margin) >= u64::from(u32::MAX);
        Ok(Member { zip64, ..Member::new(name, method) })
    }

    /// Adds a member to the directory.
    fn end(
        &mut self,
        member: &Member,
        at: u64,
        header_len: usize,
        content: &Content<'_>,
    ) -> Result<()> {
        self.enter(member, at, header_len, content.header())
    }

    /// Takes a name that may be taken already.
    pub(super) fn claim(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Gives a name free.
    pub(super) fn release(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Whether a member has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// What is in the directory now.
    pub(super) fn mark(&mut self) -> Mark {
        self.taken = Some(Vec::new());
        Mark { directory: self.directory.len(), count: self.count }
    }

    /// Forgets the members that were added since the last mark; their bytes take room.
    pub(super) fn undo(&mut self, mark: Mark) {
        self.directory.truncate(mark.directory);
        self.count = mark.count;
        for name in self.taken.take().unwrap_or_default() {
            self.names.remove(&name);
        }
    }

    /// What stands at the end of the archive.
    pub(super) fn set_comment(&mut self, comment: &[u8]) {
        self.comment = comment.to_vec();
    }

    /// Adds an entry for a member that was written apart.
    pub(super) fn enter(
        &mut self,
        member: &Member,
        at: u64,
        header_len: usize,
        header: Option<&[u8]>,
    ) -> Result<()> {
        self.count += 1;
        member.central(at, header_len, header, &mut self.directory)
    }

    /// Adds entries for `count` members that were made apart.
    pub(super) fn enter_all(&mut self, count: u64, directory: &[u8]) {
        self.count += count;
        self.directory.extend_from_slice(directory);
    }

    /// What will be written of an array.
    pub(super) fn plan<'a>(&mut self, payload: Payload<'a>) -> Result<Plan<'a>> {
        Plan::new(payload, &self.array, &mut self.memo)
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> u64 {
        self.flushed + self.pending.len() as u64
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.pending.len() + bytes.len() > PENDING {
            self.flush()?;
        }
        if bytes.len() >= PENDING / 4 {
            return self.send(bytes);
        }
        if self.pending.capacity() == 0 {
            self.pending.reserve_exact(PENDING.min(bytes.len().saturating_mul(1024)));
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        self.send(&pending)?;
        self.pending = pending;
        self.pending.clear();
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if !self.pending.is_empty() && !std::ptr::eq(bytes, &raw const self.pending[..]) {
            self.flush()?;
        }
        let at = self.flushed;
        let done = self.sink.write_all(bytes);
        self.broken |= done.is_err();
        done.map_err(|e| Error::io("writing", e).at(at))?;
        self.flushed += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.flush()?;
        let failed = |e| Error::io("writing a header", e).at(at);
        match self.sink.patch(at, bytes) {
            Some(done) => {
                self.broken |= done.is_err();
                done.map_err(failed)
            }
            None => Err(Error::unsupported("a sink that takes back its word on patching")),
        }
    }

    /// Writes the directory, and gives the sink back.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(mut self) -> Result<S> {
        if self.broken {
            return Err(Error::invalid("an archive of which something could not be written"));
        }
        let end = self.end_record()?;
        let mut directory = std::mem::take(&mut self.directory);
        directory.extend_from_slice(&end);
        self.write(&directory)?;
        self.flush()?;
        Ok(self.sink)
    }

    /// As [`finish`](Self::finish) for an archive that was there before: `kept` are the entries
    /// of what stays and their number; `before` is done with the sink when all data are written
    /// and nothing of the directory is.
    pub(super) fn finish_edit(
        mut self,
        kept: (Vec<u8>, u64),
        comment: &[u8],
        before: impl FnOnce(&mut S) -> Result<()>,
    ) -> Result<S> {
        let (mut directory, count) = kept;
        directory.append(&mut self.directory);
        (self.directory, self.count) = (directory, self.count + count);
        self.set_comment(comment);
        self.flush()?;
        before(&mut self.sink)?;
        self.finish()
    }

    /// How long the archive will be if nothing more is added.
    pub(super) fn len_when_finished(&self) -> Result<u64> {
        Ok(self.position() + self.directory.len() as u64 + self.end_record()?.len() as u64)
    }

    fn end_record(&self) -> Result<Vec<u8>> {
        let (len, at) = (self.directory.len() as u64, self.position());
        let mut end = Vec::new();
        write_end(&mut end, self.count, len, at, &self.comment)?;
        Ok(end)
    }
}

/// What a writer knew at some time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    directory: usize,
    count: u64,
}

/// Members by their names, without a copy of these.
fn named<'a>(items: impl Iterator<Item = (&'a String, &'a Item)>) -> Vec<(&'a str, &'a Item)> {
    items.map(|(name, item)| (name.as_str(), item)).collect()
}

/// The leaves of a tree that stands under a path (which ends in a slash, or is empty), by what
/// they are called in an archive.
fn members_of<'a>(tree: &'a Tree, below: &str) -> Vec<(String, &'a Item)> {
    let mut leaves = tree.leaves();
    for (path, _) in &mut leaves {
        let name = aside(tree, path);
        if !below.is_empty() || name.len() < path.len() {
            *path = format!("{below}{name}");
        }
    }
    leaves
}

/// The member that holds an array of this name.
pub(super) fn npy_name(name: &str) -> String {
    [name, ".npy"].concat()
}

/// Refuses an array called `x.npy` beside one called `x`: `x.npy` is the member of that, for every
/// reader.
fn check_apart(tree: &Tree, name: &str, item: &Item) -> Result<()> {
    let is_array = |item: &Item| matches!(item, Item::Array(_) | Item::Entry(_));
    let stem = names::array_name(name).filter(|_| is_array(item));
    if let Some(stem) = stem.filter(|stem| tree.get(stem).is_some_and(is_array)) {
        let (name, stem) = (quoted(name), quoted(stem));
        let what = format!("an array '{name}' beside '{stem}', which an archive calls '{name}'");
        return Err(Error::invalid(what));
    }
    Ok(())
}

/// What an array is called in an archive: one called `x.npy` where `x` is something else is the
/// member `x.npy`.
pub(super) fn aside<'a>(tree: &Tree, path: &'a str) -> &'a str {
    let is_other = |stem: &&str| matches!(tree.get(stem), Some(Item::Group(_) | Item::Value(_)));
    path.strip_suffix(".npy").filter(is_other).unwrap_or(path)
}

/// The name of an array in a tree that is one array.
pub(super) fn array_name(name: &str) -> &str {
    if name.is_empty() { "arr_0" } else { name }
}

#[cfg(test)]
mod tests;
