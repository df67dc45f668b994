"""Writes dtypes.tsv, layouts.tsv, literals.tsv and longs.tsv beside it: what NumPy and CPython make of texts.

Run with NumPy 2.4.6 on CPython 3.11, Linux x86_64: python3.11 corpus/gen_dtypes.py
Texts are Python literals of str (a cell never holds a tab or a newline).
"""
import ast
import math
import random
import sys
import warnings
from pathlib import Path

import numpy as np
from numpy._core._internal import _array_descr
from numpy.lib._format_impl import _filter_header
from numpy.lib.format import descr_to_dtype, dtype_to_descr

SEED = 20260101
rng = random.Random(SEED)
warnings.simplefilter("ignore")
here = Path(__file__).parent
assert np.__version__ == "2.4.6" and sys.version_info[:2] == (3, 11)

# --- dtypes -----------------------------------------------------------------------------------
# Where NumPy writes bytes without a name, which it reads back as padding, the file says "no descr".

SCALARS = ("|b1 |i1 <i2 >i2 <i4 >i4 <i8 >i8 |u1 <u2 >u4 <u8 <f2 >f2 <f4 >f4 <f8 >f8 <f16 >f16 <c8 >c8 "
           "<c16 >c16 <c32 |S0 |S1 |S5 <U0 <U3 >U2 |V0 |V1 |V7 <M8 <M8[ns] >M8[25s] <m8[D] >m8 |O").split()
NAMES = sorted(k for k in np.sctypeDict if isinstance(k, str)) + [chr(c) for c in range(32, 127)] + [
    "Float64", "int0", "bool8", "str0", "float96", "f12", "f10", "c24", "f32", "c64", "O1", "i3", "u3", "b2",
    "bytes8", "string", "a5", "a", "numpy.int8", "np.int8", "complex_", "float_", "intptr", "bfloat16",
    "StringDType", "T", "T5", "number", "generic", "", " ", "é", "i4é", "f４", "character", "longfloat"]
UNITS = ["", "[]", "[ns]", "[25s]", "[D/2]", "[5D/2]", "[D/24]", "[D/7]", "[Y/12]", "[Y/365]", "[M/3]", "[W/14]",
         "[s/1000]", "[as/2]", "[as]", "[fs/1000]", "[ps/1000000]", "[ns]/2", "[ns]x", "x", " ", "[B]", "[μs]",
         "[-1ns]", "[+2ns]", "[ 2ns]", "[2 ns]", "[2ns ]", "[2147483647s]", "[2147483648s]", "[s/+2]", "[s/ 2]",
         "[s/]", "[25]", "[ns", "[generic]", "[2generic]", "[m/7]", "[m/60000]", "[h/3600]", "[W/10080]", "[M/720]",
         "[Y/52]", "[Y/53]", "[D/86400]", "[us/1000000]", "[ms/5]", "[s/3]", "[3Y/2]", "[s,2]", "[s][s]", "[[s]]",
         "[d]", "[H]", "[S]", "[MS]", "[year]", "8", "[1/s]", "[/2]", "[s/2/2]"]
STRINGS = NAMES + [p + c for p in "<>=|" for c in "?bBhHiIlLqQnNpPefdgFDGSaUVOMmcTx"]
STRINGS += [p + k + n for p in ("", ">", "|") for k in "?bBcdefgiuSUVOMmahT"
            for n in ("0", "1", "2", "4", "8", "16", "32", "08", "+4", "-4", "-0", " 4", "4 ", "\t4", "4.0", "0x4",
                      "2147483647", "2147483648", "536870911", "536870912", "99999999999999999999")]
