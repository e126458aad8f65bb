"""Alarms as records: made, replaced, found, put into a state by hand."""

from argosy.state import alarms
from argosy.state.records import Records

HERE = ("0" * 12, "us-east-1")


def members(name: str, threshold: float = 1.0) -> dict[str, object]:
    return {"AlarmName": name, "Threshold": threshold, "Tags": [{"Key": "a", "Value": "b"}]}


def test_a_new_alarm_knows_nothing_yet(records: Records) -> None:
    made = alarms.put_alarm(records, *HERE, members("high"), 10.0)

    assert made.status == alarms.INSUFFICIENT
    assert made.document["reason"] == "Unchecked: Initial alarm creation"
    assert "Tags" not in made.document["members"]


def test_an_alarm_that_is_replaced_keeps_its_state(records: Records) -> None:
    made = alarms.put_alarm(records, *HERE, members("high"), 10.0)
    alarms.set_state(records, made, alarms.IN_ALARM, "because", "", 11.0)

    again = alarms.put_alarm(records, *HERE, members("high", 5.0), 12.0)

    assert again.status == alarms.IN_ALARM
    assert again.document["members"]["Threshold"] == 5.0
    assert again.document["configured"] == 12.0


def test_states_are_told_of_alarms_of_both_kinds_and_of_no_others(records: Records) -> None:
    alarms.put_alarm(records, *HERE, members("high"), 10.0)
    whole = alarms.put_alarm(records, *HERE, members("whole"), 10.0, kind=alarms.COMPOSITE)
    alarms.set_state(records, whole, alarms.OK, "fine", "", 11.0)

    found = alarms.states_of(records, *HERE, ["high", "whole", "gone"])

    assert found == {"high": "INSUFFICIENT_DATA", "whole": "OK"}


def test_a_state_set_by_hand_is_yet_to_be_announced_if_it_is_another_one(records: Records) -> None:
    made = alarms.put_alarm(records, *HERE, members("high"), 10.0)
    made = alarms.set_state(records, made, alarms.IN_ALARM, "by hand", "", 11.0)
    made = alarms.set_state(records, made, alarms.IN_ALARM, "again", "", 12.0)

    (change,) = made.document["unannounced"]
    assert (change["previous"], change["state"], change["at"]) == (
        "INSUFFICIENT_DATA",
        "ALARM",
        11.0,
    )
    assert (made.document["since"], made.document["transitioned"]) == (12.0, 11.0)


def test_an_alarm_is_deleted_once(records: Records) -> None:
    alarms.put_alarm(records, *HERE, members("high"), 10.0)

    assert alarms.delete_alarm(records, *HERE, "high")
    assert not alarms.delete_alarm(records, *HERE, "high")
    assert alarms.find_alarm(records, *HERE, "high") is None
