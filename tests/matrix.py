#!/usr/bin/env python3
"""Reads and writes every file of the generated matrix and compares with NumPy.

    NPSTOW=target/release/npstow python tests/matrix.py [--seed N] [--only TEXT] [--sample N]

Needs NumPy 2.x. The matrix is made in target/matrix and kept there until its generator, the seed or NumPy changes.
  digest    every file: dtype, shape and content as NumPy says
  save      every file, converted without options: the bytes that np.save writes
  convert   a sample with every --order, --byte-order and --format-version: NumPy reads the result as meant,
            its header is the one NumPy writes; what NumPy cannot write in a version is refused and leaves nothing behind
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from numpy.lib import _format_impl as npy_impl  # the header alone, in a version: no public name

from common import ROOT, TARGET, Report, each, not_a_refusal, run
import gen_matrix
from truth import LARGE_HEADER, digest, header_of, npy, read_manifest, sha256

OPTIONS = [
    ("--order", "C"), ("--order", "F"), ("--order", "keep"),
    ("--byte-order", "little"), ("--byte-order", "big"), ("--byte-order", "native"), ("--byte-order", "keep"),
    ("--format-version", "1.0"), ("--format-version", "2.0"), ("--format-version", "3.0"), ("--format-version", "auto"),
]  # fmt: skip


def matrix(seed):
    """Folder and rows of the matrix, made now unless it is there."""
    folder = os.path.join(TARGET, "matrix")
    stamp = hashlib.sha256(f"{seed} {np.__version__}".encode())
    for name in ("gen_matrix.py", "truth.py"):
        with open(os.path.join(ROOT, "corpus", name), "rb") as file:
            stamp.update(file.read())
    mark = os.path.join(folder, "stamp")
    if not os.path.exists(mark) or open(mark).read() != stamp.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, gen_matrix.__file__, folder, "--seed", str(seed)], check=True)
        with open(mark, "w") as file:
            file.write(stamp.hexdigest())
    head, rows = read_manifest(os.path.join(folder, "manifest.jsonl"))
    print(f"matrix of {head['files']} files by {head['reference']}, seed {head['seed']}")
    return folder, rows


def load(data):
    return np.load(io.BytesIO(data), allow_pickle=False, max_header_size=LARGE_HEADER)


def digest_fault(folder, row):
    answer = run("digest", "--json", os.path.join(folder, row["path"]))
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    try:
        (got,) = json.loads(answer.out)
    except ValueError as error:
        return f"not one item of JSON: {error}"
    want = {"name": "", "descr": row["digest_descr"], "shape": row["shape"], "sha256": row["sha256"]}
    wrong = [f"{key}: {got.get(key)!r}, not {value!r}" for key, value in want.items() if got.get(key) != value]
    return "; ".join(wrong)[:300] or None


def saved(array):
    """What np.save writes: to a real file, as it takes another road to a stream."""
    with tempfile.TemporaryFile() as file:
        np.save(file, array, allow_pickle=False)
        file.seek(0)
        return file.read()


def save_fault(folder, row, scratch):
    source, target = os.path.join(folder, row["path"]), os.path.join(scratch, row["path"].replace("/", "~"))
    answer = run("convert", source, target)
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    with open(target, "rb") as file:
        data = file.read()
    os.remove(target)
    if sha256(data) == row["file_sha256"] and row["writer"] == "save":
        return None
    # from the path: NumPy's reading of a stream does not keep the padding of records
    want = saved(np.load(source, allow_pickle=False, max_header_size=LARGE_HEADER))
    return None if data == want else difference(data, want)


def difference(data, want):
    at = next((i for i, (a, b) in enumerate(zip(data, want)) if a != b), min(len(data), len(want)))
    return f"{len(data)} bytes, np.save writes {len(want)}; differs at byte {at}: {data[at:at + 20]!r}, not {want[at:at + 20]!r}"


def wanted(array, row, option, value):
    """dtype, fortran_order, version asked for (None: NumPy chooses)."""
    dtype, fortran, version = array.dtype, row["fortran_order"], None
    if option == "--order" and value != "keep":
        flags = np.ndarray(array.shape, dtype, order=value).flags
        fortran = flags.f_contiguous and not flags.c_contiguous
    # elements of no bytes lie in both orders at once, and np.save of such an array that was loaded says C
    fortran = fortran and dtype.itemsize > 0
    if option == "--byte-order" and value != "keep":
        dtype = dtype.newbyteorder({"little": "<", "big": ">", "native": "="}[value])
    if option == "--format-version" and value != "auto":
        version = (int(value[0]), 0)
    return dtype, fortran, version


def header_bytes(dtype, shape, fortran, version):
    """The header NumPy writes, or None where it cannot in this version."""
    out = io.BytesIO()
    fields = {"descr": npy.dtype_to_descr(dtype), "fortran_order": fortran, "shape": shape}
    try:
        npy_impl._write_array_header(out, fields, version)
    except (ValueError, UnicodeEncodeError):
        return None
    return out.getvalue()


def convert_fault(folder, row, option, value, scratch):
    source = os.path.join(folder, row["path"])
    target = os.path.join(scratch, row["path"].replace("/", "~") + option + value + ".npy")
    with open(source, "rb") as file:
        array = load(file.read())
    dtype, fortran, version = wanted(array, row, option, value)
    header = header_bytes(dtype, array.shape, fortran, version)
    answer = run("convert", source, target, option, value)
    if header is None:
        left = [name for name in os.listdir(scratch) if os.path.basename(target) in name]
        return not_a_refusal(answer, row["path"]) or (f"refused, yet {left} is there" if left else None)
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    with open(target, "rb") as file:
        data = file.read()
    os.remove(target)
    if data[: len(header)] != header:
        return "header: " + difference(data[: len(header)], header)
    got = load(data)
    if got.dtype != dtype or got.shape != array.shape or header_of(data)[2] != fortran:
        return f"NumPy reads {got.dtype.descr} {got.shape}"
    return None if digest(got) == row["sha256"] and len(data) == len(header) + got.nbytes else "content differs"


def spread(rows, count):
    """About `count` rows, evenly over the matrix."""
    return rows[:: max(1, len(rows) // count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=gen_matrix.SEED)
    parser.add_argument("--only", default="", help="only files whose path contains this")
    parser.add_argument("--sample", type=int, default=400, help="files that are converted with every option")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    folder, rows = matrix(args.seed)
    rows = [row for row in rows if args.only in row["path"]]
    report = Report()
    faults = each(lambda row: digest_fault(folder, row), rows)
    report.check("digest equals NumPy's", [(r["path"], f) for r, f in zip(rows, faults) if f], len(rows))
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        faults = each(lambda row: save_fault(folder, row, scratch), rows)
        report.check("converted without options, the bytes of np.save", [(r["path"], f) for r, f in zip(rows, faults) if f], len(rows))
        sample = spread(rows, args.sample)
        for option, value in OPTIONS:
            faults = each(lambda row: convert_fault(folder, row, option, value, scratch), sample)
            report.check(f"convert {option} {value}", [(r["path"], f) for r, f in zip(sample, faults) if f], len(sample))
        report.check("nothing left beside the results", [(name, "left over") for name in os.listdir(scratch)], 0)
    report.finish()


if __name__ == "__main__":
    main()
