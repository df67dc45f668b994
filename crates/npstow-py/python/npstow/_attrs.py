"""What is written beside arrays and groups: metadata, names, labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from npstow import _npstow

if TYPE_CHECKING:
    from typing import Protocol

    from npstow._types import Noted

    class _File(Protocol):
        """Where metadata are read and written."""

        def read(self) -> Noted: ...
        def write(self, noted: Noted) -> None: ...


__all__ = ["Attributes"]


class Attributes(MutableMapping[str, str]):
    """Metadata of an array or a group: texts by their keys, in the order of the file.

    The form is that of NPFold's text files, ``key:value`` on each line. Lines that are no such
    pair are kept, and are in `text`. Beside them there are `names` (of rows, or a list of
    texts) and `labels` (of columns).

    What belongs to a file is written there at once; `update` writes once for all it is given. What
    others have written there meanwhile stays.

    Examples
    --------
    >>> attrs = npstow.Attributes({"creator": "simulation", "scale": 0.1})
    >>> attrs["scale"]
    '0.1'
    >>> attrs.update(run=7, creator="test")
    >>> print(attrs.text, end="")
    creator:test
    scale:0.1
    run:7
    >>> attrs.labels = ["x", "y"]
    """

    __slots__ = ("_file", "_labels", "_names", "_text")

    def __init__(
        self,
        values: Mapping[str, object] | None = None,
        *,
        text: str = "",
        names: Iterable[str] = (),
        labels: Iterable[str] = (),
    ) -> None:
        self._file: _File | None = None
        self._text = text
        self._names = _texts(names, "names")
        self._labels = _texts(labels, "labels")
        if values is not None:
            self.update(values)

    @classmethod
    def _of_file(cls, noted: Noted, file: _File) -> Attributes:
        text, names, labels = noted
        attrs = cls(text=text, names=names, labels=labels)
        attrs._file = file
        return attrs

    def _now(self) -> Noted:
        """What there is before a change: in a file, what it has now."""
        return self._noted() if self._file is None else self._file.read()

    @property
    def text(self) -> str:
        """All lines, as they are in the file."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"metadata are text, not {type(text).__name__}")
        _, names, labels = self._now()
        self._become(text, names, labels)

    @property
    def names(self) -> list[str]:
        """Names of the rows of an array, or a list of texts (a copy; assign to change it)."""
        return list(self._names)

    @names.setter
    def names(self, names: Iterable[str]) -> None:
        text, _, labels = self._now()
        self._become(text, _texts(names, "names"), labels)

    @property
    def labels(self) -> list[str]:
        """Labels of the columns of an array (a copy; assign to change them)."""
        return list(self._labels)

    @labels.setter
    def labels(self, labels: Iterable[str]) -> None:
        text, names, _ = self._now()
        self._become(text, names, _texts(labels, "labels"))

    def _become(self, text: str, names: list[str], labels: list[str]) -> None:
        # Written first: what could not be written is not shown.
        if self._file is not None:
            self._file.write((text, names, labels))
        self._text, self._names, self._labels = text, names, labels

    def _noted(self) -> Noted:
        return self._text, self._names, self._labels

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy is in memory: what is done to it stays there.
        return _restored, self._noted()

    def __getitem__(self, key: str) -> str:
        if not isinstance(key, str):
            raise KeyError(key)
        value = _npstow.meta_get(self._text, key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: object) -> None:
        new = _as_text(value)
        text, names, labels = self._now()
        self._become(_npstow.meta_set(text, key, new), names, labels)

    def __delitem__(self, key: str) -> None:
        text, names, labels = self._now()
        if not isinstance(key, str) or _npstow.meta_get(text, key) is None:
            raise KeyError(key)
        self._become(_npstow.meta_set(text, key, None), names, labels)

    def update(self, other: Any = (), /, **values: object) -> None:
        """Set many values, and write them once."""
        old, names, labels = self._now()
        text = old
        for key, value in dict(other, **values).items():
            text = _npstow.meta_set(text, key, _as_text(value))
        if text != old:
            self._become(text, names, labels)

    def __iter__(self) -> Iterator[str]:
        return iter(_npstow.meta_keys(self._text))

    def __len__(self) -> int:
        return len(_npstow.meta_keys(self._text))

    def __bool__(self) -> bool:
        return bool(self._text or self._names or self._labels)

    def __repr__(self) -> str:
        more = "".join(
            f", {what}={texts!r}"
            for what, texts in (("names", self._names), ("labels", self._labels))
            if texts
        )
        return f"Attributes({dict(self)!r}{more})"


def _restored(text: str, names: list[str], labels: list[str]) -> Attributes:
    return Attributes(text=text, names=names, labels=labels)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    # A float has the fewest digits that read back; 3.0 is written as 3, as NPFold does.
    if isinstance(value, float):
        return repr(float(value)).removesuffix(".0")
    if isinstance(value, int):
        return str(value)
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        return _as_text(value.item())  # type: ignore[attr-defined]
    raise TypeError(f"a value of metadata is text or a number, not {type(value).__name__}")


def _texts(texts: Iterable[str], what: str) -> list[str]:
    if isinstance(texts, str):
        raise TypeError(f"{what} are a list of texts, not one")
    found = list(texts)
    for text in found:
        if not isinstance(text, str):
            raise TypeError(f"{what} are texts, not {type(text).__name__}")
        if "\n" in text or "\r" in text:
            raise ValueError(f"{what} are lines: {text!r} has more than one")
    return found
