"""From the wishes of a target's policies to one capacity, or to why it stays as it is. Pure.

    out  if any policy wants it; the largest capacity wins
    in   if nobody wants out, and, of those that track a target, all want it; the largest wins
    never outside of the target's range

After a change a cooldown runs. During that of a scale-out what was added counts as part of what is
wanted, so that only a larger need adds more, and nothing is taken away; that of a scale-in holds
back the next one, and a scale-out ends it. (User Guide, "Define cooldown periods", "Multiple
scaling policies".)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from argosy.state.scaling import Change

AT_MOST = "AlreadyAtMaxCapacity"
AT_LEAST = "AlreadyAtMinCapacity"
AT_DESIRED = "AlreadyAtDesiredCapacity"
UNSCALABLE = "TargetServicePutResourceAsUnscalable"
FLAPPING = "AutoScalingAnticipatedFlapping"


@dataclass(frozen=True)
class Situation:
    """A target as it is. Times in epoch seconds."""

    capacity: int
    least: int
    most: int
    now: float
    history: Sequence[Change] = ()
    """The last changes that policies made, oldest first."""
    suspended_out: bool = False
    suspended_in: bool = False

    def in_cooldown(self, *, out: bool) -> bool:
        """Whether the last change was a scale-out (or one in) and its cooldown runs."""
        change = self._last
        if change is None or (change["after"] > change["before"]) is not out:
            return False
        return abs(self.now - change["at"]) < change["cooldown_s"]

    @property
    def _last(self) -> Change | None:
        """The change that brought the capacity to where it is; None when somebody else did."""
        if self.history and self.history[-1]["after"] == self.capacity:
            return self.history[-1]
        return None

    def base(self, measured: float | None) -> int:
        """What a wish is counted from, whose metric was measured from `measured` on."""
        then = self.capacity
        if measured is not None:
            then = self._at(measured)
        last = self._last
        if last is not None and self.in_cooldown(out=True):
            return min(then, last["before"])
        return then

    def _at(self, moment: float) -> int:
        """The capacity that there was at a moment."""
        then = self.capacity
        for change in reversed(self.history):
            if change["after"] != then or (change["done"] and change["at"] <= moment):
                break
            then = change["before"]
        return then


@dataclass(frozen=True)
class Wish:
    """What a policy would have."""

    policy: str
    cause: str
    capacity: int
    cooldown_s: float
    wants_out: bool
    """Its alarm is one for scaling out: it never scales in, and the other way round."""
    tracks: bool = False


@dataclass(frozen=True)
class Verdict:
    """The capacity to be, and whose wish that is; `code` says why it stays, "" if it does not."""

    capacity: int
    wish: Wish
    code: str = ""


def decide(
    situation: Situation, wishes: Collection[Wish], trackers: Collection[str] = ()
) -> Verdict | None:
    """What follows from the wishes; None when nothing does.

    trackers: the policies that track a target and may scale in; without a wish they are content.
    """
    outs = [wish for wish in wishes if wish.wants_out]
    if outs:
        return None if situation.suspended_out else _out(situation, outs)
    ins = _agreed(wishes, trackers)
    if not ins or situation.suspended_in:
        return None
    return _in(situation, ins)


def _agreed(wishes: Collection[Wish], trackers: Collection[str]) -> list[Wish]:
    """The wishes to scale in: those of trackers only where all of them have one."""
    agreeing = {wish.policy for wish in wishes if wish.tracks}
    unanimous = agreeing >= set(trackers)
    return [wish for wish in wishes if unanimous or not wish.tracks]


def _out(situation: Situation, wishes: list[Wish]) -> Verdict | None:
    wish = max(wishes, key=lambda wish: wish.capacity)
    wanted = min(max(wish.capacity, situation.least), situation.most)
    if wanted > situation.capacity:
        return Verdict(wanted, wish)
    full = situation.capacity >= situation.most and wish.capacity >= situation.capacity
    if not full and situation.in_cooldown(out=True):
        return None  # what was added has yet to show
    return Verdict(situation.capacity, wish, AT_MOST if full else AT_DESIRED)


def _in(situation: Situation, wishes: list[Wish]) -> Verdict | None:
    wish = max(wishes, key=lambda wish: wish.capacity)
    wanted = min(max(wish.capacity, situation.least), situation.most)
    if wanted < situation.capacity:
        cooling = situation.in_cooldown(out=False) or situation.in_cooldown(out=True)
        return None if cooling else Verdict(wanted, wish)
    empty = situation.capacity <= situation.least
    return Verdict(situation.capacity, wish, AT_LEAST if empty else FLAPPING)
