"""Holds what numpy.cpp saved against NumPy, and saves what numpy.cpp reads then."""

import collections
import datetime
import pickle
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1])
dtype = np.dtype(
    [
        ("position", "<f4", (3,)),
        ("id", "<u8"),
        ("name", "S5"),
        ("hit", "?"),
        ("both", np.dtype([("a", "<i2"), ("b", "<f8")], align=True), (2,)),
    ],
    align=True,
)
with np.load(folder / "cpp.npz") as cpp:
    for records in (cpp["record"], np.load(folder / "cpp.npy")):
        assert records.dtype == dtype, records.dtype
        assert records["position"].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        assert records["id"].tolist() == [10000000000, 10000000001, 10000000002]
        assert records["name"].tolist() == [b"ab"] * 3
        assert records["hit"].tolist() == [False, True, False]
        assert records["both"]["a"].tolist() == [[1, -3]] * 3
        assert records["both"]["b"].tolist() == [[2.5, 0], [2.5, 1], [2.5, 2]]
    assert cpp["step"].shape == (2, 2, 4) and cpp["step"][1, 1, 3] == 9 and cpp["step"].sum() == 9
    assert cpp["complex"].tolist() == [1 - 2j, 3 + 4j] and cpp["bool"].tolist() == [True, False]
    assert cpp["text"].dtype == "<U6" and cpp["text"].tolist() == ["Air", "Wässer"]
    assert cpp["scalar"].shape == () and cpp["scalar"] == 2.5 and cpp["empty"].shape == (0, 4)
    assert cpp["big"].dtype == ">i4" and cpp["big"].tolist() == [1, -2]
    assert cpp["turned"].tolist() == [[1, 4], [2, 5], [3, 6]]

# The fields lie elsewhere than in the struct: packed, in another order, big-endian, and one more.
other = np.zeros(
    2,
    [("more", "i4"), ("hit", "?"), ("both", [("a", "<i2"), ("b", "<f8")], (2,)), ("name", "S5")]
    + [("id", ">u8"), ("position", ">f4", (3,))],
)
other["position"] = [[0, 1, 2], [3, 4, 5]]
other["id"], other["hit"], other["name"] = [6, 7], [True, False], [b"xyz", b""]
other["both"]["a"][1, 1], other["both"]["b"][1, 1] = -1, 0.25
np.savez_compressed(
    folder / "numpy.npz",
    record=other,
    big=np.array([1.5, -2.5], ">f8"),
    fortran=np.asfortranarray(np.arange(1, 7, dtype="i4").reshape(2, 3)),
    text=np.array(["Air", "Wässer"]),
    bytes=np.array([b"a", b"bcd"]),
    scalar=np.float32(0.5),
    complex=np.array([1, -1j], "c8"),
    step=np.arange(16, dtype="f4").reshape(2, 2, 4),
)

for protocol in range(2, 6):
    with open(folder / f"cpp{protocol}.pkl", "rb") as file:
        cpp = pickle.load(file)
    array, shared = cpp.pop("array"), cpp["shared"]
    assert array.dtype == "<f4" and array.tolist() == [[1, 2], [3, 4]]
    assert shared[0] is shared[1]
    assert cpp == {
        "none": None,
        "numbers": [True, -5, 2**64 - 1, 0.1, 1 - 2j],
        "big": 123456789012345678901234567890,
        "texts": ("Wässer", "a\0b", ""),
        "bytes": [b"\0\xff", bytearray(b"q")],
        "sets": [{1, "x"}, frozenset({2})],
        "shared": ([1, 2], [1, 2]),
        (1, "x"): {1: "int", 2.5: "float"},
    }, cpp
    assert [type(n) for n in cpp["numbers"]] == [bool, int, int, float, complex]

array = np.array([1, 2, 3], "i4")
values = {
    "float64": np.float64(0.5),
    "uint8": np.uint8(200),
    "bool": np.bool_(True),
    "complex": np.complex128(1 - 1j),
    "array": array,
    "again": array,
    "text": "Wässer",
    "bytes": b"\xff\x01",
    "objects": np.array([None, "x", 3], dtype=object),
    "date": datetime.date(2020, 1, 2),
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "set": {1, 2},
    "ints": [1, 2, -(2**40)],
}
values["itself"] = values
for protocol in range(6):
    with open(folder / f"python{protocol}.pkl", "wb") as file:
        pickle.dump(values, file, protocol)
