#!/usr/bin/env python3
"""Makes the small HDF5 files that the library's own tests read, cut and damage.

    python corpus/gen_hdf5.py corpus/hdf5

old.h5: superblock 0, symbol tables, B-trees of version 1. new.h5: superblock 3, links and attributes in fractal heaps, every index
of chunks. four.h5: addresses and lengths of 4 bytes. doubled.h5: groups that are linked twice, each from the one before: 2^24
paths. outward.h5: links to files that are not there. h5py 3.16.0 with HDF5 2.0 made those that are
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


def four(path):
    properties = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    properties.set_sizes(4, 4)
    with h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, properties)) as file:
        file["texts"] = ["a", "", "a longer one"]
        file["parts"] = h5py.Empty("f4")
        file.attrs["text"] = "as it is"


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
    for make in (four, doubled, outward):
        make(os.path.join(folder, f"{make.__name__}.h5"))


if __name__ == "__main__":
    main()
