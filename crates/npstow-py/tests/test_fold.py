"""Arrays by attribute, and metadata."""

import copy
import pickle

import numpy as np
import pytest

import npstow


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "run"
    tree = {"A000": {"hit": [1, 2], "keys": [3]}, "photon": np.ones((2, 2))}
    attrs = {"A000": {"creator": "sim"}, "photon": npstow.Attributes(labels=["x", "y"])}
    npstow.save_tree(path, tree, attrs=attrs)
    return path


def test_arrays_are_attributes_and_methods_stay(folder):
    fold = npstow.Fold.load(folder)
    assert fold.A000.hit.tolist() == [1, 2]
    assert fold["A000/hit"] is fold.A000.hit
    assert callable(fold.A000.keys) and fold.A000["keys"].tolist() == [3]
    assert fold.A000.attrs["creator"] == "sim"
    assert fold.attrs_of("photon").labels == ["x", "y"]
    assert fold.photon.shape == (2, 2)
    assert fold.attrs_of("photon").labels == ["x", "y"]
    assert "photon" in dir(fold)
    assert "A000/hit" in fold and "A000/no" not in fold and 3 not in fold
    with pytest.raises(AttributeError, match="no array or group 'no'"):
        fold.no
    with pytest.raises(KeyError):
        fold.attrs_of("no")


def test_folds_are_built_by_attributes(tmp_path):
    fold = npstow.Fold()
    fold.x = np.arange(3)
    fold["a/b"] = np.arange(2)
    fold.sub = {"y": np.arange(4)}
    with pytest.raises(AttributeError, match="method"):
        fold.save = np.arange(3)
    with pytest.raises(ValueError, match="array, not a group"):
        fold["x/y"] = 1
    with pytest.raises(ValueError, match="empty step"):
        fold["/x"] = 1
    fold["save"] = np.arange(5)
    fold.sub.attrs["k"] = 1
    fold.attrs_of("x").names = ["a", "b", "c"]
    for name in ("f", "f.npz"):
        fold.save(tmp_path / name)
        back = npstow.Fold.load(tmp_path / name)
        assert list(back) == ["x", "a", "sub", "save"]
        assert back["save"].tolist() == list(range(5))
        assert back.sub.attrs["k"] == "1" and back.attrs_of("x").names == ["a", "b", "c"]
        assert back.a.b.tolist() == [0, 1]
    del fold.x
    del fold["a/b"]
    assert "x" not in fold and list(fold.a) == []
    with pytest.raises(AttributeError):
        del fold.x


def test_what_was_not_read_goes_from_file_to_file(folder, tmp_path):
    fold = npstow.Fold.load(folder)
    fold.extra = [7]
    fold.A000.more = [8]
    fold.attrs["top"] = "t"
    fold.save(tmp_path / "copy.npz")
    copy = npstow.open(tmp_path / "copy.npz")
    assert sorted(copy["A000"]) == ["hit", "keys", "more"]
    assert dict(copy["A000"].attrs) == {"creator": "sim"} and dict(copy.attrs) == {"top": "t"}
    assert copy["photon"].attrs.labels == ["x", "y"]
    # The file it came from is as it was.
    assert sorted(npstow.open(folder)) == ["A000", "photon"] and not npstow.open(folder).attrs


