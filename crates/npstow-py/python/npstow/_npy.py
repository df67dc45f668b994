"""``load``, ``save`` and ``open_memmap``, as NumPy has them."""

from __future__ import annotations

import math
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from npstow import _npstow
from npstow._progress import Progress, hook

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import ArrayLike, DTypeLike

    from npstow._types import Readable, Writable

    StrPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    MapMode: TypeAlias = Literal["r", "r+", "w+", "c", "readonly", "readwrite", "copyonwrite"]

__all__ = ["load", "open_memmap", "save"]

#: As long as NumPy takes a header to be, unless it is told otherwise.
_HEADER = 10_000

_NO_OPTION: Any = object()


def load(
    file: StrPath | Readable,
    mmap_mode: MapMode | None = None,
    allow_pickle: bool | None = None,
    fix_imports: bool = True,
    encoding: Literal["ASCII", "latin1", "bytes"] = "ASCII",
    *,
    max_header_size: int = _HEADER,
    threads: int | None = None,
    progress: Progress = None,
) -> Any:
    """Load an array, an archive of arrays, or a pickle, as `numpy.load` does.

    Objects are data, unless `allow_pickle` says otherwise: nothing of a file is run.

    Parameters
    ----------
    file : str, path-like, or file object
        What is loaded. A file object is read from its position, and left behind the array, so
        that several arrays of one file are loaded one after another. It needs no ``seek``: a
        pipe or a socket will do.
    mmap_mode : {None, 'r', 'r+', 'c', 'readonly', 'readwrite', 'copyonwrite'}, optional
        Map the array rather than read it. Stored members of archives are mapped, too (``'r'``
        and ``'c'``); packed ones are read.
    allow_pickle : bool, optional
        How objects are loaded, in arrays and in pickles. By default as data: builtins, arrays,
        dates and the like as what they are, all else as `npstow.Object`; see
        `npstow.pickle.loads`. `True` is Python's ``pickle``, which runs whatever code the file
        names. `False` refuses objects, as NumPy does.
    fix_imports, encoding
        How pickles of Python 2 are read; see `pickle.load`. Objects that are data are text where
        they are ASCII and bytes elsewhere, unless the encoding is ``'latin1'`` or ``'bytes'``.
    max_header_size : int, optional
        How long a header may be, in bytes, unless pickles are allowed.
    threads : int, optional
        How many threads read and unpack; by default as many as the machine has cores.
    progress : callable or bool, optional
        Called with the bytes done and the bytes there are to do; `True` is a bar of tqdm.

    Returns
    -------
    numpy.ndarray, numpy.memmap, NpzFile, or any object
        An array has memory of its own, which may be written to.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        The file is damaged, or has objects and `allow_pickle` is `False`; as
        `npstow.CorruptError` and the like, which say where.
    EOFError
        Nothing is left in the file.

    Examples
    --------
    >>> npstow.save("x.npy", np.arange(6).reshape(2, 3))
    >>> npstow.load("x.npy")
    array([[0, 1, 2],
           [3, 4, 5]])
    >>> npstow.load("x.npy", mmap_mode="r")[1]
    memmap([3, 4, 5])
    >>> npstow.savez("two.npz", a=np.arange(3), b=np.eye(2))
    >>> with npstow.load("two.npz") as two:
    ...     print(two["a"], two.files)
    [0 1 2] ['a', 'b']
    >>> np.save("o.npy", np.array([None, "two", {3: [4]}], dtype=object))
    >>> npstow.load("o.npy")
    array([None, 'two', {3: [4]}], dtype=object)
    """
    if encoding not in ("ASCII", "latin1", "bytes"):
        raise ValueError("encoding must be 'ASCII', 'latin1', or 'bytes'")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    most = _most(max_header_size, allow_pickle)
    mmap_mode = mmap_mode or None
    path: str | None = None
    found: Any = None
    if not hasattr(file, "read"):
        path = os.fsdecode(file)
        if "\0" in path:
            raise ValueError("embedded null byte")
        if mmap_mode:
            found, offset = _npstow.map_header(path, most)
            if not isinstance(found, str):
                if "w" in mmap_mode and mmap_mode not in _MODES:
                    text = f"mmap_mode {mmap_mode!r} makes a new file: use open_memmap for that"
                    raise ValueError(text)
                return mapped(path, found, offset, mmap_mode)
        elif progress is not None:
            with hook(progress, f"loading {path}") as call:
                found = _npstow.load(path, most, threads, call)
        else:
            found = _npstow.load(path, most, threads)
        if type(found) is np.ndarray:
            return found
    pickles = {"encoding": encoding, "fix_imports": fix_imports}
    how = (mmap_mode, allow_pickle, pickles, max_header_size, threads, progress)
    if found == "zip":
        return archive(path, *how)
    # Imported for those who need it: that takes longer than to load or to map a small array.
    from npstow import _stream

    if path is None:
        return _stream.load(file, _stream.How(*how))
    return _stream.load_other(path, found, _stream.How(*how))


