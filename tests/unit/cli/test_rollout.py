"""`argosy rollout`: what may be written on the command line, and what is drawn."""

from io import StringIO
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from argosy.cli import main, rollout
from argosy.cli.rollout import percents, seconds
from argosy.cli.rollout_view import Display, render, sentence
from argosy.ground.errors import ArgosyError

DEPLOYMENT = {
    "from": "one",
    "to": "two",
    "phase": "baking",
    "share": 0.25,
    "step": 1,
    "steps": [0.05, 0.25, 1.0],
    "left_s": 48.2,
    "alarms": [],
    "guards": ["p99<100ms"],
    "measured": {"calls": 1200, "errors_4xx": 0, "errors_5xx": 3, "p50_ms": 1.5, "p99_ms": 9.0},
}


def drawn(deployment: dict[str, Any] | None, reason: str = "") -> str:
    report = {"status": "Updating", "config": "one", "failure_reason": reason}
    if deployment:
        report["deployment"] = deployment  # type: ignore[assignment]
    screen = Console(width=80, file=StringIO())
    screen.print(render("iris", report))
    return screen.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("30s", 30), ("5m", 300), ("1.5h", 5400), (" 2 m ", 120)]
)
def test_times_are_read(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "5d", "-5m", "five"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ArgosyError, match="--every"):
        seconds(text)


def test_percents_are_read_and_what_is_none_is_refused() -> None:
    assert percents("5, 25%,50,100") == [5, 25, 50, 100]
    with pytest.raises(ArgosyError, match="--canary"):
        percents("5,many")


def test_the_display_says_where_it_is_and_what_was_measured() -> None:
    text = drawn(DEPLOYMENT)

    assert sentence(DEPLOYMENT) == "25 % on two, step 2 of 3, watching, 48 s left"
    assert "one → two" in text
    assert "1,200 calls, 0 4xx, 3 5xx, p50 1.50 ms, p99 9.00 ms" in text
    assert "p99<100ms" in text


def test_without_an_update_the_display_says_what_serves_and_why() -> None:
    text = drawn(None, "p99 of the new version is 212 ms, not < 100 ms (50 calls).")

    assert "serves one" in text
    assert "p99 of the new version is 212 ms" in text


@pytest.mark.parametrize("arguments", [[], ["--to", "two", "--status"], ["--status", "--rollback"]])
def test_one_thing_is_asked_for_at_a_time(arguments: list[str]) -> None:
    answer = CliRunner().invoke(main, ["rollout", "iris", *arguments])

    assert answer.exit_code == 2
    assert "Give one of --to CONFIG, --status and --rollback" in answer.output


def shown(deployments: list[dict[str, Any] | None]) -> None:
    with Display("iris") as display:
        for deployment in deployments:
            report = {"status": "InService", "config": "two", "failure_reason": ""}
            display.show({**report, "deployment": deployment} if deployment else report)


def test_a_pipe_gets_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    later = {**DEPLOYMENT, "left_s": 3.0}

    shown([DEPLOYMENT, later, {**DEPLOYMENT, "share": 1.0, "step": 2}, None])

    assert capsys.readouterr().out.splitlines() == [
        "iris: 25 % on two, step 2 of 3, watching",
        "iris: 100 % on two, step 3 of 3, watching",
        "iris: InService, serves two",
    ]


def test_a_terminal_is_drawn_upon(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    shown([DEPLOYMENT])

    drawn = capsys.readouterr().out
    assert "█" in drawn
    assert "25 % on two" in drawn


def test_a_command_waits_for_a_platform_that_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [ArgosyError("away"), {"endpoints": [{"name": "iris", "region": "r"}]}]

    class Away:
        region = "r"

        def get(self, path: str) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr(rollout, "_PERIOD_S", 0.0)

    assert rollout._report(Away(), "iris")["name"] == "iris"  # type: ignore[arg-type]
