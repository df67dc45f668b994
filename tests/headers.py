#!/usr/bin/env python3
"""Holds npstow against the hand-made files of corpus/headers (NumPy loads them) and corpus/hostile (it refuses).

    NPSTOW=target/release/npstow python tests/headers.py

Needs NumPy 2.x.
  committed  the files are those of corpus/header_cases.py, and every row of the table of C and C++ readers has its case
  accepted   what NumPy loads: dtype, shape and content are equal; written again, the bytes are those of np.save
  refused    what NumPy refuses: digest and verify refuse it in one line that names the file and what was expected and found,
             in seconds, in 1 GiB of address space; nothing on standard output
  huge       sparse files of more than 2^31 and 2^32 elements
Where npstow differs from NumPy on purpose, STRICTER and MORE say why; a difference that is not there is a failure.
"""
import argparse
import hashlib
import json
import math
import os
import tempfile
import warnings

from common import ROOT, TARGET, Report, each, not_a_refusal, run
import header_cases
from matrix import digest_fault, save_fault
from truth import REFERENCE, npy, read_manifest

MEMORY = 1 << 30
SECONDS = 10
MADE_HERE = "> 2^31 elements (2 GiB u1)"
ROWS = [
    "structured dtype", "header 2.0", "header 3.0, UTF-8 field", "big-endian", "Fortran order", "0-d", "empty (0,), (0,4)", "bool", "complex128, f16", "unicode <U5",
    "bytes S3, datetime64", "object", "8-D / 5-D f4", "64-D (320-byte header)", "truncated data", "truncated header / empty file / text file", "shape product overflow",
    "negative dim", "valid, other key order", "valid, double quotes", "valid, no spaces", "valid, unpadded / no newline", "descr '=f8'", "Python-2 longs (3L, 4L)",
]  # fmt: skip
DEEP = "nested deeper than npstow's parser goes (64); Python's own limit is 200"
TITLE = "a title that is not a string: NumPy keeps any object, npstow's titles are strings"
# NumPy loads it, npstow refuses it: name (or its beginning, ending in *) -> why. It may become less strict: then it must be equal.
STRICTER = {
    "bomb_parentheses_90.npy": DEEP,
    "bomb_parentheses_150.npy": DEEP,
    "bomb_records_31.npy": DEEP,
    "bomb_records_45.npy": DEEP,
    "bomb_records_90.npy": DEEP,
    "bomb_subarray_60.npy": DEEP,
    "bomb_subarray_90.npy": DEEP,
    "string_surrogate.npy": "a field name with half of a surrogate pair is not Unicode text",
    "string_surrogate_pair.npy": "a field name with two surrogates is not Unicode text",
    "string_N_escape.npy": r"\N{...} needs the table of all Unicode names",
    "string_N_alias.npy": r"\N{...} needs the table of all Unicode names",
    "struct_title_int.npy": TITLE,
    "struct_title_list.npy": TITLE,
    "struct_title_tuple.npy": TITLE,
    "struct_title_bytes.npy": TITLE,
    "struct_field_string.npy": "NumPy unpacks a string of two characters as (name, descr): no writer means that",
    "struct_field_string_long.npy": "NumPy unpacks a string of three characters as (name, descr, shape): no writer means that",
    "struct_field_dict.npy": "NumPy unpacks the two keys of a dictionary as (name, descr): no writer means that",
    "struct_dict_two_chars.npy": "NumPy takes the keys of a dictionary for fields: no writer means that",
    "struct_dict_empty.npy": "NumPy takes an empty dictionary for an empty record: no writer means that",
    "struct_set.npy": "a set has no order, fields have one",
    "struct_empty_set.npy": "a set has no order, fields have one",
    "descr_207_M8_0s.npy": "a date counted in units of nothing",
    "struct_union*": "a scalar dtype with fields laid over it: npstow has no such dtype, and NumPy never writes it",
    "struct_view_dtype.npy": "a dtype viewed as another: NumPy never writes it",
}
# NumPy refuses it, npstow reads it.
MORE = {
    name: "Python objects, which NumPy loads with allow_pickle alone: npstow reads them as data"
    for name in (
        "file_pickle.npy",
        "object_0d.npy",
        "object_empty.npy",
        "object_one.npy",
        "object_record.npy",
        "row_object.npy",
    )
}


def reason(table, name):
    return next((why for key, why in table.items() if name == key or key.endswith("*") and name.startswith(key[:-1])), None)


