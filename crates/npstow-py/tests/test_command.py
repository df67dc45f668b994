"""The command line, as a module and as a script."""

import os
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

import npstow

SCRIPT = shutil.which("npstow", path=sysconfig.get_path("scripts"))


@pytest.fixture(params=["module", "script"])
def command(request):
    if request.param == "script":
        assert SCRIPT, "the wheel brings the script npstow along"
        return [SCRIPT]
    return [sys.executable, "-m", "npstow"]


def say(command, *words):
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, timeout=60)


def test_it_is_the_command(command, tmp_path):
    npstow.save_tree(tmp_path / "x.npz", {"a": np.arange(3), "b": np.ones((2, 2))})
    done = say(command, "ls", tmp_path / "x.npz")
    assert done.returncode == 0 and "a" in done.stdout and "(2, 2)" in done.stdout, done
    done = say(command, "show", f"{tmp_path}/x.npz:a")
    assert "[0 1 2]" in done.stdout, done
    assert say(command, "--version").stdout.startswith("npstow ")
    assert "Usage: npstow" in say(command, "--help").stdout


def test_exit_codes_are_those_of_the_command(command, tmp_path):
    npstow.save_tree(tmp_path / "a.npy", [1])
    npstow.save_tree(tmp_path / "b.npy", [2])
    assert say(command, "diff", tmp_path / "a.npy", tmp_path / "b.npy").returncode == 1
    done = say(command, "nonsense")
    assert done.returncode == 2 and done.stderr.startswith("npstow: ")
    assert say(command, "ls", tmp_path / "no").returncode == 3


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes")
def test_names_that_are_no_text_are_names(command, tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff.npy"
    with open(name, "wb") as file:
        np.save(file, np.arange(2))
    assert say(command, "ls", os.fsdecode(name)).returncode == 0
    assert npstow.open(os.fsdecode(name)).shape == (2,)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2 has it")
def test_an_array_of_a_dtype_that_only_pickles_hold_is_named(command, tmp_path):
    with pytest.warns(UserWarning, match="pickle"):
        np.save(tmp_path / "x.npy", np.array(["a", "b"], np.dtypes.StringDType()))
    done = say(command, "show", tmp_path / "x.npy")
    assert done.returncode == 0 and "stringdtype" in done.stdout and "'b'" in done.stdout, done
    assert say(command, "convert", tmp_path / "x.npy", tmp_path / "x.pkl").returncode == 0
    for target in ("x.h5", "y.npy", "x.npz"):
        done = say(command, "convert", tmp_path / "x.npy", tmp_path / target)
        assert "x.npy: " in done.stderr and "of the dtype numpy." in done.stderr, done
        assert done.returncode != 0 and not (tmp_path / target).exists()


def test_objects_are_not_joined_and_that_is_said(command, tmp_path):
    np.save(tmp_path / "o.npy", np.array([None, 1], object))
    done = say(command, "concat", tmp_path / "x.npy", tmp_path / "o.npy", tmp_path / "o.npy")
    assert "o.npy: " in done.stderr and "joining arrays of Python objects" in done.stderr, done
