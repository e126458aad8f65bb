"""CloudWatch Logs: metric filters are kept here; control runs them (`control/logs`)."""

from typing import Any

from argosy.ground.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from argosy.services.log_patterns import pattern_of
from argosy.services.log_reading import existing_group, reader_of
from argosy.services.log_tokens import bad_token, pack, unpack
from argosy.services.registry import Call, operation
from argosy.state.log_groups import (
    MetricFilter,
    filters_of,
    put_filter,
    remove_filter,
    set_progress,
)
from argosy.telemetry.patterns import BadPattern, Pattern
from argosy.telemetry.patterns.operands import number_of

MOST_FILTERS = 100
MOST_REGEX_FILTERS = 5
MOST_DIMENSIONS = 3
_PAGE = 50
LARGEST = 2.0**360


@operation("logs", "PutMetricFilter")
def put_metric_filter(call: Call) -> dict[str, Any]:
    """It sees what is logged from now on."""
    asked = call.input
    group, name = existing_group(call, asked["logGroupName"]), asked["filterName"]
    pattern = pattern_of(asked["filterPattern"])
    _refuse_what_is_not_done(asked)
    (transformation,) = asked["metricTransformations"]
    _check(transformation, pattern)
    _check_limits(call, group, name, pattern)
    ends, now = reader_of(call).ends(group), call.clock.now()
    given = MetricFilter(group, name, asked["filterPattern"], transformation, now, ends)
    place = call.caller.account, call.caller.region
    with call.records.transaction():
        if not filters_of(call.records, *place, group):
            set_progress(call.records, *place, group, ends, now)
        put_filter(call.records, *place, given, now)
    return {}


@operation("logs", "DeleteMetricFilter")
def delete_metric_filter(call: Call) -> dict[str, Any]:
    group, name = existing_group(call, call.input["logGroupName"]), call.input["filterName"]
    place = call.caller.account, call.caller.region
    if not remove_filter(call.records, *place, group, name):
        raise ResourceNotFoundException("The specified metric filter does not exist.")
    return {}


@operation("logs", "DescribeMetricFilters")
def describe_metric_filters(call: Call) -> dict[str, Any]:
    """By group and name."""
    asked = call.input
    group = asked.get("logGroupName") or ""
    if group:
        existing_group(call, group)
    if bool(asked.get("metricName")) != bool(asked.get("metricNamespace")):
        raise InvalidParameterException("Give metricName and metricNamespace together.")
    after = _after(asked.get("nextToken"))
    found = [
        one
        for one in filters_of(call.records, call.caller.account, call.caller.region, group)
        if _wanted(one, asked) and [one.group, one.name] > after
    ]
    limit = asked.get("limit") or _PAGE
    page = found[:limit]
    token = {"nextToken": pack([page[-1].group, page[-1].name])} if len(found) > limit else {}
    return {"metricFilters": [_body(one) for one in page], **token}


@operation("logs", "TestMetricFilter")
def test_metric_filter(call: Call) -> dict[str, Any]:
    pattern = pattern_of(call.input["filterPattern"])
    matches = []
    for number, message in enumerate(call.input["logEventMessages"], 1):
        found = pattern.find(message)
        if found is not None:
            match = {"eventNumber": number, "eventMessage": message}
            matches.append({**match, "extractedValues": found.extracted()})
    return {"matches": matches}


def _check(transformation: dict[str, Any], pattern: Pattern) -> None:
    """Raise InvalidParameterException for a transformation that cannot be carried out."""
    if transformation["metricNamespace"].startswith("AWS/"):
        raise InvalidParameterException("A metric namespace that begins with AWS/ is reserved.")
    value, default = transformation["metricValue"], transformation.get("defaultValue")
    number = number_of(value)
    if number is None:
        _check_field("metricValue", value, pattern)
    if not all(abs(one) <= LARGEST for one in (number or 0.0, default or 0.0)):
        raise InvalidParameterException("A value of a metric lies between -2^360 and 2^360.")
    dimensions = transformation.get("dimensions") or {}
    if len(dimensions) > MOST_DIMENSIONS:
        raise InvalidParameterException(f"A metric filter has at most {MOST_DIMENSIONS} dimensions")
    if dimensions and default is not None:
        raise InvalidParameterException("A metric filter with dimensions has no default value.")
    for name, field in dimensions.items():
        _check_field(f"dimension {name}", field, pattern)


def _check_field(what: str, selector: str, pattern: Pattern) -> None:
    if not pattern.has_fields:
        raise InvalidParameterException(
            f"{what} {selector!r}: only JSON and space-delimited patterns have fields to take it "
            "from; write a number."
        )
    try:
        pattern.check_selector(selector)
    except BadPattern as error:
        raise InvalidParameterException(f"{what}: {error}.") from None


def _check_limits(call: Call, group: str, name: str, pattern: Pattern) -> None:
    there = filters_of(call.records, call.caller.account, call.caller.region, group)
    others = [one for one in there if one.name != name]
    if len(others) >= MOST_FILTERS:
        raise LimitExceededException(f"A log group has at most {MOST_FILTERS} metric filters.")
    with_regex = sum(pattern_of(one.pattern).regexes > 0 for one in others)
    if pattern.regexes and with_regex >= MOST_REGEX_FILTERS:
        raise LimitExceededException(
            f"A log group has at most {MOST_REGEX_FILTERS} metric filters with regular expressions."
        )


def _refuse_what_is_not_done(asked: dict[str, Any]) -> None:
    for member in (
        "applyOnTransformedLogs",
        "fieldSelectionCriteria",
        "emitSystemFieldDimensions",
    ):
        if asked.get(member):
            raise InvalidParameterException(f"Argosy does not transform logs: leave {member} out.")


def _wanted(one: MetricFilter, asked: dict[str, Any]) -> bool:
    metric = asked.get("metricName")
    found = one.transformation["metricName"], one.transformation["metricNamespace"]
    return one.name.startswith(asked.get("filterNamePrefix") or "") and (
        not metric or found == (metric, asked["metricNamespace"])
    )


def _after(token: str | None) -> list[str]:
    if not token:
        return []
    last = unpack(token)
    if not isinstance(last, list) or [type(part) for part in last] != [str, str]:
        raise bad_token()
    return last


def _body(one: MetricFilter) -> dict[str, Any]:
    return {
        "filterName": one.name,
        "filterPattern": one.pattern,
        "metricTransformations": [one.transformation],
        "creationTime": int(one.created * 1000),
        "logGroupName": one.group,
    }
