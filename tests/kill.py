#!/usr/bin/env python3
"""Kills npstow (SIGKILL) while it saves and while it appends: the file holds the old or the new content, never anything else.

    NPSTOW=target/release/npstow NPSTOW_KILLS=200 python tests/kill.py [--seed N]

Needs NumPy 2.x. Each trial starts the command, waits a random part of what the command usually takes, and kills it.
  save     `convert SRC DST` over an existing DST: np.load gives the old or the new array; temporary files may be left,
           but not under a name that ends in .npy
  append   `append DST ROWS --repeat N` on plain and record arrays: np.load gives whole batches and nothing else; then `repair` leaves
           exactly those rows and not a byte more, `verify` finds nothing, and another batch can be appended
"""
import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from common import TARGET, Report, npstow, run

KILLS = int(os.environ.get("NPSTOW_KILLS", "200"))
SEED = 20240823
SAVE_MIB = 32
MOST_BYTES = 64 << 20
# What several hundred small commits are to take: long enough to be hit within.
LONG_ENOUGH = 0.15


def usual_time(words, before):
    """Median of three runs, `before` called ahead of each."""
    times = []
    for _ in range(3):
        before()
        start = time.monotonic()
        answer = run(*words)
        times.append(time.monotonic() - start)
        if answer.code:
            sys.exit(f"npstow {' '.join(words)}: exit {answer.code}: {answer.err}")
    return statistics.median(times)


