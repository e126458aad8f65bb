"""Tables and targets say what was measured, what was not, and why."""

from bench.report import Report, as_json, invoke_rows, markdown
from bench.results import Measured, at_least, at_most, verdicts
from bench.steady import Steady
from bench.wrk import Load


def load(connections: int, per_second: float, p50_us: float = 500.0, failed: int = 0) -> Load:
    return Load(
        connections=connections,
        seconds=2.0,
        requests=int(per_second * 2),
        p50_us=p50_us,
        p99_us=3 * p50_us,
        failed=failed,
    )


def constant(p99_us: float) -> Steady:
    return Steady(
        offered_per_second=1000,
        achieved_per_second=1000,
        p50_us=300,
        p99_us=p99_us,
        late_p99_us=50,
        generator_cpu=0.2,
        failed=0,
    )


OURS = Measured(
    name="argosy",
    title="Argosy",
    loads=(load(1, 4000, p50_us=280), load(32, 40_000)),
    steady=constant(4000),
)
MOSEC = Measured(name="mosec-batch-16", title="mosec, batches", loads=(load(32, 20_000),))
NGINX = Measured(name="nginx", title="nginx", loads=(load(32, 60_000),))
BROKEN = Measured(name="mlflow", title="MLflow", reason="not installed: no wheel")


def test_a_row_gives_our_multiple_at_as_many_connections() -> None:
    rows = invoke_rows([OURS, MOSEC], OURS)

    assert rows[-1] == ("mosec, batches", "32", "20,000", "0.50 ms", "1.50 ms", "2.00×")


def test_a_stack_that_could_not_be_measured_stays_with_its_reason() -> None:
    assert invoke_rows([BROKEN], OURS) == [
        ("MLflow", "-", "-", "-", "-", "not installed: no wheel")
    ]


def test_failed_requests_are_told_in_the_row() -> None:
    failing = Measured(name="x", title="x", loads=(load(32, 20_000, failed=3),))

    assert invoke_rows([failing], OURS)[0][-1] == "2.00× (3 failed)"


def test_every_row_of_a_family_is_held_against_its_target() -> None:
    found = {v.target: (v.got, v.passed) for v in verdicts(OURS, [MOSEC, NGINX, BROKEN], 95.0)}

    assert found == {
        "Argosy: requests/s over mosec, batches ≥ 4×": ("2.00×", False),
        "Argosy: requests/s over nginx ≥ 0.5×": ("0.67×", True),
        "Argosy: p50 over predict, 1 connection ≤ 200 µs": ("185.00 µs", True),
        "Argosy: p99 at 70 % of the highest load ≤ 5 ms": ("4.00 ms", True),
    }


def test_a_failed_request_of_ours_misses_a_target() -> None:
    failing = Measured(name="argosy", title="Argosy", loads=(load(32, 40_000, failed=1),))

    assert [v.target for v in verdicts(failing, [], 95.0) if v.passed is False] == [
        "Argosy: no request fails"
    ]


def test_what_was_not_measured_neither_passes_nor_misses() -> None:
    nothing = Measured(name="argosy", title="Argosy", reason="it did not start")

    assert {v.word for v in verdicts(nothing, [MOSEC], 95.0)} == {"not measured"}
    assert at_least("x", 1, None, "×").passed is at_most("x", 1, None, "s").passed is None


def test_the_page_holds_machine_rows_notes_and_targets() -> None:
    report = Report(
        name="invoke",
        title="Title",
        machine="2 cores",
        columns=("stack", "p50"),
        rows=(("a|b", "1"),),
        notes=("A note.",),
        verdicts=(at_most("ready", 2.5, 3.0, "s"),),
    )

    assert markdown(report).splitlines() == [
        *("# Title", "", "2 cores", "", "| stack | p50 |", "| --- | ---: |", "| a\\|b | 1 |"),
        *("", "A note.", "", "## Targets", "", "| target | measured |  |"),
        *("| --- | ---: | ---: |", "| ready ≤ 2.5 s | 3.00 s | miss |"),
    ]
    assert as_json(report)["targets"] == [
        {"target": "ready ≤ 2.5 s", "measured": "3.00 s", "passed": False}
    ]
