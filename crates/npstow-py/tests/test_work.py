"""Long work: stopped by Ctrl-C, side by side, after a fork, and nothing left behind."""

import gc
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import npstow
from npstow import _npstow

LARGE = 40 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Large enough that threads and a watch are used."""
    path = tmp_path_factory.mktemp("large") / "x.npz"
    values = np.random.default_rng(7).integers(0, 9, LARGE // 4, "i4")
    npstow.save_tree(path, {"x": values, "y": values[:1000]})
    return path, values


def run(code, *words):
    """Python code in a process of its own, stopped after a second where it does not end."""
    head = "import os, signal, sys, threading, time\nimport numpy as np, npstow\n"
    words = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, words)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


INTERRUPT = """
    def press():
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    # Who starts the tests in the background may have had it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    big = np.random.default_rng(1).integers(0, 255, 400 << 20, "u1")
    threading.Thread(target=press).start()
    start = time.perf_counter()
    try:
        {work}
    except KeyboardInterrupt:
        took = time.perf_counter() - start
        sys.exit(f"took {{took:.1f}} s" if took > 10 else 0)
    sys.exit("not stopped")
"""


@pytest.mark.parametrize(
    "work",
    [
        "npstow.save_tree(sys.argv[1], {'x': big}, level=9)",
        "while True: npstow.save_tree(sys.argv[1][:-4], {'x': big})",
        "while True: npstow.digest(big)",
        "while True: npstow.diff(big, big + 1)",
    ],
)
def test_ctrl_c_stops_and_leaves_nothing(tmp_path, work):
    path = tmp_path / "x.npz"
    path.write_bytes(b"old")
    done = run(INTERRUPT.format(work=work), path)
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == b"old"
    # Folders are saved over and over: the last one before the stop is whole.
    assert set(os.listdir(tmp_path)) <= {"x.npz", "x"}
    if (tmp_path / "x").exists():
        assert npstow.open(tmp_path / "x")["x"].read().shape == (400 << 20,)


def test_a_handler_that_raises_nothing_stops_nothing(tmp_path):
    code = """
        seen = []
        signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        big = np.zeros(200 << 20, "u1")
        npstow.save_tree(sys.argv[1], {"x": big}, level=6)
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert seen and npstow.open(sys.argv[1])["x"].shape == (200 << 20,)
    """
    done = run(code, tmp_path / "x.npz")
    assert done.returncode == 0, done.stderr


def read_in_child(path, queue):
    node = npstow.open(path)
    queue.put((int(node["x"].read().sum()), int(node.read()["x"].sum())))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(large):
    path, values = large
    assert npstow.open(path)["x"].read().sum() == values.sum()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=read_in_child, args=(path, queue))
    child.start()
    assert queue.get(timeout=30) == (int(values.sum()), int(values.sum()))
    child.join(30)
    assert child.exitcode == 0


def small_in_child(folder, queue):
    arrays = {f"a{i}": np.full(10, i) for i in range(200)}
    for name in ("t", "t.npz"):
        npstow.save_tree(folder / name, arrays)
        assert len(npstow.open(folder / name).read()) == 200
        assert not npstow.diff(folder / name, arrays)
    with npstow.edit(folder / "t.npz") as archive:
        archive["g"] = arrays
    npstow.convert(folder / "t.npz", folder / "c.npz", level=1)
    queue.put(len(npstow.open(folder / "c.npz").find("g/*")))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_small_work_uses_no_threads_of_a_parent(tmp_path):
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    small_in_child(tmp_path, queue)
    assert queue.get(timeout=30) == 200
    child = context.Process(target=small_in_child, args=(tmp_path, queue))
    child.start()
    assert queue.get(timeout=30) == 200
    child.join(30)
    assert child.exitcode == 0


def change_in_child(begun, queue):
    try:
        with begun:
            begun.commit()
    except OSError as e:
        queue.put(str(e))
    else:
        queue.put("changed")


def begin(path, rows):
    """Something begun at a path and not committed, and how it is opened and read."""
    match path.suffix:
        case ".npz":
            npstow.save_tree(path, {"x": rows})
            begun = npstow.edit(path)
            begun["y"] = rows
            return begun, lambda: npstow.edit(path), lambda: npstow.open(path)["y"].read()
        case ".h5":
            npstow.save_tree(path, {"x": rows}, resizable=True)
            place, read = f"{path}:x", lambda: npstow.open(path)["x"].read()
        case _:
            npstow.save(path, rows)
            place, read = path, lambda: npstow.load(path)
    begun = npstow.Appender(place)
    begun.push(rows)
    return begun, lambda: npstow.Appender(place), lambda: read()[len(rows) :]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.h5"])
@pytest.mark.parametrize("count", [3, 10_000])
def test_a_forked_child_changes_nothing_that_its_parent_began(tmp_path, name, count):
    rows = np.arange(float(count))
    begun, again, read = begin(tmp_path / name, rows)
    before = (tmp_path / name).read_bytes()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=change_in_child, args=(begun, queue), daemon=True)
    child.start()
    assert "only it can go on" in queue.get(timeout=30)
    child.join(30)
    assert child.exitcode == 0
    assert (tmp_path / name).read_bytes() == before
    with pytest.raises(OSError, match="another program is changing it"):
        again()
    with begun:
        pass
    assert np.array_equal(read(), rows)


def place_in_child(file, queue):
    try:
        file.commit()
    except OSError as e:
        queue.put(str(e))
    else:
        queue.put("in its place")
    file.discard()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_puts_no_file_in_its_place(tmp_path):
    file = _npstow.NewFile(tmp_path / "x.npy")
    file.write(b"parent")
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=place_in_child, args=(file, queue), daemon=True)
    child.start()
    assert "only it can go on" in queue.get(timeout=30)
    child.join(30)
    assert child.exitcode == 0
    assert not list(tmp_path.glob("*.npy"))
    file.commit()
    file.commit()
    assert (tmp_path / "x.npy").read_bytes() == b"parent"
    with pytest.raises(ValueError, match="closed"):
        file.write(b"more")


def test_threads_push_to_one_packed_file(tmp_path):
    """Rows are packed on all cores; a thread that does so waits for no other one's rows."""
    code = """
        rows = np.arange(2_000_000.0).reshape(-1, 100)
        npstow.save_tree(sys.argv[1], {"x": rows[:0]}, resizable=True, level=1)

        def push():
            for part in np.array_split(rows, 10):
                appender.push(part)

        with npstow.Appender(f"{sys.argv[1]}:x") as appender:
            threads = [threading.Thread(target=push) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        found = npstow.open(sys.argv[1])["x"].read()
        assert np.array_equal(found.sum(0), 4 * rows.sum(0))
    """
    done = run(code, tmp_path / "x.h5")
    assert done.returncode == 0, done.stderr


