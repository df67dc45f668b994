"""Datatypes of HDF5 that say more than a dtype, files of them by h5py, and what h5py says of two files."""
import h5py
import numpy as np
from h5py import h5a, h5d, h5p, h5s, h5t

# What is written element by element, or as h5py's record: no type of these classes is the same again.
OTHERWISE = (h5t.VLEN, h5t.REFERENCE, h5t.COMPLEX)


def changed(base, **fields):
    """A copy of a type with what `set_…` is given; the size comes last, since it bounds the rest."""
    one = base.copy()
    for name, value in fields.items():
        getattr(one, f"set_{name}")(*(value if isinstance(value, tuple) else (value,)))
    return one


def text(size, charset, padding):
    return changed(h5t.C_S1, size=size, cset=charset, strpad=padding)


def enumeration(base, **members):
    one = h5t.enum_create(base)
    for name, value in members.items():
        one.enum_insert(name.encode(), value)
    return one


def opaque(size, tag):
    one = h5t.create(h5t.OPAQUE, size)
    one.set_tag(tag)
    return one


def record(size, *members):
    one = h5t.create(h5t.COMPOUND, size)
    for name, offset, what in members:
        one.insert(name.encode(), offset, what)
    return one


def types():
    """By name; elements of all of them can be any bytes."""
    colour = enumeration(h5t.STD_I32LE, RED=0, GREEN=1, BLUE=-2)
    odd = changed(h5t.STD_I32LE, precision=12, offset=2, size=2)
    spaces = text(5, h5t.CSET_ASCII, h5t.STR_SPACEPAD)
    bfloat = changed(h5t.IEEE_F32LE, fields=(15, 7, 8, 0, 7), precision=16, size=2, ebias=127)
    found = {
        "enum": colour,
        "enum_big": enumeration(h5t.STD_I16BE, A=1, b=2, **{"a longer name": 300}),
        "enum_u8": enumeration(h5t.STD_U8LE, größe=7),
        "enum_u64": enumeration(h5t.STD_U64LE, most=2**62),
        "enum_odd": enumeration(odd, one=1),
        "bool": enumeration(h5t.STD_I8LE, FALSE=0, TRUE=1),
        "bool_turned": enumeration(h5t.STD_I8LE, TRUE=1, FALSE=0),
        "bits_8": h5t.STD_B8LE,
        "bits_16": h5t.STD_B16BE,
        "bits_64": h5t.STD_B64LE,
        "int_odd": odd,
        "int_odd_big": changed(h5t.STD_U32BE, precision=20, offset=7),
        "int_padded": changed(h5t.STD_I32LE, precision=31, pad=(h5t.PAD_ONE, h5t.PAD_BACKGROUND)),
        "int_8_big": h5t.STD_I8BE,
        "int_3": changed(h5t.STD_I32LE, precision=24, size=3),
        "int_16": changed(h5t.STD_I64BE, size=16, precision=128),
        "bfloat16": bfloat,
        "float8": changed(h5t.IEEE_F16LE, fields=(7, 3, 4, 0, 3), precision=8, size=1, ebias=7),
        "float_24": changed(h5t.IEEE_F32BE, fields=(23, 16, 7, 0, 16), precision=24, offset=0, ebias=63),
        "float_none": changed(h5t.IEEE_F64LE, norm=h5t.NORM_MSBSET),
        "vax": h5t.decode(bytes.fromhex("030031611f0004000000000020001708001781000000")),
        # A bit that says so in a version that does not know it.
        "vax_not": changed(h5t.IEEE_F32LE, order=h5t.ORDER_VAX, ebias=129),
        "quad": h5t.IEEE_F128LE,
        "long": h5t.NATIVE_LDOUBLE,
        "time": h5t.UNIX_D32LE,
        "time_big": h5t.UNIX_D64BE,
        "opaque": opaque(3, b"a tag of one's own"),
        "opaque_8": opaque(8, b"12345678"),
        "date": opaque(8, b"NUMPY:<M8[s]"),
        "bytes": opaque(4, b""),
        "array": h5t.array_create(colour, (2, 3)),
        "array_text": h5t.array_create(spaces, (2,)),
        "plain": h5t.STD_I64BE,
    }
    for charset, cset in (("ascii", h5t.CSET_ASCII), ("utf8", h5t.CSET_UTF8)):
        for padding, strpad in (("terminated", h5t.STR_NULLTERM), ("nuls", h5t.STR_NULLPAD), ("spaces", h5t.STR_SPACEPAD)):
            found[f"text_{charset}_{padding}"] = text(6, cset, strpad)
    inner = record(9, ("colour", 0, colour), ("name", 4, spaces))
    found["record"] = record(40, ("n", 2, odd), ("inner", 4, inner), ("enums", 13, found["array"]), ("flag", 39, h5t.STD_B8LE))
    found["record_turned"] = record(300, ("z", 299, h5t.STD_B8LE), ("a", 0, spaces), ("größe", 17, bfloat))
    found["record_vax"] = record(8, ("old", 0, found["vax"]), ("of an array", 4, h5t.array_create(h5t.STD_B8LE, (4,))))
    found["record_text"] = record(7, ("a", 0, text(3, h5t.CSET_UTF8, h5t.STR_NULLPAD)), ("b", 3, text(4, h5t.CSET_ASCII, h5t.STR_NULLPAD)))
    found["complex_odd"] = record(4, ("r", 0, bfloat), ("i", 2, bfloat))
    return found


