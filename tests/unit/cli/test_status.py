"""What `argosy status` shows: nothing is cut short in a terminal of 80 columns."""

import re
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from argosy.cli.status import render

TERMINAL = 80
SHOWN = ["InService", "AllTraffic", "i-0123456789abcdef0", "us-east-1a", "serving", "weight"]


def report(milliseconds: float | None) -> dict[str, Any]:
    instance = {"id": "i-0123456789abcdef0", "zone": "us-east-1a", "phase": "serving"}
    variant = {
        "name": "AllTraffic",
        "instances": 2,
        "desired_instances": 2,
        "weight": 1.0,
        "requests_per_s": 30580.2,
        "p50_ms": milliseconds,
        "p99_ms": milliseconds,
        "fleet": [instance],
    }
    endpoint = {
        "name": "iris",
        "status": "InService",
        "failure_reason": None,
        "variants": [variant],
    }
    return {"instances": 2, "endpoints": [endpoint]}


@pytest.mark.parametrize(
    ("milliseconds", "cell"), [(None, "-"), (0.217, "0.22"), (12.3, "12.30"), (60_000.0, "60000")]
)
def test_the_table_fits_a_terminal(milliseconds: float | None, cell: str) -> None:
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render(report(milliseconds), "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text
    assert all(word in text for word in [*SHOWN, cell])


def test_an_update_under_way_shows_how_far_it_is() -> None:
    told = report(None)
    told["endpoints"][0]["deployment"] = {"to": "iris-2", "share": 0.25, "phase": "baking"}
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render(told, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "25 % → iris-2" in text
    assert "baking" in text
    assert "…" not in text


def test_a_component_that_failed_says_why() -> None:
    told = report(None)
    told["endpoints"][0]["variants"][0]["failure_reason"] = "no such key [models]\nmore"
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render(told, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "no such key [models]" in text
    assert "more" not in text


def test_a_training_job_shows_its_stage_and_its_metrics() -> None:
    job = {
        "name": "nightly",
        "secondary_status": "Pending",
        "message": "Waiting for room",
        "instances": 2,
        "seconds": 41.5,
        "metrics": {"loss": 0.25},
    }
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render({**report(None), "trainings": [job]}, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    wanted = ("nightly", "training", "Pending", "42 s", "Waiting for room", "loss 0.25")
    assert all(word in text for word in wanted)


def test_a_processing_job_shows_how_long_it_runs_and_on_how_many_instances() -> None:
    job = {"name": "nightly", "status": "Stopping", "instances": 3, "seconds": 41.5}
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render({"instances": 0, "endpoints": [], "processings": [job]}, "http://here"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert all(word in text for word in ("nightly", "processing", "Stopping", "42 s", "3"))
    assert "none yet" not in text


def test_a_transform_job_shows_how_far_it_is() -> None:
    job = {
        "name": "nightly",
        "status": "InProgress",
        "percent": 41.5,
        "rows": 1000,
        "rows_per_s": 250.0,
        "objects_failed": 0,
    }
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render({**report(None), "transforms": [job]}, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert all(word in text for word in ("nightly", "42%", "1,000 rows", "transform", "250"))
    assert "…" not in text


def test_what_acts_by_itself_is_shown_with_its_next_time() -> None:
    told = {
        **report(None),
        "tunings": [
            {
                "name": "search",
                "status": "InProgress",
                "seconds": 61.0,
                "trials": 4,
                "trials_ended": 3,
                "trials_most": 9,
            }
        ],
        "executions": [{"name": "weekly", "id": "e1", "status": "Executing", "seconds": 5.0}],
        "functions": [{"name": "resize", "runtime": "python3.12", "memory_mb": 128}],
        "schedules": [
            {"name": "off", "expression": "rate(1 day)", "status": "DISABLED", "next": None},
            {"name": "on", "expression": "cron(0 3 * * ? *)", "status": "ENABLED", "next": 0.0},
            {"name": "once", "expression": "at(2020-01-01T00:00:00)", "status": "", "next": None},
        ],
    }
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render(told, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    wanted = ("search", "3 of 9 trained, 1 under way", "weekly", "Executing", "resize")
    assert all(word in text for word in [*wanted, "python3.12", "128 MB", "disabled", "over"])
    assert re.search(r"19(69-12-31|70-01-01) \d\d:\d\d +cron\(0 3 \* \* \? \*\)", text)
    assert "…" not in text


def test_of_many_functions_the_first_are_shown() -> None:
    functions = [{"name": f"f{n}", "runtime": "python3.12", "memory_mb": 128} for n in range(25)]
    screen = Console(width=TERMINAL, file=StringIO())
    screen.print(render({**report(None), "functions": functions}, "http://127.0.0.1:43789"))

    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "f19" in text
    assert "f20" not in text
    assert "5 more: --json" in text
