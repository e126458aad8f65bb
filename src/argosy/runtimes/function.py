"""Inside the execution environment of a Python function: AWS's own runtime client at work.

    python -S function.py DESCRIPTOR [--warm]

The descriptor is a socket to the engine (`argosy.automation.functions`), which speaks frames: a
letter, two lengths, a head of JSON and a body. The engine says what this environment is to be (S);
then awslambdaric imports the handler, and asks for one event after the other (N) as it would ask
the runtime API. Nobody else can: there is no port. With --warm all that most handlers import is
imported before the environment is anybody's.

It stands alone, and touches nothing of a function's events and answers.
"""

import gc
import json
import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Mapping
from typing import Any

HEAD = struct.Struct(">cII")
"""Letter, bytes of head, bytes of body."""
SPEC, NEXT = b"S", b"N"
WARM, READY, ANSWER, ERROR, INIT_ERROR, TOO_LARGE = b"W", b"R", b"A", b"E", b"I", b"L"
MESSAGE, LINE = "\0\1", "\0\n"
"""In what is printed: the beginning of a message of the function's log, and the end of a line in
it. A message ends at the next end of a line; it is one event of the log, as with Lambda."""
MAX_ANSWER = 6 * 1024 * 1024 + 100
"""Bytes: Lambda's own number, as its error message has it."""


class Channel:
    """The socket to the engine."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._process = os.getpid()

    def send(self, letter: bytes, head: Mapping[str, Any], body: bytes = b"") -> None:
        """One frame in one write. A child that was forked has nothing to say here."""
        if os.getpid() != self._process:
            os._exit(1)
        text = json.dumps(head).encode()
        self._socket.sendall(HEAD.pack(letter, len(text), len(body)) + text + body)

    def receive(self) -> tuple[bytes, dict[str, Any], bytes]:
        """The next frame; ends the process when the engine is gone."""
        letter, head, body = HEAD.unpack(self._exactly(HEAD.size))
        text = self._exactly(head)
        return letter, json.loads(text), self._exactly(body)

    def _exactly(self, size: int) -> bytes:
        got = self._socket.recv(size, socket.MSG_WAITALL) if size else b""
        while len(got) < size:
            more = self._socket.recv(size - len(got), socket.MSG_WAITALL)
            if not more:
                os._exit(0)
            got += more
        return got


def main() -> None:
    """Become what the engine says, and serve until it closes the socket."""
    channel = Channel(int(sys.argv[1]))
    if "--warm" in sys.argv:
        _warm()
        channel.send(WARM, {})
    _, spec, _ = channel.receive()
    _settle(spec)
    _run(spec["handler"], channel)


def _warm() -> None:
    """Import what a handler is likely to, down to what making a client imports."""
    _without_client()
    import awslambdaric.bootstrap  # noqa: F401
    import boto3.session

    session = boto3.session.Session("none", "none", region_name="us-east-1")
    session.client("sts").close()
    gc.collect()
    gc.freeze()


def _without_client() -> None:
    """awslambdaric does without its client over HTTP, which this process never uses."""
    sys.modules.setdefault("runtime_client", None)  # type: ignore[arg-type]


def _settle(spec: Mapping[str, Any]) -> None:
    """Environment, limits, paths and time zone of the function."""
    os.environ.clear()
    os.environ.update(spec["environ"])
    time.tzset()
    for limit, most in spec["limits"].items():
        _limit(getattr(resource, limit), most)
    places = spec["paths"]
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [*places, *(path for path in sys.path if path not in (*places, own))]
    os.chdir(spec["task"])
    import site

    for add in (site.setquit, site.setcopyright, site.sethelper):
        add()


def _limit(name: int, most: int) -> None:
    hard = resource.getrlimit(name)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(name, (most, most))


def _run(handler: str, channel: Channel) -> None:
    _without_client()
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient, InvocationRequest
    from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

    class Client(BaseLambdaRuntimeClient):  # type: ignore[misc]
        """The runtime API over the engine's socket."""

        marshaller = LambdaMarshaller()
        ready = False

        def wait_next_invocation(self) -> Any:
            if not self.ready:
                self.ready = True
                channel.send(READY, _used())
            _, head, body = channel.receive()
            return InvocationRequest(
                invoke_id=head["id"],
                x_amzn_trace_id=head.get("trace"),
                invoked_function_arn=head["arn"],
                deadline_time_in_ms=head["deadline_ms"],
                client_context=head.get("client_context"),
                cognito_identity=None,
                tenant_id=None,
                content_type="application/json",
                event_body=body,
                invocation_id=None,
            )

        def post_invocation_result(
            self,
            invoke_id: str,
            result_data: Any,
            content_type: str = "application/json",
            invocation_id: Any = None,
        ) -> None:
            data = result_data if isinstance(result_data, bytes) else result_data.encode()
            if len(data) > MAX_ANSWER:
                channel.send(TOO_LARGE, {"id": invoke_id, "size": len(data), **_used()})
            else:
                channel.send(ANSWER, {"id": invoke_id, "type": content_type, **_used()}, data)

        def post_invocation_error(
            self, invoke_id: str, error: str, xray_fault: str, invocation_id: Any = None
        ) -> None:
            channel.send(ERROR, {"id": invoke_id, **_used()}, error.encode()[:MAX_ANSWER])

        def post_init_error(self, error: Any, error_type_override: Any = None) -> None:
            channel.send(INIT_ERROR, _used(), json.dumps(error).encode())

    class LogSink(bootstrap.StandardLogSink):  # type: ignore[misc]
        """Messages among what is printed, each told apart whatever lines it has; they go where
        output went at first, whatever a handler does to sys.stdout."""

        def __init__(self) -> None:
            super().__init__()
            self._out = sys.stdout

        def log(self, msg: str, frame_type: Any = None) -> None:
            self._out.write(MESSAGE + msg.removesuffix("\n").replace("\n", LINE) + "\n")

        def log_error(self, message_lines: Any) -> None:
            self.log("\n".join(message_lines))

    bootstrap.create_log_sink = LogSink
    bootstrap.run(handler, Client("", False))


def _used() -> dict[str, int]:
    """The most memory that this process has had in use, KiB."""
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}


if __name__ == "__main__":
    main()