def archive(
    file: Any,
    mmap_mode: Any,
    allow_pickle: bool | None,
    pickles: dict[str, Any],
    max_header_size: int,
    threads: int | None,
    progress: Progress,
) -> Any:
    """An archive with the options of `load`."""
    from npstow._npz import NpzFile

    return NpzFile(
        file,
        allow_pickle=allow_pickle,
        pickle_kwargs=pickles,
        max_header_size=max_header_size,
        mmap_mode=mmap_mode,
        threads=threads,
        progress=progress,
    )


def _most(max_header_size: int, allow_pickle: bool | None) -> int:
    """How long a header may be: whoever trusts a pickle trusts a header."""
    return 2**64 - 1 if allow_pickle else int(max(0, min(max_header_size, 2**64 - 1)))


def save(
    file: StrPath | Writable,
    arr: ArrayLike,
    allow_pickle: bool = True,
    fix_imports: bool = _NO_OPTION,
    *,
    threads: int | None = None,
    progress: Progress = None,
) -> None:
    """Save an array to a ``.npy`` file, byte for byte as `numpy.save` does.

    Parameters
    ----------
    file : str, path-like, or file object
        Where it is saved. A path gets the extension ``.npy`` unless it has it; the old file
        stays until the new one is whole. A file object is written to at its position.
    arr : array_like
        The array.
    allow_pickle : bool, optional
        Whether an array of objects is pickled.
    fix_imports : bool, optional
        Has no effect, as in NumPy: what is pickled is for Python 3.
    threads : int, optional
        How many threads gather what is not contiguous; by default as many as there are cores.
    progress : callable or bool, optional
        Called with the bytes done and the bytes there are to do; `True` is a bar of tqdm.

    Examples
    --------
    >>> npstow.save("x.npy", [1.5, 2.5])
    >>> npstow.load("x.npy")
    array([1.5, 2.5])
    >>> with open("two.npy", "wb") as f:
    ...     npstow.save(f, [1, 2])
    ...     npstow.save(f, [3])
    >>> with open("two.npy", "rb") as f:
    ...     print(npstow.load(f), npstow.load(f))
    [1 2] [3]
    """
    if fix_imports is not _NO_OPTION:
        text = "The 'fix_imports' flag has no effect in save: what is pickled is for Python 3."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    array = np.asanyarray(arr)
    is_stream = hasattr(file, "write")
    target: Any = file if is_stream else with_extension(file, ".npy")
    if not is_plain(array) or is_stream or progress:
        from npstow import _stream

        _stream.save(target, array, allow_pickle, threads, progress)
        return
    _npstow.save(target, array, threads)


def with_extension(path: Any, extension: str) -> str:
    """The path of a file that is saved."""
    text = os.fsdecode(path)
    if "\0" in text:
        raise ValueError("embedded null byte")
    return text if text.endswith(extension) else text + extension


