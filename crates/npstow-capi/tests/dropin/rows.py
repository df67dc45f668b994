#!/usr/bin/env python3
"""Each row of the tables of what C and C++ readers do with NumPy's files, done with npstow/cnpy.h and npstow/npyreader.h.

    rows.py PROGRAMS [--name plain] [--small] [--table | --bless]

PROGRAMS is the folder of cnpy_tool and npyreader_tool, as CMakeLists.txt builds them. What NumPy reads must be read to the
byte; the rest must give a typed error that names the file; no program may die, and a file that is refused is as it was.
--small leaves out what takes gibibytes; --table compares the outcome with compare/failures.md, which COMPARE.md shows;
--bless writes it. Needs NumPy 2.x.
"""
import argparse
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import warnings
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..", "..")
sys.path[:0] = [os.path.join(ROOT, "corpus"), os.path.join(ROOT, "tests")]

from common import Report  # noqa: E402
from header_cases import Case, file, head, saved, table_rows  # noqa: E402
from rivals import APPENDS, ARCHIVES, FILES  # noqa: E402

STATUS = {10: "I/O", 20: "corrupt", 30: "unsupported", 40: "limit", 50: "mismatch", 60: "not found", 80: "invalid"}
NPYERR = {1: "NPYERR_READDICT", 4: "NPYERR_READDATA", 6: "NPYERR_FREAD", 9: "NPYERR_SIZETOOLONG"}
TABLE = os.path.join(ROOT, "compare", "failures.md")
EXACT, TOLD, BYTES = "exact", "descr and shape (no function for such elements)", 1 << 31


class Programs:
    def __init__(self, options):
        self.folder, self.small, self.name = options.programs, options.small, options.name
        # A sanitizer reserves terabytes.
        self.sanitized = "sanitized" in options.name

    def run(self, tool, *words, memory=None, room=None):
        """Exit status and lines; `memory` bounds the address space, `room` the length of files."""

        def limit():
            if memory and not self.sanitized:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            if room:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        program = os.path.join(self.folder, tool)
        done = subprocess.run([program, *map(str, words)], capture_output=True, preexec_fn=limit, restore_signals=False)
        lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
        if done.returncode not in (0, 3):
            raise Failed(f"{tool} {words[0]}: exit {done.returncode}: {lines[-1:]} {done.stderr.decode(errors='replace')[-600:]}")
        return done.returncode, lines

    def cnpy(self, *words, **limits):
        return self.run("cnpy_tool", *words, **limits)

    def npyreader(self, *words):
        return self.run("npyreader_tool", *words)


class Failed(Exception):
    """A row did not do what it must."""


def need(condition, why):
    if not condition:
        raise Failed(why)


def shape_of(text):
    return tuple(int(word) for word in text.split(",") if word)


def native(array):
    # NumPy leaves times without a unit as they are.
    if array.dtype.kind in "Mm":
        array = array.view(array.dtype.byteorder + "i8")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def same_array(line, out, want):
    """A line of cnpy_tool and the bytes beside it are those of NumPy's array."""
    _, kind, word, fortran, shape = line.split("\t")
    order = "F" if fortran == "1" else "C"
    need((kind, int(word), shape_of(shape)) == (want.dtype.kind, want.dtype.itemsize, want.shape), f"{line} for {want.dtype} {want.shape}")
    with open(out, "rb") as made:
        need(made.read() == native(want).tobytes(order=order), "other bytes than NumPy's")
    need(want.ndim < 2 or want.flags.c_contiguous or order == "F" or want.size == 0, "Fortran order is not told")


def refusal(code, lines, path):
    """How a refusal reads in the table; it must have a status and name the file."""
    need(code == 3, f"accepted: {lines}")
    status, offset, text = lines[-1].split("\t", 2)
    need(int(status) in STATUS and os.path.basename(path) in text, f"not a typed error that names the file: {lines}")
    place = f", byte {offset}" if offset != "-1" else ""
    return f"error: {STATUS[int(status)]}{place}"


