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


# What P13 reads, and how many there are of each.
INTS, FLOATS, RECORDS, ARRAYS = 1_000_000, 200_000, 100_000, 10_000


def mixed(at):
    return (at * 2654435761 & 0xFFFFFFFF) >> 8


def record(at):
    return {"id": at, "name": f"name{at}", "score": float(mixed(at)), "tags": [at % 7, at % 5]}


PYTHON_DATA = {
    "ints": lambda: [mixed(at) for at in range(INTS)],
    "floats": lambda: {f"key{at:06}": float(mixed(at)) for at in range(FLOATS)},
    "records": lambda: [record(at) for at in range(RECORDS)],
    "arrays": lambda: {name(at): np.arange(at, at + 16, dtype="f4") for at in range(ARRAYS)},
}


def sample_data(what, found):
    """How many there are, and what lies at eight places."""
    at = {
        "ints": lambda place: found[place],
        "floats": lambda place: found[f"key{place:06}"],
        "records": lambda place: found[place]["id"] + found[place]["score"] + sum(found[place]["tags"]),
        "arrays": lambda place: float(found[name(place)][15]),
    }[what]
    return int(len(found) + sum(at((len(found) - 1) * step // 7) for step in range(8)))


def sample_many(arrays):
    """How many arrays there are, and the sum of one element of eight of them."""
    last = SHAPE[0] * SHAPE[1] - 1
    total = len(arrays)
    for step in range(8):
        array = arrays[name((MANY - 1) * step // 7)]
        assert array.shape == SHAPE, array.shape
        total += int(array.reshape(-1)[last * step // 7])
    return total
