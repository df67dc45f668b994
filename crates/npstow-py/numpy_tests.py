"""NumPy's own tests of files, with npstow's functions in the place of NumPy's.

A plugin of pytest: ``python -m pytest -p numpy_tests --pyargs numpy.lib.tests.test_format``.
``cargo xtask numpy-tests`` runs it.
"""

import numpy as np
from in_place import called, expect_failures, put

import npstow

PLACES = [
    (np, "load"),
    (np, "save"),
    (np, "savez"),
    (np, "savez_compressed"),
    (np.lib.format, "open_memmap"),
]

#: Tests that do not pass, and why a user would accept that: see the support table in the README.
EXPECTED = {}


def pytest_configure(config):
    for module, name in PLACES:
        put(module, name, getattr(npstow, name))


def pytest_collection_modifyitems(items):
    expect_failures(items, EXPECTED)


def pytest_terminal_summary(terminalreporter):
    called(terminalreporter, {name for _, name in PLACES})
