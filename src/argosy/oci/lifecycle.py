"""Lifecycle policies: which images of a repository have had their day. Pure.

Taken are rules that expire images by their number or their age since they were pushed, selected
by tag status, tag prefixes or tag patterns; others are refused with a sentence that names them.
Source: ECR User Guide, "Lifecycle policy properties" and "How lifecycle policies work".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argosy.ground.errors import InvalidParameterException
from argosy.ground.globs import fits

_DAY_S = 86_400.0
_STATUSES = ("tagged", "untagged", "any")
_COUNTS = ("imageCountMoreThan", "sinceImagePushed")
_MEMBERS = frozenset({"rulePriority", "description", "selection", "action"})
_SELECTION = frozenset(
    {"tagStatus", "tagPrefixList", "tagPatternList", "countType", "countUnit", "countNumber"}
)


@dataclass(frozen=True)
class Pushed:
    """An image as the rules see it; `pushed` in epoch seconds."""

    digest: str
    tags: tuple[str, ...]
    pushed: float


@dataclass(frozen=True)
class Rule:
    """One rule of a policy that is in order."""

    priority: int
    status: str
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    by_age: bool
    number: int

    def selects(self, image: Pushed) -> bool:
        """Every pattern or prefix must fit some tag of the image."""
        if self.status == "any":
            return True
        if self.status == "untagged":
            return not image.tags
        return (
            bool(image.tags)
            and all(any(tag.startswith(p) for tag in image.tags) for p in self.prefixes)
            and all(any(_fits(p, tag) for tag in image.tags) for p in self.patterns)
        )


def rules(text: str) -> list[Rule]:
    """The rules of a policy, most important first; raises InvalidParameterException."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _refuse("it is not JSON") from None
    given = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(given, list) or not given or set(document) != {"rules"}:
        raise _refuse("it must hold 'rules', a list, and nothing else")
    found = [_rule(one) for one in given]
    priorities = [rule.priority for rule in found]
    if len(set(priorities)) < len(priorities):
        raise _refuse("each rulePriority may be given only once")
    return sorted(found, key=lambda rule: rule.priority)


def expired(policy: Sequence[Rule], images: Sequence[Pushed], now: float) -> list[str]:
    """Digests that the policy lets go.

    An image belongs to the most important rule that selects it; a less important one may count it
    but not expire it.
    """
    gone: list[str] = []
    spoken_for: set[str] = set()
    newest_first = sorted(images, key=lambda image: image.pushed, reverse=True)
    for rule in policy:
        chosen = [image for image in newest_first if rule.selects(image)]
        if rule.by_age:
            late = [image for image in chosen if now - image.pushed > rule.number * _DAY_S]
        else:
            late = chosen[rule.number :]
        gone += [image.digest for image in late if image.digest not in spoken_for]
        spoken_for |= {image.digest for image in chosen}
    return gone


def _rule(given: Any) -> Rule:
    if not isinstance(given, dict) or not set(given) <= _MEMBERS:
        raise _refuse(f"a rule has the members {', '.join(sorted(_MEMBERS))} and no others")
    if given.get("action") != {"type": "expire"}:
        raise _refuse('the only action that is offered is {"type": "expire"}')
    selection = given.get("selection")
    if not isinstance(selection, dict) or not set(selection) <= _SELECTION:
        raise _refuse(f"a selection has the members {', '.join(sorted(_SELECTION))} and no others")
    status, count = selection.get("tagStatus"), selection.get("countType")
    if status not in _STATUSES:
        raise _refuse(f"tagStatus must be one of {', '.join(_STATUSES)}")
    if count not in _COUNTS:
        raise _refuse(f"countType must be one of {', '.join(_COUNTS)}")
    by_age = count == "sinceImagePushed"
    if (selection.get("countUnit") == "days") is not by_age:
        raise _refuse("countUnit must be 'days' with sinceImagePushed, and is for it alone")
    prefixes, patterns = (_texts(selection, f"tag{kind}List") for kind in ("Prefix", "Pattern"))
    if (status == "tagged") is not (bool(prefixes) is not bool(patterns)):
        raise _refuse("tagPrefixList or tagPatternList must be given with 'tagged', and only then")
    return Rule(
        priority=_positive(given, "rulePriority"),
        status=status,
        prefixes=prefixes,
        patterns=patterns,
        by_age=by_age,
        number=_positive(selection, "countNumber"),
    )


def _texts(selection: Mapping[str, Any], member: str) -> tuple[str, ...]:
    found = selection.get(member, [])
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise _refuse(f"{member} must be a list of texts")
    return tuple(found)


def _positive(given: Mapping[str, Any], member: str) -> int:
    number = given.get(member)
    if type(number) is not int or number < 1:
        raise _refuse(f"{member} must be a whole number above 0")
    return number


def _fits(pattern: str, tag: str) -> bool:
    return fits(pattern, tag, signs="*")


def _refuse(why: str) -> InvalidParameterException:
    return InvalidParameterException(
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
        f"'Lifecycle policy validation failure: {why}'"
    )
