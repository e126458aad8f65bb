"""How `argosy graph` draws values."""

from io import StringIO

import pytest
from rich.console import Console

from argosy.cli.graph import bars, render, seconds_of
from argosy.ground.errors import ArgosyError


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([0.0, 4.0, 8.0], "▁▅█"),
        ([None, 1.0, None], "·█·"),
        ([0.0, 0.0], "▁▁"),
        ([None, None], "··"),
    ],
)
def test_a_value_is_a_bar_and_no_value_a_gap(values: list[float | None], drawn: str) -> None:
    assert bars(values) == drawn


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("6h", 21600), ("7d", 604800)])
def test_a_time_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "1w", "-1h", "h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ArgosyError, match="no time"):
        seconds_of(text)


def test_the_graph_fits_a_terminal() -> None:
    screen = Console(width=100, file=StringIO())
    row = {"metric": "overhead p99 ms", "values": [1.5] * 59 + [12345.678]}
    screen.print(render("iris / AllTraffic", [row], "01.01. 00:00 to 01:00 UTC"))

    assert isinstance(screen.file, StringIO)
    shown = screen.file.getvalue()
    assert "12,346" in shown
    assert "▁" * 59 + "█" in shown
