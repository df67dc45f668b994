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