def known(path):
    """What NumPy reads, or None. Objects are not read without pickle."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open(path, "rb") as source:
                return np.lib.format.read_array(source, allow_pickle=False, max_header_size=1 << 20)
    except (ValueError, EOFError, OSError):
        return None


def long_header():
    """A header of version 2.0 that has to be one."""
    fields = [(f"a_long_name_of_a_field_{n:04}", "<f4") for n in range(2000)]
    array = np.zeros(2, fields)
    for n, (name, _) in enumerate(fields):
        array[name] = [n, -n]
    return saved(array)


def file_rows():
    """The rows of the corpus, and a float32 for each that has no function in npyreader otherwise."""
    f4 = np.arange(12, dtype="<f4").reshape(3, 4)
    yield from table_rows()
    yield Case("long_2_0", "", long_header(), "header 2.0")
    yield Case("f4_2_0", "", saved(f4, version=(2, 0)), "header 2.0")
    yield Case("f4_big", "", saved(f4.astype(">f4")), "big-endian")
    yield Case("i4_big", "", saved(np.arange(5, dtype=">i4")), "big-endian")
    yield Case("f4_fortran", "", saved(np.asfortranarray(f4)), "Fortran order")
    yield Case("f8_big_fortran", "", saved(np.asfortranarray(f4.astype(">f8").reshape(2, 3, 2))), "Fortran order")
    yield Case("f4_0d", "", saved(np.array(4.5, "<f4")), "0-d")
    yield Case("f4_5", "", saved(np.arange(5, dtype="<f4")), "plain")
    yield Case("i4_2x3", "", saved(np.arange(6, dtype="<i4").reshape(2, 3)), "plain")
    yield Case("f4_long_shape", "", saved(np.zeros((1,) * 20, "<f4")), "8-D / 5-D f4")
    yield Case("f4_truncated", "", saved(f4)[:-1], "truncated data")
    yield Case("f4_overflow", "", file(head("'<f4'", shape="(4294967296, 4294967296)")), "shape product overflow")
    yield Case("f4_long", "", file(head("'<f4'", shape="(8589934592, 0)"), b""), "a length beyond 32 bits, no element")


class Rows:
    """The outcomes of a table: name of the row to columns."""

    def __init__(self):
        self.cells, self.faults, self.count = {}, [], 0

    def put(self, row, column, work):
        self.count += 1
        try:
            cell = work()
        except Failed as why:
            self.faults.append((row, f"column {column}: {why}"))
            cell = "FAILED"
        found = self.cells.setdefault(row, {}).setdefault(column, [])
        if cell not in found:
            found.append(cell)

    def cell(self, row, column):
        return "; ".join(self.cells.get(row, {}).get(column, ["–"]))


def read_with_cnpy(programs, path, out):
    want = known(path)
    code, lines = programs.cnpy("npy", path, out, memory=BYTES)
    header, told = programs.cnpy("header", path)
    if want is None:
        return refusal(code, lines, path)
    need(code == 0, f"refused: {lines}")
    same_array(lines[0], out, want)
    if want.dtype == want.dtype.newbyteorder("="):
        with open(path, "rb") as source:
            start = source.read(12)
        at = 10 + int.from_bytes(start[8:10], "little") if start[6] == 1 else 12 + int.from_bytes(start[8:12], "little")
        fields = told[0].split("\t")
        need(header == 0 and fields[0] == str(at) and fields[1:] == ["-", *lines[0].split("\t")[2:]], f"parse_npy_header: {told}")
    else:
        need(header == 3 and told[0].startswith("30\t"), f"parse_npy_header of another byte order: {told}")
    return EXACT


def read_with_npyreader(programs, path, out):
    want = known(path)
    code, lines = programs.npyreader(path, out)
    if want is None or max(want.shape, default=0) >= 2**32 - 1:
        need(code == 3, f"accepted: {lines}")
        number = int(lines[-1].split("\t")[0])
        need(number in NPYERR and lines[-1].split("\t")[2], f"not a typed error: {lines}")
        return f"error: {NPYERR[number]}"
    need(code == 0, f"refused: {lines}")
    descr, shape, sizes = lines[0].split("\t")
    plain = want.dtype.names is None
    need(np.dtype(descr) == want.dtype if plain else descr == repr(np.lib.format.dtype_to_descr(want.dtype)), f"descr {descr} for {want.dtype}")
    need(shape == repr(want.shape)[1:-1] and shape_of(sizes) == want.shape, f"shape {shape}, {sizes} for {want.shape}")
    if descr[1:] not in ("f4", "f8", "i4"):
        return TOLD
    with open(out, "rb") as made:
        need(made.read() == native(want).tobytes(), "other bytes than NumPy's")
    return EXACT


def files(programs, folder, rows):
    for case in file_rows():
        path, out = os.path.join(folder, case.name + ".npy"), os.path.join(folder, "out")
        with open(path, "wb") as target:
            target.write(case.data)
        objects = case.row == "object"
        rows.put(case.row, "cnpy", lambda: read_with_cnpy(programs, path, out) if not objects else refusal(*programs.cnpy("npy", path, out), path))
        rows.put(case.row, "npyreader", lambda: read_with_npyreader(programs, path, out) if not objects else objects_told(programs, path, out))
        os.unlink(path)
    if programs.small:
        return
    path = os.path.join(folder, "many.npy")
    with open(path, "wb") as target:
        target.write(file(head("'|u1'", shape="(2147483651,)"), b"\1\2"))
        target.truncate(target.tell() + 2147483651 - 2)
    rows.put("> 2^31 elements (2 GiB u1)", "cnpy", lambda: many_elements(programs, path))
    rows.put("> 2^31 elements (2 GiB u1)", "npyreader", lambda: many_told(programs, path))
    os.unlink(path)


def objects_told(programs, path, out):
    code, lines = programs.npyreader(path, out)
    need(code == 0 and lines[0].startswith("|O\t3,\t3,"), f"{lines}")
    return TOLD


def many_elements(programs, path):
    code, lines = programs.cnpy("npy", path, "-")
    need(code == 0 and lines == ["-\tu\t1\t0\t2147483651,", "3"], f"{lines}")
    return EXACT


def many_told(programs, path):
    code, lines = programs.npyreader(path, os.devnull)
    need(code == 0 and lines == ["|u1\t2147483651,\t2147483651,"], f"{lines}")
    return TOLD


class Pipe(io.RawIOBase):
    """What cannot seek: zipfile then writes sizes behind the data."""

    def __init__(self, target):
        self.target = target

    def writable(self):
        return True

    def write(self, data):
        return self.target.write(data)


class Sparse(io.FileIO):
    """Leaves holes where zeros are written."""

    def write(self, data):
        if len(data) > 65536 and not any(memoryview(data)[:1]) and bytes(data) == bytes(len(data)):
            self.seek(len(data), io.SEEK_CUR)
            return len(data)
        return super().write(data)


def zipped(path, members, method=zipfile.ZIP_STORED, piped=False, comment=b""):
    with open(path, "wb") as target, zipfile.ZipFile(Pipe(target) if piped else target, "w", method) as archive:
        archive.comment = comment
        for name, data in members:
            if piped:
                with archive.open(zipfile.ZipInfo(name), "w") as member:
                    member.write(data)
            else:
                archive.writestr(name, data)


def large_archive(path):
    """A member of 5 GiB, and one behind it."""
    zeros = bytes(64 << 20)
    with Sparse(path, "w") as target, zipfile.ZipFile(target, "w") as archive:
        with archive.open("large.npy", "w", force_zip64=True) as member:
            member.write(np.lib.format.magic(1, 0) + saved(np.zeros(0, "u1"))[8:10] + head("'|u1'", shape=f"({5 << 30},)").ljust(117).encode() + b"\n")
            for _ in range((5 << 30) // len(zeros)):
                member.write(zeros)
        archive.writestr("small.npy", saved(np.arange(4.0)))


def arrays():
    yield "f8", np.arange(12.0).reshape(3, 4)
    yield "i4", np.arange(-3, 4, dtype="<i4")
    yield "bool", np.array([True, False, True])
    yield "zero", np.array(7.25)
    yield "fortran", np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3))
    yield "λ", np.array([1 + 2j])
    yield "large", np.arange(300000, dtype="<u2").reshape(-1, 3) % 1000
    yield "big", np.arange(5, dtype=">i8")


def archives():
    """Name of the row, name of the file, how it is made."""
    some = dict(arrays())
    members = [(name + ".npy", saved(array)) for name, array in some.items()]
    deflated = zipfile.ZIP_DEFLATED
    yield "np.savez, all", lambda path: np.savez(path, **some)
    yield "np.savez, the second by name", lambda path: np.savez(path, **some)
    yield "np.savez_compressed", lambda path: np.savez_compressed(path, **some)
    yield "streamed, stored", lambda path: zipped(path, members, piped=True)
    yield "streamed, deflated", lambda path: zipped(path, members, deflated, piped=True)
    yield "a member that is no array", lambda path: zipped(path, [("read me.txt", b"hello"), *members, ("empty", b"")])
    yield "np.savez of nothing", lambda path: np.savez(path)
    yield "32-bit sizes, stored", lambda path: zipped(path, members)
    yield "32-bit sizes, deflated", lambda path: zipped(path, members, deflated)
    yield "a comment", lambda path: zipped(path, members, comment=b"said" * 1000)
    yield "4000 members", lambda path: np.savez(path, **{f"a{n:04}": np.full((10, 4), n, "<f4") for n in range(4000)})


def read_archive(programs, path, out):
    with np.load(path) as archive:
        want = {name: archive[name] for name in archive.files if isinstance(archive[name], np.ndarray)}
    code, lines = programs.cnpy("npz", path, out, memory=BYTES)
    need(code == 0, f"refused: {lines}")
    names = [line.split("\t")[0] for line in lines]
    need(sorted(names) == sorted(want), f"{names[:9]} rather than {list(want)[:9]}")
    for at, line in enumerate(lines):
        same_array(line, f"{out}.{at}", want[names[at]])
        os.unlink(f"{out}.{at}")
    for name in list(want)[:9]:
        code, lines = programs.cnpy("member", path, name, out, memory=BYTES)
        need(code == 0, f"{name}: refused: {lines}")
        same_array(lines[0], out, want[name])
    code, lines = programs.cnpy("member", path, "no such name", out)
    need(code == 3 and lines[0].startswith("60\t"), f"a name that is not there: {lines}")
    return footer(programs, path)


def footer(programs, path):
    """The directory is where Python's zipfile finds it."""
    with zipfile.ZipFile(path) as archive:
        count, offset = len(archive.infolist()), archive.start_dir
    code, lines = programs.cnpy("footer", path)
    need(code == 0, f"parse_zip_footer: {lines}")
    found = [int(word) for word in lines[0].split("\t")]
    need(found[0] == count and found[2] == offset, f"parse_zip_footer: {found} rather than {count}, {offset}")
    return EXACT


