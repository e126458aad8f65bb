"""Links into JupyterLab: good for their time, and only as they were made."""

import pytest

from argosy.runtimes.notebook_links import session_of, token_for

TOKEN = token_for("secret", 1000.0, 1800)


def test_a_token_opens_a_session_until_its_time_is_up() -> None:
    assert session_of("secret", TOKEN, 999.0) == 1800
    assert session_of("secret", TOKEN, 1000.0) is None


@pytest.mark.parametrize(
    "token",
    ["", "x", ".", "1.2.3", TOKEN.replace("1000", "9999", 1), TOKEN.replace("1800", "9999", 1)],
)
def test_what_was_not_signed_like_this_opens_nothing(token: str) -> None:
    assert session_of("secret", token, 0.0) is None


def test_another_machines_link_opens_nothing() -> None:
    assert session_of("other", TOKEN, 0.0) is None
