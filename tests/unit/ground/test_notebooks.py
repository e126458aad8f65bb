"""Sessions at a notebook instance's site: good for their time, and only as they were made."""

import pytest

from argosy.ground import notebooks

COOKIE = notebooks.new_session("secret", 1000.0)


def test_a_session_is_good_until_its_time_is_up() -> None:
    assert notebooks.session_ends("secret", COOKIE, 999.0) == 1000.0
    assert notebooks.session_ends("secret", COOKIE, 1000.0) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        ".",
        "..",
        "1.2.3",
        "é.é",
        pytest.param(COOKIE.replace("1000", "9999", 1), id="longer"),
        pytest.param(COOKIE[:-1], id="cut"),
        pytest.param(COOKIE + "0", id="more"),
    ],
)
def test_what_was_not_made_like_this_is_no_session(value: str) -> None:
    assert notebooks.session_ends("secret", value, 0.0) is None


def test_a_session_is_none_at_another_instance_or_start() -> None:
    assert notebooks.session_ends("other", COOKIE, 0.0) is None
    assert notebooks.session_ends("", notebooks.new_session("", 1000.0), 0.0) is None


def test_the_session_is_found_among_cookies_and_taken_out() -> None:
    header = f"_xsrf=a|b; {notebooks.COOKIE}=1.2.3;username-x=y"

    assert notebooks.cookie_of(header) == "1.2.3"
    assert notebooks.without_session(header) == "_xsrf=a|b; username-x=y"
    assert notebooks.cookie_of(f"x{notebooks.COOKIE}=1") == ""


def test_instances_of_one_name_have_sites_of_their_own() -> None:
    one, other = (notebooks.site_name("lab", f"v-{digit * 16}") for digit in "ab")

    assert one != other
    path = notebooks.site_path(one)
    assert notebooks.split_path(path + "api/kernels") == (one, "/api/kernels")
    assert notebooks.split_path(path[:-1]) == (one, "")


def test_a_page_shows_what_it_is_given_as_text() -> None:
    headers, body = notebooks.page("a", "<script>")

    assert b"<script>" not in body
    assert headers["Cache-Control"] == "no-store"
