#!/usr/bin/env python3
"""Pickles: what CPython writes, npstow reads, and what npstow writes, CPython loads equal.

    NPSTOW=target/release/npstow python tests/pickles.py

Needs NumPy 2.x.
  read     Python's and NumPy's objects in protocols 0 to 5, one file each: `show --json` is what the contract says of the object
  written  each of them converted into protocols 2 to 5: pickle.load gives an equal object, twice the same bytes
  buffers  trees of arrays written in protocols 2 to 5: np.load's arrays are equal, of the same dtype and order
  names    `scan` names what pickletools finds, over these and over hand-made pickles
  gallery  hostile pickles: read as data or refused with one line, and no file is made
  traced   the same under strace: no process is started, no other file is opened, nobody is called
  launder  what is laundered holds no class that is no data, and loads
"""
import base64
import collections
import datetime
import decimal
import enum
import fractions
import hashlib
import json
import math
import os
import pathlib
import pickle
import pickletools
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
import array

import numpy as np

from common import Checks, Report, npstow, run as answer_of

warnings.simplefilter("ignore")
NPSTOW = npstow()


class Done:
    def __init__(self, answer):
        self.returncode, self.stderr = answer.code, answer.err
        self.stdout = answer.out.decode("utf-8", "replace")


def run(*words, memory=None):
    return Done(answer_of(*words, memory=memory))


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


Point = collections.namedtuple("Point", "x y")


class Plain:
    def __init__(self, **parts):
        self.__dict__.update(parts)

    def __eq__(self, other):
        return type(self) is type(other) and same(self.__dict__, other.__dict__)

    __hash__ = None


class Slots:
    __slots__ = ("a", "b")

    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)

    __hash__ = None


class MyList(list):
    pass


class MyDict(dict):
    pass


def slots():
    s = Slots()
    s.a, s.b = 1, [2]
    return s


def plain_objects():
    yield "none", None
    yield "booleans", [True, False]
    ints = [0, 1, 255, 256, 65535, 65536, -1, 2**31 - 1, -2**31, 2**31, 2**53, 2**53 + 1, 2**61, -2**61 - 1, 2**63, -2**63, 2**64, 10**40, -10**40]
    yield "ints", ints
    yield "int_300_digits", [3**629, -3**629]
    yield "floats", [0.0, -0.0, 1.5, 1e300, 1e-320, math.inf, -math.inf, math.nan, 0.1]
    yield "complex", [1 + 2j, complex(-0.0, math.inf)]
    yield "text", ["", "a", "λ€𝄞", "\0\n\\u", "x" * 300, "lone\ud800", "'\""]
    yield "long_text", "λ" * 100_000
    yield "bytes", [b"", b"abc", bytes(range(256)), b"\x80" * 70_000]
    yield "bytearray", [bytearray(), bytearray(b"\0\xff\n"), bytearray(b"\x90" * 70_000)]
    yield "lists", [[], [[]], [1, [2, [3]]], list(range(3000))]
    yield "tuples", [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((),)]
    yield "sets", [set(), {1, 2}, frozenset(), frozenset({"a", 2.5, None})]
    yield "dicts", [{}, {"a": 1}, {"$a": 1}, {1: 2, None: 3}, {(1, 2): [3]}, {str(i): i for i in range(3000)}, {"": 1}]
    yield "deep", deep(2000)
    shared = ["s"]
    yield "shared", [shared, shared, {"k": shared}]


def deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def arrays():
    rng = np.random.default_rng(0)
    for dtype in ["?", "i1", "u1", "<i2", ">i4", "<u8", ">f8", "<f2", "<f4", "<g", "<c8", "<c16", "S3", "<U2", ">U2", "<M8[ns]", "<M8[25s]", "<M8", "<m8[D]", "V5"]:
        dtype = np.dtype(dtype)
        for name, shape in [("0d", ()), ("empty", (0, 3)), ("1d", (5,)), ("c", (3, 4))]:
            data = rng.integers(0, 2, np.prod(shape, dtype=int) * dtype.itemsize, dtype="u1")
            if dtype.kind == "U":
                data = np.full(np.prod(shape, dtype=int) * dtype.itemsize // 4, ord("z"), dtype.newbyteorder("=").str[0] + "u4").astype(dtype.str[0] + "u4").view("u1")
            yield f"{dtype.str}_{name}", data.tobytes() and np.frombuffer(data.tobytes(), dtype).reshape(shape).copy() if data.size else np.zeros(shape, dtype)
    base = rng.random((3, 4))
    yield "fortran", np.asfortranarray(base)
    yield "strided", base[:, ::2]
    yield "transposed", base.T
    record = np.zeros(3, np.dtype([("a", "u1"), (("title", "b"), ">i2", (2,)), ("c", [("d", "<M8[D]"), ("e", "S2")])]))
    record["b"] = 7
    yield "records", record
    yield "aligned", np.zeros(2, np.dtype([("a", "u1"), ("b", "f8")], align=True))
    yield "overlap_free_offsets", np.zeros(2, np.dtype({"names": ["a", "b"], "formats": ["u1", "f4"], "offsets": [3, 8], "itemsize": 16}))
    yield "big", rng.random(40_000)
    yield "big_fortran", np.asfortranarray(rng.random((300, 100)).astype(">f4"))


def object_arrays():
    yield "objects", np.array([1, "a", None, [2.5]], dtype=object)
    yield "objects_2d", np.array([[1, "a"], [None, 2]], dtype=object)
    yield "objects_fortran", np.asfortranarray(np.array([[1, "a"], [None, 2]], dtype=object))


def numpy_objects():
    yield "scalars", [np.float64(1.5), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True), np.str_("é"), np.float32(0.25), np.complex64(1j), np.datetime64("2020-01-02", "D")]
    yield "dtypes", [np.dtype(d) for d in ["f8", ">i2", "S3", "U4", "M8[ns]", "O", [("a", "u1"), ("b", "f4", (2,))]]]
    yield "metadata", np.dtype("f8", metadata={"unit": "m"})
    yield "metadata_of_dates", np.dtype("M8[ns]", metadata={"a": 1})
    yield "metadata_of_records", np.dtype([("a", "u1")], metadata={"a": [1]})
    yield "metadata_of_fields", np.zeros(2, np.dtype([("a", np.dtype("f4", metadata={"unit": "m"})), ("b", "u1")]))
    yield "matrix", np.matrix([[1.5, 2], [3, 4]])
    yield "masked", np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    yield "masked_fill", np.ma.MaskedArray([[1.5, 2], [3, 4]], mask=[[True, False], [False, True]], fill_value=-1.0)
    yield "recarray", np.rec.array([(1, 2.5), (2, 3.5)], dtype=[("a", "i4"), ("b", "f8")])
    yield "same_dtype", {f"a{i}": np.arange(3.0) + i for i in range(300)}
    twice = np.arange(4)
    yield "same_array", [twice, twice]


def objects():
    utc = datetime.timezone.utc
    yield "datetime", [datetime.datetime(2020, 1, 2, 3, 4, 5, 678), datetime.datetime(2020, 1, 2, tzinfo=utc), datetime.date(1999, 12, 31), datetime.time(1, 2), datetime.timedelta(3, 4, 5), datetime.timezone(datetime.timedelta(hours=2))]
    yield "decimal", [decimal.Decimal("1.50"), decimal.Decimal("NaN")][:1]
    yield "fraction", fractions.Fraction(1, 3)
    yield "uuid", uuid.UUID(int=12345)
    yield "paths", [pathlib.PurePosixPath("a/b"), pathlib.PureWindowsPath("c:/d")]
    yield "ordered", collections.OrderedDict([("b", 1), ("a", 2)])
    yield "defaultdict", collections.defaultdict(list, {"a": [1]})
    yield "deque", [collections.deque([1, 2]), collections.deque([1, 2], maxlen=5)]
    yield "counter", collections.Counter("abca")
    yield "namedtuple", Point(1, [2])
    yield "slice", [slice(1, None, 2), range(1, 10, 3)]
    yield "enum", [Color.RED, Color.BLUE]
    yield "array", [array.array("d", [1.5, 2.5]), array.array("i", [1, -2])]
    yield "plain", Plain(a=1, b=Plain(c=np.arange(3)))
    yield "slots", slots()
    mine = MyList([1, 2])
    mine.extra = "x"
    yield "subclasses", [mine, MyDict(a=1)]
    yield "class_and_function", [dict, len, Plain, collections.OrderedDict]
    yield "error", [ValueError("x", 1)][:0] + [2]
    yield "random", np.random.RandomState(1).get_state(legacy=False)


