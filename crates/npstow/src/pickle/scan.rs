//! What a pickle names, before anybody loads it.
//!
//! The machine runs and every name is noted where it is met: also in pickles behind the first, in
//! pickles within strings of bytes, and on both sides of the place where a pickle breaks: Python runs
//! what stands in front of it, and may take what npstow refuses and go on.
#![forbid(unsafe_code)]

use super::beside::Beside;
use super::machine::{Machine, Met};
use super::options::{Options, Python2};
use super::verdict::{Verdict, verdict};
use crate::error::quoted;
use crate::value::{Cell, Graph, Node, Span};
use crate::{Buffer, Error, Limits, MemorySource, PartSource, Result, Source};
use std::collections::HashSet;
use std::sync::Arc;

/// How deep pickles within pickles are followed; one that is deeper is a fault.
const DEPTH: usize = 8;

/// How many names are noted at most.
pub(crate) const MOST: usize = 1 << 20;

/// How many bytes all names have at most, each as often as it is mentioned: whoever lists them
/// writes so much, however small the file is.
const MOST_BYTES: usize = 16 << 20;

/// Shorter strings hold no pickle that names anything.
const SHORTEST: u64 = 6;

/// First bytes of pickles without a protocol. Some would need a mark, and fail behind the name.
const STARTS: &[u8] =
    b"(]}c)lidIJKMLSTUVXFGNPBC\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97";

/// First bytes of files that are no pickles and may hold some.
const OTHERS: &[(&[u8], &str)] =
    &[(b"\x93NUMPY", "an NPY file"), (b"PK\x03\x04", "an archive"), (b"PK\x05\x06", "an archive")];

/// How many of them are looked at.
const START: usize = 6;

/// A name that a pickle uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Where the opcode is that brings it; within a string that was decoded, where in that string.
    pub offset: u64,
    /// What is named.
    pub what: Named,
    /// What is known of it.
    pub verdict: Verdict,
    /// How many pickles it is within, beside the one that the file is.
    pub depth: usize,
    /// The file that it is in, where that is one beside the file: dumps of joblib may have such. Of
    /// what is listed for several arrays, the one that it is in.
    pub beside: Option<Arc<str>>,
}

/// What a pickle names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Named {
    /// A class or function.
    Global {
        /// The module that Python would import; `?`, and so is the name, where both are computed.
        module: Arc<str>,
        /// The name in it.
        name: Arc<str>,
    },
    /// A class or function by its number in a registry of the loading program.
    Extension(u32),
    /// Something that the loading program finds by this identifier.
    Persistent(Arc<str>),
}

/// What a [`scan`] found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Scan {
    /// Every name, in the order of the file; those of a pickle within behind those around it.
    pub mentions: Vec<Mention>,
    /// How many pickles there are: one behind another, and one within another.
    pub pickles: usize,
    /// Where the first pickle ends for a reader that is told so by the file.
    pub end: u64,
    /// What is wrong with it, where it cannot be read to its end.
    pub fault: Option<Error>,
}

impl Scan {
    /// The worst of all that is named; of a broken pickle it is not known what it makes.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let least = if self.fault.is_some() { Verdict::Unknown } else { Verdict::Data };
        self.mentions.iter().map(|mention| mention.verdict).fold(least, Verdict::max)
    }
}

/// Lists all that the pickles of a source name. Nothing is loaded for it.
///
/// ```
/// use npstow::{MemorySource, pickle};
/// let bytes = b"cposix\nsystem\n(S'true'\ntR.".to_vec();
/// let scan = pickle::scan(std::sync::Arc::new(MemorySource::new(bytes)), &Default::default())?;
/// assert_eq!((scan.mentions[0].offset, scan.verdict()), (0, pickle::Verdict::Code));
/// # Ok::<(), npstow::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` for NPY files and archives, in which there may be pickles: those of the arrays in
/// them are listed by [`Entry::scan`](crate::Entry::scan). `Limit` beyond a million names, or 16 MiB
/// of them; `Io`.
/// That a pickle is broken is told in the answer.
pub fn scan(source: Arc<dyn Source>, limits: &Limits) -> Result<Scan> {
    scan_beside(source, limits, None)
}

