//! What stands between tokens: blanks, newlines, comments, and lines that are continued.
//!
//! As CPython 3.11's tokenizer reads them, indentation included: a value may follow blank lines,
//! but its line must not be indented.
#![forbid(unsafe_code)]

use super::parse::Parser;
use crate::Result;

impl Parser<'_> {
    /// Skips a newline, however it is written.
    pub(super) fn newline(&mut self) -> bool {
        let len = match self.rest().as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return false,
        };
        self.at += len;
        true
    }

    fn comment(&mut self) {
        let rest = self.rest();
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
    }

    /// Skips a backslash and the newline that it hides; a line must follow.
    fn continuation(&mut self) -> Result<()> {
        self.at += 1;
        if !self.newline() {
            return Err(self.expected("a newline after '\\'"));
        }
        if self.peek().is_none() {
            return Err(self.expected("a line after '\\'"));
        }
        Ok(())
    }

    /// Skips what may stand between two tokens: within brackets also newlines and comments.
    pub(super) fn blanks(&mut self) -> Result<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | 0x0c) => self.at += 1,
                Some(b'\\') => self.continuation()?,
                Some(b'\n' | b'\r') if self.open > 0 => {
                    self.newline();
                }
                Some(b'#') if self.open > 0 => self.comment(),
                _ => return Ok(()),
            }
        }
    }

    /// Skips blank lines and comments before the value; its line must not be indented.
    pub(super) fn first_line(&mut self) -> Result<()> {
        let mut column = 0_usize;
        let mut continued = 0_usize;
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => column += 1,
                Some(0x0c) => (column, continued) = (0, 0),
                Some(b'\\') => {
                    // Indentation counts where the first of continued lines has it.
                    continued = if continued > 0 { continued } else { column };
                    self.continuation()?;
                    continue;
                }
                Some(b'#') => {
                    self.comment();
                    continue;
                }
                Some(b'\n' | b'\r') => {
                    self.newline();
                    (column, continued) = (0, 0);
                    continue;
                }
                None => return Err(self.expected("a Python literal")),
                Some(_) if column + continued > 0 => {
                    return Err(self.expected("a line without indentation"));
                }
                Some(_) => return Ok(()),
            }
            self.at += 1;
        }
    }

    /// After the value, only blank lines and comments may follow.
    pub(super) fn end(&mut self) -> Result<()> {
        let mut column = 0_usize;
        let mut is_first = true;
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => column += 1,
                Some(0x0c) => column = 0,
                Some(b'#') => {
                    self.comment();
                    column = 0;
                    continue;
                }
                Some(b'\n' | b'\r') => {
                    self.newline();
                    (column, is_first) = (0, false);
                    continue;
                }
                Some(b'\\') if !is_first => {
                    self.continuation()?;
                    continue;
                }
                // CPython takes blanks that end the text, on a line of their own, for indentation.
                None if is_first || column == 0 => return Ok(()),
                None => return Err(self.expected("a newline after blanks")),
                Some(_) => return Err(self.expected("the end of the text after the value")),
            }
            self.at += 1;
        }
    }
}
