"""What goes wrong, as exceptions: npstow's own, and what users of NumPy catch as well."""

from __future__ import annotations

import errno as _errno
from typing import Any

__all__ = [
    "CorruptError",
    "Error",
    "ExistsError",
    "InvalidError",
    "IoError",
    "LimitError",
    "MismatchError",
    "NotFoundError",
    "OutOfMemoryError",
    "SelectionError",
    "UnsupportedError",
]


class Error(Exception):
    """Whatever npstow raises; the text says what was expected, what was found, and where.

    Attributes
    ----------
    kind : str
        Who has to act: ``'io'``, ``'corrupt'``, ``'unsupported'``, ``'limit'``, ``'mismatch'``,
        ``'not found'``, ``'exists'``, ``'invalid'``, ``'memory'``.
    path : str or None
        The file, where known.
    member : str or None
        The member of the file, where known.
    offset : int or None
        The byte of the file, or of the unpacked member, where known.
    """

    kind = "other"
    path: str | None = None
    member: str | None = None
    offset: int | None = None
    _text: str | None = None

    def __str__(self) -> str:
        return super().__str__() if self._text is None else self._text

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, dict(self.__dict__))


class CorruptError(Error, ValueError):
    """The file is damaged, or was never of its format."""

    kind = "corrupt"


class UnsupportedError(Error, NotImplementedError, ValueError):
    """The file is valid (or may be), but npstow does not do this."""

    kind = "unsupported"


class LimitError(Error, ValueError):
    """The file claims more than is allowed before any of it is verified."""

    kind = "limit"


class MismatchError(Error, ValueError):
    """The data are fine, but not what was asked for: another dtype, shape or layout."""

    kind = "mismatch"


class NotFoundError(Error, KeyError):
    """No such name in the file."""

    kind = "not found"


class ExistsError(Error, ValueError):
    """The name or the file is there already."""

    kind = "exists"


class InvalidError(Error, ValueError):
    """The request makes no sense."""

    kind = "invalid"


class SelectionError(InvalidError, IndexError):
    """The array has no such part."""


class IoError(Error, OSError):
    """The operating system refused; ``errno``, ``strerror`` and ``filename`` say more."""

    kind = "io"


class MissingFileError(IoError, FileNotFoundError):
    """There is no such file."""


class ForbiddenError(IoError, PermissionError):
    """The file may not be read or written."""


class IsFolderError(IoError, IsADirectoryError):
    """The path is that of a folder."""


class NoFolderError(IoError, NotADirectoryError):
    """A step of the path is no folder."""


class FileIsThereError(IoError, FileExistsError):
    """There is such a file already."""


class PipeError(IoError, BrokenPipeError):
    """Nobody reads any more."""


class OutOfMemoryError(Error, MemoryError):
    """There is not enough memory."""

    kind = "memory"


class EndError(Error, EOFError):
    """Nothing is left in the file."""

    kind = "corrupt"


_BY_KIND: dict[str, type[Error]] = {
    "corrupt": CorruptError,
    "unsupported": UnsupportedError,
    "limit": LimitError,
    "mismatch": MismatchError,
    "not found": NotFoundError,
    "exists": ExistsError,
    "invalid": InvalidError,
    "index": SelectionError,
    "memory": OutOfMemoryError,
    "end": EndError,
    "other": Error,
}

_BY_ERRNO: dict[int | None, type[IoError]] = {
    _errno.ENOENT: MissingFileError,
    _errno.EACCES: ForbiddenError,
    _errno.EPERM: ForbiddenError,
    _errno.EISDIR: IsFolderError,
    _errno.ENOTDIR: NoFolderError,
    _errno.EEXIST: FileIsThereError,
    _errno.EPIPE: PipeError,
}


def _bad_zip() -> type[Error]:
    """The class for damaged archives, made when it is needed: ``zipfile`` is slow to import."""
    found = globals().get("BadZipError")
    if found is None:
        import zipfile

        class BadZipError(CorruptError, zipfile.BadZipFile):
            """The archive is damaged."""

        BadZipError.__qualname__ = "BadZipError"
        found = globals().setdefault("BadZipError", BadZipError)
    return found  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    if name == "BadZipError":
        return _bad_zip()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def make(
    kind: str,
    text: str,
    path: str | None = None,
    member: str | None = None,
    offset: int | None = None,
    errno: int | None = None,
) -> Error:
    """The exception for an error of the library."""
    path = None if path is None else str(path)
    if kind == "limit" and "an NPY header" in text:
        text += ". Header too large to be read unless you trust the file: see max_header_size"
    error: Error
    if kind == "io":
        import os

        io_class = _BY_ERRNO.get(errno, IoError)
        strerror = text if errno is None else os.strerror(errno)
        error = io_class(errno, strerror, path) if errno is not None else io_class(text)
    elif kind == "bad zip":
        error = _bad_zip()(text)
    else:
        error = _BY_KIND.get(kind, Error)(text)
    error._text, error.path, error.member, error.offset = text, path, member, offset
    return error


def _again(cls: type[Error], args: tuple[Any, ...], known: dict[str, Any]) -> Error:
    error = cls(*args)
    error.__dict__.update(known)
    return error
