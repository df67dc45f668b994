"""Which elements are compared, and which arrays and rows there are: the same in every language."""

import os

import numpy as np

# Fewer where it is asked how the time grows with their number.
MANY = int(os.environ.get("COMPARE_MANY", "4000"))
SHAPE = (100, 4)


def sample(values):
    values = values.reshape(-1)
    last = len(values) - 1
    return int(sum(float(values[last * step // 7]) for step in range(8)))


def wanted(length):
    state, rows = 1, []
    for _ in range(1000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        rows.append((state >> 8) % length)
    return rows


def name(at):
    return f"a{at:04}"


def many():
    """The many arrays by name: whole numbers below 2^24, laid end to end."""
    length = SHAPE[0] * SHAPE[1]
    places = np.arange(MANY * length, dtype="u4")
    values = (places * np.uint32(2654435761) >> np.uint32(8)).astype("f4")
    return {name(at): values[at * length : (at + 1) * length].reshape(SHAPE) for at in range(MANY)}


def sample_many(arrays):
    """How many arrays there are, and the sum of one element of eight of them."""
    last = SHAPE[0] * SHAPE[1] - 1
    total = len(arrays)
    for step in range(8):
        array = arrays[name((MANY - 1) * step // 7)]
        assert array.shape == SHAPE, array.shape
        total += int(array.reshape(-1)[last * step // 7])
    return total
