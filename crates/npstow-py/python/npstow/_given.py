"""What users give to be written or compared, in the form that the extension takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from npstow._attrs import Attributes
from npstow._tree import Node, open

if TYPE_CHECKING:
    from npstow._types import Noted

__all__ = ["Given", "array_of", "given", "members", "opened", "packed"]


class Given:
    """Arrays, nodes, and groups (`None`) with their paths, and notes with theirs."""

    __slots__ = ("items", "notes")

    def __init__(self) -> None:
        self.items: list[tuple[str, Any]] = []
        self.notes: list[tuple[str, Noted]] = []


def packed(
    tree: Any, attrs: Mapping[str, Mapping[str, object]] | None = None
) -> Given:
    """Take a tree apart: a node, a mapping of names to such, or an array."""
    found = Given()
    _walk("", tree, found)
    for path, values in (attrs or {}).items():
        noted = values if isinstance(values, Attributes) else Attributes(values)
        found.notes.append((path, noted._noted()))
    return found


def given(what: Any) -> Given:
    """As `packed`, of what may be a path, too."""
    return packed(opened(what) if isinstance(what, (str, bytes, os.PathLike)) else what)


def opened(what: Any) -> Node:
    """The node of a path, or the node itself."""
    return what if isinstance(what, Node) else open(what)


def _walk(path: str, what: Any, found: Given) -> None:
    if isinstance(what, Node):
        found.items.append((path, what._node))
        return
    if not isinstance(what, Mapping):
        found.items.append((path, array_of(what, path)))
        return
    notes = getattr(what, "_noted_items", None)
    if notes is not None:
        for name, attributes in notes():
            found.notes.append((_join(path, name) if name else path, attributes._noted()))
    if path:
        # So that a group without names is one, too.
        found.items.append((path, None))
    # Most of thousands of arrays are alike, and looked at once.
    plain = None
    for name, part in _parts(what):
        if not isinstance(name, str):
            raise TypeError(f"names are text, not {type(name).__name__}: {name!r}")
        if not name:
            raise ValueError("a name is empty: one array without a name is given as itself")
        if not name.isascii():
            # What is no Unicode says so itself.
            name.encode()
        if type(part) is not np.ndarray:
            _walk(_join(path, name), part, found)
            continue
        if part.dtype is not plain:
            plain = array_of(part, _join(path, name)).dtype
        found.items.append((_join(path, name), part))


def _parts(what: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    parts = getattr(what, "_parts", None)
    return parts() if parts is not None else members(what).items()


def members(what: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a mapping holds; of a dataset of xarray the coordinates, too, which its items lack."""
    if hasattr(what, "data_vars") and hasattr(what, "variables"):
        return {str(name): variable.values for name, variable in what.variables.items()}
    return what


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def array_of(what: Any, path: str) -> np.ndarray[Any, Any]:
    """The array that is written; what would lose something is refused."""
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(what, masked.MaskedArray):
        raise TypeError(f"{path!r} has a mask, which would be lost: give its data and its mask")
    array = np.asarray(what)
    if array.dtype.hasobject:
        raise ValueError(
            f"Object arrays cannot be saved when allow_pickle=False: {path!r} has the dtype "
            f"{array.dtype} (npstow.save(..., allow_pickle=True) pickles it)"
        )
    return array
