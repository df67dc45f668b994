#!/usr/bin/env python3
"""Holds folders against NPFold: what it wrote is read as it reads it, what we write is what it can read.

    NPSTOW_EXAMPLES=target/debug/examples NPSTOW_CORPUS=../shared/corpus python tests/npfold.py

The golden folders and what NPFold::Load makes of them are in the shared corpus, which is not part of the repository: without it that part is
skipped, and that is said (exit 77). The reader that what we write is held against is built here from NPFold's rules, and knows nothing of ours.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from common import ROOT, TARGET, Report, npstow, run

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")
EMPTY = hashlib.sha256(b"").hexdigest()


def program():
    folder = os.environ.get("NPSTOW_EXAMPLES", os.path.join(TARGET, "debug", "examples"))
    path = os.path.join(folder, "folder")
    if not os.path.exists(path):
        sys.exit(f"no {path}: cargo build -p npstow --all-features --examples")
    return path


def example(*words):
    done = subprocess.run([program(), *words], capture_output=True, text=True, encoding="utf-8")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.strip()


# -- a reader of NPFold's folders, from the rules of NP.hh ---------------------------------------------------------------------------

HEADER = re.compile(rb"\{'descr': '([<|][uif][1248])', 'fortran_order': False, 'shape': \(((?:\d+, )*\d+,|\d+, \d+(?:, \d+)*)\), \} *\n\Z")


class Wrong(Exception):
    pass


def read_npy(path):
    """Type, shape and data of a file as NP.hh takes it."""
    data = open(path, "rb").read()
    if data[:8] != b"\x93NUMPY\x01\x00":
        raise Wrong(f"{path}: no NPY 1.0")
    end = 10 + int.from_bytes(data[8:10], "little")
    if end % 16:
        raise Wrong(f"{path}: a header of {end} bytes")
    if data.index(b"\n") != end - 1:
        raise Wrong(f"{path}: a line feed before the end of the header")
    match = HEADER.match(data[10:end])
    if not match:
        raise Wrong(f"{path}: header {data[10:end]!r}")
    descr, shape = match[1].decode(), [int(n) for n in match[2].decode().split(",") if n.strip()]
    if len(data) - end != int(descr[2]) * int(np.prod(shape, dtype=np.int64)):
        raise Wrong(f"{path}: {len(data) - end} bytes of data")
    return descr, shape, data[end:]


def read_text(path):
    data = open(path, "rb").read()
    if b"\r" in data or b"\0" in data:
        raise Wrong(f"{path}: CR or NUL")
    return data.decode("utf-8")


def read_lines(path):
    return read_text(path).split("\n")[:-1] if os.path.getsize(path) else []


def read_fold(folder, path="", rows=None):
    """Rows as the expectations have them; raises for whatever would make NP.hh or fold.py stumble."""
    rows = [] if rows is None else rows
    names = set(os.listdir(folder))
    for needed in ("NPFold_index.txt", "NPFold_names.txt"):
        if needed not in names:
            raise Wrong(f"{folder}: no {needed}")
    text = read_text(os.path.join(folder, "NPFold_index.txt"))
    keys = text.split("\n")
    if keys.pop():
        raise Wrong(f"{folder}: the index does not end with a line feed")
    arrays = [key for key in keys if key.endswith(".npy")]
    folds = [key for key in keys if not key.endswith(".npy")]
    for key in keys:
        if key in ("", ".", "..") or set(key) & set("$/\\\r\0") or keys.count(key) > 1 or key == "NPFold.npy":
            raise Wrong(f"{folder}: the key {key!r}")
    if set(folds) & {key[:-4] for key in arrays}:
        raise Wrong(f"{folder}: an array and a fold of one name")
    meta = ""
    if "NPFold_meta.txt" in names:
        meta = read_text(os.path.join(folder, "NPFold_meta.txt"))
        if not meta.strip("\n"):
            raise Wrong(f"{folder}: an empty NPFold_meta.txt crashes NPFold::load")
    known = {"NPFold_index.txt", "NPFold_names.txt", "NPFold_meta.txt", *arrays}
    rows.append({"kind": "fold", "path": path, "meta": meta, "names": read_lines(os.path.join(folder, "NPFold_names.txt"))})
    for key in arrays:
        stem = os.path.join(folder, key[:-4])
        descr, shape, data = read_npy(stem + ".npy")
        np.load(stem + ".npy", allow_pickle=False)
        row = {"kind": "array", "path": (path + "/" if path else "") + key[:-4], "dtype": descr, "shape": shape, "nbytes": len(data)}
        row["sha256"] = hashlib.sha256(data).hexdigest()
        row["meta"] = read_text(stem + "_meta.txt") if os.path.exists(stem + "_meta.txt") else ""
        row["names"] = read_lines(stem + "_names.txt") if os.path.exists(stem + "_names.txt") else []
        row["labels"] = read_lines(stem + "_labels.txt") if os.path.exists(stem + "_labels.txt") else []
        known |= {key[:-4] + ending for ending in ("_meta.txt", "_names.txt", "_labels.txt")}
        rows.append(row)
    stray = names - known - set(folds)
    if stray:
        raise Wrong(f"{folder}: left over or not in the index: {sorted(stray)}")
    for key in folds:
        below = (path + "/" if path else "") + key
        if os.path.isdir(os.path.join(folder, key)):
            read_fold(os.path.join(folder, key), below, rows)
        else:
            rows.append({"kind": "fold", "path": below, "meta": "", "names": []})
    return rows


# -- comparing -------------------------------------------------------------------------------------------------------------------------

def plain(row, data=True):
    """A row without what differs in form alone: '.npy', '<i1' for '|i1', the last line feed of metadata, no labels."""
    new = {"kind": row["kind"], "path": re.sub(r"\.npy$", "", row["path"]), "meta": row["meta"].removesuffix("\n"), "names": row["names"]}
    if row["kind"] == "array":
        new["dtype"] = str(np.dtype(row["dtype"]).str)
        new["shape"] = list(row["shape"])
        new["labels"] = row.get("labels") or []
        if data:
            new["nbytes"], new["sha256"] = row["nbytes"], row["sha256"]
    return new


def compare(got, want, data=True):
    """The first difference, or None. Groups on the way to keys with slashes are no folds of NPFold."""
    got, want = [plain(row, data) for row in got], [plain(row, data) for row in want]
    folds = {row["path"] for row in want if row["kind"] == "fold"}
    got = [row for row in got if row["kind"] == "array" or row["path"] in folds or row["meta"] or row["names"]]
    for kind in ("fold", "array"):
        mine, others = ({row["path"]: row for row in rows if row["kind"] == kind} for rows in (got, want))
        if set(mine) != set(others):
            return f"{kind}s {sorted(mine)} for {sorted(others)}"
        for path, row in others.items():
            if mine[path] != row:
                return f"{kind} {path}: {mine[path]} for {row}"
    # The order of the arrays of each fold, and of the folds.
    for fold in folds:
        def inside(rows):
            return [row["path"] for row in rows if row["kind"] == "array" and os.path.dirname(row["path"]) == fold]
        if inside(got) != inside(want):
            return f"order {inside(got)} for {inside(want)}"
    return None


def expectations(ending):
    folder = os.path.join(CORPUS, "npfold", "expected")
    for name in sorted(os.listdir(folder)):
        if name.endswith(ending) and (ending != ".jsonl" or not name.endswith(".nodata.jsonl")) and name != "python_fold.jsonl":
            with open(os.path.join(folder, name), encoding="utf-8") as lines:
                yield name.removesuffix(ending), [json.loads(line) for line in lines]


def golden(name=""):
    return os.path.join(CORPUS, "npfold", "golden", name)


# -- checks ----------------------------------------------------------------------------------------------------------------------------

def check_full(report):
    faults, total = [], 0
    for name, want in expectations(".jsonl"):
        total += 1
        code, got, err = example("show", golden(name))
        why = err or "failed" if code else compare(got, want)
        if why:
            faults.append((name, why))
    report.check("golden folders read as NPFold::Load reads them", faults, total)


def cut(scratch, name):
    """The golden folder with every array cut off behind its header."""
    target = os.path.join(scratch, name)
    shutil.copytree(golden(name), target)
    for folder, _, files in os.walk(target):
        os.chmod(folder, 0o755)
        for file in files:
            path = os.path.join(folder, file)
            os.chmod(path, 0o644)
            if file.endswith(".npy"):
                with open(path, "rb+") as npy:
                    npy.truncate(10 + int.from_bytes(npy.read(10)[8:10], "little"))
    return target


def check_nodata(report):
    faults, total = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        known = dict(expectations(".nodata.jsonl"))
        for name, want in {**dict(expectations(".jsonl")), **known}.items():
            total += 1
            target = cut(scratch, name)
            for path in (golden(name), target):
                code, got, err = example("nodata", path)
                why = err or "failed" if code else compare(got, want, data=False)
                if why:
                    faults.append((name, why))
            # Nothing that is cut off is taken for whole.
            arrays = [row for row in want if row["kind"] == "array" and row["nbytes"] and not row["path"].startswith(("RINDEX", "SCINT"))]
            if name not in known and arrays and example("show", target)[0] == 0:
                faults.append((name, "data that are not there were read"))
    report.check("the same without data, from headers and texts alone", faults, total)


def check_manifest(report):
    """`ls` and `digest` of the command against the manifest of the golden folders."""
    with open(golden("MANIFEST.json"), encoding="utf-8") as file:
        arrays = json.load(file)["arrays"]
    faults, total, listed = [], 0, {}
    for name in sorted({path.split("/")[0] for path in arrays}):
        ls, digest = run("ls", "--json", golden(name)), run("digest", "--json", golden(name))
        if ls.code or digest.code:
            faults.append((name, ls.err + digest.err))
            continue
        hashes = {row["name"]: row["sha256"] for row in json.loads(digest.out)}
        for item in json.loads(ls.out)["items"]:
            if item["kind"] == "array":
                listed[f"{name}/{item['name']}.npy"] = (item["shape"], item["nbytes"], hashes[item["name"]], item["storage"]["offset"])
    for path, row in arrays.items():
        if "/_" in path or path.startswith("transport/"):
            continue
        total += 1
        want = (row["shape"], row["nbytes"], row["sha256_data"], row["header_total"])
        if listed.get(path) != want:
            faults.append((path, f"{listed.get(path)} for {want}"))
    report.check("ls and digest against the manifest", faults, total)


def check_transport(report):
    faults, want = [], []
    with open(golden("MANIFEST.json"), encoding="utf-8") as file:
        array = json.load(file)["arrays"]["transport/array_with_meta.npy"]["sha256_data"]
    ten = hashlib.sha256(np.arange(40, dtype="<i4").tobytes()).hexdigest()
    meta = read_text(golden("transport/array_with_meta_meta.txt"))
    first = ("<f4", [3, 4, 4], array, meta)
    second = ("<i4", [10, 4], ten, "")
    cases = [("messages", "array_with_meta.stream", [first]), ("messages", "array_no_meta.stream", [second]), ("body", "array_with_meta.buf", [first]),
             ("messages", "two_arrays.stream", [first, None])]
    for how, name, want in cases:
        code, got, err = example(how, golden("transport/" + name))
        rows = [(row["dtype"], row["shape"], row["sha256"], row["meta"]) for row in got]
        if code or len(rows) != len(want) or any(row != other for row, other in zip(rows, want) if other):
            faults.append((name, err or f"{rows} for {want}"))
    with tempfile.TemporaryDirectory() as scratch:
        for _, name, _ in cases:
            if not name.endswith(".stream"):
                continue
            out = os.path.join(scratch, name)
            code, _, err = example("pack", golden("transport/" + name), out)
            if code or open(out, "rb").read() != open(golden("transport/" + name), "rb").read():
                faults.append((name, err or "written otherwise than by NP.hh"))
    report.check("streams and buffers of NP.hh, and the same bytes written", faults, len(cases) + 3)


def check_rewritten(report):
    """Golden folders written again, both ways, read by the reader above; then a smaller one in the place of a larger."""
    faults, total = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        target = os.path.join(scratch, "run")
        for how in ("npfold", "copy"):
            for name, want in expectations(".jsonl"):
                total += 1
                code, _, err = example(how, golden(name), target)
                if code:
                    faults.append((name, err))
                    continue
                try:
                    why = compare(read_fold(target), want)
                except Wrong as wrong:
                    why = str(wrong)
                code, got, err = example("show", target)
                why = why or err or compare(got, want)
                if why:
                    faults.append((f"{name} by {how}", why))
                if os.listdir(scratch) != ["run"]:
                    faults.append((name, f"left behind: {os.listdir(scratch)}"))
    report.check("written again, one in the place of the other, and read by a reader of NPFold's rules", faults, total)


DTYPES = ["?", "i1", "u1", "<i2", ">i4", "<i8", ">u2", "<u4", "<u8", "<f2", ">f2", "<f4", ">f8"]
REFUSED = ["<c8", "<c16", ">c16", "S5", "<U4", ">U3", "<M8[s]", "<m8[ns]", "<M8", "V3", np.dtype([("a", "<i4"), ("b", "<f8")]), np.dtype("g")]
SHAPES = [(3,), (1,), (0,), (2, 3), (0, 4), (4, 0), (2, 3, 4), (1, 1, 1, 1, 1, 1, 1, 2), (99999, 1, 1)]


def matrix(rng):
    for dtype in DTYPES:
        for shape in SHAPES:
            array = np.frombuffer(rng.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize), dtype="u1")
            array = (array & 1).view("?").reshape(shape) if dtype == "?" else array.view(dtype).reshape(shape)
            yield array
            yield np.asfortranarray(array)


def check_matrix(report):
    """Folders that NumPy made: converted for NP.hh, or refused by name; as they are in our own form."""
    rng, faults, arrays = np.random.default_rng(7), [], {}
    with tempfile.TemporaryDirectory() as scratch:
        source, target = os.path.join(scratch, "numpy"), os.path.join(scratch, "run")
        os.makedirs(os.path.join(source, "deep", "er"))
        for number, array in enumerate(matrix(rng)):
            name = ("", "deep/", "deep/er/")[number % 3] + f"x{number:03}"
            np.save(os.path.join(source, name + ".npy"), array)
            arrays[name] = array
        code, _, err = example("npfold", source, target)
        try:
            rows = read_fold(target) if not code else []
        except Wrong as wrong:
            rows, err = [], str(wrong)
        got = {row["path"]: row for row in rows if row["kind"] == "array"}
        for name, array in arrays.items():
            want = array.view("u1") if array.dtype == bool else array
            want = np.ascontiguousarray(want.astype(want.dtype.newbyteorder("<"), order="C", copy=False))
            row = got.get(name)
            if not row or (row["dtype"][1:], tuple(row["shape"])) != (want.dtype.str[1:], want.shape):
                faults.append((name, f"{row} for {want.dtype} {want.shape} {err}"))
            elif row["sha256"] != hashlib.sha256(want.tobytes()).hexdigest():
                faults.append((name, "other values"))
        example("copy", source, target)
        for name, array in arrays.items():
            path = os.path.join(target, name + ".npy")
            with open(os.path.join(source, name + ".npy"), "rb") as want:
                if not os.path.exists(path) or open(path, "rb").read() != want.read():
                    faults.append((name, "not the bytes of np.save in our own form"))
        report.check("a matrix of dtypes, shapes and orders, for NP.hh and in our own form", faults, 2 * len(arrays))
        check_refused(report, scratch, target)


def check_refused(report, scratch, target):
    faults, total = [], 0
    before = sorted(os.listdir(target))
    for number, dtype in enumerate([*REFUSED, "0-d"]):
        total += 1
        source = os.path.join(scratch, f"refused{number}")
        os.makedirs(os.path.join(source, "sub"))
        array = np.zeros((), "f4") if isinstance(dtype, str) and dtype == "0-d" else np.zeros(3, dtype)
        np.save(os.path.join(source, "sub", "bad.npy"), array)
        code, _, err = example("npfold", source, target)
        if code != 1 or "sub/bad" not in err or "not supported" not in err:
            faults.append((str(dtype), f"exit {code}: {err}"))
        if sorted(os.listdir(target)) != before:
            faults.append((str(dtype), "the old folder changed"))
        own = os.path.join(scratch, f"own{number}")
        code, _, err = example("copy", source, own)
        if code or np.load(os.path.join(own, "sub", "bad.npy")).dtype != array.dtype:
            faults.append((str(dtype), f"not in our own form: {err}"))
    report.check("what NP.hh cannot read is refused by name, and allowed in our own form", faults, total)


def main():
    report = Report()
    npstow()
    check_matrix(report)
    if not os.path.isdir(golden()):
        print(f"SKIPPED: no golden folders of NPFold at {os.path.relpath(golden())}; set NPSTOW_CORPUS to the corpus")
        if report.failed:
            report.finish()
        sys.exit(77)
    check_full(report)
    check_nodata(report)
    check_manifest(report)
    check_transport(report)
    check_rewritten(report)
    report.finish()


if __name__ == "__main__":
    main()
