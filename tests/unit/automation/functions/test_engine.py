"""Environments: what a function finds in its own, how long it is kept, and when it is another."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from argosy.automation.functions import whole
from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import FunctionVersion, Invoked
from argosy.telemetry.metrics.metric import metric
from tests.support.endpoints import until
from tests.support.function_engine import ACCOUNT, REGION, Engine

COUNTS = """
import os
calls = 0

def handler(event, context):
    global calls
    calls += 1
    return [os.environ["AWS_LAMBDA_LOG_STREAM_NAME"], calls]
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("functions"), function_spares=0) as running:
        yield running


def at_once(engine: Engine, version: FunctionVersion, count: int) -> list[Invoked]:
    async def all_of_them() -> list[Invoked]:
        calls = (engine.engine.invoke(version, b"{}") for _ in range(count))
        return await asyncio.gather(*calls)

    return engine.run(all_of_them())


def test_a_function_knows_what_lambda_tells_it(engine: Engine) -> None:
    code = """
import os, time

def handler(event, context):
    named = ("function_name", "function_version", "memory_limit_in_mb", "log_group_name",
             "invoked_function_arn", "aws_request_id", "log_stream_name")
    told = {name: getattr(context, name) for name in named}
    told["left"] = context.get_remaining_time_in_millis()
    told["custom"] = context.client_context.custom
    return {"told": told, "environ": dict(os.environ), "cwd": os.getcwd(), "zone": time.tzname[0],
            "event": event}
"""
    version = engine.version(code, environment={"COLOUR": "blue", "_HANDLER": "no"}, memory_mb=256)
    alias = replace(version, invoked_arn=f"{version.arn}:live")

    answer = engine.answer(
        alias, {"a": [1]}, client_context='{"custom": {"x": "y"}}', request_id="one", trace="Root=1"
    )

    told, environ = answer["told"], answer["environ"]
    assert answer["event"] == {"a": [1]}
    assert (told["function_name"], told["function_version"]) == (version.name, "$LATEST")
    assert (told["memory_limit_in_mb"], told["aws_request_id"]) == ("256", "one")
    assert told["invoked_function_arn"] == alias.invoked_arn
    assert 0 < told["left"] <= 60_000
    assert told["custom"] == {"x": "y"}
    assert environ["COLOUR"] == "blue"
    assert environ["_HANDLER"] == "app.handler"
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == REGION
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert environ["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8790"
    assert environ["_X_AMZN_TRACE_ID"] == "Root=1"
    assert environ["AWS_LAMBDA_LOG_STREAM_NAME"] == told["log_stream_name"]
    assert (answer["cwd"], answer["zone"]) == ("/var/task", "UTC")
    assert not [name for name in environ if name.startswith("ARGOSY_")]


def test_an_environment_is_used_again_and_takes_one_call_at_a_time(engine: Engine) -> None:
    version = engine.version(COUNTS)
    (stream, first), (again, second) = engine.answer(version), engine.answer(version)
    assert (stream, first, second) == (again, 1, 2)

    several = {json.loads(one.payload)[0] for one in at_once(engine, version, 3)}
    assert len(several) == 3


def test_new_code_or_configuration_is_a_new_environment(engine: Engine) -> None:
    version = engine.version(COUNTS, name="changing")
    stream, _ = engine.answer(version)

    changed = replace(version, revision="another", environment={"A": "1"})
    other, calls = engine.answer(changed)

    assert (other != stream, calls) == (True, 1)
    until(lambda: len(engine.environments(version)) == 1)


def test_layers_lie_over_each_other_in_opt_and_their_modules_are_found(engine: Engine) -> None:
    below = engine.code(python___tool__py="NAME = 'below'", etc___only__txt="x")
    above = engine.code(python___tool__py="NAME = 'above'")
    site = engine.data_dir.function_code(above) / "python/lib/python3.12/site-packages"
    site.mkdir(parents=True)
    (site / "extra.py").write_text("NAME = 'extra'")
    code = """
import os, extra, tool
def handler(event, context):
    return [tool.NAME, extra.NAME, os.path.exists("/opt/etc/only.txt")]
"""
    version = engine.version(code, layers=(below, above))
    assert engine.answer(version) == ["above", "extra", True]
    turned = replace(version, layers=(above, below), revision="turned")
    assert engine.answer(turned) == ["below", "extra", True]


def test_only_what_lambda_has_is_importable_unless_it_is_brought_along(engine: Engine) -> None:
    code = """
def handler(event, context):
    import importlib.util as util
    return {name: util.find_spec(name) is not None for name in event}
"""
    seen = engine.answer(engine.version(code), ["boto3", "numpy", "argosy", "sqlalchemy", "json"])
    assert seen == {
        "boto3": True, "numpy": False, "argosy": False, "sqlalchemy": False, "json": True
    }  # fmt: skip


def test_a_function_that_brings_its_own_boto3_gets_it(engine: Engine) -> None:
    digest = engine.code(
        app__py="import boto3\ndef handler(event, context): return boto3.OWN",
        boto3___xx__py="",
        boto3__py="",
    )
    tree = engine.data_dir.function_code(digest)
    (tree / "boto3.py").unlink()
    (tree / "boto3" / "__init__.py").write_text("OWN = 'mine'")
    assert engine.answer(replace(engine.version(""), code_sha256=digest)) == "mine"


def test_the_log_has_a_start_an_end_and_a_report(engine: Engine) -> None:
    code = """
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print("printed", end="")
    logging.info("told %s", event)
"""
    version = engine.version(code)
    cold, warm = engine.invoke(version, 1, tail=True), engine.invoke(version, 2, tail=True)

    start, *middle, end, report = cold.log_tail.decode().splitlines()
    assert start == f"START RequestId: {cold.request_id} Version: $LATEST"
    assert middle[0] == "printed"
    assert middle[1].startswith("[INFO]\t")
    assert middle[1].endswith(f"{cold.request_id}\ttold 1")
    assert end == f"END RequestId: {cold.request_id}"
    assert report.startswith(f"REPORT RequestId: {cold.request_id}\tDuration: ")
    assert "Memory Size: 128 MB\tMax Memory Used: " in report
    assert "Init Duration: " in report
    assert "Init Duration: " not in warm.log_tail.decode()
    assert warm.request_id in warm.log_tail.decode()
    assert cold.request_id not in warm.log_tail.decode()
    until(lambda: sum(line.startswith("REPORT") for line in engine.log(version)) == 2)


def test_a_message_of_several_lines_is_one_event_of_the_log(engine: Engine) -> None:
    code = """
import contextlib, io, logging
def handler(event, context):
    with contextlib.redirect_stdout(io.StringIO()):
        print("elsewhere")
        logging.warning("first\\nsecond")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    print("printed\\nafter it")
    raise ValueError("of two\\nlines")
"""
    version = engine.version(code)
    engine.invoke(version)

    until(lambda: any(line.startswith("REPORT") for line in engine.log(version)))
    _, warned, caught, printed, after, raised, _, _ = engine.log(version)
    assert warned.endswith("\tfirst\nsecond")
    assert "\tcaught\nTraceback (most recent call last):\n" in caught
    assert caught.endswith("ZeroDivisionError: division by zero")
    assert (printed, after) == ("printed", "after it")
    assert raised.startswith("[ERROR] ValueError: of two\nlines\nTraceback")


def test_a_python_that_a_function_starts_has_boto3_too(engine: Engine) -> None:
    code = """
import subprocess, sys
def handler(event, context):
    told = [sys.executable, "-S", "-c", "import boto3; print(boto3.__file__)"]
    return subprocess.run(told, capture_output=True, text=True, check=False).stdout.strip()
"""
    assert engine.answer(engine.version(code)) == "/var/runtime/boto3/__init__.py"


def test_logs_of_format_json_are_json(engine: Engine) -> None:
    code = """
import logging
def handler(event, context):
    logging.getLogger().warning("careful")
"""
    version = engine.version(code, log_format="JSON", log_level="INFO")
    lines = [json.loads(line) for line in engine.invoke(version, tail=True).log_tail.splitlines()]
    assert [line.get("type") for line in lines] == ["platform.start", None, "platform.report"]
    assert (lines[1]["level"], lines[1]["message"]) == ("WARNING", "careful")
    assert lines[2]["record"]["status"] == "success"
    assert lines[2]["record"]["metrics"]["memorySizeMB"] == 128


def test_a_system_log_of_warnings_tells_only_what_went_wrong(engine: Engine) -> None:
    code = "def handler(event, context):\n    print('hello')\n    return 1 / event\n"
    named = {"log_format": "JSON", "system_log_level": "WARN"}
    version = engine.version(code, log_group="/shared", **named)
    assert engine.invoke(version, 1, tail=True).log_tail == b"hello\n"
    *_, report = engine.invoke(version, 0, tail=True).log_tail.splitlines()
    assert json.loads(report)["record"]["status"] == "error"


def test_in_a_log_group_that_several_share_streams_have_the_functions_name(engine: Engine) -> None:
    code = "def handler(event, context): return context.log_stream_name"
    version = engine.version(code, name="sharing", log_group="/shared")
    assert "/sharing[$LATEST]" in engine.answer(version)
    assert "/[$LATEST]" in engine.answer(engine.version(code, name="alone"))


CUSTOM = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
exec python3 - "$api" <<'END'
import sys, urllib.request
api = sys.argv[1]
while True:
    with urllib.request.urlopen(api + "/invocation/next") as asked:
        event, request = asked.read(), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    print("got", event.decode(), flush=True)
    kind = "error" if event == b'"fail"' else "response"
    body = b'{"errorMessage": "no", "errorType": "Custom"}' if kind == "error" else event * 2
    url = f"{api}/invocation/{request}/{kind}"
    urllib.request.urlopen(urllib.request.Request(url, body, method="POST")).close()
END
"""


def custom(engine: Engine, text: str) -> FunctionVersion:
    digest = engine.code(bootstrap=text)
    version = engine.version("", name=f"custom-{digest[:6]}", runtime="provided.al2023")
    return replace(version, code_sha256=digest, revision=digest)


def test_a_custom_runtime_speaks_the_runtime_api(engine: Engine) -> None:
    version = custom(engine, CUSTOM)
    assert engine.invoke(version, 4, tail=True).payload == b"44"
    again = engine.invoke(version, 5, tail=True)
    assert again.payload == b"55"
    assert b"got 5\n" in again.log_tail
    failed = engine.invoke(version, "fail")
    assert (failed.error, json.loads(failed.payload)["errorType"]) == ("Unhandled", "Custom")


def test_a_custom_runtime_that_cannot_be_run_says_so(engine: Engine) -> None:
    told = json.loads(engine.invoke(custom(engine, "#!/bin/sh\nexit 5\n")).payload)
    assert told["errorType"] == "Runtime.ExitError"
    assert "exit status 5" in told["errorMessage"]


def test_nobody_else_can_take_an_event(engine: Engine) -> None:
    """Two custom runtimes: one looks for the other's port, and finds nobody who answers."""
    waiting = custom(engine, CUSTOM)
    engine.invoke(waiting, 1)

    async def address() -> str:
        return next(
            one.talk.address for one in engine.engine._pool if one.version.arn == waiting.arn
        )

    thief = engine.version(
        """
import urllib.request
def handler(event, context):
    try:
        urllib.request.urlopen(f"http://{event}/2018-06-01/runtime/invocation/next", timeout=5)
    except OSError as error:
        return type(error).__name__
"""
    )
    assert engine.answer(thief, engine.run(address())) in (
        "ConnectionResetError",
        "RemoteDisconnected",
        "URLError",
    )
    assert engine.invoke(waiting, 7).payload == b"77"


SLOW_START = """
import time
time.sleep(3)
def handler(event, context): return event
"""


def test_a_start_that_takes_long_is_begun_again_with_the_functions_own_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole, "INIT_S", 0.5)
    version = engine.version(SLOW_START, timeout_s=60)
    assert engine.answer(version, 1) == 1

    hasty = engine.version(SLOW_START, name="hasty", timeout_s=1)
    invoked = engine.invoke(hasty)
    assert json.loads(invoked.payload)["errorType"] == "Sandbox.Timedout"


