"""What stands between brackets, in the few words that the extension knows."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

__all__ = ["simple"]


def simple(key: Any, shape: tuple[int, ...]) -> list[Any]:
    """Turn a key for an array of that shape into whole numbers, slices, ``...``, ``None``, lists.

    Of what NumPy calls advanced indexing, one list of indices or one mask of one axis can be
    read without reading the rest; all else is refused, so that nobody reads a whole file for
    two elements unawares.
    """
    words = list(key) if isinstance(key, tuple) else [key]
    found: list[Any] = []
    for at, word in enumerate(words):
        if word is None or word is Ellipsis or isinstance(word, slice):
            found.append(word)
        elif isinstance(word, (bool, np.bool_)):
            raise IndexError("True and False are no indices of what is in a file: read it first")
        elif isinstance(word, (list, np.ndarray)):
            found.append(_picked(word, _axis(words, at, shape), shape))
        else:
            found.append(_number(word))
    lists = sum(isinstance(word, (list, np.ndarray)) for word in found)
    if lists > 1 or (lists and any(isinstance(word, int) for word in found)):
        raise IndexError(
            "a list of indices beside another index of one element: take one at a time, as in "
            "node[[1, 5]][:, 0], or read the array first"
        )
    return found


def _number(word: Any) -> int:
    try:
        return operator.index(word)
    except TypeError:
        raise IndexError(
            f"{word!r} is no index of what is in a file: these are whole numbers, slices, '...', "
            "None, and one list of whole numbers or mask of one axis"
        ) from None


def _axis(words: list[Any], at: int, shape: tuple[int, ...]) -> int:
    """Which axis the word at that place is about."""
    before = sum(word is not None and word is not Ellipsis for word in words[:at])
    if not any(word is Ellipsis for word in words[:at]):
        return before
    named = sum(word is not None and word is not Ellipsis for word in words)
    return before + max(len(shape) - named, 0)


def _picked(given: Any, axis: int, shape: tuple[int, ...]) -> Any:
    """Whole numbers, as a list or an array of ``int64``, whichever it is sooner."""
    if type(given) is list and set(map(type, given)) == {int}:
        return given
    word = np.asarray(given)
    if word.ndim != 1:
        raise IndexError(f"a list of indices has one axis, not {word.ndim}: read the array first")
    if word.dtype == np.bool_:
        length = shape[axis] if axis < len(shape) else 0
        if len(word) != length:
            raise IndexError(
                f"boolean index did not match indexed array along axis {axis}; size of axis is "
                f"{length} but size of corresponding boolean axis is {len(word)}"
            )
        return np.flatnonzero(word).astype(np.int64, copy=False)
    if word.size and word.dtype.kind not in "iu":
        raise IndexError("lists used as indices must be of whole numbers or booleans")
    if not word.size:
        return []
    # What does not fit is refused by whoever takes the list.
    is_long = word.dtype.kind == "u" and word.dtype.itemsize == 8
    return word.tolist() if is_long else word.astype(np.int64)
