"""The time limits that the variables of a framework container set. Pure.

They can only shorten what the platform allows, as on SageMaker, where an invocation ends after 60
seconds whatever a container thinks (reference/container-contract.md §3). What is no number counts
as not given: the worker refuses to load such a model, and says why.
"""

from collections.abc import Mapping

_ANSWER = (
    "SAGEMAKER_MODEL_SERVER_TIMEOUT_SECONDS",
    "SAGEMAKER_MODEL_SERVER_TIMEOUT",
    "TS_DEFAULT_RESPONSE_TIMEOUT",
    "MMS_DEFAULT_RESPONSE_TIMEOUT",
)
_STARTUP = ("SAGEMAKER_STARTUP_TIMEOUT",)


def answer_limit_s(environment: Mapping[str, str], most: float) -> float:
    """Seconds a model may take to answer, where `most` is what the platform allows."""
    return _shortest(environment, _ANSWER, most)


def startup_limit_s(environment: Mapping[str, str], most: float) -> float:
    """Seconds a model may take to load, where `most` is what the endpoint's config allows."""
    return _shortest(environment, _STARTUP, most)


def _shortest(environment: Mapping[str, str], names: tuple[str, ...], most: float) -> float:
    """The first variable that is there, if it is less."""
    for name in names:
        given = environment.get(name, "").strip()
        if given.isdecimal() and int(given) > 0:
            return min(float(given), most)
    return most
