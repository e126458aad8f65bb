"""kill -9 of control while functions run: none of them outlives it, and they run again after."""

import json
import os
import signal
import threading
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until
from tests.support.lambda_functions import create

from argosy.automation.functions.memory import family
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.testing import Platform

HANDLER = """
import os, subprocess, time

def handler(event, context):
    if event == "stay":
        subprocess.Popen(["sleep", "600"])
        time.sleep(600)
    return event
"""


def test_functions_end_with_control_and_run_again_with_the_next() -> None:
    with Platform() as platform:
        client = platform.client("lambda", retries={"max_attempts": 0})
        create(client, "killed", HANDLER, Timeout=900)

        def stay() -> None:
            with suppress(ClientError, BotoCoreError):
                client.invoke(FunctionName="killed", Payload=b'"stay"')

        waiting = threading.Thread(target=stay, daemon=True)
        waiting.start()
        control = platform.pids()["control"]
        until(lambda: _sleepers(control))
        running = {pid: ProcessId.of(pid) for pid in family(control)}

        os.kill(control, signal.SIGKILL)

        until(lambda: not any(process.alive for process in running.values()))
        until(lambda: platform.pids()["control"] not in (0, control))
        waiting.join(60)
        again = until(lambda: _answer(platform))
        assert again == "again"
        homes = list(DataDir.at(platform.data_dir).function_environments.iterdir())
        assert len(homes) <= 3  # of what runs now: the killed control's are gone


def _sleepers(control: int) -> list[int]:
    return [pid for pid in family(control) if _command(pid).startswith("sleep")]


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


def _answer(platform: Platform) -> str:
    with suppress(ClientError, BotoCoreError):
        answer = platform.client("lambda").invoke(FunctionName="killed", Payload=b'"again"')
        return str(json.load(answer["Payload"]))
    return ""
