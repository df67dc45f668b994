"""Trees to files, from one format to another, compared and hashed."""

import os

import h5py
import numpy as np
import pytest

import npstow

X = np.arange(24, dtype="<f8").reshape(4, 6)


def layouts(array):
    yield array
    yield np.asfortranarray(array)
    yield array[::2]
    yield array[:, ::-1]
    yield array.T[1:3]
    yield np.broadcast_to(array[0], (3, *array[0].shape))
    yield array[:0]
    yield np.lib.stride_tricks.as_strided(array, (2, 2), (8, 8))


@pytest.mark.parametrize("number", range(8))
def test_every_layout_is_written_as_numpy_would(tmp_path, number):
    array = list(layouts(X))[number]
    np.save(tmp_path / "theirs.npy", array)
    npstow.save_tree(tmp_path / "ours.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
    npstow.save_tree(tmp_path / "ours.npz", {"x": array}, level=1)
    np.testing.assert_array_equal(np.load(tmp_path / "ours.npz")["x"], array)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", ">u4", "f2", ">c16", "g", "S3", ">U2", "V5", "M8[ms]", ">m8[2h]", "U0"]
)
def test_every_dtype_is_written_as_numpy_would(tmp_path, dtype):
    array = np.zeros((2, 3), dtype)
    np.save(tmp_path / "theirs.npy", array)
    npstow.save_tree(tmp_path / "ours.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


def test_options_are_those_of_the_library(tmp_path):
    path = tmp_path / "x.npy"
    npstow.save_tree(path, X, order="F", byte_order="big", version=(2, 0), durability="full")
    read = np.load(path)
    assert read.flags.f_contiguous and read.dtype == ">f8" and path.read_bytes()[6:8] == b"\x02\x00"
    np.testing.assert_array_equal(read, X)
    npstow.save_tree(tmp_path / "dat", {"x": X}, format="npz")
    assert npstow.open(tmp_path / "dat").format == "npz"
    for protocol in (2, 5):
        npstow.save_tree(tmp_path / "x.pkl", {"x": X}, protocol=protocol)
        assert (tmp_path / "x.pkl").read_bytes()[:2] == bytes([0x80, protocol])
        np.testing.assert_array_equal(npstow.load(tmp_path / "x.pkl")["x"], X)
    for libver, version in (("earliest", 0), ("latest", 3)):
        npstow.save_tree(tmp_path / "x.h5", {"x": X}, libver=libver)
        assert (tmp_path / "x.h5").read_bytes()[8] == version
        npstow.convert(tmp_path / "x.h5", tmp_path / "y.h5", libver=libver)
        assert (tmp_path / "y.h5").read_bytes()[8] == version
        with h5py.File(tmp_path / "y.h5") as file:
            np.testing.assert_array_equal(file["x"], X)
    for libver in (None, "latest"):
        npstow.save_tree(tmp_path / "x.h5", {"x": X}, libver=libver, resizable=True)
        npstow.append(f"{tmp_path / 'x.h5'}:x", X)
        with h5py.File(tmp_path / "x.h5") as file:
            np.testing.assert_array_equal(file["x"], np.concatenate([X, X]))
            assert file["x"].maxshape == (None, *X.shape[1:])
    npstow.save_tree(tmp_path / "fold", {"x": np.array([True])}, profile="npfold")
    assert npstow.open(tmp_path / "fold")["x"].dtype == np.uint8


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"format": "zarr"}, "format: 'zarr'"),
        ({"level": 13}, "13"),
        ({"level": 300}, "300"),
        ({"level": -1}, "-1"),
        ({"order": "A"}, "'A'"),
        ({"byte_order": "odd"}, "'odd'"),
        ({"version": (4, 0)}, "4, 0"),
        ({"profile": "x"}, "'x'"),
        ({"profile": "npfold"}, "profile"),
        ({"protocol": 1}, "protocol: '1'"),
        ({"protocol": 300}, "protocol: '300'"),
        ({"protocol": 4}, "a protocol of pickles"),
        ({"libver": "v108"}, "libver: 'v108'"),
        ({"libver": "latest"}, "a form or a storage of HDF5"),
        ({"resizable": True}, "a form or a storage of HDF5"),
        ({"durability": "x"}, "'x'"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, said, match):
    path = tmp_path / "x.npz"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=match):
        npstow.save_tree(path, {"x": X}, **said)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.npz"]


