"""HDF5: what h5py wrote is read, what npstow wrote h5py reads."""

import h5py
import npstow
import numpy as np
import pytest


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["a/b/x"] = np.arange(12.0).reshape(4, 3)
        file.create_dataset("a/packed", data=np.arange(1000), chunks=(64,), compression="gzip", shuffle=True)
        file["texts"] = ["one", "", "zwö"]
        sequences = file.create_dataset("sequences", (2,), h5py.vlen_dtype("i4"))
        sequences[0] = [1, 2, 3]
        record = np.zeros(2, [("n", "i4"), ("s", h5py.string_dtype())])
        record[0] = (7, "seven")
        record[1] = (8, "")
        file["records"] = record
        attrs = file["a/b/x"].attrs
        attrs["unit"], attrs["scale"], attrs["range"] = "mm", 0.5, np.array([1, 2], ">i2")
        attrs["tags"] = ["p", "q"]
        attrs["self"] = file["a/b/x"].ref
        attrs["none"] = h5py.Empty("f4")
    return path


def test_paths_slices_and_types(path):
    with npstow.open(path) as file:
        assert file.format == "hdf5"
        x = file["a/b"]["x"]
        assert x[...].tolist() == np.arange(12.0).reshape(4, 3).tolist()
        assert x[1:3, ::2].tolist() == [[3, 5], [6, 8]]
        assert x[-1, 0] == 9 and x.dtype == "f8" and x.shape == (4, 3)
        assert file["a/packed"][100:103].tolist() == [100, 101, 102]
        assert file["a/packed"].offset is None and x.offset is not None
        assert x.view().base is not None
        assert "a/b/x" in file and "a/c" not in file and set(file) == {"a", "texts", "sequences", "records"}


def test_elements_without_a_fixed_length(path):
    file = npstow.open(path)
    texts = file["texts"]
    assert texts[:].tolist() == texts.read().tolist() == ["one", "", "zwö"]
    assert texts[2] == "zwö" and list(texts) == ["one", "", "zwö"] and texts.dtype == object
    sequences = file["sequences"].read()
    assert sequences[0].tolist() == [1, 2, 3] and sequences[0].dtype == "i4" and len(sequences[1]) == 0
    assert file["records"][:].tolist() == [(7, "seven"), (8, "")]
    with pytest.raises(TypeError, match="fixed length"):
        texts.read(out=np.empty(3, object))
    tree = file.read()
    assert tree["texts"].tolist() == ["one", "", "zwö"] and tree["a"]["b"]["x"].shape == (4, 3)
    assert file["a"].read()["packed"].sum() == 499500


def test_attributes(path):
    attrs = npstow.open(path)["a/b/x"].attrs
    assert list(attrs) == ["none", "range", "scale", "self", "tags", "unit"] or set(attrs) == {
        "none", "range", "scale", "self", "tags", "unit"}
    assert attrs["unit"] == "mm" and attrs["scale"] == 0.5 and isinstance(attrs["scale"], np.float64)
    assert attrs["range"].tolist() == [1, 2] and attrs["range"].dtype == ">i2"
    assert attrs["tags"].tolist() == ["p", "q"] and attrs["self"] == "/a/b/x" and attrs["none"].shape == (0,)
    assert len(attrs) == 6 and "unit" in attrs and attrs.get("other") is None
    with pytest.raises(TypeError):
        attrs["unit"] = "cm"
    assert "unit" in repr(attrs) and len(npstow.open(path).attrs) == 0
    with pytest.raises(npstow.UnsupportedError, match="the attribute"):
        attrs.labels


@pytest.mark.parametrize("level", [None, 4])
def test_saved_and_converted(tmp_path, path, level):
    own = tmp_path / "own.h5"
    x = np.arange(100_000, dtype=">i4").reshape(100, 1000)
    npstow.save_tree(own, {"x": x, "g": {"c": np.array([1 + 2j]), "b": np.array([True, False])}}, level=level)
    with h5py.File(own, "r") as file:
        assert (file["x"][()] == x).all() and file["x"].dtype == x.dtype
        assert file["g/c"][0] == 1 + 2j and file["g/b"][()].tolist() == [True, False]
        assert (file["x"].compression == "gzip") == (level is not None)
    npstow.convert(own, tmp_path / "own.npz")
    assert np.load(tmp_path / "own.npz")["g/c"][0] == 1 + 2j
    with h5py.File(path, "r+") as file:
        del file["records"], file["a/b/x"].attrs["self"]
    npstow.convert(path, tmp_path / "again.h5", level=level)
    with h5py.File(tmp_path / "again.h5", "r") as file:
        assert [text.decode() for text in file["texts"][()]] == ["one", "", "zwö"]
        assert file["a/b/x"].attrs["unit"] == "mm" and file["a/b/x"].attrs["range"].tolist() == [1, 2]
        assert file["sequences"][0].tolist() == [1, 2, 3]


def test_damaged(tmp_path, path):
    whole = path.read_bytes()
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(npstow.Error):
        npstow.open(cut).read()


def test_missing_parts_are_refused_or_told(tmp_path):
    path = tmp_path / "missing.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["there"] = np.arange(3)
        layout = h5py.VirtualLayout((2, 3), "i8")
        layout[0], layout[1] = h5py.VirtualSource(".", "there", (3,)), h5py.VirtualSource("none.h5", "x", (3,))
        file.create_virtual_dataset("parts", layout, fillvalue=-7)
    with pytest.raises(npstow.Error, match=r"'x' in 'none\.h5'"):
        npstow.open(path)["parts"].read()
    file = npstow.open(path, fill_missing=True)
    want = [[0, 1, 2], [-7, -7, -7]]
    with pytest.warns(UserWarning, match="parts: the fill value is in the place of 'x' in 'none.h5'"):
        assert file["parts"].read().tolist() == want
    with pytest.warns(UserWarning, match=r"none\.h5"):
        assert file["parts"][1].tolist() == want[1]
    with pytest.warns(UserWarning, match=r"none\.h5"):
        assert file.read()["parts"].tolist() == want
    with pytest.warns(UserWarning, match=r"none\.h5"):
        npstow.save_tree(tmp_path / "whole.npz", {"v": file["parts"]})
    assert len(file.warnings) == 1 and "none.h5" in file.warnings[0]
    assert npstow.open(tmp_path / "whole.npz").warnings == []


def test_files_that_nobody_closed_are_told(tmp_path):
    path = tmp_path / "copied.h5"
    with h5py.File(tmp_path / "open.h5", "w", libver="latest") as file:
        file["x"] = np.arange(3)
        file.flush()
        path.write_bytes((tmp_path / "open.h5").read_bytes())
    with pytest.warns(UserWarning, match="did not close"):
        file = npstow.open(path)
    assert file.warnings and file.format == "hdf5"