def put(parent, name, what, shape, seed, compress=False):
    """A dataset of a type, of any bytes, and an attribute unless it is packed; of no shape, null ones."""
    space = h5s.create(h5s.NULL) if shape is None else h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)
    storage = h5p.create(h5p.DATASET_CREATE)
    if compress:
        storage.set_chunk((2,) * len(shape))
        storage.set_deflate(4)
    one = h5d.create(parent.id, name.encode(), what, space, storage)
    both = [one] if compress else [one, h5a.create(one, name.encode(), what, space)]
    if shape is not None:
        bytes_ = np.random.default_rng(seed).integers(0, 256, (*shape, what.get_size()), np.uint8)
        bytes_ = bytes_.view(f"V{what.get_size()}").reshape(shape)
        one.write(h5s.ALL, h5s.ALL, bytes_, what)
        for beside in both[1:]:
            beside.write(bytes_, what)


def write(path, libver):
    """A file of all these types, in datasets and attributes, plain, packed, single and null, and committed."""
    nulls = {"texts": h5t.py_create(h5py.string_dtype(), logical=True), "sequences": h5t.vlen_create(h5t.STD_I32LE), "to": h5t.STD_REF_OBJ,
             "nested": record(20, ("a", 0, h5t.vlen_create(enumeration(h5t.STD_I8LE, X=1))), ("b", 16, h5t.STD_I32LE))}
    with h5py.File(path, "w", libver=libver) as file:
        for seed, (name, what) in enumerate(types().items()):
            put(file.require_group("plain"), name, what, (3, 2), seed)
            put(file.require_group("packed"), name, what, (500,), seed, compress=True)
            put(file.require_group("single"), name, what, (), seed)
            put(file.require_group("none"), name, what, (0, 2), seed)
            put(file.require_group("null"), name, what, None, seed)
        for name, what in nulls.items():
            put(file["null"], name, what, None, 0)


def commit(path, libver):
    """A file of datasets and attributes whose types are committed, and therefore lie elsewhere, without a name."""
    with h5py.File(path, "w", libver=libver) as file:
        for seed, (name, what) in enumerate(types().items()):
            what = what.copy()
            what.commit(file.id, f"type of {name}".encode())
            put(file, name, what, (4,), seed)
            # It stays where it is as long as somebody has it.
            del file[f"type of {name}"]


def holds(what, classes):
    """Whether a type, or one within it, is of one of these classes."""
    kind = what.get_class()
    if kind in classes or (kind == h5t.STRING and what.is_variable_str()):
        return True
    if kind == h5t.COMPOUND:
        return any(holds(what.get_member_type(at), classes) for at in range(what.get_nmembers()))
    return kind in (h5t.ARRAY, h5t.VLEN) and holds(what.get_super(), classes)


