"""A LightGBM Booster for the contract suite."""

import lightgbm
from sklearn.datasets import load_iris

from tests.contracts.runtimes.kit import Kit


def iris_booster() -> lightgbm.Booster:
    rows, labels = load_iris(return_X_y=True)
    params = {"objective": "regression", "num_leaves": 7, "verbose": -1, "num_threads": 1}
    return lightgbm.train(params, lightgbm.Dataset(rows, label=labels), 5)


def lightgbm_kit() -> Kit:
    rows, _ = load_iris(return_X_y=True)
    booster = iris_booster()
    return Kit(
        "lightgbm",
        rows,
        booster.predict(rows),
        lambda folder: booster.save_model(folder / "model.txt"),
        """
        import lightgbm
        def model_fn(model_dir):
            return lightgbm.Booster(model_file=model_dir + "/model.txt")
        """,
        says={"columns": "3 features", "text": "could not convert"},
    )
