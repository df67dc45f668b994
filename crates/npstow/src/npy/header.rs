//! The header: magic, version, length, and a Python dictionary of three keys.
#![forbid(unsafe_code)]

use super::MAGIC;
use super::plain::Plain;
use crate::array::{MAX_NDIM, MemoryOrder, nbytes, peeled};
use crate::cursor::Cursor;
use crate::error::quoted;
use crate::literal::{Literal, LiteralOptions};
use crate::{Dtype, Error, Limits, Result, Source};
use std::fmt;
use std::io::Read;
use std::sync::Arc;

/// How deep the brackets of a header are, where the dtype has no fields.
const DEPTH: usize = 2;

/// Version of the format; it says how the header's length and text are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 1.0: two bytes of length, Latin-1 text.
    V1,
    /// 2.0: four bytes of length, Latin-1 text.
    V2,
    /// 3.0: four bytes of length, UTF-8 text.
    V3,
}

impl Version {
    fn parse(major: u8, minor: u8) -> Result<Self> {
        match (major, minor) {
            (1, 0) => Ok(Self::V1),
            (2, 0) => Ok(Self::V2),
            (3, 0) => Ok(Self::V3),
            _ => Err(Error::corrupt(
                "NPY version 1.0, 2.0 or 3.0",
                format_args!("version {major}.{minor}"),
            )
            .at(6)),
        }
    }

    /// Major and minor number.
    #[must_use]
    pub fn numbers(self) -> (u8, u8) {
        match self {
            Self::V1 => (1, 0),
            Self::V2 => (2, 0),
            Self::V3 => (3, 0),
        }
    }

    /// Bytes before the header's text: magic, version, length.
    fn prefix_len(self) -> usize {
        if self == Self::V1 { 10 } else { 12 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.numbers();
        write!(f, "{major}.{minor}")
    }
}

/// What an NPY file says about its array.
///
/// ```
/// use npstow::{MemoryOrder, npy};
/// let header = npy::Header::new("<f4".parse()?, &[3, 2], MemoryOrder::C)?;
/// let bytes = header.to_bytes(None)?;
/// assert_eq!(bytes.len(), 128);
/// let parsed = npy::Header::parse(&bytes, &npstow::Limits::default())?;
/// assert_eq!((parsed.shape(), parsed.data_offset()), (&[3, 2][..], 128));
/// # Ok::<(), npstow::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    dtype: Dtype,
    shape: Vec<usize>,
    order: MemoryOrder,
    version: Version,
    /// Length of the whole header, magic included.
    len: usize,
}

/// The longest prefix: enough to know how long the header is.
const PREFIX: usize = 12;

/// Payloads begin at a multiple of this, so that they can be mapped (`ARRAY_ALIGN` of NumPy).
const ALIGN: usize = 64;

/// Room for the growing axis, in digits (`GROWTH_AXIS_MAX_DIGITS` of NumPy).
const GROWTH_DIGITS: usize = 21;

impl Header {
    /// Describes an array that is to be written. As in an [`Array`](crate::Array), the lengths of
    /// a subarray become axes: a file of subarrays is read by nobody.
    ///
    /// # Errors
    /// `Unsupported` for more than 64 axes; `Invalid` where the size in bytes is beyond 2^63.
    pub fn new(dtype: Dtype, shape: &[usize], order: MemoryOrder) -> Result<Self> {
        let (dtype, sub) = peeled(dtype);
        let shape = [shape, &sub].concat();
        if shape.len() > MAX_NDIM {
            return Err(Error::unsupported(format_args!("{} axes (at most 64)", shape.len())));
        }
        nbytes(&shape, dtype.itemsize())?;
        Ok(Self { dtype, shape, order, version: Version::V1, len: 0 })
    }

    /// What the elements are.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// In which order the elements lie; `fortran_order` in the file.
    #[must_use]
    pub fn order(&self) -> MemoryOrder {
        self.order
    }

