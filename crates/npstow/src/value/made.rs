//! Parts that only Python has: names, objects, dtypes and scalars, arrays of objects.
#![forbid(unsafe_code)]

use super::builder::{Part, ValueBuilder};
use super::graph::{ArrayNode, Cell, DtypeNode, Made, Node, Object, Payload, Run, ScalarNode};
use crate::array::MemoryOrder;
use crate::{Dtype, Error, Result};

/// What an array is beside its elements: see [`ValueBuilder::refine`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ArrayExtra {
    /// Its class, where that is not `numpy.ndarray`.
    pub class: Option<Part>,
    /// Its dtype as a part of its own.
    pub dtype: Option<Part>,
    /// What a subclass keeps beside the array; of a masked array the fill value.
    pub state: Option<Part>,
    /// Of a masked array: an array of booleans.
    pub mask: Option<Part>,
}

impl ValueBuilder {
    /// A text in which surrogates may stand alone, as Python allows it: UTF-8 but for those.
    ///
    /// # Errors
    /// `Limit`
    pub fn wide_text(&mut self, text: &[u8]) -> Result<Part> {
        let span = self.graph.store.add(text);
        self.part(Node::WideStr(span))
    }

    /// An integer of any size: two's complement, little-endian.
    ///
    /// # Errors
    /// `Limit`
    pub fn big_int(&mut self, bytes: &[u8]) -> Result<Part> {
        let span = self.graph.store.add(bytes);
        self.part(Node::BigInt(span))
    }

    /// A class or function by its name in Python 3. Nothing is looked up.
    ///
    /// ```
    /// let mut builder = npstow::ValueBuilder::default();
    /// let decimal = builder.global("decimal", "Decimal")?;
    /// let text = builder.text("1.50")?;
    /// let args = builder.tuple(&[text])?;
    /// let price = builder.object(decimal, Some(args), "call")?;
    /// assert_eq!(builder.finish(price)?.to_string(), "decimal.Decimal('1.50')");
    /// # Ok::<(), npstow::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Limit`
    pub fn global(&mut self, module: &str, name: &str) -> Result<Part> {
        self.room()?;
        self.graph.add_name(module, name, false).map(Part)
    }

    /// What stands for something outside of the file, by an identifier.
    ///
    /// # Errors
    /// `Invalid` for a part of another builder; `Limit`.
    pub fn persistent(&mut self, id: Part) -> Result<Part> {
        let id = self.cell(id)?;
        self.part(Node::Persistent(id))
    }

    /// A name by its number in a registry of the loading program.
    ///
    /// # Errors
    /// `Invalid` for zero, which is no number there; `Limit`.
    pub fn extension(&mut self, number: u32) -> Result<Part> {
        if number == 0 || i32::try_from(number).is_err() {
            return Err(Error::invalid(format_args!("the extension {number}")));
        }
        self.part(Node::Extension(number))
    }

    /// An object: its class or what else is called, a tuple of arguments, and one of
    /// [`ObjectForm::ways`](crate::ObjectForm::ways).
    ///
    /// # Errors
    /// `Invalid` for a way that is none, a class that cannot be called, and arguments that are no
    /// tuple; `Limit`.
    pub fn object(&mut self, class: Part, args: Option<Part>, made: &str) -> Result<Part> {
        let class = self.cell(class)?;
        let args = args.map(|args| self.cell(args)).transpose()?;
        let unknown = || Error::invalid(format_args!("'{made}' as a way to make an object"));
        let made = Made::of_word(made).ok_or_else(unknown)?;
        match self.graph.node(class) {
            Some(Node::Global(_) | Node::Object(_) | Node::Extension(_) | Node::Persistent(_)) => {}
            _ => return Err(self.wrong("a class or function", class)),
        }
        let list = match args {
            Some(args) => {
                let list = self.graph.tuple(args);
                list.ok_or_else(|| self.wrong("a tuple of arguments", args))?
            }
            None => &[],
        };
        let named = list.last().is_some_and(|last| self.graph.dict(*last).is_some());
        if made == Made::NewNamed && !named {
            return Err(Error::invalid("named arguments that are no dictionary"));
        }
        self.room()?;
        // Made without arguments is made with none.
        let args = args.filter(|_| !list.is_empty());
        let (items, pairs) = (Run::default(), Run::default());
        let object = Object { class, args, state: None, items, pairs, made };
        self.graph.push_object(object).map(Part)
    }

