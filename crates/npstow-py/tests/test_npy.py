"""``load``, ``save`` and ``open_memmap`` beside NumPy's."""

import bz2
import errno
import gzip
import io
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import npstow

RECORD = np.dtype([("a", "<i2"), (("title", "b"), ">f8", (2, 3)), ("c", "S5")])
ARRAYS = {
    "plain": np.arange(12.0).reshape(3, 4),
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "strided": np.arange(24, dtype=">i4").reshape(4, 6)[::-2, 1::2],
    "transposed": np.arange(24).reshape(2, 3, 4).transpose(1, 2, 0),
    "broadcast": np.broadcast_to(np.arange(3), (4, 3)),
    "scalar": np.array(1.5),
    "empty": np.zeros((0, 3), "f4"),
    "text": np.array(["a", "bcd", "ä"]),
    "bytes": np.array([b"a", b"bcd"]),
    "dates": np.array(["2020-01-01", "NaT"], "M8[D]"),
    "spans": np.arange(3).astype("m8[25s]")[::2],
    "half": np.arange(5, dtype="f2"),
    "complex": np.arange(5, dtype=">c16"),
    "long": np.arange(5, dtype="g"),
    "bool": np.array([True, False]),
    "void": np.zeros(3, "V7"),
    "record": np.zeros(3, RECORD),
    "field": np.zeros(3, RECORD)["b"],
    "padded": np.zeros(2, np.dtype("i1, i4, i1", align=True)),
    "nothing": np.zeros(3, "S0"),
    "matrix": np.asmatrix([[1, 2], [3, 4]]),
    "records": np.rec.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
}
ALL = pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())


def same(got, expected):
    assert type(got) is np.ndarray
    assert got.dtype == expected.dtype and got.shape == expected.shape
    if got.dtype.names:
        # What lies between fields is whatever was in NumPy's memory.
        assert str(got.tolist()) == str(expected.tolist())
    else:
        assert got.tobytes() == np.asarray(expected).tobytes()
    assert got.flags.writeable and got.flags.aligned
    if got.size > 1:
        assert got.flags.f_contiguous == (
            expected.flags.f_contiguous or not expected.flags.c_contiguous and got.ndim == 1
        )


