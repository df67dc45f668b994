//! Arrays taken out of a stream that arrives in pieces of any size.

use crate::array::NpstowArray;
use crate::call::{ErrorOut, HandleOut, done, look, make, need, slice};
use crate::error::NpstowStatus;
use crate::limits::{NpstowLimits, limits_of};
use crate::message::{NPSTOW_FORM_BODY, NPSTOW_FORM_NP, NPSTOW_FORM_NPY, NpstowForm};
use crate::meta::NpstowMeta;
use npstow::npy::Header;
use npstow::{Array, BufferMut, Error, Limits, Meta, Notes, Result};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr;

/// Takes arrays out of a stream that is given to it in pieces of any size. It reads nothing itself,
/// and its memory grows with what arrives, not with what is announced. One thread at a time.
pub struct NpstowDecoder(Decoder);

/// The four lengths in front of a message.
const PREFIX: usize = 16;
/// What tells the length of an NPY header.
const START: usize = 12;
/// So much memory is taken for what is only announced.
const FIRST: usize = 16 << 20;
/// An end that is not known: metadata to the end of the stream.
const OPEN: usize = usize::MAX;

/// What is arriving.
#[derive(Debug)]
enum Part {
    Prefix,
    /// The first bytes of a header.
    Start,
    Header,
    Data(Header),
    Meta(Array),
}

#[derive(Debug)]
struct Decoder {
    form: NpstowForm,
    limits: Limits,
    part: Part,
    /// The part that is arriving: `filled` bytes of `want`.
    memory: BufferMut,
    filled: usize,
    want: usize,
    /// Where the part begins in the stream.
    offset: u64,
    /// Lengths of header, data and metadata that a prefix has announced.
    announced: [usize; 3],
    ready: VecDeque<(Array, Meta)>,
    is_broken: bool,
    /// How much of the memory was lent by `npstow_decoder_buffer`, until it is said how much came.
    lent: usize,
}

impl Decoder {
    fn new(form: NpstowForm, limits: Limits) -> Result<Self> {
        let (part, want) = match form {
            NPSTOW_FORM_NPY | NPSTOW_FORM_BODY => (Part::Start, START),
            NPSTOW_FORM_NP => (Part::Prefix, PREFIX),
            other => return Err(Error::invalid(format_args!("the form {other} of a message"))),
        };
        let memory = BufferMut::zeroed(want)?;
        let (announced, ready) = ([0; 3], VecDeque::new());
        Ok(Self {
            form,
            limits,
            part,
            memory,
            filled: 0,
            want,
            offset: 0,
            announced,
            ready,
            is_broken: false,
            lent: 0,
        })
    }

    /// The place of the next bytes; never empty.
    fn room(&mut self) -> Result<&mut [u8]> {
        if self.filled == self.memory.len() {
            let more = self.filled.saturating_mul(2).max(START);
            self.memory.resize(more.min(self.want))?;
        }
        Ok(self.memory.bytes_mut().get_mut(self.filled..).unwrap_or_default())
    }

    /// Counts bytes that were put into the room.
    fn advance(&mut self, len: usize) -> Result<()> {
        self.filled += len;
        while self.filled == self.want {
            self.next()?;
        }
        Ok(())
    }

    /// Begins a part; `kept` bytes of the last one belong to it.
    fn begin(&mut self, part: Part, want: usize, kept: usize) -> Result<BufferMut> {
        let mut memory = BufferMut::zeroed(want.min(FIRST).max(kept))?;
        let old = self.memory.bytes().get(..kept).unwrap_or_default();
        memory.bytes_mut().get_mut(..kept).unwrap_or_default().copy_from_slice(old);
        self.offset += (self.filled - kept) as u64;
        (self.part, self.want, self.filled) = (part, want, kept);
        Ok(std::mem::replace(&mut self.memory, memory))
    }

    /// A part is there: what it says, and which one comes next.
    fn next(&mut self) -> Result<()> {
        match &self.part {
            Part::Prefix => self.prefix(),
            Part::Start => self.start(),
            Part::Header => self.header(),
            Part::Data(_) => self.data(),
            Part::Meta(_) => self.meta(),
        }
    }

