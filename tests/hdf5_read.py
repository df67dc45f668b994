#!/usr/bin/env python3
"""Reads HDF5 files that h5py wrote and compares with what h5py makes of them.

    NPSTOW=target/release/npstow python tests/hdf5_read.py [--seed N] [--mutants N]

Needs h5py. The files are made in a temporary folder.
  matrix    every dtype, layout and filter in files of every version: content and attributes by digest
  parts     slices of chunked, contiguous and virtual datasets
  trees     groups of many members, links, cycles, other files in the folder and outside of it
  families  of the family driver, and files that were cut with another beside them
  virtual   datasets whose parts have other dtypes, those without parts, parts that are missing
  convert   to NPZ and back by digest
  mutants   bytes changed at random: an answer or a refusal within seconds, in bounded memory
"""
import argparse
import hashlib
import json
import os
import random
import struct
import tempfile
import zipfile

import h5py
import numpy as np

from common import Report, each, not_a_refusal, run

LIBVERS = ["earliest", "v108", "v110", "v112", "v114", "latest"]
DTYPES = ["<i1", "<i2", ">i4", "<i8", "<u1", ">u2", "<u4", ">u8", "<f2", ">f4", "<f8", ">f8", "?", "<c8", ">c16", "S1", "S7", "V5"]
FILTERS = {
    "plain": {}, "gzip": {"compression": "gzip"}, "lzf": {"compression": "lzf"}, "shuffle": {"shuffle": True, "compression": "gzip"},
    "fletcher": {"fletcher32": True}, "all": {"shuffle": True, "compression": "lzf", "fletcher32": True},
}
SECONDS = 5
MEMORY = 2 << 30


def elements(value, dims=0):
    """The bytes of each element that a digest is over (CLI.md); the last `dims` axes are those of subarrays."""
    shape = value.shape[: value.ndim - dims]
    count = int(np.prod(shape, dtype=int))
    value = value.reshape((count, *value.shape[value.ndim - dims :]))
    if value.dtype.names:
        parts = []
        for name in value.dtype.names:
            parts.append(elements(value[name], value[name].ndim - 1))
        return [b"".join(part[i] for part in parts) for i in range(count)]
    if value.dtype.kind == "O":
        out = []
        for item in value:
            if isinstance(item, (bytes, str)):
                text = item.encode() if isinstance(item, str) else item
                out.append(struct.pack("<Q", len(text)) + text)
            else:
                out.append(struct.pack("<Q", len(item)) + packed(item))
        return out
    little = value.dtype.newbyteorder("<") if value.dtype.kind not in "SV" else value.dtype
    value = value.astype(little)
    return [value[i : i + 1].tobytes() for i in range(count)]


def packed(value):
    return b"".join(elements(np.asarray(value)))


def sha(value):
    return hashlib.sha256(packed(value)).hexdigest()


def values(random, dtype, shape):
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=int))
    if dtype.kind == "?" or dtype == bool:
        return (random.integers(0, 2, count) == 1).reshape(shape)
    if dtype.kind in "iu":
        return random.integers(0, 100, count).astype(dtype).reshape(shape)
    if dtype.kind in "fc":
        return random.normal(size=count).astype(dtype).reshape(shape)
    raw = random.integers(97, 123, count * dtype.itemsize, dtype=np.uint8)
    return np.frombuffer(raw.tobytes(), dtype, count).reshape(shape)


def records():
    inner = np.dtype([("a", "<i2"), ("b", ">f8")], align=True)
    return np.dtype({"names": ["x", "in", "s", "m"], "formats": [">i4", inner, "S3", ("<f4", (2, 2))], "offsets": [0, 8, 24, 32], "itemsize": 56})


