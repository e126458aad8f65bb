"""How many may run at once: reserved for one function, shared by all others."""

from typing import Any

import pytest

from argosy.automation.functions.concurrency import Concurrency
from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import FunctionVersion


def version(name: str, reserved: int | None = None, **members: Any) -> FunctionVersion:
    return FunctionVersion(
        account="1", region="r", name=name, arn=name, reserved_concurrency=reserved, **members
    )


def refused(concurrency: Concurrency, asked: FunctionVersion) -> str:
    with pytest.raises(TooManyRequestsException) as raised:
        concurrency.enter(asked)
    return str(raised.value.members["Reason"])


def test_all_functions_share_what_there_is() -> None:
    concurrency = Concurrency(2)
    concurrency.enter(version("a"))
    concurrency.enter(version("b"))
    assert refused(concurrency, version("a")) == "ConcurrentInvocationLimitExceeded"
    concurrency.leave(version("b"))
    concurrency.enter(version("a"))
    assert concurrency.running(version("a")) == 2


def test_what_is_reserved_is_for_one_function_and_no_more_than_that() -> None:
    concurrency, mine = Concurrency(3), version("mine", 2)
    concurrency.enter(mine)
    concurrency.enter(version("other"))
    assert refused(concurrency, version("other")) == "ConcurrentInvocationLimitExceeded"
    concurrency.enter(mine)
    reason = refused(concurrency, mine)
    assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_nothing_reserved_means_that_it_does_not_run() -> None:
    assert refused(Concurrency(9), version("off", 0)).startswith("Reserved")


def test_versions_of_a_function_count_together() -> None:
    concurrency = Concurrency(9)
    concurrency.enter(version("f", 1, version="1"))
    assert refused(concurrency, version("f", 1, version="2")).startswith("Reserved")


def test_a_reservation_that_is_given_up_is_shared_again() -> None:
    concurrency = Concurrency(1)
    concurrency.enter(version("f", 1))
    concurrency.leave(version("f", 1))
    assert refused(concurrency, version("g")).startswith("Concurrent")
    concurrency.enter(version("f"))
    concurrency.leave(version("f"))
    concurrency.enter(version("g"))
