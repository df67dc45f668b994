//! An archive as a container: members as arrays, values and groups.
#![forbid(unsafe_code)]

use super::archive::{Archive, codec};
use super::directory::{Found, Member};
use super::groups::{Groups, Place, shown};
use super::locate::{Window, readable};
use super::names;
use super::notes::{Beside, owner_of};
use super::zip::{BlockIndex, HeaderCopy, find_extra};
use crate::container::{Child, Container, Fault, NodeKind};
use crate::entry::{Blocks, Coded, Data, Loaded, Seal, Wrap};
use crate::error::quoted;
use crate::npy::{self, Header};
use crate::{Array, Dtype, Entry, Error, Limits, MemoryOrder, Notes, Result, Source, parallel};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An archive as a container: groups from the slashes in names, arrays, and other members as
/// values.
#[derive(Debug)]
pub(crate) struct Npz {
    archive: Arc<Archive>,
    groups: OnceLock<Groups>,
    beside: OnceLock<Beside>,
    headers: Memo,
    /// Whether members without `.npy` are arrays, as far as that was asked for.
    kinds: Mutex<HashMap<usize, NodeKind>>,
}

/// NPY headers by their bytes: thousands of arrays often have a handful of different ones.
#[derive(Debug, Default)]
struct Memo(Mutex<HashMap<Vec<u8>, Arc<Header>>>);

/// How many headers are kept; an archive with more different ones starts anew.
const HEADERS: usize = 1024;

impl Memo {
    fn get(&self, bytes: &[u8], parse: impl FnOnce() -> Result<Header>) -> Result<Arc<Header>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(header) = known.get(bytes) {
            return Ok(Arc::clone(header));
        }
        let header = Arc::new(parse()?);
        if known.len() >= HEADERS {
            known.clear();
        }
        known.insert(bytes.to_vec(), Arc::clone(&header));
        Ok(header)
    }
}

impl Npz {
    pub(crate) fn open(source: Arc<dyn Source>, limits: &Limits) -> Result<Self> {
        Self::open_known(source, &[], limits)
    }

    /// As [`open`](Self::open), with some first bytes of the source at hand.
    pub(crate) fn open_known(
        source: Arc<dyn Source>,
        start: &[u8],
        limits: &Limits,
    ) -> Result<Self> {
        let archive = Arc::new(Archive::open(source, start, limits)?);
        let (groups, beside) = (OnceLock::new(), OnceLock::new());
        let (headers, kinds) = (Memo::default(), Mutex::default());
        Ok(Self { archive, groups, beside, headers, kinds })
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    fn len(&self) -> usize {
        self.archive.directory().members().len()
    }

    fn groups(&self) -> &Groups {
        if let Some(groups) = self.groups.get() {
            return groups;
        }
        // Before the cell is locked, and alone: where reading waits for other threads, this one does
        // another job meanwhile, which may come here.
        let groups = parallel::alone(|| self.read_groups());
        self.groups.get_or_init(|| groups)
    }

    fn read_groups(&self) -> Groups {
        let mut groups = Groups::new(self.archive.directory(), self.beside());
        for (path, index) in self.beside().indexes() {
            // What is damaged is told when it is verified; the order is then the archive's.
            let text = self.describe(*index, &mut Window::single()).and_then(|e| e.read());
            let text = text.ok().and_then(|array| Some(array.bytes()?.to_vec()));
            if let Some(text) = text.as_deref().and_then(|text| std::str::from_utf8(text).ok()) {
                groups.order(path, text.lines());
            }
        }
        groups
    }

    fn beside(&self) -> &Beside {
        self.beside.get_or_init(|| Beside::new(self.archive.directory()))
    }

    /// The member of a name: the stored one, else the one with `.npy` (as NumPy has it).
    pub(super) fn member(&self, name: &str) -> Result<Option<usize>> {
        for stored in [name, &format!("{name}.npy")] {
            match self.archive.directory().find(stored) {
                Found::One(index) => return Ok(Some(index)),
                Found::Many(count) => {
                    let expected = format!("one member of the name '{}'", quoted(stored));
                    return Err(Error::corrupt(expected, count));
                }
                Found::Nothing => {}
            }
        }
        Ok(None)
    }

    /// Whether a member says that there is a group, and nothing else.
    fn is_folder(&self, index: usize) -> bool {
        let directory = self.archive.directory();
        directory.members().get(index).is_some_and(|member| directory.name(member).ends_with('/'))
    }

    /// Whether a member is an array: it is called `.npy`, or begins as one (NumPy looks at that).
    fn kind_of(&self, index: usize) -> NodeKind {
        let directory = self.archive.directory();
        let Some(member) = directory.members().get(index) else { return NodeKind::Value };
        // Asked again and again of thousands: no text is made of the bytes.
        let name = directory.name_bytes(member);
        if name.ends_with(b"/") {
            return NodeKind::Group;
        }
        if names::is_array(name) {
            return NodeKind::Array;
        }
        let known = |index| {
            let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
            kinds.get(index).copied()
        };
        if let Some(kind) = known(&index) {
            return kind;
        }
        // What is damaged is told when it is read.
        let begins = || {
            let found = self.archive.check(index, &mut Window::single())?;
            self.archive.start(member, &found, npy::MAGIC.len())
        };
        let is_array = begins().is_ok_and(|start| start.starts_with(npy::MAGIC));
        let kind = if is_array { NodeKind::Array } else { NodeKind::Value };
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).insert(index, kind);
        kind
    }

