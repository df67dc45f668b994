//! The opcodes of protocols 0 to 5, each with what follows it: read beside written.
//!
//! Names are those of CPython's `pickletools`, which is the specification. The machine takes what
//! follows an opcode by itself, from a file that is not in memory; this table is what shows it.
#![forbid(unsafe_code)]

use crate::cursor::Cursor;
use crate::{Error, Result};

/// What follows an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Nothing,
    /// Text up to a newline.
    Line,
    /// Two of them.
    Lines,
    /// Little-endian numbers, by their bytes.
    U1,
    U2,
    I4,
    U4,
    U8,
    /// A double, big-endian.
    F8,
    /// Bytes behind their number in one byte, in four that have a sign, in four, in eight.
    Bytes1,
    BytesI4,
    Bytes4,
    Bytes8,
}

/// One opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opcode {
    pub(crate) code: u8,
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// The first protocol that has it.
    pub(crate) protocol: u8,
}

/// What stands behind an opcode.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Argument<'a> {
    /// Nothing.
    Nothing,
    /// Text up to a newline.
    Line(&'a [u8]),
    /// Two of them.
    Lines(&'a [u8], &'a [u8]),
    /// A number without a sign.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i32),
    /// A double.
    Float(f64),
    /// Bytes behind their length.
    Bytes(&'a [u8]),
}

/// An opcode where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Instruction<'a> {
    /// The offset of its byte.
    pub offset: u64,
    /// Its name in `pickletools`.
    pub name: &'static str,
    /// The first protocol that has it.
    pub protocol: u8,
    /// What follows it.
    pub argument: Argument<'a>,
}

/// The opcodes of one pickle; made by [`opcodes()`].
#[derive(Clone, Debug)]
pub struct Opcodes<'a> {
    cursor: Cursor<'a>,
    is_done: bool,
}

/// Lists the opcodes of the pickle that some bytes begin with, up to its end and without running
/// them: what `pickletools.genops` lists.
///
/// ```
/// let found: Result<Vec<_>, _> = npstow::pickle::opcodes(b"\x80\x02K\x07.more").collect();
/// let names: Vec<_> = found?.iter().map(|opcode| (opcode.offset, opcode.name)).collect();
/// assert_eq!(names, [(0, "PROTO"), (2, "BININT1"), (4, "STOP")]);
/// # Ok::<(), npstow::Error>(())
/// ```
#[must_use]
pub fn opcodes(bytes: &[u8]) -> Opcodes<'_> {
    Opcodes { cursor: Cursor::new(bytes), is_done: false }
}

impl<'a> Iterator for Opcodes<'a> {
    type Item = Result<Instruction<'a>>;

    /// After an error, or the end of the pickle, there is no more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let offset = self.cursor.position();
        let read = Opcode::parse(&mut self.cursor);
        self.is_done = read.as_ref().map_or(true, |(opcode, _)| opcode.code == code::STOP);
        Some(read.map(|(opcode, argument)| {
            let &Opcode { name, protocol, .. } = opcode;
            Instruction { offset, name, protocol, argument }
        }))
    }
}

macro_rules! opcodes {
    ($($name:ident $code:literal $form:ident $protocol:literal)*) => {
        /// The bytes of the opcodes.
        pub(crate) mod code {
            $(pub(crate) const $name: u8 = $code;)*
        }

        /// All opcodes, in the order of `pickletools`.
        pub(crate) const OPCODES: &[Opcode] = &[
            $(Opcode {
                code: $code, name: stringify!($name), form: Form::$form, protocol: $protocol,
            }),*
        ];
    };
}