    /// Version of the format.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where the data begin: the length of the header, in bytes. 0 for a header that was neither
    /// read nor written.
    #[must_use]
    pub fn data_offset(&self) -> u64 {
        self.len as u64
    }

    /// Size of the data in bytes.
    ///
    /// # Errors
    /// Never for a header that was made by this library's functions.
    pub fn nbytes(&self) -> Result<usize> {
        nbytes(&self.shape, self.dtype.itemsize())
    }

    /// The same array with another shape: what appending rows does.
    pub(super) fn with_shape(&self, shape: &[usize]) -> Result<Self> {
        let mut new = Self::new(self.dtype.clone(), shape, self.order)?;
        (new.version, new.len) = (self.version, self.len);
        Ok(new)
    }

    /// The header whose text (without the padding) an archive repeats in its directory.
    pub(crate) fn from_copy(major: u8, len: u32, text: &[u8], limits: &Limits) -> Result<Self> {
        let version = Version::parse(major, 0)?;
        if u64::from(len) > limits.max_header_len().saturating_add(PREFIX as u64) {
            return Err(Error::limit("an NPY header (bytes)", limits.max_header_len(), len));
        }
        let len = usize::try_from(len)
            .map_err(|_| Error::unsupported("a header larger than the address space"))?;
        if len < version.prefix_len() + text.len() {
            let expected = format_args!("a text that fits a header of {len} bytes");
            return Err(Error::corrupt(expected, format_args!("{} bytes", text.len())));
        }
        Self::parse_text(version, len, text, limits)
    }

    /// Length of the whole header, from its first 12 bytes.
    ///
    /// ```
    /// use npstow::{Array, Limits, npy};
    /// let bytes = npy::to_bytes(&Array::from_vec(vec![1u8]), &npy::WriteOptions::default())?;
    /// assert_eq!(npy::Header::len_of(&bytes[..12], &Limits::default())?, 128);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Corrupt` for what is no such beginning; `Limit`.
    pub fn len_of(prefix: &[u8], limits: &Limits) -> Result<usize> {
        Self::whole_len(prefix, limits).map(|(_, len)| len)
    }

    /// Length of the whole header, from its first 12 bytes (fewer only where the file ends).
    pub(super) fn whole_len(prefix: &[u8], limits: &Limits) -> Result<(Version, usize)> {
        let mut cursor = Cursor::new(prefix);
        let magic = cursor.take(MAGIC.len(), "magic")?;
        if magic != MAGIC {
            let found = quoted(&magic.escape_ascii().to_string());
            return Err(Error::corrupt("the NPY magic '\\x93NUMPY'", found).at(0));
        }
        let version = Version::parse(cursor.u8("version")?, cursor.u8("version")?)?;
        let text_len = match version {
            Version::V1 => u32::from(cursor.u16_le("header length")?),
            Version::V2 | Version::V3 => cursor.u32_le("header length")?,
        };
        if u64::from(text_len) > limits.max_header_len() {
            let limit = limits.max_header_len();
            return Err(Error::limit("an NPY header (bytes)", limit, text_len).at(8));
        }
        let text_len = usize::try_from(text_len)
            .map_err(|_| Error::unsupported("a header larger than the address space").at(8))?;
        Ok((version, version.prefix_len() + text_len))
    }

