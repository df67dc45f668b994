"""Types of what passes between Python and the extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias, TypedDict

import numpy as np

__all__ = ["Call", "Described", "Durability", "Format", "Noted", "Readable", "Saving", "Writable"]

#: Called with the bytes done and the bytes there are to do.
Call: TypeAlias = Callable[[int, int], object] | None

#: The dtype, shape, order, bytes in memory, bytes in the file, offset, packing.
Described: TypeAlias = tuple[
    np.dtype[Any], tuple[int, ...], Literal["C", "F"], int, int, int | None, str | None
]

#: Metadata, names, labels.
Noted: TypeAlias = tuple[str, list[str], list[str]]

#: What is written: the formats by their names.
Format: TypeAlias = Literal["npy", "npz", "folder", "pickle", "joblib", "hdf5"]

#: What is waited for before a file counts as saved.
Durability: TypeAlias = Literal["none", "replace", "file", "full"]


class Readable(Protocol):
    """A file object as far as `load` needs it; ``seek`` and the like are used where they are."""

    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    """A file object as far as `save` needs it."""

    def write(self, data: Any, /) -> Any: ...


class Saving(TypedDict):
    """How files are written; `None` is the default of the library."""

    format: str | None
    level: int | None
    order: str | None
    byte_order: str | None
    version: tuple[int, int] | None
    profile: str | None
    protocol: int | None
    libver: str | None
    resizable: bool | None
    durability: str | None
