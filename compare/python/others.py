"""others.py LIBRARY WORKLOAD [OPTION] FILE...: one workload, once, with safetensors, zarr, h5py or npy-append-array.

    safetensors p5 load FILE     every array of a file
    safetensors p6 NAME FILE     one array of it
    safetensors p7 save NEW      the many arrays
    zarr make p5|p11 FILE NEW    what zarr reads: the many arrays, or the array of FILE, not packed (not timed)
    zarr p5 load FOLDER          every array of a group
    zarr p6 NAME FOLDER          one array of it
    zarr p11 FOLDER              1000 rows by a list of indices
    h5py make p11 FILE NEW       what h5py reads (not timed)
    h5py p6 NAME FILE            one dataset of the many
    h5py p11 FILE                1000 rows one by one: a list of indices must be in order
    npy-append-array append FILE NEW   the rows of FILE, 100 at a time
"""

import json
import sys

import numpy as np
from pattern import many, sample, sample_many, wanted
from rivals import once


def tensors(workload, *words):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    def one(name, file):
        with safe_open(file, "np") as tensors:
            return tensors.get_tensor(name)

    if workload == "p5":
        outcome, arrays = once(lambda: load_file(words[1]))
        return outcome | {"check": sample_many(arrays)}
    if workload == "p6":
        outcome, array = once(lambda: one(*words))
        return outcome | {"check": sample(array)}
    arrays = many()
    return once(lambda: save_file(arrays, words[1]))[0] | {"check": 0}


def rows(array, found):
    return int(sum(float(row[i % len(row)]) for i, row in enumerate(found)))


def zarr(workload, *words):
    import zarr

    def filled(group, name, array):
        options = {"chunks": (1000, array.shape[1])} if len(array) > 1000 else {}
        group.create_array(name, data=array, compressors=None, filters=None, **options)

    if workload == "make":
        what, file, new = words
        group = zarr.create_group(new)
        arrays = many() if what == "p5" else {"array": np.load(file, mmap_mode="r")}
        for name, array in arrays.items():
            filled(group, name, array)
        return {}
    if workload == "p5":
        outcome, arrays = once(lambda: {name: array[:] for name, array in zarr.open_group(words[1], mode="r").arrays()})
        return outcome | {"check": sample_many(arrays)}
    if workload == "p6":
        name, folder = words
        outcome, array = once(lambda: zarr.open_group(folder, mode="r")[name][:])
        return outcome | {"check": sample(array)}
    group = zarr.open_group(words[0], mode="r")
    places = wanted(group["array"].shape[0])
    outcome, found = once(lambda: zarr.open_group(words[0], mode="r")["array"].oindex[places])
    return outcome | {"check": rows(places, found)}


def hdf5(workload, *words):
    import h5py

    if workload == "make":
        _, file, new = words
        with h5py.File(new, "w") as out:
            out.create_dataset("array", data=np.load(file, mmap_mode="r"))
        return {}
    if workload == "p6":
        name, file = words

        def one():
            with h5py.File(file, "r") as source:
                return source[name][()]

        outcome, array = once(one)
        return outcome | {"check": sample(array)}

    with h5py.File(words[0], "r") as source:
        places = wanted(source["array"].shape[0])

    def picked():
        with h5py.File(words[0], "r") as source:
            array = source["array"]
            return np.stack([array[place] for place in places])

    outcome, found = once(picked)
    return outcome | {"check": rows(places, found)}


def appended(_, file, new):
    from npy_append_array import NpyAppendArray

    array = np.load(file)

    def append():
        with NpyAppendArray(new) as out:
            for start in range(0, len(array), 100):
                out.append(array[start : start + 100])

    return once(append)[0] | {"check": 0}


LIBRARIES = {"safetensors": tensors, "zarr": zarr, "h5py": hdf5, "npy-append-array": appended}

if __name__ == "__main__":
    print(json.dumps(LIBRARIES[sys.argv[1]](*sys.argv[2:])))
