"""``npstow.joblib`` beside joblib: what one dumps, the other loads."""

import bz2
import collections
import datetime
import gzip
import io
import lzma
import os
import pathlib
import pickle
import warnings
import zlib

import numpy as np
import pytest

import npstow

joblib = pytest.importorskip("joblib")

VALUE = {
    "arrays": [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.zeros((0, 3))],
    "objects": np.array([1, "a", None, [1, np.arange(3)]], dtype=object),
    "scalar": np.float32(1.5),
    "matrix": np.asmatrix([[1, 2]]),
    "text": ["ä", b"\x00\xff", 2**70, 1.5, None],
    "when": datetime.datetime(2020, 1, 2),
    "ordered": collections.OrderedDict(a=(1, 2), b={3}),
    "large": np.arange(50_000, dtype="f4"),
}
PACKED = [0, 1, True, "zlib", "gzip", "bz2", "lzma", "xz", ("zlib", 9), ("gzip", 1), ("bz2", 2), ("xz", 0), ("lzma", 1)]


def same(a, b):
    if isinstance(a, np.ndarray):
        if a.dtype.hasobject:
            return type(a) is type(b) and same(a.tolist(), b.tolist())
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and (a == b).all()
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and same(list(a.values()), list(b.values()))
    return type(a) is type(b) and bool(a == b)


def joblib_loads(path, **kwds):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "numpy.core", DeprecationWarning)
        return joblib.load(path, **kwds)


@pytest.mark.parametrize("compress", PACKED, ids=str)
def test_there_and_back(tmp_path, compress):
    path = tmp_path / "x.joblib"
    assert joblib.dump(VALUE, path, compress=compress) == [str(path)]
    assert same(npstow.joblib.load(path), VALUE)
    assert same(npstow.load(path), VALUE)
    assert npstow.joblib.dump(VALUE, path, compress=compress) == [str(path)]
    assert same(joblib_loads(path), VALUE) and same(npstow.joblib.load(str(path)), VALUE)
    again = tmp_path / "y.joblib"
    npstow.joblib.dump(VALUE, again, compress=compress)
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_protocols(tmp_path, protocol):
    path = tmp_path / "x.joblib"
    npstow.joblib.dump(VALUE, path, protocol=protocol)
    assert same(joblib_loads(path), VALUE) and same(npstow.joblib.load(path), VALUE)
    joblib.dump(VALUE, path, protocol=protocol)
    assert same(npstow.joblib.load(path), VALUE)


@pytest.mark.parametrize(
    "extension, unpack",
    [(".z", zlib.decompress), (".gz", gzip.decompress), (".bz2", bz2.decompress), (".xz", lzma.decompress), (".lzma", lzma.decompress), ("", bytes)],
)
def test_extensions_say_how_it_is_packed(tmp_path, extension, unpack):
    path = tmp_path / f"x.joblib{extension}"
    npstow.joblib.dump([1, "a"], path)
    assert unpack(path.read_bytes()).startswith(b"\x80\x04")
    assert joblib_loads(path) == [1, "a"]
    # What is told stands above the name.
    npstow.joblib.dump([1, "a"], path, compress=("gzip", 3))
    assert path.read_bytes().startswith(b"\x1f\x8b")


def test_lz4(tmp_path):
    for compress in ("lz4", ("lz4", 9)):
        npstow.joblib.dump(VALUE, tmp_path / "x", compress=compress)
        assert (tmp_path / "x").read_bytes().startswith(b"\x04\x22\x4d\x18")
        assert same(npstow.joblib.load(tmp_path / "x"), VALUE)


@pytest.mark.parametrize(
    "compress, text",
    [
        (-1, "Non valid compress level"),
        (10, "Non valid compress level"),
        ({}, "Non valid compress level"),
        (("zlib", 3, 4), "exactly 2 elements"),
        (("zip", 3), "Non valid compression method"),
        ("zip", "Non valid compression method"),
    ],
    ids=str,
)
def test_what_makes_no_sense(tmp_path, compress, text):
    with pytest.raises(ValueError, match=text):
        npstow.joblib.dump(1, tmp_path / "x", compress=compress)
    with pytest.raises(ValueError, match=text):
        joblib.dump(1, tmp_path / "x", compress=compress)
    with pytest.raises(ValueError, match="Second argument"):
        npstow.joblib.dump("x", {})
    assert os.listdir(tmp_path) == []


