"""What a warm worker has imported before it knows its model."""

import subprocess
import sys


def test_pandas_waits_until_a_model_needs_it_and_is_found_then() -> None:
    program = (
        "import sys; from argosy.runtimes import scikit_learn; scikit_learn.prepare(); "
        "print('sklearn.linear_model' in sys.modules, 'pandas' in sys.modules); "
        "import pandas; print(pandas.DataFrame({'a': [1]}).shape)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split("\n")[:2] == ["True False", "(1, 1)"]


def test_xgboost_comes_without_pandas_and_takes_frames_all_the_same() -> None:
    program = (
        "import sys; from argosy.runtimes import xgboost as runtime; runtime.prepare(); "
        "print('pandas' in sys.modules); import pandas, xgboost; "
        "frame = pandas.DataFrame({'a': [1.0, 2.0], 'b': pandas.Categorical(['x', 'y'])}); "
        "rows = xgboost.DMatrix(frame, label=[0, 1], enable_categorical=True); "
        "print(xgboost.train({}, rows, 1).inplace_predict(frame).shape, rows.feature_names)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split("\n")[:2] == ["False", "(2,) ['a', 'b']"]