def cycles():
    ring = [1]
    ring.append(ring)
    yield "list", ring
    table = {}
    table["self"] = table
    yield "dict", table
    inner = []
    tup = (inner, 2)
    inner.append(tup)
    yield "tuple", tup
    thing = Plain()
    thing.me = [thing]
    yield "object", thing


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if not same(a.dtype, b.dtype) or a.shape != b.shape or a.dtype.isalignedstruct != b.dtype.isalignedstruct:
            return False
        if isinstance(a, np.ma.MaskedArray):
            return same(np.asarray(a.data), np.asarray(b.data)) and same(np.ma.getmaskarray(a), np.ma.getmaskarray(b)) and a.fill_value == b.fill_value
        if a.dtype.hasobject:
            return all(map(same, a.ravel().tolist(), b.ravel().tolist()))
        if a.flags.fnc != b.flags.fnc:
            return False
        return a.tobytes() == b.tobytes()
    if isinstance(a, (np.generic, float, complex)):
        return pickle.dumps(a) == pickle.dumps(b)
    if isinstance(a, np.dtype):
        fields = all(same(a[name], b[name]) for name in a.names or ()) if a.names == b.names else False
        return a == b and dict(a.metadata or {}) == dict(b.metadata or {}) and fields
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a.items(), b.items()))
    if isinstance(a, (list, tuple, collections.deque)):
        return len(a) == len(b) and all(map(same, a, b)) and getattr(a, "extra", 0) == getattr(b, "extra", 0) and getattr(a, "maxlen", 0) == getattr(b, "maxlen", 0)
    return a == b


def packed(a):
    """The bytes of a digest: little-endian, C order, fields without padding."""
    def one(x, dtype):
        if dtype.subdtype:
            base, shape = dtype.subdtype
            return one(x.reshape(-1), base)
        if dtype.fields:
            x = x.reshape(-1)
            return b"".join(b"".join(one(x[name][i : i + 1], dtype[name]) for name in dtype.names) for i in range(len(x)))
        x = np.ascontiguousarray(x)
        x = x.astype(x.dtype.newbyteorder("<")) if x.dtype.byteorder == ">" else x
        raw = bytearray(x.tobytes())
        if x.dtype.str[1:] == "f16":
            for at in range(0, len(raw), 16):
                raw[at + 10 : at + 16] = bytes(6)
        return bytes(raw)
    return one(np.asarray(a), a.dtype)


def descr(dtype, little=False):
    if dtype.metadata:
        dtype = np.dtype(dtype.str)
    as_lists = lambda x: [as_lists(y) for y in x] if isinstance(x, (list, tuple)) else x
    return as_lists(np.lib.format.dtype_to_descr(dtype))


