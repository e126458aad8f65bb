"""Writes TensorFlow models into a folder: `python -m tests.support.tensorflow_models FOLDER`.

A process of its own, for importing TensorFlow takes seconds and hundreds of megabytes. Makes
`saved/iris/1` and `saved/iris/2` (SavedModels of two Keras classifiers, the second of which was
trained longer), the second as `model.keras` and `model.h5` in folders `keras` and `h5`,
`saved/mixed/1` (two inputs, one of strings; several signatures), and expected.json: the local
predictions of the classifiers for all of iris.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris

ROWS = load_iris().data.astype("float32")


def write(folder: Path) -> dict[str, list[list[float]]]:
    """The models; returns the classifiers' probabilities by version.

    Runs the process, unless all of it is in the folder already.
    """
    expected = folder / "expected.json"
    if expected.exists():
        return dict(json.loads(expected.read_text()))
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "tests.support.tensorflow_models", str(folder)],
        env={
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        },
        check=True,
        timeout=300,
    )
    return dict(json.loads(expected.read_text()))


def _write_all(folder: Path) -> None:
    import tensorflow as tf

    tf.keras.utils.set_random_seed(7)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4,), name="flower"),
            tf.keras.layers.Dense(8, activation="relu"),
            tf.keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(tf.keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    expected = {}
    for version in (1, 2):
        model.fit(ROWS, load_iris().target, epochs=5 * version, verbose=0)
        model.export(folder / "saved" / "iris" / str(version), verbose=False)
        expected[version] = np.asarray(model(ROWS)).tolist()
    for suffix in ("keras", "h5"):
        (folder / suffix).mkdir()
        model.save(folder / suffix / f"model.{suffix}")
    _write_mixed(folder / "saved" / "mixed" / "1")
    (folder / "expected.json").write_text(json.dumps(expected))


def _write_mixed(folder: Path) -> None:
    import tensorflow as tf

    class Mixed(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = tf.Variable(2, dtype=tf.int32)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, "name"),
                tf.TensorSpec([None, 2], tf.int32, "sizes"),
            ]
        )
        def greet(self, name: tf.Tensor, sizes: tf.Tensor) -> dict[str, tf.Tensor]:
            return {
                "greeting": tf.strings.join(["hello ", name]),
                "raw_bytes": name,
                "total": self.scale * tf.reduce_sum(sizes, axis=1),
            }

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def mean(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"mean": tf.reduce_mean(x)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def positive(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            with tf.control_dependencies([tf.debugging.assert_positive(x, "only positive x")]):
                return {"x": tf.identity(x)}

    model = Mixed()
    signatures = {
        "serving_default": model.greet,
        "mean": model.mean,
        "positive": model.positive,
    }
    tf.saved_model.save(model, str(folder), signatures=signatures)


if __name__ == "__main__":
    _write_all(Path(sys.argv[1]))
