#!/usr/bin/env python3
"""Arrays of Python objects in NPY, NPZ and folders: read as the data that their pickles are, written as NumPy pickles them.

    NPSTOW=target/release/npstow python tests/objects.py

Needs NumPy 2.x.
  npy      object arrays in NPY files, pickled in protocols 0 to 5: `show --json` and `digest` say what they say of the pickle alone
  written  converted to NPY, NPZ (stored and packed), folders and pickles: np.load(allow_pickle=True) gives an equal array, twice the same bytes
  npz      np.savez and np.savez_compressed of several of them beside plain arrays; `diff` of all forms finds nothing, and what differs where something does
  pickle   dictionaries of arrays from pickles into archives and back; what no archive holds is refused by its name
  names    arrays within an array of objects are listed by the element they are first met in
  dask     a stack of NPY files is one array; along another axis than the first its files are arrays of their own
  shelve   shelves in dbm.dumb and in the table of dbm.sqlite3, as trees and as pickles; a gdbm file of the corpus
  torch    checkpoints of corpus/torch: every tensor has the shape and the bytes that PyTorch says
  bad      headers and pickles that do not belong together, pickles cut at every byte, pickles that run things: one line, nothing run
"""
import collections
import contextlib
import datetime
import dbm.dumb
import io
import json
import os
import pickle
import shelve
import sqlite3
import sys
import tempfile
import warnings
import zipfile

import numpy as np

from common import ROOT, Checks, Report, each, not_a_refusal, npstow, run
from pickles import same

warnings.simplefilter("ignore")
npstow()


def filled(shape, order, values):
    array = np.empty(shape, dtype=object, order=order)
    flat = list(values)
    for at, index in enumerate(np.ndindex(*shape)):
        array[index] = flat[at % len(flat)]
    return array


def cases():
    some = [None, "two", 3, 4.5, b"six", [1, 2], {"k": (1, 2)}, True, 1 << 70, 1 + 2j, range(3), {1, 2}]
    inner = np.arange(6.0).reshape(2, 3)
    record = np.dtype([("name", "O"), ("at", "<i4"), ("pair", "O", (2,))])
    rows = np.zeros(3, record)
    rows["name"] = ["a", None, inner]
    rows["at"] = [1, 2, 3]
    rows["pair"][:] = "x"
    aligned = np.zeros(2, np.dtype([("flag", "?"), ("what", "O")], align=True))
    aligned["what"] = [1, "y"]
    shared = ["shared"]
    return {
        "mixed": filled((12,), "C", some),
        "table": filled((3, 4), "C", some),
        "fortran": filled((3, 4), "F", some),
        "cube": filled((2, 1, 3), "F", some),
        "scalar": filled((), "C", [{"one": 1}]),
        "empty": np.empty((0, 3), dtype=object),
        "ragged": filled((3,), "C", [np.arange(3), inner, np.array(["a", "bc"])]),
        "repeated": filled((4,), "C", [inner, shared, inner, shared]),
        "within": filled((2,), "C", [filled((2,), "C", [inner, None]), {"w": inner}]),
        "strings": filled((1000,), "C", [f"name {i}" for i in range(1000)]),
        "dates": filled((2,), "C", [datetime.datetime(2020, 2, 29, 1, 2, 3), datetime.timedelta(3)]),
        "record": rows,
        "aligned": aligned,
        "long": filled((2,), "C", ["x" * 100_000, bytes(70_000)]),
        "large": filled((2,), "C", [np.arange(100_000), np.arange(3)]),
        "ordered": filled((1,), "C", [collections.OrderedDict(a=1, b=2)]),
    }