@pytest.mark.parametrize(
    ("tree", "error"),
    [
        ({"x": np.array([object()])}, ValueError),
        ({"x": np.ma.array([1], mask=[True])}, TypeError),
        ({7: X}, TypeError),
        ({"": X}, ValueError),
        ({"a": X, "a/b": X}, ValueError),
        ({"a//b": X}, ValueError),
        ({"a\0": X}, ValueError),
        (X, ValueError),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, tree, error):
    path = tmp_path / ("x.npy" if "a" in tree else "x.npz")
    if isinstance(tree, np.ndarray):
        path, tree = tmp_path / "x.npy", {"x": tree}
    path.write_bytes(b"old")
    with pytest.raises(error):
        npstow.save_tree(path, tree)
    assert path.read_bytes() == b"old"


def test_trees_pass_through_every_format(tmp_path):
    tree = {"a": {"x": X}, "b": np.array([1, 2]), "c/d": np.float32(3)}
    attrs = {"": {"run": 7}, "a": {"creator": "sim"}, "a/x": npstow.Attributes(labels=["u", "v"])}
    npstow.save_tree(tmp_path / "one", tree, attrs=attrs)
    npstow.convert(tmp_path / "one", tmp_path / "two.npz", level=6)
    npstow.convert(tmp_path / "two.npz", tmp_path / "three")
    for name in ("one", "two.npz", "three"):
        node = npstow.open(tmp_path / name)
        assert dict(node.attrs) == {"run": "7"}
        assert dict(node["a"].attrs) == {"creator": "sim"}
        assert node["a/x"].attrs.labels == ["u", "v"]
        assert node["c/d"][()] == np.float32(3)
        assert not npstow.diff(tmp_path / "one", node)
    # A node within a mapping, notes included.
    npstow.save_tree(tmp_path / "four.npz", {"sub": npstow.open(tmp_path / "one")["a"]})
    assert dict(npstow.open(tmp_path / "four.npz:sub").attrs) == {"creator": "sim"}


def test_one_array_gets_the_name_of_its_file(tmp_path):
    npstow.save_tree(tmp_path / "photon.npy", X)
    npstow.convert(tmp_path / "photon.npy", tmp_path / "run.npz")
    assert list(npstow.open(tmp_path / "run.npz")) == ["photon"]
    npstow.convert(f"{tmp_path}/run.npz:photon", tmp_path / "again.npy")
    assert (tmp_path / "again.npy").read_bytes() == (tmp_path / "photon.npy").read_bytes()
    with pytest.raises(ValueError, match="one array"):
        npstow.convert(tmp_path / "run.npz", tmp_path / "no.npy")


def test_notes_are_not_lost_without_a_word(tmp_path):
    with pytest.raises(npstow.UnsupportedError, match="metadata"):
        npstow.save_tree(tmp_path / "x.npy", X, attrs={"": {"k": 1}})
    npstow.save_tree(tmp_path / "x.npz", {"x": X}, attrs={"x": {"k": 1}})
    with pytest.warns(UserWarning, match="x.npy: left out: metadata"):
        npstow.convert(f"{tmp_path}/x.npz:x", tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), X)


def test_a_file_may_be_converted_in_its_place(tmp_path):
    path = tmp_path / "x.npz"
    npstow.save_tree(path, {"x": np.zeros(10_000)})
    before = path.stat().st_size
    npstow.convert(path, path, level=6)
    assert path.stat().st_size < before / 10


