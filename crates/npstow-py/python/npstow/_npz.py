"""``NpzFile``, ``savez`` and ``savez_compressed``, as NumPy has them."""

from __future__ import annotations

import io
import os
import weakref
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any

import numpy as np

from npstow import _npstow
from npstow._npy import _most, is_bytes, is_plain, memmap, with_extension
from npstow._progress import Progress, hook

if TYPE_CHECKING:
    from types import TracebackType
    from numpy.typing import ArrayLike

    from npstow._npy import StrPath
    from npstow._types import Readable, Writable

__all__ = ["NpzFile", "savez", "savez_compressed"]


class _Bag:
    """The arrays of an archive by attribute."""

    def __init__(self, of: NpzFile) -> None:
        # Weak, so that the archive is closed as soon as nobody has it.
        self._of = weakref.proxy(of)

    def __getattribute__(self, key: str) -> Any:
        try:
            return object.__getattribute__(self, "_of")[key]
        except KeyError:
            raise AttributeError(key) from None

    def __dir__(self) -> list[str]:
        return list(object.__getattribute__(self, "_of").keys())


class NpzFile(np.lib.npyio.NpzFile):
    """The arrays of an ``.npz`` archive by name, each read when it is asked for.

    `load` makes it. It is what NumPy's class of that name is, and an instance of it: a mapping,
    to be used in a ``with`` block. Names are had with and without ``.npy``; members that are no
    arrays are their bytes. Checksums are verified, and several arrays that are taken one after
    another are read together.

    Attributes
    ----------
    files : list of str
        The names, without ``.npy``.
    f : object
        The arrays by attribute.
    zip : zipfile.ZipFile
        The archive as `zipfile` has it.

    Examples
    --------
    >>> npstow.savez("two.npz", a=np.arange(3), b=np.eye(2))
    >>> with npstow.load("two.npz") as two:
    ...     print(two)
    ...     print(two.f.a, two["b.npy"].shape, "a" in two)
    NpzFile 'two.npz' with keys: a, b
    [0 1 2] (2, 2) True
    """

    def __init__(
        self,
        fid: StrPath | Readable,
        own_fid: bool = False,
        allow_pickle: bool | None = False,
        pickle_kwargs: dict[str, Any] | None = None,
        *,
        max_header_size: int = 10_000,
        mmap_mode: Any = None,
        threads: int | None = None,
        progress: Progress = None,
    ) -> None:
        # For `__del__`, whatever happens here.
        self._archive: _npstow.Archive | None = None
        self._zip: Any = None
        self._again_open: Any = None
        self._fid: Any = None
        self._path: str | None = None
        self._files_known: dict[str, str] | None = None
        self._names: list[str] | None = None
        # Whoever takes one small array after another gets them from few large reads: what was
        # read before it is asked for, which member would come next, how many to read then.
        self._ready: dict[str, Any] = {}
        self._next = -1
        self._batch = 0
        self.allow_pickle = allow_pickle  # type: ignore[assignment]
        self.max_header_size = max_header_size
        self.pickle_kwargs = pickle_kwargs
        self._mmap_mode = _mode(mmap_mode)
        self._progress = progress
        most = _most(max_header_size, allow_pickle)
        if hasattr(fid, "read"):
            self._given: Any = fid
            self._archive = _opened(fid, most, threads)
            if own_fid:
                self._fid = fid
        else:
            self._given = None
            # Where it is whatever folder the program goes to.
            self._path = os.fsdecode(fid)
            self._absolute = os.path.abspath(self._path)
            self._archive = _npstow.Archive.open(self._path, most, threads)
        # It has the names once the file is closed, too.
        self._directory = self._archive
        self.f: Any = _Bag(self)

    @property
    def files(self) -> list[str]:  # type: ignore
        """The names of all members, without ``.npy``."""
        if self._names is None:
            self._names = self._directory.files()
        return self._names

    @property
    def _files(self) -> dict[str, str]:
        """The names of members as they are stored, by all names they are had by."""
        if self._files_known is None:
            stored = self._directory.names()
            known = dict(zip(self.files, stored))
            known.update(zip(stored, stored))
            self._files_known = known
        return self._files_known

    @property
    def zip(self) -> Any:  # type: ignore
        """The archive as `zipfile` has it; `None` when it is closed."""
        if self._zip is None and self._archive is not None:
            import zipfile

            self._zip = zipfile.ZipFile(self._given or self._again())
            if self._given is None:
                self._again_open = self._zip.fp
        return self._zip

    def _again(self) -> Any:
        """The file that is open, once more: another one may stand at its path by now."""
        number = self._open().fileno()
        again = f"/dev/fd/{number}"
        if number < 0 or not os.path.exists(again):
            return open(self._absolute, "rb")
        return open(self._path or again, "rb", opener=lambda _, flags: os.open(again, flags))

    @property
    def fid(self) -> Any:  # type: ignore
        """The file object, where it is this object's to close."""
        if self._fid is None and self._path is not None and self._archive is not None:
            self._fid = self._again()
        return self._fid

    def _open(self) -> _npstow.Archive:
        if self._archive is None:
            raise ValueError("the archive is closed")
        return self._archive

    def close(self) -> None:
        """Close the file."""
        archive, self._archive = self._archive, None
        self._ready = {}
        if archive is not None:
            archive.close()
        if self._zip is not None:
            self._zip.close()
            self._zip = None
        if self._again_open is not None:
            # Given a file object, `zipfile` leaves it open.
            self._again_open.close()
            self._again_open = None
        if self._fid is not None:
            self._fid.close()
        self.f = None

    def __enter__(self) -> NpzFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_archive", None) is not None:
            self.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def __contains__(self, key: object) -> bool:
        return key in self._files

    def __getitem__(self, key: Any) -> Any:
        # No array is twice the same object.
        found = self._ready.pop(key, None)
        if found is not None:
            return found
        archive = self._open()
        if not isinstance(key, str):
            raise KeyError(f"{key} is not a file in the archive")
        if self._mmap_mode:
            found = self._mapped(archive, key)
            if found is not None:
                return found
        place = archive.position(key)
        if place is None:
            raise KeyError(f"{key} is not a file in the archive")
        if self._progress:
            with hook(self._progress, f"loading {key}") as call:
                found = archive.get(key, place, call)
        else:
            found = self._one_of_many(archive, key, place)
        if found is None:
            return self._objects(archive, key)
        return found

    def _one_of_many(self, archive: _npstow.Archive, key: str, place: int) -> Any:
        if place != self._next:
            self._ready, self._next, self._batch = {}, place + 1, 0
            return archive.get(key, place)
        self._batch = min(max(8, 2 * self._batch), 1024)
        try:
            arrays = archive.ahead(place, self._batch)
        except Exception:
            # What is wrong with one of them is told when it is asked for.
            arrays = []
        if not arrays:
            self._next, self._batch = place + 1, 0
            return archive.get(key, place)
        self._next = place + len(arrays)
        self._ready = dict(zip(self.files[place + 1 : self._next], arrays[1:]))
        return arrays[0]

    def _objects(self, archive: _npstow.Archive, key: str) -> Any:
        from npstow import _stream

        most = self.max_header_size
        how = _stream.How(None, self.allow_pickle, self.pickle_kwargs or {}, most, None, None)  # type: ignore
        if self.allow_pickle is not None and not self.allow_pickle:
            return _stream._objects(None, how)
        file = io.BytesIO(archive.raw(key))  # type: ignore[arg-type]
        return _stream.load(file, how)

    def _mapped(self, archive: _npstow.Archive, key: str) -> Any:
        """A stored array where it lies in the file; `None` for what is packed."""
        if self._path is None or key not in self._files:
            return None
        place = archive.place(key)
        if place is None:
            return None
        dtype, shape, is_fortran, offset = place
        order: Any = "F" if is_fortran else "C"
        number = archive.fileno()
        return memmap(self._absolute, dtype, shape, order, offset, self._mmap_mode, number)

    def _ipython_key_completions_(self) -> list[str]:
        return self.files

    def get(self, key: str, default: Any = None, /) -> Any:
        """The array of that name, or the default."""
        return Mapping.get(self, key, default)

    def items(self) -> ItemsView[str, Any]:
        """Names and arrays, read as they are taken."""
        return Mapping.items(self)

    def keys(self) -> KeysView[str]:
        """The names."""
        return Mapping.keys(self)

    def values(self) -> ValuesView[Any]:
        """The arrays, read as they are taken."""
        return Mapping.values(self)

    def __repr__(self) -> str:
        name = self._path or getattr(self._given, "name", "object")
        if self._archive is None:
            return f"NpzFile {name!r} (closed)"
        shown = ", ".join(self.files[:5]) + ("..." if len(self.files) > 5 else "")
        return f"NpzFile {name!r} with keys: {shown}"


