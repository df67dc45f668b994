#!/usr/bin/env python3
"""Reads chunks that the registered filters of HDF5 packed, and compares with what h5py makes of them.

    NPSTOW=target/release/npstow python tests/hdf5_filters.py [--seed N]

Needs h5py and hdf5plugin, which brings the filters. The files are made in a temporary folder.
  filters   every filter, way and level that npstow reads, over dtypes and shapes: content by digest
  refused   filters that npstow does not know: by their names
  damage    bytes of packed chunks changed at random: never other elements than h5py has without a word
"""
import argparse
import json
import os
import random
import tempfile

import h5py
import hdf5plugin
import numpy as np

from common import Report, each, run
from hdf5_read import MEMORY, SECONDS, sha

DTYPES = ["<i1", "<u2", ">i4", "<i8", "<f4", ">f8", "<c16", "S5", "V3", "V12"]
SHAPES = [((1000,), (97,)), ((40, 50), (7, 50)), ((9, 10, 11), (4, 5, 6)), ((3, 4, 5, 6), (2, 2, 2, 4)), ((5,), (8,))]


def ways():
    """Names of what is tried, and the options of h5py."""
    for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
        for shuffle in (0, 1, 2):
            for level in (0, 5, 9):
                yield f"blosc {name} {shuffle} {level}", hdf5plugin.Blosc(cname=name, clevel=level, shuffle=shuffle)
    for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
        for filters in (0, 1, 2, 3, 4):
            for level in (0, 5, 9):
                yield f"blosc2 {name} {filters} {level}", hdf5plugin.Blosc2(cname=name, clevel=level, filters=filters)
    for name in ("none", "lz4", "zstd"):
        for size in (0, 64):
            yield f"bitshuffle {name} {size}", hdf5plugin.Bitshuffle(nelems=size, cname=name)
    for size in (0, 512):
        yield f"lz4 {size}", hdf5plugin.LZ4(nbytes=size)
    for level in (1, 9, 22):
        yield f"zstd {level}", hdf5plugin.Zstd(clevel=level)
    for level in (1, 9):
        yield f"bzip2 {level}", hdf5plugin.BZip2(blocksize=level)


def numbers():
    """Ways of zfp, which knows integers and floats alone."""
    yield "zfp rate", hdf5plugin.Zfp(rate=12)
    yield "zfp precision", hdf5plugin.Zfp(precision=17)
    yield "zfp accuracy", hdf5plugin.Zfp(accuracy=0.01)


def values(rng, dtype, shape, kind):
    """Elements that pack well, or not at all, or of which all are the same."""
    dtype, count = np.dtype(dtype), int(np.prod(shape))
    if kind == "same":
        raw = np.tile(rng.integers(1, 255, dtype.itemsize, dtype=np.uint8), count)
    elif kind == "noise" or dtype.kind in "SV":
        # No NUL at the end of a string: h5py and NumPy drop it.
        raw = rng.integers(1, 255 if kind == "noise" else 4, count * dtype.itemsize, dtype=np.uint8)
    else:
        return np.cumsum(rng.integers(-3, 4, count)).astype(dtype).reshape(shape)
    found = np.frombuffer(raw.tobytes(), dtype, count).reshape(shape)
    # Zfp has no NaN and no infinity.
    return np.nan_to_num(found, posinf=1, neginf=-1) if dtype.kind in "fc" else found


def written(folder, number, dtype, seed):
    """A file with one dtype in all shapes and ways."""
    rng, path = np.random.default_rng(seed + number), os.path.join(folder, f"{number}.h5")
    with h5py.File(path, "w", libver="latest" if number % 2 else "earliest") as file:
        for at, (shape, chunks) in enumerate(SHAPES):
            for kind in ("steps", "noise", "same"):
                data = values(rng, dtype, shape, kind)
                names = list(ways())
                if np.dtype(dtype).kind in "if" and np.dtype(dtype).itemsize in (4, 8) and len(shape) < 5:
                    names += list(numbers())
                for name, options in names:
                    if chunks[0] <= shape[0] or name.split()[0] != "zfp":
                        file.create_dataset(f"{at}/{kind}/{name}", data=data, chunks=chunks, maxshape=(None,) * len(shape), **options)
    return path


