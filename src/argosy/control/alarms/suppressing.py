"""Whether a composite alarm's actions are held back, for the sake of its ActionsSuppressor. Pure.

    in ALARM ─► WaitPeriod ─► suppressor in ALARM: Alarm ─► it is not any more: ExtensionPeriod
                    └─ time is up: act                                    time is up: act ─┘

What is owed in the end is the newest change; a change that is taken back before anything was done
is not acted on at all. Source: CloudWatch's API reference, PutCompositeAlarm.
"""

from typing import NamedTuple, TypedDict

from argosy.state.alarms import IN_ALARM, Change

WAIT, BY_ALARM, EXTENSION = "WaitPeriod", "Alarm", "ExtensionPeriod"


class Suppressed(TypedDict):
    """Actions that are held back."""

    by: str
    until: float | None
    """Epoch seconds; None while the suppressor is in ALARM."""
    owed: Change


class Held(NamedTuple):
    """What is held back from now on, and what is to be done now."""

    suppressed: Suppressed | None
    act: Change | None


def on_change(
    held: Suppressed | None, change: Change, suppressor: str | None, wait: float, now: float
) -> Held:
    """The composite alarm itself has changed; `suppressor` is the other alarm's state."""
    if held is not None:
        if change["state"] == held["owed"]["previous"]:
            return Held(None, None)
        owed: Change = {**change, "previous": held["owed"]["previous"]}
        return Held({**held, "owed": owed}, None)
    if suppressor == IN_ALARM:
        return Held({"by": BY_ALARM, "until": None, "owed": change}, None)
    if change["state"] == IN_ALARM and wait > 0:
        return Held({"by": WAIT, "until": now + wait, "owed": change}, None)
    return Held(None, change)


def on_time(held: Suppressed, suppressor: str | None, extension: float, now: float) -> Held:
    """Time has passed, or the suppressor has changed."""
    if suppressor == IN_ALARM:
        return Held({"by": BY_ALARM, "until": None, "owed": held["owed"]}, None)
    if held["until"] is None:
        held = {"by": EXTENSION, "until": now + extension, "owed": held["owed"]}
    assert held["until"] is not None
    if now < held["until"]:
        return Held(held, None)
    return Held(None, held["owed"])


def reason(held: Suppressed, suppressor: str) -> str:
    """ActionsSuppressedReason."""
    if held["by"] == BY_ALARM:
        return f"Suppressor alarm {suppressor} is in ALARM"
    return f"Actions suppressed by {held['by']}"
