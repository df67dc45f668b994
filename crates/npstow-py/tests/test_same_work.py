"""NumPy's functions at work: any array, many calls, many threads, Ctrl-C, other interpreters."""

import io
import os
import resource
import sys
import threading
import unicodedata

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import npstow
from test_work import INTERRUPT, run

SCALARS = st.one_of(
    arrays.scalar_dtypes(),
    arrays.byte_string_dtypes(max_len=9),
    arrays.unicode_string_dtypes(max_len=9),
    st.sampled_from(["f2", ">f2", "V5", "S0", "U0", "longdouble", "clongdouble"]).map(np.dtype),
)
# Hypothesis makes no records of elements without bytes.
PARTS = SCALARS.filter(lambda dtype: dtype.itemsize > 0)
DTYPES = st.one_of(SCALARS, arrays.nested_dtypes(PARTS, max_itemsize=200))
SHAPES = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6)


@st.composite
def any_array(draw):
    """An array of any dtype in any layout: transposed, strided, reversed, broadcast."""
    dtype, shape = draw(DTYPES), draw(SHAPES)
    if dtype.subdtype is not None:
        dtype = dtype.base
    size = int(np.prod(shape)) * dtype.itemsize
    seed = draw(st.integers(0, 2**32 - 1))
    noise = np.random.default_rng(seed).integers(0, 256, size, "u1")
    array = np.ndarray(shape, dtype, noise.tobytes() or b"\0").copy()
    if array.dtype.kind == "U":
        # Not every four bytes are a letter.
        array = np.full(shape, "ä€𝄞"[:9], dtype)
    for axis in range(array.ndim):
        step = draw(st.sampled_from([1, 1, 2, -1, -3]))
        array = array[(slice(None),) * axis + (slice(None, None, step),)]
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    if draw(st.booleans()) and array.ndim < 5:
        array = np.broadcast_to(array, (draw(st.integers(0, 3)), *array.shape))
    return array


#: Which letters of field names are escaped in a header is up to the Unicode that Python knows;
#: npstow has that of Python 3.11.
SAME_LETTERS = unicodedata.unidata_version == "14.0.0"


def same(got, expected):
    assert got.dtype == expected.dtype and got.shape == expected.shape
    assert got.tobytes() == expected.tobytes()
    assert got.strides == expected.strides or not expected.size


@pytest.mark.filterwarnings("ignore:Saved in format:UserWarning")
@pytest.mark.filterwarnings("ignore:Stored array in format:UserWarning")
@settings(max_examples=400, deadline=None)
@given(any_array(), st.sampled_from([io.BytesIO, None]))
def test_any_array_is_saved_and_loaded_as_numpy_does(array, kind):
    ours, theirs = io.BytesIO(), io.BytesIO()
    npstow.save(ours, array)
    np.save(theirs, array)
    if SAME_LETTERS:
        assert ours.getvalue() == theirs.getvalue()
    else:
        same(np.load(io.BytesIO(ours.getvalue())), array)
    if kind is None:
        path = f"/tmp/npstow-{os.getpid()}.npy"
        npstow.save(path, array)
        with open(path, "rb") as file:
            assert file.read() == ours.getvalue()
        got = npstow.load(path)
        os.remove(path)
    else:
        got = npstow.load(kind(theirs.getvalue()))
    theirs.seek(0)
    same(got, np.load(theirs))


@pytest.mark.filterwarnings("ignore:Saved in format:UserWarning")
@pytest.mark.filterwarnings("ignore:Stored array in format:UserWarning")
@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.text("abc/.é", min_size=1, max_size=5), any_array(), max_size=6),
    st.sampled_from([None, 1, 6]),
)
def test_any_archive_is_read_by_numpy(named, level):
    file = io.BytesIO()
    try:
        npstow.savez(file, named, level=level)
    except npstow.Error as e:
        # Names that lead elsewhere, or that others take apart in another way.
        names = [*named, *(f"{name}.npy" for name in named)]
        assert any(set(name.split("/")) & {"", ".", ".."} for name in names), e
        return
    for module in (np, npstow):
        file.seek(0)
        with module.load(file) as archive:
            assert archive.files == list(named)
            for name, array in named.items():
                got = archive[f"{name}.npy"]
                assert got.dtype == np.load(io.BytesIO(npy(array))).dtype
                assert got.tobytes() == array.tobytes() and got.shape == array.shape


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_an_error_or_an_array(data):
    """What NumPy refuses is refused; nothing else than an error of ours comes out."""
    whole = bytearray(npy(np.arange(20, dtype="i4").reshape(4, 5)))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        got = npstow.load(io.BytesIO(whole))
    except (ValueError, EOFError):
        return
    same(got, np.load(io.BytesIO(whole), max_header_size=10**9))


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_ten_thousand_calls_leave_nothing(tmp_path):
    npstow.save(tmp_path / "x.npy", np.arange(5000.0))
    npstow.savez(tmp_path / "x.npz", a=np.arange(5000.0), b=np.arange(3), o=np.array([None]))
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04")

    def all_of_it():
        npstow.load(tmp_path / "x.npy")
        npstow.load(tmp_path / "x.npy", mmap_mode="r")
        with open(tmp_path / "x.npy", "rb") as file:
            npstow.load(file)
        npstow.load(io.BytesIO(npy(np.arange(100))))
        with npstow.load(tmp_path / "x.npz", allow_pickle=True) as archive:
            dict(archive)
        npstow.load(tmp_path / "x.npz")["a"]
        npstow.save(tmp_path / "y.npy", np.arange(100)[::2])
        npstow.savez(io.BytesIO(), a=np.zeros((100, 100))[::2])
        for path in ("bad.npz", "missing"):
            with pytest.raises((ValueError, OSError)):
                npstow.load(tmp_path / path)

    for _ in range(100):
        all_of_it()
    before, files = memory(), len(os.listdir("/proc/self/fd"))
    for _ in range(1000):
        all_of_it()
    assert len(os.listdir("/proc/self/fd")) == files
    # 40 kB of each of the thousand would be 40 MB.
    assert memory() - before < 8 << 20