def numpys(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@ALL
def test_the_bytes_are_those_of_numpy(array, tmp_path):
    path = tmp_path / "x.npy"
    npstow.save(path, array)
    assert path.read_bytes() == numpys(array)
    same(npstow.load(path), np.load(path))
    for kind in (io.BytesIO, Odd):
        file = kind()
        npstow.save(file, array)
        assert file.getvalue() == numpys(array)
        file.seek(0)
        same(npstow.load(file), np.load(path))
    with open(path, "wb") as file:
        npstow.save(file, array)
    assert path.read_bytes() == numpys(array)


class Odd(io.BytesIO):
    """A file object that gives a few bytes at a time, and is no known class."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size >= 0 else size)


class Pipe:
    """A file object with nothing but ``read``."""

    def __init__(self, content):
        self._file = io.BytesIO(content)

    def read(self, size=-1):
        return self._file.read(size)


@ALL
def test_a_pipe_will_do(array):
    pipe = Pipe(numpys(array) * 2)
    same(npstow.load(pipe), np.load(io.BytesIO(numpys(array))))
    npstow.load(pipe)
    with pytest.raises(EOFError):
        npstow.load(pipe)


def test_the_memory_is_the_array_s_own(tmp_path):
    npstow.save(tmp_path / "x.npy", np.arange(1000))
    one, two = npstow.load(tmp_path / "x.npy"), npstow.load(tmp_path / "x.npy")
    one[:] = 0
    assert two[5] == 5 and one.ctypes.data % 64 == 0
    del one
    assert two.sum() == 499500


def test_several_arrays_in_one_file(tmp_path):
    path = tmp_path / "many"
    with open(path, "wb") as file:
        file.write(b"preface")
        for array in ARRAYS.values():
            npstow.save(file, array)
            assert file.tell() == os.fstat(file.fileno()).st_size or file.flush() is None
        file.write(b"rest")
    for buffering in (0, -1):
        with open(path, "rb", buffering) as ours, open(path, "rb", buffering) as theirs:
            assert ours.read(7) == theirs.read(7)
            for _ in ARRAYS:
                same(npstow.load(ours), np.load(theirs))
                assert ours.tell() == theirs.tell()
            assert ours.read() == b"rest"
            with pytest.raises(EOFError, match="No data left"):
                npstow.load(ours)
    with open(path, "r+b") as file:
        file.seek(7)
        same(npstow.load(file), ARRAYS["plain"])
        file.seek(0, 2)
        npstow.save(file, [1, 2])
        file.seek(-numpys([1, 2]).__len__(), 2)
        # What waits in the buffer is read, too.
        assert npstow.load(file).tolist() == [1, 2]
    with open(path, "ab") as file:
        npstow.save(file, np.arange(5_000_000))
    with open(path, "rb") as file:
        file.seek(-(5_000_000 * 8 + 128), 2)
        assert npstow.load(file)[-1] == 4_999_999


@pytest.mark.parametrize("module", [gzip, bz2])
def test_packed_files(module, tmp_path):
    array = np.arange(3_000_000).reshape(1000, 3000)
    with module.open(tmp_path / "x.gz", "wb", 1) as file:
        npstow.save(file, array)
        npstow.save(file, array[::500, ::-1])
    with module.open(tmp_path / "x.gz", "rb") as file:
        same(npstow.load(file), array)
        same(npstow.load(file), np.ascontiguousarray(array[::500, ::-1]))


def test_sockets_and_pipes():
    array = np.arange(300_000).reshape(300, 1000)
    left, right = socket.socketpair()
    with left, right:

        def send():
            with left.makefile("wb") as file:
                npstow.save(file, array.T)
                npstow.save(file, array[:, ::2])
                npstow.savez(file, a=array, b=array[::2])
            left.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        with right.makefile("rb") as file:
            same(npstow.load(file), array.T)
            same(npstow.load(file), np.ascontiguousarray(array[:, ::2]))
            with npstow.load(file) as archive:
                same(archive["a"], array)
        sender.join()
    reader, writer = os.pipe()
    with open(reader, "rb") as source, open(writer, "wb", 0) as target:
        sender = threading.Thread(target=lambda: npstow.save(target, array))
        sender.start()
        same(npstow.load(source), array)
        sender.join()


def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    sender = threading.Thread(target=lambda: npstow.save(open(path, "wb"), [1, 2, 3]))
    sender.start()
    assert npstow.load(path).tolist() == [1, 2, 3]
    sender.join()


def test_paths_of_all_kinds(tmp_path):
    npstow.save(str(tmp_path / "a"), [1])
    npstow.save(tmp_path / "b.npy", [2])
    npstow.save(os.fsencode(tmp_path / "ä"), [3])
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "b.npy", "ä.npy"]
    assert npstow.load(os.fsencode(tmp_path / "ä.npy")).tolist() == [3]
    with pytest.raises(TypeError):
        npstow.load(7)
    with tempfile.NamedTemporaryFile() as file:
        npstow.save(file, [1, 2])
        file.seek(0)
        assert npstow.load(file).tolist() == [1, 2]
        assert file.read() == b""
    with tempfile.SpooledTemporaryFile() as file:
        npstow.save(file, [1, 2])
        file.seek(0)
        assert npstow.load(file).tolist() == [1, 2]


class Thing:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x


def test_objects_only_where_they_are_allowed(tmp_path):
    array = np.array([Thing(1), None, "ä", [1, 2]], object)
    path = tmp_path / "x.npy"
    npstow.save(path, array)
    assert path.read_bytes() == numpys(array)
    for file in (path, io.BytesIO(path.read_bytes()), open(path, "rb"), Pipe(path.read_bytes())):
        with pytest.raises(ValueError, match="Object arrays cannot be loaded when allow_pickle=False"):
            npstow.load(file, allow_pickle=False)
        if hasattr(file, "seek"):
            file.seek(0)
        if not isinstance(file, Pipe):
            found = npstow.load(file)
            assert found.shape == (4,) and found.dtype == object
            # Nothing was run: the class is a name.
            assert found[0].name == "Thing" and found[0].x == 1 and found[1:].tolist() == [None, "ä", [1, 2]]
        if hasattr(file, "seek"):
            file.seek(0)
        if not isinstance(file, Pipe):
            assert npstow.load(file, allow_pickle=True).tolist() == array.tolist()
    assert npstow.load(Pipe(path.read_bytes()), allow_pickle=True)[0] == Thing(1)
    assert npstow.load(Pipe(path.read_bytes()))[0].x == 1
    before = path.read_bytes()
    with pytest.raises(ValueError, match="allow_pickle=False"):
        npstow.save(path, array, allow_pickle=False)
    with pytest.raises(Exception, match="pickle"):
        npstow.save(path, np.array([lambda: 1], object))
    # What could not be pickled has not cost the old file.
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["x.npy"]
    npstow.save(tmp_path / "d.npy", {"a": 1})
    assert npstow.load(tmp_path / "d.npy", allow_pickle=True).item() == {"a": 1}


def test_a_bare_pickle(tmp_path):
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2]}))
    for file in (path, io.BytesIO(path.read_bytes()), Pipe(path.read_bytes()), open(path, "rb")):
        with pytest.raises(ValueError, match="allow_pickle=True"):
            npstow.load(file, allow_pickle=False)
    for allowed in (True, None):
        for file in (path, io.BytesIO(path.read_bytes()), Pipe(path.read_bytes()), open(path, "rb")):
            assert npstow.load(file, allow_pickle=allowed) == {"a": [1, 2]}
    path.write_bytes(b"neither")
    with pytest.raises(ValueError, match="x.pkl: at byte 0: .*found"):
        npstow.load(path)
    with pytest.raises(pickle.UnpicklingError):
        npstow.load(path, allow_pickle=True)
    with pytest.raises(ValueError, match="encoding must be"):
        npstow.load(path, encoding="utf-8")


def test_strings_without_a_length(tmp_path):
    strings = np.array(["a", "b" * 100], np.dtypes.StringDType())
    with pytest.warns(UserWarning, match="pickle"):
        npstow.save(tmp_path / "x.npy", strings)
    assert (npstow.load(tmp_path / "x.npy", allow_pickle=True) == strings).all()
    # NumPy makes the dtype by a function that the file names.
    with pytest.raises(npstow.UnsupportedError, match="the dtype .*stringdtype.*allow_pickle=True"):
        npstow.load(tmp_path / "x.npy")


def test_masks_are_not_lost_unsaid(tmp_path):
    masked = np.ma.array([1, 2], mask=[True, False])
    with pytest.raises(NotImplementedError, match="mask"):
        npstow.save(tmp_path / "x.npy", masked)
    with pytest.warns(UserWarning, match="mask"):
        npstow.save(io.BytesIO(), masked)
    with pytest.warns(UserWarning, match="mask"):
        npstow.savez(tmp_path / "x.npz", masked)
    npstow.save(tmp_path / "y.npy", np.ma.array([1, 2]))
    assert npstow.load(tmp_path / "y.npy").tolist() == [1, 2]


def test_errors_say_where(tmp_path):
    path = tmp_path / "x.npy"
    with pytest.raises(FileNotFoundError) as caught:
        npstow.load(path)
    e = caught.value
    assert isinstance(e, npstow.Error) and (e.errno, e.filename, e.path) == (2, str(path), str(path))
    with pytest.raises(IsADirectoryError):
        npstow.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        npstow.save(tmp_path / "no" / "x.npy", [1])
    path.write_bytes(b"")
    with pytest.raises(EOFError, match="No data left in file"):
        npstow.load(path)
    path.write_bytes(numpys(np.arange(10))[:-1])
    for file in (path, open(path, "rb"), io.BytesIO(path.read_bytes())):
        with pytest.raises(ValueError, match="expected 80 bytes of data, found the end after 79") as caught:
            npstow.load(file)
        e = caught.value
        assert isinstance(e, npstow.CorruptError) and (e.offset, e.kind) == (128, "corrupt")
        assert (e.path == str(path)) == (not isinstance(file, io.BytesIO))
        again = pickle.loads(pickle.dumps(e))
        assert (str(again), again.offset, type(again)) == (str(e), 128, type(e))
    with pytest.raises(ValueError):
        npstow.load(path, mmap_mode="r")
    with pytest.raises(ValueError):
        npstow.load(path, mmap_mode="r+")
    for cut in range(1, 128):
        for file in (path, io.BytesIO(numpys(np.arange(10))[:cut])):
            path.write_bytes(numpys(np.arange(10))[:cut])
            with pytest.raises(ValueError):
                npstow.load(file)


def test_nothing_is_allocated_for_a_mere_claim(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(numpys(np.arange(10)).replace(b"(10,), }  ", b"(1000000000000,), }  "))
    for file in (path, open(path, "rb"), io.BytesIO(path.read_bytes()), Pipe(path.read_bytes())):
        with pytest.raises(ValueError):
            npstow.load(file)


def test_long_headers(tmp_path):
    array = np.zeros(1, "i," * 10000 + "i")
    path = tmp_path / "x.npy"
    with pytest.warns(UserWarning, match="format 2.0"):
        npstow.save(path, array)
    for file in (path, open(path, "rb"), io.BytesIO(path.read_bytes())):
        with pytest.raises(npstow.LimitError, match="max_header_size"):
            npstow.load(file)
    assert npstow.load(path, max_header_size=200_000).dtype == array.dtype
    assert npstow.load(path, allow_pickle=True).dtype == array.dtype
    with pytest.warns(UserWarning, match="format 3.0"):
        npstow.save(path, np.zeros(1, [("整", "i4")]))


def test_metadata_is_lost_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="metadata"):
        npstow.save(tmp_path / "x.npy", np.zeros(2, np.dtype("i4", metadata={"a": 1})))


def test_a_failed_save_leaves_the_old_file(tmp_path):
    npstow.save(tmp_path / "x.npy", [1])

    def stop(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        npstow.save(tmp_path / "x.npy", np.zeros(30_000_000), progress=stop)
    assert os.listdir(tmp_path) == ["x.npy"] and npstow.load(tmp_path / "x.npy").tolist() == [1]


def test_what_a_file_object_raises_comes_out():
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "full")

    for array in (np.zeros(3), np.zeros((4000, 2000))[:, ::2]):
        with pytest.raises(OSError, match="full"):
            npstow.save(Full(), array)
        with pytest.raises(OSError, match="full"):
            npstow.savez(Full(), array)

    class Slow(io.RawIOBase):
        """Takes a few bytes at a time, as it may."""

        def __init__(self):
            self.got = bytearray()

        def write(self, data):
            self.got += data[:1000]
            return len(data[:1000])

    slow = Slow()
    npstow.save(slow, np.arange(1_000_000).reshape(1000, 1000)[:, ::2])
    assert bytes(slow.got) == numpys(np.arange(1_000_000).reshape(1000, 1000)[:, ::2])


def test_progress_and_threads(tmp_path):
    array = np.arange(2_000_000).reshape(1000, 2000)
    for given in (array, array[:, ::2]):
        for target in (tmp_path / "x.npy", io.BytesIO()):
            calls = []
            npstow.save(target, given, progress=lambda *call: calls.append(call), threads=1)
            assert calls[-1] == (given.nbytes, given.nbytes)
            calls.clear()
            if isinstance(target, io.BytesIO):
                target.seek(0)
            got = npstow.load(target, progress=lambda *call: calls.append(call), threads=1)
            assert calls[-1] == (given.nbytes, given.nbytes)
            same(got, np.ascontiguousarray(given))
    for function in (lambda: npstow.load("x", threads=0), lambda: npstow.save("x", 1, threads=-1)):
        with pytest.raises(ValueError, match="threads"):
            function()
    with pytest.warns(DeprecationWarning, match="fix_imports"):
        npstow.save(tmp_path / "y.npy", [1], True, True)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_maps(mode, tmp_path):
    for order in "CF":
        array = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
        np.save(tmp_path / "x.npy", array)
        for got in (
            npstow.load(tmp_path / "x.npy", mmap_mode=mode),
            npstow.open_memmap(tmp_path / "x.npy", mode),
        ):
            expected = np.load(tmp_path / "x.npy", mmap_mode=mode)
            assert type(got) is np.memmap and (got == array).all()
            for name in ("mode", "offset", "filename", "flags", "strides"):
                assert str(getattr(got, name)) == str(getattr(expected, name)), name
            if mode == "r":
                with pytest.raises(ValueError):
                    got[0] = 1
            else:
                got[0] = 7
                got.flush()
                assert (np.load(tmp_path / "x.npy")[0, 0] == 7) == (mode == "r+")
                got[0] = array[0]
                got.flush()


def test_maps_are_numpys(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12))
    got = npstow.load(tmp_path / "x.npy", mmap_mode="c")
    expected = np.load(tmp_path / "x.npy", mmap_mode="c")
    for part in ("[2:5]", "[3]", ".sum()", " + 1", ".copy()"):
        ours, theirs = (eval(f"x{part}", {"x": x}) for x in (got, expected))
        assert type(ours) is type(theirs) and str(ours) == str(theirs), part
    assert got[2:]._mmap is got._mmap and got[2:].base is got
    assert pickle.loads(pickle.dumps(got)).tolist() == got.tolist()
    for shape in ((0,), (), (3, 0)):
        np.save(tmp_path / "x.npy", np.zeros(shape))
        assert npstow.load(tmp_path / "x.npy", mmap_mode="r").shape == shape
    for mode in ("x", "rw"):
        with pytest.raises(ValueError, match="mode"):
            npstow.open_memmap(tmp_path / "x.npy", mode)


def test_new_maps(tmp_path):
    for order, dtype, shape in [(False, "f4", (3, 4)), (True, ">i8", (3, 4)), (False, RECORD, (5,))]:
        ours = npstow.open_memmap(tmp_path / "x.npy", "w+", dtype, shape, order)
        theirs = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", dtype, shape, order)
        assert ours.dtype == theirs.dtype and ours.strides == theirs.strides
        assert (tmp_path / "x.npy").read_bytes() == (tmp_path / "y.npy").read_bytes()
    assert npstow.open_memmap(tmp_path / "x.npy", "w+", "f4", 5).shape == (5,)
    with pytest.raises(ValueError):
        npstow.open_memmap(tmp_path / "x.npy", "w+", "f4", (3,), version=(1, 1))
    with pytest.raises(ValueError, match="Python objects"):
        npstow.open_memmap(tmp_path / "x.npy", "w+", object, (3,))
    npstow.save(tmp_path / "o.npy", np.array([None]))
    with pytest.raises(ValueError, match="Python objects"):
        npstow.load(tmp_path / "o.npy", mmap_mode="r")
    for mode in ("w+", "write"):
        with pytest.raises(ValueError, match="open_memmap"):
            npstow.load(tmp_path / "x.npy", mmap_mode=mode)
    # The words of `numpy.memmap`, which `numpy.load` takes for a file's mode where they have a w.
    for mode, short in (("readonly", "r"), ("readwrite", "r+"), ("copyonwrite", "c")):
        assert npstow.load(tmp_path / "x.npy", mmap_mode=mode).mode == short
        assert npstow.open_memmap(tmp_path / "x.npy", mode).mode == short
    assert (tmp_path / "x.npy").stat().st_size > 128
    with pytest.raises(ValueError):
        npstow.load(open(tmp_path / "x.npy", "rb"), mmap_mode="r")


def test_a_file_that_shrinks_is_no_signal(tmp_path):
    """Another process cuts the file while it is read, again and again."""
    path = tmp_path / "x.npy"
    array = np.zeros(4_000_000)
    npstow.save(path, array)
    code = (
        "import os, sys, time\n"
        "end = time.time() + 2\n"
        "while time.time() < end:\n"
        f"    os.truncate({str(path)!r}, 1000); os.truncate({str(path)!r}, {128 + array.nbytes})\n"
    )
    cutter = subprocess.Popen([sys.executable, "-c", code])
    outcomes = set()
    while cutter.poll() is None:
        try:
            npstow.load(path)
            outcomes.add("read")
        except (ValueError, OSError):
            outcomes.add("refused")
    assert outcomes


def test_files_of_python_2():
    folder = Path(np.lib.__file__).parent / "tests" / "data"
    with pytest.warns(UserWarning, match="Python 2"):
        assert npstow.load(folder / "win64python2.npy").tolist() == [1, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for encoding in ("bytes", "latin1"):
            got = npstow.load(folder / "py2-objarr.npy", allow_pickle=True, encoding=encoding)
            expected = np.load(folder / "py2-objarr.npy", allow_pickle=True, encoding=encoding)
            assert got.tolist() == expected.tolist()
        with pytest.raises(UnicodeError, match="encoding"):
            npstow.load(folder / "py2-objarr.npy", allow_pickle=True)


def test_descriptors_are_given_back(tmp_path, no_new_files):
    npstow.save(tmp_path / "x.npy", [1])
    npstow.savez(tmp_path / "x.npz", [1])
    for _ in range(50):
        npstow.load(tmp_path / "x.npy")
        npstow.load(tmp_path / "x.npy", mmap_mode="r")
        npstow.load(tmp_path / "x.npz")["arr_0"]
        with pytest.raises(zipfile.BadZipFile):
            npstow.load(io.BytesIO(b"PK\x03\x04"))


# What a fresh look at the package has found.


def test_a_named_pipe_is_opened_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    file = io.BytesIO()
    np.save(file, np.arange(5))
    thread = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(file.getvalue()))
    thread.start()
    assert npstow.load(tmp_path / "pipe").tolist() == [0, 1, 2, 3, 4]
    thread.join()


def test_a_small_array_is_saved_without_the_lock(tmp_path):
    os.mkfifo(tmp_path / "pipe.npy")
    found = []
    thread = threading.Thread(target=lambda: found.append((tmp_path / "pipe.npy").read_bytes()))
    thread.start()
    npstow.save(tmp_path / "pipe.npy", np.zeros(3))
    thread.join()
    same(np.load(io.BytesIO(found[0])), np.zeros(3))


def test_locks_on_a_file_object_stay(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    npstow.save(tmp_path / "x.npy", np.arange(3))
    asks = (
        "import fcntl, sys\nfile = open(sys.argv[1], 'r+b')\ntry:\n"
        "    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\nexcept OSError:\n    print('held')"
    )
    with open(tmp_path / "x.npy", "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert npstow.load(file).tolist() == [0, 1, 2]
        words = [sys.executable, "-c", asks, str(tmp_path / "x.npy")]
        assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "held\n"


def test_text_is_refused_by_name(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"some text")
    with open(tmp_path / "x.npy") as file, pytest.raises(TypeError, match="binary mode"):
        npstow.load(file)


def test_numbers_that_make_no_sense(tmp_path):
    npstow.save(tmp_path / "x.npy", np.arange(3))
    assert npstow.load(tmp_path / "x.npy", max_header_size=float("inf")).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="negative"):
        npstow.open_memmap(tmp_path / "y.npy", mode="w+", dtype="f4", shape=(-1,))
    for call in (npstow.load, lambda path: npstow.save(path, [1])):
        with pytest.raises(ValueError, match="null byte"):
            call("a\0b")


def test_a_loop_of_links_is_the_systems_error(tmp_path):
    os.symlink("loop.npy", tmp_path / "loop.npy")
    with pytest.raises(OSError) as told:
        npstow.save(tmp_path / "loop.npy", [1])
    assert told.value.errno == errno.ELOOP


def test_it_says_its_version():
    assert npstow.__version__.count(".") == 2