def fill(file, libver, seed):
    """Writes everything that a version can hold; what it cannot is left out by h5py itself."""
    random = np.random.default_rng(seed)
    for dtype in DTYPES + [records()]:
        name = dtype if isinstance(dtype, str) else "record"
        group = file.create_group(name.replace("<", "l").replace(">", "b").replace("?", "bool"))
        data = np.zeros((7, 6), dtype) if name == "record" else values(random, dtype, (7, 6))
        if name == "record":
            data["x"], data["s"] = np.arange(42).reshape(7, 6), b"abc"
            data["in"]["b"], data["m"] = 2.5, 1.5
        group["contiguous"], group["scalar"], group["empty"] = data, data[0, 0], data[:0]
        for filter, options in FILTERS.items():
            if dtype == "V5" and filter == "lzf":
                continue
            group.create_dataset(filter, data=data, chunks=(3, 4), **options)
        growing = group.create_dataset("growing", data=data, chunks=(2, 3), maxshape=(None, 6))
        growing.resize(9, axis=0)
        group.create_dataset("both", data=data, chunks=(2, 3), maxshape=(None, None))
        group.create_dataset("bounded", data=data, chunks=(2, 3), maxshape=(20, 30))
        group.create_dataset("one chunk", data=data, chunks=(7, 6))
        group.attrs["scalar"], group.attrs["array"] = data[0, 0], data
    many(file, random)
    texts(file)


def many(file, random):
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((5,))
    dataset = h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_I32BE, space, compact)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(5, dtype="<i4"))
    file.create_dataset("filled", (5, 4), "<f4", fillvalue=1.25)
    holes = file.create_dataset("holes", (100, 100), "<i2", chunks=(10, 10), fillvalue=-3)
    holes[35:47, 22:68] = random.integers(0, 99, (12, 46))
    file.create_dataset("scaled", data=np.arange(-50, 50, dtype="<i4").reshape(10, 10), chunks=(4, 4), scaleoffset=0)
    file.create_dataset("digits", data=np.linspace(0, 1, 60), chunks=(20,), scaleoffset=3)
    for n in range(60):
        file["compact"].attrs[f"attribute {n}"] = np.arange(n)
    file["compact"].attrs["empty"] = h5py.Empty("<f4")
    group = file.create_group("many")
    for n in range(300):
        group[f"member {n}"] = np.int16(n)
    ordered = file.create_group("ordered", track_order=True)
    for name in "zebra", "ant", "mole":
        ordered[name] = 1


def texts(file):
    text = h5py.string_dtype()
    file.create_dataset("texts", data=["", "é", "a long one " * 20], dtype=text)
    file.create_dataset("texts in chunks", data=["a", "bc"] * 20, dtype=text, chunks=(7,), compression="gzip")
    file.attrs["texts"], file.attrs["text"] = ["x", "yz"], "as it is"
    rows = file.create_dataset("sequences", (3,), h5py.vlen_dtype(np.dtype("<i4")))
    for n in range(3):
        rows[n] = np.arange(n)
    mixed = file.create_dataset("mixed", (2,), np.dtype([("n", "<i4"), ("t", text)]))
    mixed[0], mixed[1] = (1, "one"), (2, "two")
    file.create_dataset("states", data=np.array([2, 0], "<i2"), dtype=h5py.enum_dtype({"a": 0, "b": 2}, "<i2"))
    file["references"] = np.array([file["texts"].ref, file.ref], h5py.ref_dtype)


def told(file):
    """Name -> (shape, digest) of everything in a file, attributes included."""
    found = {}

    def attributes(name, item):
        for key in item.attrs:
            value = item.attrs[key]
            if isinstance(value, h5py.Empty):
                found[f"{name}@{key}"] = ([0], sha(np.zeros(0)))
            else:
                found[f"{name}@{key}"] = (list(np.shape(value)), sha(np.asarray(value, object) if isinstance(value, str) else value))

    def visit(name, item):
        attributes(name, item)
        if isinstance(item, h5py.Dataset) and name != "references":
            found[name] = (list(item.shape), sha(item[()] if item.shape else np.asarray(item[()], item.dtype)))

    attributes("", file)
    file.visititems(visit)
    return found


