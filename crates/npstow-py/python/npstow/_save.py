"""Whole files at once: saved, converted, compared, hashed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from npstow import _npstow
from npstow._given import array_of, given, opened, packed
from npstow._progress import Progress, hook
from npstow._tree import Node, _node

if TYPE_CHECKING:
    from npstow._tree import StrPath
    from npstow._types import Durability, Format, Saving

__all__ = ["Difference", "Report", "convert", "diff", "digest", "save_tree"]

def save_tree(
    path: StrPath,
    tree: Any,
    *,
    attrs: Mapping[str, Mapping[str, object]] | None = None,
    format: Format | None = None,
    level: int | None = None,
    order: Literal["K", "C", "F"] | None = None,
    byte_order: Literal["native", "little", "big"] | None = None,
    version: tuple[int, int] | None = None,
    profile: Literal["native", "npfold"] | None = None,
    protocol: Literal[2, 3, 4, 5] | None = None,
    libver: Literal["earliest", "latest"] | None = None,
    resizable: bool = False,
    durability: Durability | None = None,
    progress: Progress = None,
) -> None:
    """Save arrays by their names, in any format; an old file stays until the new one is whole.

    Parameters
    ----------
    path : str or path-like
        Its extension names the format: ``.npy``, ``.npz``, ``.pkl``, ``.joblib``, ``.h5``, or none
        for a folder.
    tree : mapping, Node, or array_like
        Names and arrays; a mapping within it, or a ``/`` in a name, is a group. Nodes of open
        files are written array by array, without taking them into memory. A ``.npy`` file
        takes one array.
    attrs : mapping, optional
        Metadata by the paths of what they belong to; ``""`` is the whole. Text and numbers, kept
        as text; pickles and dumps of joblib have no place for it and are written without.
    format : {'npy', 'npz', 'folder', 'pickle', 'joblib', 'hdf5'}, optional
        The format, whatever the extension.
    level : int, optional
        Compresses every array (``npz``, ``hdf5``) or the whole (``joblib``): from 0 to 12, 6 is
        what others call normal.
    order : {'K', 'C', 'F'}, optional
        The memory order of each array; ``'K'``, the default, is the one it has.
    byte_order : {'native', 'little', 'big'}, optional
        The byte order of each array; by default the one it has.
    version : tuple, optional
        The version of the NPY format; by default the first that can hold the header.
    profile : {'native', 'npfold'}, optional
        For whom a folder is written; ``'npfold'`` is for NPFold alone.
    protocol : int, optional
        The protocol of pickles and dumps of joblib: from 2 to 5, 4 is the default.
    libver : {'earliest', 'latest'}, optional
        The form of an HDF5 file: the one that everything opens, which is the default, or the
        latest, which keeps the order of names.
    resizable : bool, optional
        Lets the arrays of an HDF5 file grow along their first axis, so that `append` can add
        rows to them; text cannot.
    durability : {'none', 'replace', 'file', 'full'}, optional
        What is waited for: nothing; the new data where a file is replaced (the default); the
        new data; the new data and the name of the file.
    progress : callable or bool, optional
        Called with the bytes done and the bytes there are to do; `True` is a bar of tqdm.

    Examples
    --------
    >>> run = {"A000": {"hit": np.arange(3), "photon": np.ones((2, 4), "f4")}}
    >>> npstow.save_tree("run", run, attrs={"A000": {"creator": "simulation"}})
    >>> npstow.save_tree("run.npz", npstow.open("run"), level=6)
    >>> with np.load("run.npz") as npz:
    ...     print(npz["A000/hit"])
    [0 1 2]
    """
    saving = _saving(
        format=format,
        level=level,
        order=order,
        byte_order=byte_order,
        version=version,
        profile=profile,
        protocol=protocol,
        libver=libver,
        resizable=resizable,
        durability=durability,
    )
    path = os.fsdecode(path)
    with hook(progress, f"saving {path}") as call:
        _npstow.save_tree(path, packed(tree, attrs), saving, call)


def _saving(**said: Any) -> Saving:
    saving: Saving = {
        "format": said.get("format"),
        "level": said.get("level"),
        "order": said.get("order"),
        "byte_order": said.get("byte_order"),
        "version": said.get("version"),
        "profile": said.get("profile"),
        "protocol": said.get("protocol"),
        "libver": said.get("libver"),
        "resizable": said.get("resizable"),
        "durability": said.get("durability"),
    }
    return saving


def convert(
    source: StrPath | Node,
    target: StrPath,
    *,
    format: Format | None = None,
    level: int | None = None,
    order: Literal["K", "C", "F"] | None = None,
    byte_order: Literal["native", "little", "big"] | None = None,
    version: tuple[int, int] | None = None,
    profile: Literal["native", "npfold"] | None = None,
    protocol: Literal[2, 3, 4, 5] | None = None,
    libver: Literal["earliest", "latest"] | None = None,
    resizable: bool = False,
    durability: Durability | None = None,
    progress: Progress = None,
) -> None:
    """Write a file in another format; memory stays bounded, whatever the size.

    One array without a name (a ``.npy`` file) gets that of its file where it needs one.

    Parameters
    ----------
    source : str, path-like, or Node
        What is read, as `open` takes it.
    target : str or path-like
        What is written.
    format, level, order, byte_order, version, and all others
        As for `save_tree`.

    Examples
    --------
    >>> np.save("x.npy", np.arange(3))
    >>> npstow.convert("x.npy", "x.npz", level=9)
    >>> npstow.convert("x.npz:x", "y.npy", byte_order="big")
    >>> np.load("y.npy")
    array([0, 1, 2], dtype='>i8')
    """
    node = opened(source)
    tree: Any = node
    if node.kind != "group" and not _is_npy(target, format):
        name = node.name.rpartition("/")[2]
        tree = {name or os.path.splitext(os.path.basename(node.path))[0]: node}
    save_tree(
        target,
        tree,
        format=format,
        level=level,
        order=order,
        byte_order=byte_order,
        version=version,
        profile=profile,
        protocol=protocol,
        libver=libver,
        resizable=resizable,
        durability=durability,
        progress=progress,
    )


def _is_npy(target: StrPath, format: str | None) -> bool:
    return (format or os.path.splitext(os.fsdecode(target))[1].lower()) in ("npy", ".npy")


class Difference:
    """One thing that differs between two trees; as text, a line."""

    # No dataclass: importing those takes longer than all of npstow's own classes.

    #: The slash path of the array or group; ``""`` is the tree itself. Behind it, ``@`` and the
    #: name of an attribute that is no text.
    name: str
    #: ``'missing'``, ``'kind'``, ``'dtype'``, ``'shape'``, ``'values'``, ``'content'``, ``'meta'``,
    #: ``'meta lines'``, ``'names'`` or ``'labels'``.
    what: str
    #: What is on the left, where that can be said; of values, the first one that differs.
    left: Any
    #: What is on the right.
    right: Any
    #: The whole in words.
    text: str
    #: More of it: of values ``count``, ``total``, ``index``, ``field``, ``largest``, ``relative``;
    #: of metadata ``key``; of names and labels ``index``.
    details: Mapping[str, Any]

    __match_args__ = ("name", "what", "left", "right", "text", "details")

    def __init__(
        self, name: str, what: str, left: Any, right: Any, text: str, details: Mapping[str, Any]
    ) -> None:
        values = (name, what, left, right, text, details)
        self.__dict__.update(zip(self.__match_args__, values))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not Difference:
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.name, self.what, self.text))

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"Difference({', '.join(shown)})"

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.name else self.text


class Report(Sequence[Difference]):
    """The differences between two trees; false where everything is the same.

    `diff` makes it.
    """

    def __init__(
        self, differences: Sequence[Difference], unread: Sequence[str], compared: int
    ) -> None:
        self._differences = tuple(differences)
        #: Why some arrays could not be compared.
        self.unread = tuple(unread)
        #: How many arrays both trees have.
        self.compared = compared

    @overload
    def __getitem__(self, index: int) -> Difference: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Difference, ...]: ...

    def __getitem__(self, index: int | slice) -> Difference | tuple[Difference, ...]:
        return self._differences[index]

    def __len__(self) -> int:
        return len(self._differences)

    def __bool__(self) -> bool:
        return bool(self._differences or self.unread)

    def __str__(self) -> str:
        return "\n".join([*map(str, self._differences), *self.unread])

    def __repr__(self) -> str:
        return (
            f"<npstow.Report: {len(self)} differences, {self.compared} arrays compared, "
            f"{len(self.unread)} not read>"
        )


def diff(
    left: Any,
    right: Any,
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    equal_nan: bool = False,
    attrs: bool = True,
) -> Report:
    """Compare two files or trees: names, dtypes, shapes, values, metadata.

    Byte order, memory order, packing and format never matter. Files are read piece by piece.

    Parameters
    ----------
    left, right : str, path-like, Node, mapping, or array_like
        What is compared.
    rtol, atol : float
        As for `numpy.isclose`: how far numbers may be apart, in parts of the right one, and in
        all. By default they have to be the same.
    equal_nan : bool
        Whether "not a number" equals itself.
    attrs : bool
        Whether metadata, names and labels are compared.

    Returns
    -------
    Report
        False where nothing differs.

    Examples
    --------
    >>> npstow.save_tree("a.npz", {"x": [1.0, 2.0, 3.0], "y": [1]})
    >>> report = npstow.diff("a.npz", {"x": [1.0, 2.5, 3.0], "y": [1]})
    >>> bool(report)
    True
    >>> print(report)
    x: 1 of 3 values differ, first at (1,): 2.0 and 2.5; largest difference 0.5 at (1,), \