def refuse_archive(programs, path, data, out):
    with open(path, "wb") as target:
        target.write(data)
    one = refusal(*programs.cnpy("member", path, "x", out), path)
    code, lines = programs.cnpy("footer", path)
    need(code == 3, f"parse_zip_footer accepts: {lines}")
    need(refusal(*programs.cnpy("npz", path, out), path) == one, "two verdicts")
    return one


def damaged(path):
    """A byte of the data is another one."""
    np.savez(path, x=np.arange(1000.0))
    with open(path, "r+b") as target:
        target.seek(4000)
        target.write(b"\xff")


def broken_archive(programs, path, out):
    damaged(path)
    one = refusal(*programs.cnpy("member", path, "x", out), path)
    need(refusal(*programs.cnpy("npz", path, out), path) == one, "two verdicts")
    return one


def large_by_name(programs, path, out):
    code, lines = programs.cnpy("member", path, "small", out)
    need(code == 0, f"refused: {lines}")
    same_array(lines[0], out, np.arange(4.0))
    return footer(programs, path)


def all_archives(programs, folder, rows):
    out = os.path.join(folder, "out")
    path = os.path.join(folder, "some.npz")
    for row, make in archives():
        make(path)
        rows.put(row, "cnpy", lambda: read_archive(programs, path, out))
    rows.put("no zip archive", "cnpy", lambda: refuse_archive(programs, path, saved(np.zeros(3)), out))
    rows.put("no zip archive", "cnpy", lambda: refuse_archive(programs, path, b"x,y\n1,2\n", out))
    rows.put("no zip archive", "cnpy", lambda: refuse_archive(programs, path, b"", out))
    rows.put("a damaged byte", "cnpy", lambda: broken_archive(programs, path, out))
    if programs.small:
        return
    large = os.path.join(folder, "large.npz")
    large_archive(large)
    rows.put("zip64 of 5 GiB, then a small one by name", "cnpy", lambda: large_by_name(programs, large, out))
    rows.put("append to a zip64 archive of 5 GiB", "cnpy", lambda: append_to_large(programs, large))
    os.unlink(large)


