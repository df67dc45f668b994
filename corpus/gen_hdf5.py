#!/usr/bin/env python3
"""Makes the small HDF5 files that the library's own tests read, cut and damage.

    python corpus/gen_hdf5.py corpus/hdf5

old.h5: superblock 0, symbol tables, B-trees of version 1. new.h5: superblock 3, links and attributes in fractal heaps, every index
of chunks. four.h5: addresses and lengths of 4 bytes. doubled.h5: groups that are linked twice, each from the one before: 2^24
paths. outward.h5: links to files that are not there. nested.h5: references to objects and regions, and elements of no fixed length in
one another; nested_four.h5: the same with addresses of 4 bytes. h5py 3.16.0 with HDF5 2.0 made those that are
committed; new.h5 has the times of its making in it.
"""
import os
import sys

import h5py
import numpy as np


def fill(file, many):
    text = h5py.string_dtype()
    file.create_dataset("chunks", data=np.arange(35, dtype="<i4").reshape(7, 5), chunks=(3, 2), compression="gzip", shuffle=True)
    file.create_dataset("grows", data=np.arange(12, dtype=">i2"), chunks=(5,), maxshape=(None,))
    file.create_dataset("plane", data=np.ones((3, 3), "<f4"), chunks=(2, 2), maxshape=(None, None), fletcher32=True)
    file["group/array"] = np.arange(3, dtype="<f8")
    file["group/again"] = file["group/array"]
    file["soft"] = h5py.SoftLink("group/array")
    file.create_dataset("texts", data=["a", "", "é"], dtype=text)
    file.create_dataset("records", data=np.array([(1, b"x")], [("n", "<u1"), ("s", "S2")]))
    file["references"] = np.array([file["texts"].ref], h5py.ref_dtype)
    file.attrs["text"] = "as it is"
    for n in range(many):
        file["group"].attrs[f"a{n}"] = n


def short(path):
    """A file with addresses and lengths of 4 bytes."""
    properties = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    properties.set_sizes(4, 4)
    return h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, properties))


def four(path):
    with short(path) as file:
        file["texts"] = ["a", "", "a longer one"]
        file["parts"] = h5py.Empty("f4")
        file.attrs["text"] = "as it is"


def nest(file):
    file["a/x"] = np.arange(6, dtype="<i2").reshape(2, 3)
    file["a/x"].attrs["to"] = file["a/x"].ref
    file["a"].attrs["part"] = file["a/x"].regionref[0, 1:]
    file.create_dataset("objects", data=[file[name].ref for name in ("a/x", "a", "/")], dtype=h5py.ref_dtype)
    file.create_dataset("none", (2,), h5py.ref_dtype)
    regions = file.create_dataset("regions", (3,), h5py.regionref_dtype)
    regions[0], regions[1] = file["a/x"].regionref[1, ::2], file["a/x"].regionref[...]
    lists = file.create_dataset("lists", (3,), h5py.vlen_dtype(h5py.ref_dtype))
    lists[0], lists[2] = [file["a/x"].ref, file["objects"].ref], [h5py.Reference()]
    deep = file.create_dataset("deep", (2,), h5py.vlen_dtype(h5py.vlen_dtype(">i2")))
    rows = np.empty(3, object)
    rows[:] = [np.array([1, 2], ">i2"), np.array([], ">i2"), np.array([3], ">i2")]
    deep[1] = rows
    record = np.dtype([("text", h5py.string_dtype()), ("to", h5py.ref_dtype), ("n", "u1")])
    file.create_dataset("records", (2,), record)[:] = np.array([("é", file["a"].ref, 7), ("", h5py.Reference(), 8)], record)


def nested(path):
    with h5py.File(path, "w", libver="earliest") as file:
        nest(file)


def nested_four(path):
    with short(path) as file:
        nest(file)


def doubled(path):
    with h5py.File(path, "w", libver="latest") as file:
        group = file.create_group("g0")
        for number in range(1, 25):
            below = file.create_group(f"g{number}")
            group["left"] = group["right"] = below
            group = below


def outward(path):
    with h5py.File(path, "w", libver="latest") as file:
        file["group/array"] = np.arange(3, dtype="<f8")
        file["group/out"] = h5py.ExternalLink("../outside.h5", "/x")
        file["missing"] = h5py.ExternalLink("missing.h5", "/x")
        file["soft"] = h5py.SoftLink("nowhere")


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, libver, many in (("old", "earliest", 2), ("new", "latest", 9)):
        with h5py.File(os.path.join(folder, f"{name}.h5"), "w", libver=libver) as file:
            fill(file, many)
    for make in (four, doubled, outward, nested, nested_four):
        make(os.path.join(folder, f"{make.__name__}.h5"))


if __name__ == "__main__":
    main()
