#!/usr/bin/env python3
"""The matrix: every kind of array × byte order × shape × memory order × version, written by NumPy.

    gen_matrix.py OUT [--seed N]

Writes OUT/**/*.npy and OUT/manifest.jsonl. The first line of the manifest says who wrote it (NumPy's version, the seed); each other line is a file:
  path            within OUT                    kind            which part of the matrix
  descr           repr of dtype_to_descr        digest_descr    the same, little-endian, as JSON
  shape, fortran_order, version, offset         of the file     nbytes: bytes of the payload
  sha256          content, by the digest rule   file_sha256     the whole file
  writer          "save" (np.save) or "write_array" with `version` asked for
  view            only for strided sources: {"base": path, "broadcast": shape?, "select": text?, "field": name?, "transpose": bool}:
                  np.save(V) gave the file, where V is the base (np.load), broadcast, selected, its field taken, transposed, in that order.
Deterministic: the same seed and NumPy give the same bytes.
"""
import argparse
import io
import os
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from truth import REFERENCE, described, header_of, npy, sha256, write_manifest  # noqa: E402

SEED = 20240229
UNITS = "Y M W D h m s ms us ns ps fs as".split()
SHAPES = {
    "0d": (),
    "empty": (0,),
    "one": (1,),
    "seven": (7,),
    "matrix": (3, 4),
    "norows": (0, 5),
    "nocolumns": (5, 0),
    "cube": (2, 3, 4),
    "flat": (1, 1, 5),
    "five": (2, 1, 3, 2, 2),
}
RARE = {
    "hole": (3, 0, 2),
    "column": (6, 1),
    "row": (1, 6),
    "many": (130,),
    "eight": (2,) * 8,
    "d32": (1,) * 32,
    "d32two": (2,) + (1,) * 30 + (3,),
    "d64": (1,) * 64,
    "d64empty": (1,) * 63 + (0,),
    "digits": (100000,),
}


class Payload:
    """Random bytes for any dtype: extremes and NaNs with payloads are among them, booleans are 0 or 1."""

    def __init__(self, seed):
        self.random = np.random.Generator(np.random.PCG64(seed))

    def flat(self, dtype, n):
        raw = self.random.integers(0, 256, n * dtype.itemsize, np.uint8)
        raw = raw.reshape(n, dtype.itemsize)
        self.tame(raw, dtype)
        return raw.tobytes()

    def tame(self, raw, dtype):
        """Makes the bytes (n, itemsize) valid elements of `dtype`, in place."""
        n = raw.shape[0]
        if dtype.subdtype is not None:
            base, _ = dtype.subdtype
            for at in range(0, dtype.itemsize, base.itemsize or dtype.itemsize + 1):
                self.tame(raw[:, at : at + base.itemsize], base)
        elif dtype.names is not None:
            for name in dtype.names:
                part, offset = dtype.fields[name][:2]
                self.tame(raw[:, offset : offset + part.itemsize], part)
        elif dtype.kind == "b":
            raw &= 1
        elif dtype.kind == "U":
            self.text(raw, dtype)
        elif dtype.kind in "iufcMm" and n:
            self.extremes(raw, dtype)

    def text(self, raw, dtype):
        n, width = raw.shape[0], dtype.itemsize // 4
        alphabet = np.array([0, 65, 97, 0xE9, 0x3BB, 0x20AC, 0x1F600, 0x10FFFF], "u4")
        codes = self.random.choice(alphabet, (n, width)).astype(">u4" if dtype.byteorder == ">" else "<u4")
        raw[:, :] = np.frombuffer(codes.tobytes(), np.uint8).reshape(n, dtype.itemsize)

    def extremes(self, raw, dtype):
        unit = dtype.itemsize // 2 if dtype.kind == "c" else dtype.itemsize
        if dtype.kind in "fc" and unit == 16:
            self.long_doubles(raw, dtype)
            return
        special = {
            "i": [b"\0", b"\xff", b"\x7f", b"\x80"],
            "f": [b"\x7f", b"\xff", b"\x80", b"\0"],
        }["f" if dtype.kind in "fc" else "i"]
        order = -1 if dtype.byteorder == ">" else 1
        for row, lead in zip(range(0, raw.shape[0], 2), special):
            fill = b"\xff" if lead in (b"\x7f", b"\xff") else b"\0"
            word = (fill * (unit - 1) + lead)[::order]
            raw[row] = np.frombuffer(word * (dtype.itemsize // unit), np.uint8)

    def long_doubles(self, raw, dtype):
        """x87 numbers with the integer bit set, so that no bit pattern is undefined; padding is random."""
        order = slice(None, None, -1) if dtype.byteorder == ">" else slice(None)
        for at in range(0, dtype.itemsize, 16):
            number = raw[:, at : at + 16][:, order]
            number[:, 7] |= 0x80


def order_of(kind, order):
    return np.dtype(kind).newbyteorder(order)


def scalars():
    """(group, dtype) of every plain kind in each byte order."""
    for kind in ["b1", "i1", "u1"]:
        yield "plain", np.dtype(kind)
    for kind in "i2 i4 i8 u2 u4 u8 f2 f4 f8 f16 c8 c16 c32".split():
        for order in "<>":
            yield "plain", np.dtype(order + kind)
    for kind in ["S0", "S1", "S5", "V0", "V1", "V6"]:
        yield "string", np.dtype(kind)
    for kind in ["U0", "U1", "U7"]:
        for order in "<>":
            yield "string", np.dtype(order + kind)
    for kind in "Mm":
        for unit in [None, *UNITS]:
            for order in "<>":
                yield "time", np.dtype(f"{order}{kind}8" + (f"[{unit}]" if unit else ""))
        for multiple in ["25s", "2D", "100ns", "7W", "15m", "10Y", "2147483647as"]:
            yield "time", np.dtype(f"<{kind}8[{multiple}]")
            yield "time", np.dtype(f">{kind}8[{multiple}]")


def placed(names, formats, offsets, itemsize):
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize})


