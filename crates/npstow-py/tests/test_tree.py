"""Any file as a lazy tree: names, descriptions, slices, reads into any memory."""

import copy
import gc
import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Mapping

import numpy as np
import pytest

import npstow

ARRAYS = {
    "f4": np.arange(24, dtype="f4").reshape(4, 3, 2),
    "big": np.arange(12, dtype=">i8").reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(12, dtype="u2").reshape(3, 4)),
    "zero_d": np.array(7.5),
    "empty": np.zeros((0, 3), "c8"),
    "text": np.array(["a", "bcd"]),
    "no_text": np.zeros(3, "U0"),
    "bytes": np.array([b"xy", b"z"]),
    "dates": np.array(["2020-01-01", "NaT"], "M8[D]"),
    "bool": np.array([[True, False]]),
    "record": np.array([(1, 2.5), (3, 4.5)], [("a", "<i4"), ("b", "<f8")]),
    "nested": np.zeros(3, [("p", [("x", "f4"), ("y", "f4", (2, 2))])]),
}


@pytest.fixture(params=["run.npz", "packed.npz", "folder", "by_numpy.npz"])
def run(request, tmp_path):
    path = tmp_path / request.param
    if request.param == "by_numpy.npz":
        np.savez(path, **ARRAYS)
    else:
        npstow.save_tree(path, ARRAYS, level=6 if "packed" in request.param else None)
    return npstow.open(path)


def same(left, right):
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    np.testing.assert_array_equal(left, right)


def test_a_tree_describes_without_reading(run):
    assert list(run) == list(ARRAYS)
    assert len(run) == len(ARRAYS)
    for name, array in ARRAYS.items():
        node = run[name]
        assert (node.kind, node.name) == ("array", name)
        assert (node.shape, node.ndim, node.size) == (array.shape, array.ndim, array.size)
        assert node.dtype == array.dtype
        assert node.nbytes == array.nbytes
        assert node.codec in (None, "deflate")
        assert (node.offset is None) == (node.codec is not None)
    assert run["fortran"].order == "F"


def test_what_is_read_is_what_was_written(run):
    for name, array in ARRAYS.items():
        read = run[name].read()
        same(read, array)
        assert read.flags.writeable
        assert read.flags.aligned
        assert type(read) is np.ndarray
    for name, read in run.read().items():
        same(read, ARRAYS[name])
        assert read.flags.writeable


def test_orders_are_those_that_were_asked_for(run):
    read = run["big"].read(native=True)
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, ARRAYS["big"])
    for name in ("f4", "fortran", "big"):
        for order in "CF":
            read = run[name].read(order=order)
            same(read, ARRAYS[name])
            assert read.flags[f"{order}_CONTIGUOUS"]
    with pytest.raises(ValueError, match="the order 'A'"):
        run["f4"].read(order="A")


def outs(array):
    """Memory of every layout."""
    yield np.empty(array.shape, array.dtype)
    yield np.empty(array.shape, array.dtype, order="F")
    yield np.empty((*array.shape, 2), array.dtype)[..., 1]
    yield np.empty(array.shape[::-1], array.dtype).T
    if array.dtype.kind not in "SUV":
        yield np.empty(array.shape, array.dtype.newbyteorder())
    if array.ndim:
        yield np.empty(array.shape, array.dtype)[::-1]


@pytest.mark.parametrize("name", ARRAYS)
def test_out_may_have_any_layout(run, name):
    for out in outs(ARRAYS[name]):
        assert run[name].read(out=out) is out
        np.testing.assert_array_equal(out, ARRAYS[name])


def test_out_must_fit(run):
    node = run["f4"]
    with pytest.raises(ValueError, match="shape"):
        node.read(out=np.empty((4, 3), "f4"))
    with pytest.raises(TypeError, match="dtype"):
        node.read(out=np.empty((4, 3, 2), "f8"))
    locked = np.empty((4, 3, 2), "f4")
    locked.flags.writeable = False
    with pytest.raises(ValueError, match="not writable"):
        node.read(out=locked)
    with pytest.raises(TypeError, match="of its own"):
        node.read(out=np.empty((4, 3, 2), "f4"), native=True)
    with pytest.raises(TypeError, match="for arrays"):
        run.read(native=True)


