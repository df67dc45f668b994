"""What ``load`` and ``save`` need besides paths of plain arrays: file objects, pickles, maps."""

from __future__ import annotations

import io
import os
import stat
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np

from npstow import _errors, _npstow
from npstow._npy import _most, archive, is_bytes
from npstow._progress import Progress, hook

__all__ = ["How", "dumped", "load", "load_other", "save"]

#: Memory that is given to a stream before any of its bytes has come, whatever it declares.
_FIRST = 64 << 20

#: So much is read or written at once.
_PIECE = 16 << 20

#: File objects that take and give memory as it is, without surprises.
_KNOWN = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO, io.BytesIO)


class How(NamedTuple):
    """The options of ``load``."""

    mmap_mode: Any
    #: `None` is as data.
    allow_pickle: bool | None
    pickles: dict[str, Any]
    max_header_size: int
    threads: int | None
    progress: Progress

    @property
    def most(self) -> int:
        """How long a header may be."""
        return _most(self.max_header_size, self.allow_pickle)

    @property
    def strings(self) -> str:
        """What strings of Python 2 are, in pickles that are data."""
        encoding = self.pickles.get("encoding", "ASCII")
        return "auto" if encoding == "ASCII" else encoding


def load_other(path: str, found: Any, how: How) -> Any:
    """What is at a path: ``found`` is the word for what it is, or where the pickle begins."""
    if found == "empty":
        raise _end(path)
    if isinstance(found, int) and how.allow_pickle is None:
        with hook(how.progress, f"loading {path}") as call:
            return _array(_npstow.pickle_load(path, found, how.strings, [], None, call)[0], path)
    if found == "other" and how.allow_pickle is None:
        with hook(how.progress, f"loading {path}") as call:
            return _npstow.load_value(path, how.strings, call)
    with open(path, "rb") as file:
        if found == "stream":
            return load(file, how)
        if found == "other":
            return _bare(file, path, how)
        file.seek(found)
        return _objects(file, how)


def _array(found: Any, path: str | None) -> Any:
    """What the pickle of an array holds: an array, of whatever class."""
    if isinstance(found, np.ndarray) or getattr(found, "array", None) is not None:
        return found
    state = getattr(found, "state", None)
    if getattr(found, "name", None) == "ndarray" and isinstance(state, tuple) and len(state) == 5:
        kind, text = "unsupported", f"not supported: the dtype {state[2]!r} (allow_pickle=True makes it)"
    else:
        kind, text = "corrupt", f"expected an array of objects, found {type(found).__name__!r}"
    raise _errors.make(kind, text if path is None else f"{path}: {text}", path)


def _end(path: str | None) -> _errors.Error:
    text = "No data left in file" if path is None else f"{path}: No data left in file"
    return _errors.make("end", text, path)


def _bare(file: Any, shown: Any, how: How) -> Any:
    """A pickle that is no array's."""
    if how.allow_pickle is None:
        return _data(file, how)
    if not how.allow_pickle:
        raise ValueError(
            f"{shown!r} is neither .npy nor .npz; it may be a pickle, which runs code when it is "
            "loaded: only with allow_pickle=True, if you trust it"
        )
    import pickle

    try:
        return pickle.load(_lines(file), **how.pickles)
    except Exception as e:
        raise pickle.UnpicklingError(f"{shown!r} could not be loaded as a pickle") from e


def _objects(file: Any, how: How) -> Any:
    """The array of objects whose pickle begins where the file is."""
    if how.allow_pickle is None:
        return _array(_data(file, how), name_of(file))
    if not how.allow_pickle:
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    import pickle

    try:
        return pickle.load(_lines(file), **how.pickles)
    except UnicodeError as e:
        text = f"A pickle of Python 2 could not be loaded: {e}; its encoding= may be another one"
        raise UnicodeError(text) from e


def _data(file: Any, how: How) -> Any:
    """The pickle that begins where the file is, as data."""
    from npstow import pickle

    return pickle.load(file, encoding=how.strings, progress=how.progress)


def _lines(file: Any) -> Any:
    """A file object that can be asked for lines, too, as `pickle` does."""
    return file if hasattr(file, "readline") else _Again(b"", file)


