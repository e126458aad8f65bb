"""docs/metrics.md: every metric that the platform publishes, from `control.measuring.catalogue`."""

from itertools import groupby

from argosy.control.measuring.catalogue import CATALOGUE, Kind

INTRODUCTION = """# Metrics

What Argosy publishes by itself, for CloudWatch's API; [monitoring.md](monitoring.md) says when, and
how long it is kept. A metric is published under each of its sets of dimensions; in AWS/SageMaker
`EndpointName, VariantName` also with `EndpointConfigName` added while an endpoint is being updated.
"""


def page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(
        _section(namespace, list(kinds))
        for namespace, kinds in groupby(
            sorted(CATALOGUE, key=lambda kind: _ORDER.index(kind.namespace)),
            key=lambda kind: kind.namespace,
        )
    )


_ORDER = list(dict.fromkeys(kind.namespace for kind in CATALOGUE))


def _section(namespace: str, kinds: list[Kind]) -> str:
    head = f"\n## {namespace}\n\n| Metric | Unit | Dimensions | Meaning |\n|---|---|---|---|\n"
    return head + "".join(map(_row, kinds))


def _row(kind: Kind) -> str:
    dimensions = "; ".join(", ".join(names) for names in kind.dimensions)
    return f"| {kind.name} | {kind.unit} | {dimensions} | {kind.meaning} |\n"