def test_many_threads_at_once(tmp_path):
    random = np.random.default_rng(3)
    given = {f"a{n}": random.integers(0, 255, (n * 37 % 400, 50), "u1") for n in range(300)}
    given["large"] = np.arange(3_000_000)
    npstow.savez(tmp_path / "x.npz", **given)
    npstow.savez_compressed(tmp_path / "y.npz", **given)
    shared = [npstow.load(tmp_path / "x.npz"), npstow.load(tmp_path / "y.npz")]
    shared.append(npstow.load(open(tmp_path / "x.npz", "rb")))
    shared.append(npstow.load(Slow(tmp_path / "x.npz")))
    failed = []

    def work(number):
        try:
            order = np.random.default_rng(number)
            names = list(given)
            start = int(order.integers(len(names)))
            for name in names[start:] + names[:start]:
                archive = shared[int(order.integers(len(shared)))]
                got = archive[name]
                assert (got == given[name]).all()
                got[...] = 0
                if order.integers(20) == 0:
                    path = tmp_path / f"{number % 3}.npy"
                    npstow.save(path, given[name])
                    assert npstow.load(path).dtype in ("u1", "i8")
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


class Slow:
    """A file object that is read by its methods alone."""

    def __init__(self, path):
        self._file = open(path, "rb")

    def read(self, size=-1):
        return self._file.read(size)

    def seek(self, *place):
        return self._file.seek(*place)

    def tell(self):
        return self._file.tell()


@pytest.mark.parametrize(
    "work",
    [
        "while True: npstow.save(sys.argv[1][:-4] + '.npy', big)",
        "while True: npstow.savez(sys.argv[1], x=big)",
        "npstow.savez_compressed(sys.argv[1], {'x': big}, level=12)",
        "npstow.savez_compressed(open(os.devnull, 'wb'), {'x': big}, level=12)",
        # Nobody reads the pipe.
        "npstow.savez(open(os.pipe()[1], 'wb'), x=big)",
        "npstow.save(open(os.pipe()[1], 'wb'), big.reshape(1024, -1)[:, ::2])",
        "npstow.load(open(os.pipe()[0], 'rb'))",
        "np.save('/dev/shm/npstow-big.npy', big)\n        while True: npstow.load('/dev/shm/npstow-big.npy')",
    ],
)
def test_ctrl_c_stops_and_leaves_nothing(tmp_path, work):
    path = tmp_path / "x.npz"
    path.write_bytes(b"old")
    (tmp_path / "x.npy").write_bytes(b"old")
    done = run(INTERRUPT.format(work=work), path)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path)) == ["x.npy", "x.npz"]
    if os.path.exists("/dev/shm/npstow-big.npy"):
        os.remove("/dev/shm/npstow-big.npy")
    # The last save before the stop is whole, or the old file is there.
    for name in ("x.npy", "x.npz"):
        if (tmp_path / name).read_bytes()[:3] != b"old":
            found = npstow.load(tmp_path / name)
            assert (found if name == "x.npy" else found["x"]).shape == (400 << 20,)


def test_another_interpreter_is_refused(tmp_path):
    """It has no part in what the first one shares; nothing crashes."""
    code = """
        import importlib.util
        names = ["_interpreters", "_xxsubinterpreters"]
        found = [name for name in names if importlib.util.find_spec(name)]
        interpreters = importlib.import_module(found[0])
        own = interpreters.create()
        try:
            failed = interpreters.run_string(own, "from npstow import _npstow")
        except interpreters.RunFailedError as e:
            failed = e
        assert failed is not None and "ImportError" in str(failed), failed
        interpreters.destroy(own)
        assert npstow.load(sys.argv[1]).tolist() == [1]
    """
    npstow.save(tmp_path / "x.npy", [1])
    done = run(code, tmp_path / "x.npy")
    assert done.returncode == 0, done.stderr + done.stdout
