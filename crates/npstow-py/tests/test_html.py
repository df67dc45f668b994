"""What notebooks show."""

import xml.etree.ElementTree as xml

import numpy as np

import npstow


def parsed(text):
    """Well formed, or an error."""
    return xml.fromstring(text)


def words(element):
    return " ".join("".join(element.itertext()).split())


def test_a_tree_is_a_table(tmp_path):
    tree = {
        "a<b>": np.arange(20, dtype="f4"),
        "g": {"x": np.zeros((300, 400)), "s": np.array(["<i>", "b"]), "e": np.zeros((0, 2))},
        "z": np.float64(2.5),
    }
    npstow.save_tree(tmp_path / "t", tree, attrs={"": {"creator": "<me>"}})
    (tmp_path / "t" / "readme.md").write_text("hello")
    table = parsed(npstow.open(tmp_path / "t")._repr_html_())
    text = words(table)
    for part in ("a<b>", "float32", "(20,)", "80 B", "g/", "g/x", "(300, 400)", "938 KiB", "<me>"):
        assert part in text, part
    assert "0., 1., 2., ..." in text.replace("[ ", "[") or "0. 1. 2. ..." in text
    assert "readme.md" in text and "bytes" in text and "2.5" in text


def test_an_array_is_shown_by_its_ends(tmp_path):
    npstow.save_tree(tmp_path / "x.npz", {"x": np.arange(10**6).reshape(1000, 1000)}, level=6)
    text = words(parsed(npstow.open(tmp_path / "x.npz")["x"]._repr_html_()))
    assert "int64 (1000, 1000), 7.6 MiB" in text and "in the file" in text
    assert "999999" in text and "..." in text


def test_what_is_damaged_hides_no_other(tmp_path):
    npstow.save_tree(tmp_path / "t", {"x": np.arange(5), "y": np.arange(6)})
    path = tmp_path / "t" / "x.npy"
    path.write_bytes(path.read_bytes()[:-8])
    text = words(parsed(npstow.open(tmp_path / "t")._repr_html_()))
    assert "40 bytes of data" in text and "[0 1 2 3 4 5]" in text


def test_objects_and_many_names(tmp_path):
    np.savez(tmp_path / "o.npz", o=np.array([{}, None], object))
    assert "Python objects" in words(parsed(npstow.open(tmp_path / "o.npz")._repr_html_()))
    npstow.save_tree(tmp_path / "many.npz", {f"a{i}": [i] for i in range(300)})
    assert "and 100 more" in words(parsed(npstow.open(tmp_path / "many.npz")._repr_html_()))


def test_folds_are_tables(tmp_path):
    fold = npstow.Fold({"x": np.arange(3), "g": {"y": [1.5]}})
    text = words(parsed(fold._repr_html_()))
    assert "x" in text and "g/y" in text and "[0 1 2]" in text and "[1.5]" in text
    fold.save(tmp_path / "t")
    assert "g/y" in words(parsed(npstow.Fold.load(tmp_path / "t")._repr_html_()))
