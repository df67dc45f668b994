"""rivals.py WORKLOAD [OPTION] FILE...: one workload, once, with NumPy; one line of JSON.

    p1 FILE                  np.load
    p2 first|again FILE      np.load(mmap_mode='r'), nothing touched
    p3 none|fsync FILE NEW   np.save of the array of FILE, waiting for the disk or not
    p11 FILE                 1000 rows of a memory map by a list of indices
"""

import json
import os
import sys
import time

import numpy as np

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


def sample(values):
    values = values.reshape(-1)
    last = len(values) - 1
    return int(sum(float(values[last * step // 7]) for step in range(8)))


def wanted(length):
    state, rows = 1, []
    for _ in range(1000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        rows.append((state >> 8) % length)
    return rows


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


def p11(file):
    rows = wanted(np.load(file, mmap_mode="r").shape[0])
    outcome, array = once(lambda: np.asarray(np.load(file, mmap_mode="r")[rows]))
    return outcome | {"check": int(sum(float(row[i % len(row)]) for i, row in enumerate(array)))}


if __name__ == "__main__":
    print(json.dumps({"p1": p1, "p2": p2, "p3": p3, "p11": p11}[sys.argv[1]](*sys.argv[2:])))
