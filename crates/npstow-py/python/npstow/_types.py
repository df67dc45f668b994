"""Types of what passes between Python and the extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np

__all__ = ["Call", "Described", "Durability", "Noted", "Saving"]

#: Called with the bytes done and the bytes there are to do.
Call: TypeAlias = Callable[[int, int], object] | None

#: The dtype, shape, order, bytes in memory, bytes in the file, offset, packing.
Described: TypeAlias = tuple[
    np.dtype[Any], tuple[int, ...], Literal["C", "F"], int, int, int | None, str | None
]

#: Metadata, names, labels.
Noted: TypeAlias = tuple[str, list[str], list[str]]

#: What is waited for before a file counts as saved.
Durability: TypeAlias = Literal["none", "replace", "file", "full"]


class Saving(TypedDict):
    """How files are written; `None` is the default of the library."""

    format: str | None
    level: int | None
    order: str | None
    byte_order: str | None
    version: tuple[int, int] | None
    profile: str | None
    durability: str | None
