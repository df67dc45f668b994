"""Many small arrays at once are what each is by itself."""

import copy
import pickle
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest

import npstow


def alike(make, count=20):
    return {f"x{n:02}": make(n) for n in range(count)}


SEVERAL = {
    "rows": alike(lambda n: np.arange(n, n + 12.0).reshape(4, 3)),
    "fortran": alike(lambda n: np.asfortranarray(np.arange(n, n + 12, dtype=">i2").reshape(4, 3))),
    "cubes": alike(lambda n: np.asfortranarray(np.arange(n, n + 24).reshape(2, 3, 4))),
    "lines": alike(lambda n: np.arange(n, n + 5, dtype="u1")),
    "numbers": alike(lambda n: np.array(n)),
    "nothing": alike(lambda n: np.zeros((n % 2, 0, 3))),
    "empty text": alike(lambda n: np.zeros(3, "S0")),
    "records": alike(lambda n: np.array([(n, 0.5), (n + 1, 1.5)], [("a", "<i4"), ("b", ">f8")])),
    "subarrays": alike(lambda n: np.full(3, n, np.dtype((">i4", (2, 2))))),
    "dates": alike(lambda n: np.array([n, n + 1], "M8[us]")),
    "text": alike(lambda n: np.array([f"a{n}", "ü"], "<U4")),
    "lengths differ": alike(lambda n: np.arange(n * 40)),
    "dtypes differ": alike(lambda n: np.arange(6).astype(["f4", "f8", "i4"][n % 3])),
    "orders differ": alike(lambda n: np.arange(6.0).reshape(2, 3).copy("CF"[n % 2])),
    "strides": alike(lambda n: np.arange(60).reshape(6, 10)[::-2, 1::3]),
    "one is large": alike(lambda n: np.zeros(300_000 if n == 9 else 3)),
}


def same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        one = found[name]
        assert type(one) is np.ndarray and (one.dtype, one.shape) == (array.dtype, array.shape)
        assert one.tobytes() == array.tobytes()
        is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        assert one.flags.f_contiguous if is_fortran else one.flags.c_contiguous
        assert one.flags.writeable and one.flags.aligned


#: What HDF5 has no like of, or has as something else.
NOT_IN_HDF5 = ("nothing", "empty text", "subarrays", "text")
KEPT = [
    (name, several)
    for name in ("x.npz", "x", "x.h5")
    for several in SEVERAL
    if name != "x.h5" or several not in NOT_IN_HDF5
]


@pytest.mark.parametrize(("name", "several"), KEPT)
def test_they_are_what_was_saved_and_nobody_elses(tmp_path, name, several):
    arrays = SEVERAL[several]
    path = tmp_path / name
    npstow.save_tree(path, {"g": arrays, "h": {"i": arrays}, "j": {}})
    # HDF5 has the order of names, and C order alone.
    expected = arrays
    if name == "x.h5":
        expected = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}
    found = npstow.open(path).read()
    assert list(found) == ["g", "h", "j"] and found["j"] == {} and list(found["h"]) == ["i"]
    same(found["g"], expected)
    same(found["h"]["i"], expected)
    same(npstow.open(path)["h/i"].read(), expected)
    # What is written to one is in no other.
    for one in list(found["g"].values())[::2]:
        one[...] = np.zeros(one.shape, one.dtype)
    same(dict(list(found["g"].items())[1::2]), dict(list(expected.items())[1::2]))
    same(found["h"]["i"], expected)
    # Each keeps its memory.
    last = found["g"].popitem()[1]
    bytes_ = last.tobytes()
    del found, one
    assert last.tobytes() == bytes_


@pytest.mark.parametrize("several", SEVERAL, ids=lambda name: name.replace(" ", "-"))
def test_archives_give_them_one_after_another(tmp_path, several):
    arrays = SEVERAL[several]
    for save in (np.savez, npstow.savez):
        save(tmp_path / "x.npz", **arrays)
        with npstow.load(tmp_path / "x.npz") as found:
            same({name: found[name] for name in found.files}, arrays)
            same({name: found[name] for name in reversed(found.files)}, dict(reversed(arrays.items())))


