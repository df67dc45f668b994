#!/usr/bin/env python3
"""Reads archives that NumPy, zipfile and Info-ZIP wrote and compares with what NumPy makes of them.

    NPSTOW=target/release/npstow python tests/npz_read.py [--seed N]

Needs NumPy 2.x. The archives are made in target/npz (corpus/gen_npz.py) and kept there until the generator, the seed or a version changes.
  listed    ls --json: names, kinds, dtypes and shapes, in the archive's order
  digest    every array and value: content as NumPy and zipfile read it; by name, too
  verify    nothing wrong, but for the remarks that the generator tells
  refused   archives and members that are to be refused: in one line that names the file and says why, in 1 GiB of address space
  large     a sparse member of more than 4 GiB, with the zip64 field that NumPy writes
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np

from common import ROOT, TARGET, Report, each, not_a_refusal, run
import gen_npz
from truth import npy, read_manifest

MEMORY = 1 << 30
LARGE = (1 << 32) + 5


def archives(seed):
    """Folder and rows of the archives, made now unless they are there."""
    folder = os.path.join(TARGET, "npz")
    stamp = hashlib.sha256(f"{seed} {np.__version__} {sys.version}".encode())
    for name in ("gen_npz.py", "truth.py"):
        with open(os.path.join(ROOT, "corpus", name), "rb") as file:
            stamp.update(file.read())
    mark = os.path.join(folder, "stamp")
    if not os.path.exists(mark) or open(mark).read() != stamp.hexdigest():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, gen_npz.__file__, folder, "--seed", str(seed)], check=True)
        with open(mark, "w") as file:
            file.write(stamp.hexdigest())
    head, rows = read_manifest(os.path.join(folder, "manifest.jsonl"))
    print(f"{head['files']} archives by {head['reference']}, Python {head['python']}, {head['zip'] or 'no zip'}")
    return folder, rows


def listed_fault(folder, row):
    answer = run("ls", "--json", os.path.join(folder, row["path"]))
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    items = [item for item in json.loads(answer.out)["items"] if item["kind"] != "group"]
    want = sorted((m["name"], m["kind"]) for m in row["members"])
    got = sorted((item["name"], item["kind"]) for item in items)
    if got != want:
        return f"{got}, not {want}"
    arrays = {item["name"]: item for item in items if item["kind"] == "array"}
    for member in row["members"]:
        item = arrays.get(member["name"])
        if item and "shape" in member and item["shape"] != member["shape"]:
            return f"{member['name']}: shape {item['shape']}, not {member['shape']}"
    return None


def values(row):
    return {m["name"]: m["sha256"] for m in row["members"] if m["kind"] == "value"}


def digest_fault(folder, row):
    path = os.path.join(folder, row["path"])
    answer = run("digest", "--json", path)
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    got = json.loads(answer.out)
    # groups are listed in one piece, so the order need not be that of the archive
    found = sorted((g["name"], json.dumps(g["descr"]), g["shape"], g["sha256"]) for g in got if g["name"] not in values(row))
    arrays = [m for m in row["members"] if m["kind"] == "array"]
    want = sorted((m["name"], json.dumps(m["digest_descr"]), m["shape"], m["sha256"]) for m in arrays)
    if found != want:
        return f"{[f for f in found if f not in want][:2]}, not {[w for w in want if w not in found][:2]}"
    found = {g["name"]: g["sha256"] for g in got if g["name"] in values(row)}
    if found != values(row):
        return f"values {found}, not {values(row)}"
    names = [m["name"] for m in arrays]
    for member in arrays[:3]:
        if names.count(member["name"]) > 1:
            continue
        one = run("digest", "--json", f"{path}:{member['name']}")
        if one.code or json.loads(one.out)[0]["sha256"] != member["sha256"]:
            return f"{member['name']} by its name: {one.err[-200:].strip() or 'another content'}"
    return None


def verify_fault(folder, row):
    answer = run("verify", os.path.join(folder, row["path"]))
    lines = [line for line in (answer.out.decode() + answer.err).splitlines() if line.strip()]
    if answer.code or answer.crashed():
        return f"exit {answer.code}: {answer.err[-200:].strip()}"
    return None if len(lines) >= row["notes"] else f"{len(lines)} remarks, not {row['notes']}: {lines}"


def refused_fault(folder, row):
    path = os.path.join(folder, row["path"])
    text = row.get("refused") or row["members"][0]["refused"]
    commands = [["digest", "--json"], ["verify"]] + ([["ls", "--json"]] if row.get("refused") else [])
    for command in commands:
        answer = run(*command, path, memory=MEMORY)
        fault = not_a_refusal(answer, path)
        if fault or text not in answer.err:
            return f"{command[0]}: {fault or answer.err.strip()[:200]}"
    return None


def zeros_crc(crc, count):
    block = bytes(1 << 24)
    while count:
        step = min(count, len(block))
        crc = zlib.crc32(block[:step], crc)
        count -= step
    return crc


def large(report):
    """One byte a element, all zeros but the last; only the ends take room on the disk."""
    path = os.path.join(TARGET, "large.npz")
    out = io.BytesIO()
    npy.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": (LARGE,)})
    header = out.getvalue()
    size = len(header) + LARGE
    crc = zlib.crc32(b"\x07", zeros_crc(zlib.crc32(header), LARGE - 1))
    info = zipfile.ZipInfo("x.npy", gen_npz.DATE)
    info.file_size = info.compress_size = size
    info.CRC = crc
    local = info.FileHeader(zip64=True)
    central = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 45, 3, 45, 0, 0, 0, 0, 33, crc, 0xFFFFFFFF, 0xFFFFFFFF, 5, 20, 0, 0, 0, 0, 0)
    central += b"x.npy" + struct.pack("<HHQQ", 1, 16, size, size)
    start = len(local) + size
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(central), start)
    end += struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(central), 1)
    end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), 0xFFFFFFFF, 0)
    with open(path, "wb") as file:
        file.write(local + header)
        file.seek(start - 1)
        file.write(b"\x07" + central + end)
    try:
        with zipfile.ZipFile(path) as archive:
            assert archive.getinfo("x.npy").file_size == size
        faults = []
        answer = run("verify", path, seconds=300, memory=2 << 30)
        if answer.code:
            faults.append(("verify", answer.err[-200:].strip()))
        answer = run("show", f"{path}:x", "-s", "-3:", memory=2 << 30)
        if answer.code or b"7" not in answer.out:
            faults.append(("slice", answer.err[-200:].strip() or answer.out[-100:].decode()))
        report.check("a member of more than 4 GiB", faults, 2)
    finally:
        os.remove(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=gen_npz.SEED)
    options = parser.parse_args()
    folder, rows = archives(options.seed)
    report = Report()
    bad = [row for row in rows if row.get("refused") or any("refused" in m for m in row["members"])]
    good = [row for row in rows if row not in bad]
    for what, fault in (("listed", listed_fault), ("content as NumPy has it", digest_fault), ("verify has nothing to say", verify_fault)):
        answers = each(lambda row: fault(folder, row), good)
        report.check(what, [(row["path"], f) for row, f in zip(good, answers) if f], len(good))
    answers = each(lambda row: refused_fault(folder, row), bad)
    report.check("refused, and why", [(row["path"], f) for row, f in zip(bad, answers) if f], len(bad))
    large(report)
    report.finish()


if __name__ == "__main__":
    main()
