#!/usr/bin/env python3
"""Archives as NumPy, Python's zipfile and Info-ZIP write them: methods, sizes, flags, names, and what stands around them.

    gen_npz.py OUT [--seed N]

Writes OUT/*.npz and OUT/manifest.jsonl. The first line of the manifest says who wrote it (NumPy, Python, zip, the seed); each other line is a file:
  path, why       its name, and what is special about it
  members         in the archive's order: name (as npstow calls it), kind (array, value); of arrays descr, digest_descr, shape, sha256 as in
                  gen_matrix.py; of values sha256 of their JSON (CLI.md). A member with `refused` is listed, and asking for it is an error with that text
  refused         the whole archive is refused, with that text
  notes           how many remarks `verify` makes that are no faults
Deterministic but for what `zip` does: the same seed and versions give the same bytes.
"""
import argparse
import base64
import io
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from truth import REFERENCE, described, sha256, write_manifest  # noqa: E402

SEED = 20240301
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
DATE = (1980, 1, 1, 0, 0, 0)


class Pipe(io.RawIOBase):
    """Takes bytes and cannot go back: zipfile then writes data descriptors."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


class RawName(zipfile.ZipInfo):
    """A member whose name is stored as these bytes, in no stated encoding."""

    def __init__(self, raw):
        super().__init__(raw.decode("cp437"), DATE)
        self.raw = raw

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits


def npy(array):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


class Maker:
    def __init__(self, folder, seed):
        self.folder, self.rows = folder, []
        self.random = np.random.Generator(np.random.PCG64(seed))

    def arrays(self):
        """One of each kind that matters to a reader of archives, some of them long."""
        r = self.random
        return {
            "f4": r.standard_normal((100, 4)).astype("<f4"),
            "big": r.integers(-9, 9, (3, 5)).astype(">i8"),
            "fortran": np.asfortranarray(r.standard_normal((6, 7))),
            "scalar": np.float64(2.5),
            "empty": np.zeros((0, 4), "<i2"),
            "flags": r.integers(0, 2, 33).astype("?"),
            "text": np.array(["a", "ä", "λ"]),
            "when": np.array(["2024-02-29", "NaT"], "M8[s]"),
            "record": np.array([(1, 2.5, b"x")], [("i", "<i4"), ("f", ">f8"), ("s", "S3")]),
            "zeros": np.zeros((3 << 20) // 8),
            "noise": r.integers(0, 256, 700_001).astype("u1"),
            "smooth": np.sin(np.linspace(0, 9, 300_000)).astype("<f4"),
        }

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, data, why, **more):
        with open(self.path(name), "wb") as file:
            file.write(data)
        self.note(name, why, **more)

    def note(self, name, why, refused=None, notes=0, members=None):
        row = {"path": name, "why": why, "notes": notes}
        if refused:
            self.rows.append({**row, "refused": refused})
            return
        self.rows.append({**row, "members": members if members is not None else self.truth(self.path(name))})

    def truth(self, path):
        """Every member as NumPy and zipfile read it."""
        # not np.load: that looks at the first bytes only, where something else may stand
        with zipfile.ZipFile(path) as archive, np.lib.npyio.NpzFile(open(path, "rb"), own_fid=True, allow_pickle=False) as loaded:
            return [self.member(info.filename, archive, loaded) for info in archive.infolist() if not info.is_dir()]

    def member(self, stored, archive, loaded):
        name = stored[:-4] if stored.endswith(".npy") and stored != ".npy" else stored
        value = loaded[stored]
        if isinstance(value, np.ndarray):
            return {"name": name, "kind": "array", **described(value)}
        text = base64.b64encode(archive.read(stored)).decode()
        return {"name": name, "kind": "value", "sha256": sha256(b'{"$bytes":"%s"}' % text.encode())}

    def zip(self, members, method=zipfile.ZIP_STORED, force_zip64=False, comment=b"", file=None):
        """The bytes of an archive: (name or ZipInfo, content) pairs."""
        out = file if file is not None else io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for name, content in members:
                info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, DATE)
                info.compress_type = method
                with archive.open(info, "w", force_zip64=force_zip64) as member:
                    member.write(content)
            archive.comment = comment
        return bytes(out.data) if isinstance(out, Pipe) else out.getvalue()


def numpy_itself(make):
    arrays = make.arrays()
    for function in (np.savez, np.savez_compressed):
        name = function.__name__ + ".npz"
        function(make.path(name), **arrays)
        make.note(name, f"np.{function.__name__}: a zip64 field in every local header")
        pipe = Pipe()
        function(pipe, **{"a": arrays["f4"], "b/c": arrays["text"]})
        make.put("pipe_" + name, bytes(pipe.data), f"np.{function.__name__} to a pipe: data descriptors of 64 bits")
    np.savez(make.path("positional.npz"), arrays["f4"], arrays["big"])
    make.note("positional.npz", "arr_0 and arr_1")


def methods(make):
    arrays = make.arrays()
    members = [(name + ".npy", npy(array)) for name, array in arrays.items()]
    for label, method in METHODS.items():
        for force in (False, True):
            for piped in (False, True):
                data = make.zip(members, method, force, file=Pipe() if piped else None)
                kinds = [label, "zip64" if force else "plain", "pipe" if piped else "file"]
                make.put("_".join(kinds) + ".npz", data, "zipfile: " + ", ".join(kinds))


def names(make):
    data = npy(make.arrays()["f4"])
    plain = [("a/b/c.npy", data), ("a/d.npy", data), ("e.npy", data), ("ä/λ.npy", data), ("w:0.npy", data), (" .npy", data), ("x.npy.npy", data)]
    make.put("names.npz", make.zip(plain), "groups, UTF-8, a colon, a space, two extensions")
    make.put("values.npz", make.zip([("read me.txt", b"hello"), ("x.npy", data), ("empty", b""), ("plain", data)]), "members without .npy, one of them an array")
    folder = zipfile.ZipInfo("d/", DATE)
    make.put("folders.npz", make.zip([(folder, b""), ("d/x.npy", data)]), "a folder with an entry of its own")
    make.put("cp437.npz", make.zip([(RawName(b"caf\x82.npy"), data), (RawName(b"\xe1\xfb.npy"), data)]), "names in code page 437, without a flag")
    path = "λ.npy".encode()
    unicode_path = struct.pack("<HHBL", 0x7075, 5 + len(path), 1, zlib.crc32(b"__.npy")) + path
    info = zipfile.ZipInfo("__.npy", DATE)
    info.extra = unicode_path
    known = {"name": "λ", "kind": "array", **described(make_array(data))}
    make.put("unicode_path.npz", make.zip([(info, data)]), "Info-ZIP's field for the name in UTF-8", members=[known])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = make.zip([("x.npy", data), ("x.npy", data)])
    for count, name in enumerate(("../x", "/x", "a/../x", "a//x", "./x", "\\x", "C:\\x", "..", ".")):
        odd = make.zip([("x.npy", data), (name + ".npy", npy(make.arrays()["text"])), ("a/y.npy", data)])
        make.put(f"odd_name_{count}.npz", odd, f"the name {name}, which is no path", notes=1)
    row = {"name": "x", "kind": "array", **described(make_array(data))}
    make.put("twice.npz", twice, "one name, two members", members=[row, row], notes=1)


def make_array(data):
    return np.load(io.BytesIO(data))


def around(make):
    members = [("x.npy", npy(make.arrays()["f4"])), ("y.npy", npy(make.arrays()["big"]))]
    plain = make.zip(members)
    make.put("comment.npz", make.zip(members, comment=b"said " * 1000), "a comment")
    make.put("longest_comment.npz", make.zip(members, comment=b"c" * 65535), "the longest comment")
    make.put("prefix.npz", b"#!/bin/sh\n" * 1000 + plain, "a program in front", notes=1)
    make.put("trailing.npz", plain + b"\n" * 9, "bytes behind", notes=1)
    make.put("nothing.npz", make.zip([]), "no members")
    out = io.BytesIO(b"prefix")
    out.seek(6)
    make.zip(members, file=out)
    make.put("prefix_known.npz", out.getvalue(), "a prefix that the offsets count", notes=0)


def refused(make):
    data = npy(make.arrays()["f4"])
    nul = make.zip([("ok.npy", data), ("n_l.npy", data)]).replace(b"n_l", b"n\0l")
    make.put("bad_name_nul.npz", nul, "a name with NUL", refused="a name without NUL")
    good = bytearray(make.zip([("x.npy", data)]))
    row = {"name": "x", "kind": "array"}
    for label, at, value, text in (
        ("encrypted", 6, 1, "encrypted"),
        ("method", 8, 8, "method"),
        ("crc", 14, None, "CRC-32"),
        ("size", 22, None, "size"),
        ("name", 30, ord("y"), "name"),
    ):
        bad = bytearray(good)
        bad[at] = bad[at] ^ 0xFF if value is None else value
        make.put(f"local_{label}.npz", bytes(bad), f"the local header has another {label}", members=[{**row, "refused": text}])
    secret = bytearray(good)
    secret[6] = 1
    secret[good.index(b"PK\x01\x02") + 8] = 1
    make.put("secret.npz", bytes(secret), "an encrypted member", members=[{**row, "refused": "an encrypted member"}])
    wrong = bytearray(good)
    wrong[len(data) // 2 + 100] ^= 1
    make.put("checksum.npz", bytes(wrong), "a flipped bit in the data", members=[{**row, "refused": "CRC-32"}])
    bomb = make.zip([("x.npy", npy(np.zeros(100_000_000, "u1")))], zipfile.ZIP_DEFLATED)
    make.put("zeros.npz", bomb, "100 MB of zeros in 97 kB: within the limits")


def info_zip(make):
    """What the program `zip` writes; nothing where there is none."""
    if not shutil.which("zip"):
        return None
    arrays = make.arrays()
    with tempfile.TemporaryDirectory() as scratch:
        os.makedirs(os.path.join(scratch, "d/ä"))
        for name in ("f4", "d/big", "d/ä/zeros", "d/ä/λ"):
            with open(os.path.join(scratch, name + ".npy"), "wb") as file:
                file.write(npy(arrays[name.rsplit("/", 1)[-1]] if name[-1] != "λ" else arrays["text"]))
        for label, options in (("9", ["-9"]), ("0", ["-0"]), ("zip64", ["-fz"]), ("bzip2", ["-Z", "bzip2"]), ("folders", ["-9"])):
            plain = [] if label == "folders" else ["-D"]
            words = ["zip", "-q", "-X", "-r", *plain, *options, os.path.abspath(make.path(f"zip_{label}.npz")), "."]
            subprocess.run(words, cwd=scratch, check=True)
            make.note(f"zip_{label}.npz", "Info-ZIP: " + " ".join(options))
        done = subprocess.run(["zip", "-q", "-X", "-D", "-r", "-", "."], cwd=scratch, check=True, stdout=subprocess.PIPE)
        make.put("zip_pipe.npz", done.stdout, "Info-ZIP to a pipe")
    text = subprocess.run(["zip", "-v"], capture_output=True, text=True, check=True).stdout
    return text.splitlines()[1].strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    make = Maker(options.out, options.seed)
    for part in (numpy_itself, methods, names, around, refused):
        part(make)
    program = info_zip(make)
    head = {"generator": "gen_npz.py", "reference": REFERENCE, "python": sys.version.split()[0], "zip": program, "seed": options.seed, "files": len(make.rows)}
    write_manifest(make.path("manifest.jsonl"), head, make.rows)
    print(f"{len(make.rows)} files by {REFERENCE}, Python {head['python']}, {program or 'no zip'}")


if __name__ == "__main__":
    main()
