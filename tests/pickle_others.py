#!/usr/bin/env python3
"""Pickles held against pickletools, against random values, and against other Pythons.

    NPSTOW=target/release/npstow NPSTOW_EXAMPLES=target/debug/examples python tests/pickle_others.py

Needs NumPy 2.x and hypothesis.
  opcodes   the example `opcodes` lists what pickletools.genops lists: over the corpus of real files, over seeds of the fuzzer, and over seeds with bytes changed
  names     `scan` names what pickletools finds, over the corpus of real files
  random    values of hypothesis in protocols 0 to 5: `show --json` is the value, and what is written in protocols 2 to 5 CPython loads equal
  pythons   what other Pythons dump, in all their protocols, is the same values; what is written they load equal
The corpus is not part of the repository, and other Pythons may not be there: that is said, and the rest is checked.
Other Pythons are those of NPSTOW_PYTHONS (paths, with ':' between them), else those of pyenv and of the PATH.
"""
import glob
import json
import os
import pickle
import pickletools
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from hypothesis import HealthCheck, given, settings, strategies

from common import ROOT, Report, each, npstow, run
from pickles import equal_json, expected, names_of, show

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")
OPCODES = os.path.join(os.environ.get("NPSTOW_EXAMPLES") or os.path.join(ROOT, "target/debug/examples"), "opcodes")
SEEDS = os.path.join(ROOT, "fuzz", "seeds", "pickle_read")


def corpus():
    """Pickles of real programs; those that are packed are not among them."""
    if not os.path.isdir(CORPUS):
        print(f"SKIPPED in part: no corpus of real files at {os.path.relpath(CORPUS)}; set NPSTOW_CORPUS to its folder")
        return []
    with open(os.path.join(CORPUS, "manifest.jsonl"), encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["kind"] == "pickle"]
    paths = [os.path.join(CORPUS, row["path"]) for row in rows]
    def plain(path):
        with open(path, "rb") as f:
            return f.read(2) != b"\x1f\x8b"
    return [path for path in paths if os.path.isfile(path) and plain(path)]


def argument(op, data, end):
    """What the example prints behind the name of an opcode: of the bytes, not of what Python makes of them."""
    at = end["at"] + 1
    arg = op.arg
    if arg is None:
        end["at"] = at
        return ""
    def line():
        nonlocal at
        stop = data.index(b"\n", at)
        text, at = data[at:stop], stop + 1
        return text.hex()
    def taken(n):
        nonlocal at
        part, at = data[at : at + n], at + n
        return part
    sizes = {"uint1": ("<B", 1), "uint2": ("<H", 2), "int4": ("<i", 4), "uint4": ("<I", 4), "uint8": ("<Q", 8)}
    lengths = {"string1": "uint1", "string4": "int4", "bytes1": "uint1", "bytes4": "uint4", "bytes8": "uint8", "bytearray8": "uint8", "unicodestring1": "uint1", "unicodestring4": "uint4", "unicodestring8": "uint8", "long1": "uint1", "long4": "int4"}
    name = arg.name
    if name in sizes:
        form, n = sizes[name]
        out = str(struct.unpack(form, taken(n))[0])
    elif name in lengths:
        form, n = sizes[lengths[name]]
        out = taken(struct.unpack(form, taken(n))[0]).hex()
    elif name == "float8":
        out = taken(8).hex()
    elif name == "stringnl_noescape_pair":
        out = line() + " " + line()
    else:
        out = line()
    end["at"] = at
    return out


def genops(data):
    """(lines, whether it ends well) of pickletools."""
    out = []
    try:
        for op, _, at in pickletools.genops(data):
            out.append(f"{at} {op.name} {argument(op, data, {'at': at})}".rstrip())
        return out, True
    except Exception:
        return out, False


def listed(paths):
    """path -> lines of the example."""
    found = {}
    for start in range(0, len(paths), 200):
        done = subprocess.run([OPCODES, *paths[start : start + 200]], capture_output=True, text=True, check=True)
        lines = None
        for text in done.stdout.splitlines():
            if text in paths and text not in found:
                lines = found[text] = []
            else:
                lines.append(text.rstrip())
    return found


