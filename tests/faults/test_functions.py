"""Functions that misbehave: each is told so, and nothing is left of it."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from argosy.automation.functions.memory import family
from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import FunctionVersion
from argosy.ground.processes import ProcessId
from tests.support.endpoints import until
from tests.support.function_engine import Engine

SLEEPS = """
import time

def handler(event, context):
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("functions"), function_spares=0) as running:
        yield running


def processes(engine: Engine) -> list[int]:
    """All that belong to environments."""

    async def pids() -> list[int]:
        return [pid for one in engine.engine._pool for pid in family(one.process.pid) if pid]

    return engine.run(pids())


def test_a_handler_that_does_not_return_is_ended_at_its_time_limit(engine: Engine) -> None:
    version = engine.version(SLEEPS, timeout_s=1)

    began = time.monotonic()
    invoked = engine.invoke(version, tail=True)

    assert time.monotonic() - began < 30
    assert invoked.error == "Unhandled"
    told = json.loads(invoked.payload)
    assert told["errorType"] == "Sandbox.Timedout"
    assert told["errorMessage"].endswith(f"{invoked.request_id} Task timed out after 1.00 seconds")
    assert b"Status: timeout" in invoked.log_tail
    assert engine.answer(engine.version("def handler(event, context): return 1")) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import sys; sys.exit(4)", "exit status 4"),
        ("import os; os._exit(0)", "without providing a reason"),
        ("import os; os.kill(os.getpid(), 11)", "signal: segmentation fault"),
        ("import os; os.kill(0, 9)", "signal: killed"),
        ("import os; os.closerange(0, 500)", "exit status 1"),
    ],
)
def test_a_handler_that_ends_its_process_is_told_how(engine: Engine, body: str, said: str) -> None:
    version = engine.version(f"def handler(event, context):\n    {body}\n")
    for _ in range(2):  # the second time in another environment
        invoked = engine.invoke(version)
        told = json.loads(invoked.payload)
        assert (invoked.error, told["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert said in told["errorMessage"]
        assert told["errorMessage"].startswith(f"RequestId: {invoked.request_id} Error: Runtime")


def test_a_handler_that_leaks_is_killed(engine: Engine) -> None:
    leaks = """
def handler(event, context):
    kept = []
    while True:
        kept.append(bytearray(1 << 20))
"""
    invoked = engine.invoke(engine.version(leaks, memory_mb=128), tail=True)
    assert "signal: killed" in json.loads(invoked.payload)["errorMessage"]
    assert b"Max Memory Used: 128 MB" in invoked.log_tail


def test_memory_made_to_be_shared_counts_too(engine: Engine) -> None:
    code = """
import mmap, time
def handler(event, context):
    held = []
    for _ in range(40):
        held.append(mmap.mmap(-1, 16 << 20))
        held[-1].write(bytes(16 << 20))
        time.sleep(0.1)
"""
    answer = engine.answer(engine.version(code))
    assert answer["errorType"] == "Runtime.ExitError"
    assert "signal: killed" in answer["errorMessage"]


def test_memory_that_two_processes_share_counts_once(engine: Engine) -> None:
    code = """
import mmap, os, time
def handler(event, context):
    shared = mmap.mmap(-1, 70 << 20)
    shared.write(bytes(70 << 20))
    if os.fork() == 0:
        shared.seek(0)
        shared.read(70 << 20)[:1]
        time.sleep(1)
        os._exit(0)
    os.wait()
    return "shared"
"""
    assert engine.answer(engine.version(code, memory_mb=192)) == "shared"


def test_nothing_but_tmp_and_little_shared_memory_can_be_filled(engine: Engine) -> None:
    code = """
import os
def fill(path):
    try:
        with open(path, "wb") as file:
            for _ in range(80):
                file.write(bytes(1 << 20))
    except OSError as error:
        return error.errno
    finally:
        if os.path.exists(path):
            os.unlink(path)
def handler(event, context):
    with open("/dev/null", "wb") as null:
        null.write(b"x")
    return [fill("/dev/shm/large"), fill("/dev/large")]
"""
    assert engine.answer(engine.version(code)) == [28, 30]


def test_what_goes_on_after_the_answer_is_watched_too(engine: Engine) -> None:
    leaks = """
import os, threading, time
kept = []

def leak():
    while True:
        kept.append(bytearray(os.urandom(1 << 16) * 16))
        time.sleep(0.002)

def handler(event, context):
    threading.Thread(target=leak, daemon=True).start()
    return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""
    version = engine.version(leaks)
    engine.answer(version)
    until(lambda: not engine.environments(version))
    assert engine.invoke(version).error == ""


def test_children_count_as_memory_and_end_with_their_environment(engine: Engine) -> None:
    forks = """
import os, time

def handler(event, context):
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(os.urandom(1 << 20) * 100)
            time.sleep(60)
    time.sleep(60)
"""
    invoked = engine.invoke(engine.version(forks, memory_mb=256))
    assert "signal: killed" in json.loads(invoked.payload)["errorMessage"]

    daemon = """
import os, time

def handler(event, context):
    if os.fork() == 0:
        os.setsid()
        for descriptor in range(3, 64):
            try:
                os.close(descriptor)
            except OSError:
                pass
        time.sleep(600)
        os._exit(0)
    time.sleep(60)
"""
    before = set(processes(engine))
    assert engine.invoke(engine.version(daemon, timeout_s=1)).error
    until(lambda: set(processes(engine)) <= before)
    assert not [pid for pid in _command_lines() if "function-" in pid and "sleep(600)" in pid]


def _command_lines() -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_fork_bomb_is_put_out(engine: Engine) -> None:
    bomb = """
import os, time

def handler(event, context):
    for _ in range(1500):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
"""
    invoked = engine.invoke(engine.version(bomb, memory_mb=2048, timeout_s=30))
    assert json.loads(invoked.payload)["errorType"] in ("Runtime.ExitError", "OSError")


def test_a_handler_that_prints_without_end_is_held_back(engine: Engine) -> None:
    prints = """
def handler(event, context):
    while True:
        print("y" * 1000)
"""
    version = engine.version(prints, timeout_s=3)
    invoked = engine.invoke(version, tail=True)

    assert json.loads(invoked.payload)["errorType"] == "Sandbox.Timedout"
    assert len(invoked.log_tail) <= 4096
    assert invoked.log_tail.rstrip().endswith(b"Status: timeout")
    until(lambda: any(line.startswith("REPORT") for line in engine.log(version)))
    assert sum(map(len, engine.log(version))) < 64 << 20


def test_a_line_without_an_end_is_kept_in_pieces(engine: Engine) -> None:
    version = engine.version(
        "import sys\ndef handler(event, context):\n    sys.stdout.write('~' * 3_000_000)\n"
    )
    assert engine.invoke(version).error == ""
    until(lambda: any(line.startswith("REPORT") for line in engine.log(version)))
    assert sum(line.count("~") for line in engine.log(version)) == 3_000_000


def test_an_answer_that_is_too_large_is_none(engine: Engine) -> None:
    code = "def handler(event, context):\n    return 'x' * event\n"
    version = engine.version(code, memory_mb=512)
    assert len(engine.answer(version, 6_000_000)) == 6_000_000
    told = engine.answer(version, 7_000_000)
    assert told["errorType"] == "Function.ResponseSizeTooLarge"
    assert engine.answer(version, 3) == "xxx"


def test_an_answer_that_is_no_json_is_an_error(engine: Engine) -> None:
    told = engine.answer(engine.version("def handler(event, context):\n    return object()\n"))
    assert told["errorType"] == "Runtime.MarshalError"


@pytest.mark.parametrize(
    ("code", "handler", "kind"),
    [
        ("import absent\n", "app.handler", "Runtime.ImportModuleError"),
        ("def handler(event, context)\n", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("raise ValueError('at import')\n", "app.handler", "ValueError"),
        ("", "app.handler", "Runtime.HandlerNotFound"),
        ("", "elsewhere.handler", "Runtime.ImportModuleError"),
        ("", "handler", "Runtime.MalformedHandlerName"),
        ("import os; os._exit(7)\n", "app.handler", "Runtime.ExitError"),
        ("import sys; sys.exit(7)\n", "app.handler", "Runtime.ExitError"),
    ],
)
def test_what_cannot_be_started_says_why(
    engine: Engine, code: str, handler: str, kind: str
) -> None:
    version = replace(engine.version(code), handler=handler, revision=handler)
    invoked = engine.invoke(version)
    assert (invoked.error, json.loads(invoked.payload)["errorType"]) == ("Unhandled", kind)


def test_what_raises_is_answered_with_its_trace(engine: Engine) -> None:
    version = engine.version("def handler(event, context):\n    raise KeyError('lost')\n")
    invoked = engine.invoke(version, tail=True)
    told = json.loads(invoked.payload)
    assert (invoked.error, told["errorType"]) == ("Unhandled", "KeyError")
    assert told["requestId"] == invoked.request_id
    assert "app.py" in told["stackTrace"][-1]
    assert b"[ERROR] KeyError" in invoked.log_tail


def test_garbage_on_the_channel_ends_the_environment(engine: Engine) -> None:
    garbage = """
import os

def handler(event, context):
    for descriptor in range(3, 1000):
        try:
            os.write(descriptor, b"A" + b"\\xff" * 4096)
        except OSError:
            pass
    return 1
"""
    version = engine.version(garbage)
    assert engine.answer(version)["errorType"] == "Runtime.ExitError"


def test_no_more_run_at_once_than_are_reserved(engine: Engine) -> None:
    slow = "import time\ndef handler(event, context):\n    time.sleep(3)\n    return 1\n"
    version = engine.version(slow, reserved_concurrency=1)

    async def both() -> list[Any]:
        invoke = engine.engine.invoke
        return await asyncio.gather(
            invoke(version, b"{}"), invoke(version, b"{}"), return_exceptions=True
        )

    first, second = engine.run(both())
    assert first.payload == b"1"
    assert isinstance(second, TooManyRequestsException)
    assert second.members["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    with pytest.raises(TooManyRequestsException):
        engine.invoke(engine.version(slow, name="never", reserved_concurrency=0))


def test_a_function_sees_neither_the_data_folder_nor_other_functions(engine: Engine) -> None:
    engine.answer(engine.version("SECRET = 1\ndef handler(event, context): return 1\n"))
    looks = """
import os

def handler(event, context):
    seen = [os.path.exists(event["data"]), os.path.exists(event["data"] + "/credentials.json")]
    try:
        open("/var/task/new", "w")
    except OSError as error:
        seen.append(error.errno)
    return seen + [sorted(os.listdir("/var/task")), os.listdir("/tmp")]
"""
    seen = engine.answer(engine.version(looks), {"data": str(engine.data_dir.root)})
    assert seen[:2] == [False, False]
    assert seen[2:5] == [30, ["app.py"], []]


def test_the_disk_of_a_function_is_bounded_and_its_own(engine: Engine) -> None:
    fills = """
def handler(event, context):
    try:
        with open("/tmp/file", "wb") as file:
            for _ in range(600):
                file.write(bytes(1 << 20))
    except OSError as error:
        return error.errno
"""
    assert engine.answer(engine.version(fills, memory_mb=3008)) == 28
    listing = "import os\ndef handler(event, context):\n    return os.listdir('/tmp')\n"
    assert engine.answer(engine.version(listing)) == []


def test_no_folder_and_no_process_is_left_when_the_engine_stops(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        version: FunctionVersion = engine.version("def handler(event, context): return 1\n")
        assert engine.answer(version) == 1
        running = processes(engine)
        assert running
    assert not engine.data_dir.function_environments.exists()
    until(lambda: not any(ProcessId.of(pid).alive for pid in running))


def test_the_tail_of_a_log_is_text_that_can_be_told(engine: Engine) -> None:
    version = engine.version("def handler(event, context):\n    print('é' * 5000)\n")
    tail = engine.invoke(version, tail=True).log_tail
    assert len(tail) <= 4096
    assert base64.b64encode(tail)
