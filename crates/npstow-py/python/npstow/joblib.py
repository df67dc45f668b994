"""joblib's dumps as data: ``dump`` and ``load`` with joblib's signatures.

What `load` gives is what `npstow.pickle.loads` gives: nothing of a file is run, and what is no plain
data is an `npstow.Object`. joblib itself need not be there.

>>> npstow.joblib.dump({"weights": np.arange(3.0)}, "model.joblib", compress=3)
['model.joblib']
>>> npstow.joblib.load("model.joblib")
{'weights': array([0., 1., 2.])}
"""

from __future__ import annotations

import io
import math
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal

from npstow import _npstow
from npstow._progress import Progress, hook

if TYPE_CHECKING:
    from npstow._npy import MapMode, StrPath
    from npstow._types import Readable, Writable

__all__ = ["dump", "load"]

#: Compressors by their extensions.
_EXTENSIONS = {
    ".z": "zlib",
    ".gz": "gzip",
    ".bz2": "bz2",
    ".lzma": "lzma",
    ".xz": "xz",
    ".lz4": "lz4",
}

#: What packed dumps begin with.
_PACKED = (b"\x78", b"\x1f\x8b", b"BZ", b"\x5d\x00", b"\xfd7zXZ", b"\x04\x22\x4d\x18", b"ZF", b"\x28\xb5\x2f\xfd")

#: Arrays of dumps of joblib up to 1.1 begin anywhere; some libraries want them at multiples of it.
_ALIGNMENT = 16

#: Smaller ones that do not are read, unless changes are to go to the file.
_SMALL = 4096


def dump(
    value: Any,
    filename: StrPath | Writable,
    compress: int | bool | str | tuple[str, int] = 0,
    protocol: int | None = None,
    *,
    progress: Progress = None,
) -> list[str] | None:
    """Write an object that is data in joblib's format, as `joblib.dump` does.

    Parameters
    ----------
    value : object
        What `npstow.pickle.dumps` takes: builtins, arrays and the like, and `npstow.Object`.
    filename : str, path-like, or file object
        Where it goes. At a path the old file stays until the new one is whole.
    compress : int from 0 to 9, bool, str, or pair of str and int, optional
        The level, the compressor (``'zlib'``, ``'gzip'``, ``'bz2'``, ``'lzma'``, ``'xz'``,
        ``'lz4'``), or both. Where it names none, the extension does (``.z``, ``.gz``,
        ``.bz2``, ``.lzma``, ``.xz``, ``.lz4``); with neither, zlib packs it. 0 packs nothing, so
        that `load` can map the arrays. All cores pack.
    protocol : {2, 3, 4, 5}, optional
        4 by default.
    progress : callable or bool, optional
        Called with the bytes written and the bytes there are to write; `True` is a bar of tqdm.

    Returns
    -------
    list of str or None
        The path, for joblib's sake; `None` for a file object.

    Raises
    ------
    npstow.UnsupportedError
        Something in the object is no data.

    Examples
    --------
    >>> npstow.joblib.dump([1, np.zeros(3)], "x.joblib.gz")
    ['x.joblib.gz']
    >>> npstow.joblib.load("x.joblib.gz")
    [1, array([0., 0., 0.])]
    """
    from npstow.pickle import _path, _protocol

    is_file = hasattr(filename, "write")
    if not is_file and not isinstance(filename, (str, bytes, os.PathLike)):
        raise ValueError(
            "Second argument should be a filename or a file-like object, "
            f"{filename} (type {type(filename)}) was given."
        )
    target: Any = filename if is_file else _path(filename)
    method, level = _packing(None if is_file else target, compress)
    with hook(progress, "writing a dump") as call:
        _npstow.joblib_dump(value, target, method, level, _protocol(protocol), call)
    return None if is_file else [target]


def _packing(path: str | None, compress: Any) -> tuple[str, int | None]:
    """The compressor and its level, as joblib understands what it is given."""
    method, level = "zlib", compress
    if compress is True:
        level = None
    elif isinstance(compress, tuple):
        if len(compress) != 2:
            raise ValueError(
                "Compress argument tuple should contain exactly 2 elements: "
                f"(compress method, compress level), you passed {compress}"
            )
        method, level = compress
    elif isinstance(compress, str):
        method, level = compress, None
    if level is False:
        level = 0
    if level is not None and (not isinstance(level, int) or not 0 <= level <= 9):
        raise ValueError(
            f'Non valid compress level given: "{level}". Possible values are {list(range(10))}.'
        )
    if method not in _EXTENSIONS.values():
        raise ValueError(
            f'Non valid compression method given: "{method}". Possible values are '
            f"{list(_EXTENSIONS.values())}."
        )
    if path is not None and not isinstance(compress, (tuple, str)):
        named = next((it for end, it in _EXTENSIONS.items() if path.endswith(end)), None)
        if named is not None:
            method, level = named, level or None
    if level == 0:
        return "none", None
    if method == "lz4" and level is not None:
        # Of those of lz4, the fast ones.
        level = min(level, 2)
    return method, level


