"""Bars for long work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias

    from npstow._types import Call

__all__ = ["Progress", "hook"]

#: Called with the bytes done and the bytes there are to do; ``True`` is a bar of ``tqdm``.
Progress: TypeAlias = Callable[[int, int], object] | bool | None


@contextlib.contextmanager
def hook(progress: Progress, what: str) -> Iterator[Call]:
    """Give what the extension calls, and close the bar in the end."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield None
        return
    import importlib

    # Where it is not installed, the error says so.
    auto: Any = importlib.import_module("tqdm.auto")
    bar = auto.tqdm(desc=what, unit="B", unit_scale=True, unit_divisor=1024)

    def move(done: int, total: int) -> None:
        if bar.total != total:
            bar.reset(total)
        bar.update(done - bar.n)

    try:
        yield move
    finally:
        bar.close()
