"""Any file as a lazy tree."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from npstow import _npstow
from npstow._attrs import Attributes
from npstow._hdf5 import FileAttributes, filled
from npstow._key import simple
from npstow._progress import Progress, hook

if TYPE_CHECKING:
    from types import EllipsisType, TracebackType

    from numpy.typing import DTypeLike, NDArray

    from npstow._types import Call, Described, Noted, Readable

    StrPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    Index: TypeAlias = (
        int | np.integer[Any] | slice | EllipsisType | None | list[int] | list[bool] | NDArray[Any]
    )

__all__ = ["Group", "Node", "open"]

#: Formats in which everything is an array, a group of them, or bytes.
_PLAIN = frozenset(("npy", "npz", "folder", "hdf5", "torch"))

#: So many bytes of rows are read at once where one after another is taken.
_BAND = 1 << 20


def open(
    path: StrPath | Readable, *, max_header_size: int | None = None, fill_missing: bool = False
) -> Node:
    """Open a file of any format that npstow reads, told by its content.

    Only what is needed to list it is read.

    Parameters
    ----------
    path : str, path-like or file object
        A ``.npy`` or ``.npz`` file, a folder, or a pickle, of which nothing is run. Of ``"run.npz:A000/photon"``, where there is
        no such file, the node of that name in ``run.npz``. Of a file object, all that is in it,
        whatever its position; it has to stay open.
    max_header_size : int, optional
        The longest header of an array that is read. By default 1 MiB.
    fill_missing : bool, optional
        Read missing parts of virtual datasets (HDF5) as the fill value, with a ``UserWarning`` that
        names them, as h5py does without one. By default, such a dataset is refused.

    Returns
    -------
    Node
        The root of the tree; of a ``.npy`` file, the array itself.

    Examples
    --------
    >>> npstow.save_tree("run.npz", {"A000": {"hit": np.arange(12).reshape(4, 3)}})
    >>> run = npstow.open("run.npz")
    >>> list(run)
    ['A000']
    >>> hit = run["A000/hit"]
    >>> hit.shape, hit.dtype
    ((4, 3), dtype('int64'))
    >>> hit[-1]
    array([ 9, 10, 11])
    >>> npstow.pickle.dump({"weights": [np.zeros((2, 3)), np.ones(3)], "epoch": 7}, "model.pkl")
    >>> model = npstow.open("model.pkl")
    >>> model["weights"][1][:2], model["weights/0"].shape, model["epoch"].read()
    (array([1., 1.]), (2, 3), 7)
    """
    if hasattr(path, "read"):
        return _node(_of_object(path, max_header_size, fill_missing), None)
    typed = os.fsdecode(path)
    name = None
    if ":" in typed:
        typed, name = _npstow.split_place(typed)
    if "\0" in typed:
        raise ValueError("embedded null byte")
    root = _npstow.open(typed, max_header_size, fill_missing)
    # Where it is whatever folder the program goes to.
    return _node(root.get(name) if name else root, Place(os.path.abspath(typed)))


class Place:
    """Where the file of a tree is, and what was looked at of the metadata in it."""

    __slots__ = ("attrs", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        #: By the names of the nodes: all nodes of a tree see what is written through one of them.
        self.attrs: dict[str, Attributes] = {}


def _node(raw: _npstow.Node, at: Place | None) -> Node:
    return (Group if raw.kind == "group" else Node)(raw, at)


def _of_object(file: Any, most: int | None, fill_missing: bool) -> _npstow.Node:
    from npstow import _stream

    name = _stream.name_of(file) or f"<{type(file).__name__}>"
    if isinstance(file, io.BytesIO):
        return _npstow.open_given(file.getvalue(), name, most, fill_missing)
    if type(file).__module__ in ("gzip", "bz2", "lzma") and _stream.can_seek(file):
        # Going back in it means unpacking all again.
        file.seek(0)
    elif _stream.can_seek(file):
        return _npstow.open_given(file, name, most, fill_missing)
    return _npstow.open_given(file.read(), name, most, fill_missing)


class _InFile:
    """Metadata at a path: a change is made to what is there now, whoever has written it."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name

    def read(self) -> Noted:
        root = _npstow.open(self._path)
        return (root.get(self._name) if self._name else root).notes()

    def write(self, noted: Noted) -> None:
        _npstow.set_notes(self._path, self._name, noted)


