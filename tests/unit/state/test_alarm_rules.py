"""The rules of composite alarms."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.state.alarm_rules import BadRule, read

STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ("ALARM(b)", False),
        ("OK(b)", True),
        ('INSUFFICIENT_DATA("c d")', True),
        ("INSUFFICIENT_DATA('c d')", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:a)", True),
        ("ALARM(a) AND OK(b)", True),
        ("ALARM(a) AND NOT OK(b)", False),
        ("ALARM(b) OR ALARM(a) AND OK(b)", True),
        ("(ALARM(b) OR ALARM(a)) AND ALARM(b)", False),
        ("NOT (ALARM(b) OR OK(a))", True),
        ("NOT NOT ALARM(a)", True),
        ("TRUE", True),
        ("FALSE OR ALARM(a)", True),
        ("ALARM(gone) OR OK(gone) OR INSUFFICIENT_DATA(gone)", False),
        ("alarm(a) and ok(b)", True),
    ],
)
def test_a_rule_holds_or_not(rule: str, holds: bool) -> None:
    assert read(rule).holds(STATES) is holds


def test_a_rule_names_the_alarms_it_looks_at() -> None:
    assert read('ALARM(a) AND (OK("c d") OR NOT ALARM(a))').alarms == {"a", "c d"}


@pytest.mark.parametrize(
    "rule",
    [
        *("", "ALARM", "ALARM(", "ALARM()", "ALARM(a", "ALARM(a))", "BROKEN(a)", "AND", "NOT"),
        *('"a"', "ALARM(a) XOR ALARM(b)", "ALARM(a) ALARM(b)", "NOT " * 100),
        "(" * 100 + "TRUE" + ")" * 100,
        " OR ".join(f"ALARM(a{n})" for n in range(101)),
        " OR ".join(["TRUE"] * 501),
    ],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(BadRule):
        read(rule)


@given(st.text("ALRMOKNTD()\"' ab,\\", max_size=40))
def test_any_text_is_read_or_refused(rule: str) -> None:
    with contextlib.suppress(BadRule):
        assert read(rule).holds({}) in (True, False)
