"""What other libraries keep in NumPy arrays, there and back."""

import numpy as np
import pytest

import npstow


def test_sparse_matrices_of_scipy(tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(200, 100, density=0.05, format="csr", random_state=1)
    # A file of scipy's, read here: its members are plain arrays.
    sparse.save_npz(tmp_path / "theirs.npz", matrix)
    parts = npstow.open(tmp_path / "theirs.npz").read()
    again = sparse.csr_matrix(
        (parts["data"], parts["indices"], parts["indptr"]), tuple(parts["shape"])
    )
    assert (again != matrix).nnz == 0
    # A file of ours, read there.
    npstow.save_tree(tmp_path / "ours.npz", parts, level=6)
    assert (sparse.load_npz(tmp_path / "ours.npz") != matrix).nnz == 0


def test_a_model_of_scikit_learn(tmp_path):
    linear = pytest.importorskip("sklearn.linear_model")
    choose = np.random.default_rng(0)
    x = choose.normal(size=(300, 5))
    y = (x @ [1, -2, 0.5, 0, 3] > 0).astype(int)
    model = linear.LogisticRegression().fit(x, y)
    learned = {name: getattr(model, name) for name in ("coef_", "intercept_", "classes_")}
    npstow.save_tree(tmp_path / "model", learned, attrs={"": {"estimator": "LogisticRegression"}})
    fold = npstow.Fold.load(tmp_path / "model")
    again = linear.LogisticRegression()
    for name in fold:
        setattr(again, name, fold[name])
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))
    # What cross-validation reads by rows, it reads from the file.
    npstow.save_tree(tmp_path / "x.npy", x)
    rows = npstow.open(tmp_path / "x.npy")[[5, 3, 8]]
    np.testing.assert_array_equal(model.predict(rows), model.predict(x[[5, 3, 8]]))


def test_a_frame_of_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "t": pandas.date_range("2024-01-01", periods=5, unit="s"),
            "x": np.linspace(0, 1, 5),
            "n": np.arange(5, dtype="i4"),
            "ok": [True, False, True, True, False],
        }
    )
    # A column each: what is wanted of a wide frame is read alone.
    columns = {str(name): frame[name].to_numpy() for name in frame}
    npstow.save_tree(tmp_path / "frame.npz", columns, level=6)
    pandas.testing.assert_frame_equal(pandas.DataFrame(npstow.open(tmp_path / "frame.npz").read()), frame)
    # Rows as records.
    npstow.save_tree(tmp_path / "frame.npy", np.array(frame.to_records(index=False)))
    records = npstow.open(tmp_path / "frame.npy").read()
    pandas.testing.assert_frame_equal(pandas.DataFrame.from_records(records), frame)


def test_a_data_set_of_xarray(tmp_path):
    xarray = pytest.importorskip("xarray")
    data = xarray.Dataset(
        {"temperature": (("time", "place"), np.arange(6.0).reshape(3, 2))},
        coords={"time": np.array(["2024-01-01", "2024-01-02", "2024-01-03"], "M8[D]"), "place": [7, 9]},
        attrs={"source": "model"},
    )
    tree = {"variables": {}, "coordinates": {}}
    attrs = {"": data.attrs}
    for name, variable in data.variables.items():
        group = "coordinates" if name in data.coords else "variables"
        tree[group][str(name)] = variable.to_numpy()
        attrs[f"{group}/{name}"] = npstow.Attributes(labels=[str(dim) for dim in variable.dims])
    npstow.save_tree(tmp_path / "data", tree, attrs=attrs)

    node = npstow.open(tmp_path / "data")
    made = {
        group: {name: (one.attrs.labels, one.read()) for name, one in node[group].items()}
        for group in node
    }
    again = xarray.Dataset(made["variables"], coords=made["coordinates"], attrs=dict(node.attrs))
    xarray.testing.assert_identical(again, data)
