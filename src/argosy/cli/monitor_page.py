"""A page of one file about the latest runs: violations, and each feature's distribution. Pure."""

from html import escape
from typing import Any

_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .6rem; vertical-align: top }
tr { border-bottom: 1px solid #ddd }
td.number { font-variant-numeric: tabular-nums; text-align: right }
tr.bad { background: #fff4e5 }
svg rect { fill: #4c78a8 }
"""
_WIDTH, _HEIGHT = 200, 40
_MOST_BARS = 20


def page(report: dict[str, Any]) -> str:
    """HTML from what `argosy monitor` has gathered."""
    title = escape(f"Monitoring of {report['endpoint']}")
    parts = "".join(_schedule(one) for one in report["schedules"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>{parts}</html>\n"
    )


def _schedule(schedule: dict[str, Any]) -> str:
    latest = schedule["runs"][0] if schedule["runs"] else {"scheduled": "-", "status": "no run"}
    return (
        f"<h2>{escape(schedule['name'])}</h2>"
        f"<p>{escape(schedule['expression'])} · {escape(schedule['status'])} · latest run "
        f"{escape(latest['scheduled'])}: {escape(latest['status'])}</p>"
        f"{_violations(schedule['violations'])}{_features(schedule)}"
    )


def _violations(violations: list[dict[str, str]]) -> str:
    if not violations:
        return "<p>No violations.</p>"
    names = ("feature_name", "constraint_check_type", "description")
    return _table(
        ("feature", "check", "what was found"), [[one[n] for n in names] for one in violations]
    )


def _table(headings: tuple[str, ...], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(one)}" for one in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row) for row in rows)
    return f"<table><tr>{head}{body}</table>"


def _features(schedule: dict[str, Any]) -> str:
    bad = {one["feature_name"] for one in schedule["violations"]}
    rows = "".join(_feature(one, bad) for one in schedule["statistics"].get("features", ()))
    if not rows:
        return ""
    headings = ("feature", "type", "missing", "mean", "deviation", "distribution")
    return f"<table><tr>{''.join(f'<th>{one}' for one in headings)}{rows}</table>"


def _feature(feature: dict[str, Any], bad: set[str]) -> str:
    figures = feature.get("numerical_statistics") or feature.get("string_statistics") or {}
    missing = (figures.get("common") or {}).get("num_missing", "")
    mark = ' class="bad"' if feature["name"] in bad else ""
    return (
        f"<tr{mark}><td>{escape(feature['name'])}<td>{escape(feature['inferred_type'])}"
        f'<td class="number">{missing}<td class="number">{_short(figures.get("mean"))}'
        f'<td class="number">{_short(figures.get("std_dev"))}<td>{_bars(figures)}'
    )


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _bars(figures: dict[str, Any]) -> str:
    """A histogram; the place of a bar says what it counts."""
    distribution = figures.get("distribution") or {}
    numbers = (distribution.get("kll") or {}).get("buckets") or ()
    texts = (distribution.get("categorical") or {}).get("buckets") or ()
    counted = [
        (f"{one['lower_bound']:.4g} to {one['upper_bound']:.4g}", one["count"]) for one in numbers
    ] or [(one["value"], one["count"]) for one in texts]
    shown = counted[:_MOST_BARS]
    if not shown:
        return ""
    most, wide = max(count for _, count in shown) or 1, _WIDTH / len(shown)
    bars = "".join(
        f'<rect x="{index * wide:.1f}" y="{_HEIGHT * (1 - count / most):.1f}" '
        f'width="{wide - 1:.1f}" height="{_HEIGHT * count / most:.1f}">'
        f"<title>{escape(label)}: {count:g}</title></rect>"
        for index, (label, count) in enumerate(shown)
    )
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}">{bars}</svg>'
