"""List queries: filters, orders, and pages that hold still while records come and go."""

import base64
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.state.records import BadToken, Query, Records

OWNER = ("1", "r")


def fill(records: Records, *rows: tuple[str, float, str]) -> None:
    for name, created, status in rows:
        records.create("e", *OWNER, name, {}, now=created, status=status)


def names(records: Records, query: Query) -> list[str]:
    return [record.name for record in records.query("e", *OWNER, query).records]


def walk(records: Records, **options: object) -> list[str]:
    """The names on all pages of the query."""
    found: list[str] = []
    token = ""
    while True:
        page = records.query("e", *OWNER, Query(after=token, **options))  # type: ignore[arg-type]
        found += [record.name for record in page.records]
        token = page.next
        if not token:
            return found


def test_only_the_owners_records_of_the_kind_are_listed(records: Records) -> None:
    fill(records, ("mine", 1, ""))
    records.create("e", "2", "r", "other-account", {}, now=1)
    records.create("e", "1", "q", "other-region", {}, now=1)
    records.create("m", *OWNER, "other-kind", {}, now=1)
    assert names(records, Query()) == ["mine"]


def test_names_are_matched_whatever_their_case_and_without_wildcards(records: Records) -> None:
    fill(records, ("Fraud-A", 1, ""), ("fraud_b", 2, ""), ("spam%c", 3, ""))
    assert names(records, Query(name_contains="FRAUD")) == ["Fraud-A", "fraud_b"]
    assert names(records, Query(name_contains="d_b")) == ["fraud_b"]
    assert names(records, Query(name_contains="%")) == ["spam%c"]
    assert names(records, Query(name_contains="\\")) == []


def test_after_includes_its_moment_and_before_does_not(records: Records) -> None:
    fill(records, ("a", 1, ""), ("b", 2, ""), ("c", 3, ""))
    assert names(records, Query(created_after=2)) == ["b", "c"]
    assert names(records, Query(created_before=2)) == ["a"]
    assert names(records, Query(created_after=1.5, created_before=2.5)) == ["b"]
    record = records.get("e", *OWNER, "a")
    assert record is not None
    records.update(record, now=9, status="x")
    assert names(records, Query(modified_after=9)) == ["a"]
    assert names(records, Query(modified_before=9)) == ["b", "c"]


def test_status_is_matched_exactly(records: Records) -> None:
    fill(records, ("a", 1, "Failed"), ("b", 2, "InService"))
    assert names(records, Query(status="Failed")) == ["a"]
    assert names(records, Query(status="failed")) == []


@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [("name", ["a", "b", "c"]), ("created", ["b", "c", "a"]), ("status", ["c", "a", "b"])],
)
def test_each_order_and_its_reverse(records: Records, sort_by: str, expected: list[str]) -> None:
    fill(records, ("a", 3, "y"), ("b", 1, "z"), ("c", 2, "x"))
    assert walk(records, sort_by=sort_by, limit=2) == expected
    assert walk(records, sort_by=sort_by, limit=2, descending=True) == expected[::-1]


def test_the_last_full_page_has_no_next(records: Records) -> None:
    fill(records, ("a", 1, ""), ("b", 1, ""))
    assert records.query("e", *OWNER, Query(limit=2)).next == ""
    assert records.query("e", *OWNER, Query(limit=1)).next != ""


def test_records_of_one_moment_are_each_listed_once(records: Records) -> None:
    fill(records, *((f"n{index}", 1.1, "s") for index in range(7)))
    for order in ("created", "modified", "status"):
        assert walk(records, sort_by=order, limit=3) == [f"n{index}" for index in range(7)]


def test_what_comes_and_goes_between_pages_hides_and_repeats_nothing(records: Records) -> None:
    fill(records, *((f"n{index}", index, "") for index in range(6)))
    first = records.query("e", *OWNER, Query(limit=3))
    fill(records, ("before", 0.5, ""), ("beyond", 4.5, ""))
    records.delete("e", *OWNER, "n2")
    rest = records.query("e", *OWNER, Query(limit=9, after=first.next))
    assert [record.name for record in rest.records] == ["n3", "n4", "beyond", "n5"]


@pytest.mark.parametrize("token", ["x", "!!", "AAAA", "bnVsbA", "W10", "MTI"])
def test_a_token_that_nobody_made_is_refused(records: Records, token: str) -> None:
    with pytest.raises(BadToken):
        records.query("e", *OWNER, Query(after=token))


def test_a_token_of_another_order_is_refused(records: Records) -> None:
    fill(records, ("a", 1, ""), ("b", 2, ""))
    token = records.query("e", *OWNER, Query(limit=1)).next
    for other in (Query(after=token, descending=True), Query(after=token, sort_by="name")):
        with pytest.raises(BadToken):
            records.query("e", *OWNER, other)


@pytest.mark.parametrize(
    "place",
    [
        '["created", false, true, "n"]',
        '["created", false, null, "n"]',
        '["created", false, [1], "n"]',
        '["created", false, "1", "n"]',
        '["created", false, 1' + "0" * 400 + ', "n"]',
        '["created", false, 1, 2]',
        '["created", false, 1, "\\ud800"]',
        '["created", false, 1, "n", 1]',
        "[" * 3000,
    ],
    ids=range(9),
)
def test_a_forged_place_in_a_token_is_refused(records: Records, place: str) -> None:
    forged = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    with pytest.raises(BadToken):
        records.query("e", *OWNER, Query(after=forged))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(min_size=1, max_size=80))
def test_free_text_as_a_token_is_refused(records: Records, token: str) -> None:
    with pytest.raises(BadToken):
        records.query("e", *OWNER, Query(after=token))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.floats(0, 2e9), min_size=1, max_size=12),
    limit=st.integers(1, 5),
    descending=st.booleans(),
)
def test_pages_put_together_are_the_sorted_whole(
    records: Records, times: list[float], limit: int, descending: bool
) -> None:
    records.delete_all()
    fill(records, *((f"n{index}", time, "") for index, time in enumerate(times)))
    found = walk(records, limit=limit, descending=descending)
    assert sorted(found) == sorted(f"n{index}" for index in range(len(times)))
    ordered = [times[int(name[1:])] for name in found]
    assert all((a >= b) if descending else (a <= b) for a, b in pairwise(ordered))
