#!/usr/bin/env python3
"""Writes every strided view of the generated matrix and compares with np.save, byte for byte.

    NPSTOW_EXAMPLES=target/debug/examples python tests/views.py [--seed N]

The views are made by the library from the same base arrays as NumPy made them from: steps, reversals, broadcasts, fields, transposes.
"""
import argparse
import os
import subprocess
import sys
import tempfile

from common import TARGET, Report
import gen_matrix
from matrix import difference, matrix


def program():
    folder = os.environ.get("NPSTOW_EXAMPLES", os.path.join(TARGET, "debug", "examples"))
    path = os.path.join(folder, "save_views")
    if not os.path.exists(path):
        sys.exit(f"no {path}: cargo build -p npstow --all-features --examples")
    return path


def line(folder, row, out):
    view = row["view"]
    shape = ",".join(map(str, view["broadcast"])) if view.get("broadcast") else "-"
    words = [os.path.join(folder, view["base"]), shape, view.get("select", "-"), view.get("field", "-")]
    return "\t".join([*words, "transpose" if view["transpose"] else "-", out])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=gen_matrix.SEED)
    args = parser.parse_args()
    folder, rows = matrix(args.seed)
    rows = [row for row in rows if row.get("view")]
    report, faults = Report(), []
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        outs = [os.path.join(scratch, f"{number}.npy") for number in range(len(rows))]
        lines = "\n".join(line(folder, row, out) for row, out in zip(rows, outs))
        done = subprocess.run([program()], input=lines + "\n", capture_output=True, text=True)
        if done.returncode:
            faults.append(("save_views", done.stderr[-300:]))
        for row, out in zip(rows, outs):
            if not os.path.exists(out):
                faults.append((row["path"], "not written"))
                continue
            data, want = open(out, "rb").read(), open(os.path.join(folder, row["path"]), "rb").read()
            if data != want:
                faults.append((row["path"], f"{row['view']}: {difference(data, want)}"))
    report.check("views saved, the bytes of np.save", faults, len(rows))
    report.finish()


if __name__ == "__main__":
    main()
