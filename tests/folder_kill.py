#!/usr/bin/env python3
"""Kills the saving of folders (SIGKILL), fills the disk under it, reads beside it: there is the old tree or the new one, never anything else.

    NPSTOW_EXAMPLES=target/debug/examples NPSTOW_KILLS=200 python tests/folder_kill.py [--seed N]

  kill     what is left under a temporary name is cleared away by the next save of the same folder
  disk     on a small tmpfs (where it can be mounted) and with a limit on the size of files: an error that says so, the old tree intact
  beside   readers that run while others save see one whole tree or are told that it was replaced
"""
import argparse
import hashlib
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

from common import TARGET, Report
from npfold import Wrong, example, program, read_fold

KILLS = int(os.environ.get("NPSTOW_KILLS", "200"))
SEED = 20261125


def make(folder, number, count):
    """A tree of its own names and values, with notes and groups."""
    for at in range(count):
        group = os.path.join(folder, f"g{at % 7}", f"deep{number}") if at % 3 else folder
        os.makedirs(group, exist_ok=True)
        name = os.path.join(group, f"x{number}_{at:04}")
        np.save(name + ".npy", np.full((40, 5), number * 1000 + at, "<f4"))
        with open(name + "_meta.txt", "w") as meta:
            meta.write(f"number:{number}\n")


def digest(folder):
    """What the tree holds, by a reader of NPFold's rules; raises for anything that is not whole."""
    return hashlib.sha256(repr(read_fold(folder)).encode()).hexdigest()


class Pair:
    """Two trees in npstow's own folders, and the place where they take turns."""

    def __init__(self, scratch, count):
        self.sources, self.known = [], []
        for number in range(2):
            plain, own = (os.path.join(scratch, f"{kind}{number}") for kind in ("plain", "own"))
            make(plain, number, count)
            must(example("copy", plain, own))
            self.sources.append(own)
            self.known.append(digest(own))
        self.place = os.path.join(scratch, "place")
        os.makedirs(self.place)
        self.target = os.path.join(self.place, "run")
        must(example("copy", self.sources[0], self.target))

    def holds(self):
        """0 or 1; raises for anything else."""
        found = digest(self.target)
        if found not in self.known:
            raise Wrong("neither the old tree nor the new one")
        return self.known.index(found)


def must(answer):
    if answer[0]:
        sys.exit(answer[2])


def kill_part(report, chance, scratch):
    pair = Pair(scratch, 400)
    times = []
    for number in (1, 0, 1, 0):
        start = time.monotonic()
        must(example("copy", pair.sources[number], pair.target))
        times.append(time.monotonic() - start)
    usual, held = statistics.median(times), 0
    faults, hit, new, left = [], 0, 0, 0
    for trial in range(KILLS):
        child = subprocess.Popen([program(), "copy", pair.sources[1 - held], pair.target], stderr=subprocess.PIPE)
        time.sleep(chance.uniform(0, 1.1 * usual))
        child.kill()
        err = child.communicate()[1].decode()
        hit += child.returncode == -9
        try:
            if child.returncode not in (0, -9):
                raise Wrong(f"exit {child.returncode}: {err}")
            now = pair.holds()
            new, held = new + (now != held), now
            stray = set(os.listdir(pair.place)) - {"run"}
            left += bool(stray)
            if len(stray) > 1 or not all(name.startswith(".npstow-") for name in stray):
                raise Wrong(f"left behind: {sorted(stray)}")
        except (Wrong, OSError) as error:
            faults.append((f"kill {trial}", str(error)))
            break
    report.check("killed while saving a folder: old or new", faults, KILLS, f"{hit} killed in time, {new} new, {left} times something left, usual time {usual * 1e3:.0f} ms")
    code, _, err = example("copy", pair.sources[1 - held], pair.target)
    stray = os.listdir(pair.place)
    faults = [("after kills", f"{err} {stray}")] if code or stray != ["run"] or pair.holds() == held else []
    report.check("the next save clears away what was left", faults, 1)


