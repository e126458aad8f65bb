"""The tour: train, deploy, compare, kill, shift, delete. Exits 1 if anything was not as it should.

`script/demo` runs it. It starts a whole platform in a throw-away folder on a free port and leaves
nothing behind.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import sqrt
from pathlib import Path

from argosy.testing import Platform

from . import aws, calls, fleet, models
from .calls import CSV, JSON, Tally
from .show import Show, split

CANARY_STEPS = (5, 25, 50, 100)
CALLS_PER_STEP = 600


def main() -> int:
    with Show(steps=13) as show, tempfile.TemporaryDirectory() as folder:
        trial = train(show)
        with running(show) as platform:
            point_clients_at(platform)
            tallies = tour(show, trial, Path(folder))
    show.close(tallies)
    if show.faults:
        return 1
    show.console.print(f"Everything was as it should be, in {show.seconds:.0f} s.")
    return 0


def train(show: Show) -> models.Trial:
    with show.step("Train two classifiers of handwritten digits") as note:
        trial = models.train()
        note(f"accuracy {trial.stable.accuracy:.1%} and {trial.canary.accuracy:.1%}")
        note(f"{len(trial.rows)} rows held out")
    return trial


@contextmanager
def running(show: Show) -> Iterator[Platform]:
    """Argosy on a free port, with all its state in a throw-away folder."""
    with ExitStack() as stack:
        with show.step("Start Argosy") as note:
            platform = stack.enter_context(Platform())
            note(f"{platform.url}, data in {platform.data_dir}")
        yield platform
        with show.step("Stop Argosy") as note:
            stack.close()
            show.require(not platform.data_dir.exists(), f"{platform.data_dir} is still there")
            note("its folder is gone")


def point_clients_at(platform: Platform) -> None:
    """All that a program written for SageMaker needs to run here."""
    key = platform.credentials
    os.environ |= {
        "AWS_ENDPOINT_URL": platform.url,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_DEFAULT_REGION": platform.region,
    }


def tour(show: Show, trial: models.Trial, folder: Path) -> dict[str, Tally]:
    """The steps in their order; what each set of calls saw."""
    deploy(show, trial, folder)
    tallies = {
        "held-out set as CSV": hold_out(show, trial, CSV),
        "held-out set as JSON": hold_out(show, trial, JSON),
        "while an instance was killed": kill_under_load(show, trial),
    }
    for percent in CANARY_STEPS:
        tallies[f"canary at {percent} %"] = shift(show, trial, percent)
    with show.step("Delete everything") as note:
        aws.delete_everything()
        left = aws.what_is_left()
        show.require(not left, f"still there after deletion: {', '.join(left)}")
        note("nothing is left")
    return tallies


def deploy(show: Show, trial: models.Trial, folder: Path) -> None:
    with show.step("Pack model.tar.gz, create a bucket, upload") as note:
        pair = (trial.stable, trial.canary)
        archives = {model.name: models.pack(model, folder) for model in pair}
        uris = aws.upload(archives)
        note(uris[aws.STABLE])
    with show.step("CreateModel, CreateEndpointConfig, CreateEndpoint") as note:
        aws.create_models(uris, aws.create_role())
        aws.create_endpoint()
        note("InService: stable 0.7 on two instances, canary 0.3 on one")


def hold_out(show: Show, trial: models.Trial, content_type: str) -> Tally:
    """Send every held-out row, one a call, one call after the other."""
    with show.step(f"Send the held-out set as {content_type}") as note:
        runtime = aws.runtime()
        rows = range(len(trial.rows))
        tally = Tally(trial).add(calls.ask(runtime, trial, row, content_type) for row in rows)
        note(show.judge(tally))
        note(split(tally))
        check_share(show, tally, 30)
    return tally


def kill_under_load(show: Show, trial: models.Trial) -> Tally:
    """kill -9 one of the two stable instances while calls come in."""
    with show.step("kill -9 one instance under load") as note:
        with calls.steady_load(trial) as answers:
            calls.wait_for_more(answers, 100)
            dead = fleet.kill_one(aws.ENDPOINT, aws.STABLE)
            took = fleet.wait_replaced(aws.ENDPOINT, aws.STABLE, dead, count=2, patience=20)
            calls.wait_for_more(answers, 100)
        tally = Tally(trial, answers)
        note(show.judge(tally))
        note(f"replaced after {took:.1f} s")
    return tally


def shift(show: Show, trial: models.Trial, percent: int) -> Tally:
    """Move the canary's share, and see whether the traffic follows."""
    with show.step(f"Shift the canary to {percent} %") as note:
        aws.give_canary(percent)
        tally = Tally(trial).add(calls.ask_many(trial, CALLS_PER_STEP))
        note(show.judge(tally))
        note(split(tally))
        check_share(show, tally, percent)
    return tally


def check_share(show: Show, tally: Tally, percent: int) -> None:
    """The choice is random by weight: allow what chance allows once in a million runs."""
    asked, seen = percent / 100, tally.shares[aws.CANARY]
    slack = 5 * sqrt(asked * (1 - asked) / len(tally.answers))
    show.require(
        abs(seen - asked) <= slack, f"the canary took {seen:.1%} of the calls, not {percent} %"
    )


if __name__ == "__main__":
    sys.exit(main())
