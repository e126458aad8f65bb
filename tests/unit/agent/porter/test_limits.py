"""Limits: the job's word, else the container's, else SageMaker's defaults."""

from typing import Any

import pytest

from argosy.agent.porter.transform.limits import Limits, read_parameters, resolve

SAID = {"MaxConcurrentTransforms": 4, "MaxPayloadInMB": 20, "BatchStrategy": "SINGLE_RECORD"}


@pytest.mark.parametrize(
    ("job", "said", "limits"),
    [
        ({}, {}, Limits(1, 6, "MultiRecord")),
        ({}, SAID, Limits(4, 20, "SingleRecord")),
        ({"MaxConcurrentTransforms": 0, "MaxPayloadInMB": 0}, SAID, Limits(4, 0, "SingleRecord")),
        (
            {"MaxConcurrentTransforms": 2, "MaxPayloadInMB": 1, "BatchStrategy": "MultiRecord"},
            SAID,
            Limits(2, 1, "MultiRecord"),
        ),
        ({}, {"MaxConcurrentTransforms": 2, "Processes": 1}, Limits(2, 6, "MultiRecord", 2)),
        ({"MaxConcurrentTransforms": 2}, {"Processes": 1}, Limits(2, 6, "MultiRecord", 1)),
        (
            {},
            {"MaxConcurrentTransforms": "many", "MaxPayloadInMB": -1},
            Limits(1, 6, "MultiRecord"),
        ),
        ({}, {"MaxConcurrentTransforms": 0, "MaxPayloadInMB": 900}, Limits(1, 100, "MultiRecord")),
    ],
)
def test_who_says_what_holds(job: dict[str, Any], said: dict[str, Any], limits: Limits) -> None:
    assert resolve(job, said) == limits


@pytest.mark.parametrize("answer", [(404, b"{}"), (200, b"no"), (200, b"[1]"), (503, b"")])
def test_what_is_no_answer_says_nothing(answer: tuple[int, bytes]) -> None:
    assert read_parameters(*answer) == {}


def test_limits_are_logged_as_sagemaker_has_them() -> None:
    assert Limits(4, 6, "SingleRecord").shown == (
        "MaxConcurrentTransforms=4, MaxPayloadInMB=6, BatchStrategy=SINGLE_RECORD"
    )
