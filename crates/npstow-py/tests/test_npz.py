"""``NpzFile``, ``savez`` and ``savez_compressed`` beside NumPy's."""

import gc
import gzip
import io
import os
import pickle
import zipfile

import numpy as np
import pytest

import npstow
from test_npy import ARRAYS, Odd, Pipe, same

SAVES = pytest.mark.parametrize("save", ["savez", "savez_compressed"])


@SAVES
def test_numpy_reads_what_is_saved_and_the_other_way_round(save, tmp_path):
    ours, theirs = tmp_path / "ours.npz", tmp_path / "theirs.npz"
    getattr(npstow, save)(ours, *ARRAYS.values(), **ARRAYS)
    getattr(np, save)(theirs, *ARRAYS.values(), **ARRAYS)
    for path in (ours, theirs):
        with np.load(path) as expected, npstow.load(path) as got:
            assert got.files == expected.files and list(got) == list(expected)
            assert isinstance(got, np.lib.npyio.NpzFile) and len(got) == len(expected)
            for name in expected:
                for key in (name, f"{name}.npy"):
                    same(got[key], expected[name])
                    assert key in got and f"{name}.x" not in got
            assert dict(got).keys() == dict(expected).keys()
            assert [array.shape for array in got.values()] == [
                array.shape for array in expected.values()
            ]
    with zipfile.ZipFile(ours) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == (8 if save == "savez_compressed" else 0)


@SAVES
def test_file_objects(save, tmp_path):
    large = np.arange(600_000).reshape(1000, 600)
    targets = [io.BytesIO(), Odd(), open(tmp_path / "x", "w+b"), gzip.open(tmp_path / "y", "wb", 1)]
    for target in targets:
        target.write(b"in front")
        getattr(npstow, save)(target, a=[1, 2], b=large[:, ::2], c=large)
        if isinstance(target, gzip.GzipFile):
            target.close()
            target = gzip.open(tmp_path / "y", "rb")
        # Others do not expect to get less than they asked for.
        for module in (npstow,) if isinstance(target, Odd) else (npstow, np):
            target.seek(len(b"in front"))
            with module.load(target) as archive:
                assert archive["a"].tolist() == [1, 2]
                assert (archive["b"] == large[:, ::2]).all() and (archive["c"] == large).all()
            assert not target.closed
        target.seek(len(b"in front"))
        with npstow.load(Pipe(target.read())) as archive:
            assert (archive["c"] == large).all()


def test_names(tmp_path):
    path = tmp_path / "x.npz"
    npstow.savez(path, {"file": [1], "a/b": [2], "a": [3], "x.npy": [4], "ä": [5]})
    with np.load(path) as archive:
        assert archive.files == ["file", "a/b", "a", "x.npy", "ä"]
        assert archive["x.npy.npy"] == 4
    with npstow.load(path) as archive:
        assert [archive[name].item() for name in archive.files] == [1, 2, 3, 4, 5]
    npstow.savez(path, np.load(path))
    npstow.savez(path, level=[1], threads=2, progress=np.zeros(3), a=[4])
    with np.load(path) as archive:
        # Without a mapping, all keywords are arrays, as they are for NumPy.
        assert sorted(archive.files) == ["a", "level", "progress", "threads"]
    with pytest.raises(ValueError, match="arr_0"):
        npstow.savez(path, [1], arr_0=[2])
    with pytest.raises(TypeError, match="options"):
        npstow.savez(path, {"a": [1]}, b=[2])
    with pytest.raises(TypeError, match="names are text"):
        npstow.savez(path, {1: [1]})
    for level in (-1, 13):
        with pytest.raises(ValueError, match="level"):
            npstow.savez(path, {"a": [1]}, level=level)
    for name in ("../a", "/a", "a\0", ""):
        with pytest.raises(ValueError):
            npstow.savez(path, {name: [1]})
    # None of these has cost the file.
    assert len(np.load(path).files) == 4 and os.listdir(tmp_path) == ["x.npz"]


def test_options(tmp_path):
    path = tmp_path / "x.npz"
    array = np.arange(1_000_000) // 7
    sizes = []
    for level in (1, 6, 12):
        calls = []
        npstow.savez_compressed(
            path, {"a": array}, level=level, threads=1, progress=lambda *call: calls.append(call)
        )
        assert calls[-1] == (array.nbytes, array.nbytes)
        sizes.append(path.stat().st_size)
        calls.clear()
        with npstow.load(path, threads=2, progress=lambda *call: calls.append(call)) as archive:
            assert (archive["a"] == array).all()
        assert calls[-1][0] == calls[-1][1]
    assert sizes[0] > sizes[2]


