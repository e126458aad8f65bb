"""Works an expression out: walks the tree, asks the scope for what ids stand for.

Work is bounded: an expression that would touch more points than `MOST_WORK` is given up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from argosy.telemetry.metrics.math import gaps, operators, syntax
from argosy.telemetry.metrics.math.functions import FUNCTIONS, Argument
from argosy.telemetry.metrics.math.syntax import BadExpression, Node
from argosy.telemetry.metrics.math.values import Grid, Series, Value

MOST_WORK = 3_000_000

_TABLE = {**FUNCTIONS, "FILL": gaps.fill, "IF": gaps.choose}
_REFUSED = {
    "ANOMALY_DETECTION_BAND": "anomaly detection is not offered here",
    "DB_PERF_INSIGHTS": "Performance Insights is not offered here",
    "INSIGHT_RULE_METRIC": "Contributor Insights is not offered here",
    "LAMBDA": "data sources of your own are not offered here",
    "SEARCH": "searches are not offered here: name the metrics by MetricStat, see ListMetrics",
    "SERVICE_QUOTA": "service quotas are not offered here",
}


@dataclass
class Scope:
    """What an expression can refer to."""

    grid: Grid
    find: Callable[[str], Value]
    """The result of the query with an id; raises BadExpression where there is none."""
    metrics: Callable[[str], list[Series]]
    """All metrics of the request whose id contains the text."""
    work: int = field(default=0)

    def spend(self, value: Value) -> Value:
        """Count what a value is made of. Raises BadExpression when it becomes too much."""
        several = value if isinstance(value, list) else [value]
        self.work += sum(len(one.points) + 1 for one in several if isinstance(one, Series))
        if self.work > MOST_WORK:
            raise BadExpression("The expression takes too much work: ask for less time or metrics.")
        return value


def answer(node: Node, scope: Scope) -> Series | list[Series]:
    """The time series that an expression is. Raises BadExpression, also for a single number."""
    value = evaluate(node, scope)
    if isinstance(value, (Series, list)):
        return value
    raise BadExpression(
        "The expression gives a single number; it must give a time series: see TIME_SERIES()."
    )


def check(node: Node) -> None:
    """Raises BadExpression where a function is not known or not offered."""
    for name in sorted(syntax.calls_in(node)):
        _known(name)


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of a tree. Raises BadExpression."""
    return scope.spend(_value(node, scope))


def _value(node: Node, scope: Scope) -> Value:
    if isinstance(node, syntax.Number):
        return node.value
    if isinstance(node, syntax.Id):
        return scope.find(node.name)
    if isinstance(node, syntax.Call):
        return _call(node, scope)
    if isinstance(node, syntax.Listed):
        return _listed(node, scope)
    if isinstance(node, syntax.Negative):
        return operators.negative(evaluate(node.of, scope))
    if isinstance(node, syntax.Operation):
        return _operation(node, scope)
    shown = node.value if isinstance(node, syntax.Text) else node.name
    raise BadExpression(f"Error in expression: {shown[:40]!r} is no value.")


def _operation(node: syntax.Operation, scope: Scope) -> Value:
    """From the left on: a sum of many is deep on its left side, so there is no recursion."""
    chain: list[syntax.Operation] = []
    first: Node = node
    while isinstance(first, syntax.Operation):
        chain.append(first)
        first = first.left
    value = evaluate(first, scope)
    for one in reversed(chain):
        right = evaluate(one.right, scope)
        value = scope.spend(operators.operate(one.sign, value, right))
    return value


def _known(name: str) -> None:
    if name in _REFUSED:
        raise BadExpression(f"{name}: {_REFUSED[name]}.")
    if name != "METRICS" and name not in _TABLE:
        raise BadExpression(f"Error in expression: {name[:40]!r} is not a function.")


def _call(node: syntax.Call, scope: Scope) -> Value:
    _known(node.name)
    arguments = [_argument(one, scope) for one in node.arguments]
    if node.name == "METRICS":
        return scope.metrics(_part(arguments))
    return _TABLE[node.name](scope.grid, node.name, arguments)


def _argument(node: Node, scope: Scope) -> Argument:
    if isinstance(node, syntax.Word):
        return node.name
    return node.value if isinstance(node, syntax.Text) else evaluate(node, scope)


def _part(arguments: Sequence[Argument]) -> str:
    if not arguments:
        return ""
    if len(arguments) == 1 and isinstance(arguments[0], str):
        return arguments[0]
    raise BadExpression("Error in expression: METRICS takes nothing, or a part of ids as a text.")


def _listed(node: syntax.Listed, scope: Scope) -> list[Series]:
    found: list[Series] = []
    for item in node.items:
        value = evaluate(item, scope)
        if isinstance(value, list):
            found += value
        elif isinstance(value, Series):
            found.append(value)
        else:
            raise BadExpression("Error in expression: an array holds time series only.")
    return found
