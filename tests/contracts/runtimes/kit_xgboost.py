"""An XGBoost Booster for the contract suite, served in Amazon's algorithm mode."""

import numpy as np
import xgboost
from sklearn.datasets import load_iris

from tests.contracts.runtimes.kit import Kit


def iris_booster() -> xgboost.Booster:
    rows, labels = load_iris(return_X_y=True)
    params = {"objective": "multi:softmax", "num_class": 3, "max_depth": 3, "nthread": 1}
    return xgboost.train(params, xgboost.DMatrix(rows, label=labels), 5)


def xgboost_kit() -> Kit:
    rows, _ = load_iris(return_X_y=True)
    booster = iris_booster()
    return Kit(
        "xgboost",
        rows,
        booster.predict(xgboost.DMatrix(rows)).astype(np.float64),
        lambda folder: (folder / "xgboost-model").write_bytes(booster.save_raw("ubj")),
        """
        import xgboost
        def model_fn(model_dir):
            return xgboost.Booster(model_file=model_dir + "/xgboost-model")
        """,
        predict="model.predict(__import__('xgboost').DMatrix(data))",
        says={"columns": "3 features", "text": "could not convert"},
        reads="text/libsvm",
        answers_in="text/csv",
        unreadable=415,
        empty=204,
        scores=True,
    )