    fn prefix(&mut self) -> Result<()> {
        let mut numbers = [0u32; 4];
        for (number, bytes) in numbers.iter_mut().zip(self.memory.bytes().chunks_exact(4)) {
            *number = bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
        }
        let [header, data, meta, spare] = numbers;
        if spare != 0 {
            let what = format!("a message with {spare} in the fourth number of its prefix");
            return Err(Error::unsupported(what).at(self.offset + 12));
        }
        let size = |n: u32| usize::try_from(n).unwrap_or(OPEN);
        self.announced = [size(header), size(data), size(meta)];
        self.begin(Part::Start, START, 0).map(drop)
    }

    fn start(&mut self) -> Result<()> {
        let len = Header::len_of(self.memory.bytes(), &self.limits);
        let len = len.map_err(|e| e.shift(self.offset))?;
        if len < START {
            let found = format!("one of {len} bytes");
            return Err(Error::corrupt("an NPY header", found).at(self.offset));
        }
        let announced = self.announced[0];
        if self.form == NPSTOW_FORM_NP && announced != len {
            let expected = format!("the header of {announced} bytes that the prefix announces");
            return Err(Error::corrupt(expected, format!("one of {len}")).at(self.offset));
        }
        self.begin(Part::Header, len, START).map(drop)
    }

    fn header(&mut self) -> Result<()> {
        let bytes = self.memory.bytes().get(..self.filled).unwrap_or_default();
        let header = Header::parse(bytes, &self.limits).map_err(|e| e.shift(self.offset))?;
        let end = self.offset + self.filled as u64;
        if header.dtype().has_object() {
            let what = "the payload of an object array (a pickle)";
            return Err(Error::unsupported(what).at(end));
        }
        let (nbytes, announced) = (header.nbytes()?, self.announced[1]);
        if self.form == NPSTOW_FORM_NP && announced != nbytes {
            let expected = format!("data of {announced} bytes, as the prefix announces");
            return Err(Error::corrupt(expected, format!("{nbytes} in the header")).at(end));
        }
        let most = self.limits.max_array_nbytes();
        if nbytes as u64 > most {
            return Err(Error::limit("an array (bytes)", most, nbytes).at(end));
        }
        self.begin(Part::Data(header), nbytes, 0).map(drop)
    }

    fn data(&mut self) -> Result<()> {
        let want = match self.form {
            NPSTOW_FORM_NP => self.announced[2],
            NPSTOW_FORM_BODY => OPEN,
            _ => 0,
        };
        let Part::Data(header) = std::mem::replace(&mut self.part, Part::Start) else {
            return Ok(());
        };
        let memory = self.begin(Part::Start, want, 0)?;
        let (shape, order) = (header.shape(), header.order());
        let data = memory.freeze().slice(0..header.nbytes()?)?;
        self.part = Part::Meta(Array::new(header.dtype().clone(), shape, order, data)?);
        Ok(())
    }

