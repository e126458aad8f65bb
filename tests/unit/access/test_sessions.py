"""Temporary credentials: whose they are, until when, and that nobody makes them up."""

import base64

import pytest

from argosy.access import sessions
from argosy.access.errors import AuthError, Failure
from argosy.access.sessions import RootKey, Said, issue, opened

ROOT = RootKey("AKIAROOT", "root-secret")
SAID = Said(account="1", arn="arn:aws:sts::1:assumed-role/r/s", user_id="AROAX:s", role="arn")
NOW = 1_000.0
SECRETS = {ROOT.key_id: ROOT.secret}


def refusal(token: str, now: float = NOW, secrets: dict[str, str] = SECRETS) -> Failure:
    with pytest.raises(AuthError) as raised:
        opened(token, secrets.get, now)
    return raised.value.failure


def test_a_token_says_whose_session_it_is_and_gives_its_secret() -> None:
    session = issue(ROOT, SAID, now=NOW, seconds=900)

    found = opened(session.session_token, SECRETS.get, NOW + 899)

    assert (found.said, found.root, found.ends) == (SAID, ROOT.key_id, NOW + 900)
    assert (found.key_id, found.secret) == (session.access_key_id, session.secret_access_key)
    assert session.access_key_id.startswith("ASIA")
    assert len(session.access_key_id) == 20
    assert session.secret_access_key not in base64.b64decode(session.session_token).decode("latin1")


def test_no_two_sessions_share_a_secret() -> None:
    one, other = (issue(ROOT, SAID, now=NOW, seconds=900) for _ in range(2))
    assert one.secret_access_key != other.secret_access_key


def test_a_session_ends() -> None:
    session = issue(ROOT, SAID, now=NOW, seconds=900)
    assert refusal(session.session_token, now=NOW + 900) is Failure.OVER


def test_a_session_ends_with_its_root_key() -> None:
    session = issue(ROOT, SAID, now=NOW, seconds=900)
    assert refusal(session.session_token, secrets={}) is Failure.BAD_TOKEN
    assert refusal(session.session_token, secrets={ROOT.key_id: "other"}) is Failure.BAD_TOKEN


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 20_000, "e30=", "!!", base64.b64encode(b"a" * 99)]
)
def test_what_was_not_given_out_here_is_no_token(token: str | bytes) -> None:
    assert refusal(token if isinstance(token, str) else token.decode()) is Failure.BAD_TOKEN


def test_a_token_that_was_changed_is_refused() -> None:
    whole = base64.b64decode(issue(ROOT, SAID, now=NOW, seconds=900).session_token)
    longer = whole.replace(b"1900", b"9900")
    assert refusal(base64.b64encode(longer).decode()) is Failure.BAD_TOKEN


def test_ids_of_sessions_are_known_and_others_not() -> None:
    key_id = issue(ROOT, SAID, now=NOW, seconds=900).access_key_id
    assert sessions.is_ours(ROOT, key_id)
    assert not sessions.is_ours(ROOT, key_id[:-1] + ("A" if key_id[-1] != "A" else "B"))
    assert not sessions.is_ours(RootKey("AKIA", "other"), key_id)
