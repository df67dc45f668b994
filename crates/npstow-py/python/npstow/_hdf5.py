"""What HDF5 has and other formats have not: attributes of any type, elements of any length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from npstow import _npstow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from npstow._types import Noted

__all__ = ["FileAttributes"]


def filled(
    elements: list[Any], dtype: np.dtype[Any], shape: tuple[int, ...]
) -> NDArray[Any]:
    """An array of elements that have no fixed length."""
    array: NDArray[Any] = np.empty(len(elements), dtype)
    for at, element in enumerate(elements):
        array[at] = element
    return array.reshape(shape)


class FileAttributes(Mapping[str, Any]):
    """Attributes of an HDF5 object by their names, in the order of the file.

    Text is `str`, a number a scalar of NumPy, anything else an array; an array of texts or
    sequences is one of objects. A reference is the path of what it leads to. They are read
    once, and cannot be changed.
    """

    __slots__ = ("_node", "_values")

    def __init__(self, node: _npstow.Node) -> None:
        self._node = node
        self._values: dict[str, Any] = {}
        for name, value, form in node.attributes():
            if form is not None:
                value = filled(value, *form)
            is_one = isinstance(value, np.ndarray) and value.ndim == 0
            self._values[name] = value[()] if is_one else value

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"npstow.FileAttributes({self._values!r})"

    @property
    def names(self) -> list[str]:
        """Names of the rows, where npstow wrote some."""
        return self._noted()[1]

    @property
    def labels(self) -> list[str]:
        """Labels of the columns, where npstow wrote some."""
        return self._noted()[2]

    def _noted(self) -> Noted:
        """All as text; what is none is refused by name."""
        return self._node.notes()