def npy_bytes(array, protocol):
    """np.save, with the protocol of one's choice."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
    pickle.dump(array, out, protocol=protocol)
    return out.getvalue()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def shown(path, *words):
    answer = run("show", "--json", path, *words)
    return (json.loads(answer.out), None) if answer.code == 0 else (None, answer.err)


def digests(path):
    answer = run("digest", "--json", path)
    return {item["name"]: item["sha256"] for item in json.loads(answer.out or b"[]")}


def check_npy(report, folder, all_cases):
    def one(item):
        name, protocol = item
        array = all_cases[name]
        npy = write(os.path.join(folder, f"{name}-{protocol}.npy"), npy_bytes(array, protocol))
        alone = write(os.path.join(folder, f"{name}-{protocol}.pkl"), pickle.dumps(array, protocol))
        (got, why), (expected, other) = shown(npy), shown(alone)
        if why or other or got != expected:
            return f"show: {why or other or str(got)[:200]}"
        listed = json.loads(run("ls", "--json", npy).out)["items"]
        if [(i["name"], i["kind"], i["shape"], i["storage"]["layout"]) for i in listed] != [("", "array", list(array.shape), "objects")]:
            return f"ls: {listed}"
        verified = run("verify", npy)
        if verified.code != 0 or verified.out.strip():
            return f"verify: {verified.err} {verified.out}"
        # The value's own hash, whatever else the pickle lists.
        whole = digests(npy)[""]
        return None if whole in digests(alone).values() else "digest"

    items = [(name, protocol) for name in all_cases for protocol in range(6)]
    found = zip(items, each(one, items))
    report.check("npy", [(f"{n} in protocol {p}", why) for (n, p), why in found if why], len(items))


def loaded(path, form, name):
    """What NumPy loads of it."""
    if form == "pkl":
        return pickle.load(open(path, "rb"))
    if form in ("npz", "packed.npz"):
        with np.load(path, allow_pickle=True) as archive:
            return archive[name]
    return np.load(os.path.join(path, f"{name}.npy") if form == "folder" else path, allow_pickle=True)


def check_written(report, folder, all_cases):
    forms = ["npy", "npz", "packed.npz", "folder", "pkl"]

    def one(item):
        name, form = item
        array = all_cases[name]
        source = os.path.join(folder, f"{name}.npy")
        paths = [os.path.join(folder, f"{name}{turn}." + form) for turn in "ab"]
        for path in paths:
            words = ["--to", "folder"] if form == "folder" else ["--compress=6"] if form == "packed.npz" else []
            answer = run("convert", *words, source, path)
            if answer.code:
                return answer.err
        back = loaded(paths[0], form, name)
        if not same(back, array) or back.flags.fnc != array.flags.fnc:
            return f"loads as {back!r:.200}"
        if form != "folder" and read(paths[0]) != read(paths[1]):
            return "other bytes the second time"
        where = paths[0] if form in ("npy", "pkl") else f"{paths[0]}:{name}"
        answer = run("diff", source, where) if form == "npy" else run("verify", paths[0])
        # Of folders it says that NP.hh reads no objects.
        if answer.code or answer.out.strip() and form != "folder":
            return f"{answer.out} {answer.err}"
        got, why = shown(where)
        return why or (None if got == shown(source)[0] else "show")

    for name, array in all_cases.items():
        np.save(os.path.join(folder, f"{name}.npy"), array, allow_pickle=True)
    items = [(name, form) for name in all_cases for form in forms]
    found = zip(items, each(one, items))
    report.check("written", [(f"{n} as {f}", why) for (n, f), why in found if why], len(items))


def check_npz(report, folder, all_cases):
    checks = Checks()

    def expect(good, name, why):
        checks.add(good, str(why)[:300], name)

    plain = {"plain": np.arange(10), **all_cases}
    stored, packed = os.path.join(folder, "stored.npz"), os.path.join(folder, "zipped.npz")
    np.savez(stored, **plain)
    np.savez_compressed(packed, **plain)
    again, tree = os.path.join(folder, "again.npz"), os.path.join(folder, "tree")
    for source, target, words in [(stored, again, ["--compress=1"]), (packed, tree, [])]:
        answer = run("convert", *words, source, target)
        expect(answer.code == 0, target, answer.err)
    for other in (packed, again, tree):
        answer = run("diff", stored, other)
        expect(answer.code == 0 and not answer.out, f"diff with {other}", answer.out + answer.err.encode())
        expect(digests(stored) == digests(other), f"digests of {other}", "differ")
    answer = run("verify", packed)
    expect(answer.code == 0 and not answer.out.strip(), "verify", answer.out)
    for name, array in plain.items():
        expect(same(loaded(again, "npz", name), array), name, "loads otherwise")
        expect(same(loaded(tree, "folder", name), array), name, "loads otherwise from the folder")
    changed = filled((3, 4), "C", ["other"])
    changed[0, 0], changed[2, 3] = all_cases["table"][0, 0], all_cases["table"][2, 3]
    np.savez(again, **{**plain, "table": changed})
    answer = run("diff", stored, again)
    line = answer.out.decode()
    expect(answer.code == 1 and line.startswith("table: 10 of 12 values differ, first at (0, 1): "), "diff", line)
    # A byte of a member's pickle, of which a checksum is kept.
    data = bytearray(read(stored))
    data[data.index(b"name 777") + 7] ^= 1
    answer = run("show", write(os.path.join(folder, "changed.npz"), data), "strings")
    expect(answer.code == 1 and "CRC-32" in answer.err, "checksum", answer.err)
    report.check("npz", checks.faults, checks.total)


def check_pickle(report, folder, all_cases):
    checks = Checks()

    def expect(good, name, why):
        checks.add(good, str(why)[:300], name)

    layers = {"layer": {"weight": np.arange(6.0).reshape(2, 3), "names": all_cases["strings"]}, "bias": np.ones(3)}
    source = write(os.path.join(folder, "layers.pkl"), pickle.dumps(layers))
    archive, back = os.path.join(folder, "layers.npz"), os.path.join(folder, "back.pkl")
    for a, b in [(source, archive), (archive, back)]:
        answer = run("convert", a, b)
        expect(answer.code == 0, b, answer.err)
    with np.load(archive, allow_pickle=True) as found:
        expect(sorted(found) == ["bias", "layer/names", "layer/weight"], "names", sorted(found))
        expect(same(found["layer/names"], layers["layer"]["names"]), "names", "differ")
    expect(same(pickle.loads(read(back)), layers), "back", "differs")
    for name, value in [("steps", 7), ("label", "text"), ("items", [1, 2]), ("mean", np.float32(2))]:
        other = write(os.path.join(folder, f"{name}.pkl"), pickle.dumps({**layers, name: value}))
        for target in (f"{name}.npz", f"{name}.folder/"):
            answer = run("convert", other, os.path.join(folder, target))
            good = answer.code and len(answer.err.splitlines()) == 1 and f": {name}: " in answer.err and "not supported" in answer.err
            expect(good, f"{name} to {target}", answer.err)
    alone = write(os.path.join(folder, "alone.pkl"), pickle.dumps(7))
    answer = run("convert", alone, os.path.join(folder, "alone.npy"))
    expect(answer.code and "int as an array" in answer.err, "an int as npy", answer.err)
    report.check("pickle", checks.faults, checks.total)


def check_names(report, folder, all_cases):
    expected = {
        "ragged": ["", "[0]", "[1]", "[2]"],
        "repeated": ["", "[0]"],
        "within": ["", "[0]", "[0]/items/0"],
        "record": ["", "[0]/2", "[1]/2", "[2]/0", "[2]/2"],
    }
    faults = []
    for name, names in expected.items():
        found = list(digests(os.path.join(folder, f"{name}.npy")))
        if found != names:
            faults.append((name, str(found)))
    listed = digests(os.path.join(folder, "stored.npz"))
    if "within[0]/items/0" not in listed:
        faults.append(("npz", str(list(listed))))
    report.check("names", faults, len(expected) + 1)


def check_dask(report, folder, all_cases):
    """As dask.array.to_npy_stack has it: the files, and a pickle of chunks, dtype and axis."""
    faults, whole = [], np.arange(60, dtype=">i4").reshape(10, 6)
    for axis in (0, 1):
        stack = os.path.join(folder, f"stack{axis}")
        os.mkdir(stack)
        parts = np.split(whole, [3, 5], axis)
        for at, part in enumerate(parts):
            np.save(os.path.join(stack, f"{at}.npy"), part)
        chunks = [(10,), (6,)]
        chunks[axis] = tuple(part.shape[axis] for part in parts)
        with open(os.path.join(stack, "info"), "wb") as file:
            pickle.dump({"chunks": tuple(chunks), "dtype": whole.dtype, "axis": axis}, file)
        found = digests(stack)
        alone = os.path.join(folder, "whole.npy")
        np.save(alone, whole)
        if axis == 0 and found != digests(alone):
            faults.append(("stack", str(found)))
        if axis == 1 and list(found) != ["0", "1", "2", "info"]:
            faults.append(("along the second axis", str(found)))
        if run("verify", stack).code:
            faults.append((stack, "verify"))
    report.check("dask", faults, 4)


def check_shelve(report, folder, all_cases):
    values = {"a": 1, "list": [1, "two", 3.0], "weights": {"w": np.arange(12.0).reshape(3, 4)}, "long": np.arange(20000), "text": "x" * 5000, "p\u00e4th/x": None}
    many = {f"n{i}": np.arange(i) for i in range(100)}
    dumb, sqlite = os.path.join(folder, "dumb"), os.path.join(folder, "shelf.sqlite")
    with shelve.Shelf(dbm.dumb.open(dumb)) as shelf:
        shelf.update({**values, **many})
        del shelf["n5"]
    with contextlib.closing(sqlite3.connect(sqlite)) as database:
        database.execute("CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)")
        rows = [(k.encode(), pickle.dumps(v)) for k, v in {**values, **many}.items() if k != "n5"]
        database.executemany("REPLACE INTO Dict (key, value) VALUES (CAST(? AS BLOB), CAST(? AS BLOB))", rows)
        database.commit()
    expected = {k: v for k, v in {**values, **many}.items() if k != "n5"}
    faults, total = [], 0
    for path in (dumb, dumb + ".dat", dumb + ".dir", sqlite):
        target = os.path.join(folder, "shelf.pkl")
        answer = run("convert", path, target)
        total += 2
        if answer.code or not same(pickle.loads(read(target)), expected):
            faults.append((path, answer.err or "values differ"))
        if run("verify", path).code or digests(path).get("weights/w") not in digests(target).values():
            faults.append((path, "verify or digest"))
    write(sqlite + "-wal", b"log")
    answer = run("ls", sqlite)
    if "not supported: a database that is open" not in answer.err:
        faults.append(("a log beside it", answer.err))
    got, why = shown(os.path.join(ROOT, "corpus", "shelve", "small.gdbm"), "list")
    if got != [1, "two", 3.0]:
        faults.append(("gdbm", why or str(got)))
    text = read(dumb + ".dir")
    write(dumb + ".dir", text.replace(b"(0, ", b"(99999999, "))
    answer = run("ls", dumb)
    if answer.code != 1 or "expected a value within" not in answer.err:
        faults.append(("a value beyond the file", answer.err))
    report.check("shelve", faults, total + 3)


def check_torch(report, folder, all_cases):
    torch = os.path.join(ROOT, "corpus", "torch")
    with open(os.path.join(torch, "truth.json"), encoding="utf-8") as file:
        truth = json.load(file)["files"]
    faults, total = [], 0
    for name, tensors in truth.items():
        path = os.path.join(torch, name)
        answer = run("digest", "--json", path)
        found = {item["name"]: [item.get("shape"), item["sha256"]] for item in json.loads(answer.out or b"[]")}
        wrong = [tensor for tensor, told in tensors.items() if found.get(tensor) != told]
        total += len(tensors) + 1
        faults += [(f"{name}: {tensor}", str(found.get(tensor))) for tensor in wrong]
        if run("verify", path).code:
            faults.append((name, "verify"))
    archive = os.path.join(folder, "state.npz")
    answer = run("convert", os.path.join(torch, "state-zip.pt"), archive)
    if answer.code or run("diff", archive, os.path.join(torch, "state-old.pt")).code:
        faults.append(("converted", answer.err))
    answer = run("convert", os.path.join(torch, "odd-zip.pt"), os.path.join(folder, "odd.npz"))
    if not answer.code or ": q: " not in answer.err:
        faults.append(("a quantized tensor", answer.err))
    report.check("torch", faults, total + 2)


class Evil:
    def __reduce__(self):
        return os.system, ("touch npstow-was-here",)


def check_bad(report, folder, all_cases):
    array = all_cases["mixed"]
    good = npy_bytes(array, 4)
    start = len(good) - len(pickle.dumps(array, protocol=4))
    header = good[:start]
    bad = {f"cut at {at}": good[:at] for at in range(len(good))}
    for name, value in [
        ("evil", Evil()),
        ("list", array.tolist()),
        ("plain array", np.arange(12)),
        ("other shape", array.reshape(3, 4)),
        ("record", np.zeros(12, [("a", "O")])),
        ("number", 7),
    ]:
        bad[name] = header + pickle.dumps(value, protocol=4)
    faults = []

    def one(item):
        name, data = item
        path = write(os.path.join(folder, f"{name.replace(' ', '-')}-bad.npy"), data)
        answers = [run("verify", path), run("show", path), run("digest", path)]
        if answers[0].code != 1:
            return f"verify: exit {answers[0].code}"
        return next((why for answer in answers[1:] if (why := not_a_refusal(answer, path))), None)

    faults += [(name, why) for name, why in zip(bad, each(one, bad.items())) if why]
    # Within: what is called is an element, and stays a name.
    evil = filled((2,), "C", [Evil(), 1])
    path = os.path.join(folder, "evil-within.npy")
    np.save(path, evil, allow_pickle=True)
    got, why = shown(path)
    name = "nt.system" if os.name == "nt" else "posix.system"
    if why or got["$array"]["items"][0] != {"$object": {"class": name, "args": ["touch npstow-was-here"]}}:
        faults.append(("evil within", why or str(got)))
    # A member of an archive ends where the next one begins, whatever its pickle says.
    archive = os.path.join(folder, "over.npz")
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("a.npy", good[:-3])
        out.writestr("b.npy", good)
    answer = run("show", archive, "a")
    if answer.code != 1 or not_a_refusal(answer, archive):
        faults.append(("a pickle beyond its member", answer.err))
    # Behind the pickle there may be more.
    path = write(os.path.join(folder, "more.npy"), good + good)
    answer = run("verify", path)
    if answer.code or b"bytes behind the data" not in answer.out:
        faults.append(("two arrays in a file", answer.out))
    if os.path.exists("npstow-was-here"):
        faults.append(("evil", "was run"))
    report.check("bad", faults, len(bad) + 5)


def main():
    report = Report()
    all_cases = cases()
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_npy, check_written, check_npz, check_pickle, check_names, check_dask, check_shelve, check_torch, check_bad):
            check(report, folder, all_cases)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(report.failed > 0)


if __name__ == "__main__":
    main()