    /// Reads the header at the start of `bytes`; what follows it is not looked at.
    ///
    /// # Errors
    /// `Corrupt` with the offset of what breaks the format; `Limit`; `Unsupported`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self> {
        let (version, len) = Self::whole_len(bytes, limits)?;
        let mut cursor = Cursor::new(bytes);
        cursor.take(version.prefix_len(), "prefix")?;
        let text = cursor.take(len - version.prefix_len(), "header")?;
        Self::parse_text(version, len, text, limits)
            .map_err(|e| e.shift(version.prefix_len() as u64))
    }

    fn parse_text(version: Version, len: usize, text: &[u8], limits: &Limits) -> Result<Self> {
        let plain = if limits.max_depth() < DEPTH { None } else { Plain::parse(text) };
        let plain = plain.map(|p| Self::checked(version, len, p.dtype, p.order, p.shape));
        match plain {
            Some(Ok(header)) => Ok(header),
            // What is wrong is told by the parser that knows where.
            _ => Self::parse_literal(version, len, text, limits),
        }
    }

    /// The same, by the parser of literals alone.
    pub(super) fn parse_literal(
        version: Version,
        len: usize,
        text: &[u8],
        limits: &Limits,
    ) -> Result<Self> {
        let latin1;
        // NEP 1: Latin-1 before version 3.0, UTF-8 from then on.
        let decoded = match (version, std::str::from_utf8(text)) {
            (Version::V3, Err(e)) => {
                let at = e.valid_up_to() as u64;
                return Err(Error::corrupt("a header in UTF-8", "other bytes").at(at));
            }
            (_, Ok(decoded)) if version == Version::V3 || text.is_ascii() => decoded,
            _ => {
                latin1 = text.iter().map(|&b| char::from(b)).collect::<String>();
                &latin1
            }
        };
        let longs = version != Version::V3;
        let options = LiteralOptions { python2_longs: longs, depth: limits.max_depth() };
        let literal = Literal::parse(decoded, &options).map_err(|e| {
            // The parser counts bytes of its text; one character of Latin-1 is one byte.
            let at = e.offset().and_then(|o| usize::try_from(o).ok()).unwrap_or(0);
            let before = decoded.get(..at).unwrap_or(decoded);
            let same = version == Version::V3;
            e.at(if same { at } else { before.chars().count() } as u64)
        })?;
        Self::from_literal(version, len, literal).map_err(|e| {
            let at = e.offset().unwrap_or(0);
            e.at(at)
        })
    }

    /// The rules of `numpy.lib.format._read_array_header`.
    fn from_literal(version: Version, len: usize, literal: Literal) -> Result<Self> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let Literal::Dict(items) = literal else {
            return Err(Error::corrupt("a dictionary", quoted(&literal.to_string())));
        };
        for (key, value) in items {
            let Literal::Str(name) = &key else {
                return Err(wrong_key(&key));
            };
            match name.as_str() {
                "descr" => descr = Some(value),
                "fortran_order" => fortran_order = Some(value),
                "shape" => shape = Some(value),
                _ => return Err(wrong_key(&key)),
            }
        }
        let missing = |key| Error::corrupt(format_args!("the key '{key}'"), "none");
        let dtype = Dtype::from_descr(&descr.ok_or_else(|| missing("descr"))?)?;
        let order = match fortran_order.ok_or_else(|| missing("fortran_order"))? {
            Literal::Bool(false) => MemoryOrder::C,
            Literal::Bool(true) => MemoryOrder::F,
            other => {
                let found = quoted(&other.to_string());
                return Err(Error::corrupt("True or False for 'fortran_order'", found));
            }
        };
        let shape = parse_shape(&shape.ok_or_else(|| missing("shape"))?)?;
        Self::checked(version, len, dtype, order, shape)
    }

    fn checked(
        version: Version,
        len: usize,
        dtype: Dtype,
        order: MemoryOrder,
        shape: Vec<usize>,
    ) -> Result<Self> {
        let dtype = without_subarray(dtype, &shape)?;
        nbytes(&shape, dtype.itemsize()).map_err(|_| {
            let found = format!("shape {shape:?} of {}-byte elements", dtype.itemsize());
            Error::corrupt("an array of fewer than 2^63 bytes", quoted(&found))
        })?;
        Ok(Self { dtype, shape, order, version, len })
    }

    /// Reads the header at the start of a source.
    pub(crate) fn read(source: &dyn Source, limits: &Limits) -> Result<Self> {
        // One read is enough for every header that NumPy writes for plain arrays.
        const FIRST: u64 = 256;
        let first = source.len().min(FIRST);
        let read = |len: u64| {
            // Bounded by the source's own length: nothing is allocated for a mere claim.
            let len = usize::try_from(len.min(source.len())).unwrap_or(usize::MAX);
            source.read(0, len).map_err(|e| Error::io("reading the header", e).at(0))
        };
        let mut bytes = read(first)?;
        if bytes.is_empty() {
            return Err(Error::corrupt("an NPY header", "an empty file").at(0));
        }
        let (_, len) = Self::whole_len(&bytes, limits)?;
        if len as u64 > first {
            bytes = read(len as u64)?;
        }
        Self::parse(&bytes, limits)
    }

    /// Reads the header from a stream, and not a byte more. `None` where the stream has ended.
    pub(crate) fn read_stream(reader: &mut dyn Read, limits: &Limits) -> Result<Option<Self>> {
        let mut bytes = Vec::with_capacity(128);
        take_up_to(reader, &mut bytes, PREFIX - 2)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.get(6).is_some_and(|&major| major != 1) {
            take_up_to(reader, &mut bytes, PREFIX)?;
        }
        let (_, len) = Self::whole_len(&bytes, limits)?;
        take_up_to(reader, &mut bytes, len)?;
        Self::parse(&bytes, limits).map(Some)
    }

    /// The header as `np.save` of NumPy 2.x writes it: of the given version, or of the first one
    /// that can hold it.
    ///
    /// # Errors
    /// `Unsupported` where the dtype has no `descr` or the text does not fit the version.
    pub fn to_bytes(&self, version: Option<Version>) -> Result<Vec<u8>> {
        let text = self.text()?;
        match version {
            Some(version) => wrap(&text, version),
            // numpy.lib.format._wrap_header_guess_version
            None => wrap(&text, Version::V1)
                .or_else(|_| wrap(&text, Version::V2))
                .or_else(|_| wrap(&text, Version::V3)),
        }
    }

    /// The header in exactly `len` bytes of the same version, or `None` where it does not fit.
    pub(super) fn to_bytes_of_len(&self, len: usize) -> Result<Option<Vec<u8>>> {
        let text = self.text()?;
        // A name may be written as an escape in a version that cannot hold its letters.
        let Ok(text) = encode(text.trim_end(), self.version) else { return Ok(None) };
        let prefix = self.version.prefix_len();
        let Some(room) = len.checked_sub(prefix + 1).filter(|&room| room >= text.len()) else {
            return Ok(None);
        };
        let mut bytes = prefix_of(self.version, room + 1)?;
        bytes.extend_from_slice(&text);
        bytes.resize(prefix + room, b' ');
        bytes.push(b'\n');
        Ok(Some(bytes))
    }

    /// `numpy.lib.format._write_array_header`: the dictionary, sorted, and room to grow.
    fn text(&self) -> Result<String> {
        let descr = self.dtype.to_descr()?;
        let lengths = self.shape.iter().map(|&n| Literal::Int(n as i128)).collect();
        let fortran = self.order == MemoryOrder::F;
        let order = if fortran { "True" } else { "False" };
        let shape = Literal::Tuple(lengths);
        let mut text =
            format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
        let growing = if fortran { self.shape.last() } else { self.shape.first() };
        if let Some(length) = growing {
            let room = GROWTH_DIGITS.saturating_sub(length.to_string().len());
            text.extend(std::iter::repeat_n(' ', room));
        }
        Ok(text)
    }

    /// Remembers how long the written header is.
    pub(super) fn written(mut self, bytes: &[u8]) -> Result<Self> {
        (self.version, self.len) = (Version::parse(bytes[6], bytes[7])?, bytes.len());
        Ok(self)
    }
}

