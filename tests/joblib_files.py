#!/usr/bin/env python3
"""Dumps of joblib: what joblib writes, npstow reads, and what npstow writes, joblib loads equal.

    NPSTOW=target/release/npstow python tests/joblib_files.py

Needs joblib, lz4, NumPy 2.x and scikit-learn.
  read     objects dumped by joblib with every compressor in protocols 2 to 5, converted to pickles: pickle.load gives an equal object
  written  the same objects converted to dumps by every compressor and level, in protocols 2 to 5: joblib.load gives an equal object, twice the same bytes
  mapped   joblib.load(mmap_mode) maps every array of a raw dump, at a multiple of 64 bytes
  large    arrays of several blocks and streams, there and back
  models   estimators of scikit-learn predict the same after npstow has written them anew
  scan     names found by `scan` are those that joblib's unpickler looks up
  cut      dumps cut at every byte are refused, in one line
  beside   files beside a dump are read from its folder, and no other file is
  bombs    what unpacks to gigabytes is refused where memory is short, and nothing crashes
"""
import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import zlib

import joblib
import joblib.numpy_pickle
import lz4.frame
import numpy as np

from common import Checks, Report, npstow, not_a_refusal, run

warnings.simplefilter("ignore")
COMPRESSORS = {"zlib": (1, 3, 9, 12), "gzip": (1, 6), "bz2": (1, 9), "lzma": (0, 3), "xz": (0, 6), "lz4": (0,)}
EXTENSIONS = {"zlib": ".z", "gzip": ".gz", "bz2": ".bz2", "lzma": ".lzma", "xz": ".xz", "lz4": ".lz4"}


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(other) is Point and same(self.x, other.x)