def killed(words, delay):
    """Runs the command and kills it after `delay` seconds; True if that was in time."""
    child = subprocess.Popen([npstow(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(delay)
    child.kill()
    err = child.communicate()[1].decode("utf-8", "replace")
    if child.returncode not in (0, -9):
        raise AssertionError(f"exit {child.returncode} before it was killed: {err[-200:]}")
    return child.returncode == -9


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def save_part(report, chance, scratch):
    sources = [os.path.join(scratch, name) for name in ("one.npy", "two.npy")]
    for number, path in enumerate(sources):
        shape = (SAVE_MIB << 17, 1) if number else (1024, SAVE_MIB << 7)  # the same size, other header and values
        np.save(path, np.arange(SAVE_MIB << 17, dtype="<f8").reshape(shape) + number)
    bytes_of = [contents(path) for path in sources]
    target = os.path.join(scratch, "saved.npy")
    known = {"one.npy", "two.npy", "saved.npy"}
    usual = usual_time(["convert", sources[0], target], lambda: None)
    faults, hit, new, left = [], 0, 0, 0
    held = 0
    for trial in range(KILLS):
        name = f"save {trial}"
        try:
            hit += killed(["convert", sources[1 - held], target], chance.uniform(0, 1.1 * usual))
            array = np.load(target, mmap_mode="r")
            now = contents(target)
            if now == bytes_of[1 - held]:
                held, new = 1 - held, new + 1
            elif now != bytes_of[held]:
                faults.append((name, f"neither the old nor the new content: shape {array.shape}, {len(now)} bytes"))
                break
        except (AssertionError, ValueError, OSError, EOFError) as error:
            faults.append((name, str(error)))
            break
        for stray in set(os.listdir(scratch)) - known:
            left += 1
            if stray.endswith(".npy"):
                faults.append((name, f"left {stray}, which looks like data"))
            os.remove(os.path.join(scratch, stray))
    report.check("killed while saving: old or new", faults, KILLS, f"{hit} killed in time, {new} new, {KILLS - new} old, {left} temporary files left, usual time {usual * 1e3:.0f} ms")
    answer = run("convert", sources[1 - held], target)
    faults = [] if answer.code == 0 and contents(target) == bytes_of[1 - held] else [("save after kills", answer.err)]
    report.check("saving works after all that", faults, 1)


def batches():
    """name, first rows, rows appended: what a batch looks like must not repeat within it."""
    numbers = np.arange(3 * 1000, dtype="<i8").reshape(1000, 3)
    yield "plain", numbers[:5] - 100, numbers
    yield "single", np.zeros(0, "<f4"), np.array([7.5], "<f4")
    record = np.zeros(97, [("id", "<u4"), ("time", ">f8"), ("pos", "<f4", (3,)), ("name", "<U3")])
    record["id"], record["time"], record["name"] = np.arange(97), np.arange(97) / 7, "abc"
    yield "record", record[:1], record
    photons = np.arange(9 * 16, dtype="<f4").reshape(9, 4, 4)
    yield "photons", photons[:2] - 1, photons


def whole_batches(path, first, rows):
    """How many batches the file holds after its first rows; AssertionError if it is anything else."""
    array = np.load(path)
    extra = len(array) - len(first)
    assert array.dtype == first.dtype and array.shape[1:] == first.shape[1:], f"{array.dtype} {array.shape}"
    assert extra >= 0 and extra % len(rows) == 0, f"{len(array)} rows are {len(first)} and no whole batches of {len(rows)}"
    count = extra // len(rows)
    assert array[: len(first)].tobytes() == first.tobytes(), "the first rows changed"
    assert array[len(first) :].tobytes() == rows.tobytes() * count, "the rows appended are not those of the batches"
    return count


def repeats(target, source, reset):
    """How many batches make an append long enough to be hit, and what it usually takes."""
    number = 16
    while True:
        words = ["append", target, source, "--repeat", str(number)]
        usual = usual_time(words, reset)
        if usual >= LONG_ENOUGH or number >= 1 << 16:
            return number, usual
        number *= 4


def after_kill(target, first, rows):
    """One file after a kill: batches held before repair; AssertionError if anything is amiss."""
    count = whole_batches(target, first, rows)
    answer = run("verify", target)
    assert not answer.crashed(), f"verify: {answer.err}"
    answer = run("repair", target)
    assert answer.code == 0, f"repair: exit {answer.code}: {answer.err}"
    assert whole_batches(target, first, rows) == count, "repair changed the number of rows"
    array = np.load(target, mmap_mode="r")
    assert os.path.getsize(target) == array.offset + array.nbytes, "repair left a tail"
    answer = run("verify", target)
    assert answer.code == 0, f"verify after repair: exit {answer.code}: {answer.err}"
    return count


def append_part(report, chance, scratch, name, first, rows, kills):
    target, source = os.path.join(scratch, f"{name}.npy"), os.path.join(scratch, f"{name}-rows.npy")
    np.save(source, rows)

    def reset():
        np.save(target, first)

    number, usual = repeats(target, source, reset)
    known = set(os.listdir(scratch))
    faults, hit, partly, grown, held = [], 0, 0, 0, 0
    reset()
    for trial in range(kills):
        if os.path.getsize(target) > MOST_BYTES:
            reset()
            held = 0
        try:
            hit += killed(["append", target, source, "--repeat", str(number)], chance.uniform(0, 1.1 * usual))
            count = after_kill(target, first, rows)
            assert held <= count <= held + number, f"{held} batches before, {count} after {number} more"
            partly += held < count < held + number
            grown += count - held
            answer = run("append", target, source)
            assert answer.code == 0, f"append after repair: exit {answer.code}: {answer.err}"
            held = whole_batches(target, first, rows)
            assert held == count + 1, f"append after repair: {held} batches, not {count + 1}"
        except (AssertionError, ValueError, OSError, EOFError) as error:
            faults.append((f"{name} {trial}", str(error)[:300]))
            break
    stray = set(os.listdir(scratch)) - known
    faults += [(name, f"left {path}") for path in stray]
    report.check(f"killed while appending ({name}): whole batches", faults, kills, f"{hit} killed in time, {partly} between batches, {grown} batches, usual time of {number} {usual * 1e3:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    print(f"{KILLS} kills of save, {KILLS} of append, seed {args.seed}")
    os.makedirs(TARGET, exist_ok=True)
    report, chance = Report(), random.Random(args.seed)
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        save_part(report, chance, scratch)
    fixtures = list(batches())
    for number, (name, first, rows) in enumerate(fixtures):
        kills = KILLS // len(fixtures) + (number < KILLS % len(fixtures))
        with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
            append_part(report, chance, scratch, name, first, rows, kills)
    report.finish()


if __name__ == "__main__":
    main()