KEYS = [
    0,
    -1,
    np.int32(1),
    slice(None),
    slice(1, 3),
    slice(None, None, -1),
    slice(-100, 100, 2),
    slice(10**30, None, -1),
    ...,
    None,
    (0, 1),
    (slice(None), 0),
    (..., 0),
    (0, ...),
    (None, slice(1)),
    (slice(None), slice(None, None, 2)),
    [0, 1],
    [-1, 0, -1],
    [],
    np.array([1, 0]),
    (slice(None), [0, 1]),
    (..., [0, 0]),
    (slice(0, 0), slice(1)),
    (),
]


@pytest.mark.parametrize("name", ["f4", "big", "fortran", "text", "record", "nested", "dates"])
def test_slices_are_those_of_numpy(run, name):
    array, node = ARRAYS[name], run[name]
    for key in KEYS:
        try:
            expected = array[key]
        except IndexError:
            with pytest.raises((IndexError, ValueError)):
                node[key]
            continue
        got = node[key]
        assert type(got) is type(expected), key
        same(np.asarray(got), np.asarray(expected))


def test_masks_pick_from_one_axis(run):
    array, node = ARRAYS["f4"], run["f4"]
    mask = np.array([True, False, True, False])
    same(node[mask], array[mask])
    same(node[:, mask[:3]], array[:, mask[:3]])
    same(node[..., mask[:2]], array[..., mask[:2]])
    same(node[[True, False, False, True]], array[[True, False, False, True]])
    with pytest.raises(IndexError, match="size of axis is 4"):
        node[mask[:3]]
    same(run["zero_d"][()], np.float64(7.5))
    same(run["zero_d"][...], np.array(7.5))


@pytest.mark.parametrize(
    "key", [True, 1.5, "no", (0, [0, 1]), ([0, 1], [0, 1]), [[0, 1]], [0.5], object(), 99, (0,) * 9]
)
def test_what_cannot_be_read_in_part_is_refused(run, key):
    with pytest.raises((IndexError, KeyError, ValueError)):
        run["f4"][key]
    with pytest.raises((IndexError, KeyError)):
        ARRAYS["f4"][tuple()]["no" if key == "no" else 99]


def test_views_show_the_file(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, ARRAYS["f4"])
    view = npstow.open(path).view()
    same(view, ARRAYS["f4"])
    assert not view.flags.writeable
    with pytest.raises(ValueError):
        view[0] = 1
    npstow.save_tree(tmp_path / "p.npz", {"x": np.zeros(1000)}, level=6)
    with pytest.raises(ValueError, match="packed with deflate"):
        npstow.open(tmp_path / "p.npz")["x"].view()


def test_numpy_takes_nodes_for_arrays(run):
    array, node = ARRAYS["f4"], run["f4"]
    same(np.asarray(node), array)
    same(np.array(node, dtype="f8"), array.astype("f8"))
    assert np.sum(node) == array.sum()
    with pytest.raises(TypeError):
        np.asarray(run)
    # Since NumPy 2.0 there is a word for it.
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0" and node.codec is None and "by_numpy" not in node.path:
        assert not np.asarray(node, copy=False).flags.writeable
        with pytest.raises(ValueError):
            np.asarray(node, dtype="f8", copy=False)


def test_names_are_paths(tmp_path):
    npstow.save_tree(tmp_path / "t", {"a": {"b": {"c": [1, 2]}}, "x": [3], "e": {}})
    tree = npstow.open(tmp_path / "t")
    assert tree["a/b/c"].shape == (2,)
    assert tree["a"]["b/c"].name == "a/b/c"
    assert list(tree["a"].items())[0][1].kind == "group"
    assert "a/b" in tree and "a/z" not in tree and 7 not in tree
    assert tree["/a//b/"].name == "a/b"
    for wrong in ("zz", "a/zz", "x/y", "x/y/z"):
        with pytest.raises(KeyError):
            tree[wrong]
    assert [node.name for node in tree.find("**/c")] == ["a/b/c"]
    assert [node.name for node in tree["a"].find("b/*")] == ["a/b/c"]
    read = tree.read()
    assert read["a"]["b"]["c"].tolist() == [1, 2]
    assert list(read["a"]["b"]) == ["c"]
    assert tree["a"].read()["b"]["c"].tolist() == [1, 2]
    place = npstow.open(f"{tmp_path}/t:a/b")
    assert list(place) == ["c"]


def test_nodes_are_true_and_equal_to_themselves(run):
    node = run["empty"]
    assert node and len(node) == 0 and list(node) == []
    assert node == node and node != run["empty"]
    assert len({node, node}) == 1
    assert not hasattr(run, "shape") and not hasattr(run, "dtype")
    with pytest.raises(TypeError, match="its parts have names"):
        run[0]
    with pytest.raises(TypeError):
        run.view()
    with pytest.raises(TypeError):
        run.digest()
    with pytest.raises(TypeError):
        pickle.dumps(node)


