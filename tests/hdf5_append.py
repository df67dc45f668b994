#!/usr/bin/env python3
"""Adds rows to datasets of HDF5 in place, and lets h5py read them; kills npstow while it does.

    NPSTOW=target/release/npstow NPSTOW_EXAMPLES=target/debug/examples NPSTOW_KILLS=200 python tests/hdf5_append.py [--seed N]

Needs NumPy 2.x and h5py; the programs of hdf5-tools are skipped where they are not installed, and said so.
  grown      datasets by npstow and by h5py (the oldest form, and 1.8's, whose headers have a checksum), of several dtypes, shapes, chunks
             and filters: after each append h5py reads what NumPy's concatenate gives
  extended   h5py opens the same files for writing: grows the datasets, writes into what is new, shrinks them, adds others, and reads all
             of it back; then npstow appends once more
  noise      chunks that deflate makes no shorter have no filter left out: what h5py packs into as many bytes in their place is read again
  many       an index of several levels, one row or thousands at a time, and how much room that takes
  resizable  arrays of archives and of HDF5, converted with `--resizable`: h5py sees them grow without end, and rows are appended
  refused    what cannot grow in place: one line, and not a byte of the file changed
  killed     SIGKILL while rows are added: whole batches for h5py and for npstow, and the next append works
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

import numpy as np

from common import TARGET, Checks, Report, given, npstow, run

try:
    import h5py
except ImportError:
    print("h5py is not installed")
    sys.exit(77)

KILLS = int(os.environ.get("NPSTOW_KILLS", "200"))
EXAMPLES = os.environ.get("NPSTOW_EXAMPLES", os.path.join(TARGET, "debug", "examples"))
PROGRAMS = {"h5dump": ["h5dump", "-d", "/g/x"], "h5ls": ["h5ls", "-r", "-v", "-a"], "h5stat": ["h5stat"]}
# How h5py is told to write the two forms whose indices npstow can go on with.
LIBVERS = {"earliest": "earliest", "v108": ("earliest", "v108")}


def by_npstow(scratch, name, array, chunk, filters, latest, attributes=True):
    """A file by npstow with the dataset g/x, and another one."""
    source = given(scratch, name, {"g/x": array, "y": np.arange(5)})
    path = os.path.join(scratch, f"{name}.h5")
    store = "store:g/x=chunks=" + "x".join(map(str, chunk)) + ",most=" + "x".join(["_"] + [str(n or 1) for n in array.shape[1:]])
    words = [source, path, store + "".join(f",{word}" for word in filters)]
    words += ["latest"] if latest else []
    words += ["text:g/x@unit=mm", "text:g/x@long=" + "n" * 700] if attributes else []
    done = subprocess.run([os.path.join(EXAMPLES, "hdf5"), *words], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{name}: {done.stderr}")
    return path


def by_h5py(scratch, name, array, chunk, filters, libver, fill=None):
    path = os.path.join(scratch, f"{name}.h5")
    kinds = {"shuffle": {"shuffle": True}, "fletcher32": {"fletcher32": True}}
    kinds |= {f"deflate={n}": {"compression": "gzip", "compression_opts": n} for n in range(10)}
    words = {key: value for word in filters for key, value in kinds[word].items()}
    with h5py.File(path, "w", libver=libver) as file:
        file.create_dataset("g/x", data=array, chunks=chunk, maxshape=(None, *array.shape[1:]), fillvalue=fill, **words)
        file["g/x"].attrs["unit"] = "mm"
        file["y"] = np.arange(5)
    return path


def arrays(chance):
    yield "f4", chance.standard_normal((50, 7)).astype("f4"), (4, 3)
    yield "u1", chance.integers(0, 3, (40, 5, 3), dtype="u1"), (7, 2, 3)
    yield "i8", chance.integers(0, 2**63, 300, dtype="i8"), (16,)
    yield "b1", chance.integers(0, 2, 60).astype("?"), (9,)
    yield "big", chance.integers(0, 9, (30, 2)).astype(">u4"), (5, 2)
    yield "c8", (chance.random((20, 2, 2, 3)) + 1j).astype("c8"), (3, 1, 2, 2)
    record = np.zeros(44, [("a", "<i2"), ("b", ">f8", (3,)), ("c", "S3")])
    record["a"], record["c"] = np.arange(44), b"abc"
    yield "record", record, (10,)
    yield "string", np.array([f"{n}".encode() for n in range(70)], "S4"), (8,)
    yield "when", np.arange(64).view("M8[ns]"), (6,)


# How datasets of h5py are refused whose header no single write changes, and those that were.
PARTS = "a dataset whose header"
PARTED = []
FILTERS = [(), ("shuffle",), ("fletcher32",), ("shuffle", "deflate=4", "fletcher32"), ("deflate=9",)]


def add(scratch, path, rows, name="g/x", *words):
    source = os.path.join(scratch, "rows.npy")
    np.save(source, rows)
    return run("append", f"{path}:{name}", source, *words)


def same(path, want, name="g/x"):
    """Why h5py does not read this, or None."""
    with h5py.File(path) as file:
        got = file[name][()]
        if not np.array_equal(file["y"][()], np.arange(5)):
            return "another dataset changed"
        if "unit" in file[name].attrs and file[name].attrs["unit"] != "mm":
            return "an attribute changed"
    if want.dtype.kind == "M":
        got = got.view(want.dtype)
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"{got.dtype} {got.shape}, not {want.dtype} {want.shape}"
    return None if got.tobytes() == want.tobytes() else "other values"


def files(scratch, chance):
    """Name, a file, and all rows of which it has the first `start`."""
    for what, array, chunk in arrays(chance):
        for number, filters in enumerate(FILTERS):
            for start in (0, 3, 2 * chunk[0]):
                name = f"{what}-{number}-{start}"
                for latest in (False, True):
                    form = "latest" if latest else "oldest"
                    yield f"npstow {form} {name}", by_npstow(scratch, f"{form}-{name}", array[:start], chunk, filters, latest), array, start
                if what == "when":
                    continue  # h5py has no dtype for it without a tag of its own
                for form, libver in LIBVERS.items():
                    fill = 7 if array.dtype.kind in "iuf" and number % 2 else None
                    path = by_h5py(scratch, f"{form}-{name}", array[:start], chunk, filters, libver, fill)
                    yield f"h5py {form} {name}", path, array, start


def grow(checks, scratch, name, path, array, start, chance):
    at = start
    while at < len(array):
        more = chance.choice([1, 2, len(array) // 3, len(array)])
        answer = add(scratch, path, array[at : at + more])
        at = min(len(array), at + more)
        if name.startswith("h5py") and PARTS in answer.err:
            PARTED.append(name)  # libhdf5 has spread its header: refused by name
            return False
        fault = f"exit {answer.code}: {answer.err}" if answer.code else same(path, array[:at])
        checks.add(not fault, fault, f"{name} at {at}")
        if fault:
            return False
    answer = run("verify", path)
    checks.add(answer.code == 0, answer.err, f"{name} verify")
    for program, words in PROGRAMS.items():
        if shutil.which(program) and chance.random() < 0.2:
            done = subprocess.run([*words, path], capture_output=True, text=True)
            checks.add(done.returncode == 0 and "error" not in done.stderr.lower(), done.stderr[-300:], f"{name} {program}")
    return True


def extend(checks, scratch, name, path, array):
    """h5py goes on with the file, then npstow again."""
    try:
        with h5py.File(path, "r+") as file:
            data = file["g/x"]
            rows = len(data)
            fill = data.fillvalue
            data.resize(rows + 25, 0)
            fresh = data[rows:]
            if array.dtype.names is None and array.dtype.kind not in "MS":
                checks.add(bool((fresh == fill).all()), "what h5py adds is not its fill value", name)
            want = np.concatenate([array, np.zeros(25, array.dtype) if array.ndim == 1 else np.zeros((25, *array.shape[1:]), array.dtype)]).astype(array.dtype)
            want[rows : rows + 25] = np.resize(array, want[rows:].shape)
            data[rows:] = want[rows:].view(data.dtype) if array.dtype.kind == "M" else want[rows:]
            file["new"] = np.arange(1000)
        fault = same(path, want)
        with h5py.File(path, "r+") as file:
            file["g/x"].resize(max(1, rows // 2), 0)
            del file["new"]
        fault = fault or same(path, want[: max(1, rows // 2)])
        with h5py.File(path, "r+") as file:
            data = file["g/x"]
            data.resize(max(1, rows // 2) + 7, 0)
        answer = add(scratch, path, array[:5])
        with h5py.File(path) as file:
            got = file["g/x"][-5:]
            fault = fault or (None if got.tobytes() == array[:5].tobytes() else "other values behind h5py's")
        fault = fault or (f"exit {answer.code}: {answer.err}" if answer.code else None)
        checks.add(not fault, fault, name)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        checks.add(False, repr(error)[:300], name)


def packs_into(size, chance):
    """64 bytes that zlib packs into so many, noise and then zeros; None where there are none."""
    for _ in range(20000):
        count = int(chance.integers(20, 65))
        row = np.concatenate([chance.integers(0, 256, count, dtype="u1"), np.zeros(64 - count, "u1")])
        if len(zlib.compress(row.tobytes(), 4)) == size:
            return row
    return None


def noise(checks, scratch, chance):
    rows = chance.integers(0, 256, 64 * 5, dtype="u1")
    source = os.path.join(scratch, "noise.npy")
    np.save(source, rows)
    for form, make in (
        ("npstow", lambda: by_npstow(scratch, "noise", rows, (64,), ("deflate=4",), False)),
        ("latest", lambda: by_npstow(scratch, "noise-latest", rows, (64,), ("deflate=4",), True)),
        ("h5py", lambda: by_h5py(scratch, "noise-h5py", rows, (64,), ("deflate=4",), "earliest")),
    ):
        path, want = make(), np.concatenate([rows, rows])
        answer = add(scratch, path, rows)
        fault = answer.err if answer.code else same(path, want)
        checks.add(not fault, fault, f"{form} noise")
        with h5py.File(path, "r+") as file:
            data = file["g/x"]
            chunks = [data.id.get_chunk_info(number) for number in range(data.id.get_num_chunks())]
            masks = [chunk.filter_mask for chunk in chunks]
            checks.add(len(chunks) == 10 and not any(masks), f"filters left out: {masks}", f"{form} masks")
            # As many bytes as the chunk has, in the file and in memory.
            for chunk, size in zip(chunks, [chunk.size for chunk in chunks[:5]] + [64] * 5):
                row, start = packs_into(size, chance), chunk.chunk_offset[0]
                if row is None:
                    # libdeflate has lengths that zlib has not.
                    checks.add(size != 64, f"nothing packs into {size} bytes", form)
                    row = chance.integers(0, 256, 64, dtype="u1")
                data[start : start + 64] = want[start : start + 64] = row
        fault = same(path, want)
        checks.add(not fault, fault, f"{form} rewritten by h5py")


def many(checks, scratch):
    for form in ("oldest", "latest", *LIBVERS):
        name = f"many-{form}"
        first = np.arange(10, dtype="i4")
        if form in LIBVERS:
            path = by_h5py(scratch, name, first, (1,), (), LIBVERS[form])
        else:
            path = by_npstow(scratch, name, first, (1,), (), form == "latest", attributes=False)
        at = 10
        for more in (54, 1, 1, 3000, 1, 2, 70, 5000, 1):
            answer = add(scratch, path, np.arange(at, at + more, dtype="i4"))
            at += more
            fault = answer.err if answer.code else same(path, np.arange(at, dtype="i4"))
            checks.add(not fault, fault, f"{form} {at}")
        before = os.path.getsize(path)
        answer = add(scratch, path, np.arange(1, dtype="i4"), "g/x", "--repeat", "200")
        each = (os.path.getsize(path) - before) / 200
        checks.add(answer.code == 0 and each < 9000, f"{each} bytes for a row: {answer.err}", f"{form} room")
        with h5py.File(path, "r+") as file:
            # A chunk in the middle, and many at the end: nodes split.
            file["g/x"].resize(at + 200 + 500, 0)
            file["g/x"][at + 200 :] = 7
            file["g/x"][5] = -1
            file["g/x"].resize(100, 0)
            file["g/x"].resize(300, 0)
        with h5py.File(path) as file:
            want = np.concatenate([np.arange(100, dtype="i4"), np.zeros(200, "i4")])
            want[5] = -1
            checks.add(np.array_equal(file["g/x"][()], want), "other values after h5py", f"{form} shrunk")
        answer = add(scratch, path, np.arange(100, dtype="i4"))
        fault = answer.err if answer.code else same(path, np.concatenate([want, np.arange(100, dtype="i4")]))
        checks.add(not fault, fault, f"{form} after all")


def resizable(checks, scratch, chance):
    """What other formats have grows once that is asked for."""
    all_arrays = {name: array for name, array, _ in arrays(chance)}
    all_arrays |= {"empty": np.zeros((0, 3), "f4"), "wide": np.zeros((2, 300_000)), "nothing": np.zeros((4, 0), "i2")}
    archive, stored = os.path.join(scratch, "x.npz"), os.path.join(scratch, "stored.h5")
    np.savez(archive, scalar=np.float64(3), y=np.arange(5), **all_arrays)
    with h5py.File(stored, "w") as file:
        for name in ("f4", "i8"):
            array = all_arrays[name]
            file.create_dataset(name, data=array, chunks=(7, *array.shape[1:]), maxshape=(70, *array.shape[1:]) if name == "f4" else None, fletcher32=True)
        file["y"], file["text"] = np.arange(5), ["a", "bc"]
        file["compact"], file["null"], file["none"] = np.arange(3), h5py.Empty("f4"), h5py.Empty(h5py.string_dtype())
    for source, names in ((archive, list(all_arrays)), (stored, ["f4", "i8", "compact"])):
        for options in ((), ("--compress",), ("--libver=latest",)):
            path = os.path.join(scratch, "grows.h5")
            answer = run("convert", "--resizable", *options, source, path)
            checks.add(answer.code == 0, answer.err, f"{source} {options}")
            if source == stored:
                with h5py.File(path) as file:
                    checks.add(all(file[name].shape is None for name in ("null", "none")), "they have a shape", "what has no elements")
            for name in names:
                array = all_arrays.get(name, np.arange(3))
                with h5py.File(path) as file:
                    data = file[name]
                    fit = data.maxshape[0] is None and data.maxshape[1:] == array.shape[1:] and (data.compression == "gzip") == ("--compress" in options)
                    fit = fit and (source == archive or name == "compact" or (data.chunks[0] == 7 and data.fletcher32))
                    got = (data.maxshape, data.chunks, data.compression, data.fletcher32)
                checks.add(fit, str(got), f"{source} {options} {name}")
                for rows in (array[:1] if len(array) else np.ones((1, *array.shape[1:]), array.dtype), np.tile(array, (3,) + (1,) * (array.ndim - 1))):
                    answer = add(scratch, path, rows, name)
                    array = np.concatenate([array, rows], dtype=array.dtype)
                    fault = answer.err if answer.code else same(path, array, name)
                    checks.add(not fault, fault, f"{source} {options} {name}: {array.shape}")
    answer = run("convert", "--resizable", archive, os.path.join(scratch, "y.npz"))
    checks.add(answer.code not in (0, None) and "a form or a storage of HDF5 in the format npz" in answer.err, answer.err, "an archive")


def refused(scratch):
    """name, file, name in it, rows."""
    array = np.arange(12.0).reshape(4, 3)

    def made(name, libver="earliest", user=0, **words):
        path = os.path.join(scratch, f"{name}.h5")
        more = {"userblock_size": user} if user else {}
        with h5py.File(path, "w", libver=libver, **more) as file:
            file.create_dataset("x", **{"data": array, "chunks": (2, 2), "maxshape": (None, 3), **words})
        return path

    yield "extensible array", made("ea", "latest"), "x", array
    yield "fixed array", made("fa", "latest", maxshape=(8, 3)), "x", array
    yield "B-tree 2", made("b2", "latest", maxshape=(None, None)), "x", array
    yield "single chunk", made("single", "latest", maxshape=(8, 3), chunks=(8, 3)), "x", array
    yield "contiguous", made("contiguous", chunks=None, maxshape=None), "x", array
    yield "no room", made("room", maxshape=(4, None)), "x", array
    yield "too many", made("most", maxshape=(6, 3)), "x", array
    yield "lzf", made("lzf", compression="lzf"), "x", array
    yield "scaleoffset", made("so", data=array.astype("i4"), scaleoffset=0), "x", array.astype("i4")
    yield "user block", made("user", user=512), "x", array
    yield "text", made("text", data=["a", "b"], chunks=(2,), maxshape=(None,), dtype=h5py.string_dtype()), "x", np.array([b"a"])
    yield "enumeration", made("enum", data=array.astype("i1"), dtype=h5py.enum_dtype({"A": 1}, "i1")), "x", array.astype("i1")
    fine = made("fine")
    yield "other dtype", fine, "x", array.astype("f4")
    yield "other shape", fine, "x", array[:, :2]
    yield "one row without its axis", fine, "x", array[0]
    yield "no such name", fine, "z", array
    path = os.path.join(scratch, "virtual.h5")
    layout = h5py.VirtualLayout((4, 3), "f8", maxshape=(None, 3))
    layout[:4] = h5py.VirtualSource(fine, "x", (4, 3))
    with h5py.File(path, "w", libver="latest") as file:
        file.create_virtual_dataset("x", layout)
    yield "virtual", path, "x", array
    path = os.path.join(scratch, "external.h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=array, external=[(os.path.join(scratch, "external.raw"), 0, h5py.h5f.UNLIMITED)])
    yield "external", path, "x", array
    path = os.path.join(scratch, "group.h5")
    with h5py.File(path, "w") as file:
        file.create_group("x")
    yield "a group", path, "x", array
    path = made("swmr", "latest")
    with open(path, "r+b") as file:
        file.seek(11)
        file.write(b"\x05")
    yield "a damaged superblock", path, "x", array
    path = made("cut")
    with open(path, "r+b") as file:
        file.truncate(os.path.getsize(path) - 1)
    yield "cut", path, "x", array


def refusals(checks, scratch):
    for name, path, member, rows in refused(scratch):
        with open(path, "rb") as file:
            before = file.read()
        answer = add(scratch, path, rows, member)
        with open(path, "rb") as file:
            changed = file.read() != before
        fault = "the file changed" if changed else None
        if not answer.code or answer.crashed() or len(answer.err.splitlines()) != 1:
            fault = f"exit {answer.code}: {answer.err}"
        checks.add(not fault, fault, name)
    # Who has the file open for writing keeps others out.
    path = os.path.join(scratch, "fine.h5")
    with h5py.File(path, "r+"):
        answer = add(scratch, path, np.zeros((1, 3)), "x")
    checks.add(answer.code == 3 or "changing it" in answer.err, f"exit {answer.code}: {answer.err}", "open in h5py")


def batches(path, first, rows):
    """How many whole batches h5py finds behind the first rows."""
    with h5py.File(path) as file:
        array = file["g/x"][()]
    extra = len(array) - len(first)
    assert extra >= 0 and extra % len(rows) == 0, f"{len(array)} rows are no whole batches"
    assert array[: len(first)].tobytes() == first.tobytes(), "the first rows changed"
    assert array[len(first) :].tobytes() == rows.tobytes() * (extra // len(rows)), "other rows"
    return extra // len(rows)


def killed(report, scratch, chance, form, make, kills):
    rows = np.arange(37 * 3, dtype="<i8").reshape(37, 3)
    first = rows[:5] - 100
    source = os.path.join(scratch, "batch.npy")
    np.save(source, rows)
    repeat = "60"
    path, usual = make(), None
    faults, hit, partly, held = [], 0, 0, 0
    for trial in range(-1, kills):
        if os.path.getsize(path) > 32 << 20:
            path, held = make(), 0
        words = ["append", f"{path}:g/x", source, "--repeat", repeat]
        start = time.monotonic()
        child = subprocess.Popen([npstow(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if usual is not None:
            time.sleep(chance.uniform(0, 1.1 * usual))
            child.kill()
        err = child.communicate()[1].decode("utf-8", "replace")
        usual = usual or time.monotonic() - start
        try:
            assert child.returncode in (0, -9), f"exit {child.returncode}: {err[-200:]}"
            hit += child.returncode == -9
            count = batches(path, first, rows)
            assert held <= count <= held + int(repeat), f"{held} batches before, {count} now"
            partly += held < count < held + int(repeat)
            answer = run("verify", path)
            assert answer.code == 0, f"verify: {answer.err}"
            answer = run("append", f"{path}:g/x", source)
            assert answer.code == 0, f"append after it: {answer.err}"
            held = batches(path, first, rows)
            assert held == count + 1, f"{held} batches, not {count + 1}"
            if trial % 10 == 0:
                with h5py.File(path, "r+") as file:
                    file["g/x"].resize(len(file["g/x"]) + len(rows), 0)
                    file["g/x"][-len(rows) :] = rows
                held += 1
        except (AssertionError, OSError, RuntimeError, KeyError) as error:
            faults.append((f"{form} {trial}", str(error)[:300]))
            break
    report.check(f"killed while appending ({form}): whole batches", faults, kills, f"{hit} killed in time, {partly} between batches, usual time {usual * 1e3:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20261126)
    seed = parser.parse_args().seed
    os.makedirs(TARGET, exist_ok=True)
    report, numbers = Report(), np.random.default_rng(seed)
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
    grown, extended = Checks(), Checks()
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        for name, path, array, start in files(scratch, numbers):
            if grow(grown, scratch, name, path, array, start, numbers):
                extend(extended, scratch, name, path, array)
            os.remove(path)
    grown.add(0 < len(PARTED) < 40, f"{len(PARTED)} of them", "headers of h5py in several parts")
    report.check("h5py reads what was appended", grown.faults, grown.total, f"{len(PARTED)} of h5py's refused for their headers")
    report.check("h5py goes on with the file, and npstow after it", extended.faults, extended.total)
    packed = lambda checks, scratch: noise(checks, scratch, numbers)
    grows = lambda checks, scratch: resizable(checks, scratch, numbers)
    parts = [("chunks that become no shorter", packed), ("indices of many levels", many), ("what is written to grow grows", grows)]
    for what, part in [*parts, ("what cannot grow is refused", refusals)]:
        checks = Checks()
        with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
            part(checks, scratch)
        report.check(what, checks.faults, checks.total)
    chance = random.Random(seed)
    first = np.arange(37 * 3, dtype="<i8").reshape(37, 3)[:5] - 100
    packed = ("shuffle", "deflate=4")
    with tempfile.TemporaryDirectory(dir=TARGET) as scratch:
        makers = {
            "oldest": lambda: by_npstow(scratch, "k", first, (16, 2), (), False),
            "latest": lambda: by_npstow(scratch, "k", first, (16, 2), (), True),
            "latest, packed": lambda: by_npstow(scratch, "k", first, (16, 2), packed, True),
            "h5py": lambda: by_h5py(scratch, "k", first, (16, 2), packed, "earliest"),
        }
        for number, (form, make) in enumerate(makers.items()):
            killed(report, scratch, chance, form, make, KILLS // len(makers) + (number < KILLS % len(makers)))
    report.finish()


if __name__ == "__main__":
    main()