/// The last header that was parsed: the files of a folder often begin with the same bytes.
#[derive(Debug, Default)]
pub(crate) struct ParseMemo(Option<(Vec<u8>, Arc<Header>)>);

impl ParseMemo {
    /// As [`Header::parse`], with the same limits each time.
    pub(crate) fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Arc<Header>> {
        if let Some((old, header)) = self.0.as_ref().filter(|(old, _)| bytes.starts_with(old)) {
            debug_assert_eq!(old.len(), header.len);
            return Ok(Arc::clone(header));
        }
        let header = Arc::new(Header::parse(bytes, limits)?);
        let own = bytes.get(..header.len).unwrap_or_default();
        self.0 = Some((own.to_vec(), Arc::clone(&header)));
        Ok(header)
    }
}

/// Appends to `bytes` from the reader until they are `len` long or the reader ends.
fn take_up_to(reader: &mut dyn Read, bytes: &mut Vec<u8>, len: usize) -> Result<()> {
    let missing = len.saturating_sub(bytes.len()) as u64;
    let at = bytes.len() as u64;
    reader
        .take(missing)
        .read_to_end(bytes)
        .map_err(|e| Error::io("reading the header", e).at(at))?;
    Ok(())
}

/// NumPy reads the elements of a subarray around all elements one by one, and refuses the file
/// where their number is then not that of the shape: unless it has one element, or there are none.
fn without_subarray(mut dtype: Dtype, shape: &[usize]) -> Result<Dtype> {
    while let Dtype::Array(base, lengths) = &dtype {
        if lengths.iter().any(|&n| n != 1) && !shape.contains(&0) {
            let expected = "a 'descr' without a subarray around the elements";
            return Err(Error::corrupt(expected, quoted(&dtype.to_string())));
        }
        dtype = Dtype::clone(base);
    }
    Ok(dtype)
}