def hostile_files(folder):
    """Path, and whether NumPy reads it: the corpus, and two files cut off at every byte."""
    for name in ("headers", "hostile"):
        place = os.path.join(ROOT, "corpus", name)
        with open(os.path.join(place, "manifest.jsonl")) as manifest:
            for row in map(json.loads, list(manifest)[1:]):
                objects = "O" in row["numpy"].get("descr", "")
                yield os.path.join(place, row["path"]), True if row["numpy"]["loads"] and not objects else None
    archive = io.BytesIO()
    np.savez_compressed(archive, x=np.arange(5), y=np.zeros((2, 0)))
    for name, data in (("cut.npy", saved(np.arange(5, dtype="<f4"))), ("cut.npz", archive.getvalue())):
        for length in range(len(data)):
            yield put(os.path.join(folder, f"{length}.{name}"), data[:length]), False


def hostile(programs, folder, report):
    """No file kills a program. What NumPy reads is read as NumPy does or refused (tests/headers.py knows what), what is cut off
    is refused."""
    cases, faults = list(hostile_files(folder)), []
    for start in range(0, len(cases), 150):
        part = cases[start : start + 150]
        paths = [path for path, _ in part]
        out = os.path.join(folder, "out")
        try:
            _, lines = programs.cnpy("each", out, *paths)
            _, told = programs.npyreader("--each", *paths)
        except Failed as why:
            faults.append((paths[0], str(why)))
            continue
        for at, (path, may) in enumerate(part):
            first, verdict = lines[2 * at : 2 * at + 2]
            try:
                hostile_fault(path, may, first, verdict, f"{out}.{at}")
            except Failed as why:
                faults.append((os.path.basename(path), str(why)))
        if [line for line in told if line.startswith("/")] != paths:
            faults.append((paths[0], "npyreader_tool did not come to the end"))
    report.check(f"{programs.name}: files that are made to hurt", faults, len(cases))