/// The same, with somebody who reads what stands beside the opcodes.
pub(crate) fn scan_beside(
    source: Arc<dyn Source>,
    limits: &Limits,
    beside: Option<&mut dyn Beside>,
) -> Result<Scan> {
    let len = usize::try_from(source.len()).map_or(START, |len| len.min(START));
    let start = source.read(0, len).map_err(|e| Error::io("reading the first bytes", e).at(0))?;
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Err(Error::unsupported(format_args!("scanning {name} as a pickle")));
    }
    scan_from(source, 0, limits, beside)
}

impl crate::Entry {
    /// What the pickle of these objects names, before anybody loads it; offsets are those in the
    /// file, or in what is packed there. Nothing is loaded for it.
    ///
    /// ```
    /// use npstow::{Limits, npy, pickle::Verdict};
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("x.npy");
    /// let header = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }";
    /// let mut bytes = format!("\u{93}NUMPY\u{1}\0v\0{header:<117}\n").chars().map(|c| c as u8).collect::<Vec<_>>();
    /// bytes.extend(b"cos\nsystem\n(S'true'\ntR.");
    /// # std::fs::write(&path, bytes).unwrap();
    /// let scan = npy::open(&path)?.scan(&Limits::default())?;
    /// assert_eq!((scan.mentions[0].offset, scan.verdict()), (128, Verdict::Code));
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Mismatch` where the elements are no objects in a pickle of their own; else as
    /// [`pickle::scan`](super::scan).
    pub fn scan(&self, limits: &Limits) -> Result<Scan> {
        let scanned = || {
            let (source, start) = self.pickle_place()?;
            scan_from(source, start, limits, None)
        };
        self.placed_in(scanned())
    }
}

/// The same of the pickles from an offset on, whatever stands in front of them.
fn scan_from(
    source: Arc<dyn Source>,
    start: u64,
    limits: &Limits,
    mut beside: Option<&mut dyn Beside>,
) -> Result<Scan> {
    let mut notes = Notes::default();
    let mut waiting = vec![(source, 0)];
    while let Some((source, depth)) = waiting.pop() {
        // Whoever loads a string as a pickle does not take it for a dump of joblib.
        let beside = if depth == 0 { beside.take() } else { None };
        let start = if depth == 0 { start } else { 0 };
        let mut inner = one((&source, start), depth, limits, &mut notes, beside)?;
        inner.reverse();
        waiting.extend(inner);
    }
    Ok(notes.scan)
}

type Inner = (Arc<dyn Source>, usize);

/// The pickles of one source, one behind another; gives the strings that may hold more.
fn one(
    (source, start): (&Arc<dyn Source>, u64),
    depth: usize,
    limits: &Limits,
    notes: &mut Notes,
    mut beside: Option<&mut dyn Beside>,
) -> Result<Vec<Inner>> {
    // So that strings of Python 2, which are both, are looked into.
    let options = Options::default().strings(Python2::Bytes).limits(limits.clone());
    let (mut offset, mut inner) = (start, Vec::new());
    while offset < source.len() {
        let mut machine = Machine::new(Arc::clone(source), offset, &options);
        machine.met = Some(Vec::new());
        machine.beside = match &mut beside {
            Some(beside) => Some(&mut **beside),
            None => None,
        };
        let done = match machine.run() {
            Err(e) if e.kind() == crate::ErrorKind::Io => return Err(e),
            done => done,
        };
        let is_ended = match &done {
            Ok(_) => true,
            Err(e) => machine.go_on(e)?,
        };
        let met = machine.met.take().unwrap_or_default();
        let is_first = depth == 0 && offset == start;
        // Behind a pickle, or within a string, something that is none may stand.
        let counts = is_first || done.is_ok() || met.iter().any(|met| machine.is_named(met));
        if counts {
            notes.note(&machine.graph, &met, depth)?;
            notes.scan.pickles += 1;
            if depth > DEPTH {
                let e = Error::limit("pickles within pickles", DEPTH as u64, "more");
                notes.scan.fault.get_or_insert(e);
            } else {
                strings(&machine.graph, source, depth, &mut inner)?;
            }
        }
        offset = machine.feed.offset();
        if is_first && done.is_ok() {
            notes.scan.end = offset;
        }
        // Strings begin like pickles and are none; frames that do not fit are no accident.
        match done.and_then(|_| machine.check_frame_ended()) {
            Err(e) if counts && (depth == 0 || machine.is_misframed) => {
                notes.scan.fault.get_or_insert(e);
            }
            Ok(()) | Err(_) => {}
        }
        if !is_ended {
            break;
        }
    }
    if depth == 0 && source.len() <= start {
        notes.scan.fault = Some(Error::corrupt("a pickle", "nothing").at(start));
    }
    Ok(inner)
}

/// What is noted: each text is kept once, however often it is mentioned.
#[derive(Default)]
struct Notes {
    scan: Scan,
    texts: HashSet<Arc<str>>,
    /// The bytes of all names, each as often as it is mentioned.
    nbytes: usize,
}

impl Notes {
    fn text(&mut self, text: &str) -> Result<Arc<str>> {
        self.nbytes = self.nbytes.saturating_add(text.len());
        if self.nbytes > MOST_BYTES {
            return Err(Error::limit("names (bytes)", MOST_BYTES as u64, "more"));
        }
        if let Some(known) = self.texts.get(text) {
            return Ok(Arc::clone(known));
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        Ok(new)
    }

    fn note(&mut self, graph: &Graph, met: &[Met], depth: usize) -> Result<()> {
        for &Met { offset, cell } in met {
            if self.scan.mentions.len() >= MOST {
                return Err(Error::limit("a number of names", MOST as u64, "more"));
            }
            let (what, verdict) = match graph.node(cell) {
                Some(Node::Extension(number)) => (Named::Extension(number), Verdict::Unknown),
                Some(Node::Persistent(id)) => {
                    let (text, verdict) = match storage(graph, id) {
                        Some(key) => (key, Verdict::Harmless),
                        None => (crate::Value::shown(graph, id), Verdict::Unknown),
                    };
                    (Named::Persistent(self.text(&text)?), verdict)
                }
                _ => {
                    let (module, name) = graph.name(cell).unwrap_or(("?", "?"));
                    let verdict = verdict(graph.known(cell), module, name);
                    let (module, name) = (self.text(module)?, self.text(name)?);
                    (Named::Global { module, name }, verdict)
                }
            };
            let (offset, beside) = match graph.store.locate(offset) {
                Some((file, _, offset)) => (offset, graph.store.name_beside(file)),
                None => (offset, None),
            };
            let beside = beside.map(|name| self.text(name)).transpose()?;
            self.scan.mentions.push(Mention { offset, what, verdict, depth, beside });
        }
        Ok(())
    }
}

/// PyTorch names storages by tuples, which stand for nothing but bytes: `('storage', class, key, …)`.
fn storage(graph: &Graph, id: Cell) -> Option<String> {
    let &[what, _, key, ..] = graph.tuple(id)? else { return None };
    let key = graph.text(key).filter(|_| graph.text(what) == Some("storage"))?;
    Some(format!("storage '{}'", quoted(key)))
}

/// Strings of bytes, each of which may be a pickle again.
fn strings(
    graph: &Graph,
    source: &Arc<dyn Source>,
    depth: usize,
    inner: &mut Vec<Inner>,
) -> Result<()> {
    // The same bytes may be there many times.
    let mut seen = HashSet::new();
    for node in &graph.nodes {
        let (Node::Bytes(span) | Node::ByteArray(span)) = *node else { continue };
        if span.len() < SHORTEST || !may_begin(graph, source, span)? || !seen.insert(span) {
            continue;
        }
        let part: Arc<dyn Source> = match span.offset().and_then(|at| graph.store.locate(at)) {
            Some((_, source, offset)) => {
                Arc::new(PartSource::new(Arc::clone(source), offset, span.len())?)
            }
            None => Arc::new(MemorySource::new(Buffer::copy_of(
                graph.store.held(span).unwrap_or_default(),
            ))),
        };
        inner.push((part, depth + 1));
    }
    Ok(())
}

/// Whether a pickle may begin there: with a protocol, or with what needs nothing on the stack.
fn may_begin(graph: &Graph, source: &Arc<dyn Source>, span: Span) -> Result<bool> {
    let mut start = [0; 2];
    match (graph.store.held(span), span.offset()) {
        (Some(bytes), _) => {
            start = bytes.first_chunk::<2>().copied().unwrap_or_default();
        }
        (None, Some(offset)) => {
            let read = source.read_into(offset, &mut start);
            read.map_err(|e| Error::io("reading a string", e).at(offset))?;
        }
        (None, None) => {}
    }
    Ok(matches!(start, [0x80, 0..=5]) || STARTS.contains(&start[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> (Vec<(u64, String, usize)>, bool) {
        let source = Arc::new(MemorySource::new(bytes.to_vec()));
        let scan = scan(source, &Limits::default()).unwrap();
        let name = |mention: Mention| {
            let name = match mention.what {
                Named::Global { module, name } => format!("{module}.{name}"),
                Named::Extension(number) => format!("#{number}"),
                Named::Persistent(id) => id.to_string(),
            };
            (mention.offset, name, mention.depth)
        };
        (scan.mentions.into_iter().map(name).collect(), scan.fault.is_some())
    }

    #[test]
    fn strings_of_python_2_are_names_as_they_are_for_python() {
        let (found, is_broken) = names(b"\x80\x04U\x02osU\x06system\x93\x8c\x04true\x85R.");
        assert_eq!(found, [(14, "os.system".to_owned(), 0)]);
        assert!(!is_broken);
        // No text in any encoding that Python tries by itself.
        assert!(names(b"\x80\x04U\x02o\xffU\x06system\x93.").1);
    }

    #[test]
    fn names_are_found_wherever_they_are() {
        let inner = b"\x80\x02cos\nsystem\n.";
        let mut bytes = b"\x80\x04".to_vec();
        bytes.extend([b'C', u8::try_from(inner.len()).unwrap()]);
        bytes.extend(inner);
        bytes.extend(b"0\x8c\x02os\x8c\x04exec\x93.ca\nb\n.Pid\n.\x82\x07.");
        let found = |offset, name: &str, depth| (offset, name.to_owned(), depth);
        let all = [
            found(29, "os.exec", 0),
            found(31, "a.b", 0),
            found(37, "'id'", 0),
            found(42, "#7", 0),
            found(2, "os.system", 1),
        ];
        assert_eq!(names(&bytes), (all.into(), false));
    }

    #[test]
    fn strings_of_python_2_are_looked_into() {
        for bytes in
            [&b"U\x0ccos\nsystem\n.."[..], b"T\x0c\0\0\0cos\nsystem\n..", b"S'cos\\nsystem\\n.'\n."]
        {
            assert_eq!(names(bytes), (vec![(0, "os.system".to_owned(), 1)], false));
        }
        // Text of Python 3 is none of that.
        assert_eq!(names(b"X\x0c\0\0\0cos\nsystem\n..").0.len(), 0);
    }

    #[test]
    fn what_stands_in_front_of_a_fault_counts() {
        let (found, fault) = names(b"cos\nsystem\n(S'x'\ntR\xff");
        assert_eq!((found.len(), fault), (1, true));
        assert_eq!(names(b""), (Vec::new(), true));
        for other in [&b"\x93NUMPY\x01\0"[..], b"PK\x03\x04\x14", b"PK\x05\x06"] {
            let source = Arc::new(MemorySource::new(other.to_vec()));
            let e = scan(source, &Limits::default()).unwrap_err();
            assert_eq!(e.kind(), crate::ErrorKind::Unsupported);
        }
        // Python takes what npstow refuses here, and goes on.
        for start in [
            &b"]Nb"[..],
            b"](K\x01K\x02eK\x00K\x05s",
            b"\x96\x02\0\0\0\0\0\0\0abK\x05a",
            b"c__main__\nX\n)\x81}b}b",
            b"(L1x\n1",
            b"\x80\x05\x97",
            b"(c_codecs\nencode\nX\x02\0\0\0bfX\x05\0\0\0rot13\x86R\x8c\x06system\x931",
            b"]]]\x85K\x01s",
            b"]Nb.N.]Nb.",
        ] {
            for name in [&b"cos\nsystem\n0."[..], b"\x8c\x02os\x970\x8c\x06system\x93."] {
                let bytes = [start, name].concat();
                let scan = scan(Arc::new(MemorySource::new(bytes)), &Limits::default()).unwrap();
                let last = scan.mentions.last().map(|mention| mention.what.clone());
                let system = Named::Global { module: "os".into(), name: "system".into() };
                assert_eq!(last, Some(system), "{}", start.escape_ascii());
                assert_eq!((scan.verdict(), scan.fault.is_some()), (Verdict::Code, true));
            }
        }
        for bytes in [&b"N"[..], b"]Nb.", b"\xff", b"", b"\x8c\x01a)\x93."] {
            let scan = scan(Arc::new(MemorySource::new(bytes.to_vec())), &Limits::default());
            assert_eq!(scan.unwrap().verdict(), Verdict::Unknown, "{}", bytes.escape_ascii());
        }
        assert_eq!(names(b"\x8c\x01a)\x93.").0, [(4, "?.?".to_owned(), 0)]);
        // Bytes behind a pickle that are none.
        assert_eq!(names(b"N.\xff\xff"), (Vec::new(), false));
        assert_eq!(names(b"N.\x93NUMPY\x01\0v\0{'descr'"), (Vec::new(), false));
        // Elements that begin like a pickle; and a pickle within that is broken.
        assert_eq!(names(b"C\x08K\x01\x82\xfd\xff\xff\xff\xff."), (Vec::new(), false));
        assert_eq!(names(b"C\x0b]Nbca\nb\nR\xff\xff.").0, [(3, "a.b".to_owned(), 1)]);
    }

    #[test]
    fn pickles_within_may_begin_with_anything() {
        let name = b"\x8c\x02os\x8c\x06system\x93.";
        for start in [
            &b""[..],
            b"\x880",
            b"\x890",
            b"\x8a\x000",
            b"\x8b\0\0\0\x000",
            b"\x8f0",
            b"C\x000",
            b"B\0\0\0\x000",
            b"\x96\0\0\0\0\0\0\0\x000",
            b"\x82\x010",
            b"\x95\x0d\0\0\0\0\0\0\0",
        ] {
            let inner = [start, name].concat();
            let bytes = [&[b'C', u8::try_from(inner.len()).unwrap()], &inner[..], b"."].concat();
            let found = names(&bytes).0.pop();
            assert_eq!(found.map(|(_, name, depth)| (name, depth)), Some(("os.system".into(), 1)));
        }
    }

    #[test]
    fn what_lies_too_deep_is_a_fault() {
        let mut bytes = b"cos\nsystem\n.".to_vec();
        for depth in 1..15 {
            bytes = [&[b'C', u8::try_from(bytes.len()).unwrap()], &bytes[..], b"."].concat();
            let scan =
                scan(Arc::new(MemorySource::new(bytes.clone())), &Limits::default()).unwrap();
            assert!(scan.verdict() >= Verdict::Unknown, "{depth}");
            assert_eq!(scan.fault.is_some(), depth > DEPTH, "{depth}");
        }
    }

    #[test]
    fn names_are_kept_once_and_are_not_without_end() {
        let long = "a".repeat(60_000);
        let mut bytes = b"X\x60\xea\0\0".to_vec();
        bytes.extend(long.as_bytes());
        bytes.extend(b"q\x000");
        let mut few = bytes.clone();
        few.extend(b"h\x00h\x00\x930".repeat(2));
        few.extend(b"N.");
        let found = scan(Arc::new(MemorySource::new(few)), &Limits::default()).unwrap();
        let [Named::Global { module, name }, Named::Global { module: again, .. }] =
            [&found.mentions[0].what, &found.mentions[1].what]
        else {
            panic!("{found:?}");
        };
        assert!(Arc::ptr_eq(module, name) && Arc::ptr_eq(module, again));
        bytes.extend(b"h\x00h\x00\x930".repeat(300));
        let e = scan(Arc::new(MemorySource::new(bytes)), &Limits::default()).unwrap_err();
        assert_eq!(e.kind(), crate::ErrorKind::Limit);
        // The same bytes are looked into once.
        let bytes =
            [&b"C\x0ccos\nsystem\n.q\x00"[..], &b"cbuiltins\nbytes\nh\x00\x85R".repeat(50), b"."];
        let (found, _) = names(&bytes.concat());
        assert_eq!(found.iter().filter(|(_, _, depth)| *depth == 1).count(), 1);
    }
}
