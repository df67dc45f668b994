"""rivals.py WORKLOAD [OPTION] FILE...: one workload, once, with NumPy; one line of JSON.

    p1 FILE                  np.load
    p2 first|again FILE      np.load(mmap_mode='r'), nothing touched
    p3 none|fsync FILE NEW   np.save of the array of FILE, waiting for the disk or not
    p4|p6|p10 NAME FILE      np.load of one array of an archive
    p4|p9 save FILE NEW      np.savez and np.savez_compressed of the array of FILE
    p5 load FILE             np.load of an archive, every array
    p7 save NEW              np.savez of the many arrays
    p8 load|save FOLDER      np.load or np.save of each
    p11 FILE                 1000 rows of a memory map by a list of indices
    p12 load FILE            pickle.load of one array
    p12 limit FILE           np.load of the same array in a .npy file
    p13 WHAT FILE            pickle.load of Python data
    p14 load|one FILE        joblib.load of the many arrays, or of one
    p14 save NEW             joblib.dump of the many arrays
    p14 pack FILE NEW        joblib.dump of the array of FILE, packed by zlib at level 3
    p15 load FILE            h5py, every dataset of a file
    p15 save FORM NEW        h5py, the many arrays, with libver=FORM
    p16 read FILE            h5py, the one dataset of a file
    p16 save|pack FORM FILE NEW  h5py, in one piece or in packed chunks
    small FILE               np.load of a small file, again and again
"""

import gc
import json
import os
import pickle
import sys
import time

import numpy as np
from pattern import many, sample, sample_data, sample_many, wanted

AGAIN = 1000


def peak_kb():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def reset_peak_kb():
    try:
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")
    except OSError:
        pass  # The peak so far stays.
    return peak_kb()


def once(work):
    before = reset_peak_kb()
    start = time.perf_counter_ns()
    made = work()
    ns = time.perf_counter_ns() - start
    return {"ms": ns / 1e6, "before_kb": before, "maxrss_kb": peak_kb()}, made


def p1(file):
    outcome, array = once(lambda: np.load(file))
    return outcome | {"check": sample(array)}


def p2(times, file):
    def work():
        return np.load(file, mmap_mode="r")

    outcome, array = once(work)
    if times == "again":
        all_ns = []
        for _ in range(AGAIN):
            start = time.perf_counter_ns()
            array = work()
            all_ns.append(time.perf_counter_ns() - start)
        outcome["ms"] = sorted(all_ns)[AGAIN // 2] / 1e6
    return outcome | {"check": sample(array)}


def p3(durability, file, new):
    array = np.load(file)

    def save():
        np.save(new, array)

    def save_and_wait():
        with open(new, "wb") as out:
            np.save(out, array)
            os.fsync(out.fileno())

    outcome, _ = once(save_and_wait if durability == "fsync" else save)
    return outcome | {"check": 0}


def read_one(name, file):
    def work():
        with np.load(file) as archive:
            return archive[name]

    outcome, array = once(work)
    return outcome | {"check": sample(array)}


def save_one(save, file, new):
    array = np.load(file)
    outcome, _ = once(lambda: save(new, array=array))
    return outcome | {"check": 0}


def p4(how, *files):
    return save_one(np.savez, *files) if how == "save" else read_one(how, *files)


def p5(_, file):
    def work():
        with np.load(file) as archive:
            return {name: archive[name] for name in archive.files}

    outcome, arrays = once(work)
    return outcome | {"check": sample_many(arrays)}


def p7(_, new):
    arrays = many()
    outcome, _ = once(lambda: np.savez(new, **arrays))
    return outcome | {"check": 0}


def p8(how, folder):
    arrays = many()

    def load():
        names = sorted(name for name in os.listdir(folder) if name.endswith(".npy"))
        return {name[:-4]: np.load(os.path.join(folder, name)) for name in names}

    def save():
        os.mkdir(folder)
        for name, array in arrays.items():
            np.save(os.path.join(folder, name + ".npy"), array)

    outcome, found = once(load if how == "load" else save)
    return outcome | {"check": sample_many(found) if found else 0}


def p9(_, file, new):
    return save_one(np.savez_compressed, file, new)


def p11(file):
    rows = wanted(np.load(file, mmap_mode="r").shape[0])
    outcome, array = once(lambda: np.asarray(np.load(file, mmap_mode="r")[rows]))
    return outcome | {"check": int(sum(float(row[i % len(row)]) for i, row in enumerate(array)))}


def load(file):
    with open(file, "rb") as source:
        return pickle.load(source)


def p12(how, file):
    outcome, array = once(lambda: load(file) if how == "load" else np.load(file))
    return outcome | {"check": sample(array)}


def p13(what, file):
    gc.disable()  # As those who load much do: its walks would double the time.
    outcome, found = once(lambda: load(file))
    return outcome | {"check": sample_data(what, found)}
def p15(how, *words):
    import h5py

    if how == "load":

        def load():
            with h5py.File(words[0], "r") as file:
                return {name: dataset[()] for name, dataset in file.items()}

        outcome, arrays = once(load)
        return outcome | {"check": sample_many(arrays)}
    (form, new), arrays = words, many()

    def save():
        with h5py.File(new, "w", libver=form) as file:
            for name, array in arrays.items():
                file[name] = array

    return once(save)[0] | {"check": 0}


def p16(how, *words):
    import h5py
    from make import chunks

    if how == "read":

        def read():
            with h5py.File(words[0], "r") as file:
                return file["array"][()]

        outcome, array = once(read)
        return outcome | {"check": sample(array)}
    form, file, new = words
    array = np.load(file)
    options = {"chunks": chunks(array), "shuffle": True, "compression": "gzip", "compression_opts": 4} if how == "pack" else {}

    def save():
        with h5py.File(new, "w", libver=form) as out:
            out.create_dataset("array", data=array, **options)

    return once(save)[0] | {"check": 0}


def p14(how, *files):
    import joblib

    if how in ("load", "one"):
        outcome, found = once(lambda: joblib.load(files[0]))
        return outcome | {"check": sample_many(found) if how == "load" else sample(found)}
    if how == "save":
        arrays = many()
        outcome, _ = once(lambda: joblib.dump(arrays, files[0]))
    else:
        array = np.load(files[0])
        outcome, _ = once(lambda: joblib.dump(array, files[1], compress=3))
    return outcome | {"check": 0}


def small(file):
    outcome, array = once(lambda: np.load(file))
    all_ns = []
    for _ in range(AGAIN):
        start = time.perf_counter_ns()
        np.load(file)
        all_ns.append(time.perf_counter_ns() - start)
    return outcome | {"ms": sorted(all_ns)[AGAIN // 2] / 1e6, "check": sample(array)}


WORKLOADS = {
    "p1": p1,
    "p2": p2,
    "p3": p3,
    "p4": p4,
    "p5": p5,
    "p6": read_one,
    "p7": p7,
    "p8": p8,
    "p9": p9,
    "p10": read_one,
    "p11": p11,
    "p12": p12,
    "p13": p13,
    "p14": p14,
    "p15": p15,
    "p16": p16,
    "small": small,
}

if __name__ == "__main__":
    print(json.dumps(WORKLOADS[sys.argv[1]](*sys.argv[2:])))
