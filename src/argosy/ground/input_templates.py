"""What a target is given: the event itself, a constant, a part of it, or a text made of it. Pure.

Rules: reference/automation.md §2; Amazon EventBridge User Guide, "Input transformation". Values
are put into a template as they are; of objects and lists within quotes the inner quotes are left
out. What comes out must be JSON again, else it cannot be sent; but a template of quoted lines is a
text for people, which queues, topics and logs get however it comes out.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground import json_path
from argosy.ground.stamps import seconds_stamp

_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LINES = re.compile(r'\s*"(?:[^"\\\n]|\\.)*"[ \t]*(?:\r?\n\s*"(?:[^"\\\n]|\\.)*"[ \t]*)*\s*')
_UNSPEAKABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_TAKE_TEXT = ("sqs", "sns", "logs")
_RULE_ARN, _RULE_NAME = "aws.events.rule-arn", "aws.events.rule-name"
_INGESTED = "aws.events.event.ingestion-time"
_EVENT, _WHOLE = "aws.events.event", "aws.events.event.json"
OWN = frozenset({_RULE_ARN, _RULE_NAME, _INGESTED, _EVENT, _WHOLE})


class BadShape(Exception):
    """The target's template does not give JSON with this event; the message says why."""


@dataclass(frozen=True)
class Source:
    """The rule that an event goes through, and when it came."""

    rule_arn: str
    rule_name: str
    ingested: float


def body_for(target: Mapping[str, Any], event: Mapping[str, Any], source: Source) -> str:
    """JSON text for the target, or the text of quoted lines. Raises BadShape."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        return _dump(_part(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer is None:
        return _dump(event)
    return _made(transformer, event, source, takes_text(target["Arn"]))


def placeholders(template: str) -> set[str]:
    """The names that a template uses."""
    return set(_PLACEHOLDER.findall(template))


def takes_text(arn: str) -> bool:
    """Whether such a target takes any text: queues, topics and log groups do."""
    return arn.split(":", 3)[2] in _TAKE_TEXT


def is_lines(template: str) -> bool:
    """Whether a template is quoted texts, each a line of its own."""
    return _LINES.fullmatch(template) is not None


def is_json(template: str) -> bool:
    """Whether a template gives JSON if what is put into it does."""
    filled = _STRING.sub(lambda found: _PLACEHOLDER.sub("x", found[0]), template)
    return _parses(_PLACEHOLDER.sub("0", filled))


def _made(
    transformer: Mapping[str, Any], event: Mapping[str, Any], source: Source, as_text: bool
) -> str:
    paths = transformer.get("InputPathsMap") or {}
    values = {name: _part(path, event) for name, path in paths.items()}
    values |= _own(event, source)
    template = str(transformer["InputTemplate"])
    made = _filled(template, values)
    if not (as_text and is_lines(template)) and not _parses(made):
        raise BadShape("What the input template makes of this event is not valid JSON.")
    return made


def _own(event: Mapping[str, Any], source: Source) -> dict[str, Any]:
    without = {name: value for name, value in event.items() if name != "detail"}
    return {
        _RULE_ARN: source.rule_arn,
        _RULE_NAME: source.rule_name,
        _INGESTED: seconds_stamp(source.ingested),
        _EVENT: without,
        _WHOLE: dict(event),
    }


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Within quotes values are inserted as text, outside as JSON; what is not there is left out
    of a text, and null outside."""
    made, place = [], 0
    for quoted in _STRING.finditer(template):
        made.append(_outside(template[place : quoted.start()], values))
        made.append(_PLACEHOLDER.sub(lambda one: _as_text(values.get(one[1])), quoted[0]))
        place = quoted.end()
    return "".join([*made, _outside(template[place:], values)])


def _outside(piece: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda one: _dump(values.get(one[1])), piece)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return _dump(value).replace('\\"', "").replace('"', "")


def _part(path: str, event: Mapping[str, Any]) -> Any:
    """What lies at the path; None where nothing does."""
    try:
        return json_path.select(json_path.parse(path), event)
    except json_path.NothingThere:
        return None


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _dump(value: Any) -> str:
    """As it is; escaped where a text has what JSON can name and nobody store, lone surrogates, or
    no queue take."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return json.dumps(value, separators=(",", ":")) if _UNSPEAKABLE.search(text) else text
