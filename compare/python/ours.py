"""ours.py WORKLOAD [OPTION] FILE...: one workload, once, with npstow from Python; see rivals.py.

    p1 FILE                  npstow.load
    p2 first|again FILE      npstow.load(mmap_mode='r'), nothing touched
    p3 none|fsync FILE NEW   npstow.save of the array of FILE
    p4|p6|p10 NAME FILE      npstow.load of one array of an archive
    p4|p9 save ... FILE NEW  npstow.savez and npstow.savez_compressed of the array of FILE
    p5 load|tree FILE        npstow.load of an archive, every array; npstow.open of it, read
    p7 save NEW              npstow.savez of the many arrays
    p8 load|save FOLDER      npstow.open of a folder, read; npstow.save_tree
    p11 FILE                 1000 rows by a list of indices, of npstow.open
    append FILE NEW          npstow.Appender, 100 rows at a time
    small FILE               npstow.load of a small file, again and again
    import                   import npstow
"""

import json
import sys
import time


def started(name):
    """How long the import of a module takes in a new process."""
    start = time.perf_counter_ns()
    __import__(name)
    return {"ms": (time.perf_counter_ns() - start) / 1e6, "before_kb": 0, "maxrss_kb": 0, "check": 0}


if sys.argv[1] == "import":
    print(json.dumps(started(sys.argv[2])))
    sys.exit()

import npstow  # noqa: E402 (its import is measured above)
from pattern import many, sample, sample_many, wanted  # noqa: E402
from rivals import AGAIN, once  # noqa: E402


def p1(file):
    outcome, array = once(lambda: npstow.load(file))
    return outcome | {"check": sample(array)}


def again(outcome, work):
    all_ns = []
    for _ in range(AGAIN):
        start = time.perf_counter_ns()
        work()
        all_ns.append(time.perf_counter_ns() - start)
    return outcome | {"ms": sorted(all_ns)[AGAIN // 2] / 1e6}


def p2(times, file):
    def work():
        return npstow.load(file, mmap_mode="r")

    outcome, array = once(work)
    if times == "again":
        outcome = again(outcome, work)
    return outcome | {"check": sample(array)}


def p3(durability, file, new):
    array = npstow.load(file)
    outcome, _ = once(lambda: npstow.save(new, array))
    return outcome | {"check": 0}


def read_one(name, file):
    def work():
        with npstow.load(file) as archive:
            return archive[name]

    outcome, array = once(work)
    return outcome | {"check": sample(array)}


def save_one(save, file, new, **options):
    array = npstow.load(file)
    outcome, _ = once(lambda: save(new, array=array, **options))
    return outcome | {"check": 0}


def p4(how, *files):
    return save_one(npstow.savez, *files) if how == "save" else read_one(how, *files)


def p5(how, file):
    def load():
        with npstow.load(file) as archive:
            return {name: archive[name] for name in archive.files}

    outcome, arrays = once(load if how == "load" else lambda: npstow.open(file).read())
    return outcome | {"check": sample_many(arrays)}


def p7(_, new):
    arrays = many()
    outcome, _ = once(lambda: npstow.savez(new, **arrays))
    return outcome | {"check": 0}


def p8(how, folder):
    arrays = many()

    def load():
        return npstow.open(folder).read()

    def save():
        npstow.save_tree(folder, arrays)

    outcome, found = once(load if how == "load" else save)
    return outcome | {"check": sample_many(found) if found else 0}


def p9(_, level, file, new):
    return save_one(npstow.savez_compressed, file, new, level=int(level))


def p11(file):
    rows = wanted(npstow.open(file).shape[0])
    outcome, array = once(lambda: npstow.open(file)[rows])
    return outcome | {"check": int(sum(float(row[i % len(row)]) for i, row in enumerate(array)))}


def append(file, new):
    array = npstow.load(file)

    def work():
        npstow.save(new, array[:100])
        with npstow.Appender(new) as out:
            for start in range(100, len(array), 100):
                out.push(array[start : start + 100])

    return once(work)[0] | {"check": 0}


def small(file):
    outcome, array = once(lambda: npstow.load(file))
    return again(outcome, lambda: npstow.load(file)) | {"check": sample(array)}


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
    "append": append,
    "small": small,
}

if __name__ == "__main__":
    print(json.dumps(WORKLOADS[sys.argv[1]](*sys.argv[2:])))
