#!/usr/bin/env python3
"""Makes shelve/small.gdbm and small.sqlite: shelves in databases that few Pythons can write.

    python corpus/gen_shelve.py corpus/shelve

Needs Python's `dbm.gnu` (Debian: python3-gdbm); the file here was written with gdbm 1.23 on x86-64, which has offsets of 8 bytes.
"""
import contextlib
import dbm.gnu
import os
import pickle
import shelve
import sqlite3
import sys

path = os.path.join(sys.argv[1], "small.gdbm")
with dbm.gnu.open(path, "nf") as database, shelve.Shelf(database) as shelf:
    for name, value in {"a": 1, "list": [1, "two", 3.0], "\u00e9": b"abc", "group/x": {"k": (1, 2)}}.items():
        shelf[name] = value
    for i in range(40):
        shelf[f"n{i}"] = list(range(i))
    for i in range(0, 40, 3):
        del shelf[f"n{i}"]
    shelf["n1"] = "changed"

# The table of dbm.sqlite3 (Python 3.13), in pages so small that there are trees of them and chains.
path = os.path.join(sys.argv[1], "small.sqlite")
if os.path.exists(path):
    os.remove(path)
with contextlib.closing(sqlite3.connect(path)) as database:
    database.execute("PRAGMA page_size = 512")
    database.execute("CREATE TABLE IF NOT EXISTS Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)")
    values = {"a": 1, "list": [1, "two", 3.0], "\u00e9": b"abc", "long": "x" * 2000, **{f"n{i}": list(range(i)) for i in range(40)}}
    for name, value in values.items():
        words = (name.encode(), pickle.dumps(value, 4))
        database.execute("REPLACE INTO Dict (key, value) VALUES (CAST(? AS BLOB), CAST(? AS BLOB))", words)
    database.commit()