def check_opcodes(report, paths, folder):
    seeds = sorted(glob.glob(os.path.join(SEEDS, "*")))
    rng, changed = random.Random(6), []
    for number in range(1500):
        with open(rng.choice(seeds), "rb") as f:
            data = bytearray(f.read())
        for _ in range(rng.randint(1, 3)):
            if data:
                data[rng.randrange(len(data))] = rng.choice([rng.randrange(256), *b".(0tRbu\n\x94\x8c"])
        path = os.path.join(folder, f"changed-{number}")
        with open(path, "wb") as f:
            f.write(data)
        changed.append(path)
    paths = [*paths, *seeds, *changed]
    found, faults = listed(paths), []
    for path in paths:
        with open(path, "rb") as f:
            want, good = genops(f.read())
        got = found[path]
        if good:
            ok = got == want
        else:
            # pickletools also decodes what follows an opcode; npstow does that when it runs it.
            ok = got[: len(want)] == want
        if not ok:
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
            faults.append((os.path.basename(path), f"opcode {at}: {got[at:at + 1]} instead of {want[at:at + 1]}"))
    report.check("opcodes", faults, len(paths))


def check_names(report, paths):
    def one(path):
        with open(path, "rb") as f:
            data = f.read()
        want = []
        try:
            whole = True
            want = names_of(data)
        except Exception:
            whole = False
        done = run("scan", "--json", path)
        try:
            answer = json.loads(done.out)
        except ValueError:
            return path, f"exit {done.code}: {done.err[-200:]}"
        end = answer["end"] if answer.get("end") else len(data)
        got = [(g["offset"], g["extension"] if "extension" in g else f"{g['module']}.{g['name']}") for g in answer["globals"] if g["depth"] == 0 and "persistent" not in g and g["offset"] < end]
        if not whole or answer.get("error"):
            # Both end somewhere: up to there they agree.
            few = min(len(got), len(want))
            return (path, None) if not whole or got[:few] == want[:few] else (path, f"{got[:5]} instead of {want[:5]}")
        return path, None if got == want else f"{got[:5]} instead of {want[:5]}"

    faults = [(os.path.relpath(path, CORPUS), why) for path, why in each(one, paths) if why]
    report.check("names", faults, len(paths))


KEYS = strategies.one_of(strategies.none(), strategies.booleans(), strategies.integers(), strategies.text(max_size=20), strategies.binary(max_size=20))
LEAVES = strategies.one_of(KEYS, strategies.floats(allow_nan=False), strategies.complex_numbers(allow_nan=False), strategies.integers(-(2**300), 2**300), strategies.binary(max_size=20).map(bytearray), strategies.sets(KEYS, max_size=4), strategies.frozensets(KEYS, max_size=4))
VALUES = strategies.recursive(LEAVES, lambda inner: strategies.one_of(strategies.lists(inner, max_size=5), strategies.lists(inner, max_size=5).map(tuple), strategies.dictionaries(KEYS, inner, max_size=5), inner.map(lambda x: [x, x])), max_leaves=25)