def contents(one):
    """The bytes of a dataset or an attribute, as they lie in the file."""
    what, space = one.get_type(), one.get_space()
    shape = space.get_simple_extent_dims()
    bytes_ = np.zeros(shape, f"V{what.get_size()}")
    if isinstance(one, h5a.AttrID):
        one.read(bytes_, what)
    elif bytes_.size:
        one.read(h5s.ALL, h5s.ALL, bytes_, what)
    return shape, bytes_.tobytes()


def known(what):
    """What h5py's interface tells of a type; of some it knows no dtype."""
    try:
        dtype = what.dtype
    except (TypeError, ValueError, KeyError) as why:
        return str(why)
    return dtype, str(dtype.metadata), h5py.check_enum_dtype(dtype), h5py.check_string_dtype(dtype), h5py.check_opaque_dtype(dtype)


def differs(old, new):
    """In what two datasets or attributes are not the same, or None."""
    null = [one.get_space().get_simple_extent_type() == h5s.NULL for one in (old, new)]
    if null[0] != null[1]:
        return f"null: {null}"
    was, now = old.get_type(), new.get_type()
    if holds(was, (h5t.COMPLEX,)) or (not null[0] and holds(was, OTHERWISE)):
        return None
    if not was.equal(now) or was.get_class() != now.get_class():
        return f"type {was.encode().hex()} became {now.encode().hex()}"
    if known(was) != known(now):
        return f"{known(was)} became {known(now)}"
    if null[0]:
        return None
    try:
        expected = contents(old)
    except OSError:
        return None
    found = contents(new)
    return None if found == expected else f"{expected[1][:40]} became {found[1][:40]}"


def renamed(was, now):
    """In what two committed types are not the same, or None."""
    if holds(was, (h5t.COMPLEX,)):
        return None
    same = was.equal(now) and was.get_class() == now.get_class() and known(was) == known(now)
    return None if same and now.committed() else f"type {was.encode().hex()} became {now.encode().hex()}"


def name(path, libver):
    """A file of committed types, with attributes, of which some have several names and some are the types of datasets."""
    more = {
        "texts": h5t.py_create(h5py.string_dtype(), logical=True), "sequences": h5t.vlen_create(h5t.STD_I32LE), "to": h5t.STD_REF_OBJ,
        "nested": record(24, ("a", 0, h5t.vlen_create(enumeration(h5t.STD_I8LE, X=1))), ("to", 16, h5t.STD_REF_OBJ)),
    }
    with h5py.File(path, "w", libver=libver) as file:
        for seed, (key, what) in enumerate({**types(), **more}.items()):
            what = what.copy()
            what.commit(file.require_group("types").id, key.encode())
            file["types"][key].attrs["number"] = seed
            file["types"][key].attrs["text"] = "ä" * seed
            if seed % 5 == 0:
                file[f"other/{key}"] = file["types"][key]
            if key not in more:
                put(file.require_group("data"), key, what, (3,), seed)
        for number in range(30):
            file["types/enum"].attrs[f"one of many {number}"] = number


def compare(old, new):
    """How many datasets and attributes of two files were compared, and where they differ."""
    faults, total = [], 0
    with h5py.File(old, "r") as was, h5py.File(new, "r") as now:
        paths = [""]
        was.visit(paths.append)
        for path in paths:
            try:
                before = was[path or "/"]
            except KeyError:
                # What the library refuses to open.
                continue
            after = now[path or "/"]
            pairs = [(path, before.id, after.id)] if isinstance(before, h5py.Dataset) else []
            if isinstance(before, h5py.Datatype):
                total += 1
                why = renamed(before.id, after.id) if isinstance(after, h5py.Datatype) else f"it became {after}"
                faults += [(path, why)] if why else []
            pairs += [(f"{path}@{name}", before.attrs.get_id(name), after.attrs.get_id(name)) for name in before.attrs]
            total += len(pairs)
            faults += [(name, why) for name, *two in pairs if (why := differs(*two))]
    return total, faults
