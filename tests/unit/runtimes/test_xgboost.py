"""The XGBoost runtime without a worker around it: Amazon's algorithm mode, and scripts."""

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from sklearn.datasets import dump_svmlight_file, load_iris

from argosy.runtimes import encoders, recordio
from argosy.runtimes import xgboost as runtime
from argosy.runtimes.answers import Answer
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.frames import decode_head, encode_head

ROWS, LABELS = load_iris(return_X_y=True)
CSV, JSON, LIBSVM = "text/csv", "application/json", "text/libsvm"


def trained(objective: str = "multi:softprob", rounds: int = 4, **params: Any) -> xgboost.Booster:
    labels = LABELS if objective.startswith("multi") else (LABELS > 0).astype(float)
    classes = {"num_class": 3} if objective.startswith("multi") else {}
    options = {"objective": objective, "nthread": 1, "max_depth": 3, **classes, **params}
    return xgboost.train(options, xgboost.DMatrix(ROWS, label=labels), rounds)


def local(booster: xgboost.Booster, rows: Any = ROWS) -> Any:
    return booster.predict(xgboost.DMatrix(rows))


def served(folder: Path, **models: Any) -> Model:
    """The model of an archive with these boosters; their names are the files'."""
    for name, booster in models.items():
        (folder / name).write_bytes(booster.save_raw("ubj"))
    return runtime.load(Place(folder, folder.parent))


def ask(model: Model, body: bytes, content_type: str = CSV, accept: str = "") -> Answer:
    return model.answer(encode_head({"content-type": content_type, "accept": accept}), body)


def text(answer: Answer) -> str:
    assert isinstance(answer.body, bytes)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def as_csv(rows: Any, delimiter: str = ",") -> bytes:
    return "\n".join(delimiter.join(map(repr, row)) for row in rows.tolist()).encode()


# files

old_form = pytest.mark.filterwarnings("ignore:.*Saving into deprecated binary:UserWarning")


@old_form
@pytest.mark.parametrize("name", ["xgboost-model", "model.json", "model.ubj", "m.bin"])
@pytest.mark.parametrize("form", ["json", "ubj", "deprecated", "pickle"])
def test_a_model_file_of_any_form_and_name_is_served(tmp_path: Path, form: str, name: str) -> None:
    booster = trained()
    content = pickle.dumps(booster) if form == "pickle" else booster.save_raw(form)
    (tmp_path / name).write_bytes(content)
    (tmp_path / ".DS_Store").write_bytes(b"not a model")
    model = runtime.load(Place(tmp_path, tmp_path.parent))
    rows = np.loadtxt(io.StringIO(text(ask(model, as_csv(ROWS)))), delimiter=",")
    assert np.array_equal(rows.astype(np.float32), local(booster))


@pytest.mark.filterwarnings("ignore::argosy.runtimes.versions.VersionWarning")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{}", "xgboost-model could not be read as a model: XGBoostError"),
        (b"{L\0\0", "cut off"),
        (b"binf" + b"\0" * 20, "xgboost-model could not be read as a model"),
        (b"hello", "xgboost-model could not be read as a model"),
        (pickle.dumps([1]), "holds a list, which has no predict method"),
    ],
)
def test_a_file_that_is_no_model_is_named_in_one_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "xgboost-model").write_bytes(content)
    with pytest.raises(LoadError, match=says) as caught:
        runtime.load(Place(tmp_path, tmp_path.parent))
    assert "\n" not in str(caught.value)


def test_a_file_beside_the_model_is_said_to_be_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    with pytest.raises(LoadError, match=r"README.md .* every file at the top"):
        served(tmp_path, model=trained())


@old_form
@pytest.mark.parametrize(
    ("form", "wrote"), [("json", "3.0.5"), ("ubj", "3.0.5"), ("deprecated", "3.0")]
)
def test_a_file_says_which_version_wrote_it(form: str, wrote: str) -> None:
    assert runtime.written_by(bytes(trained().save_raw(form))) in (wrote, xgboost.__version__)


