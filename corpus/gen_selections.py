"""Writes selections.tsv: what NumPy answers to basic indexing with at most one list."""

import random

import numpy as np

SEED = 20260102
random.seed(SEED)


def number(n):
    return random.choice(["", str(random.randint(-n - 3, n + 3))])


def index(n, lists):
    kind = random.random()
    if kind < 0.45:
        step = random.choice(["", "", ":", ":2", ":-1", ":-2", ":3", ":0" if random.random() < 0.1 else ":1"])
        return f"{number(n)}:{number(n)}{step}"
    if kind < 0.7:
        return str(random.randint(-n - (random.random() < 0.1), max(n - 1 + (random.random() < 0.1), 0)))
    if kind < 0.85 and not lists and n:
        lists.append(1)
        return "[" + ", ".join(str(random.randint(-n, n - 1)) for _ in range(random.randint(0, 4))) + "]"
    return random.choice(["...", "None", ":"])


def line(shape, text):
    array = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        # A list of no numbers is one of indices, not of floats.
        found = eval(f"array[{text}]" if text else "array[()]", {"array": array, "None": None})
        found = np.asarray(found)
        answer = [" ".join(map(str, found.shape)), " ".join(map(str, found.ravel()))]
    except (IndexError, ValueError):
        answer = ["refused", ""]
    return "\t".join([" ".join(map(str, shape)), text, *answer])


lines = []
for _ in range(1200):
    shape = tuple(random.choice([0, 1, 2, 3, 4, 5]) if random.random() < 0.3 else random.randint(1, 5) for _ in range(random.randint(0, 4)))
    lists = []
    count = random.randint(0, len(shape) + (random.random() < 0.15))
    text = ", ".join(index(shape[i] if i < len(shape) else 3, lists) for i in range(count))
    if text.count("...") > 1 and random.random() < 0.8:
        text = text.replace("...", ":", 1)
    lines.append(line(shape, text))
for shape, text in [
    ((2, 3, 4), "0, :, [0, 1]"), ((2, 3, 4), "0, ..., [0, 1]"), ((2, 3, 4), "[0, 1], ..., 0"),
    ((2, 3), "[0, 1], ..., 0"), ((3, 4, 2), ":, [0, 1], ..., 0"), ((3, 4, 2), ":, [0, 1], 0"),
    ((3, 4, 2), ":, 0, [0, 1]"), ((3, 4, 2), "0, None, [0, 1]"), ((3, 4, 2), "None, 0, [0, 1]"),
    ((3, 4, 2), "None, 0, [0, 1], None"), ((3, 4, 2, 2), "0, 1, :, [1, 0, 1]"), ((3,), "[0, 1, 2]"),
    ((3, 3), "None, ..., None"), ((), "..."), ((), "None"), ((5,), "9223372036854775807:"),
    ((5,), "::9223372036854775807"), ((5,), "-9223372036854775808::-9223372036854775808"),
]:
    lines.append(line(shape, text))
with open("selections.tsv", "w", encoding="utf-8") as file:
    print(f"# NumPy {np.__version__}, seed {SEED}, by gen_selections.py", file=file)
    print("# shape, selection, shape of the result or refused, its elements", file=file)
    for one in dict.fromkeys(lines):
        print(one, file=file)