def expected(v):
    """The JSON that the contract promises; objects by their class alone."""
    if v is None or isinstance(v, (bool, str)) and type(v) in (bool, str):
        return v
    if type(v) is int:
        return v if abs(v) <= 2**53 else {"$int": str(v)}
    if type(v) is float:
        return v if math.isfinite(v) else {"$float": repr(v)}
    if type(v) is complex:
        return {"$complex": [expected(v.real), expected(v.imag)]}
    if type(v) in (bytes, bytearray):
        return {f"${type(v).__name__}": base64.b64encode(v).decode()}
    if type(v) is list:
        return [expected(x) for x in v]
    if type(v) is tuple:
        return {"$tuple": [expected(x) for x in v]}
    if type(v) in (set, frozenset):
        return {f"${type(v).__name__}": sorted((expected(x) for x in v), key=json.dumps)}
    if type(v) is dict:
        if all(type(k) is str and not k.startswith("$") for k in v):
            return {k: expected(x) for k, x in v.items()}
        return {"$dict": [[expected(k), expected(x)] for k, x in v.items()]}
    if isinstance(v, np.ndarray):
        out = {"descr": descr(v.dtype), "shape": list(v.shape)}
        if v.dtype.hasobject:
            out["items"] = [expected(x) for x in v.ravel()]
        else:
            out["sha256"] = hashlib.sha256(packed(v)).hexdigest()
        return {"$array": out}
    if isinstance(v, np.dtype):
        return {"$dtype": descr(v)}
    raise TypeError(type(v))


def equal_json(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return type(a) is type(b) and (a == b and math.copysign(1, a) == math.copysign(1, b))
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal_json, a, b))
    if isinstance(a, dict):
        for k in ("$set", "$frozenset"):
            if k in a:
                return k in b and equal_json(sorted(a[k], key=json.dumps), sorted(b[k], key=json.dumps))
        return list(a) == list(b) and all(equal_json(a[k], b[k]) for k in a)
    return a == b


def show(path):
    done = run("show", "--json", path)
    if done.returncode:
        return None, done.stderr
    return json.loads(done.stdout), ""


def names_of(data):
    """The names that pickletools sees; those of STACK_GLOBAL by a model of the stack's strings."""
    found, strings, memo = [], [], {}
    for op, arg, at in pickletools.genops(data):
        if op.name in ("GLOBAL", "INST"):
            found.append((at, arg.replace(" ", ".", 1)))
        elif op.name == "STACK_GLOBAL":
            found.append((at, f"{strings[-2]}.{strings[-1]}"))
        elif op.name.startswith("EXT"):
            found.append((at, arg))
        if "UNICODE" in op.name:
            strings.append(arg)
        elif op.name == "MEMOIZE":
            memo[len(memo)] = strings[-1] if strings else None
        elif op.name in ("BINPUT", "LONG_BINPUT"):
            memo[arg] = strings[-1] if strings else None
        elif op.name in ("BINGET", "LONG_BINGET") and memo.get(arg) is not None:
            strings.append(memo[arg])
    return found


def check_read(report, folder):
    for protocol in range(6):
        for name, value in [*plain_objects(), *arrays(), *object_arrays()]:
            path = os.path.join(folder, "x.pkl")
            try:
                data = pickle.dumps(value, protocol)
            except RecursionError:
                continue
            with open(path, "wb") as f:
                f.write(data)
            got, why = show(path)
            if name == "text":
                value = value[:5] + value[6:]
                got = got and got[:5] + got[6:]
            want = expected(value) if name != "deep" else None
            good = got is not None if want is None and name == "deep" else equal_json(got, want)
            report.add(good, f"read {name} protocol {protocol}: {why or str(got)[:200]} instead of {str(want)[:200]}")


def shown(value):
    try:
        return str(value)[:200]
    except (ValueError, RecursionError) as e:
        return repr(e)