class _Kept:
    """Metadata of what came as a file object."""

    def read(self) -> Noted:
        raise TypeError("metadata of what was opened as a file object cannot be changed")

    def write(self, noted: Noted) -> None:
        raise TypeError("metadata of what was opened as a file object cannot be changed")


class Node:
    """A group, an array, or other bytes of an open file; nothing is read until it is asked for.

    A group (`Group`) is a mapping of the names below it to nodes; a name may be a path of
    several steps. An array has `shape`, `dtype` and `len`, and is read by slicing, `read` or
    `view`; iterated over, it gives its rows, some of which are read at a time. Every node is
    true.

    `open` makes the first one.

    Examples
    --------
    >>> x = np.arange(20, dtype="f4").reshape(10, 2)
    >>> npstow.save_tree("run.npz", {"x": x, "event": {"t": np.array([1, 2])}})
    >>> run = npstow.open("run.npz")
    >>> {name: node.kind for name, node in run.items()}
    {'x': 'array', 'event': 'group'}
    >>> run["x"][3:5, 1]
    array([7., 9.], dtype=float32)
    >>> "event/t" in run, "event/u" in run
    (True, False)
    >>> float(np.sum(run["x"]))
    190.0
    """

    __slots__ = ("__weakref__", "_about", "_at", "_attrs", "_raw")

    def __init__(self, raw: _npstow.Node, at: Place | None = None) -> None:
        self._raw: _npstow.Node | None = raw
        self._at = at
        self._about: Described | None = None
        self._attrs: Attributes | FileAttributes | None = None

    # What it is.

    @property
    def _node(self) -> _npstow.Node:
        if self._raw is None:
            raise ValueError("the node is closed")
        return self._raw

    @property
    def name(self) -> str:
        """The slash path from the root; ``""`` for the root itself."""
        return self._node.name

    @property
    def path(self) -> str:
        """The path of the file."""
        return self._node.path

    @property
    def format(self) -> str:
        """The format of the file: ``'npy'``, ``'npz'``, ``'folder'``, ``'pickle'``, ..."""
        return self._node.format

    @property
    def warnings(self) -> list[str]:
        """What one should know of the file, as far as it was looked at: that a program never closed
        it (HDF5), which links lead nowhere, which parts of virtual datasets are not
        there. Reading says it as a ``UserWarning``."""
        return self._node.warnings

    @property
    def kind(self) -> Literal["group", "array", "value"]:
        """What the node is; a value is no array: bytes, such as a text in a folder, or an object of
        a pickle in which there are no arrays."""
        return self._node.kind

    def _described(self) -> Described:
        if self._about is None:
            if self.kind == "group":
                # As `hasattr` and those who look for arrays expect.
                raise AttributeError(f"{self!r} is no array")
            self._about = self._node.describe()
        return self._about

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements, as they are in the file."""
        return self._described()[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._described()[1]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def nbytes(self) -> int:
        """The size of the elements in memory, in bytes."""
        return self._described()[3]

    @property
    def order(self) -> Literal["C", "F"]:
        """The order in which the elements are in the file."""
        return self._described()[2]

    @property
    def stored_nbytes(self) -> int:
        """How many bytes the elements take in the file: fewer than `nbytes` where packed."""
        return self._described()[4]

    @property
    def offset(self) -> int | None:
        """Where the bytes of the array begin in its file; `None` where they are packed."""
        return self._described()[5]

    @property
    def codec(self) -> str | None:
        """How the elements are packed, ``'deflate'`` for example; `None` where they are not."""
        return self._described()[6]

    @property
    def attrs(self) -> Any:
        """Metadata, names and labels; what is set is written to the file at once.

        Of HDF5, attributes of any type (`FileAttributes`), which cannot be changed.

        Examples
        --------
        >>> npstow.save_tree("run", {"hit": np.arange(3)})
        >>> npstow.open("run").attrs["creator"] = "simulation"
        >>> dict(npstow.open("run").attrs)
        {'creator': 'simulation'}
        """
        if self._attrs is None:
            node, at = self._node, self._at
            if self.format == "hdf5":
                self._attrs = FileAttributes(node)
            elif at is None:
                self._attrs = Attributes._of_file(node.notes(), _Kept())
            elif node.name in at.attrs:
                self._attrs = at.attrs[node.name]
            else:
                self._attrs = Attributes._of_file(node.notes(), _InFile(at.path, node.name))
                at.attrs[node.name] = self._attrs
        return self._attrs

    # What is below it.

    @overload
    def __getitem__(self, key: str) -> Node: ...

    @overload
    def __getitem__(self, key: Index | tuple[Index, ...]) -> Any: ...

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._child(key)
        if self.kind == "group":
            raise TypeError(f"{self!r} is no array: its parts have names, not {key!r}")
        varied = self._varied()
        if varied is not None:
            return varied[key]
        if self.dtype.hasobject:
            return self.value()[key]
        part = self._node.slice(simple(key, self.shape))
        # As in NumPy, one element is no array, but for what has an ellipsis.
        words = key if isinstance(key, tuple) else (key,)
        is_element = part.ndim == 0 and not any(word is Ellipsis for word in words)
        return part[()] if is_element else part

    def _child(self, name: str) -> Node:
        steps = [step for step in name.split("/") if step]
        if not steps:
            return self
        if self.kind != "group":
            raise KeyError(f"{name!r}: {self!r} has no names below it (a field is node[:][{name!r}])")
        path = "/".join(steps)
        # No name in a file is such a text.
        if not path.isascii() and not path.encode(errors="replace").decode() == path:
            raise KeyError(name)
        return _node(self._node.get(path), self._at)

    if TYPE_CHECKING:
        # Of groups alone; here so that what `open` gives needs no cast.
        def keys(self) -> KeysView[str]: ...
        def values(self) -> ValuesView[Node]: ...
        def items(self) -> ItemsView[str, Node]: ...
        def get(self, key: str, default: Any = None, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return self._rows()

    def _rows(self) -> Iterator[Any]:
        varied = self._varied()
        if varied is not None:
            yield from varied
            return
        if self.dtype.hasobject:
            yield from self.value()
            return
        many = max(1, _BAND // max(1, self.nbytes // max(1, len(self))))
        for start in range(0, len(self), many):
            yield from self[start : start + many]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __bool__(self) -> bool:
        return True

    def __contains__(self, value: object) -> bool:
        if not self.shape:
            return bool(np.any(self.read() == value))
        return any(bool(np.any(row == value)) for row in self._rows())

    # Two nodes may be large: they are equal where they are one.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def _children(self) -> list[Node]:
        return [_node(child, self._at) for child in self._node.children()]

    def find(self, pattern: str = "**") -> list[Node]:
        """The nodes whose paths from here match: groups before their members, in file order.

        Parameters
        ----------
        pattern : str
            ``*`` is any text within a step, ``**`` across steps, ``?`` one character, ``[a-z]``
            one of these. Several patterns are separated by commas.

        Examples
        --------
        >>> npstow.save_tree("run.npz", {"A0/hit": [1], "A1/hit": [2, 3], "A1/photon": [4]})
        >>> [node.shape for node in npstow.open("run.npz").find("*/hit")]
        [(1,), (2,)]
        """
        return [_node(found, self._at) for found in self._node.find(pattern)]

    # Its elements.

    def _varied(self) -> NDArray[Any] | None:
        """Elements without a fixed length, all of them; `None` where each has one."""
        if self.format != "hdf5" or not self.dtype.hasobject:
            return None
        elements = self._node.elements()
        if elements is None:
            self._refuse_objects("which are of no kind that is read")
            return None
        return filled(elements, self.dtype, self.shape)

    def _refuse_objects(self, what: str) -> None:
        if self.kind != "group" and self.dtype.hasobject:
            how = "read()" if self.format == "hdf5" else "value()"
            raise TypeError(f"{self!r} has objects, {what}: its {how} has them as data")

    def _is_value(self) -> bool:
        """Whether it is an object of Python, and no plain array or group of them."""
        if self.kind == "array":
            return self.dtype.hasobject and self.format != "hdf5"
        return self.format not in _PLAIN

    def value(
        self,
        *,
        persistent_load: Callable[[Any], Any] | None = None,
        progress: Progress = None,
    ) -> Any:
        """The Python object that a node of a pickle is, or an array of objects, with all below it.

        Nothing of it is run: what is no plain data is an `npstow.Object`.

        Parameters
        ----------
        persistent_load : callable, optional
            Called with each persistent identifier, for the object that it stands for.
        progress : callable or bool, optional
            Called with the bytes of large arrays that are read, and those there are to read.

        Raises
        ------
        npstow.MismatchError
            The format holds no objects.

        Examples
        --------
        >>> npstow.pickle.dump([{"x": np.arange(3), "name": "first"}], "x.pkl")
        >>> npstow.open("x.pkl")["0"].value()
        {'x': array([0, 1, 2]), 'name': 'first'}
        """
        with hook(progress, f"reading {self.name or self.path}") as call:
            return _npstow.value_of(self._node, persistent_load, call)

    def read(
        self,
        *,
        out: NDArray[Any] | None = None,
        native: bool = False,
        order: Literal["K", "C", "F"] = "K",
        progress: Progress = None,
    ) -> Any:
        """Read the array, or everything below a group.

        Parameters
        ----------
        out : ndarray, optional
            Where the elements go: an array of this shape and dtype (byte order aside), of any
            layout. By default new memory.
        native : bool
            Whether the elements are brought into the byte order of this machine.
        order : {'K', 'C', 'F'}
            The memory order; ``'K'`` is that of the file.
        progress : callable or bool, optional
            Called with the bytes done and the bytes there are to do; `True` is a bar of tqdm.

        Returns
        -------
        ndarray, dict, or any object
            `out`, or a new array, writable and nobody else's. Of a group, a dictionary of
            arrays and dictionaries: thousands of arrays are read with few, large reads. Of
            groups and values of a pickle, and of arrays of objects, the `value`.

        Examples
        --------
        >>> np.save("x.npy", np.arange(3.0))
        >>> out = np.empty(3)
        >>> npstow.open("x.npy").read(out=out) is out
        True
        >>> out
        array([0., 1., 2.])
        """
        with hook(progress, f"reading {self.name or self.path}") as call:
            if self._is_value():
                if out is not None or native or order != "K":
                    raise TypeError("objects are read as they are: out, native and order are not for them")
                return _npstow.value_of(self._node, None, call)
            if self.kind == "group":
                if out is not None or native or order != "K":
                    raise TypeError("a group is read as it is: out, native and order are for arrays")
                return self._read_group(call)
            varied = self._varied()
            if varied is not None:
                if out is not None:
                    raise TypeError("elements without a fixed length are read into a new array")
                return varied
            if out is None:
                return self._node.read(native, order, call)
            self._read_into(out, native, order, call)
            return out

    def _read_group(self, call: Call) -> dict[str, Any]:
        if self.format == "hdf5" and self._has_varied():
            return self._read_each(call)
        return self._node.load(call)

    def _has_varied(self) -> bool:
        """Whether something below the group has elements without a fixed length."""
        waiting = [self._node]
        while waiting:
            node = waiting.pop()
            if node.kind == "group":
                waiting.extend(node.children())
            elif node.describe()[0].hasobject:
                return True
        return False

    def _read_each(self, call: Call) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        waiting: list[tuple[dict[str, Any], Node]] = [(tree, self)]
        while waiting:
            below, group = waiting.pop()
            for raw in group._node.children():
                node = _node(raw, self._at)
                step = raw.name.rpartition("/")[2]
                if node.kind == "group":
                    below[step] = {}
                    waiting.append((below[step], node))
                else:
                    varied = node._varied()
                    below[step] = node._node.read(False, None, call) if varied is None else varied
        return tree

    def _read_into(
        self,
        out: NDArray[Any],
        native: bool,
        order: str,
        call: Call,
    ) -> None:
        if native or order != "K":
            raise TypeError("out has a byte order and a memory order of its own")
        if out.shape != self.shape:
            raise ValueError(f"out has the shape {out.shape}, {self!r} has {self.shape}")
        if out.dtype.newbyteorder("<") != self.dtype.newbyteorder("<"):
            raise TypeError(f"out has the dtype {out.dtype}, {self!r} has {self.dtype}")
        if not out.flags.writeable:
            raise ValueError("out is not writable")
        is_native = out.dtype == self.dtype.newbyteorder("=")
        is_direct = out.dtype == self.dtype or is_native
        flat = out if out.flags.c_contiguous else out.T
        if not is_direct or not flat.flags.c_contiguous or out.dtype.itemsize == 0:
            np.copyto(out, self._node.read(False, None, call))
            return
        memory = flat.reshape(-1).view(np.uint8)
        self._node.read_into(
            memory, out.dtype != self.dtype, "C" if out.flags.c_contiguous else "F", call
        )

    def view(self) -> NDArray[Any]:
        """Show the array where it is in the mapped file, without reading it.

        The result is not writable. Who changes the file changes what is seen, and who cuts it
        short makes this process crash when the missing part is touched: `read` has no such
        danger.

        Raises
        ------
        npstow.Error
            Where the elements are packed.

        Examples
        --------
        >>> npstow.save_tree("run.npz", {"x": np.arange(5)})
        >>> npstow.open("run.npz")["x"].view()[2:]
        array([2, 3, 4])
        """
        if self.kind == "group":
            raise TypeError(f"{self!r} is no array")
        self._refuse_objects("which cannot be shown where they are")
        return self._node.view()

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if self.kind == "group":
            raise TypeError(f"{self!r} is no array")
        if copy is False:
            self._refuse_objects("which are always made anew")
        array: NDArray[Any] = self.view() if copy is False else self.read()
        if dtype is None or array.dtype == dtype:
            return array
        if copy is False:
            raise ValueError(f"{self!r} has the dtype {self.dtype}: another one needs a copy")
        return array.astype(dtype)

    def digest(self) -> str:
        """SHA-256 of an array's content, in hexadecimal digits.

        It depends on values and dtype alone: not on format, byte order, memory order, packing.

        Examples
        --------
        >>> np.save("a.npy", np.arange(3, dtype="<i2"))
        >>> npstow.save_tree("b.npz", {"x": np.arange(3, dtype=">i2")}, level=6)
        >>> npstow.open("a.npy").digest() == npstow.open("b.npz")["x"].digest()
        True
        """
        if self.kind == "group":
            raise TypeError(f"{self!r} is no array: npstow.digest gives those of all below")
        return self._node.digest().hex()

    # Its end, and its looks.

    def close(self) -> None:
        """Let go of the file; arrays that were read stay as they are."""
        self._raw = None

    def __enter__(self) -> Node:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._raw is None:
            return "<npstow.Node, closed>"
        place = self.path if not self.name else f"{self.path}:{self.name}"
        if self.kind == "group":
            return f"<npstow.Node {place!r}: group of {len(self)}>"
        about = f"{self.dtype} {self.shape}" if self.kind == "array" else f"{self.nbytes} bytes"
        about = "a Python object" if self.kind == "value" and self._is_value() else about
        return f"<npstow.Node {place!r}: {about}>"

    def _repr_html_(self) -> str:
        from npstow._html import of_node

        return of_node(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self) if self.kind == "group" else []


class Group(Node, Mapping[str, Node]):
    """A group of an open file: a mapping of the names below it to nodes.

    Examples
    --------
    >>> npstow.save_tree("run.npz", {"A0": {"hit": np.arange(3)}, "t": np.array(7)})
    >>> run = npstow.open("run.npz")
    >>> isinstance(run, npstow.Group), isinstance(run["t"], npstow.Group)
    (True, False)
    >>> list(run), len(run["A0"])
    (['A0', 't'], 1)
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._child(key)
        if isinstance(key, int) and not isinstance(key, bool) and self.format not in _PLAIN:
            # A list, a tuple, or a dictionary with such a key.
            return self._child(str(key))
        raise TypeError(f"{self!r} is no array: its parts have names, not {key!r}")

    def __iter__(self) -> Iterator[str]:
        for child in self._node.children():
            yield child.name.rpartition("/")[2]

    def __len__(self) -> int:
        return len(self._node.children())

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._child(name)
        except KeyError:
            return False
        return True

    def get(self, key: Any, default: Any = None, /) -> Any:
        """The node of a name, or the default."""
        try:
            return self._child(key) if isinstance(key, str) else default
        except KeyError:
            return default

    __eq__ = object.__eq__
    __hash__ = object.__hash__
