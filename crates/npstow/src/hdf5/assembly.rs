//! Groups and headers, put together from the leaves up: what lies behind the elements.
#![forbid(unsafe_code)]

use super::attributes::{self, Ground};
use super::draft::{Extras, Value, check_step, of_notes};
use super::file::File;
use super::headers::Headers;
use super::links::{self, Links};
use super::moved;
use super::plan::{Dataset, Stored};
use super::varied::{collection_len, varied_data};
use super::write::UNDEFINED;
use super::write::btree1::{self, Shape};
use super::write::btree2::Kind;
use super::write::checksum::lookup3;
use super::write::chunk_index::{self, Chunk};
use super::write::emit::Emit;
use super::write::fractal_heap::{FractalHeap, Of};
use super::write::global_heap::{Collection, HeapId};
use super::write::link::{Link, Target};
use super::write::local_heap::LocalHeap;
use super::write::message::{self, Allocated, Dataspace, Dense, Layout, kind};
use super::write::object_header::{self, Message, Version};
use super::write::superblock::{GROUP_INTERNAL_K, Superblock};
use super::write::symbol_table::{Cached, SymbolEntry, SymbolNode};
use crate::array::nbytes;
use crate::{Entry, Error, Item, Result, Tree, Varied};

/// What is written at once: see `append`.
const PAGE: u64 = 4096;

/// More links than this are kept in a heap in the latest form, as the library does.
const FEW: usize = 8;

/// Where the elements of an array are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// There are none.
    Nowhere,
    At(u64),
    Compact(Vec<u8>),
    Chunks(Vec<Chunk>),
}

/// Structures from an address of the file on.
#[derive(Debug)]
pub(super) struct Assembly<'a> {
    extras: &'a Extras,
    latest: bool,
    base: u64,
    bytes: Vec<u8>,
    collection: Option<Collection>,
    /// Of arrays and of groups, in the order in which they were met.
    headers: (Vec<u64>, Vec<u64>),
    targets: Headers,
}

/// A member of a group.
struct Member<'a> {
    name: &'a str,
    header: u64,
    cached: Cached,
    /// Of a soft link.
    target: Option<&'a str>,
}

impl<'a> Member<'a> {
    /// A hard link that says nothing of where it leads.
    fn plain(name: &'a str, header: u64) -> Self {
        Self { name, header, cached: Cached::Nothing, target: None }
    }
}

/// A group whose members are being written.
struct Level<'a> {
    path: String,
    name: &'a str,
    tree: &'a Tree,
    items: Box<dyn Iterator<Item = (&'a str, &'a Item)> + 'a>,
    members: Vec<Member<'a>>,
}

impl<'a> Level<'a> {
    fn new(path: String, name: &'a str, tree: &'a Tree) -> Self {
        let members = Vec::with_capacity(tree.len());
        Self { path, name, tree, items: Box::new(tree.iter()), members }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }
}

impl Ground for Assembly<'_> {
    fn place(&mut self, bytes: &[u8]) -> u64 {
        let at = self.here();
        self.bytes.extend_from_slice(bytes);
        at
    }

    fn here(&mut self) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.base + self.bytes.len() as u64
    }

    fn objects(&mut self, objects: &[&[u8]]) -> Result<Vec<HeapId>> {
        let mut ids = Vec::with_capacity(objects.len());
        for (at, object) in objects.iter().enumerate() {
            let there = self.collection.as_mut().and_then(|heap| heap.add(object));
            ids.push(match there {
                Some(id) => id,
                None => {
                    self.close_collection();
                    let len = collection_len(objects.get(at..).unwrap_or_default());
                    let address = self.place(&vec![0; len]);
                    let heap = self.collection.insert(Collection::new(address, len));
                    heap.add(object).expect("it was made for this object")
                }
            });
        }
        Ok(ids)
    }

    fn header_of(&mut self, file: &File, address: u64) -> Result<u64> {
        self.targets.of(file, address)
    }
}

impl<'a> Assembly<'a> {
    /// Begins at an address, a multiple of 8.
    pub(super) fn new(extras: &'a Extras, latest: bool, base: u64, targets: Headers) -> Self {
        let (collection, headers) = (None, (Vec::new(), Vec::new()));
        Self { extras, latest, base, bytes: Vec::new(), collection, headers, targets }
    }