# several models


def test_several_models_are_averaged(tmp_path: Path) -> None:
    one, two = trained("binary:logistic", 2), trained("binary:logistic", 9)
    answered = text(ask(served(tmp_path, a=one, b=two), as_csv(ROWS)))
    expected = np.mean([local(one), local(two)], axis=0)
    assert np.allclose(np.array(answered.split(), float), expected)


def test_several_classifiers_vote(tmp_path: Path) -> None:
    boosters = {
        str(seed): trained("multi:softmax", 1, max_depth=1, seed=seed, subsample=0.1)
        for seed in range(5)
    }
    answered = text(ask(served(tmp_path, **boosters), as_csv(ROWS)))
    votes = np.array([local(booster) for booster in boosters.values()]).astype(int)
    expected = [np.bincount(column).argmax() for column in votes.T]
    assert np.array(answered.split(), float).tolist() == expected


def test_an_ensemble_may_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_INFERENCE_ENSEMBLE", "false")
    one, two = trained("binary:logistic", 2), trained("binary:logistic", 9)
    answered = text(ask(served(tmp_path, a=one, b=two), as_csv(ROWS)))
    assert np.array_equal(np.array(answered.split(), np.float32), local(one))


# what is read


@pytest.fixture(scope="module")
def softmax() -> xgboost.Booster:
    return trained("multi:softmax")


@pytest.fixture
def model(softmax: xgboost.Booster, tmp_path: Path) -> Model:
    return served(tmp_path, **{"xgboost-model": softmax})


def as_libsvm(rows: Any) -> bytes:
    stream = io.BytesIO()
    dump_svmlight_file(rows, np.zeros(len(rows)), stream)
    return stream.getvalue()


def as_records(rows: Any) -> bytes:
    """Records as they are answered, with the features' field in place of the labels'."""
    records = [bytearray(recordio.write_named([{"values": row}])) for row in rows]
    for record in records:
        record[8] = 1 << 3 | 2
    return b"".join(records)


@pytest.mark.parametrize(
    ("content_type", "write"),
    [
        (CSV, as_csv),
        ("text/csv; charset=utf-8; label_size=1", as_csv),
        (CSV, lambda rows: as_csv(rows, ";")),
        (CSV, lambda rows: as_csv(rows, "\t")),
        (CSV, lambda rows: as_csv(rows, " ")),
        (LIBSVM, as_libsvm),
        ("text/x-libsvm", as_libsvm),
        ("libsvm", as_libsvm),
        ("", as_libsvm),
        ("application/x-recordio-protobuf", as_records),
        (JSON, lambda rows: json.dumps({"instances": rows.tolist()}).encode()),
        ("application/x-npy", lambda rows: encoders.encode(rows, "application/x-npy")),
    ],
)
def test_every_type_is_predicted_as_xgboost_does(
    model: Model, softmax: xgboost.Booster, content_type: str, write: Callable[[Any], bytes]
) -> None:
    answered = text(ask(model, write(ROWS), content_type))
    assert np.array(answered.split(), float).tolist() == local(softmax).tolist()


def test_what_a_sparse_row_does_not_name_is_missing_not_zero(
    model: Model, softmax: xgboost.Booster
) -> None:
    lines = [
        " ".join(f"{at}:{value!r}" for at, value in enumerate(row) if at != 2)
        for row in ROWS.tolist()
    ]
    missing = ROWS.copy()
    missing[:, 2] = np.nan
    answered = text(ask(model, "\n".join(lines).encode(), LIBSVM))
    assert np.array(answered.split(), float).tolist() == local(softmax, missing).tolist()
    assert local(softmax, missing).tolist() != local(softmax, np.nan_to_num(missing)).tolist()