def committed(report, folders):
    """The files in the repository are those the generator makes."""
    rows = {row["path"]: (folder, row) for folder, lines in folders.items() for row in lines}
    cases = {case.name + ".npy": case for case in header_cases.cases()}
    faults = [(name, "in no manifest") for name in cases.keys() - rows.keys()]
    for name, (folder, _) in rows.items():
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        case = cases.get(name)
        if case is None or (data != case.data and not (case.trim and case.data.startswith(data))):
            faults.append((name, "not as header_cases.py makes it: run corpus/gen_headers.py"))
    report.check("files are those of the generator", faults, len(rows))
    covered = {row.get("row") for _, row in rows.values()}
    report.check("rows of the table that have a case", [(row, "no case") for row in ROWS if row not in covered], len(ROWS))


def accepted(report, folder, rows):
    faults, stricter, fewer = [], 0, 0
    answers = each(lambda row: digest_fault(folder, {**row, **row["numpy"]}), rows)
    for row, fault in zip(rows, answers):
        why = reason(STRICTER, row["path"])
        if fault and why:
            stricter += 1
            complaint = not_a_refusal(run("digest", "--json", os.path.join(folder, row["path"])), row["path"])
            fault = complaint and f"should refuse it ({why}): {complaint}"
        elif why:
            fewer += 1
        if fault:
            faults.append((row["path"], fault))
    report.check("NumPy loads, npstow's digest is equal", faults, len(rows), f"{stricter} stricter on purpose, {fewer} of that table read after all")
    # NumPy walks through elements of no bytes one by one: some of these shapes would keep it busy for years
    rows = [row for row in rows if not reason(STRICTER, row["path"]) and math.prod(row["numpy"]["shape"]) < 1 << 24]
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        answers = each(lambda row: save_fault(folder, {**row, "writer": "hand", "file_sha256": ""}, scratch), rows)
    report.check("written again, the bytes of np.save", [(r["path"], f) for r, f in zip(rows, answers) if f], len(rows))


def refused(report, folder, rows):
    rows = [row for row in rows if not reason(MORE, row["path"])]
    for command in (["digest", "--json"], ["verify"], ["ls", "--json"]):

        def fault(row):
            answer = run(*command, os.path.join(folder, row["path"]), seconds=SECONDS, memory=MEMORY)
            if command[0] == "ls" and answer.code == 0 and not answer.crashed():
                return None  # the header may be well, ls reads no more
            return not_a_refusal(answer, row["path"])

        answers = each(fault, rows)
        report.check(f"NumPy refuses, so does {command[0]}", [(r["path"], f) for r, f in zip(rows, answers) if f], len(rows), f"at most {SECONDS} s and 1 GiB each")


def sparse(path, elements):
    """A file of that many zeros, the last one 7, taking no room on the disk."""
    with open(path, "wb") as file:
        npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (elements,)})
        file.truncate(file.tell() + elements)
        file.seek(-1, 2)
        file.write(b"\7")


def huge(report):
    faults = []
    os.makedirs(TARGET, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        path = os.path.join(scratch, "huge.npy")
        sparse(path, 2**31 + 16)
        content = hashlib.sha256()
        for _ in range(2**31 >> 20):
            content.update(bytes(1 << 20))
        content.update(bytes(15) + b"\7")
        row = {"path": "huge.npy", "digest_descr": "|u1", "shape": [2**31 + 16], "sha256": content.hexdigest()}
        fault = digest_fault(scratch, row)
        if fault:
            faults.append((MADE_HERE, fault))
        sparse(path, 2**32 + 16)
        answer = run("ls", "--json", path)
        items = json.loads(answer.out)["items"] if answer.code == 0 else []
        if [item["shape"] for item in items] != [[2**32 + 16]]:
            faults.append(("> 2^32 elements", f"ls: exit {answer.code}, {items} {answer.err}"))
    report.check("sparse files of more than 2^31 and 2^32 elements", faults, 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only files whose name contains this, and nothing huge")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    os.makedirs(TARGET, exist_ok=True)
    good, bad = (os.path.join(ROOT, "corpus", name) for name in ("headers", "hostile"))
    rows = {}
    for folder in (good, bad):
        head, rows[folder] = read_manifest(os.path.join(folder, "manifest.jsonl"))
        print(f"{head['files']} files in {os.path.basename(folder)}, judged by {head['reference']}; here is {REFERENCE}")
    report = Report()
    committed(report, rows)
    accepted(report, good, [row for row in rows[good] if args.only in row["path"]])
    refused(report, bad, [row for row in rows[bad] if args.only in row["path"]])
    if not args.only:
        huge(report)
    report.finish()


if __name__ == "__main__":
    main()