def is_plain(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array is its bytes, and nothing else."""
    return is_bytes(array) and (type(array) is np.ndarray or not hasattr(array, "mask"))


def is_bytes(array: np.ndarray[Any, Any]) -> bool:
    """Whether the elements are bytes: others are pickled."""
    return not array.dtype.hasobject and getattr(type(array.dtype), "_legacy", True)


def open_memmap(
    filename: StrPath,
    mode: str = "r+",
    dtype: DTypeLike | None = None,
    shape: int | tuple[int, ...] | None = None,
    fortran_order: bool = False,
    version: tuple[int, int] | None = None,
    *,
    max_header_size: int = _HEADER,
) -> np.memmap[Any, Any]:
    """Map the array of a ``.npy`` file, as `numpy.lib.format.open_memmap` does.

    Parameters
    ----------
    filename : str or path-like
        The file.
    mode : {'r+', 'r', 'w+', 'c'}, optional
        Changes go to the file; there are none; a new file is made; changes stay in memory.
    dtype, shape, fortran_order, version
        What a new file holds, for ``'w+'``.
    max_header_size : int, optional
        How long a header may be, in bytes.

    Returns
    -------
    numpy.memmap
        What another process cuts off the file while it is mapped cannot be touched any more:
        `load` without ``mmap_mode`` has no such danger.

    Examples
    --------
    >>> x = npstow.open_memmap("x.npy", mode="w+", dtype="f4", shape=(2, 3))
    >>> x[1] = 7
    >>> x.flush()
    >>> npstow.load("x.npy")
    array([[0., 0., 0.],
           [7., 7., 7.]], dtype=float32)
    """
    if hasattr(filename, "read"):
        raise ValueError("filename is a path: a file object cannot be mapped")
    path = os.fsdecode(filename)
    if "w" in mode and mode not in _MODES:
        return _new_memmap(path, mode, dtype, shape, fortran_order, version)
    found, offset = _npstow.map_header(path, _most(max_header_size, False))
    return mapped(path, found, offset, mode)


def _new_memmap(
    path: str,
    mode: str,
    dtype: Any,
    shape: Any,
    fortran_order: bool,
    version: tuple[int, int] | None,
) -> np.memmap[Any, Any]:
    given = np.dtype(dtype)
    if given.hasobject:
        raise ValueError("an array of Python objects can't be memory-mapped")
    if mode != "w+":
        raise ValueError(f"mode {mode!r} is none of 'r', 'r+', 'w+', 'c'")
    if shape is None:
        raise ValueError("a new file needs a shape")
    lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(length < 0 for length in lengths):
        raise ValueError(f"negative dimensions are not allowed: {lengths}")
    descr = np.lib.format.dtype_to_descr(given)
    header = _npstow.make_header(descr, lengths, bool(fortran_order), version)
    # In place, as NumPy does it: whoever has mapped the old file sees what is done.
    with open(path, "w+b") as file:
        file.write(header)
    # It makes the file as long as it has to be.
    order: Literal["C", "F"] = "F" if fortran_order else "C"
    return np.memmap(path, given, "r+", len(header), lengths, order)


def mapped(path: str, found: Any, offset: int, mode: str) -> np.memmap[Any, Any]:
    """The array of a file, of which the header said what it is and where it begins."""
    if isinstance(found, str):
        from npstow import _errors

        text = f"{path}: at byte 0: expected an NPY header, found none ({found})"
        raise _errors.make("corrupt", text, path, None, 0)
    dtype, shape, is_fortran = found
    if dtype.hasobject:
        raise ValueError("an array of Python objects can't be memory-mapped")
    return memmap(path, dtype, shape, "F" if is_fortran else "C", offset, mode)


#: The modes of `numpy.memmap`, those with long names, too.
_MODES = {"readonly": "r", "copyonwrite": "c", "readwrite": "r+", "r": "r", "c": "c", "r+": "r+"}


def memmap(
    path: str,
    dtype: Any,
    shape: tuple[int, ...],
    order: Literal["C", "F"],
    offset: int,
    mode: str,
    number: int = -1,
) -> np.memmap[Any, Any]:
    """As `numpy.memmap` of a file that is long enough, with fewer calls of the system.

    Where the file is open already, ``number`` is its descriptor.
    """
    import mmap

    if mode not in _MODES:
        raise ValueError(f"mode {mode!r} is none of 'r', 'r+', 'w+', 'c'")
    mode = _MODES[mode]
    access = {"r": mmap.ACCESS_READ, "c": mmap.ACCESS_COPY, "r+": mmap.ACCESS_WRITE}[mode]
    start = offset - offset % mmap.ALLOCATIONGRANULARITY
    length = offset - start + math.prod(shape) * dtype.itemsize
    flags = (os.O_RDWR if mode == "r+" else os.O_RDONLY) | getattr(os, "O_BINARY", 0)
    own = os.open(path, flags) if number < 0 else number
    try:
        memory = mmap.mmap(own, length, access=access, offset=start)
    finally:
        if number < 0:
            os.close(own)
    array: Any = np.ndarray.__new__(
        np.memmap, shape, dtype, memory, offset - start, order=order
    )
    array._mmap = memory
    array.offset, array.mode, array.filename = offset, mode, os.path.abspath(path)
    return array  # type: ignore[no-any-return]
