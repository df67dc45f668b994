"""The examples in the docstrings run, and print what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import npstow

MODULES = sorted(
    name for _, name, _ in pkgutil.iter_modules(npstow.__path__, "npstow.") if "__main__" not in name
)


def examples(module):
    finder = doctest.DocTestFinder(exclude_empty=True)
    known = {"np": np, "npstow": npstow, "builtins_open": open}
    return [test for test in finder.find(importlib.import_module(module), globs=known) if test.examples]


@pytest.mark.parametrize("module", MODULES)
def test_examples_run(module, tmp_path, monkeypatch):
    for number, test in enumerate(examples(module)):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        report = []
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=report.append)
        assert runner.failures == 0, "".join(report)


def test_everything_public_is_documented_with_an_example():
    entry_points = [getattr(npstow, name) for name in npstow.__all__]
    for thing in entry_points:
        if isinstance(thing, type) and issubclass(thing, BaseException):
            continue
        if callable(thing):
            assert thing.__doc__, thing
