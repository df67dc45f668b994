"""Whatever NumPy makes of a key, a file makes of it, too, or refuses it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as made

import npstow

DTYPES = ["?", "i1", "<u2", ">i4", "<f8", ">c8", "S3", ">U2", "V3", "<M8[us]", "i1,<f4"]
SHAPES = made.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)


def layouts(array):
    return st.sampled_from([array, np.asfortranarray(array), array[::-1] if array.ndim else array])


@st.composite
def arrays(draw):
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(SHAPES)
    count = int(np.prod(shape, dtype=int))
    bytes_ = np.arange(count * dtype.itemsize, dtype="u1")
    if dtype.kind in "?bU":
        # Not every pattern is a truth value or a character.
        bytes_ = bytes_ & 1 if dtype.kind == "b" else bytes_ * 0
    return draw(layouts(bytes_.view(dtype).reshape(shape)))


@st.composite
def keys(draw, shape):
    if draw(st.booleans()) or not shape:
        return draw(made.basic_indices(shape, allow_newaxis=True, max_dims=6))
    axis = draw(st.integers(0, len(shape) - 1))
    if draw(st.booleans()):
        picked = draw(st.lists(st.booleans(), min_size=shape[axis], max_size=shape[axis]))
        picked = np.array(picked, bool)
    else:
        inside = st.integers(-shape[axis], shape[axis] - 1) if shape[axis] else st.nothing()
        picked = draw(st.lists(inside, max_size=5)) if shape[axis] else []
    around = st.slices(7)
    before = tuple(draw(around) for _ in range(axis))
    after = draw(st.sampled_from([(), (Ellipsis,)]))
    return (*before, picked, *after)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slices")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), array=arrays(), name=st.sampled_from(["x.npy", "x.npz", "packed.npz", "x"]))
def test_a_slice_is_numpys(folder, data, array, name):
    tree = array if name == "x.npy" else {"x": array}
    npstow.save_tree(folder / name, tree, level=3 if name == "packed.npz" else None)
    node = npstow.open(folder / name)
    node = node if name == "x.npy" else node["x"]
    assert node.shape == array.shape and node.dtype == array.dtype
    assert node.read().tobytes() == array.tobytes()
    key = data.draw(keys(array.shape))
    expected, got = array[key], node[key]
    assert type(got) is type(expected), key
    assert got.dtype == expected.dtype and got.shape == expected.shape, key
    assert got.tobytes() == expected.tobytes(), key
    out = np.empty_like(array)
    assert node.read(out=out).tobytes() == array.tobytes()
