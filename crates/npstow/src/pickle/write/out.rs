//! Opcodes going out: each in the shortest form that its protocol has.
#![forbid(unsafe_code)]

use super::names::Names;
use crate::pickle::opcode::code;
use crate::value::{LAST_OLD, to_old, trimmed};
use crate::{Error, Result, Sink};

/// What is gathered before it is given to the sink.
const GATHERED: usize = 256 << 10;

/// Where a pickle goes.
pub(super) struct Out<'s> {
    sink: &'s mut dyn Sink,
    bytes: Vec<u8>,
    written: u64,
    pub(super) protocol: u8,
    /// How many things are remembered.
    memoized: u32,
    /// Names that were written.
    names: Names,
    /// Whether the elements of arrays stand between the opcodes, as joblib has it; and whether they
    /// can be mapped there.
    pub(super) between: Option<bool>,
}

impl<'s> Out<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink, protocol: u8) -> Self {
        let bytes = vec![code::PROTO, protocol];
        let names = Names::default();
        Self { sink, bytes, written: 0, protocol, memoized: 0, names, between: None }
    }

    /// Puts the elements of arrays between the opcodes.
    #[cfg(feature = "joblib")]
    pub(super) fn between(mut self, is_raw: bool) -> Self {
        self.between = Some(is_raw);
        self
    }

    /// How many bytes there are so far.
    pub(super) fn offset(&self) -> u64 {
        self.written + self.bytes.len() as u64
    }

    /// Text that comes again and again: written once, remembered then.
    pub(super) fn known_text(&mut self, text: &'static str) -> Result<()> {
        if let Some(at) = self.names.get(("", text)) {
            return self.get(at);
        }
        self.text(text.as_bytes())?;
        let at = self.put()?;
        self.names.insert(("", text), at);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.op(code::STOP)?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let done = self.sink.write_all(&self.bytes);
        done.map_err(|e| Error::io("writing a pickle", e).at(self.written))?;
        self.written += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        if self.bytes.len() + bytes.len() > GATHERED {
            self.flush()?;
            if bytes.len() > GATHERED {
                let done = self.sink.write_all(bytes);
                done.map_err(|e| Error::io("writing a pickle", e).at(self.written))?;
                self.written += bytes.len() as u64;
                return Ok(());
            }
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn op(&mut self, op: u8) -> Result<()> {
        self.raw(&[op])
    }

    fn with(&mut self, op: u8, argument: &[u8]) -> Result<()> {
        self.op(op)?;
        self.raw(argument)
    }

    pub(super) fn bool(&mut self, value: bool) -> Result<()> {
        self.op(if value { code::NEWTRUE } else { code::NEWFALSE })
    }

    pub(super) fn int(&mut self, value: i64) -> Result<()> {
        if let Ok(value) = u8::try_from(value) {
            self.with(code::BININT1, &[value])
        } else if let Ok(value) = u16::try_from(value) {
            self.with(code::BININT2, &value.to_le_bytes())
        } else if let Ok(value) = i32::try_from(value) {
            self.with(code::BININT, &value.to_le_bytes())
        } else {
            self.long(&value.to_le_bytes())
        }
    }

    /// A length or an offset.
    pub(super) fn size(&mut self, value: usize) -> Result<()> {
        match i64::try_from(value) {
            Ok(value) => self.int(value),
            Err(_) => Err(Error::unsupported("a length beyond 63 bits")),
        }
    }

    /// Two's complement, little-endian; in as few bytes as do.
    pub(super) fn long(&mut self, bytes: &[u8]) -> Result<()> {
        let bytes = trimmed(bytes);
        match u8::try_from(bytes.len()) {
            Ok(len) => self.with(code::LONG1, &[len])?,
            Err(_) => {
                let len = i32::try_from(bytes.len());
                let len = len.map_err(|_| Error::unsupported("an integer of 2 GiB"))?;
                self.with(code::LONG4, &len.to_le_bytes())?;
            }
        }
        self.raw(bytes)
    }

    pub(super) fn float(&mut self, value: f64) -> Result<()> {
        self.with(code::BINFLOAT, &value.to_be_bytes())
    }

    /// Text in UTF-8; surrogates that stand alone are as Python writes them.
    pub(super) fn text(&mut self, text: &[u8]) -> Result<()> {
        self.begin_text(text.len() as u64)?;
        self.raw(text)
    }

    pub(super) fn begin_text(&mut self, len: u64) -> Result<()> {
        if let (Ok(len), 4..) = (u8::try_from(len), self.protocol) {
            self.with(code::SHORT_BINUNICODE, &[len])
        } else if let Ok(len) = u32::try_from(len) {
            self.with(code::BINUNICODE, &len.to_le_bytes())
        } else if self.protocol >= 4 {
            self.with(code::BINUNICODE8, &len.to_le_bytes())
        } else {
            Err(self.too_long("text"))
        }
    }

    /// The head of so many bytes, which are written next; from protocol 3 on.
    pub(super) fn begin_bytes(&mut self, len: u64) -> Result<()> {
        if let Ok(len) = u8::try_from(len) {
            self.with(code::SHORT_BINBYTES, &[len])
        } else if let Ok(len) = u32::try_from(len) {
            self.with(code::BINBYTES, &len.to_le_bytes())
        } else if self.protocol >= 4 {
            self.with(code::BINBYTES8, &len.to_le_bytes())
        } else {
            Err(self.too_long("bytes"))
        }
    }

    /// The same for a bytearray, from protocol 5 on.
    pub(super) fn begin_bytearray(&mut self, len: u64) -> Result<()> {
        self.with(code::BYTEARRAY8, &len.to_le_bytes())
    }

    fn too_long(&self, what: &str) -> Error {
        let protocol = self.protocol;
        Error::unsupported(format_args!("{what} of 4 GiB in a pickle of protocol {protocol}"))
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        if self.protocol >= 3 {
            self.begin_bytes(bytes.len() as u64)?;
            return self.raw(bytes);
        }
        // As Python 3 does: characters below 256, and how to make bytes of them.
        self.name("_codecs", "encode")?;
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        self.text(text.as_bytes())?;
        self.text(b"latin1")?;
        self.op(code::TUPLE2)?;
        self.op(code::REDUCE)
    }

    pub(super) fn bytearray(&mut self, bytes: &[u8]) -> Result<()> {
        if self.protocol >= 5 {
            self.begin_bytearray(bytes.len() as u64)?;
            return self.raw(bytes);
        }
        self.name("builtins", "bytearray")?;
        self.bytes(bytes)?;
        self.op(code::TUPLE1)?;
        self.op(code::REDUCE)
    }

    /// A name of the library's own table; written once, remembered then.
    pub(super) fn name(&mut self, module: &'static str, name: &'static str) -> Result<()> {
        if let Some(at) = self.names.get((module, name)) {
            return self.get(at);
        }
        let (old_module, old_name) = to_old(module, name);
        match self.protocol <= LAST_OLD {
            true => self.global(old_module, old_name)?,
            false => self.global(module, name)?,
        }
        let at = self.put()?;
        self.names.insert((module, name), at);
        Ok(())
    }

    /// Any name, as this protocol has it.
    pub(super) fn global(&mut self, module: &str, name: &str) -> Result<()> {
        if self.protocol >= 4 {
            self.text(module.as_bytes())?;
            self.text(name.as_bytes())?;
            return self.op(code::STACK_GLOBAL);
        }
        if name.contains('.') {
            return self.attribute(module, name);
        }
        if module.contains('\n') || name.contains('\n') {
            return Err(Error::unsupported("a name of several lines below protocol 4"));
        }
        self.op(code::GLOBAL)?;
        self.raw(module.as_bytes())?;
        self.raw(b"\n")?;
        self.raw(name.as_bytes())?;
        self.raw(b"\n")
    }

    /// Something within a class, which below protocol 4 is got by a call.
    fn attribute(&mut self, module: &str, name: &str) -> Result<()> {
        let mut steps = name.split('.');
        let first = steps.next().unwrap_or_default();
        let steps: Vec<&str> = steps.collect();
        for _ in &steps {
            self.name("builtins", "getattr")?;
        }
        self.global(module, first)?;
        for step in steps {
            self.text(step.as_bytes())?;
            self.op(code::TUPLE2)?;
            self.op(code::REDUCE)?;
        }
        Ok(())
    }

    /// Remembers what is on top; gives its number.
    pub(super) fn put(&mut self) -> Result<u32> {
        let at = self.memoized;
        let next = at.checked_add(1);
        self.memoized = next.ok_or_else(|| Error::unsupported("a pickle of 4 billion objects"))?;
        if self.protocol >= 4 {
            self.op(code::MEMOIZE)?;
        } else if let Ok(at) = u8::try_from(at) {
            self.with(code::BINPUT, &[at])?;
        } else {
            self.with(code::LONG_BINPUT, &at.to_le_bytes())?;
        }
        Ok(at)
    }

    /// Brings what was remembered.
    pub(super) fn get(&mut self, at: u32) -> Result<()> {
        match u8::try_from(at) {
            Ok(at) => self.with(code::BINGET, &[at]),
            Err(_) => self.with(code::LONG_BINGET, &at.to_le_bytes()),
        }
    }

    /// Makes a tuple of the last `len` things; of more than three, a mark is below them.
    pub(super) fn tuple(&mut self, len: usize) -> Result<()> {
        self.op(match len {
            0 => code::EMPTY_TUPLE,
            1 => code::TUPLE1,
            2 => code::TUPLE2,
            3 => code::TUPLE3,
            _ => code::TUPLE,
        })
    }
}
