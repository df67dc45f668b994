"""NumPy's own tests of files, with npstow's functions in the place of NumPy's.

A plugin of pytest: ``python -m pytest -p numpy_tests --pyargs numpy.lib.tests.test_format``.
``cargo xtask numpy-tests`` runs it.
"""

import functools
from collections import Counter

import numpy as np
import pytest

import npstow

#: How often each function was called.
CALLS = Counter()

PLACES = [
    (np, "load"),
    (np, "save"),
    (np, "savez"),
    (np, "savez_compressed"),
    (np.lib.format, "open_memmap"),
]

#: Tests that do not pass, and why a user would accept that: see the support table in the README.
EXPECTED = {}


def counted(function):
    @functools.wraps(function)
    def call(*args, **kwds):
        CALLS[function.__name__] += 1
        return function(*args, **kwds)

    return call


def pytest_configure(config):
    for module, name in PLACES:
        setattr(module, name, counted(getattr(npstow, name)))


def pytest_collection_modifyitems(items):
    for item in items:
        why = EXPECTED.get(item.nodeid.partition("::")[2])
        if why is not None:
            # Strict: whoever makes it pass takes it off the list.
            item.add_marker(pytest.mark.xfail(reason=why, strict=True))


def pytest_terminal_summary(terminalreporter):
    called = ", ".join(f"{name} {count}" for name, count in sorted(CALLS.items()))
    terminalreporter.write_line(f"calls of npstow's functions: {called}")
    missing = {name for _, name in PLACES} - set(CALLS)
    if missing:
        raise AssertionError(f"never called: {', '.join(sorted(missing))}")
