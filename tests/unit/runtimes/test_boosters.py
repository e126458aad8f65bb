"""The LightGBM and CatBoost runtimes without a worker around them."""

import io
import json
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression

from argosy.runtimes import catboost as cat
from argosy.runtimes import lightgbm as light
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.frames import encode_head

ROWS, LABELS = load_iris(return_X_y=True)
NAMES = ["sl", "sw", "pl", "pw"]
JSON = "application/json"


def ask(model: Model, body: bytes, content_type: str = JSON) -> tuple[int, Any]:
    answer = model.answer(encode_head({"content-type": content_type, "accept": JSON}), body)
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


def as_json(rows: Any) -> bytes:
    return json.dumps(rows.tolist()).encode()


def place(folder: Path) -> Place:
    return Place(folder, folder.parent)


def as_parquet(names: list[str]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: ROWS[:, NAMES.index(name)] for name in names}), stream)
    return stream.getvalue()


# LightGBM


def boosted(objective: str = "multiclass") -> lightgbm.Booster:
    params = {"objective": objective, "num_class": 3, "verbose": -1, "num_threads": 1}
    return lightgbm.train(params, lightgbm.Dataset(ROWS, label=LABELS, feature_name=NAMES), 3)


@pytest.mark.parametrize("name", ["model.txt", "anything.lgb", "model.joblib"])
def test_a_booster_answers_what_it_predicts_locally(tmp_path: Path, name: str) -> None:
    booster = boosted()
    if name.endswith("joblib"):
        joblib.dump(booster, tmp_path / name)
    else:
        booster.save_model(tmp_path / name)
    expected = booster.predict(ROWS).tolist()
    assert ask(light.load(place(tmp_path)), as_json(ROWS)) == (200, expected)


def test_an_estimator_answers_its_labels(tmp_path: Path) -> None:
    words = np.array(["setosa", "versicolor", "virginica"])[LABELS]
    estimator = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, words)
    joblib.dump(estimator, tmp_path / "model.pkl")
    assert ask(light.load(place(tmp_path)), as_json(ROWS)) == (
        200,
        estimator.predict(ROWS).tolist(),
    )


def test_named_columns_are_put_into_the_models_order(tmp_path: Path) -> None:
    booster = boosted()
    booster.save_model(tmp_path / "model.txt")
    model = light.load(place(tmp_path))
    expected = (200, booster.predict(ROWS).tolist())
    assert ask(model, as_parquet(["pw", "sl", "pl", "sw"]), "application/x-parquet") == expected
    objects = [dict(zip(NAMES, row, strict=True)) for row in ROWS.tolist()]
    assert ask(model, json.dumps([{**one, "more": 1} for one in objects]).encode()) == expected
    status, said = ask(model, json.dumps([{"sl": 1, "sw": 2}]).encode())
    assert (status, said["error-message"]) == (400, "row 0 lacks the column(s) pl, pw")


def test_sparse_rows_are_zero_where_nothing_is_named(tmp_path: Path) -> None:
    booster = boosted()
    booster.save_model(tmp_path / "model.txt")
    expected = booster.predict(np.array([[5.0, 0, 0, 1.5]])).tolist()
    assert ask(light.load(place(tmp_path)), b"0:5 3:1.5", "text/libsvm") == (200, expected)


def test_a_text_that_is_no_lightgbm_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_text("hello")
    with pytest.raises(LoadError, match=r"model.txt could not be read as a model: LightGBMError"):
        light.load(place(tmp_path))


def test_other_estimators_are_served_too(tmp_path: Path) -> None:
    estimator = LinearRegression().fit(ROWS, LABELS)
    joblib.dump(estimator, tmp_path / "model.joblib")
    for runtime in (light, cat):
        answered = ask(runtime.load(place(tmp_path)), as_json(ROWS))
        assert answered == (200, estimator.predict(ROWS).tolist())