    /// Gives an object its state, the items that are added to it, and the keys and values, by turns,
    /// that are set on it.
    ///
    /// # Errors
    /// `Invalid` for what is no object; `Limit`.
    pub fn equip(
        &mut self,
        object: Part,
        state: Option<Part>,
        items: &[Part],
        pairs: &[Part],
    ) -> Result<()> {
        let cell = self.cell(object)?;
        let state = state.map(|state| self.cell(state)).transpose()?;
        let (items, pairs) = (self.cells(items)?, self.cells(pairs)?);
        if pairs.len() % 2 != 0 {
            return Err(Error::invalid("a key without a value"));
        }
        let Some(Node::Object(at)) = self.graph.node(cell) else {
            return Err(self.wrong("an object", cell));
        };
        let (items, pairs) = (self.graph.run(&items)?, self.graph.run(&pairs)?);
        if let Some(object) = self.graph.objects.get_mut(at as usize) {
            *object = Object { state, items, pairs, ..*object };
        }
        Ok(())
    }

    /// Puts everything into a list, set or dictionary (keys and values by turns) that is empty, or
    /// the objects into an array of them. That no keys are equal is for the caller to know.
    ///
    /// # Errors
    /// `Invalid` for what is none of these, and for another number of objects than the array has;
    /// `Limit`.
    pub fn fill(&mut self, container: Part, parts: &[Part]) -> Result<()> {
        let (cell, cells) = (self.cell(container)?, self.cells(parts)?);
        let run = self.graph.run(&cells)?;
        let node = match self.graph.node(cell) {
            Some(Node::List(_)) => Node::List(run),
            Some(Node::Set(_)) => Node::Set(run),
            Some(Node::FrozenSet(_)) => Node::FrozenSet(run),
            Some(Node::Dict(_)) if parts.len() % 2 == 0 => Node::Dict(run),
            Some(Node::Array(at)) => match self.graph.arrays.get_mut(at as usize) {
                Some(ArrayNode { payload: Payload::Objects(old), .. })
                    if old.len() == run.len() =>
                {
                    *old = run;
                    return Ok(());
                }
                _ => return Err(Error::invalid("another number of objects than the array has")),
            },
            _ => return Err(self.wrong("a container", cell)),
        };
        if let Some(place) = cell.as_node().and_then(|id| self.graph.nodes.get_mut(id)) {
            *place = node;
        }
        Ok(())
    }

    /// A frozenset of members of which no two are equal, which is for the caller to know.
    ///
    /// # Errors
    /// `Invalid` for parts of another builder; `Limit`.
    pub fn frozenset_of(&mut self, members: &[Part]) -> Result<Part> {
        let cells = self.cells(members)?;
        let run = self.graph.run(&cells)?;
        self.part(Node::FrozenSet(run))
    }