def name_of(file: Any) -> str | None:
    """The path of a file object, for errors."""
    name = getattr(file, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None


def load(file: Any, how: How) -> Any:
    """``load`` of a file object, from its position on.

    Nothing is opened anew: that would need another permission, and closing it would give up
    the locks that the program has on the file.
    """
    start = _read(file, 6)
    if not start:
        raise _end(name_of(file))
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return archive(_back(file, start), *how)
    if start != b"\x93NUMPY":
        return _bare(_back(file, start), name_of(file) or file, how)
    if how.mmap_mode:
        raise ValueError("only the file at a path can be mapped, not a file object")
    start += _read(file, 4)
    if len(start) == 10 and start[6] != 1:
        start += _read(file, 2)
    length = _npstow.header_len_of(start, how.most)
    start += _read(file, length - len(start))
    dtype, shape, is_fortran, nbytes = _npstow.parse_header(start, how.most)
    if dtype.hasobject:
        return _objects(file, how)
    with hook(how.progress, f"loading {name_of(file) or 'a stream'}") as call:
        memory = _filled(file, nbytes, length, call)
    return np.ndarray(shape, dtype, memory, order="F" if is_fortran else "C")  # type: ignore


def _read(file: Any, size: int) -> bytes:
    """So many bytes; fewer only where the stream ends."""
    found: bytes = file.read(size) or b""
    if isinstance(found, str):
        raise TypeError(f"{name_of(file) or file!r} gives text: open it in binary mode, 'rb'")
    while len(found) < size:
        more = file.read(size - len(found))
        if not more:
            break
        found += more
    return found


def can_seek(file: Any) -> bool:
    """Whether a file object has a position that can be moved."""
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek")


def _back(file: Any, start: bytes) -> Any:
    """The file as it was before its first bytes were taken."""
    if can_seek(file):
        file.seek(-len(start), 1)
        return file
    return _Again(start, file)


class _Again:
    """A stream of which some first bytes were taken, and are there again; not a byte more than
    asked for is taken of the others.
    """

    def __init__(self, start: bytes, file: Any) -> None:
        self._start = start
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size is None or size < 0:
            found, self._start = self._start, b""
            pieces = [found]
            while more := self._file.read(_PIECE):
                pieces.append(more)
            return b"".join(pieces)
        found, self._start = self._start[:size], self._start[size:]
        return found + _read(self._file, size - len(found)) if len(found) < size else found

    def readline(self) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return line


def _has(file: Any, nbytes: int) -> bool:
    """Whether so many bytes are there to be read, as far as a regular file tells."""
    if type(file) not in _KNOWN:
        return False
    try:
        about = os.fstat(file.fileno())
        return stat.S_ISREG(about.st_mode) and about.st_size - file.tell() >= nbytes
    except (OSError, ValueError):
        return False


def _filled(file: Any, nbytes: int, offset: int, call: Any) -> _npstow.Memory:
    """Memory with the next bytes of a stream; it grows with those that come."""
    memory = _npstow.Memory(nbytes if _has(file, nbytes) else min(nbytes, _FIRST))
    into = file.readinto if type(file) in _KNOWN else None
    done = 0
    while done < nbytes:
        if done == len(memory):
            grown = _npstow.Memory(min(nbytes, 2 * done))
            memoryview(grown)[:done] = memoryview(memory)  # type: ignore
            memory = grown
        with memoryview(memory)[done : done + _PIECE] as place:  # type: ignore
            if into is not None:
                got = into(place) or 0
            else:
                bytes_ = file.read(len(place))
                got = len(bytes_)
                place[:got] = bytes_
        if not got:
            path = name_of(file)
            text = f"expected {nbytes} bytes of data, found the end after {done}"
            text = f"at byte {offset}: {text}" if path is None else f"{path}: at byte {offset}: {text}"
            raise _errors.make("corrupt", text, path, None, offset)
        done += got
        if call is not None:
            call(done, nbytes)
    return memory


def save(
    target: Any,
    array: np.ndarray[Any, Any],
    allow_pickle: bool,
    threads: int | None,
    progress: Progress,
) -> None:
    """``save`` to a file object, or of objects."""
    is_stream = hasattr(target, "write")
    if is_masked(array):
        if not is_stream:
            raise NotImplementedError(
                "a masked array is not saved, for its mask would be lost: save its data and mask"
            )
        warn_of_mask(3)
    if is_bytes(array):
        _save_plain(target, np.asarray(array), is_stream, threads, progress)
        return
    if is_stream:
        _dump(target, array, allow_pickle)
        return
    if not allow_pickle:
        raise _not_allowed(array)
    file = _npstow.NewFile(target)
    try:
        _dump(file, array, allow_pickle)
        file.commit()
    finally:
        file.discard()


def is_masked(array: np.ndarray[Any, Any]) -> bool:
    """Whether something would be lost without the mask."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(array, masked.MaskedArray) and masked.is_masked(array)


def warn_of_mask(stacklevel: int) -> None:
    """Say what NumPy does not."""
    warnings.warn("the mask of a masked array is not saved", UserWarning, stacklevel=stacklevel + 1)


def _not_allowed(array: np.ndarray[Any, Any]) -> ValueError:
    what = "Object arrays" if array.dtype.hasobject else "User-defined dtypes"
    return ValueError(f"{what} cannot be saved when allow_pickle=False")


def _save_plain(
    target: Any, array: np.ndarray[Any, Any], is_stream: bool, threads: Any, progress: Progress
) -> None:
    with hook(progress, "saving" if is_stream else f"saving {target}") as call:
        whole = array.flags.c_contiguous or array.flags.f_contiguous
        if not is_stream or not whole or type(_inner(target)) not in _KNOWN:
            _npstow.save(target, array, threads, call)
            return
        _write(target, header(array))
        is_fortran = not array.flags.c_contiguous
        if not array.nbytes:
            return
        flat = array.reshape(-1, order="F" if is_fortran else "C")
        view = memoryview(flat.view(np.uint8))  # type: ignore
        for start in range(0, len(view), _PIECE):
            _write(target, view[start : start + _PIECE])
            if call is not None:
                call(min(start + _PIECE, len(view)), len(view))


def _inner(file: Any) -> Any:
    tempfile = sys.modules.get("tempfile")
    if tempfile is not None and isinstance(file, tempfile._TemporaryFileWrapper):
        return file.file
    return file


def _write(file: Any, view: Any) -> None:
    """All of the bytes, even where the file takes some at a time."""
    done = file.write(view)
    while isinstance(file, io.FileIO) and done is not None and done < len(view):
        view = view[done:]
        done = file.write(view)


def header(array: np.ndarray[Any, Any]) -> bytes:
    """The header of an array's file."""
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    descr = np.lib.format.dtype_to_descr(array.dtype)
    return _npstow.make_header(descr, array.shape, is_fortran)


def _dump(file: Any, array: np.ndarray[Any, Any], allow_pickle: bool) -> None:
    if not allow_pickle:
        raise _not_allowed(array)
    import pickle

    file.write(header(array))
    pickle.dump(array, file, protocol=4)


def dumped(array: np.ndarray[Any, Any], allow_pickle: bool) -> bytes:
    """The file of an array of objects."""
    file = io.BytesIO()
    _dump(file, array, allow_pickle)
    return file.getvalue()