def objects():
    shared = np.arange(4, dtype="<i8")
    record = np.zeros(3, dtype=[("a", "<u2"), ("b", ">f4", (2, 2)), ("c", "S3")])
    record["b"] = np.arange(12).reshape(3, 2, 2)
    return {
        "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
        "strided": np.arange(24).reshape(4, 6)[::2, ::-3],
        "big": np.arange(5, dtype=">i4"),
        "empty": [np.zeros((0, 3)), np.zeros((3, 0), dtype="<U5"), np.array(7.5)],
        "record": record,
        "text": np.array(["a", "µm", "x" * 9]),
        "dates": np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        "complex": np.array([1 + 2j, -3j], dtype=np.complex64),
        "objects": np.array([1, "two", None, [3.0]], dtype=object),
        "tree": {"a": {"b": np.arange(3)}, "c": [1, 2.5, "x", b"y", None, (True,)], 7: np.ones(2)},
        "shared": [shared, shared, {"again": shared}],
        "masked": np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        "scalar": [np.float64(1.5), np.int8(-3)],
        "point": [Point(np.arange(3)), Point("x")],
        "none": None,
        "many": {f"k{i}": np.full(i % 5, i, dtype=np.float32) for i in range(300)},
    }


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ma.MaskedArray):
        return a.dtype == b.dtype and np.array_equal(a.mask, b.mask) and np.array_equal(a.filled(0), b.filled(0))
    if isinstance(a, np.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.hasobject:
            return all(same(x, y) for x, y in zip(a.flat, b.flat))
        return a.tobytes() == b.tobytes() and (a.flags.f_contiguous == b.flags.f_contiguous or not a.flags.contiguous)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


def native(value):
    """As joblib.load gives it: arrays in the machine's byte order."""
    if isinstance(value, np.ndarray) and value.dtype.byteorder == ">":
        return value.astype(value.dtype.newbyteorder("="))
    return value


def load(path, **options):
    with open(path, "rb") as f:
        return pickle.load(f) if path.endswith(".pkl") else joblib.load(path, **options)


def check_read(checks):
    for name, value in objects().items():
        for compress in [0, *((c, 3 if c != "lz4" else 0) for c in COMPRESSORS)]:
            if compress == ("lz4", 0):
                # Level 0 of a compressor is none at all for joblib.
                compress = ("lz4", 1)
            for protocol in (2, 3, 4, 5):
                joblib.dump(value, "in.dat", compress=compress, protocol=protocol)
                answer = run("convert", "in.dat", "out.pkl", "--protocol", "5")
                good = answer.code == 0
                checks.add(good and same(value, load("out.pkl")), f"{name} {compress} protocol {protocol}: {answer.err[-200:]}")


def written(name, *words):
    answer = run("convert", "in.pkl", name, *words)
    return answer, open(name, "rb").read() if answer.code == 0 else b""


def check_written(checks):
    for name, value in objects().items():
        with open("in.pkl", "wb") as f:
            pickle.dump(value, f, protocol=4)
        ways = [("out.joblib", ())]
        ways += [("out.joblib" + EXTENSIONS[c], ()) for c in COMPRESSORS]
        for compressor, levels in COMPRESSORS.items():
            ways += [("out.joblib", (f"--compress={level}", "--compressor", compressor)) for level in levels]
        ways += [("out.joblib", ("--protocol", str(protocol))) for protocol in (2, 3, 5)]
        for path, words in ways:
            answer, bytes_ = written(path, *words)
            try:
                got = joblib.load(path, ensure_native_byte_order=False)
            except Exception as e:
                got = e
            checks.add(same(value, got), f"{name} {path} {words}: {answer.err[-200:]} {got!r:.200}")
            checks.add(bytes_ and written(path, *words)[1] == bytes_, f"{name} {path} {words}: other bytes")
        checks.add(name != "big" or same(native(value), joblib.load("out.joblib")), f"{name}: byte order")
    got = joblib.load("out.joblib")
    with open("in.pkl", "wb") as f:
        pickle.dump(objects()["shared"], f)
    written("out.joblib")
    got = joblib.load("out.joblib")
    checks.add(got[0] is got[1] and got[0] is got[2]["again"], "shared: an array that is met again is another one")
    for words in (["--compressor", "lz4", "--compress=9"], ["--compressor", "bz2", "--compress=0"], ["--compressor", "zip"]):
        answer = run("convert", "in.pkl", "no.joblib", *words)
        checks.add(answer.code in (2, 3) and not os.path.exists("no.joblib"), f"{words}: exit {answer.code}")
    answer = run("convert", "in.pkl", "no.npz", "--compressor", "zlib")
    checks.add(answer.code == 3 and "compressor" in answer.err, f"--compressor for npz: {answer.err}")


def check_mapped(checks):
    value = {"a": np.arange(100), "f": np.asfortranarray(np.ones((3, 4))), "n": [np.arange(7, dtype="u1"), np.arange(3.0)]}
    with open("in.pkl", "wb") as f:
        pickle.dump(value, f)
    for protocol in "2345":
        written("out.joblib", "--protocol", protocol)
        got = joblib.load("out.joblib", mmap_mode="r")
        arrays = [got["a"], got["f"], *got["n"]]
        for array, original in zip(arrays, [value["a"], value["f"], *value["n"]]):
            checks.add(type(array) is np.memmap and np.array_equal(array, original), f"{type(array)} protocol {protocol}")
            checks.add(array.offset % 64 == 0, f"at {array.offset}")
    # And what joblib has written is listed where it lies.
    joblib.dump(value, "in.joblib")
    listed = {row["name"]: row.get("storage", {}).get("offset") for row in json.loads(run("ls", "--json", "in.joblib").out)["items"]}
    for name, array in joblib.load("in.joblib", mmap_mode="r").items():
        if name != "n":
            checks.add(listed[name] == array.offset, f"{name}: {listed[name]}, joblib has {array.offset}")


def check_large(checks):
    generator = np.random.default_rng(1)
    value = {
        "smooth": np.cumsum(generator.integers(0, 3, 700_000)).astype("<i4"),
        "noise": generator.random(400_000),
        "zeros": np.zeros(900_000, dtype=np.int64),
        "marks": np.tile(np.array([0, 0, 0xFF, 0xFF], dtype=np.uint8), 300_000),
    }
    joblib.dump(value, "in.joblib")
    for compressor in COMPRESSORS:
        level = "0" if compressor in ("lz4", "xz", "lzma") else "1"
        answer = run("convert", "in.joblib", "out.joblib", "--compressor", compressor, f"--compress={level}")
        checks.add(answer.code == 0 and same(value, joblib.load("out.joblib")), f"{compressor} written: {answer.err}")
        answer = run("convert", "out.joblib", "out.pkl", "--protocol", "5")
        checks.add(answer.code == 0 and same(value, load("out.pkl")), f"{compressor} of npstow read: {answer.err}")
        joblib.dump(value, "out.joblib", compress=(compressor, 1))
        answer = run("convert", "out.joblib", "out.pkl", "--protocol", "5")
        checks.add(answer.code == 0 and same(value, load("out.pkl")), f"{compressor} of joblib read: {answer.err}")


def models():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).random((60, 4))
    y = (x[:, 0] + x[:, 1] > 1).astype(int)
    yield "forest", RandomForestClassifier(n_estimators=5, random_state=0).fit(x, y), x
    yield "pipeline", make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), x