def hostile_fault(path, may, first, verdict, out):
    if may is False:
        need(verdict[0] == "n" and verdict[2] == "n", f"what is cut off is read: {verdict}")
    if may is True and verdict[0] == "y":
        want = known(path)
        need(want is not None, "NumPy does not read it")
        same_array(first, out, want)
    if os.path.exists(out):
        os.unlink(out)


def values(dtype, shape):
    return (100 + np.arange(np.prod(shape, dtype=int))).astype(dtype).reshape(shape)


def grown(programs, path, there, dtype, shape):
    code, lines = programs.cnpy("save", "a", dtype, put(path, saved(there)), ",".join(map(str, shape)))
    need(code == 0, f"refused: {lines}")
    want, got = np.concatenate([there, values(dtype, shape)]), np.load(path)
    need(got.dtype == there.dtype and np.array_equal(got, want), "NumPy does not read both")
    return "both are read"


def put(path, data):
    with open(path, "wb") as target:
        target.write(data)
    return path


def taken(path):
    with open(path, "rb") as source:
        return source.read()


def unchanged(programs, path, data, *words):
    """What is refused is as it was."""
    put(path, data)
    cell = refusal(*programs.cnpy(*words), path)
    need(taken(path) == data, "the file changed")
    return cell + ", file as it was"


def written(programs, path, dtype, shape):
    code, lines = programs.cnpy("save", "w", dtype, path, ",".join(map(str, shape)))
    need(code == 0, f"refused: {lines}")
    want = values(dtype, shape)
    need(taken(path) == saved(want), "not the bytes of np.save")
    os.unlink(path)
    return "as np.save writes it"


