"""Files of references and of elements of any nesting, and what libhdf5 says of two such files.

h5py makes the files; the elements go past it to its libhdf5, since it has no way to convert most of these types.
"""
import ctypes
import glob
import os

import h5py
import numpy as np
from h5py import h5a, h5d, h5s, h5t

OBJECT, REGION = h5t.STD_REF_OBJ, h5t.STD_REF_DSETREG


def library():
    """The libhdf5 that h5py has loaded; none where it lies elsewhere."""
    beside = os.path.join(os.path.dirname(os.path.dirname(h5py.__file__)), "h5py.libs", "libhdf5-*.so*")
    paths = glob.glob(beside)
    if not paths:
        return None
    found = ctypes.CDLL(paths[0])
    number, buffer = ctypes.c_int64, ctypes.c_void_p
    for name, *words in (("H5Dwrite", number, number, number, number, number, buffer), ("H5Dread", number, number, number, number, number, buffer),
                         ("H5Awrite", number, number, buffer), ("H5Aread", number, number, buffer), ("H5Iget_type", number), ("H5Oclose", number),
                         ("H5Iget_name", number, buffer, ctypes.c_size_t)):
        getattr(found, name).argtypes = words
    for name, *words in (("H5Rget_region", number, ctypes.c_int, buffer), ("H5Rdereference2", number, number, ctypes.c_int, buffer)):
        getattr(found, name).argtypes, getattr(found, name).restype = words, number
    found.H5Rcreate.argtypes = buffer, number, ctypes.c_char_p, ctypes.c_int, number
    return found


LIBRARY = library()


class Sequence(ctypes.Structure):
    """What libhdf5 has for a sequence."""

    _fields_ = [("len", ctypes.c_size_t), ("place", ctypes.c_void_p)]


def text(charset="utf-8"):
    return h5t.py_create(h5py.string_dtype(charset), logical=True)


def record(*members):
    """A record without gaps, of names and types."""
    one = h5t.create(h5t.COMPOUND, sum(what.get_size() for _, what in members))
    at = 0
    for name, what in members:
        one.insert(name.encode(), at, what)
        at += what.get_size()
    return one


def types():
    """By name: types with variable parts, in one another up to three deep."""
    colour = h5t.enum_create(h5t.STD_I16BE)
    for number, name in enumerate(("RED", "GREEN", "BLUE")):
        colour.enum_insert(name.encode(), number)
    padded = h5t.C_S1.copy()
    padded.set_size(5)
    padded.set_strpad(h5t.STR_SPACEPAD)
    plain = record(("n", h5t.STD_I32BE), ("colour", colour), ("name", padded))
    ints, texts = h5t.vlen_create(h5t.STD_I16BE), h5t.vlen_create(text())
    varied = record(("key", text("ascii")), ("n", h5t.IEEE_F64BE), ("parts", ints), ("to", OBJECT), ("where", REGION))
    return {
        "text": text(), "ascii": text("ascii"), "ints": ints, "enums": h5t.vlen_create(colour), "records": h5t.vlen_create(plain),
        "padded": h5t.vlen_create(padded), "arrays": h5t.vlen_create(h5t.array_create(h5t.STD_U8LE, (2, 3))),
        "texts": texts, "deep": h5t.vlen_create(h5t.vlen_create(ints)), "deep_texts": h5t.vlen_create(texts),
        "record": varied, "nested": record(("a", varied), ("b", h5t.array_create(text(), (2,))), ("c", h5t.vlen_create(varied))),
        "array": h5t.array_create(text(), (3,)), "array_of_records": h5t.array_create(record(("t", text()), ("i", h5t.STD_I8LE)), (2, 2)),
        "object": OBJECT, "region": REGION, "objects": h5t.vlen_create(OBJECT), "regions": h5t.vlen_create(REGION),
        "object_array": h5t.array_create(OBJECT, (2,)),
    }