def check_models(checks):
    for name, model, x in models():
        for compress in (0, 3, ("xz", 1)):
            joblib.dump(model, "in.joblib", compress=compress)
            answer = run("convert", "in.joblib", "out.joblib")
            try:
                good = np.array_equal(joblib.load("out.joblib").predict_proba(x), model.predict_proba(x))
            except Exception as e:
                good, answer.err = False, answer.err + repr(e)
            checks.add(good, f"{name} {compress}: {answer.err[-300:]}")
            answer = run("launder", "in.joblib", "clean.joblib")
            found = json.loads(run("scan", "--json", "clean.joblib").out)
            checks.add(found["verdict"] == "data" and type(joblib.load("clean.joblib")) is dict, f"{name} laundered: {found}")


class Names(joblib.numpy_pickle.NumpyUnpickler):
    def __init__(self, path):
        self.found = set()
        with open(path, "rb") as f:
            super().__init__(path, f, False)
            self.load()

    def find_class(self, module, name):
        self.found.add((module, name))
        return super().find_class(module, name)


def check_scan(checks):
    values = {**objects(), **{name: model for name, model, _ in models()}}
    for name, value in values.items():
        for protocol in (2, 4):
            joblib.dump(value, "in.joblib", protocol=protocol)
            expected = Names("in.joblib").found
            joblib.dump(value, "in.joblib", compress=3, protocol=protocol)
            found = json.loads(run("scan", "--json", "in.joblib").out)
            names = {(g["module"], g["name"]) for g in found["globals"]}
            checks.add(names == expected and found["error"] is None, f"{name}: {names ^ expected} {found['error']}")


def check_cut(checks):
    value = {"a": np.arange(3, dtype="<i2"), "o": np.array([1, "x"], dtype=object)}
    for compress in [0, *((c, 1) for c in COMPRESSORS)]:
        joblib.dump(value, "in.joblib", compress=compress)
        whole = open("in.joblib", "rb").read()
        checks.add(run("verify", "in.joblib").code == 0, f"{compress}: the whole is refused")
        for length in range(len(whole)):
            with open("cut.joblib", "wb") as f:
                f.write(whole[:length])
            answer = run("verify", "cut.joblib", memory=1 << 30)
            why = not_a_refusal(answer, "cut.joblib")
            checks.add(why is None, f"{compress} cut to {length} of {len(whole)}: {why}")


def wrapper(kind, **state):
    """A dump with one object of joblib's old classes."""
    class_ = type(kind, (), {"__module__": "joblib.numpy_pickle"})
    made = class_()
    made.__dict__.update(state)
    return Old(class_, kind).dumps(made)


class Old(pickle._Pickler):
    def __init__(self, class_, name):
        self.out, self.class_, self.name = io.BytesIO(), class_, name
        super().__init__(self.out, protocol=2)

    def save_global(self, obj, name=None):
        if obj is self.class_:
            self.write(pickle.GLOBAL + b"joblib.numpy_pickle\n" + self.name.encode() + b"\n")
            return self.memoize(obj)
        return super().save_global(obj, name)

    dispatch = {**pickle._Pickler.dispatch, type: save_global}

    def dumps(self, value):
        self.dump(value)
        return self.out.getvalue()


def zfile(data, length=None):
    return b"ZF" + hex(len(data) if length is None else length).ljust(19).encode() + zlib.compress(data)


