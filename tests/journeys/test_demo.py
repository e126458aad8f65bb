"""The demo is a promise of the README: it must run from end to end and find nothing wrong."""

import os
import subprocess
import sys
from pathlib import Path

from examples.demo import aws
from examples.demo.calls import Answer, Tally
from examples.demo.models import Trained, Trial
from examples.demo.show import Show

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_runs_and_everything_is_as_it_should_be(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}

    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path), "COLUMNS": "140"},
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything was as it should be" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_differs_from_the_local_model_is_a_fault() -> None:
    stable, canary = Trained("stable", None, [3], 1.0), Trained("canary", None, [5], 1.0)
    trial = Trial(rows=[[0.0]], stable=stable, canary=canary)
    right = Answer(0, 5, aws.CANARY, 0.1)
    wrong = Answer(0, 5, aws.STABLE, 0.1)
    failed = Answer(0, None, "", 0.1, "the connection broke")

    show = Show(steps=1)
    sentence = show.judge(Tally(trial, [right, wrong, failed]))

    assert sentence == "3 calls, 1 failed, 1 wrong"
    assert show.faults == ["row 0 failed: the connection broke", "row 0: stable answered 5"]
