#!/usr/bin/env python3
"""Kills npstow (SIGKILL) while it changes an archive, and fills the disk under it: nothing is lost.

    NPSTOW=target/release/npstow NPSTOW_KILLS=200 python tests/npz_kill.py [--seed N]

Needs NumPy 2.x.
  save, pack   `convert SRC DST.npz` over an existing archive, stored and compressed: np.load gives all of the old or all of the new
  add          `add` of several arrays: npstow reads the old or the new archive as it is; after `repair`, NumPy and zipfile do
  replace      the same with --replace of what is there
  compact      the archive holds the same before and after; its file is the old one or the new one
  disk         the same commands on a tmpfs that is too small (where one can be mounted), and with a limit on the size of files:
               an error in one line, exit 3, the archive as it was
"""
import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy as np

from common import TARGET, Report, npstow, run

KILLS = int(os.environ.get("NPSTOW_KILLS", "200"))
SEED = 20261126


def arrays(number, count, rows):
    """Names and arrays that differ between the numbers."""
    chance = np.random.default_rng(number)
    made = {f"g{i % 3}/x{number}_{i}": chance.random((rows, 4)).astype("<f4") for i in range(count)}
    made["large"] = np.cumsum(chance.random((rows * 40, 16)), axis=0)
    return made


def same(path, wanted):
    """Whether NumPy reads exactly these arrays."""
    with np.load(path) as archive:
        if sorted(archive.files) != sorted(wanted):
            return False
        return all(np.array_equal(archive[name], array) for name, array in wanted.items())


def digests(path):
    answer = run("digest", "--json", path)
    assert answer.code == 0, f"digest: exit {answer.code}: {answer.err}"
    return {item["name"]: item["sha256"] for item in json.loads(answer.out)}


