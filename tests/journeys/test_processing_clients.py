"""SageMaker's Python SDK 2 processes: SKLearnProcessor and FrameworkProcessor."""

from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client

pytestmark = pytest.mark.timeout(INSTALL_S + 600)

TAKES = """
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int)
lines = pathlib.Path("/opt/ml/processing/input/data/rows.csv").read_text().splitlines()
kept = lines[: parser.parse_args().rows]
pathlib.Path("/opt/ml/processing/train/kept.csv").write_text("\\n".join(kept))
"""


def test_processors_of_the_sdk_run_scripts_and_folders(sdk2: Client, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "rows.csv").write_text("1,2\n3,4\n5,6\n")
    (tmp_path / "simple.py").write_text(TAKES)
    (tmp_path / "source/main.py").write_text(f"import beside\n{TAKES}")
    (tmp_path / "source/beside.py").touch()

    told = sdk2.run("sdk2_processing.py", tmp_path)

    assert told["simple"] == {"status": "Completed", "read": "1,2\n3,4"}
    assert told["framework"] == {"status": "Completed", "read": "1,2"}