opcodes! {
    INT b'I' Line 0
    BININT b'J' I4 1
    BININT1 b'K' U1 1
    BININT2 b'M' U2 1
    LONG b'L' Line 0
    LONG1 0x8a Bytes1 2
    LONG4 0x8b BytesI4 2
    STRING b'S' Line 0
    BINSTRING b'T' BytesI4 1
    SHORT_BINSTRING b'U' Bytes1 1
    BINBYTES b'B' Bytes4 3
    SHORT_BINBYTES b'C' Bytes1 3
    BINBYTES8 0x8e Bytes8 4
    BYTEARRAY8 0x96 Bytes8 5
    NEXT_BUFFER 0x97 Nothing 5
    READONLY_BUFFER 0x98 Nothing 5
    NONE b'N' Nothing 0
    NEWTRUE 0x88 Nothing 2
    NEWFALSE 0x89 Nothing 2
    UNICODE b'V' Line 0
    SHORT_BINUNICODE 0x8c Bytes1 4
    BINUNICODE b'X' Bytes4 1
    BINUNICODE8 0x8d Bytes8 4
    FLOAT b'F' Line 0
    BINFLOAT b'G' F8 1
    EMPTY_LIST b']' Nothing 1
    APPEND b'a' Nothing 0
    APPENDS b'e' Nothing 1
    LIST b'l' Nothing 0
    EMPTY_TUPLE b')' Nothing 1
    TUPLE b't' Nothing 0
    TUPLE1 0x85 Nothing 2
    TUPLE2 0x86 Nothing 2
    TUPLE3 0x87 Nothing 2
    EMPTY_DICT b'}' Nothing 1
    DICT b'd' Nothing 0
    SETITEM b's' Nothing 0
    SETITEMS b'u' Nothing 1
    EMPTY_SET 0x8f Nothing 4
    ADDITEMS 0x90 Nothing 4
    FROZENSET 0x91 Nothing 4
    POP b'0' Nothing 0
    DUP b'2' Nothing 0
    MARK b'(' Nothing 0
    POP_MARK b'1' Nothing 1
    GET b'g' Line 0
    BINGET b'h' U1 1
    LONG_BINGET b'j' U4 1
    PUT b'p' Line 0
    BINPUT b'q' U1 1
    LONG_BINPUT b'r' U4 1
    MEMOIZE 0x94 Nothing 4
    EXT1 0x82 U1 2
    EXT2 0x83 U2 2
    EXT4 0x84 I4 2
    GLOBAL b'c' Lines 0
    STACK_GLOBAL 0x93 Nothing 4
    REDUCE b'R' Nothing 0
    BUILD b'b' Nothing 0
    INST b'i' Lines 0
    OBJ b'o' Nothing 1
    NEWOBJ 0x81 Nothing 2
    NEWOBJ_EX 0x92 Nothing 4
    PROTO 0x80 U1 2
    STOP b'.' Nothing 0
    FRAME 0x95 U8 4
    PERSID b'P' Line 0
    BINPERSID b'Q' Nothing 1
}

/// The opcode of a byte.
pub(crate) fn opcode(byte: u8) -> Option<&'static Opcode> {
    OPCODES.iter().find(|opcode| opcode.code == byte)
}

/// The error for a byte that is none.
pub(crate) fn no_opcode(byte: u8) -> Error {
    Error::corrupt("an opcode", format_args!("the byte {byte:#04x}"))
}

impl Opcode {
    /// Reads an opcode and what follows it.
    pub(crate) fn parse<'a>(cursor: &mut Cursor<'a>) -> Result<(&'static Self, Argument<'a>)> {
        let at = cursor.position();
        let byte = cursor.u8("an opcode")?;
        let opcode = opcode(byte).ok_or_else(|| no_opcode(byte).at(at))?;
        let argument = Argument::parse(opcode.form, cursor)?;
        Ok((opcode, argument))
    }

    /// Writes it, and what follows it. The writer of pickles knows its opcodes beforehand, and each
    /// of them in the shortest form.
    ///
    /// # Errors
    /// `Invalid` where that is of another form, or too long for it.
    #[cfg(test)]
    pub(crate) fn write(&self, argument: Argument<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.push(self.code);
        argument.write(self.form, out).ok_or_else(|| {
            Error::invalid(format_args!("{argument:?} behind the opcode {}", self.name))
        })
    }
}

impl<'a> Argument<'a> {
    fn parse(form: Form, cursor: &mut Cursor<'a>) -> Result<Self> {
        Ok(match form {
            Form::Nothing => Self::Nothing,
            Form::Line => Self::Line(line(cursor)?),
            Form::Lines => Self::Lines(line(cursor)?, line(cursor)?),
            Form::U1 => Self::Unsigned(cursor.u8("a number")?.into()),
            Form::U2 => Self::Unsigned(cursor.u16_le("a number")?.into()),
            Form::I4 => Self::Signed(i32::from_le_bytes(cursor.array("a number")?)),
            Form::U4 => Self::Unsigned(cursor.u32_le("a number")?.into()),
            Form::U8 => Self::Unsigned(cursor.u64_le("a number")?),
            Form::F8 => Self::Float(f64::from_be_bytes(cursor.array("a float")?)),
            Form::Bytes1 => {
                let len = cursor.u8("a length")?;
                Self::Bytes(cursor.take(len.into(), "a string")?)
            }
            Form::BytesI4 => {
                let at = cursor.position();
                let len = i32::from_le_bytes(cursor.array("a length")?);
                let len = u64::try_from(len).map_err(|_| negative(len).at(at))?;
                Self::Bytes(taken(cursor, len)?)
            }
            Form::Bytes4 => {
                let len = cursor.u32_le("a length")?;
                Self::Bytes(taken(cursor, len.into())?)
            }
            Form::Bytes8 => {
                let len = cursor.u64_le("a length")?;
                Self::Bytes(taken(cursor, len)?)
            }
        })
    }