fn wrong_key(key: &Literal) -> Error {
    let found = quoted(&key.to_string());
    Error::corrupt("the keys 'descr', 'fortran_order' and 'shape'", found)
}

fn parse_shape(literal: &Literal) -> Result<Vec<usize>> {
    let wrong = || Error::corrupt("a tuple of lengths for 'shape'", quoted(&literal.to_string()));
    let Literal::Tuple(items) = literal else { return Err(wrong()) };
    if items.len() > MAX_NDIM {
        let found = format_args!("{} of them", items.len());
        return Err(Error::corrupt("at most 64 axes in 'shape'", found));
    }
    let length = |item: &Literal| match item {
        Literal::Int(n) if *n <= i128::from(i64::MAX) => usize::try_from(*n).map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    items.iter().map(length).collect()
}

fn encode(text: &str, version: Version) -> Result<Vec<u8>> {
    if version == Version::V3 {
        return Ok(text.as_bytes().to_vec());
    }
    let byte = |c: char| {
        u8::try_from(c).map_err(|_| {
            let what = format!("'{}' in a header of version {version}", quoted(&c.to_string()));
            Error::unsupported(what)
        })
    };
    text.chars().map(byte).collect()
}

/// Magic, version and length.
fn prefix_of(version: Version, text_len: usize) -> Result<Vec<u8>> {
    let too_long =
        || Error::unsupported(format_args!("a header of {text_len} bytes in version {version}"));
    let mut bytes = Vec::with_capacity(version.prefix_len() + text_len);
    bytes.extend_from_slice(MAGIC);
    bytes.extend([version.numbers().0, version.numbers().1]);
    if version == Version::V1 {
        bytes.extend(u16::try_from(text_len).map_err(|_| too_long())?.to_le_bytes());
    } else {
        bytes.extend(u32::try_from(text_len).map_err(|_| too_long())?.to_le_bytes());
    }
    Ok(bytes)
}

/// `numpy.lib.format._wrap_header`: pads with spaces, ends with a line feed.
fn wrap(text: &str, version: Version) -> Result<Vec<u8>> {
    let text = encode(text, version)?;
    let unpadded = version.prefix_len() + text.len() + 1;
    // NumPy pads a header that is aligned already by 64 more.
    let padding = ALIGN - unpadded % ALIGN;
    let mut bytes = prefix_of(version, text.len() + 1 + padding)?;
    bytes.extend_from_slice(&text);
    bytes.resize(unpadded - 1 + padding, b' ');
    bytes.push(b'\n');
    Ok(bytes)
}
