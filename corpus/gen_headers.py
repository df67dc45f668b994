#!/usr/bin/env python3
"""Hand-made NPY files, good and bad, and what NumPy does with each.

    gen_headers.py [OUT]        (default: this folder)

Writes OUT/headers/*.npy (NumPy loads them) and OUT/hostile/*.npy (it refuses), each with a manifest.jsonl: the first line says who made it, each
other line is a file:
  path, why             its name, and what is odd about it
  row                   the row of the table of C and C++ readers (5.2) that it stands for, if any
  numpy.loads           whether np.load(path, allow_pickle=False, max_header_size=large) gives an array; if so also
                        descr, digest_descr, shape, fortran_order, version, offset, sha256 as in gen_matrix.py;
                        if not: error (the exception's type) and text
  default_loads         only where the default max_header_size (10000) gives another answer
  stream                only where np.load of a stream gives another answer than of a file: the same object for it
Each load runs in a process of its own with 4 GiB of address space: some of these files are made to hurt.
"""
import argparse
import io
import json
import os
import re
import resource
import shutil
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from header_cases import cases  # noqa: E402
from truth import LARGE_HEADER, REFERENCE, described, header_of, write_manifest  # noqa: E402

MEMORY = 4 << 30
TEXT = 300


def in_child(work):
    """Runs `work` in a forked process and returns its JSON answer; what kills the process is an answer, too."""
    get, put = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(get)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            os.write(put, json.dumps(work()).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(put)
    with os.fdopen(get, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(answer) if answer else {"loads": False, "error": "Killed", "text": f"status {status}"}


def told(error):
    """The exception's text, without the addresses that change from run to run."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", str(error))[:TEXT]


def verdict(source, data, limit):
    """What np.load says about a path or a stream."""
    warnings.simplefilter("ignore")
    try:
        array = np.load(source, allow_pickle=False, max_header_size=limit)
        if not isinstance(array, np.ndarray):
            array = array["array"]
    except BaseException as error:  # noqa: BLE001 - MemoryError and RecursionError are answers
        return {"loads": False, "error": type(error).__name__, "text": told(error)}
    version, offset, fortran = header_of(data)
    try:
        truth = described(array)
    except BaseException as error:  # noqa: BLE001
        return {"loads": False, "error": type(error).__name__, "text": "loads, but: " + told(error)}
    return {"loads": True, **truth, "fortran_order": fortran, "version": version, "offset": offset, "nbytes": array.nbytes}


def answers(path, data):
    truth = in_child(lambda: verdict(path, data, LARGE_HEADER))
    row = {"numpy": truth}
    default = in_child(lambda: verdict(path, data, 10000))
    if default["loads"] != truth["loads"]:
        row["default_loads"] = default["loads"]
    stream = in_child(lambda: verdict(io.BytesIO(data), data, LARGE_HEADER))
    if stream["loads"] != truth["loads"] or stream.get("sha256") != truth.get("sha256") or stream.get("shape") != truth.get("shape"):
        row["stream"] = stream
    return row


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = {"headers": [], "hostile": []}
    for folder in rows:
        shutil.rmtree(os.path.join(args.out, folder), ignore_errors=True)
        os.makedirs(os.path.join(args.out, folder))
    seen, total = set(), 0
    for case in cases():
        assert case.name not in seen, case.name
        seen.add(case.name)
        data, name = case.data, case.name + ".npy"
        path = os.path.join(args.out, "hostile", name)
        write(path, data)
        row = answers(path, data)
        if row["numpy"]["loads"]:
            if case.trim:
                data = data[: row["numpy"]["offset"] + row["numpy"]["nbytes"]]
                write(path, data)
            os.rename(path, os.path.join(args.out, "headers", name))
        total += len(data)
        folder = "headers" if row["numpy"]["loads"] else "hostile"
        rows[folder].append({"path": name, "why": case.why, **({"row": case.row} if case.row else {}), **row})
    for folder, lines in rows.items():
        lines.sort(key=lambda row: row["path"])
        head = {"made_by": "corpus/gen_headers.py", "reference": REFERENCE, "python": "%d.%d" % sys.version_info[:2], "files": len(lines)}
        write_manifest(os.path.join(args.out, folder, "manifest.jsonl"), head, lines)
    print(f"{len(rows['headers'])} headers that {REFERENCE} loads, {len(rows['hostile'])} that it refuses, {total} bytes")


if __name__ == "__main__":
    main()