def check_written(report, folder):
    groups = [plain_objects(), arrays(), object_arrays(), numpy_objects(), objects(), cycles()]
    for name, value in [case for group in groups for case in group]:
        for source in (0, 2, 4, 5):
            path, out = os.path.join(folder, "x.pkl"), os.path.join(folder, "y.pkl")
            try:
                data = pickle.dumps(value, source)
                # NumPy brings arrays into the machine's byte order when it loads them, below protocol 5.
                wanted = {p: pickle.loads(pickle.dumps(value, p)) if isinstance(value, np.ndarray) else value for p in (2, 3, 4, 5)}
            except (RecursionError, TypeError, pickle.PicklingError):
                continue
            with open(path, "wb") as f:
                f.write(data)
            for protocol in (2, 3, 4, 5):
                done = run("convert", path, out, "--protocol", str(protocol))
                if done.returncode:
                    report.add(False, f"written {name} {source} to {protocol}: {done.stderr}")
                    continue
                with open(out, "rb") as f:
                    data = f.read()
                try:
                    loaded = pickle.loads(data)
                    if name in ("list", "dict", "tuple", "object"):
                        good = str(loaded) == str(value) if name != "object" else loaded.me[0] is loaded
                    elif name == "deep":
                        good = True
                    else:
                        good = same(loaded, wanted[protocol])
                except Exception as e:
                    loaded, good = repr(e), False
                top = max((op.proto for op, _, _ in pickletools.genops(data)), default=0)
                report.add(good and top <= protocol, f"written {name} {source} to {protocol}: {shown(loaded)} instead of {shown(value)}")


def check_names(report, folder):
    cases = [pickle.dumps(value, protocol) for group in (numpy_objects(), objects()) for name, value in group for protocol in (0, 2, 4) if name != "slots" or protocol]
    cases += [b"cos\nsystem\n(S'x'\ntR.", b"(ios\nsystem\n.", b"\x82\x05\x83\x05\x01\x84\x05\x01\0\0ee."]
    for number, data in enumerate(cases):
        path = os.path.join(folder, "x.pkl")
        with open(path, "wb") as f:
            f.write(data)
        done = run("scan", "--json", path)
        try:
            answer = json.loads(done.stdout)
            got = [(g["offset"], g["extension"] if "extension" in g else f"{g['module']}.{g['name']}") for g in answer["globals"] if g["depth"] == 0 and "persistent" not in g]
        except (ValueError, KeyError) as e:
            got = repr(e)
        want = names_of(data) if number < len(cases) - 1 else [(0, 5), (2, 261), (5, 261)]
        report.add(got == want, f"names of case {number}: {got} instead of {want}")


