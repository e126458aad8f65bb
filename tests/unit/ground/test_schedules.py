"""Schedules: a table of expressions, a moment, and the moments that come next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.schedules import BadSchedule, parse


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def following(expression: str, start: str, count: int = 3, zone: str = "UTC") -> list[str]:
    """The next moments, as UTC."""
    found, t = [], moment(start)
    for _ in range(count):
        following = parse(expression).next_after(t, zone)
        if following is None:
            break
        t = following
        found.append(datetime.fromtimestamp(t, UTC).isoformat()[:19])
    return found


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-01-01T10:00:00", ["2026-01-02T10:00:00"]),
        ("cron(15 12 * * ? *)", "2026-01-01T12:14:59", ["2026-01-01T12:15:00"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00", ["2026-01-05T18:00:00"]),
        ("cron(0 8 1 * ? *)", "2026-01-31T00:00:00", ["2026-02-01T08:00:00"]),
        ("cron(0/15 * * * ? *)", "2026-01-01T00:44:00", ["2026-01-01T00:45:00"]),
        ("cron(0/5 8-17 ? * 2-6 *)", "2026-01-02T17:55:00", ["2026-01-05T08:00:00"]),
        ("cron(0 0 L * ? *)", "2028-02-01T00:00:00", ["2028-02-29T00:00:00"]),
        ("cron(0 0 LW * ? *)", "2026-05-01T00:00:00", ["2026-05-29T00:00:00"]),
        ("cron(0 0 3W * ? *)", "2026-01-01T00:00:00", ["2026-01-02T00:00:00"]),
        ("cron(0 0 1W * ? *)", "2026-08-01T00:00:00", ["2026-08-03T00:00:00"]),
        ("cron(0 0 31W * ? *)", "2026-05-01T00:00:00", ["2026-05-29T00:00:00"]),
        ("cron(0 0 31W * ? *)", "2026-02-01T00:00:00", ["2026-03-31T00:00:00"]),
        ("cron(0 9 ? * 3#2 *)", "2026-01-01T00:00:00", ["2026-01-13T09:00:00"]),
        ("cron(0 9 ? * 1#5 *)", "2026-01-01T00:00:00", ["2026-03-29T09:00:00"]),
        ("cron(0 9 ? * 6L *)", "2026-01-01T00:00:00", ["2026-01-30T09:00:00"]),
        ("cron(0 9 ? * FRIL *)", "2026-01-01T00:00:00", ["2026-01-30T09:00:00"]),
        ("cron(0 9 ? * L *)", "2026-01-01T00:00:00", ["2026-01-03T09:00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", ["2028-02-29T00:00:00"]),
        ("cron(0 12 * jan,Dec ? 2027-2028)", "2026-06-01T00:00:00", ["2027-01-01T12:00:00"]),
        ("cron(0 20-2 * * ? *)", "2026-01-01T20:00:00", ["2026-01-01T21:00:00"]),
        ("cron(0 20-2 * * ? *)", "2026-01-01T23:00:00", ["2026-01-02T00:00:00"]),
        ("cron(0 20-2 * * ? *)", "2026-01-02T02:00:00", ["2026-01-02T20:00:00"]),
        ("cron(50-10/15 0 * * ? *)", "2026-01-01T00:05:00", ["2026-01-01T00:50:00"]),
        ("cron(0 9 ? * FRI-MON *)", "2026-01-02T09:00:00", ["2026-01-03T09:00:00"]),
        ("cron(0 9 ? * FRI-MON *)", "2026-01-05T09:00:00", ["2026-01-09T09:00:00"]),
        ("cron(0 0 1 NOV-FEB ? *)", "2026-02-01T00:00:00", ["2026-11-01T00:00:00"]),
        ("cron(30 0 12 1 1 ? *)", "2026-01-01T12:00:00", ["2026-01-01T12:00:30"]),
        ("rate(5 minutes)", "2026-01-01T00:01:00", ["2026-01-01T00:05:00"]),
        ("rate(1 day)", "2026-01-01T00:00:00", ["2026-01-02T00:00:00"]),
        ("at(2026-03-01T08:30:00)", "2026-01-01T00:00:00", ["2026-03-01T08:30:00"]),
        ("at(2026-03-01T08:30:00)", "2026-03-01T08:30:00", []),
        ("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00", []),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00:00", []),
    ],
)
def test_the_next_moment(expression: str, start: str, expected: list[str]) -> None:
    assert following(expression, start, count=1) == expected


def test_cron_is_read_in_the_time_zone() -> None:
    found = following("cron(0 8 * * ? *)", "2026-03-28T00:00:00", 2, "Europe/Berlin")
    assert found == ["2026-03-28T07:00:00", "2026-03-29T06:00:00"]


def test_a_time_that_clocks_leap_over_is_skipped() -> None:
    found = following("cron(30 2 * * ? *)", "2026-03-28T12:00:00", 1, "Europe/Berlin")
    assert found == ["2026-03-30T00:30:00"]


def test_a_time_that_comes_twice_counts_once() -> None:
    found = following("cron(30 2 * * ? *)", "2026-10-24T12:00:00", 2, "Europe/Berlin")
    assert found == ["2026-10-25T00:30:00", "2026-10-26T01:30:00"]


def test_a_rate_counts_from_its_origin() -> None:
    every_hour = parse("rate(1 hour)")
    assert every_hour.next_after(100.0, origin=500.0) == 500.0
    assert every_hour.next_after(500.0, origin=500.0) == 4100.0


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("every day", "is not a schedule"),
        ("rate(1 hours)", "singular"),
        ("rate(5 minute)", "singular"),
        ("rate(0 minutes)", "at least 1"),
        ("rate(5 weeks)", "minutes, hours or days"),
        ("at(tomorrow)", "is not a time"),
        ("at(2026-02-30T00:00:00)", "is not a time"),
        ("cron(0 8 * * *)", "six fields"),
        ("cron(0 8 * * * *)", "must be ?"),
        ("cron(0 8 ? * ? *)", "must be ?"),
        ("cron(60 8 * * ? *)", "0 to 59"),
        ("cron(0 24 * * ? *)", "0 to 23"),
        ("cron(0 0 0 * ? *)", "1 to 31"),
        ("cron(0 0 32W * ? *)", "1 to 31"),
        ("cron(0 0 ? * 8 *)", "1 to 7"),
        ("cron(0 0 ? * MON#6 *)", "means nothing"),
        ("cron(0 0 ? * XXX *)", "is not a value for day-of-week"),
        ("cron(0 0 * FOO ? *)", "is not a value for month"),
        ("cron(0 0 1 1 ? 2030-2025)", "ends before it begins"),
        ("cron(0/0 0 * * ? *)", "at least 1"),
        ("cron(0 0 * * ? 1969)", "1970 to 2199"),
        ("cron(, 0 * * ? *)", "means nothing"),
    ],
)
def test_what_is_wrong_is_said(expression: str, says: str) -> None:
    with pytest.raises(BadSchedule, match=says.replace("?", r"\?")):
        parse(expression)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(BadSchedule, match="Mars/Olympus"):
        parse("at(2026-01-01T00:00:00)").next_after(0, "Mars/Olympus")


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


@given(
    st.integers(0, 4_000_000_000),
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(ZONES),
)
def test_a_daily_time_is_that_time_and_no_more_than_two_days_away(
    t: int, minute: int, hour: int, zone: str
) -> None:
    found = parse(f"cron({minute} {hour} * * ? *)").next_after(t, zone)
    assert found is not None
    local = datetime.fromtimestamp(found, ZoneInfo(zone))
    assert (local.hour, local.minute, local.second) == (hour, minute, 0)
    assert t < found <= t + timedelta(days=2, hours=2).total_seconds()
