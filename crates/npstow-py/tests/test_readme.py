"""The lines of the README work, in an environment with NumPy alone."""

import os
import pathlib
import re
import subprocess
import sys
import venv

import numpy as np
import pytest

README = pathlib.Path(__file__).parents[3] / "README.md"


def lines():
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    assert blocks
    return "\n".join(blocks)


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(lines(), str(README), "exec"), {})


@pytest.mark.skipif("NPSTOW_WHEEL" not in os.environ, reason="NPSTOW_WHEEL names no wheel")
def test_the_wheel_and_numpy_are_enough(tmp_path):
    """`NPSTOW_WHEEL` is the wheel; pip gets NumPy from where it gets it always."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, os.environ["NPSTOW_WHEEL"], f"numpy=={np.__version__}"], check=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True)
    names = {line.partition("==")[0] for line in listed.stdout.split()}
    assert names - {"pip", "setuptools", "wheel"} == {"numpy", "npstow"}
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    for words in (["-W", "error", "-c", lines()], ["-m", "npstow", "ls", "run.npz"]):
        done = subprocess.run(
            [python, *words], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    assert "A000/hit" in done.stdout
    assert sys.prefix != str(folder)
