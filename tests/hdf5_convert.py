#!/usr/bin/env python3
"""Converts to and from HDF5 and compares digests, with files of our own and with the corpus of real files.

    NPSTOW=target/release/npstow NPSTOW_CORPUS=../shared/corpus python tests/hdf5_convert.py

Needs h5py; without the corpus, what needs it is skipped, and that is said.
  round      real archives to HDF5, to a folder, to an archive: every digest is kept
  again      real HDF5 files to HDF5 of the oldest form, packed, and of the latest: digests of arrays and attributes are kept, and
             h5py opens what was written; what cannot be carried over is refused by name
  types      datatypes that say more than a dtype (h5types.py), in datasets and attributes, single, packed and null, committed or not,
             are the same for h5py in both forms and through three conversions, and so are their bytes; in the corpus, too
  stored     chunks, how far datasets may grow, filters and fill values are the same for h5py after conversions, or filters those that were
             asked for; what can grow is appended to; a dataset of a TB with one chunk is not written in full
  joined     rows of files are of the type that all of them have
  attached   attributes are carried to HDF5 as they are, as text to folders and archives, and refused by name where they are none
  open       a file that a crashed program left open is read with a warning, and h5py opens it once it is repaired
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from common import ROOT, Report, each, run

try:
    import h5py
    import h5types
except ImportError:
    print("h5py is not installed")
    sys.exit(77)

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")
# What is refused is refused for one of these.
REFUSED = ("Python objects", "references", "records with", "sequences of", "that are no array", "fields that overlap", "items of no bytes",
           "title", "not supported", "not found", "expected", "of metadata")
LARGEST = 64 << 20
# Features of files with types that say more than a dtype.
SAYING_MORE = ("dt:enum", "dt:bitfield", "dt:opaque", "dt:string", "dt:float:bit", "dt:fixed:bit", "dt:float:VAX", "dt:float:128", "dt:time",
               "dt:array", "dt:compound", "dataspace:null")


def is_huge(path):
    """Whether a small file claims large arrays, most of which were never written."""
    answer = run("ls", "--json", path)
    items = json.loads(answer.out).get("items", []) if answer.out.strip() else []
    return sum(item.get("nbytes") or 0 for item in items) > LARGEST


def digests(path, *words):
    """(name, shape, hash) of everything in a file, or why there are none."""
    answer = run("digest", "--json", *words, path)
    if answer.code:
        return None, answer.err.strip()[-300:]
    return {(d["name"], tuple(d["shape"]), d["sha256"]) for d in json.loads(answer.out) if "shape" in d}, ""


def real(kind, wanted=lambda row: True):
    """Good files of a kind that are not too large."""
    paths = []
    with open(os.path.join(CORPUS, "manifest.jsonl"), encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["kind"] == kind and not row["bad"] and row.get("role", "main") == "main" and row["bytes"] < LARGEST \
                    and wanted(row):
                paths.append(os.path.join(CORPUS, row["path"]))
    return [path for path, huge in zip(paths, each(is_huge, paths)) if not huge]


def kept(source, folder, steps, *words):
    """Converts step by step; what differs or is refused, and at which step."""
    want, why = digests(source, *words)
    if want is None:
        return "refused", why
    path = source
    for number, (name, options) in enumerate(steps):
        target = os.path.join(folder, name)
        answer = run("convert", *options, path, target)
        if answer.crashed():
            return "crashed", answer.err[-300:]
        if answer.code:
            return ("refused" if number == 0 else "wrong"), answer.err.strip()[-300:]
        path = target
        got, why = digests(path, *words)
        if got != want:
            lost = sorted((want or set()) - (got or set()))[:3]
            return "wrong", f"{name}: {why or lost}"
    return "right", path


def round_trips(report, folder):
    def one(path):
        place = tempfile.mkdtemp(dir=folder)
        return path, *kept(path, place, [("a.h5", []), ("folder", ["--to=folder"]), ("b.npz", [])])

    rows = list(each(one, real("npz")))
    told(report, "archives to HDF5, to a folder, to an archive keep every digest", rows, 0.8)


def again(report, folder):
    def one(path):
        place = tempfile.mkdtemp(dir=folder)
        steps = [("old.h5", []), ("packed.h5", ["--compress=4"]), ("new.h5", ["--libver=latest"])]
        state, why = kept(path, place, steps, "--attributes")
        if state == "right":
            for name, _ in steps:
                names = []
                with h5py.File(os.path.join(place, name), "r") as file:
                    file.visititems(lambda name, _: names.append(name))
        return path, state, why

    rows = list(each(one, real("hdf5")))
    told(report, "HDF5 to HDF5 keeps every digest, attributes included", rows, 0.6)


FORMS = (("old.h5", []), ("packed.h5", ["--compress=4"]), ("new.h5", ["--libver=latest"]))


def typed(report, folder):
    faults, total = [], 0
    for make in (h5types.write, h5types.commit):
        for libver in ("earliest", "latest"):
            source = os.path.join(folder, f"{make.__name__}_{libver}.h5")
            make(source, libver)
            last = source
            for name, options in FORMS:
                # From the file of h5py, and from what became of it in the other forms.
                for path in {source, last}:
                    target = os.path.join(folder, f"{make.__name__}_{libver}_{path == source}_{name}")
                    answer = run("convert", *options, path, target)
                    if answer.code:
                        faults.append((target, answer.err[-300:]))
                        continue
                    count, wrong = h5types.compare(source, target)
                    total += count
                    faults += [(f"{os.path.basename(target)}:{where}", why) for where, why in wrong]
                last = target
    report.check("types and bytes are the same for h5py after each conversion", faults, total)


def typed_corpus(report, folder):
    def one(path):
        place, state, total, faults = tempfile.mkdtemp(dir=folder), "kept", 0, []
        for name, options in FORMS:
            target = os.path.join(place, name)
            answer = run("convert", *options, path, target)
            if answer.code:
                state = "refused" if any(word in answer.err for word in REFUSED) else f"refused for no name: {answer.err[-200:]}"
                break
            count, wrong = h5types.compare(path, target)
            total += count
            faults += [(f"{os.path.basename(path)} in {name}:{where}", why) for where, why in wrong]
        return path, state, total, faults

    rows = list(each(one, real("hdf5", lambda row: any(feature.startswith(SAYING_MORE) for feature in row["features"]))))
    faults = [fault for *_, faults in rows for fault in faults]
    faults += [(os.path.basename(path), state) for path, state, *_ in rows if state not in ("kept", "refused")]
    states = collections.Counter(state for _, state, *_ in rows)
    if states["kept"] < 0.4 * len(rows):
        faults.append(("all", f"only {states['kept']} of {len(rows)} are converted"))
    note = f"{len(rows)} files, {states['kept']} converted, {states['refused']} refused by name"
    report.check("types and bytes of real files are the same for h5py", faults, sum(total for _, _, total, _ in rows), note)


def store(path, libver):
    """Datasets in chunks of every kind; what npstow does not write is last."""
    with h5py.File(path, "w", libver=libver) as file:
        rows = np.arange(60 * 7, dtype="f4").reshape(60, 7)
        file.create_dataset("g/grows", data=rows, chunks=(8, 3), maxshape=(None, 7), compression=9, shuffle=True, fletcher32=True, fillvalue=-1)
        file.create_dataset("g/plain", data=rows, chunks=(60, 7))
        file.create_dataset("g/sum", data=rows, chunks=(7, 7), fletcher32=True)
        file.create_dataset("g/most", data=rows, chunks=(9, 2), maxshape=(70, 7), compression=1)
        file.create_dataset("g/empty", shape=(0, 3), dtype="<i2", chunks=(5, 3), maxshape=(None, None), shuffle=True, fillvalue=7)
        file.create_dataset("g/long", shape=(5,), dtype=">i8", chunks=(4096,), maxshape=(None,), fillvalue=-(2**40))
        file.create_dataset("g/part", shape=(50, 4), dtype="u1", chunks=(16, 4), fillvalue=9)[20:30] = 1
        file.create_dataset("g/piece", data=rows, fillvalue=2.5)
        file.create_dataset("g/unwritten", shape=(9,), dtype="c16", fillvalue=1 + 2j)
        record = np.zeros(9, [("a", "<i2"), ("b", ">f8", (3,)), ("c", "S3")])
        file.create_dataset("g/record", data=record, chunks=(4,), maxshape=(None,), compression=4, fillvalue=np.array((3, [1, 2, 3], b"abc"), record.dtype))
        file.create_dataset("g/names", data=[0, 1, 2], dtype=h5py.enum_dtype({"A": 0, "B": 1, "C": 2}, "i4"), chunks=(2,), maxshape=(None,), fillvalue=2)
        file.create_dataset("g/lzf", data=rows, chunks=(8, 7), maxshape=(None, 7), compression="lzf", shuffle=True)
        file.create_dataset("g/scaled", data=rows.astype("i4"), chunks=(8, 7), scaleoffset=0)


def storage(data):
    """What h5py says of how a dataset is stored."""
    packed = [data.shuffle, data.compression, data.compression_opts, data.fletcher32]
    fill = None if data.id.get_create_plist().fill_value_defined() != h5py.h5d.FILL_VALUE_USER_DEFINED else np.asarray(data.fillvalue).tobytes()
    return data.chunks, data.maxshape, fill, packed


def stored(report, folder):
    faults, total = [], 0
    for libver in ("earliest", "latest"):
        source = os.path.join(folder, f"stored_{libver}.h5")
        store(source, libver)
        last = source
        for name, options in FORMS:
            for path in {source, last}:
                target = os.path.join(folder, f"stored_{libver}_{path == source}_{name}")
                answer = run("convert", *options, path, target)
                if answer.code:
                    faults.append((target, answer.err[-300:]))
                    continue
                with h5py.File(path) as before, h5py.File(target) as after:
                    for key in before["g"]:
                        old, new = before["g"][key], after["g"][key]
                        want, got = storage(old), storage(new)
                        if key == "lzf" and path == source:
                            want[3][1:3] = None, None
                        if "--compress=4" in options and old.nbytes >= 1024:
                            want[3][:] = True, "gzip", 4, False
                            want = (old.chunks or new.chunks, *want[1:])
                        total += 1
                        if got != want or old[()].tobytes() != new[()].tobytes():
                            faults.append((f"{os.path.basename(target)}:{key}", f"{got}, not {want}, or other elements"))
            last = target
        rows = os.path.join(folder, "rows.npy")
        for key in ("grows", "empty", "long", "record", "lzf"):
            with h5py.File(target) as file:
                old = file["g"][key][()]
                shape = (11, *old.shape[1:])
            np.save(rows, np.ones(shape, old.dtype))
            answer = run("append", f"{target}:g/{key}", rows)
            with h5py.File(target) as file:
                new = file["g"][key][()]
            total += 1
            if answer.code or new.tobytes() != old.tobytes() + np.ones(shape, old.dtype).tobytes():
                faults.append((f"append to {key}", answer.err[-200:]))
    huge = os.path.join(folder, "huge.h5")
    with h5py.File(huge, "w") as file:
        file.create_dataset("x", shape=(2**37,), dtype="f8", chunks=(2**10,), maxshape=(None,))[5] = 1
    answer = run("convert", huge, os.path.join(folder, "huge_out.h5"))
    if answer.code == 0 or answer.crashed() or len(answer.err.splitlines()) != 1:
        faults.append(("a TB", f"exit {answer.code}: {answer.err[-200:]}"))
    report.check("chunks, filters and fill values are the same for h5py after each conversion", faults, total + 1)


def joined(report, folder):
    faults = []
    colour, other, odd = {"RED": 0, "GREEN": 1}, {"A": 0, "B": 1}, h5types.types()["int_odd"]
    paths = [os.path.join(folder, f"part_{number}.h5") for number in range(3)]
    for number, (path, names) in enumerate(zip(paths, (colour, colour, other))):
        with h5py.File(path, "w") as file:
            file.create_dataset("g/x", data=[number, 1], dtype=h5py.enum_dtype(names, "i4"))
            h5types.put(file["g"], "odd", odd, (2,), number)
            file.create_dataset("g/t", data=["ä".encode(), b"b"], dtype=h5py.string_dtype("utf-8", 3))
    for parts, names in ((paths[:2], colour), (paths, None)):
        target = os.path.join(folder, f"joined_{len(parts)}.h5")
        answer = run("concat", "--notes=first", target, *(f"{path}:g" for path in parts))
        if answer.code:
            faults.append((target, answer.err[-300:]))
            continue
        with h5py.File(target) as file:
            found = h5py.check_enum_dtype(file["x"].dtype)
            rows = [value for number in range(len(parts)) for value in (number, 1)]
            if found != names or list(file["x"]) != rows:
                faults.append((target, f"{found} of {list(file['x'])}"))
            one = file["odd"].id
            expected = b"".join(h5types.contents(h5py.File(path)["g/odd"].id)[1] for path in parts)
            if not one.get_type().equal(odd) or h5types.contents(one)[1] != expected:
                faults.append((target, f"{one.get_type().encode().hex()} of {h5types.contents(one)[1].hex()}"))
            if h5py.check_string_dtype(file["t"].dtype) != ("utf-8", 3) or list(file["t"][:2]) != ["ä".encode(), b"b"]:
                faults.append((target, f"{file['t'].dtype.metadata} of {list(file['t'])}"))
    report.check("joined rows keep the type that all have", faults, 2)


def told(report, what, rows, least):
    states = collections.Counter(state for _, state, _ in rows)
    faults = [(os.path.basename(path), f"{state}: {why}") for path, state, why in rows if state in ("wrong", "crashed")]
    faults += [(os.path.basename(path), f"refused for no name: {why}") for path, state, why in rows
               if state == "refused" and not any(word in why for word in REFUSED)]
    if states["right"] < least * len(rows):
        faults.append(("all", f"only {states['right']} of {len(rows)} are converted"))
    report.check(what, faults, len(rows), f"{states['right']} kept, {states['refused']} refused by name")


def attached(report, folder):
    faults = []
    source = os.path.join(folder, "attached.h5")
    with h5py.File(source, "w") as file:
        file["g/x"] = np.arange(4)
        file["g/s"] = ["a", "", "ü"]
        sequences = file.create_dataset("v", (3,), h5py.vlen_dtype("i2"))
        sequences[0], sequences[2] = [1, 2, 3], [4]
        file["g"].attrs["creator"] = "h5py"
        file["g/x"].attrs["unit"] = "mm"
        file["g/x"].attrs["range"] = np.array([0.5, 3])
    state, why = kept(source, folder, [("again.h5", []), ("latest.h5", ["--libver=latest"])], "--attributes")
    faults += [] if state == "right" else [("to HDF5", why)]
    with h5py.File(os.path.join(folder, "latest.h5")) as file:
        text = [item.decode() for item in file["g/s"][()]]
        same = text == ["a", "", "ü"] and list(file["v"][0]) == [1, 2, 3] and len(file["v"][1]) == 0
        same = same and file["g"].attrs["creator"] == "h5py" and list(file["g/x"].attrs["range"]) == [0.5, 3]
        faults += [] if same else [("latest.h5", "h5py reads something else")]
    answer = run("convert", source + ":g/x", os.path.join(folder, "x.npz"))
    if answer.code != 3 or "the attribute 'range'" not in answer.err:
        faults.append(("an attribute of numbers in an archive", answer.err[-200:] or "accepted"))
    answer = run("convert", "--data-only", source + ":g/x", os.path.join(folder, "x.npz"))
    faults += [] if answer.code == 0 else [("--data-only", answer.err[-200:])]
    with h5py.File(source, "r+") as file:
        del file["g/x"].attrs["range"], file["v"], file["g/s"]
    answer = run("convert", source, os.path.join(folder, "texts"))
    meta = run("meta", "get", os.path.join(folder, "texts") + ":g/x").out.decode()
    if answer.code or "mm" not in meta:
        faults.append(("text in a folder", answer.err[-200:] or meta[-200:]))
    report.check("attributes are kept, or refused by name", faults, 5)


CRASH = """
import h5py, os, sys
file = h5py.File(sys.argv[1], "w", libver="latest")
file["x"] = list(range(100))
file.flush()
os._exit(0)
"""


def left_open(report, folder):
    faults = []
    path = os.path.join(folder, "open.h5")
    subprocess.run([sys.executable, "-c", CRASH, path], check=True)
    try:
        h5py.File(path, "r+").close()
        faults.append(("h5py", "opens it before it is repaired: this tests nothing"))
    except OSError:
        pass
    answer = run("ls", path)
    if answer.code or "did not close" not in answer.err:
        faults.append(("ls", answer.err or "no warning"))
    before = digests(path)
    answer = run("verify", path)
    if answer.code or b"did not close" not in answer.out:
        faults.append(("verify", answer.err or answer.out.decode()))
    answer = run("repair", "--dry-run", path)
    with open(path, "rb") as file:
        untouched = file.read()[11] != 0
    faults += [] if answer.code == 0 and untouched else [("dry run", answer.err)]
    answer = run("repair", "--json", path)
    if answer.code or not json.loads(answer.out)["was_open"]:
        faults.append(("repair", answer.err))
    with h5py.File(path, "r+") as file:
        faults += [] if list(file["x"][:3]) == [0, 1, 2] else [("h5py", "other elements")]
    faults += [] if digests(path) == before else [("digest", "another after repair")]
    report.check("files left open are read, told and repaired", faults, 6)


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        typed(report, folder)
        stored(report, folder)
        joined(report, folder)
        attached(report, folder)
        left_open(report, folder)
        if os.path.exists(os.path.join(CORPUS, "manifest.jsonl")):
            round_trips(report, folder)
            again(report, folder)
            typed_corpus(report, folder)
        else:
            print(f"SKIPPED: no corpus of real files at {os.path.relpath(CORPUS)}; set NPSTOW_CORPUS to its folder")
    report.finish()


if __name__ == "__main__":
    main()