    fn meta(&mut self) -> Result<()> {
        let bytes = self.memory.bytes().get(..self.filled).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let at = self.offset + e.valid_up_to() as u64;
            Error::corrupt("metadata in UTF-8", "other bytes").at(at)
        })?;
        let meta = Meta::from_text(text);
        let (part, want) = match self.form {
            NPSTOW_FORM_NP => (Part::Prefix, PREFIX),
            _ => (Part::Start, START),
        };
        if let Part::Meta(array) = std::mem::replace(&mut self.part, Part::Start) {
            self.ready.push_back((array, meta));
        }
        self.begin(part, want, 0).map(drop)
    }

    /// Whether nothing of the next array has arrived.
    fn is_between(&self) -> bool {
        let first = match self.form {
            NPSTOW_FORM_NP => matches!(self.part, Part::Prefix),
            _ => matches!(self.part, Part::Start),
        };
        first && self.filled == 0
    }

    /// Takes bytes; where `one` says so, none behind the end of an array. Says how many.
    fn push(&mut self, bytes: &[u8], one: bool) -> Result<usize> {
        let mut rest = bytes;
        let before = self.ready.len();
        while !rest.is_empty() && (!one || self.ready.len() == before) {
            let room = self.room()?;
            let len = room.len().min(rest.len());
            let (now, later) = rest.split_at(len);
            room.get_mut(..len).unwrap_or_default().copy_from_slice(now);
            self.advance(len)?;
            rest = later;
        }
        Ok(bytes.len() - rest.len())
    }

    fn finish(&mut self) -> Result<()> {
        if self.want == OPEN && matches!(self.part, Part::Meta(_)) {
            self.meta()?;
        }
        if self.is_between() {
            return Ok(());
        }
        let (what, want) = match &self.part {
            Part::Prefix => ("a message's prefix", self.want),
            Part::Start | Part::Header => ("an NPY header", self.want),
            Part::Data(_) => ("data", self.want),
            Part::Meta(_) => ("metadata", self.want),
        };
        let found = format!("the end after {}", self.filled);
        let at = self.offset + self.filled as u64;
        Err(Error::corrupt(format!("{want} bytes of {what}"), found).at(at))
    }

    /// Does what may break the stream.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.is_broken {
            return Err(Error::invalid("a decoder that has failed before"));
        }
        self.is_broken = true;
        let done = work(self);
        self.is_broken = done.is_err();
        done
    }
}

/// Begins to take arrays out of a stream of one form. Limits may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_new(
    form: NpstowForm,
    limits: Option<&NpstowLimits>,
    error: ErrorOut,
) -> Option<Box<NpstowDecoder>> {
    make(error, || Ok(Box::new(NpstowDecoder(Decoder::new(form, limits_of(limits))?))))
}

/// Gives the next `len` bytes of the stream. With `consumed` NULL all are taken, and arrays that are
/// complete wait to be taken; otherwise nothing is taken behind the end of an array, and `consumed`
/// says how many bytes were. An error says at which byte of the stream; nothing more is taken then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_decoder_push(
    decoder: Option<&mut NpstowDecoder>,
    bytes: *const c_void,
    len: usize,
    consumed: Option<&mut usize>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let decoder = need(decoder, "decoder")?;
        // SAFETY: the header asks for `len` bytes.
        let bytes = unsafe { slice::<u8>(bytes.cast(), len, "bytes")? };
        let taken = decoder.0.guarded(|it| {
            it.lent = 0;
            it.push(bytes, consumed.is_some())
        })?;
        if let Some(consumed) = consumed {
            *consumed = taken;
        }
        Ok(())
    })
}

/// The next array that is complete; NULL without an error where there is none yet. `meta` may be
/// NULL; otherwise a new handle of its metadata is put there (NULL where there is no array).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npstow_decoder_take(
    decoder: Option<&mut NpstowDecoder>,
    meta: *mut *mut NpstowMeta,
    error: ErrorOut,
) -> Option<Box<NpstowArray>> {
    let taken = make(error, || {
        let next = need(decoder, "decoder")?.0.ready.pop_front();
        let (array, notes) = match next {
            Some((array, meta)) => {
                let notes = Notes { meta, ..Notes::default() };
                (Some(NpstowArray::boxed(array)), Some(NpstowMeta::boxed(notes)))
            }
            None => (None, None),
        };
        if let Ok(meta) = HandleOut::new(meta, "meta") {
            // SAFETY: the header asks for NULL or a pointer that may be written to.
            unsafe { meta.put(notes) };
        }
        Ok(array)
    });
    taken.flatten()
}

/// Says that the stream has ended: `NPSTOW_CORRUPT` where it did so within an array. It completes
/// `NPSTOW_FORM_BODY`.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_finish(
    decoder: Option<&mut NpstowDecoder>,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || need(decoder, "decoder")?.0.guarded(Decoder::finish))
}

/// How many bytes are missing to the end of the part (header, data, metadata) that is arriving;
/// `SIZE_MAX` where that is the end of the stream, 0 for NULL. Reading so many at once, and no more,
/// reads exactly one array.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_wants(decoder: Option<&NpstowDecoder>) -> usize {
    decoder.map_or(0, |decoder| match decoder.0.want {
        OPEN => OPEN,
        want => want - decoder.0.filled,
    })
}