def matrix_faults(path):
    with h5py.File(path) as file:
        want = told(file)
    answer = run("digest", "--json", "--attributes", path)
    if answer.code or answer.crashed():
        return [(path, f"exit {answer.code}: {answer.err[-300:].strip()}")], len(want)
    got = {item["name"]: (item["shape"], item["sha256"]) for item in json.loads(answer.out)}
    paths = [b"/texts", b"/"]
    want["references"] = ([2], hashlib.sha256(b"".join(struct.pack("<Q", len(p)) + p for p in paths)).hexdigest())
    faults = [(f"{os.path.basename(path)}:{name}", f"{got.get(name)}, not {value}") for name, value in want.items() if got.get(name) != value]
    answer = run("verify", path)
    if answer.code:
        faults.append((path, f"verify: {answer.err[-300:].strip()}"))
    return faults, len(want) + 1


def matrix(report, folder, seed):
    paths = []
    for libver in LIBVERS:
        path = os.path.join(folder, f"{libver}.h5")
        with h5py.File(path, "w", libver=(libver, "latest" if libver == "latest" else libver) if libver != "earliest" else "earliest") as file:
            fill(file, libver, seed)
        paths.append(path)
    path = os.path.join(folder, "user block.h5")
    with h5py.File(path, "w", userblock_size=1024) as file:
        texts(file)
    answers = each(matrix_faults, paths + [path])
    faults = [fault for some, _ in answers for fault in some]
    report.check("matrix: content and attributes as h5py has them", faults, sum(n for _, n in answers))
    return paths


def parts(report, paths):
    selections = ["1:4", "::2, 1", "-1", "2:, ::-1", "[3, 0, 2], 2:4", "..., 0", "3:3"]
    places = ["l" + "f8/" + layout for layout in ("contiguous", "plain", "shuffle", "all", "growing", "both", "bounded", "one chunk")] + ["holes", "filled"]
    faults, total = [], 0
    for path in paths[:1] + paths[-1:]:
        with h5py.File(path) as file:
            wanted = {place: file[place][()] for place in places}
        for place in places:
            for selection in selections:
                total += 1
                want = eval(f"wanted[place][{selection}]")
                answer = run("show", "--json", f"{path}:{place}", f"--slice={selection}")
                got = json.loads(answer.out)["$array"] if answer.code == 0 else None
                if got is None or (got["shape"], got["sha256"]) != (list(want.shape), sha(want)):
                    faults.append((f"{place}[{selection}]", answer.err[-200:].strip() or "another content"))
    report.check("parts as h5py has them", faults, total)


def names(path, *words):
    answer = run("ls", "--json", path, *words)
    return [item["name"] for item in json.loads(answer.out)["items"]] if answer.code == 0 else answer.err