def test_differences_are_data(tmp_path):
    npstow.save_tree(tmp_path / "a.npz", {"x": X, "y": [1], "z": {"u": [1]}, "t": ["a"]})
    other = {"x": X.copy(), "y": [1.0], "z": [1], "t": ["a"], "new": [1]}
    other["x"][1, 2] += 0.5
    report = npstow.diff(tmp_path / "a.npz", other)
    assert [(one.name, one.what) for one in report] == [
        ("x", "values"),
        ("y", "dtype"),
        ("z", "kind"),
        ("new", "missing"),
    ]
    values = report[0]
    assert (values.left, values.right) == ("8.0", "8.5")
    assert values.details["index"] == (1, 2)
    assert (values.details["count"], values.details["total"]) == (1, 24)
    assert values.details["largest"] == 0.5
    assert (report[1].left, report[1].right) == ("'<i8'", "'<f8'")
    assert (report[3].left, report[3].right) == (None, "array")
    assert report and "4 differences" in repr(report) and "8.0 and 8.5" in str(report)
    assert not npstow.diff({"x": X}, {"x": other["x"]}, atol=0.5)
    assert not npstow.diff(X.astype(">f8"), np.asfortranarray(X))
    assert npstow.diff([np.nan], [np.nan]) and not npstow.diff([np.nan], [np.nan], equal_nan=True)
    with pytest.raises(ValueError, match="rtol"):
        npstow.diff(X, X, rtol=-1)


def test_what_cannot_be_read_is_no_equality(tmp_path):
    path = tmp_path / "x.npz"
    npstow.save_tree(path, {"x": X})
    data = bytearray(path.read_bytes())
    at = data.index(X.tobytes()[8:16])
    data[at] ^= 1
    path.write_bytes(data)
    report = npstow.diff(path, {"x": X})
    assert report and len(report.unread) == 1 and "x.npz" in report.unread[0]


def test_notes_differ_too(tmp_path):
    npstow.save_tree(tmp_path / "a", {"x": X}, attrs={"": {"k": 1}})
    npstow.save_tree(tmp_path / "b", {"x": X}, attrs={"": {"k": 2}})
    (one,) = npstow.diff(tmp_path / "a", tmp_path / "b")
    assert (one.what, one.left, one.right, one.details["key"]) == ("meta", "1", "2", "k")
    assert not npstow.diff(tmp_path / "a", tmp_path / "b", attrs=False)


def test_digests_are_of_content(tmp_path):
    digest = npstow.digest(X)
    for array in (X.astype(">f8"), np.asfortranarray(X), X[::-1][::-1]):
        assert npstow.digest(array) == digest
    assert npstow.digest(X[::-1]) != digest
    npstow.save_tree(tmp_path / "t", {"a": {"x": X}, "y": [1]})
    digests = npstow.digest(tmp_path / "t")
    assert digests["a/x"] == digest and set(digests) == {"a/x", "y"}
    assert npstow.digest(f"{tmp_path}/t:a") == {"x": digest}
    assert npstow.digest({"q": npstow.open(tmp_path / "t"), "r": X}) == {
        "q/a/x": digest,
        "q/y": digests["y"],
        "r": digest,
    }


def test_progress_is_told(tmp_path):
    told = []
    big = np.zeros(9 << 20, "u1")
    npstow.save_tree(tmp_path / "x.npz", {"x": big}, progress=lambda *now: told.append(now))
    assert told[-1] == (big.nbytes, big.nbytes)
    told.clear()
    npstow.open(tmp_path / "x.npz").read(progress=lambda *now: told.append(now))
    assert told[-1] == (big.nbytes, big.nbytes)


def test_no_progress_is_none_however_it_is_said(tmp_path, capsys):
    for value in [np.arange(3), np.array([None, 1], object)]:
        path = tmp_path / "x.npy"
        np.save(path, value)
        for nothing in [None, False, 0, np.False_, ""]:
            assert npstow.load(path, progress=nothing).tolist() == value.tolist()
    assert capsys.readouterr() == ("", "")


def test_a_bar_of_tqdm(tmp_path, capsys):
    pytest.importorskip("tqdm")
    npstow.save_tree(tmp_path / "x.npy", X, progress=True)
    assert "saving" in capsys.readouterr().err


def test_what_progress_raises_stops_the_work(tmp_path):
    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        npstow.save_tree(tmp_path / "x.npy", X, progress=stop)
