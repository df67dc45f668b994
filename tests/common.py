"""What the tests of the command line share: finding it, running it, judging how it refuses."""
import concurrent.futures
import os
import resource
import subprocess
import sys
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, "target")
THREADS = 2
SECONDS = 60
sys.path.insert(0, os.path.join(ROOT, "corpus"))


def npstow():
    """The build under test: $NPSTOW, or what cargo left in target/."""
    places = [os.environ.get("NPSTOW"), *(os.path.join(TARGET, kind, "npstow") for kind in ("release", "debug"))]
    for place in places:
        if place and os.path.exists(place):
            return os.path.abspath(place)
    sys.exit("no npstow: set NPSTOW to the program, or run cargo build --release")


class Answer:
    """Exit status, output and complaint of one run."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def crashed(self):
        return self.code < 0 or self.code > 3 or "panicked" in self.err or "memory allocation" in self.err


def run(*words, seconds=SECONDS, memory=None):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    try:
        done = subprocess.run([npstow(), *words], capture_output=True, timeout=seconds, preexec_fn=limit if memory else None)
    except subprocess.TimeoutExpired:
        return Answer(-1, b"", f"no answer in {seconds} s")
    return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


def not_a_refusal(answer, path):
    """Why this is not how a file is to be refused (CLI.md), or None."""
    lines = answer.err.splitlines()
    if answer.crashed():
        return f"crashed, exit {answer.code}: {answer.err[-200:]}"
    if answer.code == 0:
        return "accepted"
    if answer.out.strip():
        return "refused, yet something on standard output"
    if len(lines) != 1:
        return f"{len(lines)} lines on standard error"
    line = lines[0]
    if not line.startswith("npstow: ") or os.path.basename(path) not in line:
        return f"the file is not named: {line[:200]}"
    told = ("expected" in line and "found" in line) or "not supported" in line or "limit" in line
    if not told:
        return f"neither expected and found nor 'not supported': {line[:200]}"
    if any(ord(c) < 32 or ord(c) == 127 for c in line):
        return "control characters on standard error"
    return None


def each(work, items):
    """[work(item)], a few at a time."""
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, items))


def given(folder, name, arrays):
    """An archive of these arrays; its path."""
    import numpy as np

    path = os.path.join(folder, f"{name}.npz")
    # Not np.savez: its own arguments are no names of arrays to it.
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)
    return path


class Checks:
    """Counts what one part of a suite looks at."""

    def __init__(self):
        self.total, self.faults = 0, []

    def add(self, good, why, name=None):
        self.total += 1
        if not good:
            self.faults.append((name or str(self.total), str(why)))


class Report:
    """Counts one line per check and remembers whether any failed."""

    def __init__(self, shown=20):
        self.passed, self.failed, self.shown = 0, 0, shown

    def check(self, what, faults, total, note=""):
        """`faults`: (name, reason) pairs."""
        faults = list(faults)
        self.failed += len(faults)
        self.passed += total - len({name for name, _ in faults})
        state = "FAILED" if faults else "ok"
        print(f"{state:6} {what}: {total - len({name for name, _ in faults})} of {total}{note and '; ' + note}", flush=True)
        for name, reason in faults[: self.shown]:
            print(f"         {name}: {reason}")
        if len(faults) > self.shown:
            print(f"         and {len(faults) - self.shown} more")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