def test_a_closed_node_says_so(run):
    with run as same_run:
        read = same_run["f4"].read()
    with pytest.raises(ValueError, match="closed"):
        run["f4"]
    assert "closed" in repr(run)
    same(read, ARRAYS["f4"])


def test_arrays_outlive_their_file(tmp_path):
    npstow.save_tree(tmp_path / "x.npz", {"x": np.arange(1000)})
    node = npstow.open(tmp_path / "x.npz")["x"]
    parts = [node.read()[5:], node.view()[5:], node[5:], npstow.open(tmp_path / "x.npz").read()["x"][5:]]
    del node
    gc.collect()
    for part in parts:
        assert part.tolist() == list(range(5, 1000))


def test_objects_are_data(tmp_path):
    given = np.array([[1, "x"], [None, os.getcwd]], object)
    np.save(tmp_path / "o.npy", given, allow_pickle=True)
    np.savez(tmp_path / "o.npz", o=given)
    np.savez_compressed(tmp_path / "c.npz", o=given)
    npstow.save_tree(tmp_path / "o", {"o": npstow.open(tmp_path / "o.npy")})
    for node in (
        npstow.open(tmp_path / "o.npy"),
        *(npstow.open(tmp_path / name)["o"] for name in ("o.npz", "c.npz", "o")),
    ):
        assert node.dtype == object and node.shape == (2, 2)
        name = npstow.pickle.Global("posix" if os.name == "posix" else "nt", "getcwd")
        for found in (node.read(), node.value(), np.asarray(node), node[...]):
            assert found.tolist() == [[1, "x"], [None, name]]
        assert node[0, 1] == "x" and [row.tolist() for row in node] == found.tolist()
        for wrong in (node.view, lambda: node.__array__(copy=False)):
            with pytest.raises(TypeError, match="has objects"):
                wrong()
        with pytest.raises(TypeError, match="objects are read as they are"):
            node.read(native=True)
    with pytest.raises(npstow.MismatchError, match="Python object"):
        npstow.save_tree(tmp_path / "x.npz", {"a": [1]})
        npstow.open(tmp_path / "x.npz")["a"].value()


def test_errors_say_where(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(100))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="x.npy.*800 bytes of data.*792"):
        npstow.open(path).read()
    with pytest.raises(FileNotFoundError):
        npstow.open(tmp_path / "no.npy")
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(ValueError, match="hello"):
        npstow.open(tmp_path / "text.txt")


def test_errors_have_their_place_as_attributes(tmp_path):
    npstow.save_tree(tmp_path / "x.npz", {"a": {"x": np.arange(100)}})
    path = tmp_path / "x.npz"
    data = bytearray(path.read_bytes())
    data[data.index(np.arange(100).tobytes()) + 8] ^= 1
    path.write_bytes(data)
    with pytest.raises(zipfile.BadZipFile) as caught:
        npstow.open(path)["a/x"].read()
    error = caught.value
    assert isinstance(error, ValueError) and isinstance(error, npstow.Error)
    assert (error.kind, error.path, error.member) == ("corrupt", str(path), "a/x")
    with pytest.raises(zipfile.BadZipFile):
        npstow.open(path).read()
    path.write_bytes(data[:-10])
    with pytest.raises(zipfile.BadZipFile):
        npstow.open(path)
    with pytest.raises(npstow.Error) as caught:
        npstow.open(tmp_path / "no.npy")
    assert (caught.value.errno, caught.value.filename) == (2, str(tmp_path / "no.npy"))
    with pytest.raises(npstow.Error) as caught:
        npstow.open(tmp_path / "no" / "no.npz")
    assert isinstance(caught.value, FileNotFoundError)
    npstow.save_tree(tmp_path / "y.npy", np.arange(3))
    with pytest.raises(IndexError) as caught:
        npstow.open(tmp_path / "y.npy")[3]
    assert isinstance(caught.value, npstow.Error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.member) == (str(error), "a/x")


def test_headers_are_limited(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(1, [(f"field{i}", "f4") for i in range(1000)]))
    assert npstow.open(path).shape == (1,)
    with pytest.raises(ValueError, match="header"):
        npstow.open(path, max_header_size=1000)


def test_values_are_bytes(tmp_path):
    npstow.save_tree(tmp_path / "t", {"x": [1]})
    (tmp_path / "t" / "notes.md").write_text("hello")
    value = npstow.open(tmp_path / "t")["notes.md"]
    assert value.kind == "value" and value.read().tobytes() == b"hello"