def compared(path):
    """Faults, and how many datasets were read."""
    answer = run("digest", "--json", path)
    if answer.crashed() or not answer.out:
        return [(path, answer.err[-300:])], 1
    got, faults, count = {item["name"]: item.get("sha256") for item in json.loads(answer.out)}, [], 0

    def visit(name, item):
        nonlocal count
        if not isinstance(item, h5py.Dataset):
            return
        try:
            want = sha(item[()])
        except OSError:
            # What h5py cannot read of its own.
            want = None
        count += 1
        if got.get(name) != want:
            faults.append((f"{os.path.basename(path)} {item.dtype}:{name}", f"{got.get(name)}, not {want}: {answer.err[:200]}"))

    with h5py.File(path) as file:
        file.visititems(visit)
    return faults, count


def refused(report, folder):
    path, faults = os.path.join(folder, "refused.h5"), []
    others = {"sz": hdf5plugin.SZ(absolute=0.1), "sz3": hdf5plugin.SZ3(absolute=0.1), "fcidecomp": hdf5plugin.FciDecomp(), "sperr": hdf5plugin.Sperr(absolute=0.1), "zfp": hdf5plugin.Zfp(reversible=True)}
    with h5py.File(path, "w") as file:
        for name, options in others.items():
            dtype = "<u2" if name == "fcidecomp" else "<f4"
            file.create_dataset(name, data=np.arange(4096).reshape(64, 64).astype(dtype), chunks=(64, 64), **options)
    for name in others:
        answer = run("digest", f"{path}:{name}")
        if answer.code in (0, None) or answer.crashed() or ("not supported: the filter" not in answer.err and "not supported: the reversible mode of zfp" not in answer.err):
            faults.append((name, f"exit {answer.code}: {answer.err[-200:]}"))
    report.check("filters that are not known are refused by name", faults, len(others))


def damage(report, folder, seed):
    """Changed bytes in packed chunks: whoever finds nothing wrong has what the library has."""
    choose, faults, total = random.Random(seed), [], 0
    data = np.cumsum(np.random.default_rng(seed).integers(-3, 4, 4000)).astype("<i4").reshape(40, 100)
    chosen = [way for way in ways() if way[0].endswith((" 5", " 64", " 512", " 9"))]
    for number, (name, options) in enumerate(chosen):
        path = os.path.join(folder, f"damage {number}.h5")
        with h5py.File(path, "w") as file:
            dataset = file.create_dataset("x", data=data, chunks=(40, 100), **options)
            place = dataset.id.get_chunk_info(0)
        with open(path, "rb") as file:
            whole = file.read()
        for _ in range(12):
            raw = bytearray(whole)
            for _ in range(choose.randint(1, 3)):
                raw[place.byte_offset + choose.randrange(place.size)] = choose.choice((0, 1, 0x7F, 0xFF, choose.randrange(256)))
            with open(path, "wb") as file:
                file.write(raw)
            total += 1
            answer = run("digest", "--json", path, seconds=SECONDS, memory=MEMORY)
            if answer.crashed():
                faults.append((f"{name} {total}", f"exit {answer.code}: {answer.err[-200:]}"))
            elif answer.code == 0:
                try:
                    with h5py.File(path) as file:
                        want = sha(file["x"][()])
                except OSError:
                    continue
                if json.loads(answer.out)[0]["sha256"] != want:
                    faults.append((f"{name} {total}", "another content"))
    report.check("damaged chunks are refused, or what h5py reads", faults, total)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=20261126)
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        paths = [written(folder, number, dtype, options.seed) for number, dtype in enumerate(DTYPES)]
        answers = each(compared, paths)
        report.check("filters: content as h5py has it", [fault for some, _ in answers for fault in some], sum(n for _, n in answers))
        refused(report, folder)
        damage(report, folder, options.seed)
    report.finish()


if __name__ == "__main__":
    main()
