"""Writes crates/npstow/src/literal/printable.rs: where str.isprintable changes its answer.

Run with CPython 3.11: python3.11 corpus/gen_printable.py > crates/npstow/src/literal/printable.rs
"""
import sys
import unicodedata

assert sys.version_info[:2] == (3, 11), "the table is that of CPython 3.11"
turns, last = [], False
for c in range(sys.maxunicode + 1):
    if chr(c).isprintable() != last:
        turns.append(c)
        last = not last

print(f"""\
//! Which characters `repr` shows as they are: data, written by `corpus/gen_printable.py`.
//!
//! CPython 3.11, Unicode {unicodedata.unidata_version}. Later versions of Python know more
//! characters, and print those where this table escapes them; both read the same.
#![forbid(unsafe_code)]

/// Whether CPython 3.11's `str.isprintable` says yes.
pub(super) fn is_printable(c: char) -> bool {{
    if c.is_ascii() {{
        return matches!(c, ' '..='~');
    }}
    TURNS.partition_point(|&turn| turn <= u32::from(c)) % 2 == 1
}}

/// Code points where the answer changes; it starts with no.
#[rustfmt::skip]
static TURNS: [u32; {len(turns)}] = [""")
line = "   "
for t in turns:
    word = f" {t:#x},"
    if len(line) + len(word) > 100:
        print(line)
        line = "   "
    line += word
print(line)
print("];")