def check_random(report, folder):
    faults, count = [], 0
    path, out = os.path.join(folder, "x.pkl"), os.path.join(folder, "y.pkl")

    @settings(max_examples=250, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(VALUES, strategies.integers(0, 5), strategies.integers(2, 5))
    def one(value, source, target):
        nonlocal count
        count += 1
        with open(path, "wb") as f:
            pickle.dump(value, f, source)
        got, why = show(path)
        assert equal_json(got, expected(value)), f"{why or got} instead of {value!r}"
        done = run("convert", path, out, "--protocol", str(target))
        assert done.code == 0, done.err
        with open(out, "rb") as f:
            first = f.read()
        loaded = pickle.loads(first)
        assert same_value(loaded, value), f"{loaded!r} instead of {value!r}"
        # Written once more it is the same.
        assert run("convert", out, path, "--protocol", str(target)).code == 0
        with open(path, "rb") as f:
            assert f.read() == first, f"{value!r} is written otherwise the second time"

    try:
        one()
    except Exception as e:
        faults.append(("value", str(e)[:600]))
    report.check("random", faults, max(count, 1))


def same_value(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same_value, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(same_value(x, y) and same_value(a[x], b[y]) for x, y in zip(a, b))
    if isinstance(a, (set, frozenset)):
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)


# What Python 2 and Python 3 both have; text that Python 2 would take for bytes is marked.
SOURCE = r'''
import sys, pickle
def values():
    u = lambda b: b.decode("utf-8")
    yield "none", [None, True, False]
    yield "ints", [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -2**31, 2**31, 2**62, 2**63, -2**63, 2**64, 10**40, -10**40]
    yield "floats", [0.0, -0.0, 1.5, 1e300, 1e-320, float("inf"), float("-inf"), 0.1]
    yield "complex", [1 + 2j, complex(-0.0, 3)]
    yield "text", [u(b""), u(b"a"), u(b"\xce\xbb\xe2\x82\xac\xf0\x9d\x84\x9e"), u(b"\\u\n\0x")]
    yield "bytes", [bytearray(b""), bytearray(b"a\x00\xff\n")]
    yield "lists", [[], [1, [2, [3]]], list(range(2500))]
    yield "tuples", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]
    yield "sets", [set([1, 2]), frozenset([3]), set()]
    yield "dicts", [{}, {"a": 1}, {1: 2}, {(1, 2): [3]}]
    shared = ["s"]
    yield "shared", [shared, shared]
'''
DUMP = SOURCE + r'''
for name, value in values():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with open("%s/%s-%d.pkl" % (sys.argv[1], name, protocol), "wb") as f:
            pickle.dump(value, f, protocol)
'''
LOAD = SOURCE + r'''
bad = 0
for name, value in values():
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        with open("%s/%s-%d.pkl" % (sys.argv[1], name, protocol), "rb") as f:
            found = pickle.load(f)
        # Python 2 prints long integers and text of Unicode otherwise, though they are equal.
        if found != value or sys.version_info[0] > 2 and repr(found) != repr(value) and name != "sets":
            bad += 1
            print("%s in protocol %d: %r instead of %r" % (name, protocol, found, value))
print("checked")
'''


def pythons():
    given_ = os.environ.get("NPSTOW_PYTHONS")
    if given_ is not None:
        return [path for path in given_.split(":") if path]
    found = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python")))
    more = map(shutil.which, ("python2.7", "python3.12", "python3.13", "python3.14"))
    return found + [path for path in more if path and "/shims/" not in path]


def check_pythons(report, folder):
    space = {}
    exec(SOURCE, space)
    values = dict(space["values"]())
    others = pythons()
    if not others:
        print("SKIPPED in part: no other Python; set NPSTOW_PYTHONS to their paths")
    for number, python in enumerate(others):
        asked = subprocess.run([python, "-c", "import sys, pickle; print('%d.%d.%d %d' % (sys.version_info[:3] + (pickle.HIGHEST_PROTOCOL,)))"], capture_output=True, text=True)
        if asked.returncode:
            print(f"SKIPPED in part: {python} does not run")
            continue
        version, highest = asked.stdout.split()
        here, out = os.path.join(folder, f"from-{number}"), os.path.join(folder, f"to-{number}")
        os.mkdir(here), os.mkdir(out)
        subprocess.run([python, "-c", DUMP, here], check=True)
        faults, total = [], 0
        for name, value in values.items():
            for protocol in range(int(highest) + 1):
                path, total = os.path.join(here, f"{name}-{protocol}.pkl"), total + 1
                got, why = show(path)
                if not equal_json(got, expected(value)):
                    faults.append((f"{name} protocol {protocol}", why or f"{str(got)[:200]} instead of {str(expected(value))[:200]}"))
                if protocol >= 2:
                    done = run("convert", path, os.path.join(out, f"{name}-{protocol}.pkl"), "--protocol", str(protocol))
                    if done.code:
                        faults.append((f"{name} protocol {protocol} written", done.err))
        report.check(f"Python {version}: read", faults, total)
        loaded = subprocess.run([python, "-c", LOAD, out], capture_output=True, text=True)
        lines = loaded.stdout.splitlines()
        faults = [(f"{number}", line) for number, line in enumerate(lines[:-1])]
        if not lines or lines[-1] != "checked":
            faults.append(("end", loaded.stderr[-500:]))
        report.check(f"Python {version}: written", faults, len(values) * (int(highest) - 1))


def main():
    if not os.path.exists(OPCODES):
        print(f"no example at {OPCODES}: cargo build -p npstow --all-features --examples")
        sys.exit(77)
    npstow()
    report, paths = Report(), corpus()
    with tempfile.TemporaryDirectory() as folder:
        check_opcodes(report, paths, folder)
        check_names(report, paths)
        check_random(report, folder)
        check_pythons(report, folder)
    report.finish()


if __name__ == "__main__":
    main()