    /// Writes everything of a tree, whose arrays are these, and gives the bytes, what begins the
    /// file, and what refers to what.
    ///
    /// # Errors
    /// What HDF5 cannot hold, with the path of it.
    pub(super) fn write<'t>(
        mut self,
        tree: &'t Tree,
        (datasets, links): (&'t [Dataset<'_>], &Links),
        places: &[Place],
    ) -> Result<(Vec<u8>, Superblock, Headers)>
    where
        'a: 't,
    {
        let mut arrays = datasets.iter().zip(places).zip(links.arrays());
        let mut groups = links.groups();
        // A stack of levels rather than recursion: trees may be as deep as their maker liked.
        let mut levels = vec![Level::new(String::new(), "", tree)];
        loop {
            let Some(level) = levels.last_mut() else { unreachable!("the root ends the loop") };
            match level.items.next() {
                Some((name, Item::Group(group))) => {
                    let path = level.path_of(name);
                    check_step(name).map_err(|e| e.in_member(&path))?;
                    levels.push(Level::new(path, name, group));
                }
                Some((name, _)) => {
                    let array = arrays.next().expect("there is one for each item");
                    let member = self.array(array, level.tree, name)?;
                    level.members.push(member);
                }
                None => {
                    let level = levels.pop().expect("it was there");
                    let member = self.member(level, groups.next())?;
                    match levels.last_mut() {
                        Some(above) => above.members.push(member),
                        None => return Ok(self.finish(&member)),
                    }
                }
            }
        }
    }

    /// An array as a member of a group: a new one, or another name.
    fn array<'t>(
        &mut self,
        ((dataset, place), names): ((&'t Dataset<'_>, &Place), u32),
        tree: &Tree,
        name: &'t str,
    ) -> Result<Member<'t>> {
        let header = match dataset.stored {
            Stored::Soft(ref target) => {
                self.headers.0.push(UNDEFINED);
                return Ok(Member { target: Some(target), ..Member::plain(name, UNDEFINED) });
            }
            Stored::Linked(first) => self.headers.0.get(first).copied().expect("it comes before"),
            _ => {
                let notes = attributes_of(&dataset.path, tree, name, self.extras);
                let notes = notes.map_err(|e| e.in_member(&dataset.path))?;
                self.dataset(dataset, place, (&notes, names))?
            }
        };
        self.targets.keep(tree.place(name), &dataset.path, header);
        self.headers.0.push(header);
        Ok(Member::plain(name, header))
    }

    /// A group whose members are written as a member of another: a new one, or another name.
    fn member<'t>(&mut self, level: Level<'t>, names: Option<links::Header>) -> Result<Member<'t>>
    where
        'a: 't,
    {
        let (place, path) = (level.tree.place(""), level.path.clone());
        let member = match names {
            Some(links::Header::Of(first)) => {
                let header = self.headers.1.get(first).copied().expect("it comes before");
                Member::plain(level.name, header)
            }
            Some(links::Header::Own(names)) => self.group(level, names)?,
            None => unreachable!("there is one for each group"),
        };
        self.targets.keep(place, &path, member.header);
        self.headers.1.push(member.header);
        Ok(member)
    }

    fn finish(mut self, root: &Member<'_>) -> (Vec<u8>, Superblock, Headers) {
        self.close_collection();
        // The file ends where the next thing could begin.
        let end = self.here();
        let superblock = match root.cached {
            Cached::Group { tree, heap } => Superblock::Old { end, root: root.header, tree, heap },
            _ => Superblock::Latest { end, root: root.header },
        };
        (self.bytes, superblock, self.targets)
    }

    fn close_collection(&mut self) {
        let Some(mut heap) = self.collection.take() else { return };
        let at = heap.address() - self.base;
        let bytes = heap.write();
        let start = usize::try_from(at).expect("it lies within the bytes");
        self.bytes[start..start + bytes.len()].copy_from_slice(&bytes);
    }

    fn header(
        &mut self,
        path: &str,
        mut messages: Vec<Message>,
        (attributes, names): (&[(String, Value)], u32),
        grows: bool,
    ) -> Result<u64> {
        // Of an array that grows, what changes is to lie on one page: so one write changes it.
        let own = || object_header::write(Version::V1, names, &messages).map(|bytes| bytes.len());
        let within = grows.then(own).transpose().map_err(|e| e.in_member(path))?;
        let (version, about) = match (attributes.is_empty(), self.latest) {
            (true, false) => (Version::V1, Vec::new()),
            (true, true) => (Version::V2, Vec::new()),
            (false, latest) => attributes::messages(path, attributes, latest, self)?,
        };
        messages.extend(about);
        let bytes =
            object_header::write(version, names, &messages).map_err(|e| e.in_member(path))?;
        if let Some(len) = within {
            let len = if version == Version::V1 { len } else { bytes.len() };
            self.keep_on_page(len);
        }
        Ok(self.place(&bytes))
    }

    /// Goes on at the next page where so many bytes would lie on two.
    fn keep_on_page(&mut self, len: usize) {
        let (here, len) = (self.here(), len as u64);
        let left = here.next_multiple_of(PAGE) - here;
        if left > 0 && left < len && len <= PAGE {
            let gap = usize::try_from(left).expect("less than a page");
            self.bytes.resize(self.bytes.len() + gap, 0);
        }
    }

    fn dataset(
        &mut self,
        dataset: &Dataset<'_>,
        place: &Place,
        beside: (&[(String, Value)], u32),
    ) -> Result<u64> {
        let latest = self.latest;
        if matches!(dataset.stored, Stored::Committed) {
            let messages = vec![message::committed(dataset.datatype.clone()), message::room()];
            return self.header(&dataset.path, messages, beside, false);
        }
        let space = match dataset.is_null {
            true => Dataspace::Null,
            false => Dataspace::Simple { lengths: &dataset.shape, most: dataset.most.as_deref() },
        };
        let mut messages = vec![space.message(latest), message::datatype(dataset.datatype.clone())];
        let itemsize = u32::try_from(dataset.itemsize).expect("item sizes fit 31 bits");
        let nbytes = dataset.elements.nbytes() as u64;
        let address = if let Place::At(address) = place { *address } else { UNDEFINED };
        match &dataset.stored {
            Stored::Contiguous => {
                messages.push(message::fill_value(Allocated::Late, &dataset.fill, latest));
                messages.push(Layout::Contiguous { address, len: nbytes }.message());
            }
            Stored::Varied(varied) => {
                let placed =
                    self.varied(&**varied, dataset).map_err(|e| dataset.elements.unread(e));
                let (address, len) = placed.map_err(|e| e.in_member(&dataset.path))?;
                messages.push(message::fill_value(Allocated::Late, &[], latest));
                messages.push(Layout::Contiguous { address, len }.message());
            }
            Stored::Compact => {
                let bytes: &[u8] = if let Place::Compact(bytes) = place { bytes } else { &[] };
                messages.push(message::fill_value(Allocated::Early, &dataset.fill, latest));
                messages.push(Layout::Compact(bytes).message());
            }
            Stored::Committed | Stored::Linked(_) | Stored::Soft(_) => {
                unreachable!("they have no elements")
            }
            Stored::Chunked(grid) => {
                messages.push(message::fill_value(Allocated::Incrementally, &dataset.fill, latest));
                let filters = grid.filters(dataset.itemsize);
                if !filters.is_empty() {
                    messages.push(message::filters(&filters, latest));
                }
                let chunks: &[Chunk] = if let Place::Chunks(chunks) = place { chunks } else { &[] };
                let (counts, lengths, at) = (&grid.counts, &grid.lengths, self.here());
                let index = chunk_index::write(chunks, counts, lengths, itemsize, at);
                self.place(&index.bytes);
                let lengths: Vec<u32> = (lengths.iter())
                    .map(|&n| u32::try_from(n).expect("chunks are of less than 4 GiB"))
                    .collect();
                let index = index.root;
                let layout = Layout::Chunked { index, lengths: &lengths, itemsize };
                messages.push(layout.message());
            }
        }
        self.header(&dataset.path, messages, beside, dataset.most.is_some())
    }

    /// Writes elements without a fixed length: where what stands for them is, and its bytes.
    fn varied(&mut self, varied: &dyn Varied, dataset: &Dataset<'_>) -> Result<(u64, u64)> {
        let Some(elements) = moved::as_they_are(varied)? else {
            let bytes = varied_data(varied, self)?;
            let address = if bytes.is_empty() { UNDEFINED } else { self.place(&bytes) };
            return Ok((address, bytes.len() as u64));
        };
        // Said before room is made for as much.
        elements.raw.check()?;
        let len = nbytes(elements.raw.shape(), dataset.itemsize)?;
        if len == 0 {
            return Ok((UNDEFINED, 0));
        }
        let address = self.here();
        let mut at = self.bytes.len();
        self.bytes.resize(at + len, 0);
        let end = at + len;
        moved::each(elements, self, |ground, moved| {
            let place = ground.bytes.get_mut(at..(at + moved.len()).min(end));
            place
                .filter(|place| place.len() == moved.len())
                .ok_or_else(more)?
                .copy_from_slice(&moved);
            at += moved.len();
            Ok(())
        })?;
        if at == end { Ok((address, len as u64)) } else { Err(more()) }
    }

    /// Writes a group whose members are written, and gives it as a member of another.
    fn group<'t>(&mut self, level: Level<'t>, names: u32) -> Result<Member<'t>>
    where
        'a: 't,
    {
        let Level { path, name, tree, mut members, .. } = level;
        let notes = attributes_of(&path, tree, "", self.extras);
        let notes = notes.map_err(|e| e.in_member(&path))?;
        let extras = self.extras;
        members.extend(extras.links(&path).iter().map(|(name, target)| Member {
            name,
            header: UNDEFINED,
            cached: Cached::Nothing,
            target: Some(target),
        }));
        let (messages, cached) = match self.latest {
            true => (self.links(&members)?, Cached::Nothing),
            false => self.symbols(members),
        };
        let header = self.header(&path, messages, (&notes, names), false)?;
        Ok(Member { name, header, cached, target: None })
    }

    /// A group of the old style: a heap of names, nodes of members, a tree over them.
    fn symbols(&mut self, mut members: Vec<Member<'_>>) -> (Vec<Message>, Cached) {
        members.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        let mut heap = LocalHeap::new();
        let first = self.here();
        // The first key is the empty name, which the heap begins with.
        let (mut nodes, mut keys, mut children) = (Emit::new(), Emit::new(), Vec::new());
        keys.u64(0);
        for part in members.chunks(SymbolNode::MOST) {
            let mut last = 0;
            let entries = part.iter().map(|member| {
                last = heap.add(member.name);
                let cached = match member.target {
                    Some(target) => Cached::Link { target: heap.add(target) },
                    None => member.cached,
                };
                SymbolEntry { name: last, header: member.header, cached }
            });
            let node = SymbolNode(entries.collect());
            children.push(first + nodes.len() as u64);
            node.write(&mut nodes);
            keys.u64(last);
        }
        self.place(&nodes.finish());
        let shape = Shape { kind: 0, k: GROUP_INTERNAL_K, key_len: 8 };
        let tree = btree1::build(shape, &keys.finish(), &children, self.here());
        self.place(&tree.bytes);
        let at = self.here();
        let heap = self.place(&heap.write(at));
        let cached = Cached::Group { tree: tree.root, heap };
        (vec![message::symbol_table(tree.root, heap)], cached)
    }

    /// A group of the latest form: links in the header, or in a heap with trees over them.
    fn links(&mut self, members: &[Member<'_>]) -> Result<Vec<Message>> {
        let count = members.len() as u64;
        let link = |(order, member): (u64, &Member<'_>)| {
            let target = match member.target {
                Some(target) => Target::Soft(target.to_owned()),
                None => Target::Hard(member.header),
            };
            let link = Link { name: member.name.to_owned(), order, target };
            link.write().map_err(|e| e.in_member(member.name))
        };
        let bodies = (0..).zip(members).map(link);
        if members.len() <= FEW {
            let mut messages = vec![message::link_info(count, Dense::NONE), message::group_info()];
            for body in bodies {
                messages.push(Message::new(kind::LINK, 0, body?));
            }
            // A target of 64 KiB is too long for a header.
            if messages.iter().all(|message| message.body.len() <= Message::MOST) {
                return Ok(messages);
            }
        }
        let bodies = (0..).zip(members).map(link);
        let mut heap = FractalHeap::new(Of::Links);
        let (mut by_name, mut by_order) = (Vec::new(), Vec::new());
        for ((order, member), body) in (0u64..).zip(members).zip(bodies) {
            let id = heap.add(&body?)?;
            let hash = lookup3(member.name.as_bytes());
            by_name.push((hash, member.name, Emit::new().u32(hash).bytes(&id).finish()));
            by_order.push(Emit::new().u64(order).bytes(&id).finish());
        }
        let names = (Kind::LinkNames, by_name);
        let dense = attributes::place_dense(self, heap, names, (Kind::LinkOrder, by_order));
        Ok(vec![message::link_info(count, dense), message::group_info()])
    }
}

fn more() -> Error {
    Error::corrupt("as many elements as there are", "another number of them")
}

/// What the notes of an item of a tree say, and what a draft adds.
fn attributes_of(
    path: &str,
    tree: &Tree,
    name: &str,
    extras: &Extras,
) -> Result<Vec<(String, Value)>> {
    let mut values = match tree.attached(name) {
        // Notes say the same again.
        Some(attached) => {
            let one = |(name, entry): &(String, Entry)| (name.clone(), Value::Entry(entry.clone()));
            attached.all.iter().map(one).collect()
        }
        None => tree.notes(name).map_or(Ok(Vec::new()), of_notes)?,
    };
    values.extend_from_slice(extras.attributes(path));
    Ok(values)
}