def test_only_data_is_dumped(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    for bad in (print, lambda: 0, io.StringIO(), [pathlib]):
        with pytest.raises(npstow.UnsupportedError, match="in a pickle of data"):
            npstow.joblib.dump(bad, path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


class Model:
    pass


def test_objects_are_inert_and_written_back(tmp_path):
    model = Model()
    model.weights, model.name = np.arange(1000.0), "ä"
    joblib.dump({"model": model}, tmp_path / "x")
    found = npstow.joblib.load(tmp_path / "x")["model"]
    assert found.name == "Model" and found.state["name"] == "ä" and found.weights[-1] == 999
    npstow.joblib.dump(found, tmp_path / "y")
    back = joblib_loads(tmp_path / "y")
    assert type(back) is Model and back.name == "ä" and (back.weights == model.weights).all()


@pytest.mark.parametrize("dump", [joblib.dump, npstow.joblib.dump])
def test_maps(tmp_path, dump):
    path = str(tmp_path / "x.joblib")
    dump(VALUE, path)
    for mode in ("r", "c", "r+"):
        found = npstow.joblib.load(path, mmap_mode=mode)
        array = found["large"]
        assert type(array) is np.memmap and array.mode == mode and array.filename == path
        assert array.ctypes.data % 16 == 0 and array.flags.writeable == (mode != "r")
        assert same(np.array(array), VALUE["large"]) and found["arrays"][2].shape == (0, 3)
        assert type(found["objects"]) is np.ndarray
        # Arrays in it are maps or none, as their places in the file have it.
        assert found["objects"][3][1].tolist() == [0, 1, 2] and found["objects"][:3].tolist() == [1, "a", None]
    array[3] = 77
    array.flush()
    assert npstow.joblib.load(path)["large"][3] == 77
    assert npstow.joblib.load(path, mmap_mode="w+")["large"].mode == "r+"
    with open(path, "rb") as file:
        assert type(npstow.joblib.load(file, mmap_mode="r")["large"]) is np.memmap
    with open(path, "rb") as file, pytest.warns(UserWarning, match="In memory persistence"):
        assert type(npstow.joblib.load(io.BytesIO(file.read()), mmap_mode="r")["large"]) is np.ndarray
    with pytest.raises(ValueError, match="Native byte ordering"):
        npstow.joblib.load(path, mmap_mode="r", ensure_native_byte_order=True)
    packed = str(tmp_path / "x.gz")
    dump(VALUE, packed)
    with pytest.warns(UserWarning, match="not compatible with compressed file"):
        assert same(npstow.joblib.load(packed, mmap_mode="r"), VALUE)
    with gzip.open(packed) as file, pytest.warns(UserWarning, match="not a raw file"):
        assert same(npstow.joblib.load(file, mmap_mode="r"), VALUE)


def test_what_joblib_maps_of_ours(tmp_path):
    path = str(tmp_path / "x.joblib")
    npstow.joblib.dump(VALUE, path)
    found = joblib_loads(path, mmap_mode="r")
    assert type(found["large"]) is np.memmap and found["large"].ctypes.data % 16 == 0
    assert same(np.array(found["large"]), VALUE["large"])


def test_byte_order(tmp_path):
    given = [np.arange(5, dtype=">i8"), np.arange(100_000, dtype=">f4"), np.arange(3)]
    joblib.dump(given, tmp_path / "x")
    for found in (npstow.joblib.load(tmp_path / "x"), npstow.joblib.load(tmp_path / "x", ensure_native_byte_order=True)):
        assert [a.dtype.isnative for a in found] == [True] * 3
        assert all((a == b).all() for a, b in zip(found, given))
    found = npstow.joblib.load(tmp_path / "x", ensure_native_byte_order=False)
    assert same(found, given) and not found[1].dtype.isnative


def test_file_objects(tmp_path, no_new_files):
    path = tmp_path / "x"
    with open(path, "wb") as file:
        assert npstow.joblib.dump(VALUE, file) is None
    with open(path, "rb") as file:
        assert same(joblib_loads(file), VALUE)
    with open(path, "rb") as file:
        assert same(npstow.joblib.load(file), VALUE)
    stream = io.BytesIO()
    npstow.joblib.dump(VALUE, stream, compress=3)
    assert stream.getvalue()[:1] == b"\x78"
    # Whatever its position, as joblib has it.
    assert same(npstow.joblib.load(stream), VALUE)
    with gzip.open(tmp_path / "y", "wb") as file:
        npstow.joblib.dump(VALUE, file)
    with gzip.open(tmp_path / "y") as file:
        assert same(npstow.joblib.load(file), VALUE)
    assert same(npstow.joblib.load(tmp_path / "y"), VALUE)


def test_plain_pickles_are_dumps(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(pickle.dumps({"a": [1, np.arange(3)]}))
    assert same(npstow.joblib.load(path), {"a": [1, np.arange(3)]})


def test_a_dump_is_a_tree(tmp_path):
    path = tmp_path / "x.dat"
    joblib.dump(VALUE, path)
    tree = npstow.open(path)
    assert tree.format == "joblib" and tree["arrays"][0].read().tolist() == VALUE["arrays"][0].tolist()
    assert tree["large"][5:7].tolist() == [5, 6] and tree["large"].view()[-1] == 49_999
    assert tree["text"].value() == VALUE["text"]
    assert same(tree.value(), VALUE) and same(tree["objects"].read(), VALUE["objects"])


def test_hostile_dumps(tmp_path):
    path = tmp_path / "x"
    joblib.dump({"a": np.arange(100.0), "b": [1]}, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(npstow.Error):
            npstow.joblib.load(path)
    joblib.dump({"a": np.arange(100.0)}, path, compress=3)
    packed = path.read_bytes()
    for length in range(0, len(packed), 7):
        path.write_bytes(packed[:length])
        with pytest.raises(npstow.Error):
            npstow.joblib.load(path)
    with pytest.raises(FileNotFoundError):
        npstow.joblib.load(tmp_path / "no")
    with pytest.raises(ValueError, match="null byte"):
        npstow.joblib.load("a\0b")
