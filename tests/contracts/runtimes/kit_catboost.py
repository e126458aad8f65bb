"""A CatBoost classifier for the contract suite."""

import catboost
from sklearn.datasets import load_iris

from tests.contracts.runtimes.kit import Kit


def iris_classifier() -> catboost.CatBoostClassifier:
    rows, labels = load_iris(return_X_y=True)
    model = catboost.CatBoostClassifier(
        iterations=5, depth=3, verbose=False, allow_writing_files=False, thread_count=1
    )
    return model.fit(rows, labels)


def catboost_kit() -> Kit:
    rows, _ = load_iris(return_X_y=True)
    model = iris_classifier()
    return Kit(
        "catboost",
        rows,
        model.predict(rows).ravel(),
        lambda folder: model.save_model(str(folder / "model.cbm")),
        """
        import catboost
        def model_fn(model_dir):
            return catboost.CatBoostClassifier().load_model(model_dir + "/model.cbm")
        """,
        predict="model.predict(data).ravel()",
        says={"columns": "3 features", "text": "could not convert"},
    )