def trees(report, folder):
    path, outside = os.path.join(folder, "links", "main.h5"), os.path.join(folder, "secret.h5")
    os.mkdir(os.path.dirname(path))
    beside = os.path.join(folder, "links", "beside.h5")
    for name in (beside, outside):
        with h5py.File(name, "w") as file:
            file["x"] = np.arange(6, dtype="<i4")
    with h5py.File(path, "w", libver="latest") as file:
        file["a/b"] = 1
        file["a/up"], file["a/hard"] = h5py.SoftLink("/a"), file["a/b"]
        file["soft"], file["dangling"] = h5py.SoftLink("a/b"), h5py.SoftLink("/nowhere")
        file["next"] = h5py.ExternalLink("beside.h5", "x")
        file["stolen"] = h5py.ExternalLink("../secret.h5", "x")
        file["absolute"] = h5py.ExternalLink(outside, "x")
        file["type"] = np.dtype("<f4")
        layout = h5py.VirtualLayout((2, 6), "<i4")
        layout[0], layout[1] = h5py.VirtualSource("beside.h5", "x", (6,)), h5py.VirtualSource("beside.h5", "x", (6,))
        file.create_virtual_dataset("virtual", layout, fillvalue=-1)
        layout = h5py.VirtualLayout((6,), "<i4")
        layout[:] = h5py.VirtualSource(outside, "x", (6,))
        file.create_virtual_dataset("stolen parts", layout)
        file.create_dataset("outside", (6,), "<i4", external=[(outside, 0, 24)])
    faults = []
    got = names(path)
    want = ["", "a", "a/b", "a/hard", "next", "outside", "soft", "stolen parts", "type", "virtual"]
    if sorted(n for n in (got if isinstance(got, list) else [])) not in (want, want[1:]):
        answer = run("ls", "--json", path)
        listed = sorted(item["name"] for item in json.loads(answer.out)["items"]) if answer.out else answer.err
        if listed not in (want, want[1:]):
            faults.append(("listed", str(listed)[:300]))
    row = np.arange(6, dtype="<i4")
    for place, value in (("virtual", np.stack([row, row])), ("next", row), ("soft", np.int64(1)), ("a/up/b", np.int64(1))):
        answer = run("digest", "--json", f"{path}:{place}")
        if answer.code or json.loads(answer.out)[0]["sha256"] != sha(value):
            faults.append((place, answer.err[-200:].strip() or "another content"))
    for place in ("stolen", "absolute", "outside", "stolen parts", "dangling"):
        answer = run("digest", f"{path}:{place}")
        if answer.code in (0, None) or answer.crashed() or answer.out.strip():
            faults.append((place, f"exit {answer.code}, not refused: {answer.err[-100:]}"))
    report.check("links, virtual datasets and external storage", faults, 10)


def families(report, folder):
    """One file cut into members is read as one; a file that was cut is not made whole with the next one."""
    faults, value = [], np.arange(5000, dtype="<i4")
    for libver in ("earliest", "latest"):
        place = os.path.join(folder, f"families {libver}")
        os.mkdir(place)
        with h5py.File(os.path.join(place, "f_%02d.h5"), "w", driver="family", memb_size=4096, libver=libver) as file:
            file["a"] = value
        for n in (0, 1):
            with h5py.File(os.path.join(place, f"run_{n}.h5"), "w", libver=libver) as file:
                file["a"] = np.full(5000, n, "<i4")
        first = os.path.join(place, "f_00.h5")
        answer = run("digest", "--json", f"{first}:a")
        if answer.code or json.loads(answer.out)[0]["sha256"] != sha(value):
            faults.append((libver, answer.err[-200:].strip() or "another content"))
        for name, cut, words in (("run_0.h5", 15000, "expected a file of"), ("run_1.h5", 15000, "expected a file of"), ("f_02.h5", 4000, "expected 4096 bytes")):
            os.truncate(os.path.join(place, name), cut)
            answer = run("verify", first if name == "f_02.h5" else os.path.join(place, name))
            if answer.code in (0, None) or words not in answer.err:
                faults.append((f"{libver}: {name}", f"exit {answer.code}: {answer.err[-200:]}"))
    report.check("families, and files that were cut beside others", faults, 8)


NUMBERS = ["<i1", "<u1", "<i2", ">i2", "<u2", "<i4", ">i4", ">u4", "<i8", "<u8", ">u8", "<f4", ">f4", "<f8", ">f8"]