def gallery():
    """name, bytes: pickles that hurt whoever loads them."""
    system = b"cos\nsystem\n(S'touch {}'\ntR."
    yield "system", system
    yield "eval", b"c__builtin__\neval\n(S'open(\"{}\", \"w\")'\ntR."
    yield "stack_global", b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x08touch {}\x85R."
    yield "nested", b"\x80\x03C" + bytes([len(system)]) + system + b"."
    yield "build", b"cbuiltins\nobject\n)\x81}S'__class__'\ncos\nsystem\nsb."
    yield "memmap", b"cnumpy\nmemmap\n(S'{}'\nS'u1'\nS'w+'\ntR."
    yield "dict_state", b"ccollections\nOrderedDict\n)R(N}S'__class__'\ncos\nsystem\nstb."
    yield "factory", b"ccollections\ndefaultdict\n(cos\nsystem\ntR."
    yield "getattr", b"cbuiltins\ngetattr\n(cos\npath\nS'os'\ntRS'system'\n0."
    yield "setitem_on_int", b"K\x01K\x02K\x03s."
    yield "append_to_dict", b"}K\x01a."
    yield "additems_on_list", b"](K\x01\x90."
    yield "frame", b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN."
    yield "long_bytes", b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fN."
    yield "long_text", b"X\xff\xff\xff\xffN."
    yield "long4", b"\x8b\xff\xff\xff\x7f1."
    yield "long4_negative", b"\x8b\xff\xff\xff\xff1."
    yield "memo", b"h\x05."
    yield "memo_far", b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff."
    yield "memo_many", b"".join(b"Nr" + (i * 65537).to_bytes(4, "little") + b"0" for i in range(50_000)) + b"N."
    yield "digits", b"L" + b"9" * 100_000 + b"L\n."
    yield "persid", b"Pfile:///etc/passwd\n."
    yield "binpersid", b"(cos\nsystem\nlQ."
    yield "ext", b"\x82\x01)R."
    yield "ext_zero", b"\x82\x00."
    yield "protocol_9", b"\x80\x09N."
    yield "next_buffer", b"\x80\x05\x97."
    yield "lol_tuples", b"(" + b"K\x01" * 10 + b"t\x94" + b"".join(b"(" + b"h" + bytes([i]) * 1 + (b"h" + bytes([i])) * 9 + b"t\x94" for i in range(60)) + b"."
    yield "lol_lists", b"]\x94" + b"".join(b"](" + (b"h" + bytes([i])) * 10 + b"e\x94" for i in range(60)) + b"."
    yield "lol_text", b"X\x00\x00\x01\x00" + b"a" * 65536 + b"\x94" + b"".join(b"](" + (b"h" + bytes([i])) * 10 + b"e\x94" for i in range(60)) + b"."
    yield "lol_sets", b"c__builtin__\nset\n\x940](" + b"K\x01" * 5000 + b"e\x940" + b"h\x00h\x01\x85R" * 20_000 + b"N."
    yield "lol_encode", b"c_codecs\nencode\n\x94X\x00\x00\x01\x00" + "é".encode() * 32768 + b"\x94\x8c\x06latin1\x94000" + b"h\x00h\x01h\x02\x86R0" * 20_000 + b"N."
    key = b"(" + b"K\x01" * 10 + b"t\x94" + b"".join(b"(" + (b"h" + bytes([i])) * 10 + b"t\x94" for i in range(30))
    yield "lol_keys", b"](" + key + b"e}(h\x1eK\x01h\x1dK\x02u."
    yield "lol_dtype", lol_dtype()
    yield "unhashable", b"}]K\x01s."
    yield "deep_lists", b"]" * 500_000 + b"a" * 499_999 + b"."
    yield "deep_marks", b"(" * 1_000_000
    yield "huge_shape", array_of((2**31, 2**31, 2**31))
    yield "negative_shape", array_of((-1,))
    yield "many_axes", array_of((1,) * 100)
    yield "short_data", array_of((1000,))
    yield "objects_as_bytes", array_of((1,), b"O8")


