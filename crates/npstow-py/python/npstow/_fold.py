"""Arrays by attribute, as NPFold has them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from npstow._attrs import Attributes
from npstow._tree import Node, open

if TYPE_CHECKING:
    from npstow._tree import StrPath
    from npstow._types import Noted

__all__ = ["Fold"]

#: What is no array's name, set or not.
_OWN = frozenset(("_attrs", "_items", "_node", "_notes"))


class Fold(MutableMapping[str, Any]):
    """Arrays and groups of them in memory, by attribute: ``fold.photon``.

    No name of an array hides a method: what is called ``keys`` or ``save`` is had as
    ``fold["keys"]``. What comes from a file is read when it is first asked for.

    Parameters
    ----------
    items : mapping or Node, optional
        Arrays and groups by their names.

    Attributes
    ----------
    attrs : Attributes
        Metadata of the group itself; `attrs_of` has those of its arrays.

    Examples
    --------
    >>> fold = npstow.Fold({"hit": np.arange(3)})
    >>> fold.photon = np.ones((2, 2))
    >>> fold.attrs["creator"] = "simulation"
    >>> fold.attrs_of("hit").labels = ["index"]
    >>> fold.save("event")
    >>> event = npstow.Fold.load("event")
    >>> list(event), event.hit, event.attrs["creator"]
    (['hit', 'photon'], array([0, 1, 2]), 'simulation')
    """

    __slots__ = ("__weakref__", "_attrs", "_items", "_node", "_notes")

    _attrs: Attributes | None
    _items: dict[str, Any]
    _node: Node | None
    _notes: dict[str, Attributes]

    def __init__(self, items: Mapping[str, Any] | Node | None = None) -> None:
        own = object.__setattr__
        own(self, "_items", {})
        own(self, "_node", items if isinstance(items, Node) else None)
        own(self, "_attrs", None)
        own(self, "_notes", {})
        if isinstance(items, Node):
            if items.kind != "group":
                raise TypeError(f"{items!r} is no group")
            self._items.update((child.name.rpartition("/")[2], child) for child in items._children())
        elif items is not None:
            for name, item in items.items():
                self[name] = item

    @classmethod
    def load(cls, path: StrPath) -> Fold:
        """Open a file of any format; its arrays are read when they are first asked for.

        Parameters
        ----------
        path : str or path-like
            As `open` takes it.
        """
        return cls(open(path))

    def save(self, path: StrPath, **options: Any) -> None:
        """Save everything, metadata included.

        Parameters
        ----------
        path : str or path-like
            Its extension names the format; without one it is a folder, which NPFold reads.
        **options
            As for `save_tree`.
        """
        from npstow._save import save_tree

        save_tree(path, self, **options)
        at = os.path.abspath(os.fsdecode(path))
        if self._waits_for(at):
            self._rebind(at, open(at))

    def _waits_for(self, at: str) -> bool:
        """Whether anything was not read yet from the file at this path."""
        items = self._items.values()
        return any(
            _is_at(item, at) if isinstance(item, Node) else isinstance(item, Fold) and item._waits_for(at)
            for item in items
        )

    def _rebind(self, at: str, fresh: Node) -> None:
        """Read what was not read yet from the new file, which stands in the old one's place."""
        for name, item in self._items.items():
            if name not in fresh:
                continue
            if isinstance(item, Node) and _is_at(item, at):
                self._items[name] = fresh[name]
            elif isinstance(item, Fold):
                item._rebind(at, fresh[name])

    @property
    def attrs(self) -> Attributes:
        """Metadata, names and labels of the group; they are in memory until `save`."""
        if self._attrs is None:
            noted = ("", [], []) if self._node is None else self._node.attrs._noted()
            object.__setattr__(self, "_attrs", _copy(noted))
        assert self._attrs is not None
        return self._attrs

    def attrs_of(self, name: str) -> Attributes:
        """Metadata, names and labels of an array or group in it."""
        if name not in self._items:
            raise KeyError(name)
        item = self[name] if self._is_group(name) else self._items[name]
        if isinstance(item, Fold):
            return item.attrs
        if name not in self._notes:
            # An array that was read has left its node, but not its notes.
            self._notes[name] = self._noted_in_file(name)
        return self._notes[name]

    def _is_group(self, name: str) -> bool:
        item = self._items[name]
        return isinstance(item, Fold) or (isinstance(item, Node) and item.kind == "group")

    def _noted_in_file(self, name: str) -> Attributes:
        item = self._items[name]
        return _copy(item.attrs._noted()) if isinstance(item, Node) else Attributes()

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str):
            raise KeyError(name)
        first, _, rest = name.partition("/")
        item = self._items[first]
        if isinstance(item, Node):
            if item.kind == "group":
                item = Fold(item)
            else:
                notes = self._noted_in_file(first)
                if notes and first not in self._notes:
                    self._notes[first] = notes
                item = item.read()
            self._items[first] = item
        if not rest:
            return item
        if not isinstance(item, Fold):
            raise KeyError(name)
        return item[rest]

    def __setitem__(self, name: str, item: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"names are text, not {type(name).__name__}: {name!r}")
        first, _, rest = name.partition("/")
        if not first or name.endswith("/"):
            raise ValueError(f"an empty step in the name {name!r}")
        if rest:
            below = self[first] if first in self._items else self._items.setdefault(first, Fold())
            if not isinstance(below, Fold):
                raise ValueError(f"{first!r} is an array, not a group")
            below[rest] = item
            return
        is_plain = isinstance(item, Mapping) and not isinstance(item, (Fold, Node))
        self._items[first] = Fold(item) if is_plain else item
        self._notes.pop(first, None)

    def __delitem__(self, name: str) -> None:
        if not isinstance(name, str):
            raise KeyError(name)
        first, _, rest = name.partition("/")
        if rest:
            del self[first][rest]
            return
        del self._items[first]
        self._notes.pop(first, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        first, _, rest = name.partition("/")
        if first not in self._items or not rest:
            return first in self._items
        return self._is_group(first) and rest in self[first]

    # Folds hold arrays, whose comparison is no truth.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        # Only what is no attribute of the class comes here, and its own ones before they are set.
        if name in _OWN:
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the fold has no array or group {name!r}") from None

    def __setattr__(self, name: str, item: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"{name!r} is a method: set fold[{name!r}]")
        self[name] = item

    def __delattr__(self, name: str) -> None:
        if name not in self._items:
            raise AttributeError(f"the fold has no array or group {name!r}")
        del self[name]

    def __reduce__(self) -> tuple[Any, ...]:
        # In memory: the file of what was not read yet stays here.
        items = {name: self[name] for name in self._items}
        notes = {name: notes._noted() for name, notes in self._notes.items()}
        return _restored, (items, self.attrs._noted(), notes)

    def __copy__(self) -> Fold:
        return _restored(
            dict(self._items),
            self.attrs._noted(),
            {name: notes._noted() for name, notes in self._notes.items()},
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError(f"{self!r} is no array, but arrays by their names")

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __dir__(self) -> list[str]:
        names = (name for name in self._items if name.isidentifier())
        return sorted({*object.__dir__(self), *names})

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """What is saved: nodes that nobody asked for go from file to file."""
        yield from self._items.items()

    def _noted_items(self) -> Iterator[tuple[str, Attributes]]:
        if self.attrs:
            yield "", self.attrs
        for name, notes in self._notes.items():
            if notes:
                yield name, notes

    def __repr__(self) -> str:
        return f"<npstow.Fold: {', '.join(self._items) or 'empty'}>"

    def _repr_html_(self) -> str:
        from npstow._html import of_mapping

        return of_mapping(self)


def _restored(items: dict[str, Any], noted: Noted, notes: dict[str, Noted]) -> Fold:
    fold = Fold()
    fold._items.update(items)
    object.__setattr__(fold, "_attrs", _copy(noted))
    fold._notes.update((name, _copy(one)) for name, one in notes.items())
    return fold


def _is_at(node: Node, path: str) -> bool:
    return node._at is not None and node._at.path == path


def _copy(noted: Noted) -> Attributes:
    text, names, labels = noted
    return Attributes(text=text, names=names, labels=labels)
