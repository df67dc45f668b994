"""make.py WHAT FILE...: what the workloads read, as NumPy writes it.

    smooth MIB NEW       a .npy file of f4: a walk in whole steps of up to 127
    counts MIB NEW       a .npy file of f4: how often something rare happened, a few bright places
    stored FILE NEW      the array of FILE as an archive, np.savez
    packed FILE NEW      np.savez_compressed
    many NEW             the many arrays as an archive, np.savez
    manyh5 FORM NEW      the many arrays as an HDF5 file, h5py, of the form earliest or latest
    hdf5 FORM FILE NEW   the array of FILE as an HDF5 file, in one piece
    smallh5 FILE NEW     the array of FILE in an HDF5 file, as h5py writes it unless told otherwise
    packedh5 FORM FILE NEW  in chunks of 1 MiB, shuffled and packed with gzip 4
    pickled PROTOCOL FILE NEW   the array of FILE as a pickle
    data WHAT NEW        ints, floats, records or arrays as a pickle of protocol 4
    dumped many|FILE NEW the many arrays, or the array of FILE packed by zlib at level 3, by joblib.dump
    folder NEW           the many arrays as a folder, np.save, with the index that NPFold reads
"""

import os
import pickle
import sys

import numpy as np
from pattern import PYTHON_DATA, many

# How many elements are drawn at once.
PART = 1 << 22


def parts(mib, new, part):
    count = (int(mib) << 20) // 4
    out = np.lib.format.open_memmap(new, "w+", np.dtype("<f4"), (count // 1024, 1024))
    flat = out.reshape(-1)
    for start in range(0, count, PART):
        flat[start : start + PART] = part(min(PART, count - start))
    return flat


def smooth(mib, new):
    random, last = np.random.default_rng(1), 0

    def part(count):
        nonlocal last
        walk = last + np.cumsum(random.integers(-127, 128, count))
        last = walk[-1]
        return walk

    parts(mib, new, part)


def counts(mib, new):
    random = np.random.default_rng(2)
    flat = parts(mib, new, lambda count: random.poisson(0.3, count))
    # Where everyone's elements are compared, so that there is something to compare.
    for step in range(8):
        flat[(len(flat) - 1) * step // 7] = 1000 + 17 * step * step


def stored(file, new):
    np.savez(new, array=np.load(file))


def packed(file, new):
    np.savez_compressed(new, array=np.load(file))


def pickled(protocol, file, new):
    with open(new, "wb") as out:
        pickle.dump(np.load(file), out, int(protocol))


def data(what, new):
    with open(new, "wb") as out:
        pickle.dump(PYTHON_DATA[what](), out, 4)


def dumped(file, new):
    import joblib

    if file == "many":
        joblib.dump(many(), new)
    else:
        joblib.dump(np.load(file), new, compress=3)


def archive(new):
    np.savez(new, **many())


def folder(new):
    os.mkdir(new)
    arrays = many()
    for name, array in arrays.items():
        np.save(os.path.join(new, name + ".npy"), array)
    with open(os.path.join(new, "NPFold_index.txt"), "w") as index:
        index.writelines(f"{name}.npy\n" for name in arrays)
    with open(os.path.join(new, "NPFold_names.txt"), "w"):
        pass  # NPFold writes it whether there are names or not.


def many_hdf5(form, new):
    import h5py

    with h5py.File(new, "w", libver=form) as file:
        for name, array in many().items():
            file[name] = array


def hdf5(form, file, new, **options):
    import h5py

    with h5py.File(new, "w", libver=form) as out:
        out.create_dataset("array", data=np.load(file), **options)


def small_hdf5(file, new):
    hdf5(None, file, new)


def chunks(array):
    return (min(len(array), (1 << 20) // (4 * array.shape[1])), array.shape[1])


def packed_hdf5(form, file, new):
    options = {"chunks": chunks(np.load(file, mmap_mode="r")), "shuffle": True, "compression": "gzip", "compression_opts": 4}
    hdf5(form, file, new, **options)


MAKERS = {
    "manyh5": many_hdf5,
    "hdf5": hdf5,
    "smallh5": small_hdf5,
    "packedh5": packed_hdf5,
    "smooth": smooth,
    "counts": counts,
    "stored": stored,
    "packed": packed,
    "pickled": pickled,
    "data": data,
    "dumped": dumped,
    "many": archive,
    "folder": folder,
}

if __name__ == "__main__":
    MAKERS[sys.argv[1]](*sys.argv[2:])