def full(programs, path):
    code, lines = programs.cnpy("save", "w", "f8", path, "100000", room=4096)
    cell = refusal(code, lines, path)
    need(not os.path.exists(path), "half a file is left")
    old = saved(np.arange(3.0))
    put(path, old)
    refusal(*programs.cnpy("save", "w", "f8", path, "100000", room=4096), path)
    refusal(*programs.cnpy("save", "a", "f8", path, "100000", room=4096), path)
    need(np.array_equal(np.load(path), np.arange(3.0)), "the old rows are gone")
    return cell + ", old file as it was"


def added(programs, path, there, name, dtype="f4", shape=(2, 3), mode="a"):
    """A member added to an archive, which NumPy then reads beside the others."""
    code, lines = programs.cnpy("zsave", mode, dtype, path, name, ",".join(map(str, shape)))
    need(code == 0, f"refused: {lines}")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        need(len(names) == len(set(names)) and archive.testzip() is None, f"names {names}")
    with np.load(path) as archive:
        need(sorted(archive.files) == sorted({*there, name}), f"{archive.files}")
        for other, array in there.items():
            need(other == name or np.array_equal(archive[other], array), f"{other} is another one")
        need(np.array_equal(archive[name], values(dtype, shape)), f"{name} is another one")
    return "NumPy reads all"


def with_comment(programs, path):
    zipped(path, [("x.npy", saved(np.arange(3)))], comment=b"a comment")
    cell = added(programs, path, {"x": np.arange(3)}, "y")
    with zipfile.ZipFile(path) as archive:
        need(archive.comment == b"a comment", "the comment is lost")
    return cell


def twice(programs, path, out):
    np.savez(path, x=np.arange(3.0), y=np.arange(4.0))
    added(programs, path, {"x": np.arange(3.0), "y": np.arange(4.0)}, "x")
    code, lines = programs.cnpy("member", path, "x", out)
    need(code == 0, f"{lines}")
    same_array(lines[0], out, values("f4", (2, 3)))
    code, lines = programs.cnpy("npz", path, out)
    need(code == 0 and len(lines) == 2, f"{lines}")
    same_array(lines[0], out + ".0", values("f4", (2, 3)))
    return "the new one takes the place of the old one"


def append_to_large(programs, path):
    code, lines = programs.cnpy("zsave", "a", "f8", path, "new", "7")
    need(code == 0, f"refused: {lines}")
    with np.load(path) as archive:
        need(archive.files == ["large", "small", "new"], f"{archive.files}")
        need(np.array_equal(archive["new"], values("f8", (7,))) and np.array_equal(archive["small"], np.arange(4.0)), "other values")
        with archive.zip.open("large.npy") as member:
            need(member.read(10)[:6] == b"\x93NUMPY", "the large one is damaged")
    with open(path, "rb") as source:
        source.seek(0xFFFFFFFF - 1000)
        need(source.read(4096) == bytes(4096), "bytes within a member are others")
    return "NumPy reads all"


def beyond_4_gib(programs, path):
    length = (4 << 30) + 5
    np.savez(path, x=np.arange(3.0))
    code, lines = programs.cnpy("zeros", path, "zeros", length)
    need(code == 0, f"refused: {lines}")
    with zipfile.ZipFile(path) as archive:
        need(archive.getinfo("zeros.npy").file_size == length + 128, "another size")
        with archive.open("zeros.npy") as member:
            need(np.lib.format.read_magic(member) == (1, 0), "no header")
            need(np.lib.format.read_array_header_1_0(member) == ((length,), False, np.dtype("u1")), "another header")
            # To the end, so that zipfile compares the checksum.
            while chunk := member.read(64 << 20):
                need(chunk.count(0) == len(chunk), "other bytes")
    with np.load(path) as archive:
        need(np.array_equal(archive["x"], np.arange(3.0)), "the other one is damaged")
    code, lines = programs.cnpy("member", path, "zeros", "-")
    need(code == 0 and lines[1] == "0", f"{lines}")
    os.unlink(path)
    return "NumPy reads all"