def array_of(shape, code=b"f8"):
    out = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tS'b'\ntR(K\x01("
    out += b"".join(b"L%dL\n" % n for n in shape)
    return out + b"tcnumpy\ndtype\n(S'" + code + b"'\nK\x00K\x01tR(K\x03S'<'\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89S'abc'\ntb."


def lol_dtype():
    out = b"cnumpy\ndtype\n\x94(S'V0'\nK\x00K\x01tR\x94"
    for i in range(1, 60):
        inner = b"h" + bytes([i])
        fields = b"}(S'a'\n(" + inner + b"K\x00tS'b'\n(" + inner + b"K\x00tu"
        out += b"h\x00(S'V0'\nK\x00K\x01tR(K\x03S'|'\nN(S'a'\nS'b'\nt" + fields + b"K\x00K\x01K\x00tb\x94"
    return out + b"."


def check_gallery(report, folder):
    mark = os.path.join(folder, "mark")
    for name, data in gallery():
        path = os.path.join(folder, "bad.pkl")
        if b"{}" in data:
            data = data.replace(b"{}", b"m" if name in ("stack_global",) else b"mark")
        with open(path, "wb") as f:
            f.write(data)
        before = sorted(os.listdir(folder))
        for words in (["ls"], ["show"], ["show", "--json"], ["digest", "--json"], ["verify"], ["scan"]):
            done = run(*words, path, memory=2 << 30)
            good = done.returncode in (0, 1, 2, 3) and "panicked" not in done.stderr and (done.returncode == 0 or words == ["scan"] or done.stderr.count("\n") == 1)
            report.add(good, f"gallery {name} {words}: exit {done.returncode}: {done.stderr[-300:]}")
        report.add(sorted(os.listdir(folder)) == before and not os.path.exists(mark), f"gallery {name}: a file was made")


def check_traced(report, folder):
    """The kernel's word: no process is started, no other file is opened, nobody is called."""
    tracer = shutil.which("strace")
    if not tracer:
        print("SKIPPED in part: no strace, so that no process is started is seen by its traces alone")
        return
    path, log, calls = os.path.join(folder, "bad.pkl"), os.path.join(folder, "log"), "execve,execveat,fork,vfork,clone,clone3,open,openat,openat2,creat,socket,connect"
    for name, data in gallery():
        with open(path, "wb") as f:
            f.write(data.replace(b"{}", b"mark"))
        for words in (["show", path], ["scan", path], ["launder", path, os.path.join(folder, "clean.pkl")]):
            done = subprocess.run([tracer, "-f", "-e", f"trace={calls}", "-o", log, NPSTOW, *words], capture_output=True)
            with open(log) as lines:
                lines = [line.split(None, 1)[1] for line in lines]
            system = (".so", "/proc/", "/sys/", "/etc/ld.so")
            opened = [line for line in lines if line.startswith(("open", "creat")) and not any(part in line for part in system)]
            others = [line for line in opened if "bad.pkl" not in line and not (words[0] == "launder" and folder in line or "O_TMPFILE" in line)]
            # Threads are no processes.
            started = [line for line in lines if line.startswith(("execve", "fork", "vfork", "socket", "connect")) or line.startswith("clone") and "CLONE_THREAD" not in line]
            good = len(started) == 1 and "npstow" in started[0] and not others and any("bad.pkl" in line for line in opened) and done.returncode in (0, 1, 3)
            report.add(good, f"traced {name} {words[0]}: exit {done.returncode}, started {started[1:]}, opened {others}")


class Forbidden(ValueError):
    pass


class Careful(pickle.Unpickler):
    """Loads what the library calls data, and nothing else."""
    ALLOWED = {("builtins", "set"), ("builtins", "frozenset"), ("builtins", "complex"), ("builtins", "bytearray"), ("builtins", "object"), ("_codecs", "encode"), ("collections", "OrderedDict"), ("collections", "defaultdict"), ("numpy", "ndarray"), ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"), ("numpy.core.numeric", "_frombuffer")}

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise Forbidden(f"{module}.{name}")
        return super().find_class(module, name)


def check_launder(report, folder):
    path, out = os.path.join(folder, "x.pkl"), os.path.join(folder, "y.pkl")
    for name, value in [*numpy_objects(), *objects(), *cycles()]:
        with open(path, "wb") as f:
            pickle.dump(value, f, 4)
        for protocol in (2, 4, 5):
            done = run("launder", path, out, "--protocol", str(protocol))
            if done.returncode:
                report.add(False, f"launder {name}: {done.stderr}")
                continue
            answer = json.loads(run("scan", "--json", out).stdout)
            try:
                pickle.load(open(out, "rb"))
                loads = True
            except Exception as e:
                loads = repr(e)
            report.add(answer["verdict"] == "data" and loads is True, f"launder {name}: {answer['verdict']} {loads}")
    for name, data in gallery():
        with open(path, "wb") as f:
            f.write(data)
        if os.path.exists(out):
            os.remove(out)
        done = run("launder", path, out, memory=2 << 30)
        report.add(done.returncode in (0, 1, 3), f"launder {name}: exit {done.returncode}: {done.stderr[-300:]}")
        if os.path.exists(out):
            try:
                with open(out, "rb") as f:
                    Careful(f).load()
                loads = True
            except (ValueError, TypeError) as e:
                # Data may be nonsense: a date in a month 99.
                loads = True if not isinstance(e, Forbidden) else repr(e)
            report.add(loads is True, f"launder {name}: {loads}")


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for what, check in [("read", check_read), ("written", check_written), ("names", check_names), ("gallery", check_gallery), ("traced", check_traced), ("launder", check_launder)]:
            checks = Checks()
            check(checks, folder)
            report.check(what, checks.faults, checks.total)
    report.finish()


if __name__ == "__main__":
    main()
