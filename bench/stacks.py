"""Brings up one peer at a time, checks that it predicts rightly, and takes it down again."""

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from argosy.ground.errors import ArgosyError
from argosy.testing import PlatformFailed
from bench import nginx
from bench.http import exchange, post
from bench.model import Sample
from bench.peers import Peer
from bench.place import PEERS
from bench.processes import Unavailable, free_port, running
from bench.venvs import programs_of

NOT_AVAILABLE = (
    Unavailable,
    PlatformFailed,
    ArgosyError,
    BotoCoreError,
    ClientError,
    HTTPError,
    OSError,
)
"""What a stack that cannot be measured raises; it then stays in the table with the reason."""

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True)
class Target:
    """Something to load: where it is, and the requests to send it."""

    url: str
    requests: Callable[[], list[bytes]]
    """Whole HTTP requests, made when asked for: signatures grow old."""


@contextlib.contextmanager
def serving(peer: Peer, model: Path, samples: Sequence[Sample], scratch: Path) -> Iterator[Target]:
    """A peer that serves the model in `model` and has predicted every sample rightly.

    Raises Unavailable with the reason when it cannot be installed or started, or is wrong.
    """
    programs = programs_of(peer.home, PEERS / peer.home / "requirements.txt")
    port = free_port()
    environment = {**_environment(port, model, scratch), **peer.environment}
    command = _command(peer, programs, port, scratch)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running(command, environment, scratch / "server.log"))
        url = f"http://127.0.0.1:{port}"
        if peer.behind_nginx:
            server.wait_until((scratch / "http.sock").exists, peer.ready_s)
            url, _ = stack.enter_context(nginx.proxy(scratch, f"unix:{scratch}/http.sock"))
        requests = [post(url, peer.path, peer.body(s.row), _JSON) for s in samples]
        server.wait_until(lambda: _answers(url, requests[0]), peer.ready_s)
        check(url, requests, samples, peer.prediction)
        yield Target(url, lambda: requests)


@contextlib.contextmanager
def bare_nginx(samples: Sequence[Sample], scratch: Path) -> Iterator[Target]:
    """nginx proxying to an nginx with a canned answer. Raises Unavailable."""
    with nginx.canned(scratch) as behind, nginx.proxy(scratch, behind) as (url, _):
        body = json.dumps({"instances": [samples[0].row]}).encode()
        yield Target(url, lambda: [post(url, "/", body, _JSON)])


def check(
    url: str,
    requests: Sequence[bytes],
    samples: Sequence[Sample],
    prediction: Callable[[bytes], int],
) -> None:
    """Raise Unavailable unless every request is answered with the class its sample expects."""
    for request, sample in zip(requests, samples, strict=True):
        status, answer = exchange(url, request)
        try:
            right = status == 200 and prediction(answer) == sample.expected
        except (ValueError, LookupError, TypeError):
            right = False
        if not right:
            raise Unavailable(f"answers wrongly: {status} {answer[:120].decode(errors='replace')}")


def reason_of(error: Exception) -> str:
    """One line that says why a stack could not be measured."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _answers(url: str, request: bytes) -> bool:
    try:
        return exchange(url, request)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def _command(peer: Peer, programs: Path, port: int, scratch: Path) -> list[str]:
    values = {"folder": str(PEERS / peer.home), "port": str(port), "scratch": str(scratch)}
    program, *rest = [word.format(**values) for word in peer.command]
    return [str(programs / program), *rest]


def _environment(port: int, model: Path, scratch: Path) -> dict[str, str]:
    return {
        "BENCH_PORT": str(port),
        "BENCH_MODEL": str(model),
        "BENCH_SCRATCH": str(scratch),
        # Nobody phones home, and nobody writes outside its scratch folder.
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "BENTOML_HOME": str(scratch),
        "BENTOML_DO_NOT_TRACK": "True",
        "RAY_USAGE_STATS_ENABLED": "0",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }
