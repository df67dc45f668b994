"""Writes previews.tsv: arrays as bytes, and how NumPy prints them."""

import random

import numpy as np
from numpy.lib.format import dtype_to_descr

SEED = 20260103
rng = np.random.default_rng(SEED)
random.seed(SEED)
cases = []


def add(array, **options):
    array = np.asarray(array)
    names = ("threshold", "edgeitems", "linewidth", "precision")
    if array.nbytes > 24_000 and "rule" not in options:
        raise SystemExit("too large")
    with np.printoptions(**{n: options[n] for n in names if n in options}):
        text = str(array)
    said = ",".join(f"{n}={options[n]}" for n in names if n in options)
    descr = repr(dtype_to_descr(array.dtype))
    order = "C"
    data = array.tobytes().hex()
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    cases.append("\t".join([descr, " ".join(map(str, array.shape)), order, said, data, text]))


def shapes():
    return random.choice([(), (1,), (2,), (3,), (5,), (2, 3), (3, 1), (2, 2, 2), (12,), (30,), (1, 1, 1, 2)])


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 2 / 3, 1e-4, 9.9e-5, 1e-5, 123456.789, 99999999.0, 1e8, 1e16, 1e15,
           9999999999999998.0, 1e-7, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 2.0**-44, 2.0**60,
           np.nan, np.inf, -np.inf, 0.99999999995, 0.999999994, 999.5, 1000.0, 1000.25, 65504.0, 6e-8, 1e100, -1e-100, 16777217.0,
           0.5, 0.25, 0.125, 1.5, 2.5, 1e3, 1e6, 999999.0, 1e22, 1e23, 3.4028235e38, 1.17549435e-38]

with np.errstate(all="ignore"):
    for t in ["<f2", "<f4", "<f8", "<f16", ">f4", ">f8", ">f2"]:
        for x in SPECIAL:
            add(np.array(x, "g").astype(t))
            add(np.array([x], "g").astype(t))
        for _ in range(30):
            shape = shapes()
            kind = random.random()
            if kind < 0.3:
                a = rng.choice(SPECIAL, shape)
            elif kind < 0.6:
                a = rng.normal(size=shape) * 10.0 ** random.randint(-6, 9)
            elif kind < 0.8:
                a = np.round(rng.normal(size=shape) * 100, random.randint(0, 3))
            else:
                a = rng.normal(size=shape) * 10.0 ** rng.integers(-20, 20, shape)
            add(np.asarray(a, "g").astype(t))
    for t in ["<c8", "<c16", "<c32", ">c8"]:
        for _ in range(25):
            shape = shapes()
            a = rng.choice(SPECIAL, shape) + 0j if random.random() < 0.5 else rng.normal(size=shape) * 10.0 ** random.randint(-3, 5) + 0j
            a = np.asarray(a)
            a.imag = rng.choice(SPECIAL, shape) if random.random() < 0.4 else np.round(rng.normal(size=shape) * 10, 1)
            add(a.astype(t))
for t in ["i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", "<i8", "?"]:
    for _ in range(6):
        a = np.frombuffer(rng.bytes(8 * 40), t)
        if t == "?":
            a = np.frombuffer(rng.bytes(40), "u1") % 2 == 0
        shape = shapes()
        add(np.array(a[: int(np.prod(shape))].reshape(shape)))
units = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s", "7W", "2Y", "3M", "10D"]
for unit in units:
    for limit in [100, 10**5, 2**62]:
        a = rng.integers(-limit, limit, random.choice([1, 3, 8])).astype("i8")
        if random.random() < 0.5:
            a[0] = -(2**63)
        for kind in "Mm":
            add(a.view(f"<{kind}8[{unit}]"))
            add(a[-1:].view(f"<{kind}8[{unit}]")[0])
            add(a.astype(">i8").view(f">{kind}8[{unit}]"))
add(np.array(["NaT"], "M8"))
add(np.array(["NaT", 5], "m8"))
add(np.array(5, "m8"))
texts = ["", "a", "µ", "it's", 'say "x"', "both ' and \"", "tab\tnew\nline", "\x00b", "\u2028", "中文", "😀", "\\", "\x7f\x80\u200b", "\ud800"]
for _ in range(30):
    shape = shapes()
    add(np.array([random.choice(texts) for _ in range(int(np.prod(shape)))], "U").reshape(shape))
    add(np.array([random.choice(texts).encode("utf-8", "surrogatepass") for _ in range(int(np.prod(shape)))], "S").reshape(shape))
    n = int(np.prod(shape))
    size = random.choice([0, 1, 2, 5])
    add(np.array([rng.bytes(size) for _ in range(n)], f"V{size}").reshape(shape) if size else np.zeros(shape, "V0"))
for t in ["<U3", "S4", "V3"]:
    add(np.zeros(3, t))
    add(np.zeros((), t))
records = [
    "[('a','<f4'),('b','<i4')]", "[('a','<f8')]", "[('a','<f4',(2,2)),('b','S3'),('c','?')]",
    "[('a',[('x','<f8'),('y','<c8')]),('b','>i2')]", "[('a','<M8[s]'),('b','<m8[D]'),('c','<U2')]",
    "[('a','?',(3,)),('b','u1'),('c','V2')]", "[('a','<f2'),('b','<f16'),('c','<f4',(3,))]", "[('a','u1',(40,30))]", "[('a','<f4',(0,)),('b','<i2')]",
]
for text in records:
    dtype = np.dtype(eval(text))
    for shape in [(), (1,), (2,), (4,), (2, 2)]:
        n = int(np.prod(shape))
        a = np.zeros(n, dtype)

        def fill(a):
            if a.dtype.names:
                for name in a.dtype.names:
                    fill(a[name])
            elif a.dtype.kind in "fc":
                a[...] = np.round(rng.normal(size=a.shape) * 10, random.randint(0, 9))
            elif a.dtype.kind == "b":
                a[...] = rng.integers(0, 2, a.shape)
            elif a.dtype.kind in "iuMm":
                a[...] = rng.integers(0, 100, a.shape).astype(a.dtype)
            elif a.dtype.kind in "SU":
                a[...] = "x'"

        fill(a)
        add(a.reshape(shape))
add(np.zeros(3, []))
for shape in [(0,), (0, 3), (3, 0, 2)]:
    add(np.zeros(shape))
for shape in [(1001,), (40, 40), (7, 150), (11, 10, 10), (2, 600), (1100, 1), (3, 3, 3, 40)]:
    add(np.arange(int(np.prod(shape)), dtype="<u2").reshape(shape))
add(np.linspace(0, 1, 1001).astype("<f2"))
add((np.arange(1200) % 3 == 0).reshape(30, 40))
add(np.where(np.arange(1100) % 7, 1.5, np.nan).astype("<f4"))
for options in [
    {"threshold": 5, "edgeitems": 2}, {"threshold": 0, "edgeitems": 1}, {"linewidth": 20}, {"linewidth": 3}, {"precision": 3},
    {"precision": 0}, {"precision": 1, "linewidth": 30}, {"precision": 17}, {"threshold": 10, "linewidth": 25, "precision": 2},
]:
    add(np.arange(24).reshape(2, 3, 4), **options)
    add(rng.normal(size=(5, 6)), **options)
    add(np.array([0.001, 0.5, 0.00051]), **options)
    add(np.array([0.006, 0.5, 1e-9]), **options)
    add(rng.normal(size=9).astype("<f4") * 1e7, **options)
    add(np.array(["a", "bcd"] * 8), **options)
for p in range(-16, 16):
    add(np.array([2.0**p], "<f2"))
    add(np.array(2.0**p, "<f4"))
    add(np.array(2.0**p, "<f16"))
    add(np.array([2.0**p, 3.0], "<f4"))

with open("previews.tsv", "w", encoding="utf-8") as file:
    print(f"# NumPy {np.__version__}, seed {SEED}, by gen_previews.py", file=file)
    print("# descr, shape, order, options, bytes, text with \\\\ and \\n escaped", file=file)
    for case in dict.fromkeys(cases):
        print(case, file=file)