def _mode(mmap_mode: Any) -> Any:
    if mmap_mode in (None, "", "r", "c", "readonly", "copyonwrite"):
        return mmap_mode or None
    raise ValueError(
        f"mmap_mode {mmap_mode!r} of an archive: changes of its arrays would break their "
        "checksums ('r' and 'c' map them; npstow.edit changes them)"
    )


def _opened(file: Any, most: int, threads: int | None) -> _npstow.Archive:
    """The archive in a file object, whatever its position."""
    if type(file) is io.BytesIO:
        return _npstow.Archive.of_bytes(file.getvalue(), most, threads)
    from npstow import _stream

    is_packed = type(file).__module__ in ("gzip", "bz2", "lzma")
    if is_packed:
        # Going back in it means unpacking all again.
        file.seek(0)
    if is_packed or not _stream.can_seek(file):
        return _npstow.Archive.of_bytes(file.read(), most, threads)
    return _npstow.Archive.of_object(file, most, threads)


def savez(
    file: StrPath | Writable,
    *args: ArrayLike | Mapping[str, ArrayLike],
    allow_pickle: bool = True,
    **kwds: Any,
) -> None:
    """Save arrays to an ``.npz`` archive, as `numpy.savez` does.

    Parameters
    ----------
    file : str, path-like, or file object
        Where they are saved. A path gets the extension ``.npz`` unless it has it; the old file
        stays until the new one is whole.
    *args : array_like
        Arrays that are called ``arr_0``, ``arr_1``, and so on. Or one mapping of names to
        arrays, for names of any kind (``file``, ``a/b``); with it, keywords are options.
    allow_pickle : bool, optional
        Whether arrays of objects are pickled.
    **kwds : array_like
        Arrays by their names. Beside a mapping: ``level`` (from 0 to 12) packs the arrays,
        ``threads`` says how many threads work, ``progress`` is called with the bytes done and
        the bytes there are to do (`True` is a bar of tqdm).

    Examples
    --------
    >>> npstow.savez("x.npz", np.arange(3), b=[1.5])
    >>> {name: array.tolist() for name, array in np.load("x.npz").items()}
    {'b': [1.5], 'arr_0': [0, 1, 2]}
    >>> npstow.savez("x.npz", {"file": [1], "a/b": [2]}, level=6, threads=1)
    >>> npstow.load("x.npz").files
    ['file', 'a/b']
    """
    _savez(file, args, kwds, None, allow_pickle)


