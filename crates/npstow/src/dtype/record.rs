//! Records: named fields at offsets, with padding, titles and subarrays.
#![forbid(unsafe_code)]

use super::Dtype;
use super::scalar::MAX_ITEMSIZE;
use crate::error::quoted;
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

/// A structured dtype: fields at explicit offsets, so that padding is merely absence.
///
/// Two records are equal where NumPy's are: `align` is not looked at.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) fields: Box<[Field]>,
    pub(super) size: usize,
    pub(super) aligned: bool,
}

/// One field of a [`Record`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub(super) name: Box<str>,
    pub(super) title: Option<Box<str>>,
    pub(super) offset: usize,
    pub(super) dtype: Dtype,
}

impl Field {
    /// A field at an offset in bytes from the start of the record.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, dtype: Dtype, offset: usize) -> Self {
        Self { name: name.into(), title: None, offset, dtype }
    }

    /// The same with a title: a second name.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Box<str>>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The title, where there is one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Where it lies: bytes from the start of the record.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What it is.
    #[must_use]
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Where it ends; saturates, and a record is refused long before that.
    fn end(&self) -> usize {
        self.offset.saturating_add(self.dtype.itemsize())
    }
}

impl Record {
    /// A record of fields at the offsets they say. Without `itemsize` it ends with its last
    /// byte; with one, what is left is padding.
    ///
    /// Fields may lie in any order and overlap, as in NumPy; such a record has no `descr`.
    ///
    /// ```
    /// use npstow::{Dtype, Field, Record};
    /// let fields = vec![Field::new("x", Dtype::parse("<f4")?, 0), Field::new("y", Dtype::parse("u1")?, 6)];
    /// let record = Record::new(fields, Some(8))?;
    /// let text = "[('x', '<f4'), ('', '|V2'), ('y', '|u1'), ('', '|V1')]";
    /// assert_eq!(Dtype::from(record).to_string(), text);
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Invalid` where a name or title comes twice, where objects overlap something, or where
    /// `itemsize` is too small; `Limit` beyond 2^31 - 1 bytes, NumPy's own bound.
    pub fn new(fields: Vec<Field>, itemsize: Option<usize>) -> Result<Self> {
        let end = fields.iter().map(Field::end).max().unwrap_or(0);
        let size = itemsize.unwrap_or(end);
        if end.max(size) > MAX_ITEMSIZE {
            return Err(Error::limit("the size of a record", 0x7fff_ffff, end.max(size)));
        }
        if size < end {
            return Err(Error::invalid(format!("fields need {end} bytes, the record has {size}")));
        }
        check_names(&fields)?;
        let record = Self { fields: fields.into(), size, aligned: false };
        if record.fields.iter().any(|field| field.dtype.has_object())
            && record.any_overlap(|a, b| a.dtype.has_object() || b.dtype.has_object())
        {
            // NumPy: "Cannot create a NumPy dtype with overlapping object fields".
            return Err(Error::invalid("fields of objects that overlap others"));
        }
        Ok(record)
    }

    /// A record whose fields follow one another without gaps: `numpy.dtype([...])`.
    ///
    /// # Errors
    ///
    /// As [`Record::new`].
    pub fn packed<N: Into<Box<str>>>(fields: impl IntoIterator<Item = (N, Dtype)>) -> Result<Self> {
        Self::new(laid_out(fields, |_| 1), None)
    }

    /// A record whose fields lie as a C compiler would put them: `numpy.dtype([...], align=True)`.
    ///
    /// # Errors
    ///
    /// As [`Record::new`].
    pub fn aligned<N: Into<Box<str>>>(
        fields: impl IntoIterator<Item = (N, Dtype)>,
    ) -> Result<Self> {
        let fields = laid_out(fields, Dtype::alignment);
        let alignment = fields.iter().map(|f| f.dtype.alignment()).max().unwrap_or(1);
        let end = fields.iter().map(Field::end).max().unwrap_or(0);
        Self::new(fields, Some(next_multiple(end, alignment)))?.into_aligned()
    }

    /// The same record with NumPy's flag that its fields lie as a C compiler would put them.
    ///
    /// # Errors
    ///
    /// `Invalid` where an offset or the size is no multiple of the alignment.
    pub fn into_aligned(mut self) -> Result<Self> {
        for field in &self.fields {
            let alignment = field.dtype.alignment();
            if field.offset % alignment != 0 {
                let (name, offset) = (quoted(&field.name), field.offset);
                return Err(Error::invalid(format!(
                    "the field '{name}' at {offset} is not aligned to {alignment} bytes"
                )));
            }
        }
        self.aligned = true;
        if self.size % self.alignment() != 0 {
            let (size, alignment) = (self.size, self.alignment());
            return Err(Error::invalid(format!("{size} bytes are no multiple of {alignment}")));
        }
        Ok(self)
    }

    /// The fields, in the order of their names.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of that name or title.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name() == name || f.title() == Some(name))
    }

    /// Bytes from one record to the next.
    #[must_use]
    pub fn itemsize(&self) -> usize {
        self.size
    }

    /// Whether the record was laid out with `align=True`.
    #[must_use]
    pub fn is_aligned(&self) -> bool {
        self.aligned
    }

    /// NumPy's `dtype.alignment`: 1 but for aligned records.
    #[must_use]
    pub fn alignment(&self) -> usize {
        let alignments = self.fields.iter().map(|f| f.dtype.alignment());
        if self.aligned { alignments.max().unwrap_or(1) } else { 1 }
    }

    /// Whether two fields share a byte, here or in a record within.
    #[must_use]
    pub fn has_overlap(&self) -> bool {
        self.any_overlap(|_, _| true) || self.fields.iter().any(|f| f.dtype.has_overlap())
    }

    /// Whether two fields of which `matters` says so share a byte. `matters` must be of the form
    /// "one of them is …".
    fn any_overlap(&self, matters: impl Fn(&Field, &Field) -> bool) -> bool {
        let mut order: Vec<&Field> = self.fields.iter().filter(|f| f.end() > f.offset).collect();
        order.sort_by_key(|f| f.offset);
        // Of the fields so far, the one that ends last, and the last to end among those that
        // matter to any other.
        let mut last: Option<&Field> = None;
        let mut last_mattering: Option<&Field> = None;
        for field in order {
            let overlaps = |other: Option<&Field>| {
                other.is_some_and(|other| field.offset < other.end() && matters(other, field))
            };
            if overlaps(last) || overlaps(last_mattering) {
                return true;
            }
            if last.is_none_or(|other| other.end() < field.end()) {
                last = Some(field);
            }
            if matters(field, field) && last_mattering.is_none_or(|o| o.end() < field.end()) {
                last_mattering = Some(field);
            }
        }
        false
    }
}

/// `numpy.dtype({...})`: names and titles are the keys of one dict.
fn check_names(fields: &[Field]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for field in fields {
        for name in [Some(field.name()), field.title()].into_iter().flatten() {
            if !seen.insert(name) {
                let name = quoted(name);
                return Err(Error::invalid(format!("two fields of the name or title '{name}'")));
            }
        }
    }
    Ok(())
}

/// Fields one after the other, each at the next multiple of its alignment.
fn laid_out<N: Into<Box<str>>>(
    fields: impl IntoIterator<Item = (N, Dtype)>,
    alignment: impl Fn(&Dtype) -> usize,
) -> Vec<Field> {
    let mut end = 0;
    let place = |(name, dtype): (N, Dtype)| {
        let field = Field::new(name, dtype, 0);
        let offset = next_multiple(end, alignment(&field.dtype));
        let field = Field { offset, ..field };
        end = field.end();
        field
    };
    fields.into_iter().map(place).collect()
}

fn next_multiple(size: usize, alignment: usize) -> usize {
    size.checked_next_multiple_of(alignment).unwrap_or(usize::MAX)
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && self.fields == other.fields
    }
}

impl Eq for Record {}

impl Hash for Record {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fields.hash(state);
        self.size.hash(state);
    }
}
