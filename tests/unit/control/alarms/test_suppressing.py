"""When a composite alarm's actions are held back, and when they are carried out after all."""

from argosy.control.alarms.suppressing import Held, Suppressed, on_change, on_time
from argosy.state.alarms import Change


def change(previous: str, state: str) -> Change:
    return {
        "previous": previous,
        "previous_reason": "",
        "previous_data": "",
        "previous_at": 0.0,
        "state": state,
        "reason": "",
        "data": "",
        "at": 100.0,
    }


RINGS, WELL = change("OK", "ALARM"), change("ALARM", "OK")


def held(by: str, until: float | None) -> Suppressed:
    return {"by": by, "until": until, "owed": RINGS}


def test_a_suppressor_in_alarm_holds_back_at_once_and_without_end() -> None:
    assert on_change(None, RINGS, "ALARM", 30, 100.0) == Held(held("Alarm", None), None)


def test_a_suppressor_is_waited_for() -> None:
    waiting = on_change(None, RINGS, "OK", 30, 100.0)

    assert waiting == Held(held("WaitPeriod", 130.0), None)
    assert on_time(held("WaitPeriod", 130.0), "OK", 60, 129.0).act is None
    assert on_time(held("WaitPeriod", 130.0), "ALARM", 60, 129.0) == Held(held("Alarm", None), None)
    assert on_time(held("WaitPeriod", 130.0), "OK", 60, 130.0) == Held(None, RINGS)


def test_a_suppressor_that_is_well_again_holds_back_a_while_longer() -> None:
    assert on_time(held("Alarm", None), "OK", 60, 200.0) == Held(
        held("ExtensionPeriod", 260.0), None
    )
    assert on_time(held("ExtensionPeriod", 260.0), "OK", 60, 260.0) == Held(None, RINGS)
    assert on_time(held("Alarm", None), "OK", 0, 200.0) == Held(None, RINGS)


def test_a_suppressor_that_is_gone_holds_nothing_back() -> None:
    assert on_time(held("Alarm", None), None, 0, 200.0) == Held(None, RINGS)


def test_a_change_that_is_taken_back_meanwhile_is_not_acted_on() -> None:
    assert on_change(held("WaitPeriod", 130.0), WELL, "OK", 30, 110.0) == Held(None, None)


def test_what_is_well_is_told_at_once_without_a_suppressor_in_alarm() -> None:
    assert on_change(None, WELL, "OK", 30, 100.0) == Held(None, WELL)
