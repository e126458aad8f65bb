"""Tokens of the registry: good for whom and as long as they say, and for nobody else."""

import pytest

from argosy.access import tokens
from argosy.access.errors import AuthError, Failure

NOW = 1_000.0
GRANT = tokens.Grant("AKIA", "eu-west-1", 2_000)
SECRETS = {"AKIA": "secret"}
TOKEN = tokens.make(GRANT, "secret")


def refusal(authorization: str, now: float = NOW, secrets: dict[str, str] = SECRETS) -> Failure:
    with pytest.raises(AuthError) as raised:
        tokens.check_basic(authorization, secrets.get, now)
    return raised.value.failure


def test_a_token_says_whose_it_is_and_where() -> None:
    assert tokens.check_basic(tokens.basic(TOKEN), SECRETS.get, NOW) == GRANT


def test_a_token_ends() -> None:
    assert refusal(tokens.basic(TOKEN), now=2_001) is Failure.EXPIRED


def test_a_token_ends_with_its_key() -> None:
    assert refusal(tokens.basic(TOKEN), secrets={}) is Failure.UNKNOWN_KEY


@pytest.mark.parametrize(
    "header",
    [
        tokens.basic(tokens.make(GRANT, "guess")),
        tokens.basic(TOKEN[:-2]),
        tokens.basic("." + TOKEN.partition(".")[2]),
        tokens.basic("W10." + TOKEN.partition(".")[2]),
        tokens.basic(""),
        "Basic !",
        "Basic QVdTOsOfw58=",
    ],
)
def test_a_token_that_is_not_ours_is_refused(header: str) -> None:
    assert refusal(header) is Failure.UNKNOWN_KEY


@pytest.mark.parametrize("header", ["Bearer x", "", "Basic " + "A" * 5000])
def test_another_way_of_asking_is_no_way(header: str) -> None:
    assert refusal(header) is Failure.MISSING