largest relative 0.2
    >>> bool(npstow.diff("a.npz", {"x": [1.0, 2.5, 3.0], "y": [1]}, atol=0.5))
    False
    """
    found, unread, compared = _npstow.diff(
        given(left), given(right), rtol, atol, equal_nan, attrs
    )
    known = ("name", "what", "left", "right", "text")
    differences = [
        Difference(
            **{name: one[name] for name in known},
            details={name: value for name, value in one.items() if name not in known},
        )
        for one in found
    ]
    return Report(differences, unread, compared)


def digest(what: Any) -> Any:
    """SHA-256 of content, in hexadecimal digits.

    It depends on values and dtype alone: not on format, byte order, memory order, packing.

    Parameters
    ----------
    what : str, path-like, Node, mapping, or array_like
        What is hashed.

    Returns
    -------
    str or dict
        Of an array a text; of a group or a mapping, the digests of all arrays below it by their
        paths.

    Examples
    --------
    >>> x = np.arange(6).reshape(2, 3)
    >>> npstow.save_tree("run.npz", {"x": x})
    >>> npstow.digest("run.npz") == {"x": npstow.digest(np.asfortranarray(x))}
    True
    """
    if isinstance(what, (str, bytes, os.PathLike)):
        what = opened(what)
    if isinstance(what, Node) and what.kind != "group":
        return what.digest()
    if isinstance(what, Node):
        prefix = len(what.name) + 1 if what.name else 0
        leaves = (node for node in what.find("**") if node.kind != "group")
        return {node.name[prefix:]: node.digest() for node in leaves}
    if not isinstance(what, Mapping):
        return _npstow.digest(array_of(what, "")).hex()
    digests: dict[str, str] = {}
    for path, item in packed(what).items:
        if isinstance(item, _npstow.Node):
            of_node = digest(_node(item, None))
            if isinstance(of_node, str):
                digests[path] = of_node
            else:
                digests.update({f"{path}/{name}": text for name, text in of_node.items()})
        elif item is not None:
            digests[path] = _npstow.digest(item).hex()
    return digests
