"""The demo is a promise of the README: it must run from end to end and find nothing wrong."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_runs_and_everything_is_as_it_should_be(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}

    done = subprocess.run(
        [sys.executable, "-m", "examples.demo"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path), "COLUMNS": "140"},
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything was as it should be" in done.stdout
    assert list(tmp_path.iterdir()) == []
