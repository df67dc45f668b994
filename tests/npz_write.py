#!/usr/bin/env python3
"""Lets npstow write archives and everyone else read them: NumPy, zipfile, unzip, 7-Zip.

    NPSTOW=target/release/npstow python tests/npz_write.py [--seed N]

Needs NumPy 2.x; what is not installed of unzip and 7z is skipped and said so.
  written    trees of every dtype, order and shape, stored and packed with each kind of level: np.load gives what was given, zipfile
             and the programs find no fault, npstow's own digests agree
  the same   twice, and through a pipe, the same bytes
  aligned    stored arrays begin at multiples of 64: numpy.memmap shows them where they lie
  honest     no data descriptors: local headers say the sizes and checksums of the directory; zip64 only where it must be
  parts      random slices of packed arrays are those of NumPy
  large      members of more than 4 GiB, packed to a file and stored into a pipe
"""
import argparse
import hashlib
import json
import os
import shutil
import struct
import subprocess
import tempfile
import zipfile
import zlib

import numpy as np

from common import TARGET, Report, given, npstow, run

SEED = 20261127
LARGE = (1 << 32) + 4096
FORMS = {"stored": [], "level 0": ["--compress=0"], "level 1": ["--compress=1"], "level 6": ["--compress"], "level 12": ["--compress=12"]}
PROGRAMS = {"unzip": ["unzip", "-tqq"], "7z": ["7z", "t"]}


def trees(seed):
    """Name of the tree, and its arrays by name."""
    chance = np.random.default_rng(seed)
    kinds = "?bBhHiIqQefdgFDGSUV"
    small = {}
    for code in kinds:
        dtype = np.dtype({"S": "S5", "U": "U3", "V": "V7"}.get(code, code))
        for shape in [(), (0,), (1,), (7, 3), (2, 0, 3)]:
            raw = chance.integers(0, 2 if code == "?" else 90, size=shape + (dtype.itemsize,), dtype="u1")
            if code == "U":
                array = chance.choice(np.array(["ab", "é", "", "日本語"]), size=shape).astype(dtype)
            elif code in "gG":
                array = chance.random(shape).astype(dtype)
            else:
                array = np.frombuffer(raw.tobytes(), dtype).reshape(shape)
            small[f"{dtype.name}/{'x'.join(map(str, shape)) or 'scalar'}"] = np.asarray(array)
    for unit in ("D", "25s", "ns"):
        small[f"dates/{unit}"] = np.array(["2026-11-25", "NaT"], f"M8[{unit}]")
    record = np.zeros(5, [("id", ">u4"), ("pos", "<f4", (3,)), ("name", "U4"), ("inner", [("flag", "?"), ("x", "f8")])])
    record["id"], record["name"] = np.arange(5), "αβ"
    small["records"] = record
    yield "small", small
    smooth = np.cumsum(chance.standard_normal((700, 900)), axis=0)
    yield "orders", {
        "c": smooth.astype("<f4"),
        "f": np.asfortranarray(smooth.astype(">f8")),
        "noise": chance.integers(0, 256, 3_000_001, dtype="u1"),
        "zeros": np.zeros((3000, 1000), "<i2"),
        "just a block": np.zeros((1 << 20) - 128, "u1"),
        "a block and a byte": np.zeros((1 << 20) - 127, "u1"),
    }
    names = ["ünïcødé/日本", "with space", "a/b/c/d", "ends.npy", "file", "(1)", "x" * 200]
    yield "names", {name: np.array([i]) for i, name in enumerate(names)}
    yield "many", {f"g{i % 10}/a{i}": chance.random((100, 4)).astype("f4") for i in range(4000)}
    yield "nothing", {}


def read_fault(path, arrays):
    with np.load(path) as archive:
        if sorted(archive.files) != sorted(arrays):
            return f"names {archive.files[:5]}"
        for name, array in arrays.items():
            found = archive[name]
            if found.dtype != array.dtype or found.shape != array.shape:
                return f"{name}: {found.dtype} {found.shape}"
            if found.tobytes() != array.tobytes():
                return f"{name}: content"
            if array.ndim > 1 and array.size and found.flags.f_contiguous != array.flags.f_contiguous:
                return f"{name}: memory order"
    return None


def structure_fault(path, stored):
    """Local headers against the directory, and where stored arrays lie."""
    with open(path, "rb") as file, zipfile.ZipFile(path) as archive:
        bad = archive.testzip()
        if bad:
            return f"zipfile: {bad}"
        for info in archive.infolist():
            file.seek(info.header_offset)
            head = struct.unpack("<4s5H3L2H", file.read(30))
            flags, crc, packed, size, name_len, extra_len = head[2], *head[6:]
            if flags & 8:
                return f"{info.filename}: a data descriptor"
            if (crc, packed, size) != (info.CRC, info.compress_size, info.file_size):
                return f"{info.filename}: the local header says {crc, packed, size}"
            start = info.header_offset + 30 + name_len + extra_len
            if stored:
                file.seek(start)
                magic = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0 if magic == (1, 0) else np.lib.format.read_array_header_2_0
                read(file)
                if file.tell() % 64:
                    return f"{info.filename}: data at {file.tell()}"
    return None


def program_faults(path):
    for name, words in PROGRAMS.items():
        if shutil.which(words[0]):
            done = subprocess.run([*words, path], capture_output=True)
            # An archive without members is worth a warning to unzip.
            if done.returncode and os.path.getsize(path) > 22:
                yield f"{name}: exit {done.returncode}: {(done.stdout + done.stderr)[-200:]}"