STRINGS += [p + n + u for p in ("", ">") for n in ("M8", "m8", "datetime64", "timedelta64", "M", "M4") for u in UNITS]
COMMAS = """i4,f4|3i4|(2,3)f4|(2,3)f4,i8|i4,|i4, |,i4|i4,,i4|3i4,|(3)i4|(3,)i4|()i4|() i4|()i4,f4|1i4|0i4|03i4|>3i4
3>i4|>3<i4|=3<i4|>(2,)i4|<()i4|>()i4,f4|i4 ,f4| i4,f4|i4,f4  |i4,f4  x|f4 , i8|M8[ns],i4|M8[ns],m8[s]|(2,3|2 3i4|(2 3)i4
( 2 , 3 )i4|  3  i4,f4|-3i4|3|3,|(2,),i4|float64,int|i4,3|10|1,2|i4,S|i4,U5|i4,a3|2147483648i4|3 | 3i4|3M8[s]|3(2)i4
(2)3i4|(2)3i4,f4|7f4,(2,)S3,>i2|(2,)3|f4,(0,)i4|f4,(2,0)f8|i4;f4|f4,f4,f4|(2.0)f4|(1_0)f4|(,)f4|(1,,2)f4|(08)f4|08f4
00f4|0,f4|3,f4|99999999999999999999f4|f4,99999999999999999999f4|f4]|f4[0]|f4[|f4[0]x|M8[s,2]|[f4,f4]|[,]f4|i4,<|i4,>|i4,=
<,|<i4,>f4,=f8,!i4|3S|3S,i4|(2,)S,i4|3S0|3U,f4|3V|3S2|2>U3,i4|O,3O|f4,(2,2)O|i4,f4,|,|,,|f4,?|f4,3?|f4,i4[x]|f4.,i4|f4,M8
f4,(1,2,3,4,5,6,7,8,9)u1|f4 f4|f4 ,|f4, ,f4|10000i4,20000f8|65536i4,65536i4|46341f8,46341f8|(2,)(3,)f4|(2)3i4,(3)2f8""".replace("\n", "|").split("|")
COMMAS += ["f4\n,i8", "f4\t,\ti8", "f4,i8\n", "f4,i8\x0b", "f4,\u3000i8", "f4,i8\u3000", "f4,\x1ci8"]
for _ in range(150):
    COMMAS.append(",".join(rng.choice(["", "", "3", "(2,)", "(2,1)", "()", ">", ">2", "<(3,)>", " 2 "])
                           + rng.choice(["i4", "f8", "S3", "u1", "M8[s]", "U", "S", "?", "int"])
                           for _ in range(rng.randint(1, 4))))
for _ in range(100):
    COMMAS.append("".join(rng.choice(["i4", "f8", "S3", ",", ",", "(2,)", "3", " ", "<", ">", "(2,3)", "M8[s]", "U", ")"])
                          for _ in range(rng.randint(1, 6))))


def name():
    one = rng.choice(["a", "b", "c", "x y", "é", "", "f0", "f1", "t", "a'b", "n"] + [f"k{i}" for i in range(9)])
    if rng.random() < 0.12:
        return (rng.choice(["t", "u", "", None, "a", "title"]), one)
    return one


def shape():
    return rng.choice([1, 2, 3, 0, (2,), (1,), (), (2, 3), (0,), (3, 0, 2), (1, 1, 2), [2], [2, 2], (4, 4),
                       (2**31,), (2**31 - 1,), (0, 2**31 - 1), (-1,), -1, (2.0,), True, (True,), (1,) * 64, (1,) * 65,
                       "x", (2**63,), (2, "a"), (65536, 65536), (2**31 - 1, 2**31 - 1, 2**31 - 1, 0)]
                      if rng.random() < 0.3 else [2, 3, (2,), (2, 3), (1,), (4, 4), (2, 1, 2)])


def descr(depth):
    roll = rng.random()
    if depth == 0 or roll < 0.45:
        return rng.choice(SCALARS) if rng.random() < 0.95 else rng.choice(STRINGS + COMMAS)
    if roll < 0.6:
        return (descr(depth - 1), shape())
    out = []
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4])):
        if rng.random() < 0.2:
            out.append(("", f"|V{rng.randint(0, 9)}"))
            continue
        field = (name(), descr(depth - 1)) + ((shape(),) if rng.random() < 0.2 else ())
        out.append(list(field) if rng.random() < 0.03 else field)
    return out


def order_bytes(dtype):
    """An item of distinct bytes, and the same after byteswap, in hex."""
    if dtype.hasobject or not 0 < dtype.itemsize <= 96:
        return "-"
    # Subarrays at the top would become dimensions.
    record = np.dtype([("x", dtype)])
    item = bytearray(range(1, dtype.itemsize + 1))
    # In place: a copy would leave padding undefined.
    np.frombuffer(item, record).byteswap(inplace=True)
    return item.hex()