def limited(size):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def disk_part(report, scratch):
    """Too little room, in many places of the save."""
    pair, faults, total = Pair(scratch, 60), [], 0
    for size in [0, 1, 100, 127, 128, 129, 500, 900]:
        total += 1
        done = subprocess.run([program(), "copy", pair.sources[1], pair.target], capture_output=True, text=True, preexec_fn=limited(size))
        try:
            if done.returncode >= 0 and (done.returncode != 1 or "too large" not in done.stderr.lower()):
                raise Wrong(f"exit {done.returncode}: {done.stderr}")
            # The signal may have come first: then it is as if killed.
            if pair.holds() or (done.returncode == 1 and os.listdir(pair.place) != ["run"]):
                raise Wrong(f"the new tree, or something left: {os.listdir(pair.place)}")
        except (Wrong, OSError) as error:
            faults.append((f"{size} bytes", str(error)))
    report.check("files that may not grow: an error, the old tree intact", faults, total)
    mount = os.path.join(scratch, "small")
    os.makedirs(mount)
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], capture_output=True).returncode:
        print("SKIPPED: no tmpfs can be mounted here: a full disk is not tried")
        return
    try:
        full_disk(report, pair, mount)
    finally:
        subprocess.run(["umount", mount], check=True)


def full_disk(report, pair, mount):
    target, filler, faults = os.path.join(mount, "run"), os.path.join(mount, "filler"), []
    must(example("copy", pair.sources[0], target))
    page, tries, room = os.sysconf("SC_PAGESIZE"), 0, []
    for trial in range(200):
        free = os.statvfs(mount)
        # Another number of pages left for each trial: the disk is full at another file.
        leave = trial * page
        with open(filler, "wb") as file:
            file.write(b"\0" * max(0, free.f_bavail * free.f_frsize - leave))
        code, _, err = example("copy", pair.sources[1], target)
        os.remove(filler)
        try:
            if not code:
                room.append(trial)
                if digest(target) != pair.known[1] or os.listdir(mount) != ["run"]:
                    raise Wrong(f"not whole, or something left: {os.listdir(mount)}")
                must(example("copy", pair.sources[0], target))
                continue
            tries += 1
            if "No space left" not in err or digest(target) != pair.known[0] or os.listdir(mount) != ["run"]:
                raise Wrong(f"{err} {os.listdir(mount)}")
        except (Wrong, OSError) as error:
            faults.append((f"{leave} bytes left", str(error)))
    report.check("a full disk: an error, the old tree intact, nothing left", faults, 200, f"{tries} times full, {len(room)} times room enough")


def beside_part(report, scratch):
    """Readers while others save."""
    pair = Pair(scratch, 60)
    stop, faults, seen = threading.Event(), [], [0, 0, 0]

    def save():
        while not stop.is_set():
            for source in pair.sources[::-1]:
                code, _, err = example("copy", source, pair.target)
                if code:
                    faults.append(("save", err))

    rows = [example("show", source)[1] for source in pair.sources]
    writers = [threading.Thread(target=save) for _ in range(2)]
    for writer in writers:
        writer.start()
    until = time.monotonic() + 5
    while time.monotonic() < until and not faults:
        code, got, err = example("show", pair.target)
        if code:
            seen[2] += 1
            if "replaced meanwhile" not in err:
                faults.append(("read", err))
        elif got in rows:
            seen[rows.index(got)] += 1
        else:
            faults.append(("read", "a mixture"))
    stop.set()
    for writer in writers:
        writer.join()
    if os.listdir(pair.place) != ["run"]:
        faults.append(("left", str(os.listdir(pair.place))))
    report.check("read while others save: one tree or the other", faults, sum(seen), f"{seen[0]} and {seen[1]} times, {seen[2]} times told that it was replaced")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    print(f"{KILLS} kills, seed {args.seed}")
    os.makedirs(TARGET, exist_ok=True)
    # In memory where that can be: other programs' writes are not waited for there.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else TARGET
    report, chance = Report(), random.Random(args.seed)
    parts = [lambda scratch: kill_part(report, chance, scratch), lambda scratch: disk_part(report, scratch), lambda scratch: beside_part(report, scratch)]
    for part in parts:
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            part(scratch)
    report.finish()


if __name__ == "__main__":
    main()