def savez_compressed(
    file: StrPath | Writable,
    *args: ArrayLike | Mapping[str, ArrayLike],
    allow_pickle: bool = True,
    **kwds: Any,
) -> None:
    """Save arrays to an ``.npz`` archive, packed, as `numpy.savez_compressed` does.

    All cores pack, and a part of a large array can be read without unpacking the rest of it.

    Parameters
    ----------
    file, *args, allow_pickle, **kwds
        As for `savez`; the ``level`` is 6 unless it is said beside a mapping.

    Examples
    --------
    >>> npstow.savez_compressed("x.npz", zeros=np.zeros(100_000))
    >>> import os
    >>> os.path.getsize("x.npz") < 2000
    True
    >>> npstow.savez_compressed("x.npz", {"zeros": np.zeros(100_000)}, level=1)
    """
    _savez(file, args, kwds, 6, allow_pickle)


def _savez(
    file: Any, args: tuple[Any, ...], kwds: dict[str, Any], level: int | None, allow_pickle: bool
) -> None:
    threads: int | None = None
    progress: Progress = None
    named: Mapping[str, Any] = kwds
    if len(args) == 1 and isinstance(args[0], Mapping):
        from npstow import _given

        named, level, threads, progress = _options(_given.members(args[0]), level, **kwds)
    else:
        for number, array in enumerate(args):
            name = f"arr_{number}"
            if name in kwds:
                raise ValueError(f"Cannot use un-named variables and keyword {name}")
            kwds[name] = array
    if not hasattr(file, "write"):
        file = with_extension(file, ".npz")
    members = _members(named, allow_pickle)
    with hook(progress, "saving") as call:
        _npstow.savez(file, members, level, threads, call)


def _options(
    named: Mapping[str, Any],
    default: int | None,
    level: int | None = None,
    threads: int | None = None,
    progress: Progress = None,
    **others: Any,
) -> tuple[Mapping[str, Any], int | None, int | None, Progress]:
    if others:
        raise TypeError(
            f"beside a mapping of arrays, keywords are options (level, threads, progress), not "
            f"arrays: {', '.join(others)}"
        )
    for name in named:
        if not isinstance(name, str):
            raise TypeError(f"names are text, not {type(name).__name__}: {name!r}")
    if level is not None and not 0 <= level <= 12:
        raise ValueError(f"level {level!r} is not from 0 to 12")
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    return named, default if level is None else level, threads, progress


def _members(named: Mapping[str, Any], allow_pickle: bool) -> list[tuple[str, Any]]:
    """What the extension writes; most of thousands of arrays are alike, and looked at once."""
    members = []
    plain = None
    for name, given in named.items():
        if type(given) is not np.ndarray or given.dtype is not plain:
            given = _member(given, allow_pickle)
            if type(given) is np.ndarray and is_plain(given):
                plain = given.dtype
        members.append((name, given))
    return members


def _member(given: Any, allow_pickle: bool) -> Any:
    """What the extension writes: an array, or the whole file of an array of objects."""
    array = np.asanyarray(given)
    if is_plain(array):
        return array
    from npstow import _stream

    if _stream.is_masked(array):
        _stream.warn_of_mask(5)
    if not is_bytes(array):
        return _stream.dumped(array, allow_pickle)
    return np.asarray(array)
