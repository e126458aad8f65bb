"""The time limits that a container's variables set."""

import pytest

from argosy.ground.time_limits import answer_limit_s, startup_limit_s


@pytest.mark.parametrize(
    ("environment", "limit"),
    [
        ({}, 60),
        ({"SAGEMAKER_MODEL_SERVER_TIMEOUT": "7"}, 7),
        ({"SAGEMAKER_MODEL_SERVER_TIMEOUT": "3600"}, 60),
        ({"SAGEMAKER_MODEL_SERVER_TIMEOUT": "soon"}, 60),
        ({"SAGEMAKER_MODEL_SERVER_TIMEOUT": "0"}, 60),
        (
            {
                "SAGEMAKER_MODEL_SERVER_TIMEOUT": "7",
                "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS": "8",
            },
            8,
        ),
        ({"TS_DEFAULT_RESPONSE_TIMEOUT": "9"}, 9),
        ({"MMS_DEFAULT_RESPONSE_TIMEOUT": "9"}, 9),
    ],
)
def test_a_container_shortens_the_time_for_an_answer_and_never_extends_it(
    environment: dict[str, str], limit: float
) -> None:
    assert answer_limit_s(environment, 60.0) == limit


def test_the_same_holds_for_loading() -> None:
    assert startup_limit_s({"SAGEMAKER_STARTUP_TIMEOUT": "30"}, 240.0) == 30
    assert startup_limit_s({"SAGEMAKER_STARTUP_TIMEOUT": "600"}, 240.0) == 240