def test_attributes_are_text():
    attrs = npstow.Attributes(text="a:1\nfree line\nurl:http://h:80/x\na:2\n")
    assert dict(attrs) == {"a": "2", "url": "http://h:80/x"} and len(attrs) == 2
    attrs["a"] = 0.1 + 0.2
    attrs["n"] = np.int64(3)
    attrs["f"] = np.float32(0.5)
    attrs["b"] = True
    attrs["three"] = 3.0
    assert float(attrs["a"]) == 0.1 + 0.2
    assert (attrs["n"], attrs["f"], attrs["b"], attrs["three"]) == ("3", "0.5", "True", "3")
    assert "free line" in attrs.text.splitlines()
    del attrs["a"]
    assert "a" not in attrs
    with pytest.raises(KeyError):
        del attrs["a"]
    with pytest.raises(KeyError):
        attrs["a"]
    for key, value in (("", "x"), ("a:b", "x"), ("k", "x\ny")):
        with pytest.raises(ValueError):
            attrs[key] = value
    for value in (None, [1], np.zeros(2), b"x"):
        with pytest.raises(TypeError):
            attrs["k"] = value
    with pytest.raises(TypeError):
        attrs.names = "abc"
    with pytest.raises(TypeError):
        attrs.labels = [1]
    assert "Attributes" in repr(attrs)


@pytest.mark.parametrize("name", ["t", "t.npz"])
def test_attributes_of_a_file_are_written_at_once(tmp_path, name):
    path = tmp_path / name
    npstow.save_tree(path, {"g": {"x": [1]}})
    npstow.open(path)["g"].attrs.update(a=1, b="two")
    npstow.open(path)["g/x"].attrs.labels = ["u"]
    node = npstow.open(path)
    assert dict(node["g"].attrs) == {"a": "1", "b": "two"}
    assert node["g/x"].attrs.labels == ["u"] and node["g/x"].read().tolist() == [1]
    with pytest.raises(ValueError):
        node["g"].attrs["a"] = "x\ny"
    assert node["g"].attrs["a"] == "1"


def test_a_npy_file_keeps_no_attributes(tmp_path):
    npstow.save_tree(tmp_path / "x.npy", [1])
    attrs = npstow.open(tmp_path / "x.npy").attrs
    assert not attrs
    with pytest.raises(Exception, match="npy"):
        attrs["a"] = 1
    assert not attrs


# What a fresh look at the package has found.


def test_folds_are_copied_and_pickled(tmp_path):
    fold = npstow.Fold({"a": np.zeros(3), "g": {"b": [1]}})
    fold.attrs["k"] = "v"
    fold.attrs_of("a").labels = ["x"]
    fold.save(tmp_path / "f")
    for one in (fold, npstow.Fold.load(tmp_path / "f")):
        for copied in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
            assert list(copied) == ["a", "g"] and copied.a.tolist() == [0, 0, 0]
            assert dict(copied.attrs) == {"k": "v"} and copied.attrs_of("a").labels == ["x"]
            copied.new = np.ones(1)
            assert "new" not in one
    with pytest.raises(AttributeError):
        npstow.Fold.__new__(npstow.Fold).a


def test_a_fold_is_no_array(tmp_path):
    fold = npstow.Fold({"x": [1.0]})
    with pytest.raises(TypeError):
        np.asarray(fold)
    with pytest.raises(TypeError):
        npstow.save(tmp_path / "f.npy", fold)
    with pytest.raises(TypeError):
        npstow.savez(tmp_path / "f.npz", q=fold)


def test_names_that_are_not_there(tmp_path):
    fold = npstow.Fold({"A": {"x": np.zeros(2, [("z", "f4")])}})
    assert fold.get(0) is None and fold.get("A/x/z") is None
    with pytest.raises(KeyError):
        fold["A/x/z"]
    with pytest.raises(TypeError):
        fold[3] = np.zeros(1)


@pytest.mark.parametrize("name", ["run", "run.npz"])
def test_a_fold_is_saved_over_what_it_came_from(tmp_path, name):
    npstow.save_tree(tmp_path / name, {"A": {"x": [1, 2]}, "z": [3]})
    fold = npstow.Fold.load(tmp_path / name)
    fold.A.y = np.array([4])
    fold.save(tmp_path / name)
    assert fold.z.tolist() == [3] and fold.A.x.tolist() == [1, 2]
    fold.save(tmp_path / "elsewhere.npz")
    assert npstow.open(tmp_path / "elsewhere.npz")["A/y"].read().tolist() == [4]
