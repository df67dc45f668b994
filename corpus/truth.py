"""What NumPy says about an array, in the terms of `npstow digest --json`. Shared by the generators and the tests.

Run with NumPy 2.x on a little-endian machine whose long double is x87 (any x86-64 Linux).
"""
import hashlib
import io
import json
import math
import sys
import warnings

import numpy as np
from numpy.lib import _format_impl  # version 3.0 headers have no public reader
from numpy.lib import format as npy

REFERENCE = f"NumPy {np.__version__}"
# NumPy's own limit guards Python's parser; the truth about long headers is asked for on purpose.
LARGE_HEADER = 1 << 30


def swap_unit(dtype):
    """Size of the byte groups of one element that a change of byte order reverses."""
    if dtype.kind in "iufMm":
        return dtype.itemsize
    if dtype.kind == "c":
        return dtype.itemsize // 2
    return 4 if dtype.kind == "U" else 1


def is_swapped(dtype):
    """Whether the elements are big-endian."""
    order = dtype.byteorder
    return order == ">" or (order == "=" and sys.byteorder == "big")


def elements(raw, dtype):
    """The items `raw`, uint8 (n, itemsize), as uint8 (n, k): little-endian, packed field by field."""
    n = raw.shape[0]
    if dtype.subdtype is not None:
        base, count = dtype.subdtype[0], math.prod(dtype.shape)
        parts = elements(raw.reshape(n * count, base.itemsize), base)
        return parts.reshape(n, count * parts.shape[1])
    if dtype.names is not None:
        fields = [dtype.fields[name][:2] for name in dtype.names]
        parts = [elements(raw[:, offset : offset + part.itemsize], part) for part, offset in fields]
        return np.hstack(parts) if parts else np.zeros((n, 0), np.uint8)
    unit = swap_unit(dtype)
    if is_swapped(dtype) and unit > 1:
        raw = raw.reshape(n, dtype.itemsize // unit, unit)[:, :, ::-1].reshape(n, dtype.itemsize)
    if dtype.type in (np.longdouble, np.clongdouble):
        raw = raw.copy()
        raw.reshape(n, dtype.itemsize // 16, 16)[:, :, 10:] = 0  # x87: 80 bits of value, the rest is padding
    return raw


def digest(array):
    """The content hash of CLI.md: elements in C order, little-endian, packed."""
    array = np.asarray(array)
    if array.nbytes == 0:
        return hashlib.sha256().hexdigest()
    raw = np.frombuffer(array.tobytes("C"), np.uint8).reshape(array.size, array.dtype.itemsize)
    return hashlib.sha256(elements(raw, array.dtype).tobytes()).hexdigest()


def lists(value):
    """Tuples become lists, as JSON has them; bytes, which only titles can be, their repr."""
    if isinstance(value, (tuple, list)):
        return [lists(v) for v in value]
    return repr(value) if isinstance(value, bytes) else value


def little(dtype):
    """The same dtype with every byte order little-endian, spelled as NumPy spells it."""
    return dtype.newbyteorder("<")


def described(array):
    """descr as NumPy writes it (Python text), descr of the digest (JSON), shape and hash."""
    descr = npy.dtype_to_descr(array.dtype)
    return {
        "descr": repr(descr),
        "digest_descr": lists(npy.dtype_to_descr(little(array.dtype))),
        "shape": list(array.shape),
        "sha256": digest(array),
    }


def header_of(data):
    """version, header text, data offset, fortran_order of the bytes of a file that NumPy accepts."""
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, fortran, _ = _format_impl._read_array_header(stream, version, LARGE_HEADER)
    return list(version), stream.tell(), fortran


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def write_manifest(path, head, rows):
    """One JSON object a line; the first tells who made the file and how."""
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for row in [head, *rows]:
            out.write(json.dumps(row, ensure_ascii=True) + "\n")


def read_manifest(path):
    """(head, rows) of a manifest."""
    with open(path, encoding="utf-8") as lines:
        head, *rows = map(json.loads, lines)
    return head, rows
