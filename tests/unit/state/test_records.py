"""Records: what is written is read back, by everyone and only as a whole."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.state.records import AlreadyThere, Record, Records, Stale, StorageError

OWNER = ("000000000000", "us-east-1")


def create(records: Records, name: str, now: float = 1.0, **document: Any) -> Record:
    return records.create("model", *OWNER, name, document, now=now, status="new")


def test_a_created_record_is_read_back_as_it_was_given(records: Records) -> None:
    created = create(records, "m", 12.25, Image="i", Nested={"a": [1, None, 2.5]})
    assert records.get("model", *OWNER, "m") == created
    assert created.document == {"Image": "i", "Nested": {"a": [1, None, 2.5]}}
    assert (created.status, created.version, created.created, created.modified) == (
        "new", 1, 12.25, 12.25,
    )  # fmt: skip


def test_what_is_not_there_is_none(records: Records) -> None:
    create(records, "m")
    assert records.get("model", *OWNER, "M") is None
    assert records.get("endpoint", *OWNER, "m") is None
    assert records.get("model", OWNER[0], "eu-west-1", "m") is None


def test_a_name_can_be_found_whatever_its_case(records: Records) -> None:
    create(records, "Fraud-Model")
    found = records.get_any_case("model", *OWNER, "fraud-MODEL")
    assert found is not None
    assert found.name == "Fraud-Model"
    assert records.get_any_case("model", *OWNER, "fraud") is None


def test_a_name_is_taken_once(records: Records) -> None:
    create(records, "m", a=1)
    with pytest.raises(AlreadyThere):
        create(records, "m", a=2)
    found = records.get("model", *OWNER, "m")
    assert found is not None
    assert found.document == {"a": 1}


def test_changing_the_document_given_does_not_change_the_record(records: Records) -> None:
    document = {"list": [1]}
    record = records.create("model", *OWNER, "m", document, now=1.0)
    document["list"].append(2)
    assert record.document == {"list": [1]}


def test_an_update_changes_what_is_given_and_counts_up(records: Records) -> None:
    first = create(records, "m", 1.0, a=1)
    second = records.update(first, now=2.0, document={"a": 2})
    third = records.update(second, now=3.0, status="done", touch=False)
    assert records.get("model", *OWNER, "m") == third
    assert (third.document, third.status) == ({"a": 2}, "done")
    assert (third.version, third.created, third.modified) == (3, 1.0, 2.0)


def test_an_update_of_a_record_that_moved_on_is_stale(records: Records) -> None:
    first = create(records, "m", a=1)
    records.update(first, now=2.0, document={"a": 2})
    with pytest.raises(Stale):
        records.update(first, now=3.0, document={"a": 3})
    found = records.get("model", *OWNER, "m")
    assert found is not None
    assert found.document == {"a": 2}


def test_an_update_of_a_record_that_is_gone_is_stale(records: Records) -> None:
    first = create(records, "m")
    assert records.delete("model", *OWNER, "m")
    with pytest.raises(Stale):
        records.update(first, now=2.0, status="x")


def test_deleting_says_whether_there_was_one(records: Records) -> None:
    create(records, "m")
    assert records.delete("model", *OWNER, "m") is True
    assert records.delete("model", *OWNER, "m") is False


def test_find_gives_every_account_and_region_oldest_first(records: Records) -> None:
    records.create("model", "2", "b", "younger", {}, now=2.0)
    records.create("model", "1", "a", "older", {}, now=1.0)
    records.create("endpoint", "1", "a", "other", {}, now=1.0)
    assert [r.name for r in records.find("model")] == ["older", "younger"]
    assert [r.name for r in records.find("model", account="2")] == ["younger"]
    assert [r.name for r in records.find("model", region="a")] == ["older"]


def test_delete_all_leaves_nothing_and_rings_for_every_kind(records: Records) -> None:
    create(records, "m")
    records.create("role", "1", "", "r", {}, now=1.0)
    rung: list[str] = []
    records.listen(rung.append)
    records.delete_all()
    assert records.find("model") == records.find("role") == []
    assert rung == ["model", "role"]


def test_an_exception_undoes_the_whole_transaction_and_rings_nobody(records: Records) -> None:
    kept = create(records, "kept", a=1)
    rung: list[str] = []
    records.listen(rung.append)

    def change_and_fail() -> None:
        with records.transaction():
            create(records, "dropped")
            records.update(kept, now=2.0, document={"a": 2})
            with records.transaction():
                records.delete("model", *OWNER, "kept")
            raise KeyError

    with pytest.raises(KeyError):
        change_and_fail()
    assert records.find("model") == [kept]
    assert rung == []


def test_a_transaction_sees_its_own_writes_and_rings_once_at_its_end(records: Records) -> None:
    rung: list[str] = []
    records.listen(rung.append)
    with records.transaction():
        create(records, "a")
        with records.transaction():
            create(records, "b")
        assert len(records.find("model")) == 2
        assert rung == []
    assert rung == ["model"]


def test_a_refused_create_leaves_its_transaction_usable(records: Records) -> None:
    create(records, "m")
    with records.transaction():
        with pytest.raises(AlreadyThere):
            create(records, "m")
        create(records, "n")
    assert {r.name for r in records.find("model")} == {"m", "n"}


def test_a_listener_may_read_and_write(records: Records) -> None:
    def follow(kind: str) -> None:
        if kind == "model" and not records.find("echo"):
            records.create("echo", *OWNER, "e", {}, now=1.0)

    records.listen(follow)
    create(records, "m")
    assert len(records.find("echo")) == 1


def test_a_listener_that_fails_takes_no_write_back(records: Records) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("listener")

    rung: list[str] = []
    records.listen(fail)
    records.listen(rung.append)
    create(records, "m")
    assert records.get("model", *OWNER, "m") is not None
    assert rung == ["model"]


def test_a_document_that_is_no_json_is_refused_whole(records: Records) -> None:
    with pytest.raises(TypeError):
        create(records, "m", bad=object())
    assert records.find("model") == []


def test_a_full_disk_is_an_oserror_and_undoes_the_transaction(
    records: Records, engine: sa.Engine
) -> None:
    kept = create(records, "kept", a=1)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    def fill_up() -> None:
        with records.transaction():
            records.update(kept, now=2.0, document={"a": 2})
            create(records, "big", text="x" * 1_000_000)

    with pytest.raises(StorageError, match="full"):
        fill_up()
    assert records.find("model") == [kept]
    small = records.update(kept, now=3.0, document={"a": 3})
    assert records.find("model") == [small]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), document=st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_under_any_storable_name_comes_back(
    records: Records, name: str, document: dict[str, Any]
) -> None:
    name = name.encode("utf-8", "replace").decode()
    records.delete("model", *OWNER, name)
    created = records.create("model", *OWNER, name, document, now=1.0)
    assert created.document == document
    assert records.get("model", *OWNER, name) == replace(created)