    /// A dtype, with the class of its scalars where that is none of NumPy's own. Where it, or a part
    /// of it, has metadata, what NumPy's `__reduce__` says comes with it: what the constructor is
    /// called with, and the state.
    ///
    /// # Errors
    /// `Invalid` for parts of another builder; `Limit`.
    pub fn dtype(
        &mut self,
        dtype: &Dtype,
        reduced: Option<(Part, Part)>,
        class: Option<Part>,
    ) -> Result<Part> {
        let class = class.map(|part| self.cell(part)).transpose()?;
        let (has_metadata, made_of) = match reduced {
            Some((first, state)) => (true, (self.cell(first)?, Some(self.cell(state)?))),
            None => (false, (Cell::NONE, None)),
        };
        let state = made_of.1.and_then(|state| self.graph.tuple(state)).unwrap_or_default();
        // Behind the flags; that of dates has their unit beside it.
        let metadata = state.get(8).copied().filter(|cell| self.graph.dict(*cell).is_some());
        self.room()?;
        let (dtype, depth, scalars) = (dtype.clone(), 0, 1);
        let node = DtypeNode { dtype, metadata, has_metadata, made_of, class, depth, scalars };
        self.graph.push_dtype(node).map(Part)
    }

    fn dtype_of(&self, part: Part) -> Result<Dtype> {
        let cell = self.cell(part)?;
        let node = self.graph.dtype(cell).map(|node| node.dtype.clone());
        node.ok_or_else(|| self.wrong("a dtype", cell))
    }

    /// A NumPy scalar of its bytes.
    ///
    /// # Errors
    /// `Invalid` for what is no dtype, for objects, and for another number of bytes than the dtype
    /// has; `Limit`.
    pub fn scalar(&mut self, dtype: Part, bytes: &[u8]) -> Result<Part> {
        let (of, cell) = (self.dtype_of(dtype)?, self.cell(dtype)?);
        if of.has_object() || of.itemsize() != bytes.len() {
            let what = format_args!("{} bytes as a scalar of {of}", bytes.len());
            return Err(Error::invalid(what));
        }
        self.room()?;
        let bytes = self.graph.store.add(bytes);
        self.graph.push_scalar(ScalarNode { dtype: of, dtype_cell: Some(cell), bytes }).map(Part)
    }

    /// An array of objects, each of them `None` until it is [filled](Self::fill), in C order.
    ///
    /// # Errors
    /// `Invalid` for a dtype without objects; `Limit`.
    pub fn objects(&mut self, dtype: Part, shape: &[usize], order: MemoryOrder) -> Result<Part> {
        let (of, cell) = (self.dtype_of(dtype)?, self.cell(dtype)?);
        if !of.has_object() {
            return Err(Error::invalid(format_args!("objects as elements of {of}")));
        }
        let count = shape.iter().try_fold(1_usize, |count, len| count.checked_mul(*len));
        let count = count.ok_or_else(|| Error::invalid("an array larger than memory"))?;
        u32::try_from(count).map_err(|_| Error::limit("objects", u64::from(u32::MAX), count))?;
        self.room()?;
        let run = self.graph.run(&vec![Cell::NONE; count])?;
        let (class, state, mask) = (None, None, None);
        let payload = Payload::Objects(run);
        let (dtype_cell, shape) = (Some(cell), shape.into());
        let node = ArrayNode { class, dtype: of, dtype_cell, shape, order, payload, state, mask };
        self.graph.push_array(node).map(Part)
    }

