"""What the plugins share that run others' tests with npstow's functions in the place of theirs."""

import functools
from collections import Counter

import pytest

#: How often each function was called.
CALLS = Counter()


def put(module, name, function):
    """Puts a function in the place of another one, and counts its calls."""

    @functools.wraps(function)
    def call(*args, **kwds):
        CALLS[function.__name__] += 1
        return function(*args, **kwds)

    setattr(module, name, call)


def expect_failures(items, reasons):
    """Says of the tests that do not pass why."""
    for item in items:
        why = reasons.get(item.nodeid.partition("::")[2])
        if why is not None:
            # Strict: whoever makes it pass takes it off the list.
            item.add_marker(pytest.mark.xfail(reason=why, strict=True))


def called(terminalreporter, names):
    """Reports the calls; each of these functions must have been called."""
    counts = ", ".join(f"{name} {count}" for name, count in sorted(CALLS.items()))
    terminalreporter.write_line(f"calls of npstow's functions: {counts}")
    missing = names - set(CALLS)
    if missing:
        raise AssertionError(f"never called: {', '.join(sorted(missing))}")