def border_values(dtype):
    """Numbers at the ends of what integers hold, and floats; the bits of NaN depend on the road that libhdf5 takes."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return np.array([0.0, -0.0, 1.5, np.inf, -np.inf, 3.4e38, 1e-45, -7.25], dtype)
    ends = np.iinfo(dtype)
    every = [sign * (2**bits + n) for sign in (1, -1) for bits in (0, 7, 8, 15, 16, 31, 32, 53, 63) for n in (-1, 0, 1)] + [2**64 - 1]
    return np.array([n for n in every if ends.min <= n <= ends.max], dtype)


def virtual(report, folder):
    """Parts are converted as h5py has them, or refused by name."""
    path, faults, read = os.path.join(folder, "virtual.h5"), [], 0
    with h5py.File(path, "w") as file:
        for source in NUMBERS:
            value = border_values(source)
            file[f"of/{source}"] = value
            for target in NUMBERS:
                layout = h5py.VirtualLayout(value.shape, target)
                layout[:] = h5py.VirtualSource(".", f"of/{source}", value.shape, source)
                file.create_virtual_dataset(f"{source}/{target}", layout)
        file.create_virtual_dataset("none", h5py.VirtualLayout((5, 2), "<i4"), fillvalue=-3)
    with h5py.File(path) as file:
        for place in ["none", *(f"{source}/{target}" for source in NUMBERS for target in NUMBERS)]:
            answer = run("digest", "--json", f"{path}:{place}")
            if answer.code == 0:
                read += 1
                if json.loads(answer.out)[0]["sha256"] != sha(file[place][()]):
                    faults.append((place, "another content"))
            elif place == "none" or "not supported: a virtual dataset of" not in answer.err:
                faults.append((place, answer.err[-200:].strip()))
    if read < 140:
        faults.append(("read", str(read)))
    report.check("parts of virtual datasets are converted as h5py does, or refused", faults, len(NUMBERS) ** 2 + 1)


def blocks(report, folder):
    """Blocks of parts go where h5py has them, in the forms with and without lists of blocks."""
    faults, cases = [], []
    source, at = np.arange(480, dtype="<i4").reshape(6, 8, 10), np.s_
    cases += [((10, 8, 10), at[1:7], at[:]), ((6, 8, 10), at[::2], at[:3]), ((6, 8, 10), at[:, [0, 2, 3, 7]], at[:, ::2])]
    cases += [((5, 4, 20), at[:, :, ::2], at[1:, 1:5, :]), ((24,), at[1::2], at[::3, 1:7:3, [0, 4, 9]]), ((2, 9, 9), at[:, 1::4, 2::3], at[::5, 2:4, 1:9:3])]
    for libver in ("earliest", "latest"):
        path = os.path.join(folder, f"blocks-{libver}.h5")
        with h5py.File(path, "w", libver=libver) as file:
            file["of"] = source
            for number, (shape, to, of) in enumerate(cases):
                layout = h5py.VirtualLayout(shape, "<i4")
                layout[to] = h5py.VirtualSource(".", "of", source.shape)[of]
                file.create_virtual_dataset(f"v{number}", layout, fillvalue=-3)
            # Rows of different lengths, which are no grid.
            to, of = h5py.h5s.create_simple((4, 5)), h5py.h5s.create_simple(source.shape)
            for start, block in (((0, 0), (2, 2)), ((1, 2), (2, 2)), ((3, 4), (1, 1))):
                to.select_hyperslab(start, block, op=h5py.h5s.SELECT_OR if start[0] else h5py.h5s.SELECT_SET)
            of.select_hyperslab((0, 3, 1), (1, 1, to.get_select_npoints()))
            made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            made.set_virtual(to, b".", b"of", of)
            h5py.h5d.create(file.id, b"corner", h5py.h5t.STD_I32LE, h5py.h5s.create_simple((4, 5)), made)
        with h5py.File(path) as file:
            for place in [*(f"v{number}" for number in range(len(cases))), "corner"]:
                answer = run("digest", "--json", f"{path}:{place}")
                if answer.code or json.loads(answer.out)[0]["sha256"] != sha(file[place][()]):
                    faults.append((f"{libver} {place}", answer.err[-200:].strip() or "another content"))
    report.check("blocks of parts go where h5py has them", faults, 2 * len(cases) + 2)


def field_order(report, folder):
    """Fields have the order of the file, wherever they lie, and keep it."""
    faults, path = [], os.path.join(folder, "fields.h5")
    inner = np.dtype({"names": ["z", "y"], "formats": [">f4", "<u2"], "offsets": [4, 0], "itemsize": 8})
    dtype = np.dtype({"names": ["b", "a", "in"], "formats": ["<i4", "<i2", inner], "offsets": [8, 1, 12], "itemsize": 20})
    value = np.zeros(2, dtype)
    value["b"], value["a"], value["in"]["z"] = 7, [1, 2], 0.5
    with h5py.File(path, "w") as file:
        file["x"] = value
    for target in ("again.h5", "latest.h5"):
        target = os.path.join(folder, target)
        answer = run("convert", path, target, *(["--libver", "latest"] if "latest" in target else []))
        with h5py.File(path) as old, h5py.File(target) as new:
            if answer.code or new["x"].dtype != old["x"].dtype or sha(new["x"][()]) != sha(old["x"][()]):
                faults.append((target, answer.err[-200:].strip() or str(new["x"].dtype)))
    answer = run("convert", path, os.path.join(folder, "fields.npz"))
    if answer.code == 0 or "out-of-order fields" not in answer.err:
        faults.append(("npz", answer.err[-200:].strip() or "accepted"))
    report.check("fields keep their order", faults, 3)


def missing(report, folder):
    """Datasets with parts that are not there are refused, or filled as libhdf5 does, which is told."""
    path, faults = os.path.join(folder, "missing.h5"), []
    row = np.arange(6, dtype="<i4")
    with h5py.File(path, "w", libver="latest") as file:
        file["there"] = row
        layout = h5py.VirtualLayout((3, 6), "<i4")
        for i, (name, place) in enumerate(((".", "there"), (".", "nowhere"), ("no%file.h5", "x"))):
            layout[i] = h5py.VirtualSource(name.replace("%", "%%"), place, (6,))
        file.create_virtual_dataset("v/parts", layout, fillvalue=-7)
    with h5py.File(path) as file:
        want = sha(file["v/parts"][()])
    target = os.path.join(folder, "missing.npz")
    for words in (["digest", path], ["digest", f"{path}:v/parts"], ["show", f"{path}:v/parts"], ["verify", path], ["convert", path, target]):
        answer = run(*words)
        if answer.code in (0, None) or answer.crashed() or "not found: 'nowhere' in '.'" not in answer.err:
            faults.append((" ".join(words), f"exit {answer.code}: {answer.err[-200:]}"))
    told = "'nowhere' in '.', which is missing, and 1 more"
    for place in (path, f"{path}:v", f"{path}:v/parts"):
        answer = run("digest", "--fill-missing", "--json", place)
        got = {item["name"].split("/")[-1]: item["sha256"] for item in json.loads(answer.out)} if answer.out else {}
        if answer.code or got.get("parts") != want or told not in answer.err:
            faults.append((place, f"exit {answer.code}: {answer.err[-200:]}"))
    answer = run("verify", "--fill-missing", path)
    if answer.code or b"no%file.h5" not in answer.out:
        faults.append(("verify", f"exit {answer.code}: {answer.out[-200:]} {answer.err[-200:]}"))
    answer = run("convert", "--fill-missing", path, target)
    if answer.code or told not in answer.err or json.loads(run("digest", "--json", f"{target}:v/parts").out)[0]["sha256"] != want:
        faults.append(("convert", f"exit {answer.code}: {answer.err[-200:]}"))
    listed = run("ls", "--fill-missing", "--long", f"{path}:v/parts").out
    if b"a virtual dataset of 3 parts, 2 missing" not in listed:
        faults.append(("ls", str(listed)))
    grown, rows = os.path.join(folder, "grown.npy"), os.path.join(folder, "grown.npz")
    np.save(grown, np.zeros((1, 6), "<i4"))
    np.savez(rows, other=np.zeros(1))
    for words in (["append", grown, f"{path}:v/parts"], ["add", rows, f"{path}:v"], ["concat", target, f"{path}:v", f"{path}:v"]):
        answer = run(words[0], "--fill-missing", *words[1:])
        if answer.code or told not in answer.err:
            faults.append((" ".join(words), f"exit {answer.code}: {answer.err[-200:]}"))
    report.check("missing parts of virtual datasets are refused, or filled and told", faults, 14)


def diff(report, folder):
    """Attributes that are text are compared where others are none, and those, too."""
    faults = []

    def made(name, unit, run, more=None):
        path = os.path.join(folder, name)
        with h5py.File(path, "w") as file:
            file["d"] = np.arange(5)
            file["d"].attrs["unit"] = unit
            if run is not None:
                file["d"].attrs["run"] = run
            if more is not None:
                file["d"].attrs["more"] = more
        return path

    nan, texts = float("nan"), ["a", "bc"]
    cases = [
        (("m", 1), ("m", 1), set()),
        (("m", nan, texts), ("m", nan, texts), set()),
        (("m", 1), ("m", 2), {"d@run"}),
        (("m", 1), ("km", 1), {"d"}),
        (("m", 1), ("km", 2), {"d", "d@run"}),
        (("m", 1), ("km", None), {"d", "d@run"}),
        (("m", None), ("m", 1), {"d@run"}),
        (("m", 1), ("m", 1.0), {"d@run"}),
        (("m", [1, 2]), ("m", [1, 2, 3]), {"d@run"}),
        (("m", 1, texts), ("m", 1, ["a", "bd"]), {"d@more"}),
    ]
    for left, right, want in cases:
        answer = run("diff", "--json", made("left.h5", *left), made("right.h5", *right))
        got = {one["name"] for one in json.loads(answer.out)["differences"]}
        if got != want or answer.code != bool(want):
            faults.append((f"{left} {right}", f"exit {answer.code}: {got} {answer.err[-200:]}"))
    report.check("attributes are compared, text or not", faults, len(cases))


def messages(report, folder):
    """What is refused is named."""
    faults, at = [], lambda name: os.path.join(folder, name)
    np.save(at("rows.npy"), np.zeros(2, "u1"))
    np.save(at("texts.npy"), np.zeros(2, "S4"))
    with open(at("bad.h5"), "wb") as file:
        file.write(b"no hdf5")
    np.savez(at("text.npz"), x=np.zeros(2))
    with zipfile.ZipFile(at("text.npz"), "a") as archive:
        archive.writestr("notes.txt", "a text")
    with h5py.File(at("said.h5"), "w") as file:
        grows = {"shape": (1,), "maxshape": (None,), "chunks": (4,)}
        file.create_dataset("enum", dtype=h5py.enum_dtype({"RED": 0, "BLUE": 1}, "u1"), **grows)
        file.create_dataset("utf8", dtype=h5py.string_dtype("utf-8", 4), **grows)
        file["xl"] = h5py.ExternalLink("other.h5", "/x")
        file.create_dataset("rec", (2,), np.dtype([("a", "<i4"), ("note", h5py.string_dtype())]))
        file["short"] = np.arange(5)
    with h5py.File(at("virtual.h5"), "w", libver="latest") as file:
        for name, source, path in (("bad", "bad.h5", "x"), ("short", "said.h5", "short")):
            layout = h5py.VirtualLayout((10,), "<i8")
            layout[:] = h5py.VirtualSource(source, path, (10,))
            file.create_virtual_dataset(name, layout)
    cases = [
        (("append", at("said.h5") + ":enum", at("rows.npy")), "appending to an enumeration of 2 names"),
        (("append", at("said.h5") + ":utf8", at("texts.npy")), "appending to strings in UTF-8 of 4 bytes"),
        (("append", at("said.h5") + ":xl", at("rows.npy")), "'xl' is a link to another file, 'other.h5'"),
        (("append", at("said.h5"), at("rows.npy")), "name a dataset of it, as said.h5:NAME"),
        (("convert", at("text.npz"), at("new.h5")), "bytes that are no array, and no datatype of HDF5"),
        (("convert", at("said.h5") + ":rec", at("new.npz")), "records with the field 'note' of text"),
        (("digest", at("virtual.h5") + ":bad"), "bad.h5"),
        (("digest", at("virtual.h5") + ":short"), "5 elements of 'short' in 'said.h5' for 10"),
    ]
    for words, want in cases:
        answer = run(*words)
        if answer.code in (0, None) or answer.crashed() or want not in answer.err:
            faults.append((f"{words[0]} {words[1]}", f"exit {answer.code}: {answer.err[-300:]}"))
    report.check("what is refused is named", faults, len(cases))


def convert(report, folder, paths):
    faults = []
    with h5py.File(os.path.join(folder, "plain.h5"), "w") as file:
        file["a/x"], file["a/b/y"] = np.arange(5), np.ones((3, 2), ">f4")
        file.create_dataset("z", data=np.arange(1000).reshape(50, 20), chunks=(7, 9), compression="gzip")
        file["a"].attrs["creator"] = "h5py"
    source, digests = os.path.join(folder, "plain.h5"), []
    for target in ("plain.npz", "plain"):
        target = os.path.join(folder, target)
        answer = run("convert", source, target)
        if answer.code:
            faults.append((target, answer.err[-200:].strip()))
            continue
        digests.append({(d["name"], d["sha256"]) for d in json.loads(run("digest", "--json", target).out)})
        answer = run("diff", source, target)
        if answer.code:
            faults.append((target, f"diff: {answer.out[-200:]}{answer.err[-200:]}"))
    want = {(d["name"], d["sha256"]) for d in json.loads(run("digest", "--json", source).out)}
    faults += [(str(n), "other digests") for n, got in enumerate(digests) if got != want]
    answer = run("convert", paths[0], os.path.join(folder, "refused.npz"))
    if answer.code == 0 or "not supported" not in answer.err:
        faults.append(("what an archive cannot hold", answer.err[-200:].strip() or "accepted"))
    report.check("converted, and what cannot be is refused", faults, 5)


def mutants(report, folder, count, seed):
    """Small files with a few bytes changed, mostly where structures are."""
    choose = random.Random(seed)
    sources = []
    for libver in ("earliest", "latest"):
        path = os.path.join(folder, f"small {libver}.h5")
        with h5py.File(path, "w", libver=libver) as file:
            texts(file)
            file.create_dataset("z", data=np.arange(100).reshape(10, 10), chunks=(3, 4), compression="gzip", shuffle=True, maxshape=(None, 10))
            file["a/b/c"] = np.arange(5.0)
            for n in range(20):
                file["a"].attrs[f"n{n}"] = n
        with open(path, "rb") as file:
            sources.append(file.read())

    def one(number):
        data = bytearray(choose.choice(sources))
        used = [i for i in range(0, len(data)) if data[i]]
        for _ in range(choose.randint(1, 4)):
            at = choose.choice(used) if choose.random() < 0.7 else choose.randrange(len(data))
            data[at] = choose.choice([0, 1, 0x7F, 0x80, 0xFF, choose.randrange(256)])
        if choose.random() < 0.1:
            del data[choose.randrange(len(data)):]
        path = os.path.join(folder, f"mutant {number}.h5")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def fault(path):
        for words in (["verify"], ["digest", "--json", "--attributes"], ["ls", "--json"]):
            answer = run(*words, path, seconds=SECONDS, memory=MEMORY)
            if answer.crashed():
                return f"{words[0]}: {answer.err[-300:].strip()}"
        os.remove(path)
        return None

    paths = [one(number) for number in range(count)]
    faults = [(path, why) for path, why in zip(paths, each(fault, paths)) if why]
    report.check("mutants are read or refused", faults, count)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mutants", type=int, default=1000)
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        paths = matrix(report, folder, options.seed)
        parts(report, paths)
        trees(report, folder)
        families(report, folder)
        virtual(report, folder)
        blocks(report, folder)
        field_order(report, folder)
        missing(report, folder)
        diff(report, folder)
        messages(report, folder)
        convert(report, folder, paths)
        mutants(report, folder, options.mutants, options.seed)
    report.finish()


if __name__ == "__main__":
    main()
