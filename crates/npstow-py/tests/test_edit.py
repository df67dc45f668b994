"""Files changed in place."""

import os

import h5py
import numpy as np
import pytest

import npstow


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "run.npz"
    npstow.save_tree(path, {"a": [1, 2], "g": {"x": [3], "y": [4]}}, attrs={"g": {"k": "v"}})
    return path


def content(path):
    with np.load(path) as npz:
        return {name: npz[name].tolist() for name in npz.files if name.endswith("txt") is False}


def test_changes_count_at_the_end(archive):
    with npstow.edit(archive) as editor:
        editor["a"] = np.array([9])
        editor["new"] = {"p": [1], "q": {"r": [2]}}
        editor.add("h", npstow.open(archive)["g"])
        del editor["g/x"]
        editor.rename("g/y", "g/z")
        assert content(archive)["a"] == [1, 2]
    node = npstow.open(archive)
    assert node["a"].read().tolist() == [9]
    assert node["new/q/r"].read().tolist() == [2]
    assert sorted(node["g"]) == ["z"] and sorted(node["h"]) == ["x", "y"]
    assert dict(node["h"].attrs) == {"k": "v"}


def test_an_exception_takes_everything_back(archive):
    before = archive.read_bytes()
    with pytest.raises(RuntimeError), npstow.edit(archive) as editor:
        editor["a"] = np.zeros(1000)
        raise RuntimeError
    assert archive.read_bytes() == before


def test_refusals_name_the_thing(archive):
    with npstow.edit(archive) as editor:
        with pytest.raises(ValueError, match="exists already.*a"):
            editor.add("a", [1])
        with pytest.raises(KeyError, match="zz"):
            del editor["zz"]
        with pytest.raises(KeyError, match="zz"):
            editor.rename("zz", "y")
        with pytest.raises((OSError, ValueError)):
            npstow.edit(archive)
        editor.discard()
        with pytest.raises(ValueError, match="closed"):
            editor["a"] = [1]
    assert content(archive)["a"] == [1, 2]


def test_metadata_of_an_archive(archive):
    with npstow.edit(archive) as editor:
        editor.set_attrs("g", {"run": 1})
        editor.set_attrs("", npstow.Attributes({"top": 2}, names=["n"]))
    node = npstow.open(archive)
    assert dict(node["g"].attrs) == {"run": "1"}
    assert dict(node.attrs) == {"top": "2"} and node.attrs.names == ["n"]


def test_compact_gives_the_room_back(archive):
    with npstow.edit(archive) as editor:
        editor["big"] = np.random.default_rng(1).bytes(100_000)
        editor["big2"] = np.zeros(100_000)
    with npstow.edit(archive) as editor:
        del editor["big2"]
    before, after = npstow.compact(archive)
    assert before - after > 700_000 and after == archive.stat().st_size
    assert "big" in content(archive)


def test_levels_are_for_what_is_new(archive):
    with npstow.edit(archive, level=9) as editor:
        editor["z"] = np.zeros(100_000)
    node = npstow.open(archive)
    assert node["z"].codec == "deflate" and node["a"].codec is None


def test_rows_are_appended(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((2, 3)))
    assert npstow.append(path, np.ones((4, 3))) == 6
    assert npstow.append(path, np.full(3, 2.0, ">f8")) == 7
    np.testing.assert_array_equal(np.load(path)[:, 0], [0, 0, 1, 1, 1, 1, 2])
    before = path.read_bytes()
    for wrong in (np.ones((4, 2)), np.ones((1, 3), "f4"), np.ones((1, 1, 3))):
        with pytest.raises(ValueError):
            npstow.append(path, wrong)
    assert path.read_bytes() == before
    with pytest.raises(FileNotFoundError):
        npstow.append(tmp_path / "no.npy", [1])


def test_rows_are_appended_to_datasets(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/x", data=np.zeros((2, 3)), chunks=(2, 2), maxshape=(None, 3))
        file["y"] = [1, 2]
    assert npstow.append(f"{path}:a/x", np.ones((4, 3)).T.copy().T) == 6
    with npstow.Appender(f"{path}:/a/x") as rows:
        rows.push(np.full(3, 2.0, ">f8"))
        rows.commit()
        rows.push(np.full((2, 3), 3.0))
        assert rows.rows == 9
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["a/x"][:, 2], [0, 0, 1, 1, 1, 1, 2, 3, 3])
    before = path.read_bytes()
    for wrong in (np.ones((4, 2)), np.ones((1, 3), "f4")):
        with pytest.raises(ValueError):
            npstow.append(f"{path}:a/x", wrong)
    for place in (path, f"{path}:y"):
        with pytest.raises(npstow.UnsupportedError):
            npstow.append(place, np.ones((1, 3)))
    assert path.read_bytes() == before


def test_an_appender_takes_back_what_was_not_committed(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(2))
    with pytest.raises(RuntimeError), npstow.Appender(path) as rows:
        rows.push(np.ones(3))
        rows.commit()
        rows.push(np.ones(5))
        assert rows.rows == 10
        raise RuntimeError
    assert np.load(path).tolist() == [0, 0, 1, 1, 1]
    rows = npstow.Appender(path)
    with pytest.raises(OSError):
        npstow.Appender(path)
    rows.close()
    with pytest.raises(ValueError, match="closed"):
        rows.push([1.0])


def test_nothing_is_left_beside(archive):
    with npstow.edit(archive) as editor:
        editor["a"] = [1]
    npstow.compact(archive)
    assert os.listdir(archive.parent) == ["run.npz"]


def test_what_is_not_replaced_stays(archive, tmp_path):
    """Where the new array cannot be read, the old one is there as before."""
    broken = tmp_path / "broken.npz"
    np.savez(broken, x=np.arange(1000))
    data = bytearray(broken.read_bytes())
    data[500] ^= 1
    broken.write_bytes(data)
    before = content(archive)
    with npstow.edit(archive) as editor:
        for name in ("a", "g"):
            with pytest.raises(npstow.Error, match="CRC"):
                editor[name] = npstow.open(broken)["x"]
        editor["b"] = [5]
    assert content(archive) == before | {"b": [5]}
