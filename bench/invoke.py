"""`script/bench invoke`: one row a request, everybody in turn, Argosy signed and counted."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from argosy.testing import Platform
from bench import machine, model, ours, stacks, steady, wrk
from bench.model import Sample
from bench.peers import NGINX, Peer
from bench.progress import Steps, steps
from bench.report import Report, invoke_rows, milliseconds
from bench.results import CONNECTIONS, HEADLINE_CONNECTIONS, Measured, verdicts
from bench.stacks import NOT_AVAILABLE, Target, reason_of

_WARM_UP_S = 1.0
_STEADY_SHARE = 0.7


def measure(peers: Sequence[Peer], with_nginx: bool, seconds: float) -> Report:
    """Start, load and stop each stack in turn."""
    here = machine.describe()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        bench = _Bench(Path(folder), seconds)
        predict_us = model.in_process_p50(bench.model)
        with steps((3 + len(peers)) * len(CONNECTIONS)) as progress:
            one, two = bench.argosy(progress)
            others = [bench.nginx(progress)] if with_nginx else []
            others += [bench.peer(peer, progress) for peer in peers]
    return _report(here.sentence(), one, two, others, predict_us, bench.busy)


class _Bench:
    """The trained model, the rows to send, and a scratch folder for each stack."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._saved = folder / "model.joblib"
        self.model = model.train(self._saved)
        self._samples: list[Sample] = model.samples(self.model)
        self.busy = 0.0
        """Most of the machine that others used just before a stack was started."""

    def argosy(self, progress: Steps) -> tuple[Measured, Measured]:
        """One variant with one worker, and two variants with one worker each."""
        names = (
            ("argosy", "Argosy, 1 variant", ours.ONE),
            ("argosy-two", "Argosy, 2 variants", ours.TWO),
        )
        try:
            progress.now("Argosy: starting")
            with Platform() as platform:
                one, two = (
                    self._measured(name, title, self._endpoint(platform, variants), progress, True)
                    for name, title, variants in names
                )
                return one, two
        except NOT_AVAILABLE as error:
            one, two = (Measured(name=n, title=t, reason=reason_of(error)) for n, t, _ in names)
            return one, two

    def nginx(self, progress: Steps) -> Measured:
        target = stacks.bare_nginx(self._samples, self._scratch(NGINX))
        return self._measured(NGINX, "nginx proxy, canned answer", lambda: target, progress)

    def peer(self, peer: Peer, progress: Steps) -> Measured:
        target = stacks.serving(peer, self._saved, self._samples, self._scratch(peer.name))
        return self._measured(peer.name, peer.title, lambda: target, progress)

    def _endpoint(
        self, platform: Platform, variants: Sequence[ours.Variant]
    ) -> Callable[[], AbstractContextManager[Target]]:
        return lambda: ours.serving(platform, self._saved, self._samples, variants)

    def _scratch(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder

    def _measured(
        self,
        name: str,
        title: str,
        start: Callable[[], AbstractContextManager[Target]],
        progress: Steps,
        constant: bool = False,
    ) -> Measured:
        """Start a stack, load it with each number of connections; `constant` at a rate too."""
        self.busy = max(self.busy, machine.busy_share())
        progress.now(f"{title}: starting")
        loads: list[wrk.Load] = []
        paced = None
        reason = ""
        try:
            with start() as target:
                _warm_up(target)
                loads.extend(self._loads(target, title, progress))
                if constant:
                    progress.now(f"{title}: a constant rate")
                    paced = self._paced(target, max(load.per_second for load in loads))
        except NOT_AVAILABLE as error:
            reason = reason_of(error)
        progress.done(len(CONNECTIONS) - len(loads))
        return Measured(name=name, title=title, loads=tuple(loads), steady=paced, reason=reason)

    def _loads(self, target: Target, title: str, progress: Steps) -> Iterator[wrk.Load]:
        for connections in CONNECTIONS:
            progress.now(f"{title}: {connections} connections")
            yield wrk.run(
                target.url, target.requests(), connections=connections, seconds=self._seconds
            )
            progress.done()

    def _paced(self, target: Target, highest: float) -> steady.Steady:
        return steady.run(
            target.url, target.requests(), rate=highest * _STEADY_SHARE, seconds=self._seconds
        )


def _warm_up(target: Target) -> None:
    wrk.run(
        target.url,
        target.requests(),
        connections=HEADLINE_CONNECTIONS,
        seconds=_WARM_UP_S,
    )


def _report(
    machine_sentence: str,
    one: Measured,
    two: Measured,
    others: Sequence[Measured],
    predict_us: float,
    busy: float,
) -> Report:
    everybody = [one, two, *others]
    return Report(
        name="invoke",
        title="Invocations: logistic regression on iris, one row a request",
        machine=machine_sentence,
        columns=("stack", "connections", "requests/s", "p50", "p99", "Argosy does"),
        rows=tuple(invoke_rows(everybody, one)),
        notes=(
            f"predict in the same process: p50 {predict_us:.0f} µs.",
            "Argosy's requests are signed (SigV4, by boto3), routed and counted; nobody else's are."
            " One variant means one model worker, as everybody else has; two variants (0.7/0.3)"
            " mean two. 'Argosy does' compares with its one worker at as many connections.",
            f"Between the stacks the machine was up to {machine.busy_text(busy)}.",
            *(_paced_note(stack) for stack in (one, two) if stack.steady),
        ),
        verdicts=(*verdicts(one, others, predict_us), *verdicts(two, others, predict_us)),
        figures={"predict_p50_us": predict_us, "stacks": [_figures(s) for s in everybody]},
    )


def _paced_note(stack: Measured) -> str:
    paced = stack.steady
    assert paced is not None
    return (
        f"{stack.title}, at a constant rate: {paced.offered_per_second:,.0f}/s offered, "
        f"{paced.achieved_per_second:,.0f}/s answered, p50 {milliseconds(paced.p50_us)}, "
        f"p99 {milliseconds(paced.p99_us)}, {paced.failed} failed; latency counts from when a "
        f"request was due; the generator used {paced.generator_cpu:.0%} of a core and was itself "
        f"late by {milliseconds(paced.late_p99_us)} (p99)."
    )


def _figures(stack: Measured) -> dict[str, object]:
    loads = [{**asdict(load), "per_second": load.per_second} for load in stack.loads]
    return {**asdict(stack), "loads": loads}