def test_many_small_arrays_are_each_their_own(tmp_path):
    arrays = {f"a{i:04}": np.full((i % 7, 3), i, "f4") for i in range(500)}
    for path in ("many.npz", "many"):
        npstow.save_tree(tmp_path / path, arrays)
        read = npstow.open(tmp_path / path).read()
        assert list(read) == list(arrays)
        for name, array in arrays.items():
            same(read[name], array)
            read[name][...] = -1
        assert all((array == -1).all() for array in read.values())


class Reader(io.RawIOBase):
    """A file object of somebody's own, over bytes."""

    def __init__(self, data, can_seek):
        self._inner = io.BytesIO(data)
        self._can_seek = can_seek

    def readable(self):
        return True

    def seekable(self):
        return self._can_seek

    def seek(self, *where):
        if not self._can_seek:
            raise io.UnsupportedOperation("seek")
        return self._inner.seek(*where)

    def read(self, size=-1):
        return self._inner.read(size)


@pytest.mark.parametrize("kind", ["npz", "packed", "npy"])
def test_file_objects_are_opened_whatever_their_position(tmp_path, kind):
    format = "npy" if kind == "npy" else "npz"
    path = tmp_path / f"x.{format}"
    if kind == "npy":
        np.save(path, ARRAYS["f4"])
    else:
        npstow.save_tree(path, ARRAYS, level=6 if kind == "packed" else None)
    data = path.read_bytes()
    (tmp_path / "x.gz").write_bytes(gzip.compress(data))
    with (
        open(path, "rb") as real,
        open(path, "rb", buffering=0) as raw,
        gzip.open(tmp_path / "x.gz") as packed,
    ):
        real.seek(7)
        packed.read(3)
        objects = [real, raw, packed, io.BytesIO(data), Reader(data, True), Reader(data, False)]
        for file in objects:
            node = npstow.open(file)
            assert node.format == format, file
            if kind == "npy":
                same(node.read(), ARRAYS["f4"])
                same(node[1:3, 0], ARRAYS["f4"][1:3, 0])
            else:
                assert list(node) == list(ARRAYS)
                for name, array in node.read().items():
                    same(array, ARRAYS[name])


def test_errors_of_file_objects_say_which():
    with pytest.raises(npstow.Error) as told:
        npstow.open(io.BytesIO(b"nothing of the kind"))
    assert "<BytesIO>" in str(told.value)
    with pytest.raises(npstow.Error) as told:
        npstow.open(Reader(b"PK\x05\x06 and then nothing", True))
    assert "<Reader>" in str(told.value)


def test_what_a_file_object_raises_comes_through():
    class Broken(Reader):
        def read(self, size=-1):
            raise RuntimeError("the line is dead")

    with pytest.raises(RuntimeError, match="the line is dead"):
        npstow.open(Broken(b"PK\x03\x04" + bytes(100), True))


# What a fresh look at the package has found.


def test_a_node_of_an_array_is_no_mapping(tmp_path):
    npstow.save_tree(tmp_path / "t.npz", {"x": np.arange(6.0).reshape(3, 2), "g/y": np.array(1)})
    run = npstow.open(tmp_path / "t.npz")
    node = run["x"]
    assert not isinstance(node, Mapping) and isinstance(run, Mapping) and isinstance(run["g"], Mapping)
    assert len(node) == 3 and 3.0 in node and 7.0 not in node
    assert [row.tolist() for row in node] == [[0, 1], [2, 3], [4, 5]]
    assert list(np.asarray(node)[:, 0]) == [0, 2, 4]
    for refused in (len, iter):
        with pytest.raises(TypeError):
            refused(run["g/y"])
    assert 1 in run["g/y"] and run.get(5) is None and run.get("nothing", 7) == 7
    npstow.savez(tmp_path / "one.npz", node)
    same(np.load(tmp_path / "one.npz")["arr_0"], node.read())


def test_rows_are_read_in_bands(tmp_path):
    array = np.arange(400_000).reshape(100_000, 4)
    npstow.save(tmp_path / "x.npy", array)
    total = sum(int(row[0]) for row in npstow.open(tmp_path / "x.npy"))
    assert total == int(array[:, 0].sum())


def test_pandas_takes_nodes_for_arrays(tmp_path):
    pandas = pytest.importorskip("pandas")
    npstow.save_tree(tmp_path / "t.npz", {"v": np.arange(4.0)})
    node = npstow.open(tmp_path / "t.npz")["v"]
    frame = pandas.DataFrame({"p": range(4)})
    frame["q"] = node
    assert frame["q"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["t.npz", "t"])
