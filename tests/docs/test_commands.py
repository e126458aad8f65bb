"""The commands that the README and the quickstart tell people to type do what they say.

A page's `sh` and `python` blocks are run one after the other in one shell, in an empty folder. A
comment before a block says how: `<!-- background -->` for what stays running in a terminal of its
own, `<!-- not run -->` for what the tests have done already.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import joblib
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"(?:<!-- (?P<how>[\w ]+) -->\n+)?```(?P<language>sh|python)\n(?P<text>.*?)```", re.DOTALL
)
BACKGROUND = """
{{
{text}}} > up.log 2>&1 &
for attempt in $(seq 1200); do [ -s ~/.argosy/argosy.json ] && break; sleep 0.05; done
argosy env > /dev/null
"""
PYTHON = """
python -W error::DeprecationWarning - <<'END_OF_PYTHON'
{text}END_OF_PYTHON
"""


def script_of(page: Path) -> str:
    """The blocks of a page as one script that stops at the first command that fails."""
    lines = ["set -euo pipefail", "trap 'argosy down > /dev/null 2>&1; wait' EXIT"]
    for block in BLOCK.finditer(page.read_text()):
        if block["how"] == "not run":
            continue
        form = PYTHON if block["language"] == "python" else "{text}"
        lines.append(
            (BACKGROUND if block["how"] == "background" else form).format(**block.groupdict())
        )
    return "\n".join(lines)


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder with a short name: the run folder with its sockets then lies in it too."""
    with TemporaryDirectory(prefix="argosy-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """A user's environment with nothing set but where Argosy is and which port is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "ARGOSY_PORT": str(port),
    }


def run(page: str, folder: Path, environment: dict[str, str]) -> str:
    """What the commands of a page print; fails the test when one of them fails."""
    done = subprocess.run(
        ["bash", "-c", script_of(ROOT / page)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    log = folder / "up.log"
    assert done.returncode == 0, done.stdout + (log.read_text() if log.exists() else "")
    return done.stdout


def test_the_quickstart_runs_as_it_is_written(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/quickstart.md", home, environment)

    assert "InService" in printed


def test_the_commands_about_batch_transform_run(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/batch.md", home, environment)

    assert "150 answers/rows.csv.out" in printed
    assert "5.1,3.5,1.4,0.2,0" in printed


def test_the_page_on_training_jobs_runs(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/training.md", home, environment)

    assert "s3://learning/out/iris/output/model.tar.gz 0.9" in printed
    assert "accuracy=0.9" in printed


def test_the_page_on_notebook_instances_runs(home: Path, environment: dict[str, str]) -> None:
    pytest.importorskip("jupyterlab")

    printed = run("docs/notebooks.md", home, environment)

    assert "iris.pkl" in printed
    assert "/_aws/notebook/lab-" in printed
    assert "i-" in printed.splitlines()[-1]


def test_the_commands_of_the_readme_run(home: Path, environment: dict[str, str]) -> None:
    rows, kinds = load_iris(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=1000).fit(rows, kinds), home / "model.joblib")

    printed = run("README.md", home, environment)

    assert "[0]" in printed


def test_the_page_on_asynchronous_inference_runs(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/async.md", home, environment)

    assert "[0, 2]" in printed


def test_the_page_on_deployments_runs(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/deployments.md", home, environment)

    assert "serves iris-two" in printed
    assert printed.rstrip().endswith("iris serves iris.")


def test_the_page_on_scaling_runs(home: Path, environment: dict[str, str]) -> None:
    printed = run("docs/scaling.md", home, environment)

    assert "3 instances" in printed
    assert "Setting desired instance count to 3." in printed