def records():
    """(name, dtype) of records: packed, padded, aligned, nested, subarrays, titles, odd names."""
    inner = np.dtype([("x", "u1"), ("y", "<i8")], align=True)
    yield "packed", np.dtype([("a", "u1"), ("b", "<f4"), ("c", "<i2")])
    yield "big", np.dtype([("a", "u1"), ("b", ">f4"), ("c", ">i2"), ("d", ">U3"), ("e", ">M8[ms]")])
    yield "mixed", np.dtype([("a", ">u4"), ("b", "<u4"), ("c", "|S3"), ("d", "|V2"), ("e", "?")])
    yield "every", np.dtype([(k, k) for k in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 f16 c8 c16 c32 S3 U2 V4 M8 m8".split()])
    yield "one", np.dtype([("only", "<f8")])
    yield "aligned", np.dtype([("a", "u1"), ("b", "<f8"), ("c", "<i2")], align=True)
    yield "alignedbig", np.dtype([("a", "u1"), ("b", ">f8"), ("c", ">i2")], align=True)
    yield "padded", placed(["a", "b"], ["u1", "<f8"], [3, 16], 40)
    yield "headpad", placed(["a"], ["<u2"], [5], 7)
    yield "tailpad", placed(["a", "b"], ["<u2", "<u2"], [0, 2], 9)
    yield "nested", np.dtype([("p", inner), ("q", [("r", "<f4"), ("s", [("t", "<c8"), ("u", "S2")])])])
    yield "nestedarray", np.dtype([("p", inner, (2,)), ("q", [("r", ">f4", (2, 2))], (3,))])
    yield "alignednest", np.dtype([("k", "i1"), ("p", inner)], align=True)
    yield "subarray", np.dtype([("a", "<i4", (2, 3)), ("b", "u1", (3,)), ("c", "<f4", (1,))])
    yield "subarraybig", np.dtype([("a", ">i4", (2, 3)), ("b", ">U2", (3,)), ("c", ">f16", (1, 1))])
    yield "subarrayzero", np.dtype([("a", "<i4", (0,)), ("b", "<i2"), ("c", "<f4", (2, 0))])
    yield "subarraydeep", np.dtype([("a", "<u2", (1, 2, 1, 2))])
    yield "photon", np.dtype([("p", "<f4", (4, 4))])
    yield "zerowidth", np.dtype([("s", "S0"), ("u", "U0"), ("v", "V0"), ("n", "<i4")])
    yield "allzero", np.dtype([("s", "S0")])
    yield "empty", np.dtype([])
    yield "emptypadded", placed([], [], [], 8)
    yield "emptyfield", np.dtype([("a", []), ("b", "u1")])
    yield "titled", np.dtype([(("the title", "a"), "<i4"), (("other", "b"), ">f4"), ("c", "u1")])
    yield "titledaligned", np.dtype([(("t", "a"), "u1"), (("u", "b"), "<f8")], align=True)
    yield "titledarray", np.dtype([(("t", "a"), "<f4", (2,)), ("b", [(("v", "w"), "<i2")])])
    yield "quotes", np.dtype([("it's", "u1"), ('a "word"', "u1"), ("both'\"", "u1"), ("back\\slash", "u1")])
    yield "blank", np.dtype([(" ", "u1"), ("new\nline", "u1"), ("tab\t", "u1"), ("nul\0", "u1"), ("\x7f", "u1")])
    yield "latin1", np.dtype([("é", "<f4"), ("µ", "<i2"), ("\xa0", "u1"), ("\xad", "u1"), ("\x85", "u1")])
    yield "utf8", np.dtype([("λ", "<f4"), ("日本", "<i2"), ("😀", "u1"), ("e\u0301", "u1")])
    yield "utf8hidden", np.dtype([("\u200b", "u1"), ("\ufeff", "u1"), ("\u2028", "u1"), ("\U000e0001", "u1")])
    yield "utf8titled", np.dtype([(("τίτλος", "a"), "<i4"), (("é", "b"), "<i4")])
    yield "hundred", np.dtype([(f"f{i}", "<u2") for i in range(100)])
    yield "structfield", np.dtype([("a", "<M8[25s]"), ("b", ">m8[D]", (2,)), ("c", "<M8"), ("d", "U3", (2, 1))])


def long_records():
    """Records whose header does not fit version 1.0 (64 KiB), or only just does."""
    yield "long", np.dtype([(f"a_rather_long_name_of_a_field_{i:05}", "u1") for i in range(1500)])
    yield "longutf8", np.dtype([("λ" * 20 + f"{i:05}", "u1") for i in range(1500)])
    for n in (65400, 65420, 65440, 65450, 65460, 65470, 65480, 65500, 65520, 65540):
        yield f"edge{n}", np.dtype([("n" * n, "<u2")])


class Matrix:
    def __init__(self, out, seed):
        self.out, self.rows, self.payload = out, [], Payload(seed)
        self.used = set()

    def array(self, dtype, shape, order="C"):
        n = int(np.prod(shape, dtype=object)) if shape else 1
        if n == 0 or dtype.itemsize == 0:
            return np.ndarray(shape, dtype, order=order)
        data = bytearray(self.payload.flat(dtype, n))
        return np.ndarray(shape, dtype, data, order=order)

    def put(self, kind, name, array, version=None, view=None):
        path = f"{kind}/{name}.npy"
        assert path not in self.used, path
        self.used.add(path)
        target = os.path.join(self.out, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if version is None:
            np.save(target, array, allow_pickle=False)
        else:
            with open(target, "wb") as file:
                npy.write_array(file, array, version=version, allow_pickle=False)
        with open(target, "rb") as file:
            data = file.read()
        self.check(path, array, data)
        written, offset, fortran = header_of(data)
        row = {
            "path": path,
            "kind": kind,
            "writer": "save" if version is None else "write_array",
            "version": written,
            "fortran_order": fortran,
            "offset": offset,
            "nbytes": len(data) - offset,
            **described(array),
            "file_sha256": sha256(data),
        }
        if view:
            row["view"] = view
        self.rows.append(row)
        return path

    def check(self, path, array, data):
        """The file holds what we meant: the reference's own reading of it has the same content."""
        back = np.load(io.BytesIO(data), max_header_size=1 << 30)
        a, b = described(array), described(back)
        assert a["sha256"] == b["sha256"] and a["shape"] == b["shape"], path
        assert a["descr"] == b["descr"], path

    def try_version(self, kind, name, array, version):
        """Versions that cannot spell the header (length, encoding) are simply not in the matrix."""
        try:
            npy.write_array(io.BytesIO(), array, version=version)
        except (ValueError, UnicodeEncodeError):
            return
        self.put(kind, f"{name}_v{version[0]}", array, version)


def label(dtype):
    return dtype.str.replace("<", "le_").replace(">", "be_").replace("|", "").replace("[", "_").replace("]", "")


def both_orders(matrix, kind, name, dtype, shapes):
    for shape_name, shape in shapes.items():
        matrix.put(kind, f"{name}/{shape_name}_C", matrix.array(dtype, shape))
        if len(shape) > 1:
            matrix.put(kind, f"{name}/{shape_name}_F", matrix.array(dtype, shape, "F"))


def plain_part(matrix):
    few = {k: SHAPES[k] for k in ("0d", "empty", "seven", "matrix")}
    for kind, dtype in scalars():
        both_orders(matrix, kind, label(dtype), dtype, few if kind == "time" else SHAPES)
    for kind in "b1 <f4 >f8 <i8 S5 >U1 <c32 <M8[ns]".split():
        dtype = np.dtype(kind)
        both_orders(matrix, "rare", label(dtype), dtype, {k: v for k, v in RARE.items() if k != "digits" or dtype.itemsize == 1})


def version_part(matrix):
    kinds = "b1 i1 <i2 >i4 <u8 >f2 <f4 >f8 <f16 >c8 <c16 S5 <U7 >U7 V6 <M8[25s] >m8 <m8[as]".split()
    for kind in kinds:
        dtype = np.dtype(kind)
        for shape_name in ("0d", "norows", "matrix", "flat"):
            for order in "CF" if shape_name == "matrix" else "C":
                array = matrix.array(dtype, SHAPES[shape_name], order)
                for version in [(1, 0), (2, 0), (3, 0)]:
                    matrix.try_version("version", f"{label(dtype)}/{shape_name}_{order}", array, version)


def record_part(matrix):
    few = {k: SHAPES[k] for k in ("0d", "empty", "seven", "matrix", "cube")}
    for name, dtype in records():
        both_orders(matrix, "record", name, dtype, few)
        if dtype != dtype.newbyteorder("S"):
            matrix.put("record", f"{name}/swapped", matrix.array(dtype.newbyteorder("S"), (5,)))
        array = matrix.array(dtype, (2, 2), "F")
        for version in [(1, 0), (2, 0), (3, 0)]:
            matrix.try_version("record", f"{name}/matrix_F", array, version)
    for name, dtype in long_records():
        array = matrix.array(dtype, (2,))
        matrix.put("long", f"{name}/two", array)
        for version in [(1, 0), (2, 0), (3, 0)]:
            matrix.try_version("long", f"{name}/two", array, version)


def growth_part(matrix):
    """Lengths of every number of digits: the header reserves room for them, and may gain 64 bytes by it."""
    for digits in range(7):
        for n in sorted({10**digits - 1, 10**digits}):
            shape = (n, 0)
            matrix.put("growth", f"rows{n}_C", np.empty(shape, "u1"))
            matrix.put("growth", f"columns{n}_F", np.empty((3, 0, n), "u1", order="F"))
    for width in range(1, 70):
        dtype = np.dtype([("n" * width, "u1")])
        matrix.put("growth", f"name{width:02}", matrix.array(dtype, (2,)))
        matrix.put("growth", f"huge{width:02}", np.empty((10**15, 0), dtype))
    for n in (2**31, 2**32, 2**62, 2**63 - 1):
        matrix.put("growth", f"huge{n}", np.ndarray((n,), "V0"))


SELECTIONS = {
    1: ["::-1", "::2", "1:", "-2::-3", "3:3", "-1", "None, ::2", "...", "100:", "-100:5", "5:-100:-1"],
    2: ["::-1", "::2", ":, ::2", "::-1, ::-1", "1:, :-1", ":, 1:2", "0", ":, -1", "2, 3", "..., ::3", "None, :, None", "5:, ::2", "::-2, 1:"],
    3: ["::-2, 1:, ::3", "::2", "..., 0", "..., ::-1", ":, 1, :", "1", "0, ..., 2", "0:1", ":, ::-1, 1:3", ":, :, 1:2", "1:1", "-1, ::-1, ::-2"],
    5: ["::-1, ..., 1:", ":, 0, ::2", "..., 0, :", "1, 0, 2, 1, 1", ":, :, :, ::-1, ::-1"],
}
BASES = {1: (7,), 2: (5, 6), 3: (4, 3, 5), 5: (2, 2, 3, 2, 2)}


def view_part(matrix):
    kinds = {k.strip("<>|"): np.dtype(k) for k in ["b1", "<i2", "<f4", ">c16"]}
    kinds |= {"f8b": np.dtype(">f8"), "s5": np.dtype("S5"), "u1w": np.dtype("<U1"), "ld": np.dtype("<f16")}
    kinds |= {k: v for k, v in records() if k in ("packed", "padded", "nestedarray", "photon")}
    for name, dtype in kinds.items():
        for ndim, shape in BASES.items():
            if ndim == 5 and name not in ("i2", "f4", "padded"):
                continue
            for order in "CF" if ndim > 1 else "C":
                stem = f"{name}/{ndim}d_{order}"
                array = matrix.array(dtype, shape, order)
                base = matrix.put("view", f"{stem}/base", array)
                views_of(matrix, stem, base, array)


def views_of(matrix, stem, base, array):
    for number, select in enumerate(SELECTIONS[array.ndim]):
        # `select` is our own text, a subscript as NumPy writes it
        whole = "" if "..." in select else ", ..."  # keeps 0-d results arrays, so that padding bytes stay
        view = eval(f"array[{select}{whole}]", {"array": array})  # noqa: S307
        for transpose in (False, True) if view.ndim > 1 and number % 2 == 0 else (False,):
            how = {"base": base, "select": select, "transpose": transpose}
            name = f"{stem}/{number:02}{'T' if transpose else ''}"
            matrix.put("view", name, view.T if transpose else view, view=how)
    for name in array.dtype.names or ():
        for select in ("...", f"{', '.join(['::-2'] * array.ndim)}, ..."):
            view = eval(f"array[{select}]", {"array": array})[name]  # noqa: S307
            at = f"{stem}/field_{name}_{'all' if select == '...' else 'some'}"
            matrix.put("view", at, view, view={"base": base, "select": select, "field": name, "transpose": False})
    if array.ndim > 1:
        matrix.put("view", f"{stem}/T", array.T, view={"base": base, "transpose": True})
    if array.ndim == 2:
        wide = np.broadcast_to(array, (3, *array.shape))
        matrix.put("view", f"{stem}/broadcast", wide, view={"base": base, "broadcast": list(wide.shape), "transpose": False})
        matrix.put("view", f"{stem}/broadcastT", wide.T, view={"base": base, "broadcast": list(wide.shape), "transpose": True})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # versions 2.0 and 3.0 are meant
    os.makedirs(args.out, exist_ok=True)
    matrix = Matrix(args.out, args.seed)
    for part in (plain_part, version_part, record_part, growth_part, view_part):
        part(matrix)
    head = {"made_by": "corpus/gen_matrix.py", "reference": REFERENCE, "seed": args.seed, "files": len(matrix.rows)}
    write_manifest(os.path.join(args.out, "manifest.jsonl"), head, matrix.rows)
    kinds = {}
    for row in matrix.rows:
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + 1
    print(f"{len(matrix.rows)} files by {REFERENCE}, seed {args.seed}: " + ", ".join(f"{k} {v}" for k, v in kinds.items()))


if __name__ == "__main__":
    main()