    /// `None` where it does not fit the form.
    #[cfg(test)]
    fn write(self, form: Form, out: &mut Vec<u8>) -> Option<()> {
        match (form, self) {
            (Form::Nothing, Self::Nothing) => {}
            (Form::Line, Self::Line(line)) => put_line(line, out)?,
            (Form::Lines, Self::Lines(first, second)) => {
                put_line(first, out)?;
                put_line(second, out)?;
            }
            (Form::U1, Self::Unsigned(value)) => out.push(u8::try_from(value).ok()?),
            (Form::U2, Self::Unsigned(value)) => {
                out.extend_from_slice(&u16::try_from(value).ok()?.to_le_bytes());
            }
            (Form::I4, Self::Signed(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Form::U4, Self::Unsigned(value)) => {
                out.extend_from_slice(&u32::try_from(value).ok()?.to_le_bytes());
            }
            (Form::U8, Self::Unsigned(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Form::F8, Self::Float(value)) => out.extend_from_slice(&value.to_be_bytes()),
            (form, Self::Bytes(bytes)) => {
                match form {
                    Form::Bytes1 => out.push(u8::try_from(bytes.len()).ok()?),
                    Form::BytesI4 => {
                        out.extend_from_slice(&i32::try_from(bytes.len()).ok()?.to_le_bytes());
                    }
                    Form::Bytes4 => {
                        out.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_le_bytes());
                    }
                    Form::Bytes8 => out.extend_from_slice(&(bytes.len() as u64).to_le_bytes()),
                    _ => return None,
                }
                out.extend_from_slice(bytes);
            }
            _ => return None,
        }
        Some(())
    }
}

/// The error for a length below zero.
pub(crate) fn negative(len: i32) -> Error {
    Error::corrupt("a length", len)
}

fn taken<'a>(cursor: &mut Cursor<'a>, len: u64) -> Result<&'a [u8]> {
    cursor.take(usize::try_from(len).unwrap_or(usize::MAX), "a string")
}

/// Text up to a newline, which is taken too.
fn line<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let Some(len) = cursor.rest().iter().position(|&byte| byte == b'\n') else {
        return Err(Error::corrupt("a line", "no newline").at(cursor.position()));
    };
    let line = cursor.take(len, "a line")?;
    cursor.take(1, "a newline")?;
    Ok(line)
}

#[cfg(test)]
fn put_line(line: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if line.contains(&b'\n') {
        return None;
    }
    out.extend_from_slice(line);
    out.push(b'\n');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something to stand behind an opcode of each form.
    fn sample(form: Form) -> Argument<'static> {
        match form {
            Form::Nothing => Argument::Nothing,
            Form::Line => Argument::Line(b"12L"),
            Form::Lines => Argument::Lines(b"module", b"name"),
            Form::U1 | Form::U2 | Form::U4 | Form::U8 => Argument::Unsigned(200),
            Form::I4 => Argument::Signed(-3),
            Form::F8 => Argument::Float(0.5),
            Form::Bytes1 | Form::BytesI4 | Form::Bytes4 | Form::Bytes8 => Argument::Bytes(b"ab\n"),
        }
    }

    #[test]
    fn every_opcode_is_read_as_it_is_written_and_cut_anywhere() {
        assert_eq!(OPCODES.len(), 68);
        for opcode in OPCODES {
            let mut bytes = Vec::new();
            opcode.write(sample(opcode.form), &mut bytes).unwrap();
            let mut cursor = Cursor::new(&bytes);
            let (read, argument) = Opcode::parse(&mut cursor).unwrap();
            assert_eq!((read, argument), (opcode, sample(opcode.form)), "{}", opcode.name);
            assert!(cursor.rest().is_empty());
            for len in 0..bytes.len() {
                assert!(Opcode::parse(&mut Cursor::new(&bytes[..len])).is_err(), "{}", opcode.name);
            }
            assert_eq!(OPCODES.iter().filter(|other| other.code == opcode.code).count(), 1);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let put = |name: &str, argument: Argument<'_>| {
            let opcode = OPCODES.iter().find(|opcode| opcode.name == name).unwrap();
            opcode.write(argument, &mut Vec::new()).is_ok()
        };
        assert!(!put("BININT1", Argument::Unsigned(256)));
        assert!(!put("SHORT_BINBYTES", Argument::Bytes(&[0; 256])));
        assert!(!put("GLOBAL", Argument::Lines(b"a\n", b"b")));
        assert!(!put("STOP", Argument::Unsigned(1)));
        assert!(Opcode::parse(&mut Cursor::new(b"\xff")).is_err());
        let e = Opcode::parse(&mut Cursor::new(b"T\xff\xff\xff\xff")).unwrap_err();
        assert_eq!(e.to_string(), "at byte 1: expected a length, found -1");
    }
}