def test_an_empty_cell_is_missing(model: Model, softmax: xgboost.Booster) -> None:
    expected = local(softmax, np.array([[5.0, np.nan, 4.0, np.nan]])).tolist()
    assert [float(text(ask(model, b"5,,4,\n")))] == expected


def test_requests_that_wait_together_get_what_each_gets_alone(model: Model) -> None:
    for content_type, write in ((CSV, as_csv), (LIBSVM, as_libsvm)):
        bodies = [write(ROWS[start : start + 3]) for start in (0, 60, 120)] + [b"0:1 9:1", b""]
        form = model.form(encode_head({"content-type": content_type}))
        together = model.answer_all(form, bodies)
        assert together == [ask(model, body, content_type) for body in bodies]
        assert [answer.status for answer in together[:3]] == [200, 200, 200]


@pytest.mark.parametrize(
    ("content_type", "body", "accept", "status", "says"),
    [
        (CSV, b"", "", 204, ""),
        (CSV, b"a,b,c,d", "", 415, "could not convert"),
        (CSV, b"\xff", "", 415, "utf-8"),
        (CSV, b"1,2,3,4\n1,2", "", 415, "row 1 has 2 values"),
        ("text/csv; label_size=0", b"1,2,3,4", "", 415, "label_size"),
        (LIBSVM, b"a b", "", 415, "neither a label"),
        ("application/x-recordio-protobuf", b"xx", "", 415, "ends within"),
        ("application/xml", b"<a/>", "", 415, "not supported"),
        (CSV, b"1,2,3", "", 400, "3 features, the model takes 4"),
        (LIBSVM, b"0 4:1", "", 400, "numbered from 0 to 3"),
        (JSON, b'[["a",2,3,4]]', "", 400, "numbers"),
        (CSV, b"1,2,3,4", "image/png", 406, "not supported"),
    ],
)
def test_what_cannot_be_answered_has_the_containers_status(
    model: Model, content_type: str, body: bytes, accept: str, status: int, says: str
) -> None:
    answer = ask(model, body, content_type, accept)
    assert answer.status == status
    assert isinstance(answer.body, bytes)
    assert says in answer.body.decode()


def test_rows_by_name_are_put_into_the_models_order(tmp_path: Path) -> None:
    names = ["sl", "sw", "pl", "pw"]
    booster = xgboost.train({}, xgboost.DMatrix(ROWS, label=LABELS, feature_names=names), 3)
    body = json.dumps([dict(reversed(list(zip(names, row, strict=True)))) for row in ROWS.tolist()])
    answered = text(ask(served(tmp_path, m=booster), body.encode(), JSON))
    expected = booster.predict(xgboost.DMatrix(ROWS, feature_names=names))
    assert np.array_equal(np.array(answered.split(), np.float32), expected)


# what is written


def test_answers_have_the_containers_forms(tmp_path: Path) -> None:
    booster = trained("binary:logistic")
    model = served(tmp_path, m=booster)
    scores = local(booster, ROWS[:2]).tolist()
    body = as_csv(ROWS[:2])
    assert text(ask(model, body)) == f"{scores[0]}\n{scores[1]}\n"
    assert json.loads(text(ask(model, body, CSV, JSON))) == {
        "predictions": [{"score": score} for score in scores]
    }
    lines = text(ask(model, body, CSV, "application/jsonlines")).splitlines()
    assert [json.loads(line) for line in lines] == [{"score": score} for score in scores]
    records = ask(model, body, CSV, "application/x-recordio-protobuf")
    assert records.body == recordio.write(scores)
    assert decode_head(records.head) == {"content-type": "application/x-recordio-protobuf"}


def test_the_environment_names_the_type_of_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
    answer = ask(served(tmp_path, m=trained()), as_csv(ROWS[:1]), CSV, "*/*")
    assert decode_head(answer.head) == {"content-type": JSON}