def test_one_who_leaves_does_not_stop_the_function(engine: Engine) -> None:
    code = "import time\ndef handler(event, context):\n    time.sleep(1)\n    print('done it')\n"
    version = engine.version(code)

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.engine.invoke(version, b"{}"), 0.2)

    engine.run(leave())
    until(lambda: "done it" in engine.log(version))


def test_metrics_tell_what_ran_and_what_failed(engine: Engine) -> None:
    version = engine.version("def handler(event, context):\n    return 1 / event\n", name="counted")
    for event in (1, 2, 0):
        engine.invoke(version, event)

    def total(name: str) -> float:
        named = metric(ACCOUNT, REGION, "AWS/Lambda", name, {"FunctionName": "counted"})

        async def read() -> float:
            now = engine.means.clock.now()
            points = engine.metrics.read(named, now - 3600, now + 60, 60)
            return sum(point.sample.total for point in points)

        return engine.run(read())

    until(lambda: total("Invocations") == 3)
    assert total("Errors") == 1
    assert total("Duration") > 0


def test_idle_environments_end_and_make_room(tmp_path: Any) -> None:
    limits = {"function_spares": 0, "function_concurrency": 2, "function_idle_s": 600.0}
    with Engine(tmp_path, **limits) as small:
        versions = [small.version(COUNTS, name=f"room-{number}") for number in range(4)]
        for version in versions:
            assert small.answer(version)[1] == 1
        assert small.answer(versions[3])[1] == 2
        assert small.answer(versions[0])[1] == 1  # it had to go for others

    with Engine(tmp_path, function_spares=0, function_idle_s=0.5) as hasty:
        version = hasty.version(COUNTS)
        hasty.answer(version)
        until(lambda: not hasty.environments(version))


