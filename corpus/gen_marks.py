"""Writes crates/npstow/src/folder/marks.rs: what Unicode normalisation changes or joins.

Run with CPython 3.11: python3.11 corpus/gen_marks.py > crates/npstow/src/folder/marks.rs
"""
import sys
import unicodedata

assert sys.version_info[:2] == (3, 11), "the tables are those of CPython 3.11"
marks, singles = set(), set()
for c in map(chr, range(sys.maxunicode + 1)):
    parts = unicodedata.decomposition(c)
    if parts and not parts.startswith("<"):
        marks.update(int(part, 16) for part in parts.split()[1:])
    if unicodedata.combining(c):
        marks.add(ord(c))
    elif unicodedata.normalize("NFC", c) != c:
        singles.add(ord(c))
# Hangul: vowels and final consonants, which are composed by rule.
marks.update(range(0x1161, 0x1176))
marks.update(range(0x11A8, 0x11C3))
# What is made of marks alone.
marks.update(c for c in singles if all(ord(part) in marks for part in unicodedata.normalize("NFD", chr(c))))
singles -= marks


def turns(members):
    found, last = [], False
    for c in range(sys.maxunicode + 1):
        if (c in members) != last:
            found.append(c)
            last = not last
    return found


def table(name, about, numbers):
    print(f"\n/// {about}\n#[rustfmt::skip]\nstatic {name}: [u32; {len(numbers)}] = [")
    line = "   "
    for number in numbers:
        word = f" {number:#x},"
        if len(line) + len(word) > 100:
            print(line)
            line = "   "
        line += word
    print(line)
    print("];")


print(f"""\
//! What Unicode normalisation changes or joins: data, written by `corpus/gen_marks.py`.
//!
//! CPython 3.11, Unicode {unicodedata.unidata_version}. Used to tell names that some file systems take for the same.
#![forbid(unsafe_code)]

/// Whether the character may be joined with the one before it, or change places with its
/// neighbours.
pub(super) fn is_mark(c: char) -> bool {{
    !c.is_ascii() && MARKS.partition_point(|&turn| turn <= u32::from(c)) % 2 == 1
}}

/// Whether the character stands for another one, or for several.
pub(super) fn is_replaced(c: char) -> bool {{
    !c.is_ascii() && REPLACED.partition_point(|&turn| turn <= u32::from(c)) % 2 == 1
}}""")
table("MARKS", "Code points where `is_mark` changes its answer; it starts with no.", turns(marks))
table("REPLACED", "Code points where `is_replaced` changes its answer; it starts with no.", turns(singles))
