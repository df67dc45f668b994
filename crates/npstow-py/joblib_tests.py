"""joblib's own tests of its dumps, with npstow's ``dump`` and ``load`` in the place of joblib's.

A plugin of pytest: ``python -m pytest -p joblib_tests --pyargs joblib.test.test_numpy_pickle``.
``cargo xtask joblib-tests`` runs it.
"""

import pytest
from in_place import called, expect_failures, put
from joblib import numpy_pickle

import npstow

_CLASS = "dumps an object of a class of its own, a class or a function, which are no data"
_OLD = "npstow reads these dumps, and does not ask to write them again"

#: Tests that do not pass, and why a user would accept that: see the support table in the README.
EXPECTED = {
    **{
        f"test_standard_types[{member}-{compress}]": _CLASS
        for member in ("type", "len", "_function", "_class", "_newclass", "member14", "member15")
        for compress in (0, 1)
    },
    # All of it passes up to an object of a class, which comes last.
    **{f"test_numpy_persistence[{compress}]": _CLASS for compress in (False, True, 0, 3, "zlib")},
    "test_memmap_persistence": _CLASS,
    "test_object_array_inner_stream_uses_caller_find_class": _CLASS,
    "test_numpy_subclass": _CLASS,
    "test_joblib_pickle_across_python_versions": _OLD,
    "test_joblib_pickle_across_python_versions_with_mmap": _OLD,
    "test_lz4_compression_without_lz4": "npstow packs with lz4 whatever is installed",
}

#: Tests that would wait for ever.
WAITING = {
    "test_pickle_in_socket": "a stream without seek is read to its end, and a socket that stays open has none",
}


def pytest_configure(config):
    for name in ("dump", "load"):
        put(numpy_pickle, name, getattr(npstow.joblib, name))


def pytest_collection_modifyitems(items):
    for item in items:
        name = item.nodeid.partition("::")[2]
        if name in WAITING:
            item.add_marker(pytest.mark.skip(reason=WAITING[name]))
    expect_failures(items, EXPECTED)


def pytest_terminal_summary(terminalreporter):
    called(terminalreporter, {"dump", "load"})