/// Memory for the next bytes of the stream, and its length in `len`: bytes that are received there
/// need no copy. `npstow_decoder_filled` says how many came; the memory is the decoder's until then,
/// and lives no longer. NULL for NULL, and where memory is short.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_buffer(
    decoder: Option<&mut NpstowDecoder>,
    len: Option<&mut usize>,
    error: ErrorOut,
) -> *mut c_void {
    let room = make(error, || {
        let (decoder, len) = (need(decoder, "decoder")?, need(len, "len")?);
        let room = decoder.0.guarded(|it| {
            let room = it.room()?;
            let (start, len) = (room.as_mut_ptr(), room.len());
            it.lent = len;
            Ok((start, len))
        })?;
        *len = room.1;
        Ok(room.0.cast())
    });
    room.unwrap_or(ptr::null_mut())
}

/// Says that `len` bytes were put into the memory of `npstow_decoder_buffer`; more than there was
/// room for are refused, and so are those for which nobody has asked for room.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_filled(
    decoder: Option<&mut NpstowDecoder>,
    len: usize,
    error: ErrorOut,
) -> NpstowStatus {
    done(error, || {
        let decoder = &mut need(decoder, "decoder")?.0;
        let room = decoder.lent;
        let Some(left) = room.checked_sub(len) else {
            return Err(Error::invalid(format_args!("{len} bytes in a room of {room}")));
        };
        decoder.lent = left;
        decoder.guarded(|it| it.advance(len))
    })
}

/// Frees a decoder; what has arrived of an array is lost.
#[unsafe(no_mangle)]
pub extern "C" fn npstow_decoder_free(decoder: Option<Box<NpstowDecoder>>) {
    look((), || drop(decoder));
}

#[cfg(test)]
mod tests {
    use super::*;
    use npstow::folder::transport;
    use npstow::{ErrorKind, npy};

    fn arrays() -> Vec<Array> {
        let two = Array::from_vec(vec![1.5f32, 2.5, 3.5, 4.5]).reshape(&[2, 2]).unwrap();
        vec![two, Array::from_vec(Vec::<i32>::new()), Array::from_vec(vec![7u8; 3000])]
    }

