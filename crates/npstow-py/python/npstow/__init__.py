"""NumPy arrays at rest: read and written at the speed of memory, never silently wrong.

Any file is a lazy tree:

>>> npstow.save_tree("run.npz", {"A000": {"hit": np.arange(6).reshape(2, 3)}}, level=6)
>>> npstow.open("run.npz")["A000/hit"][:, 0]
array([0, 3])
"""

from typing import TYPE_CHECKING

from npstow._attrs import Attributes
from npstow._errors import (
    CorruptError,
    Error,
    ExistsError,
    IoError,
    InvalidError,
    LimitError,
    MismatchError,
    NotFoundError,
    SelectionError,
    UnsupportedError,
)
from npstow._hdf5 import FileAttributes
from npstow._npy import load, open_memmap, save
from npstow._npstow import VERSION as __version__
from npstow._npz import NpzFile, savez, savez_compressed
from npstow._save import Difference, Report, convert, diff, digest, save_tree
from npstow._tree import Group, Node, open

if TYPE_CHECKING:
    from npstow import joblib, pickle
    from npstow._edit import Appender, Editor, append, compact, edit
    from npstow._fold import Fold
    from npstow._value import Object
else:
    #: What many programs never use, and where it is: that is imported when it is asked for.
    _LATER = {
        "Appender": "_edit",
        "Editor": "_edit",
        "Fold": "_fold",
        "Object": "_value",
        "append": "_edit",
        "compact": "_edit",
        "edit": "_edit",
        "joblib": None,
        "pickle": None,
    }

    def __getattr__(name):
        import importlib

        if name not in _LATER:
            raise AttributeError(f"module 'npstow' has no attribute {name!r}")
        if _LATER[name] is None:
            return importlib.import_module(f"npstow.{name}")
        found = getattr(importlib.import_module(f"npstow.{_LATER[name]}"), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Appender",
    "Attributes",
    "CorruptError",
    "Difference",
    "Editor",
    "Error",
    "ExistsError",
    "FileAttributes",
    "Fold",
    "IoError",
    "Group",
    "InvalidError",
    "LimitError",
    "MismatchError",
    "Node",
    "NotFoundError",
    "NpzFile",
    "Object",
    "Report",
    "SelectionError",
    "UnsupportedError",
    "__version__",
    "append",
    "compact",
    "convert",
    "diff",
    "digest",
    "edit",
    "joblib",
    "load",
    "open",
    "open_memmap",
    "pickle",
    "save",
    "save_tree",
    "savez",
    "savez_compressed",
]