SMALL = """
    import gzip
    import h5py

    place, array = sys.argv[1], np.arange(100.0)
    arrays = {"a": array, "g": {"b": array.astype("i4")}}

    def edit():
        with npstow.edit(f"{place}/x.npz") as archive:
            archive["c"] = array

    def append():
        with npstow.Appender(f"{place}/x.npy") as appender:
            appender.push(array)

    def every():
        with npstow.load(f"{place}/x.npz") as archive:
            dict(archive)

    work = {
        "load": lambda: npstow.load(f"{place}/x.npy"),
        "preview": lambda: npstow.open(f"{place}/chunked.h5")["x"]._repr_html_(),
        "packed": lambda: npstow.open(f"{place}/x.npy.gz").read(),
        "file": lambda: npstow.save(open(f"{place}/z.npy", "wb"), array),
        "map": lambda: npstow.load(f"{place}/x.npy", mmap_mode="r"),
        "rows": lambda: npstow.open(f"{place}/x.npy")[[3, 5]],
        "every": every,
        "edit": edit,
        "append": append,
        "save": lambda: npstow.save(f"{place}/y.npy", array),
        "pack": lambda: npstow.savez_compressed(f"{place}/y.npz", a=array, b=array),
        "pickle": lambda: npstow.pickle.dump(arrays, f"{place}/x.pkl"),
        "unpickle": lambda: npstow.pickle.load(f"{place}/x.pkl"),
        "dump": lambda: npstow.joblib.dump(arrays, f"{place}/x.joblib", compress=3),
        "undump": lambda: npstow.joblib.load(f"{place}/x.joblib"),
    }
    flat = {"a": array, "b": array[:5]}
    for name, what in [("x.npy", array), ("x.npz", arrays), ("x.h5", arrays), ("folder", flat)]:
        path = f"{place}/{name}"
        npstow.save_tree(path, what)
        work |= {
            f"save {name}": lambda path=path, what=what: npstow.save_tree(path, what),
            f"read {name}": lambda path=path: npstow.open(path).read(),
            f"compare {name}": lambda path=path, what=what: npstow.diff(path, path),
        }
    with h5py.File(f"{place}/chunked.h5", "w") as file:
        file.create_dataset("x", data=np.zeros((500, 500)), chunks=(50, 50), compression=1)
    with gzip.open(f"{place}/x.npy.gz", "wb") as file:
        np.save(file, array)
    begun = len(os.listdir("/proc/self/task"))
    for name, small in work.items():
        small()
        assert len(os.listdir("/proc/self/task")) == begun, f"{name} begins threads"
    npstow.save_tree(f"{place}/y.npz", {"x": np.zeros(1 << 20)})
    assert len(os.listdir("/proc/self/task")) > begun, "the test counts nothing"
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="no /proc")
def test_small_work_begins_no_threads(tmp_path):
    """To wake one takes as long as to read a small file."""
    done = run(SMALL, tmp_path)
    assert done.returncode == 0, done.stderr


def calls(work, times):
    """Reads of this thread that `work` adds for each time; what it opens else is read, too."""

    def reads():
        with open("/proc/thread-self/io") as file:
            return int(next(line for line in file if line.startswith("syscr:")).split()[1])

    work()
    start = reads()
    alone = reads() - start
    start = reads()
    for _ in range(times):
        work()
    return (reads() - start - alone) / times


@pytest.mark.skipif(not os.path.isfile("/proc/thread-self/io"), reason="no /proc")
def test_a_small_file_is_read_and_nothing_else_is(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(100))
    np.savez(tmp_path / "x.npz", a=np.arange(100))
    assert calls(lambda: npstow.load(tmp_path / "x.npy"), 50) == 1
    assert calls(lambda: npstow.load(tmp_path / "x.npy", mmap_mode="r"), 50) == 1
    assert calls(lambda: npstow.open(tmp_path / "x.npy").read(), 50) <= 3
    assert calls(lambda: npstow.open(tmp_path / "x.npz")["a"].read(), 50) <= 6


def test_threads_share_a_file(large):
    path, values = large
    node = npstow.open(path)
    wrong = []

    def work(seed):
        choose = np.random.default_rng(seed)
        for _ in range(20):
            rows = np.sort(choose.integers(0, len(values), 50))
            start = int(choose.integers(0, len(values) - 1000))
            if not np.array_equal(node["x"][rows], values[rows]):
                wrong.append(rows)
            if not np.array_equal(node["x"][start : start + 1000], values[start : start + 1000]):
                wrong.append(start)
            if node["y"].read().sum() != values[:1000].sum():
                wrong.append("y")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_other_threads_run_meanwhile(large):
    path, _ = large
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    for _ in range(5):
        npstow.open(path)["x"].digest()
    stop.set()
    thread.join()
    # Were the lock kept, there would be a gap of a whole digest.
    assert len(ticks) > 20


def count():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc")
def test_nothing_leaks(tmp_path):
    small, kept = tmp_path / "small.npz", tmp_path / "kept"
    array = np.arange(2000)
    npstow.save_tree(small, {"x": array, "g": {"y": array}})
    npstow.save_tree(kept, {"x": array})

    def once():
        node = npstow.open(small)
        node.read()
        node["x"][10:20], node["g/y"].view(), node["x"].digest(), node["x"].attrs
        node["x"].read(out=np.empty(2000, int))
        npstow.open(kept)["x"].read()
        npstow.save_tree(tmp_path / "out.npy", array)
        npstow.diff(array, array)
        with pytest.raises(KeyError):
            node["no"]

    for _ in range(200):
        once()
    gc.collect()
    descriptors, before = count(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(1200):
        once()
    gc.collect()
    assert count() == descriptors
    # Ten calls each time: a leak of one array of them would be 190 MiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8 << 10