    /// Describes a member as an array, or as the array of its bytes.
    fn describe(&self, index: usize, window: &mut Window<'_>) -> Result<Entry> {
        let member = self.archive.directory().member(index)?;
        let entry = readable(member).and_then(|()| match self.kind_of(index) {
            NodeKind::Array => self.array(index, member, window),
            _ => self.value(index, member, window),
        });
        entry.map_err(|e| self.archive.directory().place(index, e))
    }

    fn array(&self, index: usize, member: &Member, window: &mut Window<'_>) -> Result<Entry> {
        let limits = self.archive.limits();
        // A copy that makes no sense is none: the member itself tells.
        let copy = self.archive.copy(member)?;
        let copy = copy.and_then(|copy| Some((copy, self.copied(&copy).ok()?)));
        let promised = match &copy {
            Some((copy, _)) => self.archive.promise(index, copy)?,
            None => None,
        };
        let (header, offset) = match (copy, promised) {
            (Some((_, header)), Some(offset)) => (header, offset),
            _ => {
                let found = self.archive.check(index, window)?;
                let bytes = self.archive.npy_header(member, &found)?;
                let header = self.headers.get(&bytes, || Header::parse(&bytes, limits));
                let stored = codec(member.method, member.flags)?.is_none();
                let base = if stored { found.data_offset } else { 0 };
                (header.map_err(|e| e.shift(base))?, found.data_offset)
            }
        };
        // A pickle may be shorter than the pointers that it stands for.
        let is_objects = header.dtype().has_object();
        let nbytes = if is_objects { 0 } else { header.nbytes()? as u64 };
        let skip = header.data_offset();
        if skip.checked_add(nbytes).is_none_or(|len| len > member.unpacked_len) {
            let there = member.unpacked_len.saturating_sub(skip);
            let expected = format!("{nbytes} bytes of data");
            return Err(Error::corrupt(expected, format!("the end after {there}")));
        }
        let data = self.data(member, offset, skip)?;
        let seal = seal(member, offset);
        if !is_objects {
            let entry = self.entry(header.dtype().clone(), header.shape(), header.order(), data)?;
            return Ok(entry.sealed(seal));
        }
        let (data, packed) = match data {
            Data::Raw { offset } => (Data::Objects { offset }, None),
            Data::Coded(coded) => (Data::Objects { offset: skip }, Some(coded)),
            other => (other, None),
        };
        let entry = self.entry(header.dtype().clone(), header.shape(), header.order(), data)?;
        #[cfg(feature = "pickle")]
        let entry = entry.pickled(packed, crate::pickle::unpickle);
        Ok(entry.sealed(seal))
    }

    /// The header that the directory repeats.
    fn copied(&self, copy: &HeaderCopy<'_>) -> Result<Arc<Header>> {
        let mut key = vec![copy.major];
        key.extend(copy.len.to_le_bytes());
        key.extend_from_slice(copy.text);
        let limits = self.archive.limits();
        let parse = || Header::from_copy(copy.major, copy.len, copy.text, limits);
        self.headers.get(&key, parse)
    }

    fn value(&self, index: usize, member: &Member, window: &mut Window<'_>) -> Result<Entry> {
        let found = self.archive.check(index, window)?;
        let len = usize::try_from(member.unpacked_len)
            .map_err(|_| Error::unsupported("a member larger than the address space"))?;
        let data = self.data(member, found.data_offset, 0)?;
        let entry = self.entry(Dtype::parse("|u1")?, &[len], MemoryOrder::C, data)?;
        Ok(entry.sealed(seal(member, found.data_offset)))
    }

    fn entry(
        &self,
        dtype: Dtype,
        shape: &[usize],
        order: MemoryOrder,
        data: Data,
    ) -> Result<Entry> {
        let source = Arc::clone(&self.archive);
        Entry::new(source, dtype, shape, order, data, Arc::clone(self.archive.limits()))
    }