def appends(programs, folder, rows):
    npy, npz, out = (os.path.join(folder, name) for name in ("rows.npy", "some.npz", "out"))
    f4 = np.arange(8, dtype="<f4").reshape(2, 4)
    rows.put("append to a file of np.save", "cnpy", lambda: grown(programs, npy, f4, "f4", (3, 4)))
    rows.put("append to a file of np.save", "cnpy", lambda: grown(programs, npy, np.arange(5, dtype="<i4"), "i4", (1,)))
    rows.put("append int32 to float32", "cnpy", lambda: unchanged(programs, npy, saved(f4), "save", "a", "i4", npy, "1,4"))
    rows.put("append where the header grows: (9999, 10, 1, 1)", "cnpy", lambda: grown(programs, npy, np.zeros((9999, 10, 1, 1)), "f8", (1, 10, 1, 1)))
    tight = file(head("'<f4'", shape="(9,)"), np.arange(9, dtype="<f4").tobytes(), align=16)
    rows.put("append where the header grows: (9999, 10, 1, 1)", "cnpy", lambda: tightly(programs, npy, tight))
    rows.put("append (4,) to (1, 4)", "cnpy", lambda: unchanged(programs, npy, saved(f4[:1]), "save", "a", "f4", npy, "4"))
    rows.put("append (1, 5) to (1, 4)", "cnpy", lambda: unchanged(programs, npy, saved(f4[:1]), "save", "a", "f4", npy, "1,5"))
    rows.put("append to Fortran order", "cnpy", lambda: unchanged(programs, npy, saved(np.asfortranarray(f4)), "save", "a", "f4", npy, "1,4"))
    rows.put("append to a file that is no array", "cnpy", lambda: unchanged(programs, npy, b"x,y\n1,2\n", "save", "a", "f4", npy, "4"))
    os.unlink(npy)
    rows.put("append to a file that is not there", "cnpy", lambda: created(programs, npy, npz))
    rows.put("npy_save of int8_t", "cnpy", lambda: written(programs, npy, "i1", (5,)))
    rows.put("npy_save of shape {}", "cnpy", lambda: written(programs, npy, "f8", ()))
    rows.put("npy_save of complex, of no element", "cnpy", lambda: written(programs, npy, "c16", (2, 2)))
    rows.put("npy_save of complex, of no element", "cnpy", lambda: written(programs, npy, "f4", (0, 3)))
    rows.put("npy_save to a full disk", "cnpy", lambda: full(programs, npy))
    rows.put("npz_save to an archive with a comment", "cnpy", lambda: with_comment(programs, npz))
    rows.put("npz_save to a file that is no zip archive", "cnpy", lambda: unchanged(programs, npz, b"x,y\n1,2\n", "zsave", "a", "f4", npz, "x", "4"))
    rows.put("npz_save to a file that is no zip archive", "cnpy", lambda: unchanged(programs, npz, b"", "zsave", "a", "f4", npz, "x", "4"))
    some = dict(arrays())
    np.savez_compressed(npz, **some)
    rows.put("npz_save to an archive of np.savez_compressed", "cnpy", lambda: added(programs, npz, some, "one more"))
    rows.put("the same name twice", "cnpy", lambda: twice(programs, npz, out))
    os.unlink(npz)
    rows.put("a name that is not ASCII", "cnpy", lambda: added(programs, npz, {}, "λ", mode="w"))
    rows.put("a name that is not ASCII", "cnpy", lambda: added(programs, npz, {"λ": values("f4", (2, 3))}, "groß", "i1", (3,)))
    os.unlink(npz)
    if not programs.small:
        rows.put("an array of more than 4 GiB", "cnpy", lambda: beyond_4_gib(programs, npz))


def tightly(programs, path, data):
    """cnpy's own headers have hardly any room."""
    put(path, data)
    there = np.load(path)
    code, lines = programs.cnpy("save", "a", "f4", path, "100001")
    need(code == 0, f"refused: {lines}")
    need(np.array_equal(np.load(path), np.concatenate([there, values("f4", (100001,))])), "NumPy does not read both")
    return "both are read"


def created(programs, npy, npz):
    for words, path in ((("save", "a", "f8", npy, "3"), npy), (("zsave", "a", "f8", npz, "x", "3"), npz)):
        code, lines = programs.cnpy(*words)
        need(code == 0, f"refused: {lines}")
        made = np.load(path)
        need(np.array_equal(made if path == npy else made["x"], values("f8", (3,))), "other values")
        os.unlink(path)
    return "a new file"