class Maker:
    """Random elements, as libhdf5 has them in memory."""

    def __init__(self, file, targets, seed):
        self.file, self.targets, self.random, self.held = file, targets, np.random.default_rng(seed), []

    def hold(self, data):
        """The place of bytes that stay."""
        self.held.append(ctypes.create_string_buffer(data, max(len(data), 1)))
        return ctypes.addressof(self.held[-1])

    def reference(self):
        """To a group, a dataset, or nothing."""
        name, found = self.random.choice([*self.targets, ""]), ctypes.create_string_buffer(8)
        if name and LIBRARY.H5Rcreate(found, self.file.id.id, name.encode(), 0, -1) < 0:
            raise ValueError(name)
        return found.raw

    def region(self):
        """Of a dataset of 6 x 7: blocks, single points, everything, nothing; or no region at all."""
        kind, space, found = self.random.integers(6), h5s.create_simple((6, 7)), ctypes.create_string_buffer(12)
        if kind == 0:
            return found.raw
        if kind == 1:
            space.select_none()
        elif kind == 2:
            space.select_hyperslab((1, int(self.random.integers(3))), (2, 1), (2, 1), (1, 4))
        elif kind == 3:
            space.select_hyperslab((0, 0), (2, 2))
            space.select_hyperslab((4, int(self.random.integers(5))), (1, 2), op=h5s.SELECT_OR)
        elif kind == 4:
            space.select_elements(self.random.integers(0, 6, (4, 2)).astype("u8"))
        if LIBRARY.H5Rcreate(found, self.file.id.id, b"data/grid", 1, space.id) < 0:
            raise ValueError("a region")
        return found.raw

    def one(self, what):
        kind, random = what.get_class(), self.random
        if kind == h5t.STRING and what.is_variable_str():
            letters = random.choice(list("abcdefü " if what.get_cset() else "xyz"), random.integers(0, 30))
            place = self.hold("".join(letters).encode() + b"\0")
            return place.to_bytes(8, "little")
        if kind == h5t.VLEN:
            items = [self.one(what.get_super()) for _ in range(random.choice([0, 1, 2, 5]))]
            return bytes(Sequence(len(items), self.hold(b"".join(items)) if items else None))
        if kind == h5t.REFERENCE:
            return self.region() if what.equal(REGION) else self.reference()
        if kind == h5t.COMPOUND:
            return b"".join(self.one(what.get_member_type(at)) for at in range(what.get_nmembers()))
        if kind == h5t.ARRAY:
            return b"".join(self.one(what.get_super()) for _ in range(int(np.prod(what.get_array_dims()))))
        return b"ab   " if kind == h5t.STRING else bytes(what.get_size() - 1) + bytes([random.integers(3)])


def put(file, name, what, shape, maker, filled=True):
    """A dataset of a type, and an attribute of it."""
    parent = file.require_group(name.rsplit("/", 1)[0])
    space = h5s.create(h5s.NULL) if shape is None else h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)
    one = h5d.create(parent.id, name.rsplit("/", 1)[1].encode(), what, space)
    beside = h5a.create(one, b"same", what, space)
    if shape is None or not filled:
        return
    elements = b"".join(maker.one(what) for _ in range(int(np.prod(shape))))
    if LIBRARY.H5Dwrite(one.id, what.id, 0, 0, 0, elements) < 0 or LIBRARY.H5Awrite(beside.id, what.id, elements) < 0:
        raise ValueError(name)


def write(path, libver, seed=0):
    """A file of all these types, in datasets and attributes, many, single, none, never written, null."""
    with h5py.File(path, "w", libver=libver) as file:
        file["data/grid"] = np.arange(42, dtype="i2").reshape(6, 7)
        file["data/inner/x"] = np.arange(3.5)
        file["z"], file["later/zz"] = 1, np.zeros(3)
        targets = ["data/grid", "data/inner/x", "data/inner", "z", "/", "later/zz"]
        for name, what in types().items():
            seed += 1
            for group, shape in (("one", ()), ("many", (31,)), ("wide", (2, 3)), ("none", (0, 2)), ("blank", (4,)), ("null", None)):
                put(file, f"{group}/{name}", what, shape, Maker(file, targets, seed), group != "blank")