def test_objects(tmp_path):
    path = tmp_path / "x.npz"
    given = {"a": np.arange(3), "o": np.array([None, "ä"], object), "b": np.arange(4)}
    for save in (npstow.savez, npstow.savez_compressed):
        save(path, **given)
        for archive in (npstow.load(path), npstow.load(io.BytesIO(path.read_bytes()))):
            assert archive.files == ["a", "o", "b"]
            assert archive["o"].tolist() == [None, "ä"]
            assert archive["b"].tolist() == [0, 1, 2, 3]
        with npstow.load(path, allow_pickle=False) as archive:
            with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
                archive["o"]
        assert npstow.load(path, allow_pickle=True)["o"].tolist() == [None, "ä"]
        assert np.load(path, allow_pickle=True)["o"].tolist() == [None, "ä"]
        with pytest.raises(ValueError, match="allow_pickle=False"):
            save(path, **given, allow_pickle=False)


def test_members_that_are_no_arrays(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("note_meta.txt", "a text")
        archive.writestr("folder/", "")
        archive.writestr("plain", npy(np.arange(3)))
        archive.writestr("x.npy", npy(np.arange(4)))
    with npstow.load(tmp_path / "x.npz") as got, np.load(tmp_path / "x.npz") as expected:
        assert got.files == expected.files
        for name in ("note_meta.txt", "plain", "x"):
            assert str(got[name]) == str(expected[name])


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_it_is_a_mapping(tmp_path):
    path = tmp_path / "x.npz"
    npstow.savez(path, *[[n] for n in range(7)])
    archive = npstow.load(path)
    assert repr(archive) == repr(np.load(path))
    assert sorted(dir(archive.f)) == sorted(archive.files) and archive.f.arr_3.item() == 3
    assert archive.get("no", 5) == 5 and archive.get("arr_1").item() == 1
    with pytest.raises(AttributeError):
        archive.f.no
    for key in ("no", 3, (1, 2)):
        with pytest.raises(KeyError, match="is not a file in the archive"):
            archive[key]
    assert archive.zip.namelist()[0] == "arr_0.npy" and archive.fid.name == str(path)
    zip_file, fid = archive.zip, archive.fid
    archive.close()
    archive.close()
    assert zip_file.fp is None and fid.closed and archive.zip is None
    with pytest.raises(ValueError, match="closed"):
        archive["arr_0"]
    with npstow.load(path) as archive:
        array = archive["arr_1"]
        array[0] = 9
        assert archive["arr_1"].item() == 1
    assert array.item() == 9


def test_it_is_closed_when_nobody_has_it(tmp_path, no_new_files):
    npstow.savez(tmp_path / "x.npz", a=[1])
    gc.disable()
    try:
        for _ in range(100):
            npstow.load(tmp_path / "x.npz")["a"]
    finally:
        gc.enable()


def test_any_order_gives_the_same(tmp_path):
    arrays = {f"a{n}": np.full(n % 50, n) for n in range(500)}
    arrays["large"] = np.arange(100_000)
    arrays["o"] = np.array([None])
    arrays.update({f"z{n}": np.full(3, n, "f4") for n in range(100)})
    random = np.random.default_rng(0)
    for save in (np.savez, npstow.savez, npstow.savez_compressed):
        save(tmp_path / "x.npz", **arrays)
        with npstow.load(tmp_path / "x.npz", allow_pickle=True) as archive:
            for name in archive.files:
                assert (archive[name] == arrays[name]).all()
            names = list(archive.files)
            for _ in range(300):
                start = random.integers(len(names))
                for name in names[start : start + random.integers(1, 40)]:
                    got = archive[name]
                    assert (got == arrays[name]).all() and got.dtype == arrays[name].dtype
                    got.fill(0)


def test_stored_members_are_mapped(tmp_path):
    path = tmp_path / "x.npz"
    given = {"a": np.arange(12.0).reshape(3, 4), "f": np.asfortranarray(np.eye(3)), "e": np.zeros(0)}
    for save in (np.savez, npstow.savez):
        save(path, **given)
        with npstow.load(path, mmap_mode="r") as archive:
            mapped = archive["a"]
            assert type(mapped) is np.memmap and (mapped == given["a"]).all()
            assert archive["f"].flags.f_contiguous and (archive["f"] == given["f"]).all()
            assert type(archive["e"]) is np.ndarray
            with pytest.raises(ValueError):
                mapped[0] = 1
            with pytest.raises(KeyError):
                archive["no"]
        with npstow.load(path, mmap_mode="c") as archive:
            archive["a"][0] = 5
            assert archive["a"][0, 0] == 0
    npstow.savez(path, **given)
    assert npstow.load(path, mmap_mode="r")["a"].ctypes.data % 64 == 0
    npstow.savez_compressed(path, **given)
    got = npstow.load(path, mmap_mode="r")["a"]
    assert type(got) is np.ndarray and (got == given["a"]).all()
    for mode in ("r+", "w+"):
        with pytest.raises(ValueError, match="npstow.edit"):
            npstow.load(path, mmap_mode=mode)


def test_damage_is_a_bad_zip_and_a_value_error(tmp_path):
    path = tmp_path / "x.npz"
    npstow.savez(path, a=np.arange(1000), b=np.arange(3))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(zipfile.BadZipFile) as caught:
        npstow.load(path)
    assert isinstance(caught.value, ValueError) and caught.value.path == str(path)
    flipped = bytearray(whole)
    flipped[700] ^= 1
    path.write_bytes(flipped)
    for file in (path, io.BytesIO(flipped), open(path, "rb"), Odd(flipped)):
        with npstow.load(file) as archive:
            assert archive["b"].tolist() == [0, 1, 2]
            with pytest.raises(zipfile.BadZipFile, match="CRC-32") as caught:
                archive["a"]
            assert caught.value.member == "a" and pickle.loads(pickle.dumps(caught.value)).member == "a"
    for cut in range(0, len(whole), 97):
        with pytest.raises((ValueError, EOFError)):
            with npstow.load(io.BytesIO(whole[:cut])) as archive:
                dict(archive)


# What a fresh look at the package has found.


def test_a_closed_archive_has_its_names(tmp_path):
    npstow.savez(tmp_path / "x.npz", x=[1], y=[2])
    data = (tmp_path / "x.npz").read_bytes()
    for file in (tmp_path / "x.npz", io.BytesIO(data), open(tmp_path / "x.npz", "rb")):
        with npstow.load(file) as archive:
            pass
        assert archive.files == ["x", "y"] and len(archive) == 2 and "x" in archive
        with pytest.raises(ValueError, match="closed"):
            archive["x"]


def test_maps_are_of_the_file_that_was_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    npstow.savez("c.npz", a=np.arange(4), b=np.arange(4) + 60)
    archive = npstow.load("c.npz", mmap_mode="r")
    npstow.savez("c.npz", z=np.arange(1000))
    assert archive["b"].tolist() == [60, 61, 62, 63]
    assert archive["b"].filename == str(tmp_path / "c.npz")
    assert archive.zip.namelist() == ["a.npy", "b.npy"]
    (tmp_path / "d").mkdir()
    monkeypatch.chdir(tmp_path / "d")
    assert archive["a"].tolist() == [0, 1, 2, 3]


def test_places_of_folders_are_empty_bytes(tmp_path):
    npy = io.BytesIO()
    np.save(npy, np.arange(3))
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("a/", b"")
        archive.writestr("a/b.npy", npy.getvalue())
    with np.load(tmp_path / "t.npz") as theirs, npstow.load(tmp_path / "t.npz") as ours:
        assert ours.files == theirs.files and ours["a/"] == theirs["a/"] == b""
        assert dict(ours)["a/b"].tolist() == [0, 1, 2]


def test_a_buffer_over_another_file_object_is_read_through_it(tmp_path):
    file = io.BytesIO()
    np.savez(file, y=np.arange(3))
    (tmp_path / "o.gz").write_bytes(gzip.compress(file.getvalue()))
    with gzip.open(tmp_path / "o.gz") as packed, npstow.load(io.BufferedReader(packed)) as archive:
        assert archive["y"].tolist() == [0, 1, 2]


def test_many_threads_are_as_many_as_are_of_use(tmp_path):
    npstow.savez_compressed(tmp_path / "t.npz", {"a": np.arange(10**6)}, threads=10**6)
    with npstow.load(tmp_path / "t.npz", threads=10**6) as archive:
        assert archive["a"][-1] == 10**6 - 1