def is_consistent(dtype):
    """Whether subarrays are as large as their elements: NumPy gives ((x, 0), 2) a size of 2 bytes."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return is_consistent(base) and dtype.itemsize == base.itemsize * math.prod(shape)
    return dtype.names is None or all(is_consistent(dtype.fields[n][0]) for n in dtype.names)


def is_named(dtype):
    """Whether no field without a name would be read back as padding."""
    if dtype.subdtype is not None:
        return is_named(dtype.base)
    fields = [] if dtype.names is None else [(n, dtype.fields[n]) for n in dtype.names]
    pads = [f for n, f in fields if n == "" and len(f) == 2 and f[0].type is np.void and f[0].names is None]
    return not pads and all(is_named(f[0]) for _, f in fields)


rows = set()


def add(value):
    """One row: text, 'refused' or descr, itemsize, alignment, bytes swapped."""
    text = repr(value)
    try:
        dtype = descr_to_dtype(value)
    except Exception:
        rows.add((text, "refused", "-", "-", "-"))
        return
    try:
        out = repr(dtype_to_descr(dtype) if dtype.subdtype is None else _array_descr(dtype))
    except Exception:
        out = "no descr"
    if dtype.char == "T" or "StringDType" in out:
        out = "StringDType"
    elif not is_consistent(dtype):
        out = "inconsistent"
    elif not is_named(dtype):
        out = "no descr"
    rows.add((text, out, str(dtype.itemsize), str(dtype.alignment), order_bytes(dtype)))


for text in STRINGS + COMMAS:
    add(text)
for value in [[], (), {}, None, 1, 1.5, True, b"<f4", ("<f4",), ("<f4", 2, 3), ("<f4", None), [("a", "V2147483647")],
              [("a", "V2147483647"), ("b", "V1")], ("S", 3), ("U", 2), (">U0", 2), ("V", 2), ("S", -1), ("S", 2**31),
              ("S", (2,)), ("V", True), ("S", 0), ("U", 536870912), (("<f4", 2), 3), ("<f4", (536870911,)),
              ("<f4", (536870912,)), ("M8", "ns"), ("<f4", "<i4"), [[("a", "<f4")]], ["ab"], [("", "<f4", (2,))],
              [("a", "<f4", 2, 3)], [("a",)], [()], [None], [3], [(3, "<f4")], [(b"a", "<f4")], [(("a", "b", "c"), "<f4")],
              [((1, "n"), "<f4")], [("a", None)], [((None, ""), "|V4")], [((None, ""), "<f4", 2)], (("<i8", 0), 2), (("<i8", 0), (2,)), (("<i8", 0), ()), (([], 3), 2),
              [("a", ("<i8", 0), 2)], [("", "<f4", 2), ("a", "O")], [("", [])], [("", [("a", "<f4")])], [("", "|S4")], ("V4", ()), ("V0", ())]:
    add(value)
while len(rows) < 4600:
    add(descr(rng.choice([1, 2, 2, 3, 4])))

with open(here / "dtypes.tsv", "w", encoding="utf-8", newline="\n") as out:
    out.write(f"# NumPy {np.__version__}, CPython {sys.version.split()[0]}, seed {SEED}\n")
    out.write("# descr\tdescr of its dtype, or refused\titemsize\talignment\tbytes 1, 2, … after byteswap\n")
    for row in sorted(rows):
        if max(map(len, row)) < 700:
            out.write("\t".join(row) + "\n")

# --- layouts ----------------------------------------------------------------------------------

with open(here / "layouts.tsv", "w", encoding="utf-8", newline="\n") as out:
    out.write(f"# NumPy {np.__version__}, seed {SEED}: numpy.dtype(fields, align=True), nested records packed\n")
    out.write("# descr\titemsize\talignment\toffsets\n")
    for _ in range(150):
        fields = [(f"k{i}", rng.choice([s for s in SCALARS if s[1:] not in ("S0", "U0", "V0")]))
                  + ((rng.choice([(2,), (3, 1), (0,)]),) if rng.random() < .3 else ())
                  for i in range(rng.randint(0, 6))]
        dtype = np.dtype(fields, align=True)
        offsets = [dtype.fields[n][1] for n in dtype.names]
        out.write(f"{fields!r}\t{dtype.itemsize}\t{dtype.alignment}\t{offsets!r}\n")

# --- literals ---------------------------------------------------------------------------------

TEXTS = ast.literal_eval((here / "literals.txt").read_text(encoding="utf-8"))
PARTS = ["1", "0", "-", "+", "2j", "1.5", "'a'", "b'a'", "r'\\'", '"', "'", "(", ")", "[", "]", "{", "}", ",", ",", ":",
         " ", "\n", "\t", "\r\n", "\\\n", "# c\n", "#", "None", "True", "set()", "set", "'''", "\x0c", "e5", "_", "0x1f",
         "1_0", ".", "'\\n'", "u'x'", "é", "\r", "  "]
SMALL = ["1", "-1", "0.5", "1e400", "2j", "1+2j", "'a'", "b'b'", "None", "True", "False", "(1,)", "()", "''"]


def literal(depth):
    roll = rng.random()
    if depth == 0 or roll < 0.4:
        return rng.choice(SMALL)
    space = lambda: rng.choice(["", "", "", " ", "\n", " # c\n", "\\\n"])
    items = [literal(depth - 1) for _ in range(rng.randint(0, 3))]
    tail = "," if items and rng.random() < 0.3 else ""
    if roll < 0.6:
        return "[" + ",".join(space() + i + space() for i in items) + tail + "]"
    if roll < 0.8:
        return "(" + ",".join(space() + i for i in items) + tail + space() + ")"
    pairs = [rng.choice(SMALL) + space() + ":" + space() + i for i in items]
    return "{" + ",".join(space() + p for p in pairs) + tail + space() + "}"


for _ in range(2200):
    TEXTS.append("".join(rng.choice(PARTS) for _ in range(rng.randint(1, 7))))
for _ in range(600):
    TEXTS.append(literal(rng.choice([1, 2, 3, 4])))
for _ in range(300):
    TEXTS.append(repr("".join(chr(rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0xd800),
                                               rng.randrange(0xe000, 0x110000)])) for _ in range(rng.randint(0, 6)))))
for _ in range(300):
    TEXTS.append(repr(rng.choice([rng.uniform(-1, 1) * 10.0 ** rng.randint(-320, 308), rng.random() * 10.0 ** rng.randint(-6, 18),
                                  float(rng.randint(-10**18, 10**18)), 10.0 ** rng.randint(-30, 30),
                                  complex(rng.uniform(-1, 1) * 10.0 ** rng.randint(-20, 20), rng.randint(-3, 3))])))


def is_set(value):
    """Sets print in the order of hashes; only those of one element say something."""
    if isinstance(value, (set, frozenset)):
        return len(value) > 1 or any(map(is_set, value))
    if isinstance(value, dict):
        return any(is_set(k) or is_set(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and any(map(is_set, value))


with open(here / "literals.tsv", "w", encoding="utf-8", newline="\n") as out:
    out.write(f"# CPython {sys.version.split()[0]}, seed {SEED}\n# text\trepr of its value, or refused\n")
    for text in dict.fromkeys(TEXTS):
        try:
            value = ast.literal_eval(text)
            answer = "many" if is_set(value) else repr(value)
        except Exception:
            answer = "refused"
        try:
            (repr(text) + answer).encode()
        except UnicodeEncodeError:
            continue
        if "\t" not in answer and "\n" not in answer:
            out.write(f"{text!r}\t{answer}\n")

# --- long integers of Python 2 ----------------------------------------------------------------


def read_header(text):
    """What _read_array_header of versions 1 and 2 makes of the text."""
    try:
        return ast.literal_eval(text)
    except SyntaxError:
        return ast.literal_eval(_filter_header(text))


TEXTS = ["(3L,)", "3L", "-3L", "3 L", "3 L L", "3LL", "3l", "L", "3L5", "[3\nL]", "[3L\n]", "3L'a'", "01L", "0x1FL", "0L",
         "1.5L", "2jL", "1L+2jL", "L3", "3L L3", "3LNone", "3\\\nL", "3L # c", "{'shape': (2L, 3L), 'a': 1}\n", "None L",
         "'3L'", "3L.5", "[3L.5]", "3LL L", "3L_", "3 L_", "0xL", "1eL", "1_L", "1__0L", "3 é", "3 Lé", "[3 L L, 4]"]
for _ in range(1500):
    TEXTS.append("".join(rng.choice(["L", "L", "L", " ", "1", "20", "0", "0x1", "1.5", "2j", ",", "+", "-", "'a'", "(", ")", "[",
                                     "]", "None", "l", "b'L'", "\t", "LL"]) for _ in range(rng.randint(1, 7))))
with open(here / "longs.tsv", "w", encoding="utf-8", newline="\n") as out:
    out.write(f"# NumPy {np.__version__}, seed {SEED}\n# text\tvalue in a header, or refused\n")
    for text in dict.fromkeys(TEXTS):
        try:
            answer = repr(read_header(text))
        except Exception:
            answer = "refused"
        if answer != "refused" or rng.random() < 0.2:
            out.write(f"{text!r}\t{answer}\n")
