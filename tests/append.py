#!/usr/bin/env python3
"""What goes wrong when C++ programs write and append (the table 5.1 of C and C++ readers), done with npstow and read by NumPy.

    NPSTOW=target/release/npstow python tests/append.py

Needs NumPy 2.x.
  grows    np.save's file and rows of the same kind: the bytes are those of np.save of both together
  refused  rows of another dtype or shape, files that cannot grow: one line, exit 1 to 3, not a byte of the file changed
  either   files whose header has no room, or with something after the data: refused and unchanged, or NumPy reads both together
  full     a disk without room: an error, not success
"""
import os
import subprocess
import tempfile
import warnings

import numpy as np

from common import TARGET, Report, not_a_refusal, npstow, run
from header_cases import PAYLOAD, file, head, saved


def grows():
    """name, what is there, what is added."""
    f8 = np.arange(12.0).reshape(3, 4)
    yield "np_save", f8, f8 + 100
    yield "to_10000", np.zeros((9999, 10, 1, 1), "<f4"), np.ones((1, 10, 1, 1), "<f4")
    for digits in range(1, 8):
        yield f"to_1e{digits}", np.zeros(10**digits - 1, "u1"), np.ones(1, "u1")
    yield "to_nothing", np.zeros((0, 4)), f8
    yield "nothing", f8, np.zeros((0, 4))
    yield "no_columns", np.zeros((3, 0)), np.zeros((2, 0))
    yield "bytes", np.array([b"ab", b""], "S3"), np.array([b"xyz"], "S3")
    yield "strings", np.array(["ab", "λ"], "<U3"), np.array(["xyz"], "<U3")
    yield "big_endian", f8.astype(">f8"), (f8 * 3).astype(">f8")
    yield "int8", np.arange(-3, 3, dtype="i1"), np.arange(5, dtype="i1")
    yield "times", np.arange(3).astype("<M8[25s]"), np.arange(2).astype("<M8[25s]")
    record = np.zeros(3, np.dtype([("a", "u1"), ("b", "<f8"), (("t", "c"), ">i2", (2,))]))
    yield "records", record, record[:1]
    yield "one_fortran", np.asfortranarray(f8[:, :1]), f8[:2, :1]


def refused():
    """name, bytes that are there, what is added."""
    f8 = np.arange(12.0).reshape(3, 4)
    yield "int32_to_float32", saved(np.zeros(4, "<f4")), np.zeros(4, "<i4")
    yield "f4_to_f8", saved(f8), f8.astype("<f4")
    yield "other_field_name", saved(np.zeros(2, [("a", "<i4")])), np.zeros(2, [("b", "<i4")])
    yield "other_unit", saved(np.zeros(2, "<M8[s]")), np.zeros(2, "<M8[ms]")
    yield "other_width", saved(np.zeros(2, "S3")), np.zeros(2, "S4")
    yield "1d_to_2d", saved(np.zeros((1, 4))), np.zeros(4)
    yield "2d_to_1d", saved(np.zeros(4)), np.zeros((1, 4))
    yield "other_columns", saved(f8), np.zeros((3, 5))
    yield "to_0d", saved(np.array(1.0)), np.array([1.0])
    yield "0d", saved(np.zeros(3)), np.array(1.0)
    yield "to_fortran", saved(np.asfortranarray(f8)), f8
    yield "to_objects", saved(np.array([None, 1], object), allow_pickle=True), np.zeros(2)
    yield "to_truncated", saved(f8)[:-1], f8
    yield "to_header_alone", saved(f8)[:128], f8
    yield "to_text", b"x,y\n1,2\n", f8
    yield "to_empty", b"", f8


def either():
    rows = np.arange(8.0).reshape(2, 4)
    yield "no_room", file(head(), align=0), rows
    yield "bare", file(head(), align=0, end=""), rows
    yield "align16", file(head(), align=16), rows
    yield "double_quotes", file(head().replace("'", '"')), rows
    yield "other_key_order", file("{'shape': (3, 4), 'fortran_order': False, 'descr': '<f8'}"), rows
    yield "python2_longs", file(head(shape="(3L, 4L)")), rows
    yield "trailing_bytes", file(head()) + b"torn tail", rows
    yield "trailing_row", file(head()) + PAYLOAD[:32], rows
    yield "version_2", saved(np.arange(12.0).reshape(3, 4), version=(2, 0)), rows
    yield "version_3", saved(np.arange(12.0).reshape(3, 4), version=(3, 0)), rows
    yield "equals_order", file(head("'=f8'")), rows


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def read(path):
    with open(path, "rb") as source:
        return source.read()


def append(scratch, data, rows):
    target, source = os.path.join(scratch, "target.npy"), os.path.join(scratch, "rows.npy")
    write(target, data)
    write(source, saved(rows, allow_pickle=False))
    answer = run("append", target, source)
    return answer, target


def grows_fault(scratch, first, rows):
    answer, target = append(scratch, saved(first), rows)
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err}"
    want = np.concatenate([first, rows]).astype(first.dtype)
    if want.flags.f_contiguous and not want.flags.c_contiguous:
        want = np.ascontiguousarray(want)
    return None if read(target) == saved(want) else "not the bytes of np.save of both"


def refused_fault(scratch, data, rows):
    answer, target = append(scratch, data, rows)
    if read(target) != data:
        return f"the file changed (exit {answer.code})"
    return not_a_refusal(answer, "target.npy") if "rows.npy" not in answer.err else not_a_refusal(answer, "rows.npy")


def either_fault(scratch, data, rows):
    answer, target = append(scratch, data, rows)
    if answer.code:
        return "refused, yet the file changed" if read(target) != data else not_a_refusal(answer, "target.npy")
    write(target + ".before.npy", data)
    both = np.concatenate([np.load(target + ".before.npy"), rows])
    got = np.load(target)
    return None if got.dtype == both.dtype and np.array_equal(got, both) else f"NumPy reads {got.shape}, not both together"


def full_faults(scratch):
    """A disk without room is an error for the shell: standard output is /dev/full."""
    source = os.path.join(scratch, "rows.npy")
    write(source, saved(np.zeros(100000)))
    if not os.path.exists("/dev/full"):
        return []
    with open("/dev/full", "wb") as out:
        done = subprocess.run([npstow(), "digest", source], stdout=out, stderr=subprocess.PIPE)
    err = done.stderr.decode("utf-8", "replace")
    return [] if done.returncode in (1, 2, 3) and "panicked" not in err else [("/dev/full", f"exit {done.returncode}: {err}")]


def main():
    warnings.simplefilter("ignore")
    os.makedirs(TARGET, exist_ok=True)
    report = Report()
    parts = [
        ("append gives the bytes of np.save", grows, grows_fault),
        ("append refuses and changes nothing", refused, refused_fault),
        ("append refuses, or NumPy reads both", either, either_fault),
    ]
    for what, cases, fault in parts:
        with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
            rows = [(name, fault(scratch, there, added)) for name, there, added in cases()]
        report.check(what, [(name, f) for name, f in rows if f], len(rows))
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        report.check("output to a full disk is an error", full_faults(scratch), 1)
    report.finish()


if __name__ == "__main__":
    main()
