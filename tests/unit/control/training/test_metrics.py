"""Numbers in lines of a job's log."""

import pytest
from tests.support.control_builders import NOW, REGION
from tests.support.training_jobs import ACCOUNT, document

from argosy.control.training.metrics import data_of, found_in
from argosy.state.record import Record
from argosy.telemetry.logs import Event
from argosy.telemetry.patterns import BadPattern
from argosy.telemetry.patterns.numbers import compile_number


def event(message: str, at_ms: int = 60_000) -> Event:
    return Event(0, at_ms, message, at_ms)


@pytest.mark.parametrize(
    ("regex", "line", "value"),
    [
        ("loss=([0-9.e-]+)", "epoch 1 loss=2.5e-1 loss=9", 0.25),
        (r"Train accuracy: (.*?)%", "Train accuracy: 97.5% of all", 97.5),
        (r"[0-9]+", "step 12", 12.0),
        ("loss=(.*)", "loss=none", None),
        ("loss=(.*)", "loss=nan", None),
        ("loss=(.*)|x", "x", None),
        ("loss=(.*)", "nothing", None),
        ("größe=([0-9]+)", "größe=3", 3.0),
        (r"\[[0-9]+\].*train-rmse:(\S+)", "[3]\ttrain-rmse:0.125\tvalidation-rmse:9", 0.125),
    ],
)
def test_the_first_group_of_the_first_match_is_the_number(
    regex: str, line: str, value: float | None
) -> None:
    assert compile_number(regex)(line) == value


@pytest.mark.parametrize("regex", ["loss=(", "(?<=loss=)[0-9]+", r"(a)\1", "[", "*"])
def test_what_re2_does_not_know_is_refused_with_a_reason(regex: str) -> None:
    with pytest.raises(BadPattern, match="is wrong: "):
        compile_number(regex)


def test_values_are_published_a_sample_for_each_minute() -> None:
    definitions = (("loss", "loss=([0-9.]+)"), ("acc", "acc=([0-9.]+)"))
    events = [event("loss=3 acc=1"), event("loss=2"), event("loss=1", 120_000)]
    found = found_in(definitions, events)
    record = Record("training-job", ACCOUNT, REGION, "job", dict(document()), "", 1, NOW, NOW)

    data = {(one.metric.name, one.at): one for one in data_of(record, found)}

    assert sorted(data) == [("acc", 60.0), ("loss", 60.0), ("loss", 120.0)]
    assert data["loss", 60.0].sample.average == 2.5
    assert data["loss", 60.0].metric.namespace == "/aws/sagemaker/TrainingJobs"
    assert data["loss", 60.0].metric.dimensions == (("TrainingJobName", "job"),)
