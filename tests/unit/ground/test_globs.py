"""Which texts fit a text with stars and question marks, and that nobody waits long for it."""

import pytest

from argosy.ground.globs import fits


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("train-*", "train-1", True),
        ("train-?", "train-12", False),
        ("*", "", True),
        ("?", "é", True),
        ("a.c", "abc", False),
        ("a*c", "a\nc", True),
        ("", "", True),
        ("\ud800*", "\ud800x", True),
    ],
)
def test_a_whole_text_fits_or_not(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected


def test_a_backslash_makes_a_sign_a_letter_only_where_that_is_asked_for() -> None:
    assert fits(r"a\*", "a*", escaped=True)
    assert not fits(r"a\*", "ab", escaped=True)
    assert fits(r"a\*", r"a\b")


def test_a_sign_that_means_nothing_is_a_letter() -> None:
    assert fits("v?*", "v?1", signs="*")
    assert not fits("v?*", "v11", signs="*")


@pytest.mark.timeout(20)
def test_many_stars_take_no_time() -> None:
    assert not fits("*a" * 100 + "*b", "a" * 10_000)