class Reader:
    """Elements as what can be compared: references as what they lead to."""

    def __init__(self, file):
        self.file = file

    def object(self, data, kind=0):
        """The path and the kind of what a reference leads to."""
        if not any(data):
            return "no object"
        one, name = LIBRARY.H5Rdereference2(self.file.id.id, 0, kind, data), ctypes.create_string_buffer(200)
        if one < 0 or LIBRARY.H5Iget_name(one, name, 200) < 0:
            return "nothing"
        found = name.value, LIBRARY.H5Iget_type(one)
        LIBRARY.H5Oclose(one)
        return found

    def region(self, data):
        if not any(data):
            return "no region"
        space = h5s.SpaceID(LIBRARY.H5Rget_region(self.file.id.id, 1, data))
        kind = space.get_select_type()
        part = {h5s.SEL_POINTS: "get_select_elem_pointlist", h5s.SEL_HYPERSLABS: "get_select_hyper_blocklist"}.get(kind)
        return self.object(data, 1), kind, space.shape, space.get_select_npoints(), getattr(space, part)().tolist() if part else None

    def one(self, what, data):
        kind = what.get_class()
        if kind == h5t.STRING and what.is_variable_str():
            return ctypes.string_at(int.from_bytes(data, "little")) if any(data) else None
        if kind == h5t.VLEN:
            base, found = what.get_super(), Sequence.from_buffer_copy(data)
            return self.several(base, ctypes.string_at(found.place, found.len * base.get_size()) if found.len else b"")
        if kind == h5t.REFERENCE:
            return self.region(data) if what.equal(REGION) else self.object(data)
        if kind == h5t.COMPOUND:
            parts = ((what.get_member_type(at), what.get_member_offset(at)) for at in range(what.get_nmembers()))
            return [self.one(part, data[at:at + part.get_size()]) for part, at in parts]
        return self.several(what.get_super(), data) if kind == h5t.ARRAY else data

    def several(self, what, data):
        size = what.get_size()
        return [self.one(what, data[at:at + size]) for at in range(0, len(data), size)]

    def all(self, one):
        """The type, the shape and the elements of a dataset or an attribute."""
        what, space = one.get_type(), one.get_space()
        kind = space.get_simple_extent_type()
        count = 0 if kind == h5s.NULL else space.get_simple_extent_npoints()
        elements = ctypes.create_string_buffer(max(count * what.get_size(), 1))
        read = (lambda: LIBRARY.H5Dread(one.id, what.id, 0, 0, 0, elements)) if isinstance(one, h5d.DatasetID) else \
            (lambda: LIBRARY.H5Aread(one.id, what.id, elements))
        if count and read() < 0:
            raise ValueError("not read")
        return what, kind, one.shape, self.several(what, elements.raw[:count * what.get_size()])


def told(file):
    """Types, shapes and elements of all that is in a file, by path."""
    found, reader = {}, Reader(file)

    def visit(path, one):
        found.update({f"{path}@{name}": reader.all(one.attrs.get_id(name)) for name in one.attrs})
        found[path] = reader.all(one.id) if isinstance(one, h5py.Dataset) else "a group"

    visit("/", file)
    file.visititems(visit)
    return found


def compare(before, after):
    """How many things were compared, and what of them differs."""
    with h5py.File(before) as old, h5py.File(after) as new:
        want, got = told(old), told(new)
        faults = [(name, "is in one of them only") for name in sorted(want.keys() ^ got.keys())]
        for name in sorted(want.keys() & got.keys()):
            if want[name] != got[name]:
                faults.append((name, f"{str(got[name])[:200]}, not {str(want[name])[:200]}"))
        return len(want), faults
