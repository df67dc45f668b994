#!/usr/bin/env python3
"""Lets npstow write HDF5 files and the others read them: h5py, h5dump, h5ls, h5stat.

    NPSTOW=target/release/npstow NPSTOW_EXAMPLES=target/debug/examples python tests/hdf5_write.py [--seed N]

Needs NumPy 2.x and h5py; the programs of hdf5-tools are skipped where they are not installed, and said so.
  written    trees of every dtype, order and shape, in each form, plain and packed: h5py reads the same dtypes, shapes, bytes and
             attributes, in whole and in part, and the programs accept the file
  the same   twice, and through a pipe, the same bytes
  aligned    arrays in one piece begin at multiples of 64: numpy.memmap shows them where they lie
  stored     every storage of the library's interface (the example hdf5): chunks of any shape, filters, growth, compact; attributes
             of every type and size, soft links; enumerations and text in UTF-8 made by hand
  extended   h5py opens each of these files for writing: grows what may grow, adds arrays, groups, links and attributes, deletes,
             and reads all of it back
  many       100,000 arrays in a folder of 8 levels, and as many in one group
  refused    what HDF5 cannot hold, by name
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

from common import Checks, Report, given, npstow, run

try:
    import h5py
except ImportError:
    print("h5py is not installed")
    sys.exit(77)

NPY = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
FORMS = {"earliest": [], "latest": ["--libver=latest"], "packed": ["--compress=4"], "latest packed": ["--libver=latest", "--compress=9"]}
PROGRAMS = {"h5dump": ["h5dump", "-H", "-p"], "h5ls": ["h5ls", "-r", "-v"], "h5stat": ["h5stat"]}
EXAMPLES = os.environ.get("NPSTOW_EXAMPLES", "target/debug/examples")


class Area(Checks):
    """The checks of one line of the report."""

    def __init__(self, report, what):
        super().__init__()
        self.report, self.what = report, what

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.report.check(self.what, self.faults, self.total)

    def check(self, name, ok, why=""):
        self.add(ok, why, name)

    def equal(self, name, got, expected):
        self.check(name, got == expected, f"{got!r:.300}, not {expected!r:.300}")

    def run(self, *words):
        answer = run(*words, seconds=300)
        self.check(" ".join(os.path.basename(word) for word in words), answer.code == 0, answer.err)


def trees(seed):
    """Name of the tree, and its arrays by name."""
    chance = np.random.default_rng(seed)
    small = {}
    for code in "?bBhHiIqQefdgFDGSUV":
        for order in "<>":
            dtype = np.dtype({"S": "S5", "U": "U3", "V": "V7"}.get(code, code)).newbyteorder(order)
            for shape in [(), (0,), (1,), (7, 3), (2, 0, 3), (600,)]:
                raw = chance.integers(0, 2 if code == "?" else 90, size=shape + (dtype.itemsize,), dtype="u1")
                if code == "U":
                    array = chance.choice(np.array(["ab", "é", "", "日本語"]), size=shape).astype(dtype)
                elif code in "gG":
                    array = np.asarray(chance.random(shape)).astype(dtype)
                else:
                    array = np.frombuffer(raw.tobytes(), dtype).reshape(shape)
                small[f"{dtype.str.strip('|')}/{'x'.join(map(str, shape)) or 'scalar'}"] = np.asarray(array)
    for unit in ("[D]", "[25s]", "[ns]", ""):
        small[f"dates/{unit or 0}"] = np.array([1, 2**40]).view(f"m8{unit}")
        small[f"times/{unit or 0}"] = np.array([7, -9]).view(f"M8{unit}")
    small["times/big"] = np.array([7, -9]).view(">M8[s]")
    inner = [("flag", "?"), ("x", ">f8"), ("z", "<c8")]
    record = np.zeros(5, [("id", ">u4"), ("pos", "<f4", (3,)), ("name", "U4"), ("inner", inner, (2, 2)), ("when", "M8[s]"), ("raw", "V3")])
    record["id"], record["name"], record["inner"]["x"] = np.arange(5), "αβ", 2.5
    small["records/nested"] = record
    padded = np.zeros((3, 2), {"names": ["a", "b"], "formats": ["S3", "<i2"], "offsets": [1, 10], "itemsize": 24})
    padded["b"] = np.arange(6).reshape(3, 2)
    small["records/padded"] = padded
    small["records/long names"] = np.ones(4, [("ünïcødé", "f2"), ("exactly7", "i1"), ("seven77", "i1"), ("with space", "(2,3)<i2")])
    yield "small", small
    smooth = np.cumsum(chance.standard_normal((700, 900)), axis=0)
    yield "orders", {
        "c": smooth.astype("<f4"),
        "f": np.asfortranarray(smooth.astype(">f8")),
        "noise": chance.integers(0, 256, 3_000_001, dtype="u1"),
        "zeros": np.zeros((3000, 1000), "<i2"),
        "deep": chance.random((3, 4, 5, 6, 7)),
        "rank 32": np.ones((1,) * 31 + (300,), "f4"),
        "columns": chance.random((3, 400_000)).astype("f4"),
    }
    names = ["ünïcødé/日本", "with space", "a/b/c/d", "ends.npy", "file", "(1)", "x" * 200, "..."]
    yield "names", {name: np.array([i]) for i, name in enumerate(names)}
    yield "many", {f"g{i % 10}/a{i}": chance.random((100, 4)).astype("f4") for i in range(4000)}
    yield "nothing", {}


def differs(dataset, array):
    """What is not the same; in bytes, so that padding and NaN count."""
    if dataset.dtype != array.dtype or dataset.shape != array.shape:
        return f"{dataset.dtype} {dataset.shape}, not {array.dtype} {array.shape}"
    # h5py 3.16 takes big-endian long doubles for little-endian ones in complex numbers; the library does not.
    got = dataset.astype("<c32")[()] if array.dtype.str == ">c32" else dataset[()]
    # What comes of a scalar is of the machine's order.
    got = np.array(got, array.dtype) if array.ndim == 0 else got
    if plain(got) != plain(array):
        return "other elements"
    return None


def plain(array):
    """The elements in C order, records field by field without padding, no padding in long doubles."""
    dtype = array.dtype
    if dtype.names:
        return b"".join(plain(np.ascontiguousarray(array[name])) for name in dtype.names)
    if dtype.kind in "fc" and dtype.alignment == 16:
        return array.astype(dtype.newbyteorder("=")).tolist()
    return np.ascontiguousarray(array).tobytes()


def programs(area, what, path, names=tuple(PROGRAMS)):
    for name in names:
        if shutil.which(name) is None:
            continue
        done = subprocess.run(PROGRAMS[name] + [path], capture_output=True)
        noise = done.stderr.decode(errors="replace").strip()
        area.check(f"{what}: {name}", done.returncode == 0 and not noise, noise[-400:])


def written(report, folder, seed):
    for name, arrays in trees(seed):
        source = given(folder, name, arrays)
        for form, options in FORMS.items():
            with Area(report, f"written {name}, {form}") as area:
                path = os.path.join(folder, "x.h5")
                area.run("convert", source, path, *options)
                with h5py.File(path, "r") as file:
                    looked_at(area, file, path, arrays, form)
                programs(area, name, path)
                again = os.path.join(folder, "y.h5")
                area.run("convert", source, again, *options)
                area.check("the same twice", content(path) == content(again))
                area.check("the same through a pipe", content(path) == piped(source, *options))


def looked_at(area, file, path, arrays, form):
    for key, array in arrays.items():
        area.equal(key, differs(file[key], array), None)
        large = array.ndim == 2 and array.size > 100_000
        if large:
            area.check(f"{key} in part", np.array_equal(file[key][1:70:3, 1:9], array[1:70:3, 1:9]))
            area.equal(f"{key} packed", file[key].compression, "gzip" if "packed" in form else None)
        if "packed" not in form and array.size:
            at = file[key].id.get_offset()
            shown = np.memmap(path, "u1", "r", at, array.nbytes).tobytes()
            area.equal(f"{key} aligned", at % 64, 0)
            area.check(f"{key} mapped", array.dtype.names or shown == np.ascontiguousarray(array).tobytes())
    found = []
    file.visititems(lambda key, node: found.append(key) if isinstance(node, h5py.Dataset) else None)
    area.equal("names", sorted(found), sorted(arrays))
    if "latest" in form:
        area.equal("order", list(file), list(dict.fromkeys(key.split("/")[0] for key in arrays)))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def piped(source, *options):
    return subprocess.run([npstow(), "convert", source, "-", "--to=hdf5", *options], stdout=subprocess.PIPE, check=True).stdout


def held(report, folder):
    """More packed bytes than are held for a pipe."""
    noise = np.random.default_rng(1).integers(0, 200, 90_000_000, dtype="u1")
    source, path = os.path.join(folder, "noise.npy"), os.path.join(folder, "noise.h5")
    np.save(source, noise)
    with Area(report, "90 MB packed") as area:
        area.run("convert", source, path, "--compress=1")
        area.check("the same through a pipe", content(path) == piped(source, "--compress=1"))
        with h5py.File(path, "r") as file:
            (key,) = file
            area.check("read", np.array_equal(file[key][()], noise))
    for name in (source, path):
        os.remove(name)


def example(*words):
    return subprocess.run([os.path.join(EXAMPLES, "hdf5"), *words], capture_output=True, text=True)


def storages(chance):
    """Name, array, storage, and what h5py calls it: chunks, compression, shuffle, fletcher32, maxshape."""
    base = {
        "f4": chance.standard_normal((50, 41)).astype("f4"),
        "u1": chance.integers(0, 3, (7, 11, 5), dtype="u1"),
        "c16": (chance.random(1000) + 1j).astype(">c16"),
        "noise": chance.integers(0, 2**63, 300, dtype="i8"),
        "record": np.ones((6, 7), [("a", "<i2"), ("b", ">f8", (3,)), ("c", "S3")]),
        "when": np.arange(64).view("M8[ns]"),
        "empty": np.zeros((0, 5), "f8"),
    }
    for name, array in base.items():
        shape = array.shape
        for chunk in [(1,) * len(shape), tuple(max(1, n // 3 + 1) for n in shape), tuple(max(1, n) for n in shape)]:
            for words, filters in [
                ("", (None, False, False)),
                (",shuffle", (None, True, False)),
                (",fletcher32", (None, False, True)),
                (",deflate=0", ("gzip", False, False)),
                (",shuffle,deflate=4,fletcher32", ("gzip", True, True)),
                (",deflate=12", ("gzip", False, False)),
            ]:
                if array.size > 500 and np.prod(chunk) == 1 and words:
                    continue
                for most in [None, (None,) * len(shape), (2 * shape[0] + 9, *shape[1:])]:
                    store = "chunks=" + "x".join(map(str, chunk)) + words
                    if most:
                        store += ",most=" + "x".join("_" if n is None else str(n) for n in most)
                    elif 0 in shape:
                        continue
                    yield f"{name}{len(words)}", array, store, (chunk, *filters, most or shape)
        yield f"{name} compact", array, "compact", (None, None, False, False, shape)
        if array.size:
            yield f"{name} own", array, "chunks,shuffle,deflate=1", (..., "gzip", True, False, shape)


def stored(report, folder, seed):
    chance = np.random.default_rng(seed)
    for form in ([], ["latest"]):
        with Area(report, f"stored {' '.join(form)}") as area:
            cases = {f"{i % 20}/{name} {i}": case for i, (name, *case) in enumerate(storages(chance))}
            source, path = given(folder, "s", {key: case[0] for key, case in cases.items()}), os.path.join(folder, "s.h5")
            done = example(source, path, *form, *(f"store:{key}={case[1]}" for key, case in cases.items()))
            area.check("written", done.returncode == 0, done.stderr)
            with h5py.File(path, "r") as file:
                for key, (array, store, told) in cases.items():
                    dataset = file[key]
                    area.equal(f"{key} {store}", differs(dataset, array), None)
                    found = (dataset.chunks, dataset.compression, dataset.shuffle, dataset.fletcher32, dataset.maxshape)
                    area.equal(f"{key} {store} told", found if told[0] is not ... else (..., *found[1:]), told)
            programs(area, "stored", path)
            extended(area, path, {key: case[0] for key, case in cases.items()})


def typed(report, folder):
    """Enumerations and text in UTF-8, whatever the integers and the form."""
    names = ["photon", "muon", "größe", "a name that is longer"]
    for form in ([], ["latest"]):
        with Area(report, f"types by hand {' '.join(form)}") as area:
            arrays = {f"e/{code}": np.arange(4).astype(code) for code in ("i1", ">i2", "<i4", ">i8", "u1", "<u2", ">u4", "<u8")}
            words = [f"enum:{key}={'|'.join(names)}" for key in arrays] + ["store:e/<i4=chunks=2,deflate=4", "utf8:s="]
            texts = np.array([name.encode() for name in names])
            source, path = given(folder, "t", {**arrays, "s": texts}), os.path.join(folder, "t.h5")
            done = example(source, path, *form, *words)
            area.check("written", done.returncode == 0, done.stderr)
            with h5py.File(path, "r") as file:
                for key, array in arrays.items():
                    area.equal(f"{key} named", h5py.check_enum_dtype(file[key].dtype), {name: at for at, name in enumerate(names)})
                    area.equal(f"{key} dtype and numbers", (file[key].dtype.str, list(file[key])), (array.dtype.str, list(array)))
                area.equal("text", tuple(h5py.check_string_dtype(file["s"].dtype)), ("utf-8", texts.dtype.itemsize))
                area.equal("read", list(file["s"].asstr()), names)
            area.check("named twice", example(source, path, "enum:e/i1=a|a").returncode != 0)
            area.check("no integers", example(source, path, "enum:s=a").returncode != 0)
            area.check("no strings", example(source, path, "utf8:e/i1=").returncode != 0)


def extended(area, path, arrays):
    """Everything in a file is grown, and other things are put beside it."""
    grown = {}
    with h5py.File(path, "r+") as file:
        for at, key in enumerate(arrays):
            dataset = file[key]
            if dataset.chunks and dataset.maxshape[0] is None:
                shape = tuple(n + at % 7 for n in dataset.shape)
                dataset.resize(shape)
                dataset[-1:] = np.zeros((), dataset.dtype)
                grown[key] = shape
            dataset.attrs["note"] = f"number {at}"
            if at % 3 == 0:
                for other in range(12):
                    dataset.attrs[f"a{other}"] = np.arange(other)
            file[f"{key.split('/')[0]}/new {at}"] = np.arange(at)
            if at % 5 == 0:
                file.create_group(f"groups/g{at}/inner").attrs["x"] = at
                file[f"links/{at}"] = h5py.SoftLink(f"/{key}")
        gone = [key for at, key in enumerate(arrays) if at % 4 == 1]
        for key in gone:
            del file[key]
    with h5py.File(path, "r") as file:
        for at, (key, array) in enumerate(arrays.items()):
            area.equal(f"{key} there", key in file, key not in gone)
            area.check(f"new {at}", np.array_equal(file[f"{key.split('/')[0]}/new {at}"], np.arange(at)))
            if key in gone:
                continue
            dataset = file[key]
            if key not in grown:
                area.equal(f"{key} as it was", differs(dataset, array), None)
            else:
                area.equal(f"{key} grown", dataset.shape, grown[key])
                old = dataset[tuple(slice(0, n) for n in array.shape)]
                whole = array.shape[0] < dataset.shape[0]
                area.check(f"{key} old part", not whole or plain(old) == plain(array))
            area.equal(f"{key} note", dataset.attrs["note"], f"number {at}")
            area.check(f"{key} attributes", at % 3 or np.array_equal(dataset.attrs["a11"], np.arange(11)))
            area.check(f"links to {key}", at % 5 or file[f"links/{at}"].name == f"/{key}" or file[f"links/{at}"] == dataset)
    programs(area, "extended", path)


def attributes(report, folder, seed):
    """Attributes of every dtype and size, on datasets and groups, few and many."""
    chance = np.random.default_rng(seed)
    values = {}
    for name, arrays in trees(seed):
        if name == "small":
            values = {key.replace("/", " "): array for key, array in arrays.items()}
    values["large"] = chance.random(100_000)
    values["64 KiB"] = chance.integers(0, 9, 65_500, dtype="u1")
    for form in ([], ["latest"]):
        for place, chosen in [("", values), ("g", dict(list(values.items())[-4:])), ("g/x", values), ("x", dict(list(values.items())[:6]))]:
            with Area(report, f"attributes at '{place}' {' '.join(form)}") as area:
                arrays = {"x": np.arange(5), "g/x": np.arange(7), "g/h/y": np.arange(2)}
                arrays |= {f"attributes/{i}": value for i, value in enumerate(chosen.values())}
                words = [f"attr:{place}@{name}=attributes/{i}" for i, name in enumerate(chosen)]
                words += [f"text:{place}@text=hällo", f"text:{place}@=", f"texts:{place}@texts=a||日本|{'b' * 5000}", f"empty:{place}@empty=<f4"]
                words = [word for word in words if "@=" not in word] + [f"text:{place}@nothing="]
                source, path = given(folder, "a", arrays), os.path.join(folder, "a.h5")
                done = example(source, path, *form, *words, "link:g/soft=/g/h", "link:dangling=/no/where")
                area.check("written", done.returncode == 0, done.stderr)
                with h5py.File(path, "r") as file:
                    attrs = file[place or "/"].attrs
                    for name, value in chosen.items():
                        area.equal(name, attribute_differs(attrs, name, value), None)
                    area.equal("text", attrs["text"], "hällo")
                    area.equal("nothing", attrs["nothing"], "")
                    area.equal("texts", list(attrs["texts"]), ["a", "", "日本", "b" * 5000])
                    area.equal("empty", attrs["empty"], h5py.Empty("<f4"))
                    area.equal("names", sorted(attrs), sorted([*chosen, "text", "nothing", "texts", "empty"]))
                    if form:
                        area.equal("order", list(attrs)[: len(chosen)], list(chosen))
                    area.equal("soft link", file["g/soft/y"][()].tolist(), [0, 1])
                    area.equal("dangling link", file.get("dangling", getlink=True).path, "/no/where")
                programs(area, "attributes", path)
                with h5py.File(path, "r+") as file:
                    for i in range(30):
                        file[place or "/"].attrs[f"more {i}"] = np.full(i, i)
                    del file[place or "/"].attrs["text"]
                    file[place or "/"].attrs["also large"] = np.arange(7000) if form or "large" in chosen else 1
                with h5py.File(path, "r") as file:
                    attrs = file[place or "/"].attrs
                    area.check("more", all(np.array_equal(attrs[f"more {i}"], np.full(i, i)) for i in range(30)))
                    area.equal("as before", [attribute_differs(attrs, *item) for item in chosen.items()], [None] * len(chosen))
                    area.equal("deleted", "text" in attrs, False)
                programs(area, "attributes extended", path)


def attribute_differs(attrs, name, value):
    found = attrs.get_id(name)
    if found.dtype != value.dtype or found.shape != value.shape:
        return f"{found.dtype} {found.shape}, not {value.dtype} {value.shape}"
    if value.dtype.str == ">c32":
        return None
    got = np.asarray(attrs[name])
    # What comes of a scalar is of the machine's order.
    got = np.array(got, value.dtype) if value.ndim == 0 else got
    return None if plain(got) == plain(value) else "other elements"


def many(report, folder):
    """A hundred thousand arrays, in 8 levels and in one group."""
    for what, name in [("8 levels", lambda i: "/".join(f"{i // 4**level % 4}" for level in range(8)) + f"/x{i}"), ("one group", lambda i: f"x{i}")]:
        source = os.path.join(folder, "many.npz")
        with zipfile.ZipFile(source, "w") as archive:
            for i in range(100_000):
                archive.writestr(f"{name(i)}.npy", NPY + i.to_bytes(4, "little"))
        for form, options in (("earliest", []), ("latest", ["--libver=latest"])):
            with Area(report, f"100,000 arrays in {what}, {form}") as area:
                path = os.path.join(folder, "many.h5")
                area.run("convert", source, path, *options)
                with h5py.File(path, "r+") as file:
                    area.check("read", all(file[name(i)][0] == i for i in range(0, 100_000, 7)))
                    for i in range(500):
                        file[f"{os.path.dirname(name(i * 200))}/new{i}"] = i
                with h5py.File(path, "r") as file:
                    area.check("read again", all(file[name(i)][0] == i for i in range(0, 100_000, 13)))
                    area.check("new", all(file[f"{os.path.dirname(name(i * 200))}/new{i}"][()] == i for i in range(500)))
                    area.check("names", len(file) == (100_500 if what == "one group" else 4))
                programs(area, what, path, ["h5stat"])


def refused(report, folder):
    with Area(report, "refused") as area:
        for what, array, expected in [
            ("no bytes", np.zeros(3, "V0"), "items of no bytes"),
            ("axes", np.zeros((1,) * 33, "u1"), "33 axes in HDF5"),
            ("field", np.zeros(3, [("x", "i1"), ("y", "S0")]), "in the field 'y'"),
            ("objects", np.array([None, 1], object), "object"),
        ]:
            source, path = os.path.join(folder, "r.npy"), os.path.join(folder, "r.h5")
            np.save(source, array, allow_pickle=True)
            answer = run("convert", source, path)
            area.check(what, answer.code == 3 and expected in answer.err and not os.path.exists(path), answer.err)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=20261126)
    seed = options.parse_args().seed
    report = Report()
    for name in PROGRAMS:
        if shutil.which(name) is None:
            print(f"skipped: {name} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        written(report, folder, seed)
        held(report, folder)
        refused(report, folder)
        stored(report, folder, seed)
        typed(report, folder)
        attributes(report, folder, seed)
        many(report, folder)
    report.finish()


if __name__ == "__main__":
    main()
