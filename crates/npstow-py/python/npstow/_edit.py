"""Files changed in place: archives, and arrays that grow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from npstow import _npstow
from npstow._attrs import Attributes
from npstow._given import array_of, packed
from npstow._save import _saving

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import ArrayLike

    from npstow._tree import StrPath
    from npstow._types import Durability

__all__ = ["Appender", "Editor", "append", "compact", "edit"]


class Editor:
    """An ``.npz`` archive open for changes, which count when the ``with`` block ends well.

    Nothing that stays is written again. Where the block is left by an exception, the archive
    is as it was before. Meanwhile readers see the old archive, and other editors are refused.

    `edit` makes it.
    """

    __slots__ = ("_raw",)

    def __init__(self, raw: _npstow.Editor) -> None:
        self._raw = raw

    def add(self, name: str, what: Any) -> None:
        """Add an array, a mapping of arrays, or a node of a file, under a new name.

        Parameters
        ----------
        name : str
            The name, which may be a path.
        what : array_like, mapping, or Node
            What is added.
        """
        self._put(name, what, replace=False)

    def replace(self, name: str, what: Any) -> None:
        """As `add`, in the place of what has the name, where something has it."""
        self._put(name, what, replace=True)

    def _put(self, name: str, what: Any, replace: bool) -> None:
        self._raw.put(packed({name: what}), name if replace else None)

    def __setitem__(self, name: str, what: Any) -> None:
        self.replace(name, what)

    def __delitem__(self, name: str) -> None:
        self.delete(name)

    def delete(self, name: str) -> None:
        """Take an array, or a group with all that is in it, out of the archive."""
        self._raw.remove(name)

    def rename(self, old: str, new: str) -> None:
        """Give an array, or a group, another name; its data are copied as they are packed."""
        self._raw.rename(old, new)

    def set_attrs(self, name: str, attrs: Mapping[str, object]) -> None:
        """Write metadata beside an array, a group, or (as ``""``) the archive; old ones go."""
        noted = attrs if isinstance(attrs, Attributes) else Attributes(attrs)
        self._raw.set_notes(name, noted._noted())

    def commit(self) -> None:
        """Make the changes count, and close the editor."""
        self._raw.commit()

    def discard(self) -> None:
        """Take all changes back, and close the editor."""
        self._raw.discard()

    def __enter__(self) -> Editor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.discard()
        elif self._raw.is_open:
            self.commit()


def edit(
    path: StrPath,
    *,
    level: int | None = None,
    order: Literal["K", "C", "F"] | None = None,
    byte_order: Literal["native", "little", "big"] | None = None,
    version: tuple[int, int] | None = None,
    durability: Durability | None = None,
) -> Editor:
    """Open an ``.npz`` archive for changes.

    Parameters
    ----------
    path : str or path-like
        The archive.
    level, order, byte_order, version, durability
        How new arrays are written, as for `save_tree`.

    Returns
    -------
    Editor
        To be used in a ``with`` block.

    Examples
    --------
    >>> npstow.save_tree("run.npz", {"a": [1], "b": [2], "c": [3]})
    >>> with npstow.edit("run.npz") as archive:
    ...     archive["a"] = [4, 5]
    ...     del archive["b"]
    ...     archive.rename("c", "d")
    ...     archive.add("e", np.zeros(3))
    >>> {name: array.tolist() for name, array in npstow.open("run.npz").read().items()}
    {'a': [4, 5], 'd': [3], 'e': [0.0, 0.0, 0.0]}
    """
    saving = _saving(
        level=level, order=order, byte_order=byte_order, version=version, durability=durability
    )
    return Editor(_npstow.Editor(os.fsdecode(path), saving))


def compact(path: StrPath, *, durability: Durability | None = None) -> tuple[int, int]:
    """Write an ``.npz`` archive anew without what was replaced or deleted.

    Parameters
    ----------
    path : str or path-like
        The archive. The old one stays until the new one is whole.
    durability : {'none', 'replace', 'file', 'full'}, optional
        As for `save_tree`.

    Returns
    -------
    tuple
        The length of the file before, and after.

    Examples
    --------
    >>> npstow.save_tree("run.npz", {"a": np.zeros(1000), "b": [1]})
    >>> with npstow.edit("run.npz") as archive:
    ...     del archive["a"]
    >>> before, after = npstow.compact("run.npz")
    >>> before - after > 8000
    True
    """
    return _npstow.compact(os.fsdecode(path), durability)


class Appender:
    """An array of a file, open for more rows; those pushed count after a commit.

    Rows that were not committed are taken back where the ``with`` block is left by an
    exception. Meanwhile other appenders to the same file are refused; readers are not.

    Parameters
    ----------
    path : str or path-like
        A ``.npy`` file; or a dataset of HDF5 in chunks whose first axis may grow, as
        ``"run.h5:event/hit"``. There a commit writes the last chunk anew where it is not full, and
        the room of the old one is lost: commit seldom, or by whole chunks.
    durability : {'none', 'replace', 'file', 'full'}, optional
        As for `save_tree`.

    Examples
    --------
    >>> np.save("hits.npy", np.zeros((2, 3)))
    >>> with npstow.Appender("hits.npy") as hits:
    ...     hits.push(np.ones(3))
    ...     hits.push(np.ones((5, 3)))
    ...     hits.rows
    8
    >>> np.load("hits.npy").shape
    (8, 3)
    """

    __slots__ = ("_raw",)

    def __init__(self, path: StrPath, *, durability: Durability | None = None) -> None:
        self._raw = _npstow.Appender(os.fsdecode(path), durability)

    @property
    def rows(self) -> int:
        """How many rows the file has, those not committed included."""
        return self._raw.rows

    def push(self, rows: ArrayLike) -> None:
        """Add the rows of an array, or one row, of the file's dtype (byte order aside)."""
        self._raw.push(array_of(rows, "rows"))

    def commit(self) -> None:
        """Make the rows count."""
        self._raw.commit()

    def close(self) -> None:
        """Make the rows count, and close the file."""
        self._raw.finish()

    def __enter__(self) -> Appender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._raw.discard()
        elif self._raw.is_open:
            self.close()


def append(path: StrPath, rows: ArrayLike, *, durability: Durability | None = None) -> int:
    """Add rows to the end of an array of a file, in place.

    A reader sees the old rows or the new ones, and so does everybody after a crash.

    Parameters
    ----------
    path : str or path-like
        A ``.npy`` file, or a dataset of HDF5 as `Appender` has it: ``"run.h5:event/hit"``.
    rows : array_like
        One row, or several, of the array's dtype (byte order aside).
    durability : {'none', 'replace', 'file', 'full'}, optional
        As for `save_tree`.

    Returns
    -------
    int
        How many rows the file has now.

    Examples
    --------
    >>> np.save("x.npy", np.arange(3))
    >>> npstow.append("x.npy", np.array([7, 8]))
    5
    >>> np.load("x.npy")
    array([0, 1, 2, 7, 8])
    """
    raw = _npstow.Appender(os.fsdecode(path), durability)
    try:
        raw.push(array_of(rows, "rows"))
    except BaseException:
        raw.discard()
        raise
    return raw.finish()