def test_what_has_its_name_with_others_is_refused_wherever_it_is(tmp_path):
    arrays = alike(lambda n: np.arange(n, n + 3))
    npstow.savez(tmp_path / "x.npz", arrays)
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("x05.npy", archive.read("x06.npy"))
    with npstow.load(tmp_path / "x.npz") as found:
        for name in arrays:
            if name == "x05":
                with pytest.raises(npstow.CorruptError, match="one member of the name 'x05"):
                    found[name]
            else:
                assert found[name].tolist() == arrays[name].tolist()


def test_what_is_saved_may_differ_from_array_to_array(tmp_path):
    masked = np.ma.array([1, 2], mask=[0, 1])
    mixed = {"a": np.arange(3), "b": np.arange(3), "c": [1, 2], "d": np.array([{}], object)}
    mixed |= {"e": np.arange(3), "f": np.matrix([[1]]), "g": np.float32(2), "h": np.arange(3.0)}
    npstow.savez(tmp_path / "x.npz", **mixed)
    with np.load(tmp_path / "x.npz", allow_pickle=True) as found:
        for name, array in mixed.items():
            assert found[name].tolist() == np.asarray(array).tolist(), name
            assert found[name].dtype == np.asarray(array).dtype
    for bad in (mixed["d"], masked):
        with pytest.raises((TypeError, ValueError), match="'g/y'"):
            npstow.save_tree(tmp_path / "y", {"g": {"x": np.arange(3), "y": bad}})


def test_lists_of_rows_in_any_form(tmp_path):
    x = np.arange(40.0).reshape(10, 4)
    np.save(tmp_path / "x.npy", x)
    node = npstow.open(tmp_path / "x.npy")
    rows = [3, 0, -1, 3]
    forms = [rows, np.array(rows), np.array(rows, "i1"), np.array(rows, ">i4"), [np.int64(r) for r in rows]]
    for form in [*forms, np.arange(8)[::2], np.array([1, 2], "u8"), [], np.array([], int), x[:, 0] > 20]:
        assert node[form].tolist() == x[form].tolist()
    assert node[:, [2, 0]].tolist() == x[:, [2, 0]].tolist()
    for bad in [[10], [2**70], [-(2**63)], np.array([2**63], "u8"), [1.5], ["a"], [[1]], [None]]:
        with pytest.raises((IndexError, OverflowError)):
            node[bad]