def usual_time(words, before):
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
    child = subprocess.Popen([npstow(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(delay)
    child.kill()
    err = child.communicate()[1].decode("utf-8", "replace")
    assert child.returncode in (0, -9), f"exit {child.returncode} before it was killed: {err[-200:]}"
    return child.returncode == -9


def save_part(report, chance, scratch, name, more):
    known = [arrays(number, 40, 400) for number in range(2)]
    sources = [os.path.join(scratch, f"{number}.npz") for number in range(2)]
    for path, wanted in zip(sources, known):
        np.savez(path, **wanted)
    target = os.path.join(scratch, "saved.npz")
    words = lambda number: ["convert", sources[number], target, *more]
    usual = usual_time(words(0), lambda: None)
    faults, hit, new, held = [], 0, 0, 0
    for trial in range(KILLS):
        try:
            hit += killed(words(1 - held), chance.uniform(0, 1.1 * usual))
            if same(target, known[1 - held]):
                held, new = 1 - held, new + 1
            else:
                assert same(target, known[held]), "neither the old nor the new content"
            for stray in set(os.listdir(scratch)) - {"0.npz", "1.npz", "saved.npz"}:
                assert not stray.endswith(".npz"), f"left {stray}, which looks like data"
                os.remove(os.path.join(scratch, stray))
        except (AssertionError, ValueError, OSError, zipfile.BadZipFile) as error:
            faults.append((f"{name} {trial}", str(error)[:300]))
            break
    report.check(f"killed while saving ({name}): old or new", faults, KILLS, f"{hit} killed in time, {new} new, usual time {usual * 1e3:.0f} ms")


def change_part(report, chance, scratch, name, words, old, new):
    """`words` change `base` from `old` to `new`, both as names and arrays."""
    base, path = os.path.join(scratch, "base.npz"), os.path.join(scratch, "run.npz")
    np.savez(base, **old)
    reset = lambda: shutil.copyfile(base, path)
    reset()
    before = digests(path)
    usual = usual_time(words, reset)
    after = digests(path)
    if not same(path, new):
        report.check(f"changing ({name})", [(name, "the change itself is not right")], 1)
        return
    faults, hit, changed = [], 0, 0
    for trial in range(KILLS):
        reset()
        try:
            hit += killed(words, chance.uniform(0, 1.1 * usual))
            now = digests(path)
            assert now in (before, after), "neither the old nor the new content"
            changed += now == after
            answer = run("repair", path)
            assert answer.code == 0, f"repair: exit {answer.code}: {answer.err}"
            assert digests(path) == now, "repair changed the content"
            assert same(path, old if now == before else new), "NumPy reads something else"
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None, "zipfile finds a fault"
            # What was not done can be done now.
            if now == before:
                answer = run(*words)
                assert answer.code == 0 and digests(path) == after, f"again: exit {answer.code}: {answer.err}"
            for stray in set(os.listdir(scratch)) - {"base.npz", "run.npz", "more"}:
                assert not stray.endswith(".npz"), f"left {stray}, which looks like data"
                os.remove(os.path.join(scratch, stray))
        except (AssertionError, ValueError, OSError, zipfile.BadZipFile) as error:
            faults.append((f"{name} {trial}", str(error)[:300]))
            break
    report.check(f"killed while changing ({name}): old or new", faults, KILLS, f"{hit} killed in time, {changed} new, usual time {usual * 1e3:.0f} ms")


def change_parts(report, chance, scratch):
    old = arrays(0, 60, 100)
    more = os.path.join(scratch, "more")
    os.makedirs(more)
    added = {f"n{i}": np.full((3000, 8), i, "<i4") for i in range(30)}
    for name, array in added.items():
        np.save(os.path.join(more, f"{name}.npy"), array)
    sources = [os.path.join(more, f"{name}.npy") for name in added]
    path = os.path.join(scratch, "run.npz")
    new = old | {f"A/{name}": array for name, array in added.items()}
    change_part(report, chance, scratch, "add", ["add", f"{path}:A", *sources], old, new)
    packed = ["add", f"{path}:A", *sources, "--compress=6"]
    change_part(report, chance, scratch, "add packed", packed, old, new)
    held = old | {f"A/{name}": array + 1 for name, array in added.items()}
    change_part(report, chance, scratch, "replace", ["add", f"{path}:A", *sources, "--replace"], held, new)
    change_part(report, chance, scratch, "compact", ["compact", path], old, old)


def refused(words, path, wanted, limit=None):
    """Why this is not how a full disk is to be told, or None."""
    before = open(path, "rb").read()

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run([npstow(), *words], capture_output=True, preexec_fn=limited if limit else None)
    err = done.stderr.decode("utf-8", "replace")
    if done.returncode != 3:
        return f"exit {done.returncode}: {err[-200:]}"
    if len(err.splitlines()) != 1:
        return f"{len(err.splitlines())} lines on standard error"
    if open(path, "rb").read() != before:
        return "the archive changed"
    if not same(path, wanted):
        return "NumPy reads something else"
    return None


def disk_part(report, scratch, folder, limit=None):
    wanted = {"a": np.arange(50_000, dtype="<i8"), "b": np.arange(10)}
    path, large = os.path.join(folder, "run.npz"), os.path.join(scratch, "large.npz")
    np.savez(path, **wanted)
    np.savez(large, **{f"x{i}": np.random.default_rng(i).random(20_000) for i in range(40)})
    cases = [["convert", large, path], ["convert", large, path, "--compress=6"], ["add", path, large], ["add", path, large, "--compress=1"]]
    faults = []
    for words in cases:
        why = refused(words, path, wanted, limit)
        if why:
            faults.append((" ".join(words[:1] + words[3:]), why))
    strays = [name for name in os.listdir(folder) if name not in ("run.npz", "large.npz", "filler")]
    faults += [("strays", name) for name in strays]
    where = "a limit on the size of files" if limit else "a full disk"
    report.check(f"{where}: told, and nothing lost", faults, len(cases))


def full_disk(report, scratch):
    folder = os.path.join(scratch, "small")
    os.makedirs(folder)
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        print("skipped: no small file system can be mounted here (that takes root)")
        return
    try:
        disk_part(report, scratch, folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    print(f"{KILLS} kills of each, seed {args.seed}")
    os.makedirs(TARGET, exist_ok=True)
    report, chance = Report(), random.Random(args.seed)
    for name, more in (("stored", []), ("packed", ["--compress=3"])):
        with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
            save_part(report, chance, scratch, name, more)
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        change_parts(report, chance, scratch)
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        full_disk(report, scratch)
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        disk_part(report, scratch, scratch, limit=2 << 20)
    report.finish()


if __name__ == "__main__":
    main()