    /// Where the elements are: `offset` is where the member's data begin, `skip` how long the
    /// header in front of the elements is.
    fn data(&self, member: &Member, offset: u64, skip: u64) -> Result<Data> {
        let Some(codec) = codec(member.method, member.flags)? else {
            return Ok(Data::Raw { offset: offset.saturating_add(skip) });
        };
        let extra = self.archive.directory().header(member)?.extra;
        let (packed_len, unpacked_len) = (member.packed_len, member.unpacked_len);
        let blocks = match find_extra(extra, BlockIndex::ID) {
            // One that is not of these data is none: programs copy fields that they do not know.
            Some(payload) => BlockIndex::parse(payload)
                .ok()
                .flatten()
                .and_then(|index| blocks(member, &index).ok()),
            None => None,
        };
        let coded = Coded { codec, offset, packed_len, unpacked_len, skip, blocks };
        Ok(Data::Coded(Arc::new(coded)))
    }
}

/// The blocks of a seekable member: they have to make up all of it.
fn blocks(member: &Member, index: &BlockIndex<'_>) -> Result<Blocks> {
    let len = 1usize.checked_shl(index.log2_len.into()).filter(|&len| len > 0);
    let len = len.ok_or_else(|| {
        Error::corrupt("blocks that fit in memory", format_args!("2^{} bytes", index.log2_len))
    })?;
    let packed: Vec<u32> = index.packed_lens().collect();
    Blocks::new(len, &packed, (member.packed_len, member.unpacked_len))
}

/// What a full read of a member must find.
pub(super) fn seal(member: &Member, start: u64) -> Seal {
    Seal { start, len: member.unpacked_len, crc32: member.crc32 }
}

impl Container for Npz {
    fn kind(&self, id: u64) -> NodeKind {
        match Place::of(id, self.len()) {
            Place::Group(_) => NodeKind::Group,
            Place::Member(index) => self.kind_of(index),
        }
    }

    fn children(&self, id: u64) -> Result<Vec<Child>> {
        match Place::of(id, self.len()) {
            Place::Group(group) => Ok(self.groups().children(group).to_vec()),
            Place::Member(_) => Ok(Vec::new()),
        }
    }

    fn child(&self, id: u64, name: &str) -> Result<Option<Child>> {
        let path = match Place::of(id, self.len()) {
            Place::Group(0) => name.to_owned(),
            Place::Group(group) => format!("{}/{name}", self.groups().path(group)),
            Place::Member(_) => return Ok(None),
        };
        // What has an odd name is in no group.
        let found = self.find(&path)?.filter(|&found| id == 0 || !self.is_odd(found));
        Ok(found.map(|id| Child { name: name.to_owned(), id }))
    }

    fn find(&self, path: &str) -> Result<Option<u64>> {
        // A group is looked for only where no member has the name: that needs all names.
        let place = match self.member(path)?.filter(|&index| !self.is_folder(index)) {
            Some(index) => Some(Place::Member(index)),
            None => self.groups().find(path).map(Place::Group),
        };
        Ok(place.map(|place| place.id(self.len())))
    }

    fn is_odd(&self, id: u64) -> bool {
        match Place::of(id, self.len()) {
            Place::Group(_) => false,
            Place::Member(index) => {
                self.archive.directory().members().get(index).is_some_and(|member| member.is_odd)
            }
        }
    }

    fn find_odd(&self, name: &str) -> Result<Option<u64>> {
        let found = self.member(name)?.filter(|&index| !self.is_folder(index));
        let found = found.map(|index| self.id(index));
        Ok(found.filter(|&id| self.is_odd(id)))
    }

    fn entry(&self, id: u64) -> Result<Entry> {
        match Place::of(id, self.len()) {
            Place::Member(index) => self.describe(index, &mut Window::single()),
            Place::Group(group) => Err(crate::container::no_array(&self.groups().path(group))),
        }
    }

    fn entries(&self, ids: &[u64]) -> Result<Vec<Entry>, (usize, Error)> {
        let members = self.archive.directory().members();
        let place = |&id: &u64| match Place::of(id, members.len()) {
            Place::Member(index) => index,
            Place::Group(_) => usize::MAX,
        };
        let indices: Vec<usize> = ids.iter().map(place).collect();
        let offset = |at: usize| indices.get(at).and_then(|&i| members.get(i)).map(|m| m.offset);
        // In the order of the file, so that one read serves many.
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by_key(|&at| offset(at));
        let mut window = Window::ahead();
        let mut entries: Vec<Option<Entry>> = vec![None; ids.len()];
        for at in order {
            let index = indices.get(at).copied().unwrap_or(usize::MAX);
            let entry = self.describe(index, &mut window).map_err(|e| (at, e))?;
            if let Some(place) = entries.get_mut(at) {
                *place = Some(entry);
            }
        }
        Ok(entries.into_iter().flatten().collect())
    }