def load(
    filename: StrPath | Readable,
    mmap_mode: MapMode | None = None,
    ensure_native_byte_order: bool | Literal["auto"] = "auto",
    *,
    progress: Progress = None,
) -> Any:
    """Load a dump of joblib, as `joblib.load` does; nothing of it is run.

    Parameters
    ----------
    filename : str, path-like, or file object
        The dump, of any joblib from 0.8 on, packed or not, told by its content; also one that
        Python 2 has written, and a plain pickle. Of a file object all is read, whatever its
        position.
    mmap_mode : {None, 'r+', 'r', 'w+', 'c'}, optional
        Map the arrays of a dump that is not packed rather than read them; ``'w+'`` is ``'r+'``.
    ensure_native_byte_order : bool or 'auto', optional
        Whether arrays are brought into the byte order of this machine; by default where they are
        not mapped.
    progress : callable or bool, optional
        Called with the bytes of large arrays that are read, and those there are to read.

    Returns
    -------
    any object
        As `npstow.pickle.loads`.

    Examples
    --------
    >>> npstow.joblib.dump([np.arange(6), "x"], "x.joblib")
    ['x.joblib']
    >>> x, _ = npstow.joblib.load("x.joblib", mmap_mode="r")
    >>> x[2:4]
    memmap([2, 3])
    """
    from npstow.pickle import _origin, _path

    if ensure_native_byte_order == "auto":
        ensure_native_byte_order = mmap_mode is None
    if ensure_native_byte_order and mmap_mode is not None:
        raise ValueError(
            "Native byte ordering can only be enforced if 'mmap_mode' parameter is set to None, "
            f"but got 'mmap_mode={mmap_mode}' instead."
        )
    origin = _origin(os.fsdecode(filename) if isinstance(filename, bytes) else filename)
    path = origin if isinstance(origin, str) else _name(filename)
    if mmap_mode == "w+":
        mmap_mode = "r+"
    mapped = None
    if mmap_mode is not None and _can_map(filename, origin, mmap_mode):
        mapped = path
    folder = None if path is None else os.path.dirname(os.path.abspath(path))
    with hook(progress, f"loading {path or 'a dump'}") as call:
        maps = None if mapped is None else _Maps(_path(mapped), mmap_mode)
        return _npstow.joblib_load(origin, folder, bool(ensure_native_byte_order), maps, call)


def _name(file: Any) -> str | None:
    """The path of a plain file that is open."""
    name = getattr(file, "name", None)
    is_plain = isinstance(file, (io.BufferedReader, io.BufferedRandom, io.FileIO))
    return name if isinstance(name, str) and is_plain else None


def _can_map(given: Any, origin: Any, mode: str) -> bool:
    """Whether the arrays are in a file as they are; says so where they are not."""
    if isinstance(given, io.BytesIO):
        warnings.warn(
            f'In memory persistence is not compatible with mmap_mode "{mode}" flag passed. '
            "mmap_mode option will be ignored.",
            stacklevel=3,
        )
        return False
    if not isinstance(origin, str) and _name(given) is None:
        warnings.warn(
            f'"{given!r}" is not a raw file, mmap_mode "{mode}" flag will be ignored.',
            stacklevel=3,
        )
        return False
    path = origin if isinstance(origin, str) else _name(given)
    assert path is not None
    with open(path, "rb") as file:
        is_packed = file.read(6).startswith(_PACKED)
    if is_packed:
        warnings.warn(
            f'mmap_mode "{mode}" is not compatible with compressed file {path}. '
            f'"{mode}" flag will be ignored.',
            stacklevel=3,
        )
    return not is_packed


class _Maps:
    """Makes arrays of their places in a file."""

    def __init__(self, path: str, mode: Any) -> None:
        self._path = path
        self._mode = mode

    def __call__(self, dtype: Any, shape: tuple[int, ...], order: Any, offset: int) -> Any:
        """The array; `None` for one that is to be read."""
        from npstow._npy import memmap

        if offset % _ALIGNMENT:
            # Those within pickled objects are such, and joblib has never mapped them.
            if self._mode != "r+" and math.prod(shape) * dtype.itemsize < _SMALL:
                return None
            warnings.warn(
                f"The memmapped array of dtype {dtype} and shape {shape} loaded from the file "
                f"{self._path} is not byte aligned. This may cause segmentation faults if this "
                "memmapped array is used in some libraries like BLAS or PyTorch. To get rid of "
                "this warning, write the file again.",
                stacklevel=3,
            )
        return memmap(self._path, dtype, shape, order, offset, self._mode)
