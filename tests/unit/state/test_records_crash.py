"""kill -9 in the middle of writing: what was acknowledged is there, and nothing is half there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.state.database import open_database
from argosy.state.records import Records

WRITER = """
import sys
from argosy.state.database import open_database
from argosy.state.records import Records

records = Records(open_database(sys.argv[1]))
number = 0
while True:
    with records.transaction():
        records.create("model", "1", "r", f"m{number}", {"n": number}, now=float(number))
        records.create("tags", "1", "r", f"m{number}", {"n": number}, now=float(number))
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("acknowledged", [1, 40, 150])
def test_every_acknowledged_write_survives_kill_9(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "argosy.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(acknowledged):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        last = acknowledged - 1 + len(writer.stdout.readlines())
    engine = open_database(path)
    records = Records(engine)
    models = {record.name: record.document for record in records.find("model")}
    assert {f"m{number}": {"n": number} for number in range(last + 1)}.items() <= models.items()
    assert {record.name for record in records.find("tags")} == set(models)
    records.create("model", "1", "r", "after", {}, now=1.0)
    engine.dispose()
