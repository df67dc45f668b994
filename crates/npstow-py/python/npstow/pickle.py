"""Python's pickles as data: read without running anything, looked through, written.

What is plain data comes back as what it was; everything else is an `npstow.Object`, which says
what it is and does nothing.

>>> import datetime
>>> npstow.pickle.loads(npstow.pickle.dumps({"x": [1, 2.5], "when": datetime.date(2026, 1, 2)}))
{'x': [1, 2.5], 'when': datetime.date(2026, 1, 2)}
>>> npstow.pickle.loads(b"cos\\nsystem\\n(S'rm -rf /'\\ntR.")
<npstow.Object os.system('rm -rf /')>
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from npstow import _npstow
from npstow._progress import Progress, hook
from npstow._value import Extension, Global, Object, Persistent

if TYPE_CHECKING:
    from typing import TypeAlias

    from npstow._npy import StrPath
    from npstow._types import Readable, Writable

    Encoding: TypeAlias = Literal["auto", "bytes", "latin1", "ascii", "utf-8"]
    Verdict: TypeAlias = Literal["data", "harmless", "unknown", "code"]

__all__ = [
    "Extension",
    "Global",
    "Mention",
    "Object",
    "Persistent",
    "Scan",
    "dump",
    "dumps",
    "launder",
    "load",
    "loads",
    "scan",
]


def loads(
    data: Any,
    *,
    encoding: str = "auto",
    buffers: Iterable[Any] | None = None,
    persistent_load: Callable[[Any], Any] | None = None,
) -> Any:
    """Load the pickle that some bytes begin with; nothing of it is run.

    Parameters
    ----------
    data : bytes-like
        The pickle.
    encoding : {'auto', 'bytes', 'latin1', 'ascii', 'utf-8'}, optional
        What a ``str`` of Python 2 is: by default text where it is ASCII, and bytes elsewhere.
    buffers : iterable of bytes-like, optional
        The buffers that were pickled out of band (PEP 574), in their order. Arrays in them are
        not copied.
    persistent_load : callable, optional
        Called with each persistent identifier, for the object that it stands for. By default
        that is an `npstow.pickle.Persistent`.

    Returns
    -------
    any object
        Numbers, text, bytes, containers, dates, decimals, fractions, paths, arrays, dtypes and
        the like as what they are; shared parts are shared, and cycles are there. All else as
        `npstow.Object`, `npstow.pickle.Global`, ...

    Raises
    ------
    npstow.Error
        The pickle is damaged, which is said with the offset.

    Examples
    --------
    >>> import pickle
    >>> npstow.pickle.loads(pickle.dumps([1, (2, "x"), {3.5}, np.arange(3)]))
    [1, (2, 'x'), {3.5}, array([0, 1, 2])]
    >>> npstow.pickle.loads(b"U\\x02\\xb5mq\\x00.", encoding="latin1")
    'µm'
    """
    given = [] if buffers is None else list(buffers)
    return _npstow.pickle_load(data, 0, encoding, given, persistent_load)[0]


def load(
    file: StrPath | Readable,
    *,
    encoding: str = "auto",
    buffers: Iterable[Any] | None = None,
    persistent_load: Callable[[Any], Any] | None = None,
    progress: Progress = None,
) -> Any:
    """Load a pickle from a path or a file object; nothing of it is run.

    Parameters
    ----------
    file : str, path-like, or file object
        A file object is read from its position, and left behind the pickle, so that several
        pickles of one file are loaded one after another. One that has no ``seek`` is read to its
        end.
    encoding, buffers, persistent_load
        As for `loads`.
    progress : callable or bool, optional
        Called with the bytes of large arrays that are read, and those there are to read; `True`
        is a bar of tqdm.

    Examples
    --------
    >>> with open("two.pkl", "wb") as f:
    ...     npstow.pickle.dump([1], f)
    ...     npstow.pickle.dump({"a": 2}, f)
    >>> with open("two.pkl", "rb") as f:
    ...     print(npstow.pickle.load(f), npstow.pickle.load(f))
    [1] {'a': 2}
    """
    given = [] if buffers is None else list(buffers)
    with hook(progress, "loading a pickle") as call:
        if not hasattr(file, "read"):
            path = _path(file)
            return _npstow.pickle_load(path, 0, encoding, given, persistent_load, call)[0]
        return _load_stream(file, encoding, given, persistent_load, call)


def _path(path: Any) -> str:
    text = os.fsdecode(path)
    if "\0" in text:
        raise ValueError("embedded null byte")
    return text


def _load_stream(file: Any, encoding: str, given: list[Any], persistent: Any, call: Any) -> Any:
    from npstow import _stream

    if not _stream.can_seek(file):
        pieces = []
        while piece := file.read(_stream._PIECE):
            pieces.append(piece)
        data = b"".join(pieces)
        return _npstow.pickle_load(data, 0, encoding, given, persistent, call)[0]
    start = file.tell()
    origin = file
    if type(file) is io.BytesIO:
        # Its bytes are there: no call for each read. What is pickled stays as it is meanwhile.
        origin = file.getbuffer()
    try:
        found, end = _npstow.pickle_load(origin, start, encoding, given, persistent, call)
    except BaseException:
        if origin is file:
            file.seek(start)
        raise
    finally:
        if origin is not file:
            origin.release()
    file.seek(end)
    return found


def dumps(
    obj: Any,
    protocol: int | None = None,
    *,
    persistent_id: Callable[[Any], Any] | None = None,
) -> bytes:
    """The pickle of an object that is data; the same object makes the same bytes.

    Parameters
    ----------
    obj : object
        Whatever `loads` gives: builtins, dates and the like, arrays, `npstow.Object`. Objects of
        other classes are refused by their name, those that extend a builtin as well.
    protocol : {2, 3, 4, 5}, optional
        4 by default, which Python reads from 3.4 on.
    persistent_id : callable, optional
        Called with each object; what it gives stands for the object, unless it is `None`.

    Raises
    ------
    npstow.UnsupportedError
        Something in it is no data.

    Examples
    --------
    >>> npstow.pickle.dumps((1, 2))
    b'\\x80\\x04K\\x01K\\x02\\x86.'
    >>> npstow.pickle.dumps([print])
    Traceback (most recent call last):
    npstow._errors.UnsupportedError: not supported: the function builtins.print in a pickle of data
    """
    made = _npstow.pickle_dump(obj, None, _protocol(protocol), persistent_id)
    assert made is not None
    return made


def dump(
    obj: Any,
    file: StrPath | Writable,
    protocol: int | None = None,
    *,
    persistent_id: Callable[[Any], Any] | None = None,
    progress: Progress = None,
) -> None:
    """Write the pickle of an object that is data to a path or a file object.

    Parameters
    ----------
    obj, protocol, persistent_id
        As for `dumps`.
    file : str, path-like, or file object
        At a path, the old file stays until the new one is whole.
    progress : callable or bool, optional
        Called with the bytes written and the bytes there are to write; `True` is a bar of tqdm.

    Examples
    --------
    >>> npstow.pickle.dump({"weights": np.arange(3.0)}, "model.pkl")
    >>> npstow.open("model.pkl")["weights"].shape
    (3,)
    """
    target = file if hasattr(file, "write") else _path(file)
    with hook(progress, "writing a pickle") as call:
        _npstow.pickle_dump(obj, target, _protocol(protocol), persistent_id, call)


def _protocol(protocol: int | None) -> int:
    if protocol is None:
        return 4
    # As in `pickle`: the highest.
    return 5 if protocol < 0 else min(protocol, 255)


def launder(
    origin: StrPath | Readable | bytes,
    target: StrPath | Writable | None = None,
    *,
    protocol: int | None = None,
    encoding: str = "auto",
) -> bytes | None:
    """Write a pickle anew with nothing in it but data.

    What is no data (objects, classes, functions) becomes a dictionary that says what it was, so
    that loading the new pickle, with whatever, makes nothing else.

    Parameters
    ----------
    origin : str, path-like, file object, or bytes-like
        The pickle.
    target : str, path-like, or file object, optional
        Where the new one goes; by default its bytes are returned.
    protocol : {2, 3, 4, 5}, optional
        4 by default.
    encoding : str, optional
        What a ``str`` of Python 2 is; see `loads`.

    Examples
    --------
    >>> import pickle
    >>> pickle.loads(npstow.pickle.launder(b"cos\\nsystem\\n(S'true'\\ntR."))
    {'$object': {'class': 'os.system', 'args': ('true',)}}
    """
    if target is not None and not hasattr(target, "write"):
        target = _path(target)
    return _npstow.pickle_launder(_origin(origin), target, _protocol(protocol), encoding)


class Mention(NamedTuple):
    """A name that a pickle uses.

    Attributes
    ----------
    offset : int
        The byte of the opcode that brings it; within a string that was decoded, where in that.
    module : str or None
        The module; `None` for an extension or a persistent identifier.
    name : str
        The name in it, or what else it is.
    verdict : {'data', 'harmless', 'unknown', 'code'}
        What is known of it: data that npstow rebuilds; a class that is known to hold data;
        nothing; that it runs code or reaches for something that does.
    depth : int
        How many pickles it is within, beside the one that the file is.
    """

    offset: int
    module: str | None
    name: str
    verdict: Verdict
    depth: int


class Scan(NamedTuple):
    """What a pickle names.

    Attributes
    ----------
    mentions : list of Mention
        Every name, in the order of the file.
    pickles : int
        How many pickles there are: one behind another, and one within another.
    end : int
        Where the first one ends.
    verdict : {'data', 'harmless', 'unknown', 'code'}
        The worst of all.
    fault : npstow.Error or None
        What is wrong with the pickle, where it cannot be read to its end.
    """

    mentions: list[Mention]
    pickles: int
    end: int
    verdict: Verdict
    fault: Exception | None


def scan(origin: StrPath | Readable | bytes) -> Scan:
    """List all that the pickles in a file name, before anybody loads it.

    Parameters
    ----------
    origin : str, path-like, file object, or bytes-like
        A pickle, a dump of joblib, a file or an archive with arrays of objects, a checkpoint of
        PyTorch or a shelf: at a path, in all of a file object, or in memory.

    Notes
    -----
    A verdict is no promise: a list of what is dangerous is never whole, and ``'unknown'`` says
    just that. npstow itself runs nothing, whatever the verdict.

    Examples
    --------
    >>> found = npstow.pickle.scan(b"cposix\\nsystem\\n(S'true'\\ntR.")
    >>> found.verdict, found.mentions[0]
    ('code', Mention(offset=0, module='posix', name='system', verdict='code', depth=0))
    """
    mentions, pickles, end, verdict, fault = _npstow.pickle_scan(_origin(origin))
    return Scan([Mention(*mention) for mention in mentions], pickles, end, verdict, fault)


def _origin(origin: Any) -> Any:
    """A path as text; file objects that cannot seek as their bytes; all else as it is."""
    if isinstance(origin, (str, os.PathLike)):
        return _path(origin)
    if hasattr(origin, "read"):
        from npstow import _stream

        return origin if _stream.can_seek(origin) else origin.read()
    return origin