    fn stream(form: NpstowForm) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (n, array) in arrays().iter().enumerate() {
            let meta = Meta::from_text("a:é\n".repeat(n));
            match form {
                NPSTOW_FORM_NPY => npy::write_to(&mut bytes, array).unwrap(),
                _ => transport::write_message(&mut bytes, array, &meta).unwrap(),
            }
        }
        bytes
    }

    fn taken(decoder: &mut Decoder) -> Vec<(Vec<usize>, Vec<u8>, String)> {
        let all = decoder.ready.drain(..);
        all.map(|(array, meta)| {
            (array.shape().to_vec(), array.bytes().unwrap().to_vec(), meta.as_str().to_owned())
        })
        .collect()
    }

    #[test]
    fn pieces_of_any_size_give_the_same_arrays() {
        for form in [NPSTOW_FORM_NPY, NPSTOW_FORM_NP] {
            let bytes = stream(form);
            let mut whole = Decoder::new(form, Limits::default()).unwrap();
            assert_eq!(whole.push(&bytes, false).unwrap(), bytes.len());
            let expected = taken(&mut whole);
            assert_eq!(expected.len(), 3);
            assert_eq!(expected[2].1, vec![7; 3000]);
            assert_eq!(expected[2].2, if form == NPSTOW_FORM_NP { "a:é\na:é\n" } else { "" });
            for size in [1, 2, 7, 128, 1000] {
                let mut decoder = Decoder::new(form, Limits::default()).unwrap();
                for piece in bytes.chunks(size) {
                    decoder.push(piece, false).unwrap();
                }
                decoder.finish().unwrap();
                assert_eq!(taken(&mut decoder), expected, "{size}");
            }
        }
    }

    #[test]
    fn one_array_at_a_time_is_taken() {
        let bytes = stream(NPSTOW_FORM_NP);
        let mut decoder = Decoder::new(NPSTOW_FORM_NP, Limits::default()).unwrap();
        let (mut rest, mut ends) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let len = decoder.push(rest, true).unwrap();
            assert_eq!(taken(&mut decoder).len(), 1);
            rest = &rest[len..];
            ends.push(bytes.len() - rest.len());
        }
        assert_eq!(ends, [16 + 128 + 16, 16 + 128 + 16 + 16 + 128 + 5, bytes.len()]);
    }

    #[test]
    fn a_body_ends_with_the_stream() {
        let mut bytes = Vec::new();
        transport::write_body(&mut bytes, &arrays()[0], &Meta::from_text("k:v\n")).unwrap();
        for size in [1, 1000] {
            let mut decoder = Decoder::new(NPSTOW_FORM_BODY, Limits::default()).unwrap();
            for piece in bytes.chunks(size) {
                decoder.push(piece, false).unwrap();
            }
            assert!(decoder.ready.is_empty());
            decoder.finish().unwrap();
            assert_eq!(taken(&mut decoder)[0].2, "k:v\n");
        }
    }

    #[test]
    fn an_end_within_an_array_is_told_at_every_byte() {
        for form in [NPSTOW_FORM_NPY, NPSTOW_FORM_NP] {
            let bytes = stream(form);
            let mut between = 0;
            for end in 0..400 {
                let mut decoder = Decoder::new(form, Limits::default()).unwrap();
                decoder.push(&bytes[..end], false).unwrap();
                match decoder.finish() {
                    Ok(()) => between += 1,
                    Err(e) => {
                        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(end as u64)));
                    }
                }
            }
            assert_eq!(between, 3, "the start, and behind the first two arrays");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_ends_it() {
        let mut bytes = stream(NPSTOW_FORM_NP);
        bytes[160 + 16] = b'x';
        let mut decoder = Decoder::new(NPSTOW_FORM_NP, Limits::default()).unwrap();
        let e = decoder.guarded(|it| it.push(&bytes, false)).unwrap_err();
        assert_eq!((e.kind(), e.offset()), (ErrorKind::Corrupt, Some(176)));
        assert_eq!(taken(&mut decoder).len(), 1);
        let e = decoder.guarded(|it| it.push(&[0], false)).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid);

        let limits = Limits::default().array_nbytes(100);
        let mut decoder = Decoder::new(NPSTOW_FORM_NPY, limits).unwrap();
        let e = decoder.push(&stream(NPSTOW_FORM_NPY), false).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Limit);
        for (at, number) in [(3, 9), (7, 9), (15, 1)] {
            let mut wrong = stream(NPSTOW_FORM_NP);
            wrong[at] = number;
            let mut decoder = Decoder::new(NPSTOW_FORM_NP, Limits::default()).unwrap();
            assert!(decoder.push(&wrong, false).is_err(), "{at}");
        }
    }

    #[test]
    fn no_byte_makes_it_panic() {
        for form in [NPSTOW_FORM_NPY, NPSTOW_FORM_NP, NPSTOW_FORM_BODY] {
            let bytes = stream(form);
            for at in 0..330 {
                for value in [0, 1, 7, b'\'', b'(', 0x7f, 0xff] {
                    let mut wrong = bytes.clone();
                    wrong[at] = value;
                    let mut decoder = Decoder::new(form, Limits::default()).unwrap();
                    let pushed = wrong.chunks(50).try_for_each(|piece| {
                        decoder
                            .guarded(|it| it.push(piece, false))
                            .map(|len| assert_eq!(len, piece.len()))
                    });
                    if let Err(e) = pushed.and_then(|()| decoder.guarded(Decoder::finish)) {
                        assert!(
                            e.offset().is_some_and(|offset| offset <= bytes.len() as u64),
                            "{e}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn memory_grows_with_what_arrives() {
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776,), }";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([0; 1000]);
        let mut decoder = Decoder::new(NPSTOW_FORM_NPY, Limits::default()).unwrap();
        decoder.push(&bytes, false).unwrap();
        assert_eq!(decoder.memory.len(), FIRST);
        decoder.push(&vec![0; 40 << 20], false).unwrap();
        assert_eq!(decoder.memory.len(), FIRST * 4);
    }
}
