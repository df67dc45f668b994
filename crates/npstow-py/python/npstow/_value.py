"""What pickles hold besides data: names, and objects that do nothing."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Extension", "Global", "Object", "Persistent"]

#: How an object came to be; see `Object.made`.
_WAYS = ("call", "new", "named", "old", "rebuilt", "array")


class Global:
    """A class or function: its module and its name, and nothing behind them.

    Examples
    --------
    >>> npstow.pickle.loads(b"cos\\nsystem\\n.")
    npstow.pickle.Global('os', 'system')
    """

    __slots__ = ("__weakref__", "module", "name")

    #: The module that Python would import.
    module: str
    #: The name in it; with dots for what is within a class.
    name: str

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Global):
            return NotImplemented
        return (self.module, self.name) == (other.module, other.name)

    def __hash__(self) -> int:
        return hash((self.module, self.name))

    def __repr__(self) -> str:
        return f"npstow.pickle.Global({self.module!r}, {self.name!r})"

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


class Persistent:
    """Something outside of the pickle, which the program that loads it knows by an identifier.

    Examples
    --------
    >>> npstow.pickle.loads(b"Pweights\\n.")
    npstow.pickle.Persistent('weights')
    >>> npstow.pickle.loads(b"Pweights\\n.", persistent_load=str.upper)
    'WEIGHTS'
    """

    __slots__ = ("__weakref__", "id")

    #: The identifier: text up to protocol 0, anything from protocol 1 on.
    id: Any

    def __init__(self, id: Any) -> None:
        self.id = id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Persistent):
            return NotImplemented
        return bool(self.id == other.id)

    def __hash__(self) -> int:
        return hash((Persistent, self.id))

    def __repr__(self) -> str:
        return f"npstow.pickle.Persistent({self.id!r})"


class Extension:
    """A class or function by its number in a registry (`copyreg.add_extension`).

    Examples
    --------
    >>> npstow.pickle.loads(b"\\x80\\x02\\x82\\x07.")
    npstow.pickle.Extension(7)
    """

    __slots__ = ("__weakref__", "code")

    #: The number.
    code: int

    def __init__(self, code: int) -> None:
        self.code = code

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Extension):
            return NotImplemented
        return self.code == other.code

    def __hash__(self) -> int:
        return hash((Extension, self.code))

    def __repr__(self) -> str:
        return f"npstow.pickle.Extension({self.code})"


class Object:
    """An object of a pickle that is no plain data: what it is, and what it was made of.

    Nothing of its class is imported, and nothing of it runs. It can be looked into, changed, and
    written again by `npstow.pickle.dumps`; what loads it then with Python's own ``pickle`` gets
    the object that was meant.

    Parameters
    ----------
    module, name : str
        Where Python finds its class, or the function that makes it.
    args : tuple, optional
        What that is called with.
    state, items, pairs : optional
        What the object is given then: a state, items that are added, keys that are set.
    made : {'call', 'new', 'named', 'old', 'rebuilt', 'array'}, optional
        How it is made: by a call of the class or function; by the ``__new__`` of the class; by
        that, where the last of the arguments is a dictionary of named ones; as an instance of a
        class of Python 2; by ``copyreg._reconstructor``, as protocols 0 and 1 do; as a subclass
        of arrays.

    Attributes
    ----------
    cls : Global, Object, Persistent or Extension
        What makes it; nearly always a `Global`.
    args, state, items, pairs, made
        As above; ``state`` is `None` where there is none, ``items`` a list, ``pairs`` a
        dictionary.
    array : ndarray or None
        The elements, of a subclass of arrays.

    Examples
    --------
    >>> data = b"cmylibrary\\nModel\\n)R}S'weights'\\n(lF0.5\\naF1.5\\nasb."
    >>> found = npstow.pickle.loads(data)
    >>> found
    <npstow.Object mylibrary.Model(state={'weights': [0.5, 1.5]})>
    >>> found.module, found.name, found.weights
    ('mylibrary', 'Model', [0.5, 1.5])
    >>> point = npstow.Object("shapes", "Point", (1, 2))
    >>> point[0], tuple(point), point == npstow.pickle.loads(npstow.pickle.dumps(point))
    (1, (1, 2), True)
    """

    __slots__ = ("__weakref__", "args", "array", "cls", "items", "made", "pairs", "state")

    cls: Any
    args: tuple[Any, ...]
    state: Any
    items: list[Any]
    pairs: dict[Any, Any]
    array: Any
    made: str

    def __init__(
        self,
        module: str,
        name: str,
        args: Iterable[Any] = (),
        *,
        state: Any = None,
        items: Iterable[Any] = (),
        pairs: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (),
        made: str = "call",
    ) -> None:
        if made not in _WAYS:
            raise ValueError(f"made is {made!r}, and none of {', '.join(_WAYS)}")
        self.cls = Global(module, name)
        self.args = tuple(args)
        self.state = state
        self.items = list(items)
        self.pairs = dict(pairs)
        self.array = None
        self.made = made

    @property
    def module(self) -> str:
        """The module of its class; empty where that has no name."""
        return self.cls.module if isinstance(self.cls, Global) else ""

    @property
    def name(self) -> str:
        """The name of its class; empty where that has none."""
        return self.cls.name if isinstance(self.cls, Global) else ""

    def _attributes(self) -> Iterator[dict[Any, Any]]:
        """The dictionaries of the state: that of the object, and that of its slots."""
        states = self.state if isinstance(self.state, tuple) else (self.state,)
        return (state for state in states if isinstance(state, dict))

    def __getattr__(self, name: str) -> Any:
        # Slots that are not set yet come here, too.
        if not name.startswith("__") and name not in Object.__slots__:
            for state in self._attributes():
                if name in state:
                    return state[name]
        raise AttributeError(f"{self!r} has no {name!r} in its state")

    def __dir__(self) -> list[str]:
        names = [name for state in self._attributes() for name in state if isinstance(name, str)]
        return sorted({*object.__dir__(self), *names})

    def __getitem__(self, key: Any) -> Any:
        """A value of what was set on it, an item of what was added, one of the arguments."""
        if self.pairs:
            return self.pairs[key]
        return (self.items or self.args)[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.pairs or self.items or self.args)

    def __len__(self) -> int:
        return len(self.pairs or self.items or self.args)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Object):
            return NotImplemented
        return _same(self, other, set())

    def __hash__(self) -> int:
        # What may change is no part of it.
        try:
            return hash((self.cls, self.args))
        except TypeError:
            return hash(self.cls)

    @reprlib.recursive_repr("<...>")
    def __repr__(self) -> str:
        of = str(self.cls) if isinstance(self.cls, Global) else f"({self.cls!r})"
        parts = [repr(part) for part in self.args]
        for what in ("state", "items", "pairs", "array"):
            part = getattr(self, what)
            if part is not None and (what in ("state", "array") or part):
                parts.append(f"{what}={part!r}")
        return f"<npstow.Object {of}({', '.join(parts)})>"


def _same(a: Any, b: Any, open: set[tuple[int, int]]) -> bool:
    """Whether two values are the same data, whatever arrays are in them and wherever they close a
    cycle.
    """
    if a is b or (id(a), id(b)) in open:
        return True
    if type(a) is not type(b):
        return bool(a == b) if not hasattr(a, "dtype") and not hasattr(b, "dtype") else False
    if hasattr(a, "dtype") and hasattr(a, "shape"):
        return _same_arrays(a, b, open)
    if not isinstance(a, (list, tuple, dict, Object)):
        return bool(a == b)
    open.add((id(a), id(b)))
    if isinstance(a, Object):
        names = ("cls", "args", "state", "items", "pairs", "made", "array")
        return all(_same(getattr(a, name), getattr(b, name), open) for name in names)
    if len(a) != len(b):
        return False
    if isinstance(a, dict):
        return all(key in b and _same(value, b[key], open) for key, value in a.items())
    return all(_same(one, other, open) for one, other in zip(a, b))


def _same_arrays(a: Any, b: Any, open: set[tuple[int, int]]) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.hasobject:
        open.add((id(a), id(b)))
        return _same(a.tolist(), b.tolist(), open)
    return bool(a.tobytes() == b.tobytes()) or bool((a == b).all())


def in_order(members: Iterable[Any]) -> list[Any]:
    """The members of a set in an order that does not change from run to run."""
    found = list(members)
    return sorted(found, key=_rank) if len(found) > 1 else found


def _rank(member: Any) -> tuple[str, Any]:
    kind = type(member)
    if kind in (bool, int, float):
        # Not a number is in no order.
        return ("", member) if member == member else ("", float("-inf"))
    if kind in (str, bytes):
        return kind.__name__, member
    if kind is tuple:
        return "tuple", tuple(map(_rank, member))
    if kind is frozenset:
        return "frozenset", sorted(map(_rank, member))
    return f"~{kind.__name__}", repr(member)