def test_a_text_model_says_its_major_version() -> None:
    assert light.written_by("tree\nversion=v4\nnum_class=1\n") == "4"
    assert light.written_by("hello") == ""


# CatBoost

OPTIONS = {"iterations": 3, "depth": 2, "verbose": False, "allow_writing_files": False}


@pytest.mark.parametrize("name", ["model.cbm", "iris.json", "model.pkl"])
@pytest.mark.parametrize("kind", [catboost.CatBoostClassifier, catboost.CatBoostRegressor])
def test_a_model_answers_what_its_class_predicts_locally(
    tmp_path: Path, kind: Any, name: str
) -> None:
    local = kind(**OPTIONS).fit(ROWS, LABELS)
    if name.endswith("pkl"):
        joblib.dump(local, tmp_path / name)
    else:
        form = name.rpartition(".")[2]
        local.save_model(str(tmp_path / name), format=form)
        local = kind().load_model(str(tmp_path / name), format=form)  # JSON rounds
    answered = ask(cat.load(place(tmp_path)), as_json(ROWS))
    assert answered == (200, local.predict(ROWS).ravel().tolist())


def test_a_ranker_is_served(tmp_path: Path) -> None:
    local = catboost.CatBoostRanker(loss_function="YetiRank", bootstrap_type="No", **OPTIONS)
    local.fit(ROWS, LABELS, group_id=np.arange(len(ROWS)) // 10)
    local.save_model(str(tmp_path / "model.cbm"))
    assert ask(cat.load(place(tmp_path)), as_json(ROWS)) == (200, local.predict(ROWS).tolist())


def test_a_loss_on_a_logarithmic_scale_is_answered_on_the_targets_own(tmp_path: Path) -> None:
    local = catboost.CatBoostRegressor(loss_function="Poisson", **OPTIONS).fit(ROWS, LABELS)
    local.save_model(str(tmp_path / "model.cbm"))
    assert ask(cat.load(place(tmp_path)), as_json(ROWS)) == (200, local.predict(ROWS).tolist())


def test_categories_may_be_words_or_whole_numbers(tmp_path: Path) -> None:
    rows = [["red", 1, 0.5], ["blue", 2, 1.5], ["red", 2, 2.5], ["blue", 1, 3.5]] * 5
    local = catboost.CatBoostClassifier(**OPTIONS)
    local.fit(rows, ["no", "yes", "no", "yes"] * 5, cat_features=[0, 1])
    local.save_model(str(tmp_path / "model.cbm"))
    model = cat.load(place(tmp_path))
    expected = (200, local.predict(rows[:4]).tolist())
    assert ask(model, json.dumps(rows[:4]).encode()) == expected
    text = "".join(f"{word},{number},{value}\n" for word, number, value in rows[:4])
    assert ask(model, text.encode(), "text/csv") == expected
    assert (
        ask(model, b'["red", 1]')[1]["error-message"]
        == "the rows have 2 features, the model takes 3"
    )
    assert ask(model, b'[["red", 1, "much"]]')[0] == 400


def test_sparse_rows_are_written_out_for_catboost(tmp_path: Path) -> None:
    local = catboost.CatBoostRegressor(**OPTIONS).fit(ROWS, LABELS)
    local.save_model(str(tmp_path / "model.cbm"))
    expected = local.predict(np.array([[5.0, 0, 0, 1.5]])).tolist()
    assert ask(cat.load(place(tmp_path)), b"0:5 3:1.5", "text/libsvm") == (200, expected)


def test_a_damaged_catboost_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.cbm").write_bytes(b"CBM1 and nothing more")
    with pytest.raises(LoadError, match=r"model.cbm could not be read as a model: CatBoostError"):
        cat.load(place(tmp_path))


def test_a_model_says_which_release_wrote_it() -> None:
    local = catboost.CatBoostRegressor(**OPTIONS).fit(ROWS, LABELS)
    assert cat.written_by(local) == catboost.__version__
