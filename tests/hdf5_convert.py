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
  linked     what had several names in a file has them in what was converted, in both forms and again, h5py takes them away and writes
             through them, and no elements are there twice; in the corpus, too; joined rows are new
  soft       soft links to arrays are such again, wherever they lead from, and those that lead out of what is converted are copies
  named      committed datatypes are the same for h5py, with their attributes and names
  moved      references to objects and regions, text, sequences, records and arrays of them, in one another (h5refs.py), are the same for
             libhdf5 in both forms and after several conversions; dimension scales are such for h5py, in real files of netCDF-4, too; what
             refers to something that is not written is refused by name
  joined     rows of files are of the type that all of them have
  attached   attributes are carried to HDF5 as they are, as text to folders and archives, and refused by name where they are none
  open       a file that a crashed program left open is read with a warning, and h5py opens it once it is repaired
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from common import ROOT, Report, each, run

try:
    import h5py
    import h5refs
    import h5types
except ImportError:
    print("h5py is not installed")
    sys.exit(77)

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")
# What is refused is refused for one of these.
REFUSED = ("Python objects", "a reference to", "references of HDF5 1.12", "that are no array", "fields that overlap", "items of no bytes",
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
                one_still = objects(path, os.path.join(place, name))
                if one_still:
                    return path, "wrong", one_still
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
        file.create_dataset("g/scalar", data=2.5, fillvalue=-1)
        file.create_dataset("g/unwritten scalar", shape=(), dtype="S3", fillvalue=b"abc")
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
                            want[3][:3] = True, "gzip", 4
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


def everything(path):
    """The hash of everything in a file, attributes and datatypes included."""
    answer = run("digest", "--json", "--attributes", path)
    return {(d["name"], d["sha256"]) for d in json.loads(answer.out)} if answer.code == 0 else answer.err


def hard(file):
    """The hard links of a file, and where they lead: [(path, address)]; nothing where groups lead to themselves, which are cut there."""
    found, waiting = [], [(b"", file["/"].id, (h5py.h5o.get_info(file["/"].id).addr,))]
    while waiting and len(found) < 20000:
        path, group, above = waiting.pop()
        for name in group:
            is_hard = group.links.get_info(name).type == h5py.h5l.TYPE_HARD
            try:
                about = h5py.h5o.get_info(group, name)
            except (OSError, RuntimeError, KeyError):
                if is_hard:
                    raise
                continue
            if about.addr in above:
                return []
            if not is_hard:
                continue
            found.append((path + b"/" + name if path else name, about.addr))
            if about.type == h5py.h5o.TYPE_GROUP:
                waiting.append((found[-1][0], h5py.h5o.open(group, name), (*above, about.addr)))
    return found


def objects(old, new):
    """Why names that are one object in a file are not in another one, or others are; None if all is well."""
    try:
        with h5py.File(old, "r") as was:
            wanted = hard(was)
    except (OSError, RuntimeError):
        # What the library refuses to open.
        return None
    with h5py.File(new, "r") as now:
        there = collections.defaultdict(set)
        for path, address in wanted:
            try:
                there[address].add(h5py.h5o.get_info(now.id, path).addr)
            except RuntimeError:
                return f"{os.path.basename(new)}: {path} is not there"
        for address, become in there.items():
            if len(become) != 1:
                names = [path for path, at in wanted if at == address]
                return f"{os.path.basename(new)}: {names[:5]} are {len(become)} objects"
        if len(set.union(set(), *there.values())) != len(there):
            return f"{os.path.basename(new)}: what were several objects is one"
        # As many names as there are, counted where they are counted.
        links = plainly(now)
        counts = collections.Counter(address for _, address, _ in links)
        for path, address, count in links:
            if count != counts[address]:
                return f"{os.path.basename(new)}: {path} has {counts[address]} names, of which its header counts {count}"
    return None


def plainly(file):
    """The hard links of a file, each once, whatever leads to the group that it is in."""
    found, waiting, seen = [], [file["/"].id], set()
    while waiting:
        group = waiting.pop()
        here = h5py.h5o.get_info(group).addr
        if here in seen:
            continue
        seen.add(here)
        for name in group:
            if group.links.get_info(name).type == h5py.h5l.TYPE_HARD:
                about = h5py.h5o.get_info(group, name)
                found.append(((here, name), about.addr, about.rc))
                if about.type == h5py.h5o.TYPE_GROUP:
                    waiting.append(h5py.h5o.open(group, name))
    return found


ALIASES = {
    "entry/detector/data": ("entry/data/counts", "x", "deep/er/still/data"),
    "entry/detector/chunks": ("entry/data/chunks",),
    "entry/detector/empty": ("entry/data/empty", "nothing"),
    "entry/detector/null": ("null",),
    "entry/detector/one": ("entry/one",),
    "entry/texts": ("texts again",),
    "entry/sequences": ("sequences again",),
    "entry/many": tuple(f"many/name {number}" for number in range(700)),
    "entry/detector": ("entry/instrument/detector", "d"),
    "entry/detector/inner": ("inner",),
    "entry/nobody": ("nobody",),
}


def link(path, libver, aliases):
    """A file of everything that can have several names."""
    noise = np.random.default_rng(7).integers(0, 2**32, 20000, np.uint32)
    with h5py.File(path, "w", libver=libver) as file:
        detector = file.create_group("entry/detector")
        detector["data"] = noise
        for number in range(20):
            detector["data"].attrs[f"attribute {number}"] = np.arange(number)
        detector["data"].attrs["unit"] = "mm"
        detector.create_dataset("chunks", data=noise, chunks=(3000,), maxshape=(None,), compression=1, shuffle=True)
        detector["empty"] = np.zeros((0, 3), "f4")
        detector["null"] = h5py.Empty("f8")
        detector["one"] = 1.5
        detector.create_group("inner")["y"] = noise[:300]
        detector.attrs["NX_class"] = "NXdetector"
        file["entry/texts"] = ["a", "ü", ""]
        sequences = file.create_dataset("entry/sequences", (2,), h5py.vlen_dtype("i2"))
        sequences[0] = [1, 2, 3]
        file["entry/many"] = noise[:1000]
        file.create_group("entry/nobody")
        file["own"] = noise[:1000]
        for first, names in aliases.items():
            for name in names:
                file[name] = file[first]


def read(item):
    """The content of a dataset, or of all in a group."""
    if isinstance(item, h5py.Group):
        return {name: read(item[name]) for name in item}
    return repr(item[()]), repr(sorted((name, repr(value)) for name, value in item.attrs.items()))


def used(path):
    """Takes names away and writes through others, as h5py does; what was wrong."""
    faults = []
    with h5py.File(path, "r+") as file:
        want = {first: read(file[first]) for first in ALIASES}
        for first, names in ALIASES.items():
            if file[first] != file[names[0]]:
                faults.append(f"{names[0]} is not {first}")
        # Datasets first: in a group that is gone, nothing is.
        for first, names in ALIASES.items():
            del file[first if first != "entry/detector" else names[0]]
        want["entry/detector"] = {}
        for first, names in ALIASES.items():
            left = file[names[-1]]
            if want[first] and read(left) != want[first]:
                faults.append(f"{names[-1]} is another one without {first}")
        file["x"][:5] = range(5)
        file["entry/data/chunks"].resize((20010,))
        file["entry/data/chunks"][-10:] = 3
        file["inner"]["new"] = np.arange(7)
        file["new"] = np.arange(1000)
    with h5py.File(path, "r") as file:
        if list(file["deep/er/still/data"][:5]) != list(range(5)) or list(file["inner/new"]) != list(range(7)):
            faults.append("what was written through one name is not under the other")
        if file["entry/data/chunks"].shape != (20010,) or file["entry/data/chunks"][-1] != 3 or file["own"].shape != (1000,):
            faults.append("what was written is not there")
        for name in ("many/name 1", "nothing", "null", "texts again", "sequences again"):
            read(file[name])
    return faults


def accepted(path):
    """What the programs of HDF5 say against a file."""
    faults = []
    for words in (["h5dump", "-H", "-p"], ["h5ls", "-r", "-v"], ["h5stat"]):
        if shutil.which(words[0]):
            done = subprocess.run([*words, path], capture_output=True)
            if done.returncode or done.stderr.strip():
                faults.append(f"{words[0]}: {done.stderr.decode(errors='replace')[-200:]}")
    return faults


def linked(report, folder):
    faults, total = [], 0
    for libver in ("earliest", "latest"):
        source, single = (os.path.join(folder, f"linked_{libver}_{which}.h5") for which in ("all", "single"))
        link(source, libver, ALIASES)
        link(single, libver, {})
        want, last = everything(source), source
        for name, options in FORMS:
            for path in {source, last}:
                target = os.path.join(folder, f"linked_{libver}_{path == source}_{name}")
                alone = os.path.join(folder, f"alone_{name}")
                answers = [run("convert", *options, path, target), run("convert", *options, single, alone)]
                if any(answer.code for answer in answers):
                    faults += [(target, answer.err[-300:]) for answer in answers]
                    continue
                # Old groups take some 700 bytes, old links 40 and their name.
                long, short = os.path.getsize(target), os.path.getsize(alone)
                checks = [objects(path, target), None if everything(target) == want else "other digests"]
                checks.append(None if long < short + 64000 else f"{long} bytes instead of {short}")
                checks += [None, *accepted(target)]
                other = shutil.copy(target, target + ".used")
                checks += [None, *used(other), *accepted(other)]
                total += 5
                faults += [(os.path.basename(target), why) for why in checks if why]
            last = target
    # Rows of two files are new, whatever their names were.
    for number in range(2):
        with h5py.File(os.path.join(folder, f"rows_{number}.h5"), "w") as file:
            file["g/a"] = np.arange(3) + number
            file["g/b"] = file["g/a"]
            if number:
                del file["g/b"]
                file["g/b"] = np.arange(3) + 10
    target = os.path.join(folder, "rows.h5")
    for sources, want in (("01", [0, 1, 2, 10, 11, 12]), ("00", [0, 1, 2, 0, 1, 2])):
        answer = run("concat", "--notes=first", target, *(os.path.join(folder, f"rows_{number}.h5:g") for number in sources))
        total += 1
        if answer.code:
            faults.append(("joined", answer.err[-300:]))
            continue
        with h5py.File(target, "r") as file:
            if file["a"] == file["b"] or list(file["b"]) != want:
                faults.append(("joined", f"{list(file['b'])}"))
        os.unlink(target)
    report.check("what has several names has them after each conversion, and is there once", faults, total)


def soft(report, folder):
    """Soft links; those to groups become groups of soft links, and of copies of what has no elements."""
    faults, total = [], 0
    links = {"a/first": "/z/data", "z/again": "data", "z/twice": "/z/again", "through": "z/inner/deep", "named": "/types/t", "texts": "/z/text"}
    for libver in ("earliest", "latest"):
        source = os.path.join(folder, f"soft_{libver}.h5")
        with h5py.File(source, "w", libver=libver) as file:
            file["z/data"] = np.arange(50000)
            file["z/data"].attrs["unit"] = "mm"
            file["z/inner/deep"] = np.arange(700)
            file["z/text"] = ["a", "bc"]
            file["z/name"] = file["z/inner/deep"]
            file["types/t"] = np.dtype([("a", "<i4"), ("b", "f8")])
            for name, target in links.items():
                file[name] = h5py.SoftLink(target)
            file["all"] = h5py.SoftLink("/z")
        want, last = everything(source), source
        for name, options in FORMS:
            for path in {source, last}:
                target = os.path.join(folder, f"soft_{libver}_{path == source}_{name}")
                answer = run("convert", *options, path, target)
                if answer.code:
                    faults.append((target, answer.err[-300:]))
                    continue
                with h5py.File(target) as file:
                    for link, leads in links.items():
                        there = file.get(link, getlink=True)
                        fit = isinstance(there, h5py.SoftLink) and file[there.path] == file[link]
                        total += 1
                        faults += [] if fit else [(f"{target}:{link}", f"{there}, not {leads}")]
                    checks = {
                        "all": file["all/data"] == file["z/data"] and isinstance(file.get("all/inner/deep", getlink=True), h5py.SoftLink),
                        "hard": file["z/name"] == file["z/inner/deep"] and h5py.h5o.get_info(file["z/name"].id).rc == 2,
                        "digests": everything(target) == want,
                        "length": "--compress=4" in options or os.path.getsize(target) < 600_000,
                    }
                faults += [(f"{target}", what) for what, fit in checks.items() if not fit]
                faults += [(target, why) for why in accepted(target) if why]
                total += len(checks) + 1
            last = target
        part = os.path.join(folder, "soft_part.h5")
        answer = run("convert", f"{source}:a", part)
        with h5py.File(part) as file:
            fit = answer.code == 0 and isinstance(file.get("first", getlink=True), h5py.HardLink) and file["first"].attrs["unit"] == "mm"
        total += 1
        faults += [] if fit else [("a part", answer.err[-200:])]
    report.check("soft links are soft links after each conversion", faults, total)


def named(report, folder):
    faults, total = [], 0
    for libver in ("earliest", "latest"):
        source = os.path.join(folder, f"named_{libver}.h5")
        h5types.name(source, libver)
        want, last = everything(source), source
        for name, options in FORMS:
            for path in {source, last}:
                target = os.path.join(folder, f"named_{libver}_{path == source}_{name}")
                answer = run("convert", *options, path, target)
                if answer.code:
                    faults.append((target, answer.err[-300:]))
                    continue
                count, wrong = h5types.compare(source, target)
                checks = [objects(path, target), None if everything(target) == want else "other digests", *accepted(target)]
                with h5py.File(shutil.copy(target, target + ".used"), "r+") as file:
                    file.create_dataset("of it", (3,), file["types/record"])
                    del file["types"]
                    checks.append(None if file["other/enum"].attrs["number"] == 0 else "an attribute is gone")
                total += count + 4
                faults += [(f"{os.path.basename(target)}:{where}", why) for where, why in wrong]
                faults += [(os.path.basename(target), why) for why in checks if why]
            last = target
    # Without attributes there is little in a header, and another program adds some.
    plain = os.path.join(folder, "plain_types.h5")
    with h5py.File(plain, "w") as file:
        for dtype in ("S7", "i4", "f8", [("a", "i2")]):
            file[str(dtype)] = np.dtype(dtype)
    for name, options in FORMS:
        target = os.path.join(folder, f"plain_types_{name}")
        answer = run("convert", *options, plain, target)
        with h5py.File(target, "r+") as file:
            for key in file:
                file[key].attrs["unit"], file[key].attrs["more"] = "mm", np.arange(10)
        with h5py.File(target) as file:
            fit = all(file[key].attrs["unit"] == "mm" and file[key].attrs["more"][9] == 9 for key in file)
        checks = [None if fit and not answer.code else f"{answer.err}: not as written", *accepted(target)]
        total += 1
        faults += [(target, why) for why in checks if why]
    report.check("committed datatypes are the same for h5py after each conversion", faults, total)


def moved(report, folder):
    """Elements with places of a file in them, which are others in each file."""
    if h5refs.LIBRARY is None:
        print("SKIPPED: elements that are moved; the libhdf5 of h5py is not found")
        return
    faults, total = [], 0
    for libver in ("earliest", "latest"):
        source = os.path.join(folder, f"moved_{libver}.h5")
        h5refs.write(source, libver)
        want, last = digests(source, "--attributes"), source
        for name, options in FORMS:
            # From the file of libhdf5, and from what became of it in the other forms.
            for path in {source, last}:
                target = os.path.join(folder, f"moved_{libver}_{path == source}_{name}")
                answer = run("convert", *options, path, target)
                if answer.code:
                    faults.append((target, answer.err[-300:]))
                    continue
                count, wrong = h5refs.compare(source, target)
                total += count + 1
                faults += [(f"{os.path.basename(target)}:{where}", why) for where, why in wrong]
                if digests(target, "--attributes") != want:
                    faults.append((target, "another digest"))
                if shutil.which("h5dump"):
                    dump = subprocess.run(["h5dump", target], capture_output=True, check=False)
                    faults += [(target, dump.stderr[-300:])] if dump.returncode or b"unable" in dump.stderr else []
            last = target
    report.check("references and elements of any nesting are the same for libhdf5 after each conversion", faults, total)


def scaled(path):
    """What h5py says of the dimension scales of a file: of each axis its label, and the paths of its scales; of each scale who uses it."""
    found = {}

    def visit(name, one):
        if isinstance(one, h5py.Dataset):
            # The file may have lists that h5py cannot read itself.
            found[name] = [(axis.label, [(key, scale.name) for key, scale in axis.items()]) for axis in one.dims]
            users = one.attrs.get("REFERENCE_LIST")
            found[name].append(None if users is None else [(one.file[user].name, int(axis)) for user, axis in users if user])

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


def scales(report, folder):
    source = os.path.join(folder, "scales.h5")
    with h5py.File(source, "w") as file:
        for name, length in (("g/lat", 3), ("g/lon", 4), ("time", 5)):
            file[name] = np.arange(float(length))
            file[name].make_scale(name)
        for name, axes in (("g/t", ("time", "g/lat", "g/lon")), ("g/more/mask", ("g/lat", "g/lon"))):
            file.create_dataset(name, data=np.zeros([file[axis].size for axis in axes], "f4"), chunks=True, compression=1)
            for number, axis in enumerate(axes):
                file[name].dims[number].attach_scale(file[axis])
                file[name].dims[number].label = axis.upper()
    paths, faults, total, refused = [source], [], 0, 0
    if os.path.exists(os.path.join(CORPUS, "manifest.jsonl")):
        paths += [path for path in real("hdf5") if os.path.basename(path).startswith("ref_") and path.endswith(".nc")]
        faults += [] if len(paths) > 1 else [("the corpus", "has no files of netCDF-4")]
    for path in paths:
        want, last = scaled(path), path
        for name, options in (FORMS[0], FORMS[2]):
            target = os.path.join(folder, f"scales_{os.path.basename(path)}_{name}")
            answer = run("convert", *options, last, target)
            if answer.code and last == path and "a named datatype" in answer.err:
                refused += 1
                break
            if answer.code:
                faults.append((target, answer.err[-300:]))
                break
            got = scaled(target)
            total += len(want)
            faults += [(f"{target}:{key}", f"{got.get(key)}, not {want[key]}") for key in want if got.get(key) != want[key]]
            last = target
    if "g/lat" not in str(scaled(source)) or total < 20:
        faults.append(("all", f"{total} datasets with few scales: this tests nothing"))
    report.check("dimension scales are such after each conversion", faults, total, f"{len(paths)} files, {refused} refused by name")


def parts(report, folder):
    """What is written is not all that there was, or has other names."""
    source, target, faults = os.path.join(folder, "parts.h5"), os.path.join(folder, "parts_out.h5"), []
    # Addresses count from behind what users have in front of the file.
    with h5py.File(source, "w", userblock_size=1024) as file:
        file["a/x"], file["b/y"] = np.arange(6).reshape(2, 3), 1
        file["b/z"] = file["b/y"]
        # The name of a soft link comes first, and is not the one that a reference is shown as.
        file["a/a"], file["b/w"] = h5py.SoftLink("/b/w"), 2
        for name, to in (("a/in", "a/x"), ("a/group", "a"), ("b/out", "a/x"), ("b/root", "/"), ("c/second", "b/z"), ("c/third", "b/w")):
            file.create_dataset(name, data=file[to].ref, dtype=h5py.ref_dtype)
        file["a"].attrs["part"] = file["a/x"].regionref[0, 1:]
    for part, say in ((":b", "a reference to '/a/x'"), (":b/out", "a reference to '/a/x'"), (":a", None), ("", None)):
        answer = run("convert", source + part, target)
        if say and (answer.code != 3 or say not in answer.err or answer.crashed() or os.path.exists(target)):
            faults.append((part, f"exit {answer.code}: {answer.err[-200:]}"))
        if not say:
            if answer.code:
                faults.append((part, answer.err[-200:]))
                continue
            with h5py.File(target) as file:
                top = file if part else file["a"]
                found = top[top["in"][()]], top[top["group"][()]], top.attrs["part"]
                names = [one.name for one in found[:2]], file[found[2]].name, np.ravel(file[found[2]][found[2]]).tolist()
                want = (["/x", "/"], "/x", [1, 2]) if part else (["/a/x", "/a"], "/a/x", [1, 2])
                faults += [] if names == want else [(part, names)]
                if not part:
                    names = [file[file[name][()]].name for name in ("c/second", "c/third")]
                    if names[0] not in ("/b/y", "/b/z") or names[1] != "/b/w" or digests(source) != digests(target):
                        faults.append(("of two names", names))
            os.remove(target)
    with h5py.File(source, "r+") as file:
        del file["a/x"]
    answer = run("convert", source + ":a/in", target)
    if answer.code != 3 or "a reference to nothing" not in answer.err:
        faults.append(("to what was removed", f"exit {answer.code}: {answer.err[-200:]}"))
    for name in ("parts.npz", "parts.folder"):
        answer = run("convert", "--to=folder" if name.endswith("folder") else "--to=npz", source + ":b", os.path.join(folder, name))
        faults += [] if answer.code == 3 else [(name, f"exit {answer.code}")]
    report.check("references to what is not written are refused by name", faults, 7)


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
        linked(report, folder)
        soft(report, folder)
        named(report, folder)
        moved(report, folder)
        scales(report, folder)
        parts(report, folder)
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