def table(title, heads, facts, rows, columns):
    lines = [f"### {title}", "", "| | " + " | ".join([*heads, *columns.values()]) + " |", "|---" * (1 + len(heads) + len(columns)) + "|"]
    for row, cells in facts.items():
        lines.append("| " + " | ".join([row, *cells, *(rows.cell(row, column) for column in columns)]) + " |")
    missing = [row for row in rows.cells if row not in facts]
    return "\n".join(lines), missing


def page(tables):
    start = """## What readers in C and C++ do with files

What cnpy, libnpy, NP.hh and npyreader do was measured with g++ 12.2 and files of NumPy 2.4.6; two outcomes are those of a build with assertions
and of one with `NDEBUG`. What npstow does is what `crates/npstow-capi/tests/dropin/rows.py` finds, with and without `NDEBUG` and under
AddressSanitizer and UndefinedBehaviorSanitizer; it compares this page with what it found. *exact*: shape, dtype and every byte are NumPy's.
"""
    return "\n\n".join([start.rstrip(), *tables]) + "\n"


def surface(folder):
    """What cnpy_surface.cpp reads."""
    cube, fortran, small = np.arange(24.0).reshape(2, 3, 4), np.asfortranarray(np.arange(6, dtype="<i4").reshape(2, 3)), np.arange(3.0)
    np.save(os.path.join(folder, "cube.npy"), cube)
    np.save(os.path.join(folder, "fortran.npy"), fortran)
    np.savez(os.path.join(folder, "stored.npz"), cube=cube, fortran=fortran, small=small)
    np.savez_compressed(os.path.join(folder, "packed.npz"), cube=cube, fortran=fortran, small=small)
    np.savez(os.path.join(folder, "many.npz"), **{f"a{n:04}": np.full(1, 10 * n, "<u2") for n in range(1000)})


def every_function(programs):
    """The program that uses every function of cnpy, in each version of C++ in which it is there."""
    faults, names = [], sorted(name for name in os.listdir(programs) if name.startswith("cnpy_surface"))
    for name in names:
        with tempfile.TemporaryDirectory(dir=os.environ.get("NPSTOW_SCRATCH")) as folder:
            surface(folder)
            done = subprocess.run([os.path.join(programs, name), folder], capture_output=True, text=True)
            if done.returncode:
                faults.append((name, f"exit {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}"))
    return faults or ([] if names else [("cnpy_surface", "is not there")]), max(len(names), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=os.path.abspath)
    parser.add_argument("--name", default="plain")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--bless", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    report, tables = Report(), []
    both = {"cnpy": "npstow/cnpy.h", "npyreader": "npstow/npyreader.h"}
    ours = {"cnpy": "npstow/cnpy.h"}
    parts = [
        ("Files", ["cnpy", "libnpy", "NP.hh", "npyreader"], FILES, files, both),
        ("Archives", ["cnpy"], ARCHIVES, all_archives, ours),
        ("Writing and appending", ["cnpy"], APPENDS, appends, ours),
    ]
    scratch = os.environ.get("NPSTOW_SCRATCH")
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        report.check(f"{options.name}: every function of cnpy", *every_function(options.programs))
        programs = Programs(options)
        for title, heads, facts, work, columns in parts:
            rows = Rows()
            work(programs, folder, rows)
            text, missing = table(title, heads, facts, rows, columns)
            tables.append(text)
            rows.faults += [(row, "not in rivals.py") for row in missing]
            report.check(f"{options.name}: {title.lower()}", rows.faults, rows.count)
        hostile(programs, folder, report)
    if options.table or options.bless:
        made = page(tables)
        if options.bless:
            put(TABLE, made.encode())
        there = taken(TABLE).decode() if os.path.exists(TABLE) else ""
        differs = [("differs", line) for line in made.splitlines() if line not in there.splitlines()]
        report.check("the table of COMPARE.md", differs or ([] if made == there else [("differs", "lines are missing")]), 1)
    report.finish()


if __name__ == "__main__":
    main()