    fn load(&self, ids: &[u64]) -> Result<Vec<Array>, (usize, Error)> {
        super::load::load(self, ids)
    }

    fn load_own(&self, ids: &[u64], wrap: Wrap<'_>) -> Result<Loaded, (usize, Error)> {
        super::load::load_own(self, ids, wrap)
    }

    fn notes(&self, id: u64) -> Result<Notes> {
        if self.beside().is_empty() {
            return Ok(Notes::default());
        }
        let directory = self.archive.directory();
        let owner = match Place::of(id, self.len()) {
            Place::Group(group) => format!("{}/", self.groups().path(group)),
            Place::Member(index) => match directory.members().get(index) {
                Some(member) => owner_of(directory.name(member)).to_owned(),
                None => return Ok(Notes::default()),
            },
        };
        self.beside().read(&owner, |index| self.describe(index, &mut Window::single()))
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        let mut owners: Vec<&str> = self.beside().owners().collect();
        owners.sort_unstable();
        for owner in owners {
            let text = |index| self.describe(index, &mut Window::single());
            if let Err(e) = self.beside().read(owner, text) {
                faults.push(Fault::Error(e.in_member(owner.trim_end_matches('/'))));
            }
        }
        let directory = self.archive.directory();
        let mut note = |text: String| faults.push(Fault::Note(text));
        let (extent, len) = (directory.extent(), self.archive.len());
        if len > extent.end {
            let (more, at) = (len - extent.end, extent.end);
            note(format!("{more} bytes behind the archive, from byte {at} on"));
        }
        if directory.prefix_len() > 0 {
            note(format!("{} bytes in front of the archive", directory.prefix_len()));
        }
        if directory.comment_cut() > 0 {
            note(format!("{} bytes of the comment are missing", directory.comment_cut()));
        }
        for member in directory.members().iter().filter(|member| member.is_odd) {
            let name = quoted(directory.name(member));
            note(format!("the name '{name}' is no path: it is read by itself, and is in no tree"));
        }
        for (name, count) in directory.duplicates() {
            note(format!("{count} members of the name '{}'", quoted(name)));
        }
    }
}

impl Npz {
    /// The names of all arrays and values as listings have them, with their numbers.
    pub(super) fn listed(&self) -> impl Iterator<Item = (&str, usize)> {
        let directory = self.archive.directory();
        let members = directory.members().iter();
        let names = members.map(|member| directory.name(member)).enumerate();
        let plain = names.clone().any(|(_, name)| names::array_name(name).is_none());
        names
            .filter(|(index, name)| !name.ends_with('/') && !self.beside().has(*index))
            .map(move |(index, name)| (shown(directory, name, plain), index))
    }

    /// The member of a name, which has to be there.
    pub(super) fn named(&self, name: &str) -> Result<usize> {
        let missing = || Error::not_found(format_args!("the name '{}'", quoted(name)));
        self.member(name)?.filter(|&i| self.kind_of(i) != NodeKind::Group).ok_or_else(missing)
    }

    /// Refuses a member that is not there, and one that has its name with others.
    pub(super) fn alone(&self, index: usize) -> Result<()> {
        let directory = self.archive.directory();
        let member = directory.member(index)?;
        // Only several can say how many.
        match directory.is_shared(index) {
            true => self.named(directory.name(member)).map(drop),
            false => Ok(()),
        }
    }

    /// The names of all members, as they are stored.
    #[cfg(feature = "torch")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let directory = self.archive.directory();
        directory.members().iter().map(|member| directory.name(member))
    }

    /// The member of just this name as the array of its bytes, if there is one.
    #[cfg(feature = "torch")]
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<Entry>> {
        match self.archive.directory().find(name) {
            Found::One(index) => self.bytes_of(index).map(Some),
            Found::Many(count) => {
                let expected = format!("one member of the name '{}'", quoted(name));
                Err(Error::corrupt(expected, count))
            }
            Found::Nothing => Ok(None),
        }
    }

    /// A member as the array of its bytes, whatever it is.
    pub(super) fn bytes_of(&self, index: usize) -> Result<Entry> {
        let directory = self.archive.directory();
        let member = directory.member(index)?;
        let entry =
            readable(member).and_then(|()| self.value(index, member, &mut Window::single()));
        entry.map_err(|e| directory.place(index, e))
    }

    /// The first array whose name is none that a tree has.
    pub(super) fn odd_array(&self) -> Option<&str> {
        let is_odd =
            |index: &usize| self.is_odd(self.id(*index)) && self.kind_of(*index) == NodeKind::Array;
        self.listed().find(|(_, index)| is_odd(index)).map(|(name, _)| name)
    }

    pub(super) fn id(&self, index: usize) -> u64 {
        Place::Member(index).id(self.len())
    }
}