    /// Says what an array is beside its elements.
    ///
    /// # Errors
    /// `Invalid` for what is no array, and for a dtype that is another one; `Limit`.
    pub fn refine(&mut self, array: Part, extra: ArrayExtra) -> Result<()> {
        let cell = self.cell(array)?;
        let at = |part: Option<Part>| part.map(|part| self.cell(part)).transpose();
        let (class, state, mask) = (at(extra.class)?, at(extra.state)?, at(extra.mask)?);
        let dtype = match extra.dtype {
            Some(part) => Some((self.dtype_of(part)?, self.cell(part)?)),
            None => None,
        };
        let Some(Node::Array(at)) = self.graph.node(cell) else {
            return Err(self.wrong("an array", cell));
        };
        let Some(array) = self.graph.arrays.get_mut(at as usize) else { return Ok(()) };
        if let Some((dtype, cell)) = dtype {
            if dtype != array.dtype {
                return Err(Error::invalid(format_args!("{dtype} as the dtype {}", array.dtype)));
            }
            array.dtype_cell = Some(cell);
        }
        (array.class, array.state, array.mask) = (class, state, mask);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{Options, WriteOptions, from_bytes, to_bytes};
    use crate::{Array, Form};

    #[test]
    fn what_is_made_is_written_and_read() {
        let mut builder = ValueBuilder::default();
        let class = builder.global("mine", "Model").unwrap();
        let (one, key) = (builder.int(1).unwrap(), builder.text("k").unwrap());
        let args = builder.tuple(&[one, key]).unwrap();
        let object = builder.object(class, Some(args), "new").unwrap();
        let dict = builder.dict().unwrap();
        builder.fill(dict, &[key, object]).unwrap();
        builder.equip(object, Some(dict), &[one], &[key, one]).unwrap();
        let float = builder.dtype(&Dtype::parse("'<f4'").unwrap(), None, None).unwrap();
        let scalar = builder.scalar(float, &1.5_f32.to_le_bytes()).unwrap();
        let of = builder.dtype(&Dtype::parse("'|O'").unwrap(), None, None).unwrap();
        let objects = builder.objects(of, &[2], MemoryOrder::C).unwrap();
        builder.fill(objects, &[object, scalar]).unwrap();
        let extension = builder.extension(7).unwrap();
        let persistent = builder.persistent(key).unwrap();
        let big = builder.big_int(&[0, 0, 0, 0, 0, 0, 0, 0, 1]).unwrap();
        let frozen = builder.frozenset_of(&[one]).unwrap();
        let top = [object, objects, extension, persistent, big, frozen];
        let top = builder.tuple(&top).unwrap();
        let value = builder.finish(top).unwrap();
        let text = value.to_string();
        assert!(text.starts_with("(mine.Model(1, 'k', state={'k': <...>}, items=[1], "), "{text}");
        for protocol in 2..=5 {
            let bytes = to_bytes(&value, &WriteOptions::default().protocol(protocol)).unwrap();
            let again = from_bytes(bytes, &Options::default()).unwrap();
            assert_eq!(again.to_string(), text);
            let first = again.item(0).unwrap();
            let Form::Object(object) = first.to_ref().form() else { panic!("{first}") };
            assert_eq!(object.made, "new");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut builder = ValueBuilder::default();
        let class = builder.global("a", "b").unwrap();
        let one = builder.int(1).unwrap();
        let empty = builder.tuple(&[]).unwrap();
        assert!(builder.object(one, None, "call").is_err());
        assert!(builder.object(class, Some(one), "call").is_err());
        assert!(builder.object(class, Some(empty), "eval").is_err());
        assert!(builder.object(class, Some(empty), "named").is_err());
        assert!(builder.extension(0).is_err());
        let float = builder.dtype(&Dtype::parse("'<f4'").unwrap(), None, None).unwrap();
        assert!(builder.scalar(float, b"123").is_err() && builder.scalar(one, b"1234").is_err());
        assert!(builder.objects(float, &[1], MemoryOrder::C).is_err());
        let of = builder.dtype(&Dtype::parse("'|O'").unwrap(), None, None).unwrap();
        assert!(builder.objects(of, &[usize::MAX, 2], MemoryOrder::C).is_err());
        let objects = builder.objects(of, &[2], MemoryOrder::C).unwrap();
        assert!(builder.fill(objects, &[one]).is_err() && builder.fill(one, &[]).is_err());
        let dict = builder.dict().unwrap();
        assert!(builder.fill(dict, &[one]).is_err());
        assert!(builder.equip(dict, None, &[], &[]).is_err());
        let array = builder.array(&Array::from_vec(vec![1_u8])).unwrap();
        let wrong = ArrayExtra { dtype: Some(float), ..ArrayExtra::default() };
        assert!(builder.refine(array, wrong).is_err() && builder.refine(one, wrong).is_err());
    }
}