def check_beside(checks):
    os.makedirs("in", exist_ok=True)
    array = np.arange(12, dtype="<i4").reshape(3, 4)
    np.save("outside.npy", array)
    np.save("in/x.npy", array)
    np.save("in/objects.npy", np.array([1, "two"], dtype=object))
    os.symlink("../outside.npy", "in/link.npy")
    os.mkfifo("in/pipe.npy")
    state = (1, (3, 4), np.dtype("<i4"), False)
    args = (np.ndarray, (0,), b"b")
    for name, data in {"x": zfile(array.tobytes()), "lies": zfile(array.tobytes(), 99), "huge": zfile(array.tobytes(), 1 << 60), "short": zfile(b"1234"), "none": b"x"}.items():
        with open(f"in/{name}.z", "wb") as f:
            f.write(data)

    def dump(data):
        with open("in/d.pkl", "wb") as f:
            f.write(data)

    def plain(name):
        dump(wrapper("NDArrayWrapper", filename=name, subclass=np.ndarray, allow_mmap=True))

    def packed(name):
        dump(wrapper("ZNDArrayWrapper", filename=name, init_args=args, state=state))

    for make, name in ((plain, "x.npy"), (packed, "x.z")):
        make(name)
        answer = run("convert", "in/d.pkl", "out.npy")
        checks.add(answer.code == 0 and same(np.load("out.npy"), array), f"{name}: {answer.err}")
        checks.add(json.loads(run("ls", "--json", "in/d.pkl").out)["items"][0]["kind"] == "array", f"{name}: not listed")
    plain("objects.npy")
    answer = run("convert", "in/d.pkl", "out.pkl")
    checks.add(answer.code == 0 and list(load("out.pkl")) == [1, "two"], f"objects: {answer.err}")
    outside = os.path.abspath("outside.npy")
    for name in ("../outside.npy", outside, "link.npy", "pipe.npy", "missing.npy", ".", "..", "", "x.npy/", "a\0b", "d.pkl"):
        plain(name)
        for words in (("ls",), ("verify",), ("digest",), ("show",)):
            answer = run(*words, "in/d.pkl", seconds=10)
            checks.add(answer.code in (1, 2, 3) and "panicked" not in answer.err, f"{words} {name!r}: exit {answer.code} {answer.err[-200:]}")
    for name in ("lies.z", "huge.z", "short.z", "none.z", "x.npy", "../outside.npy"):
        packed(name)
        answer = run("verify", "in/d.pkl", memory=1 << 30)
        checks.add(not_a_refusal(answer, "d.pkl") is None, f"{name}: {answer.code} {answer.err[-200:]}")
    if trace := strace():
        plain("../outside.npy")
        done = subprocess.run([trace, "-f", "-e", "trace=openat,open,execve", npstow(), "digest", "in/d.pkl"], capture_output=True, text=True)
        checks.add("outside" not in "".join(line for line in done.stderr.splitlines() if line.startswith("open")), "the file outside was opened")


def strace():
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if os.path.exists(os.path.join(folder, "strace")):
            return os.path.join(folder, "strace")
    return None


def check_bombs(checks):
    size = 3 << 30
    block = bytes(1 << 24)
    makers = {
        "zlib": zlib.compressobj(1),
        "gzip": zlib.compressobj(1, wbits=31),
        "bz2": bz2.BZ2Compressor(1),
        "xz": lzma.LZMACompressor(preset=0),
        "lzma": lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0),
    }
    for name, maker in makers.items():
        with open("bomb.joblib", "wb") as f:
            for _ in range(size // len(block) // (8 if name in ("bz2",) else 1)):
                f.write(maker.compress(block))
            f.write(maker.flush())
        answer = run("ls", "bomb.joblib", memory=300 << 20, seconds=120)
        checks.add(answer.code in (1, 2, 3) and "panicked" not in answer.err, f"{name}: exit {answer.code} {answer.err[-300:]}")
    frame = lz4.frame.compress(block, block_linked=False)
    with open("bomb.joblib", "wb") as f:
        f.write(frame * 200)
    answer = run("ls", "bomb.joblib", memory=300 << 20, seconds=120)
    checks.add(answer.code in (1, 2, 3) and "panicked" not in answer.err, f"lz4: exit {answer.code} {answer.err[-300:]}")
    with open("bomb.joblib", "wb") as f:
        f.write(gzip.compress(b"\x80\x04K\x07."))
    checks.add(run("ls", "bomb.joblib").code == 0, "gzip of a plain pickle")


def main():
    report = Report()
    parts = [("read", check_read), ("written", check_written), ("mapped", check_mapped), ("large", check_large), ("models", check_models)]
    parts += [("scan", check_scan), ("cut", check_cut), ("beside", check_beside), ("bombs", check_bombs)]
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for what, check in parts:
            if chosen and what not in chosen:
                continue
            checks = Checks()
            check(checks)
            report.check(what, checks.faults, checks.total)
    report.finish()


if __name__ == "__main__":
    main()