def test_there_is_only_so_much_memory_for_all_environments(tmp_path: Any) -> None:
    slow = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 1\n"
    with Engine(tmp_path, function_spares=0, function_memory_mb=200) as small:
        version = small.version(slow)

        async def two() -> list[Any]:
            invoke = small.engine.invoke
            calls = (invoke(version, b"2"), invoke(version, b"0"))
            return await asyncio.gather(*calls, return_exceptions=True)

        one, other = small.run(two())
        assert one.payload == b"1"
        assert isinstance(other, TooManyRequestsException)
        assert small.answer(small.version(slow, name="large", memory_mb=1024), 0) == 1


def test_without_a_sandbox_functions_run_all_the_same(tmp_path: Any) -> None:
    with Engine(tmp_path, function_spares=0, sandbox="off") as engine:
        code = """
import os, sys, boto3, helper
def handler(event, context):
    return [event, helper.NAME, os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]]
"""
        digest = engine.code(app__py=code, helper__py="NAME = 'helper'")
        version = replace(engine.version(""), code_sha256=digest)
        assert engine.answer(version, 5) == [5, "helper", True]


def test_a_handler_may_have_the_name_of_a_module_of_python(tmp_path: Any) -> None:
    with Engine(tmp_path, function_spares=1) as engine:
        engine.answer(engine.version("def handler(event, context): return 1"))
        until(lambda: engine.run(is_warm(engine)))
        digest = engine.code(queue__py="def handler(event, context): return 'mine'")
        version = replace(engine.version(""), code_sha256=digest, handler="queue.handler")
        assert engine.answer(version) == "mine"


async def is_warm(engine: Engine) -> bool:
    """Whether a process waits for a function."""
    spares = engine.engine._spares
    return spares is not None and any(python.warm for python in spares._waiting)


def test_a_warm_process_becomes_the_function(tmp_path: Any) -> None:
    with Engine(tmp_path, function_spares=1) as engine:
        engine.answer(engine.version("def handler(event, context): return 1"))

        until(lambda: engine.run(is_warm(engine)))
        code = "import sys\nseen = 'boto3' in sys.modules\ndef handler(e, c): return seen"
        assert engine.answer(engine.version(code)) is True
        digest = engine.code(app__py=code, jmespath__py="")
        own = replace(engine.version(code, name="own"), code_sha256=digest)
        until(lambda: engine.run(is_warm(engine)))
        assert engine.answer(own) is False
        layer = engine.code(**{"python___lib___python3__12___site-packages___six__py": ""})
        until(lambda: engine.run(is_warm(engine)))
        above = replace(engine.version(code, name="above"), layers=(layer,))
        assert engine.answer(above) is False
