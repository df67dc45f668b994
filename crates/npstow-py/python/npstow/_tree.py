"""Any file as a lazy tree."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from npstow import _npstow
from npstow._attrs import Attributes
from npstow._key import simple
from npstow._progress import Progress, hook
from npstow._types import Call, Described

if TYPE_CHECKING:
    from types import EllipsisType, TracebackType
    from typing import IO

    from numpy.typing import DTypeLike, NDArray

    StrPath: TypeAlias = str | os.PathLike[str]
    Index: TypeAlias = (
        int | np.integer[Any] | slice | EllipsisType | None | list[int] | list[bool] | NDArray[Any]
    )

__all__ = ["Node", "open"]

def open(path: StrPath | IO[bytes], *, max_header_size: int | None = None) -> Node:
    """Open a file of any format that npstow reads, told by its content.

    Only what is needed to list it is read.

    Parameters
    ----------
    path : str, path-like or file object
        A ``.npy`` or ``.npz`` file, or a folder. Of ``"run.npz:A000/photon"``, where there is
        no such file, the node of that name in ``run.npz``. Of a file object, all that is in it,
        whatever its position; it has to stay open unless it is a file of the system.
    max_header_size : int, optional
        The longest header of an array that is read. By default 64 KiB.

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
    """
    if hasattr(path, "read"):
        return Node(_of_object(path, max_header_size))
    typed = os.fspath(path)
    name = None
    if ":" in typed:
        typed, name = _npstow.split_place(typed)
    root = _npstow.open(typed, max_header_size)
    return Node(root.get(name) if name else root)


def _of_object(file: Any, most: int | None) -> _npstow.Node:
    from npstow import _stream

    name = _stream.name_of(file) or f"<{type(file).__name__}>"
    path = _stream.real(file)
    if path is not None:
        return _npstow.open_given(path, name, most)
    if isinstance(file, io.BytesIO):
        return _npstow.open_given(file.getvalue(), name, most)
    if type(file).__module__ in ("gzip", "bz2", "lzma") and _stream.can_seek(file):
        # Going back in it means unpacking all again.
        file.seek(0)
    elif _stream.can_seek(file):
        return _npstow.open_given(file, name, most)
    return _npstow.open_given(file.read(), name, most)


class Node(Mapping[str, "Node"]):
    """A group, an array, or other bytes of an open file; nothing is read until it is asked for.

    A group is a mapping of the names below it to nodes; a name may be a path of several steps.
    An array has `shape` and `dtype`, and is read by slicing, `read` or `view`; as a mapping it
    is empty. Every node is true.

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

    __slots__ = ("__weakref__", "_about", "_attrs", "_raw")

    def __init__(self, raw: _npstow.Node) -> None:
        self._raw: _npstow.Node | None = raw
        self._about: Described | None = None
        self._attrs: Attributes | None = None

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
        """The format of the file: ``'npy'``, ``'npz'`` or ``'folder'``."""
        return self._node.format

    @property
    def kind(self) -> Literal["group", "array", "value"]:
        """What the node is; a value is bytes that are no array, such as a text in a folder."""
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
    def attrs(self) -> Attributes:
        """Metadata, names and labels; what is set is written to the file at once.

        Examples
        --------
        >>> npstow.save_tree("run", {"hit": np.arange(3)})
        >>> npstow.open("run").attrs["creator"] = "simulation"
        >>> dict(npstow.open("run").attrs)
        {'creator': 'simulation'}
        """
        if self._attrs is None:
            node = self._node

            def write(text: str, names: list[str], labels: list[str]) -> None:
                _npstow.set_notes(node.path, node.name, (text, names, labels))

            self._attrs = Attributes._of_file(node.notes(), write)
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
        self._refuse_objects()
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
        return Node(self._node.get("/".join(steps)))

    def __iter__(self) -> Iterator[str]:
        for child in self._node.children():
            yield child.name.rpartition("/")[2]

    def __len__(self) -> int:
        return len(self._node.children())

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._child(name)
        except KeyError:
            return False
        return True

    # Two nodes may be large: they are equal where they are one.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def _children(self) -> list[Node]:
        return [Node(child) for child in self._node.children()]

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
        return [Node(found) for found in self._node.find(pattern)]

    # Its elements.

    def _refuse_objects(self) -> None:
        if self.kind != "group" and self.dtype.hasobject:
            raise ValueError(
                "Object arrays cannot be loaded when allow_pickle=False: "
                f"{self!r} is a pickle, which only npstow.load(..., allow_pickle=True) runs"
            )

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
        ndarray or dict
            `out`, or a new array, writable and nobody else's. Of a group, a dictionary of
            arrays and dictionaries: thousands of arrays are read with few, large reads.

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
            if self.kind == "group":
                if out is not None or native or order != "K":
                    raise TypeError("a group is read as it is: out, native and order are for arrays")
                return self._read_group(call)
            self._refuse_objects()
            if out is None:
                return self._node.read(native, order, call)
            self._read_into(out, native, order, call)
            return out

    def _read_group(self, call: Call) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        groups = {"": tree}
        for path, array in self._node.load(call):
            above, _, step = path.rpartition("/")
            if array is None:
                groups[path] = groups[above][step] = {}
            else:
                groups[above][step] = array
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
        self._refuse_objects()
        return self._node.view()

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if self.kind == "group":
            raise TypeError(f"{self!r} is no array")
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
        return f"<npstow.Node {place!r}: {about}>"

    def _repr_html_(self) -> str:
        from npstow._html import of_node

        return of_node(self)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)
