#!/usr/bin/env python3
"""Holds npstow against the corpus of real files, with the check tool that comes with it.

    NPSTOW=target/release/npstow NPSTOW_CORPUS=../shared/corpus python tests/shared_corpus.py

Any Python from 3.9. The corpus is not part of the repository: without it nothing is checked, and that is said.
  npy, negative   nothing wrong, nothing crashed, refused for their object payloads alone
  all kinds       nothing wrong, nothing crashed
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

from common import ROOT, Report, npstow

CORPUS = os.environ.get("NPSTOW_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")


def verdicts(kinds):
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "verdicts.json")
        words = [sys.executable, os.path.join(CORPUS, "check.py"), "--npstow", npstow(), "--jobs", "2", "--json", out]
        done = subprocess.run(words + (["--kind", kinds] if kinds else []), capture_output=True, text=True)
        if not os.path.exists(out):
            sys.exit(f"check.py failed: {done.stderr[-500:]}")
        print("\n".join("  " + line for line in done.stdout.splitlines()))
        with open(out) as file:
            return json.load(file)


def features():
    """path -> features of every file of the corpus."""
    with open(os.path.join(CORPUS, "manifest.jsonl"), encoding="utf-8") as lines:
        return {row["path"]: row.get("features", []) for row in map(json.loads, lines)}


def main():
    if not os.path.exists(os.path.join(CORPUS, "check.py")):
        print(f"SKIPPED: no corpus of real files at {os.path.relpath(CORPUS)}; set NPSTOW_CORPUS to its folder")
        return
    report, known = Report(), features()
    rows = verdicts("npy,negative")
    faults = [(row["path"], f"{row['state']}: {row['why']}") for row in rows if row["state"] in ("wrong", "crashed")]
    report.check("npy and negative: neither wrong nor crashed", faults, len(rows))
    gone = [row for row in rows if row["state"] == "refused"]
    faults = [(row["path"], row["why"]) for row in gone if "object/pickled" not in known[row["path"]]]
    report.check("npy and negative: refused for object payloads alone", faults, len(gone))
    rows = verdicts("")
    faults = [(row["path"], f"{row['state']}: {row['why']}") for row in rows if row["state"] in ("wrong", "crashed")]
    states = collections.Counter(row["state"] for row in rows)
    report.check("all kinds: neither wrong nor crashed", faults, len(rows), f"{states['right']} right, {states['refused']} refused")
    report.finish()


if __name__ == "__main__":
    main()