def digests(path):
    answer = run("digest", "--json", path)
    assert answer.code == 0, answer.err
    return [(item["name"], item["shape"], item["sha256"]) for item in json.loads(answer.out)]


def one(folder, name, source, arrays, form, more):
    """Faults of one tree written in one form."""
    path = os.path.join(folder, f"{name}-{form.replace(' ', '')}.npz")
    answer = run("convert", source, path, *more, seconds=300)
    if answer.code:
        return [f"exit {answer.code}: {answer.err[-200:]}"]
    faults = [read_fault(path, arrays), structure_fault(path, not more), *program_faults(path)]
    if digests(path) != digests(source):
        faults.append("digests differ")
    content = open(path, "rb").read()
    again = subprocess.run([npstow(), "convert", path, "-", "--to", "npz", *more], capture_output=True)
    if again.stdout != content:
        faults.append(f"through a pipe other bytes, exit {again.returncode}: {again.stderr[-200:]}")
    if more and name == "orders":
        faults += slice_faults(path, arrays)
    os.remove(path)
    return [fault for fault in faults if fault]


def slice_faults(path, arrays, count=15):
    chance = np.random.default_rng(len(path))
    for name in ("c", "f", "noise"):
        array = arrays[name]
        for _ in range(count):
            parts = []
            for length in array.shape:
                start, stop = sorted(int(n) for n in chance.integers(0, length, 2))
                parts.append(slice(start, stop + 1, int(chance.integers(1, 50))))
            text = ", ".join(f"{p.start}:{p.stop}:{p.step}" for p in parts)
            answer = run("show", "--json", f"{path}:{name}", "-s", text)
            part = np.ascontiguousarray(array[tuple(parts)])
            little = part.astype(part.dtype.newbyteorder("<"))
            wanted = hashlib.sha256(little.tobytes()).hexdigest()
            found = json.loads(answer.out)["$array"]["sha256"] if answer.code == 0 else answer.err
            if found != wanted:
                yield f"{name}[{text}]: {found}"


def map_fault(folder):
    """Stored arrays can be mapped by anyone who knows where they lie."""
    path, array = os.path.join(folder, "map.npz"), np.arange(1000, dtype="<f8").reshape(50, 20)
    np.savez(os.path.join(folder, "plain.npz"), a=array, b=array)
    run("convert", os.path.join(folder, "plain.npz"), path)
    items = json.loads(run("ls", "--json", path).out)["items"]
    for item in items:
        found = np.memmap(path, item["descr"], "r", item["storage"]["offset"], tuple(item["shape"]))
        if item["storage"]["offset"] % 64 or not np.array_equal(found, array):
            return f"{item['name']} at {item['storage']['offset']}"
    return None


def large_faults(folder):
    source, packed = os.path.join(folder, "large.npy"), os.path.join(folder, "large.npz")
    header = np.lib.format
    with open(source, "wb") as file:
        header.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (LARGE,)})
        at = file.tell()
        file.truncate(at + LARGE)
        file.seek(at + LARGE - 3)
        file.write(b"end")
    answer = run("convert", source, packed, "--compress=1", seconds=300)
    if answer.code:
        yield f"packing: exit {answer.code}: {answer.err}"
        return
    with zipfile.ZipFile(packed) as archive:
        (info,) = archive.infolist()
        if info.file_size != at + LARGE:
            yield f"size {info.file_size}"
    answer = run("show", "--json", f"{packed}:large", "-s", f"{LARGE - 3}:")
    if answer.code or json.loads(answer.out)["$array"]["sha256"] != hashlib.sha256(b"end").hexdigest():
        yield f"its end: exit {answer.code}: {answer.err}"
    answer = run("verify", packed, seconds=300)
    if answer.code:
        yield f"verify: exit {answer.code}: {answer.err}"
    # Stored, into a pipe: zip64 in the local header, the checksum in front of the data.
    child = subprocess.Popen([npstow(), "convert", source, "-", "--to", "npz"], stdout=subprocess.PIPE)
    head = child.stdout.read(30)
    crc, size, wide, name_len, extra_len = *struct.unpack("<3L", head[14:26]), *struct.unpack("<2H", head[26:30])
    extra = child.stdout.read(name_len + extra_len)[name_len:]
    sizes = struct.unpack("<2HQQ", extra[:20])
    if (size, wide) != (0xFFFFFFFF, 0xFFFFFFFF) or sizes != (1, 16, at + LARGE, at + LARGE):
        yield f"zip64 of the local header: {size, wide, sizes}"
    found, left = 0, at + LARGE
    while left:
        block = child.stdout.read(min(left, 1 << 24))
        if not block:
            break
        found, left = zlib.crc32(block, found), left - len(block)
    child.stdout.read()
    if child.wait() or left or found != crc:
        yield f"stored: exit {child.returncode}, {left} bytes missing, checksum {found:x} of {crc:x}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    for name in PROGRAMS:
        if not shutil.which(name):
            print(f"skipped: {name} is not installed")
    os.makedirs(TARGET, exist_ok=True)
    report = Report()
    with tempfile.TemporaryDirectory(dir=TARGET) as folder:
        for name, arrays in trees(args.seed):
            source = given(folder, name, arrays)
            for form, more in FORMS.items():
                faults = one(folder, name, source, arrays, form, more)
                report.check(f"{name}, {form}: {len(arrays)} arrays", [(form, fault) for fault in faults], 1)
        report.check("stored arrays are mapped", [("map", fault) for fault in [map_fault(folder)] if fault], 1)
        report.check("members of more than 4 GiB", [("large", fault) for fault in large_faults(folder)], 1)
    report.finish()


if __name__ == "__main__":
    main()
