"""A scikit-learn classifier converted to ONNX for the contract suite."""

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.contracts.runtimes.kit import Kit


def onnx_kit() -> Kit:
    rows, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    content = to_onnx(model, rows[:1].astype(np.float32)).SerializeToString()
    return Kit(
        "onnx",
        rows,
        model.predict(rows),
        lambda folder: (folder / "model.onnx").write_bytes(content),
        """
        import numpy, onnxruntime
        def model_fn(model_dir):
            return onnxruntime.InferenceSession(model_dir + "/model.onnx")
        """,
        predict='model.run(None, {"X": numpy.array(data, "float32")})[0]',
        says={"columns": "takes (any, 4)", "text": "convert"},
    )
