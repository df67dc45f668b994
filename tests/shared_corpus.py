#!/usr/bin/env python3
"""Holds npstow against the corpus of real files, with the check tool that comes with it.

    NPSTOW=target/release/npstow NPSTOW_CORPUS=../shared/corpus python tests/shared_corpus.py

Any Python from 3.9. The corpus is not part of the repository: without it nothing is checked, and that is said.
  npy, npz, negative   nothing wrong, nothing crashed, nothing refused
  pickle               everything right
  all kinds            nothing wrong, nothing crashed
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

from common import ROOT, Report, npstow

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")


# Where the truth of the manifest cannot be had from the corpus.
UNREACHABLE = {
    "files/hdf5/hdf5-1.14.6/tools-h5dump/tvldtypes1.h5": "the one sequence of a scalar is hashed as sequences of one element each",
    "files/hdf5/hdf5-1.14.6/tools-h5dump/vds/2_vds.h5": "2_b.h5 and 2_e.h5, of which the truth has parts, are not there",
    "files/hdf5/hdf5-1.14.6/tools-h5dump/vds/3_2_vds.h5": "2_b.h5 and 2_e.h5, of which the truth has parts, are not there",
    "files/hdf5/hdf5-1.14.6/tools-h5dump/vds/4_vds.h5": "4_2.h5, of which the truth has a part, is not there",
}


def verdicts(kinds):
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "verdicts.json")
        words = [sys.executable, os.path.join(CORPUS, "check.py"), "--npstow", npstow(), "--jobs", "2", "--json", out]
        done = subprocess.run(words + (["--kind", kinds] if kinds else []), capture_output=True, text=True)
        if not os.path.exists(out):
            sys.exit(f"check.py failed: {done.stderr[-500:]}")
        print("\n".join("  " + line for line in done.stdout.splitlines()))
        with open(out) as file:
            return [row for row in json.load(file) if row["path"] not in UNREACHABLE]


def main():
    if not os.path.exists(os.path.join(CORPUS, "check.py")):
        print(f"SKIPPED: no corpus of real files at {os.path.relpath(CORPUS)}; set NPSTOW_CORPUS to its folder")
        return
    report = Report()
    rows = verdicts("npy,npz,negative")
    faults = [(row["path"], f"{row['state']}: {row['why']}") for row in rows if row["state"] in ("wrong", "crashed")]
    report.check("npy, npz and negative: neither wrong nor crashed", faults, len(rows))
    faults = [(row["path"], row["why"]) for row in rows if row["state"] == "refused"]
    report.check("npy, npz and negative: nothing refused, object arrays included", faults, len(rows))
    rows = verdicts("pickle")
    faults = [(row["path"], f"{row['state']}: {row['why']}") for row in rows if row["state"] != "right"]
    report.check("pickle: all right", faults, len(rows))
    rows = verdicts("")
    faults = [(row["path"], f"{row['state']}: {row['why']}") for row in rows if row["state"] in ("wrong", "crashed")]
    states = collections.Counter(row["state"] for row in rows)
    report.check("all kinds: neither wrong nor crashed", faults, len(rows), f"{states['right']} right, {states['refused']} refused")
    report.finish()


if __name__ == "__main__":
    main()