def test_batch_transform_gets_one_value_a_line_whatever_it_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BATCH", "true")
    booster = trained("binary:logistic")
    scores = local(booster, ROWS[:2]).tolist()
    model = served(tmp_path, m=booster)
    for accept in (CSV, JSON):
        assert text(ask(model, as_csv(ROWS[:2]), CSV, accept)) == f"{scores[0]}\n{scores[1]}\n"


def test_selected_values_are_answered_for_each_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "SAGEMAKER_INFERENCE_OUTPUT",
        "predicted_label, labels,probability,probabilities,predicted_score",
    )
    booster = trained("multi:softprob")
    model = served(tmp_path, m=booster)
    probabilities = local(booster, ROWS[:1])[0]
    answered = json.loads(text(ask(model, as_csv(ROWS[:1]), CSV, JSON)))["predictions"]
    assert np.isnan(answered[0].pop("predicted_score"))
    assert answered == [
        {
            "predicted_label": int(probabilities.argmax()),
            "labels": [0, 1, 2],
            "probability": float(probabilities.max()),
            "probabilities": probabilities.tolist(),
        }
    ]
    line = text(ask(model, as_csv(ROWS[:1])))
    label, best = probabilities.argmax(), probabilities.max().item()
    assert line == f'{label},"[0, 1, 2]",{best},"{probabilities.tolist()}",nan'


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("binary:logistic", lambda raw: [int(raw > 0.5), float(raw), [1 - float(raw), float(raw)]]),
        ("binary:logitraw", lambda raw: [int(raw > 0), float(raw), [1 - float(raw), float(raw)]]),
        ("multi:softmax", lambda raw: [float(raw), float(raw), [1 - float(raw), float(raw)]]),
    ],
)
def test_selected_scores_follow_the_objective(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str, expected: Any
) -> None:
    monkeypatch.setenv("SAGEMAKER_INFERENCE_OUTPUT", "predicted_label,raw_score,raw_scores")
    booster = trained(objective)
    answered = json.loads(text(ask(served(tmp_path, m=booster), as_csv(ROWS[70:71]), CSV, JSON)))
    raw = local(booster, ROWS[70:71])[0]
    assert list(answered["predictions"][0].values()) == expected(raw)


def test_a_selection_that_no_model_of_the_kind_has_fails_to_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_INFERENCE_OUTPUT", "labels")
    with pytest.raises(LoadError, match="rank:pairwise"):
        served(tmp_path, m=trained("rank:pairwise"))


# beyond Amazon's container


def test_a_pickled_estimator_answers_its_own_predictions(tmp_path: Path) -> None:
    estimator = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(ROWS, LABELS)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator))
    model = runtime.load(Place(tmp_path, tmp_path.parent))
    answered = text(ask(model, as_csv(ROWS)))
    assert np.array(answered.split(), int).tolist() == estimator.predict(ROWS).tolist()
    assert ask(model, b"1,2,3").status == 400


def test_a_linear_model_is_served(tmp_path: Path) -> None:
    booster = xgboost.train({"booster": "gblinear"}, xgboost.DMatrix(ROWS, label=LABELS), 3)
    answered = text(ask(served(tmp_path, m=booster), as_csv(ROWS)))
    assert np.array_equal(np.array(answered.split(), np.float32), local(booster))


# with a script


def test_a_scripts_predict_fn_is_given_a_dmatrix(tmp_path: Path) -> None:
    booster = trained("multi:softmax")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(
        "def predict_fn(data, model):\n"
        "    assert data.num_col() == 4\n"
        "    return model.predict(data)\n"
    )
    model = served(tmp_path, **{"xgboost-model": booster})
    for content_type, body in ((LIBSVM, as_libsvm(ROWS)), (CSV, as_csv(ROWS, ";"))):
        answered = json.loads(text(ask(model, body, content_type)))
        assert answered == local(booster).tolist()
    assert ask(model, b"a b", LIBSVM).status == 415
