"""A scikit-learn classifier for the contract suite."""

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.contracts.runtimes.kit import Kit


def sklearn_kit() -> Kit:
    rows, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    return Kit(
        "sklearn",
        rows,
        model.predict(rows),
        lambda folder: joblib.dump(model, folder / "model.joblib"),
        """
        import joblib
        def model_fn(model_dir):
            return joblib.load(model_dir + "/model.joblib")
        """,
        says={"columns": "3 features", "text": "convert", "nan": "NaN"},
    )