def test_each_value_that_is_set_stays(tmp_path, name):
    npstow.save_tree(tmp_path / name, {"x": [1]}, attrs={"x": {"old": "1"}})
    run = npstow.open(tmp_path / name)
    run["x"].attrs["p"] = 1
    assert dict(run["x"].attrs) == {"old": "1", "p": "1"}
    other = npstow.open(tmp_path / name)
    run["x"].attrs["q"] = 2
    other["x"].attrs["r"] = 3
    run["x"].attrs.labels = ["a"]
    del other["x"].attrs["old"]
    attrs = npstow.open(tmp_path / name)["x"].attrs
    assert dict(attrs) == {"p": "1", "q": "2", "r": "3"} and attrs.labels == ["a"]
    with pytest.raises(KeyError):
        del run["x"].attrs["old"]


def test_another_folder_of_the_program_changes_nothing(tmp_path, monkeypatch):
    (tmp_path / "d").mkdir()
    for place in (tmp_path, tmp_path / "d"):
        npstow.save_tree(place / "f", {"x": [1]})
    monkeypatch.chdir(tmp_path)
    run = npstow.open("f")
    monkeypatch.chdir(tmp_path / "d")
    run.attrs["k"] = "v"
    assert dict(npstow.open(tmp_path / "f").attrs) == {"k": "v"}
    assert dict(npstow.open(tmp_path / "d/f").attrs) == {}


def test_metadata_of_file_objects_are_not_written(tmp_path, monkeypatch):
    npstow.save_tree(tmp_path / "t.npz", {"x": [1]})
    node = npstow.open(io.BytesIO((tmp_path / "t.npz").read_bytes()))
    with pytest.raises(TypeError, match="file object"):
        node["x"].attrs["k"] = "v"


def test_copies_of_metadata_stay_in_memory(tmp_path):
    npstow.save_tree(tmp_path / "f", {"x": [1]}, attrs={"x": {"a": "b"}})
    attrs = npstow.open(tmp_path / "f")["x"].attrs
    for copied in (copy.deepcopy(attrs), pickle.loads(pickle.dumps(attrs))):
        copied["c"] = "d"
        assert dict(copied) == {"a": "b", "c": "d"}
    assert dict(npstow.open(tmp_path / "f")["x"].attrs) == {"a": "b"}
    assert attrs.get(1) is None and 0 not in attrs
    for wrong, value in (("text", 5), ("names", ["a\nb"]), ("labels", "ab")):
        with pytest.raises((TypeError, ValueError)):
            setattr(attrs, wrong, value)


def test_a_view_of_what_was_cut_off_is_refused(tmp_path):
    path = tmp_path / "v.npy"
    np.save(path, np.arange(4) + 1)
    node = npstow.open(path)
    os.truncate(path, 130)
    with pytest.raises(npstow.Error, match="cut"):
        node.view()


def test_names_that_are_no_text_are_not_there(tmp_path):
    npstow.save_tree(tmp_path / "f", {"x": [1]})
    run = npstow.open(tmp_path / "f")
    assert "\udcff" not in run
    with pytest.raises(KeyError):
        run["\udcff"]
    with pytest.raises(UnicodeEncodeError):
        npstow.save_tree(tmp_path / "t.npz", {"\udcff": [1]})


def test_paths_may_be_bytes(tmp_path):
    path = os.fsencode(tmp_path / "x.npz")
    npstow.save_tree(path, {"x": [1, 2]})
    assert npstow.digest(path) == {"x": npstow.digest(np.array([1, 2]))}
    assert not npstow.diff(path, {"x": [1, 2]})
    assert list(npstow.open(path)) == ["x"]
    with pytest.raises(ValueError, match="null byte"):
        npstow.open("a\0b")


def test_datasets_of_xarray_keep_their_coordinates(tmp_path):
    xarray = pytest.importorskip("xarray")
    data = xarray.Dataset({"a": ("t", [1.0, 2.0])}, coords={"t": [10, 20]})
    npstow.save_tree(tmp_path / "d.npz", data)
    npstow.savez(tmp_path / "z.npz", data)
    for name in ("d.npz", "z.npz"):
        with np.load(tmp_path / name) as found:
            assert found["t"].tolist() == [10, 20] and found["a"].tolist() == [1, 2]


def test_an_endless_stream_of_anything_is_refused():
    with pytest.raises(npstow.CorruptError):
        npstow.open("/dev/zero")