def test_what_is_rarely_used_is_imported_when_it_is_asked_for():
    code = """
import sys, npstow
assert not {"dataclasses", "npstow.pickle", "npstow._stream", "npstow._edit"} & set(sys.modules)
assert set(npstow.__all__) <= set(dir(npstow))
from npstow import *
from npstow import joblib as one, append as two
assert one is npstow.joblib and two is npstow.append is append and npstow.pickle.loads
assert not hasattr(npstow, "nothing")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_difference_is_a_value(tmp_path):
    report = npstow.diff({"x": [1.0, 2.0]}, {"x": [1.0, 3.0]})
    again = npstow.diff({"x": [1.0, 2.0]}, {"x": [1.0, 3.0]})
    one = report[0]
    assert one == again[0] == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) and one != 1
    assert hash(one) == hash(again[0])
    assert repr(one).startswith("Difference(name='x', what='values', ")
    with pytest.raises(AttributeError):
        one.name = "y"
    with pytest.raises(AttributeError):
        del one.name


@pytest.mark.parametrize("name", ["x.npz", "x"])
def test_arrays_of_as_many_axes_as_there_may_be(tmp_path, name):
    most = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32
    arrays = {f"a{n}": np.full((1,) * most, n, "f4") for n in range(3)}
    arrays |= {f"b{n}": np.full((1,) * 31, n, "f4") for n in range(3)}
    npstow.save_tree(tmp_path / name, arrays)
    same(npstow.open(tmp_path / name).read(), arrays)
    if name == "x.npz":
        with npstow.load(tmp_path / name) as archive:
            same({name: archive[name] for name in archive.files}, arrays)


@pytest.mark.parametrize("order", "<>")
def test_an_index_beyond_all_rows_is_one_in_any_byte_order(tmp_path, order):
    npstow.save(tmp_path / "x.npy", np.arange(10))
    node = npstow.open(tmp_path / "x.npy")
    assert list(node[np.array([3, 1], order + "u8")]) == [3, 1]
    with pytest.raises((IndexError, OverflowError)):
        node[np.array([2**64 - 1], order + "u8")]


@pytest.mark.parametrize("length", [64, 70, 77, 80, 118, 128])
def test_arrays_of_a_folder_are_aligned_whatever_their_headers_are(tmp_path, length):
    """NumPy has headers of multiples of 64 bytes, and reads those of any length."""
    rows = {f"a{i}": np.arange(5.0) + i for i in range(20)}
    for name, array in rows.items():
        header = b"{'descr':'<f8','fortran_order':False,'shape':(5,)}".ljust(length - 11) + b"\n"
        head = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        (tmp_path / f"{name}.npy").write_bytes(head + array.tobytes())
        assert np.array_equal(np.load(tmp_path / f"{name}.npy"), array)
    found = npstow.open(tmp_path).read()
    assert all(array.flags.aligned and np.array_equal(array, rows[name]) for name, array in found.items())


def written_by_numpy(path, tree):
    """A tree with objects in it, which `save_tree` refuses."""
    flat, waiting = {}, [("", tree)]
    while waiting:
        above, group = waiting.pop()
        for step, what in group.items():
            if isinstance(what, dict):
                waiting.append((f"{above}{step}/", what))
            else:
                flat[above + step] = what
    if path.suffix == ".npz":
        return (np.savez_compressed if path.stem == "packed" else np.savez)(path, **flat)
    if path.suffix:
        return (npstow.pickle.dump if path.suffix == ".pkl" else npstow.joblib.dump)(tree, path)
    for name, array in flat.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(path / name, array)


@pytest.mark.parametrize("name", ["x.npz", "packed.npz", "x", "x.pkl", "x.joblib"])
def test_objects_among_arrays_are_what_each_is_by_itself(tmp_path, name):
    tree = {
        "a": np.array([None, 1, {"x": [2]}], object),
        "b": np.arange(3),
        "g": {
            "one": np.array([[1, "b"]], object),
            "h": {"large": np.arange(100_000.0), "deep": np.array("x", object)},
            "record": np.array([(1, None), (2, "y")], "i4,O"),
        },
        "z": np.arange(2.0),
    }
    path = tmp_path / name
    written_by_numpy(path, tree)

    def each(node):
        if isinstance(node, npstow.Group):
            return {step: each(node[step]) for step in node}
        return node.read()

    def alike(one, two):
        if isinstance(one, dict):
            return set(one) == set(two) and all(alike(one[key], two[key]) for key in one)
        is_same = one.dtype == two.dtype and one.shape == two.shape
        return is_same and one.tolist() == two.tolist() and two.flags.writeable

    root = npstow.open(path)
    found = root.read()
    assert alike(tree, found) and alike(each(root), found)
    assert alike(tree["g"], root["g"].read()) and alike(tree["g"]["h"], root["g/h"].read())
    calls = []
    assert alike(tree, root.read(progress=lambda *call: calls.append(call)))
    assert calls[-1][0] == calls[-1][1]


@pytest.mark.parametrize("name", ["x.npz", "x"])
def test_objects_among_arrays_that_are_damaged_are_named(tmp_path, name):
    tree = {"a": np.arange(3), "g": {"o": np.array([None, 1], object)}}
    written_by_numpy(tmp_path / "x", tree)
    bad = tmp_path / "x" / "g" / "o.npy"
    bad.write_bytes(bad.read_bytes()[:-1] + b"0")
    if name == "x.npz":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("a.npy", (tmp_path / "x" / "a.npy").read_bytes())
            archive.writestr("g/o.npy", bad.read_bytes())
    with pytest.raises(npstow.CorruptError) as raised:
        npstow.open(tmp_path / name).read()
    assert (raised.value.path, raised.value.member) == (str(tmp_path / name), "g/o")
