"""One running platform: started, asked, killed in parts, stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials

from argosy.ground.files import read_json
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import Settings, variable
from argosy.supervisor.child import last_lines
from argosy.supervisor.credentials import Credentials, read_credentials
from argosy.supervisor.lock import holder

_READY_S = 60.0
_STOP_S = 60.0
_HURRY_S = 3.0
_LOOK_EVERY_S = 0.01


class PlatformFailed(Exception):
    """The platform did not come up or did not stop; the message holds what its logs say."""


class Platform:
    """A platform with these settings (fields of `Settings`), used as a context manager.

    Without `data_dir` it makes a folder and removes it at the end. With the folder of an earlier
    platform it goes on where that one ended.
    """

    def __init__(self, data_dir: str | os.PathLike[str] | None = None, **settings: Any) -> None:
        self._made = data_dir is None
        # /tmp rather than TMPDIR's deep folders: the paths of Unix sockets must be short.
        folder = tempfile.mkdtemp(prefix="argosy-") if data_dir is None else data_dir
        self._folder = DataDir.at(folder)
        self._settings = Settings(**{"port": 0, **settings, "data_dir": str(self._folder.root)})
        self._process: subprocess.Popen[bytes] | None = None
        self._children: list[ProcessId] = []
        self._http = urllib3.PoolManager(retries=False)

    @property
    def data_dir(self) -> Path:
        return self._folder.root

    @property
    def url(self) -> str:
        return str(self._running()["url"])

    @property
    def region(self) -> str:
        return self._settings.region

    @property
    def credentials(self) -> Credentials:
        """The root key. Raises PlatformFailed before the first start."""
        found = read_credentials(self._folder)
        if found is None:
            raise PlatformFailed(f"{self._folder.credentials} is not there")
        return found

    def __enter__(self) -> "Platform":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Return once everything answers. Raises PlatformFailed with the ends of the logs."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "argosy.cli", "up"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._until(self._is_ready, _READY_S, "did not come up")
        except BaseException:
            self.stop()
            raise
        self._children = [ProcessId.of(pid) for pid in self._parts()]

    def environment(self) -> dict[str, str]:
        """What `argosy` commands about this platform are run with."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}
        given = self._settings.to_environment()
        if self._settings.account_id == Settings.account_id:
            given.pop(variable("account_id"))
        return {**kept, **given, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client; `config` are members of botocore's Config."""
        key = self.credentials
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            verify=self._settings.tls_cert or None,
            config=Config(**config),
        )

    def status(self) -> dict[str, Any]:
        """What `argosy status --json` prints."""
        request = AWSRequest("GET", f"{self.url}/_argosy/status")
        key = self.credentials
        signer = BotocoreCredentials(key.access_key_id, key.secret_access_key)
        SigV4Auth(signer, "argosy", self.region).add_auth(request)
        return dict(json.loads(self._ask("GET", request.url, dict(request.headers))))

    def reset(self) -> None:
        """Remove every resource, instance, log and object; needs `allow_reset=True`."""
        self._ask("POST", f"{self.url}/_argosy/reset", {})

    def advance(self, seconds: float) -> float:
        """Move the platform's clock forward, for what waits for a time; returns how it stands.

        Needs `allow_reset=True`; `reset` puts it back. Signatures are checked by the machine's.
        """
        body = json.dumps({"advance": seconds}).encode()
        answer = self._ask("POST", f"{self.url}/_argosy/clock", {}, body)
        return float(json.loads(answer)["now"])

    def pids(self) -> dict[str, Any]:
        """supervisor, store, control: a pid, 0 when not running; edges, agents, workers: lists.

        Agents and workers are asked of control and left empty while it is away.
        """
        found = dict(self._running()["processes"])
        try:
            fleet = [
                instance
                for endpoint in self.status()["endpoints"]
                for variant in endpoint["variants"]
                for instance in variant["fleet"]
            ]
        except (PlatformFailed, urllib3.exceptions.HTTPError):
            fleet = []
        for kind in ("agent", "worker"):
            found[f"{kind}s"] = [one[f"{kind}_pid"] for one in fleet if one[f"{kind}_pid"]]
        return found

    def wait_ended(self) -> None:
        """Return when the supervisor has ended, and edges, control and store with it."""
        self._until(self._has_ended, _STOP_S, "did not end")

    def stop(self) -> None:
        """Stop everything, instances too, whatever state it is in. Idempotent."""
        self._http.clear()
        if self._process is not None:
            self._end_supervisor(self._process)
            self._process = None
        if holder(self._folder) is None:
            self._end_instances()
            shutil.rmtree(self._folder.run, ignore_errors=True)  # may lie outside the folder
            if self._made:
                shutil.rmtree(self._folder.root, ignore_errors=True)

    def _end_supervisor(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            if self._made:
                self._hurry(process)
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise PlatformFailed(self._told("did not stop")) from None

    def _hurry(self, process: subprocess.Popen[bytes]) -> None:
        """The store may take ten seconds to close files that are thrown away anyway."""
        try:
            process.wait(_HURRY_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)

    def _end_instances(self) -> None:
        """What a killed supervisor left behind."""
        if self._folder.instances.is_dir() and any(self._folder.instances.iterdir()):
            subprocess.run(
                [sys.executable, "-P", "-m", "argosy.supervisor.instances", "1"],
                env=self.environment(),
                check=False,
            )

    def _is_ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise PlatformFailed(self._told(f"ended with status {self._process.returncode}"))
        running = read_json(self._folder.running)
        # The file of an earlier platform names another supervisor.
        return bool(running) and self._process is not None and running["pid"] == self._process.pid

    def _has_ended(self) -> bool:
        ended = self._process is None or self._process.poll() is not None
        return ended and not any(child.alive for child in self._children)

    def _parts(self) -> list[int]:
        processes = self._running()["processes"]
        pids = [processes["store"], processes["control"], *processes["edges"]]
        return [pid for pid in pids if pid]

    def _running(self) -> dict[str, Any]:
        running = read_json(self._folder.running)
        if not running:
            raise PlatformFailed(self._told("does not run"))
        return dict(running)

    def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None = None
    ) -> bytes:
        answer = self._http.request(method, url, headers=headers, body=body, timeout=30)
        if answer.status != 200:
            raise PlatformFailed(f"{method} {url}: {answer.status} {answer.data[:500]!r}")
        return answer.data

    def _until(self, probe: Callable[[], bool], seconds: float, failure: str) -> None:
        deadline = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > deadline:
                raise PlatformFailed(self._told(f"{failure} within {seconds:.0f} s"))
            time.sleep(_LOOK_EVERY_S)

    @property
    def _output(self) -> Path:
        self._folder.process_logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder.process_logs / "supervisor.log"

    def _told(self, what: str) -> str:
        logs = sorted(self._folder.process_logs.glob("*.log"))
        ends = [f"--- {log.name}\n{last_lines(log)}" for log in logs]
        return "\n".join([f"the platform in {self._folder.root} {what}", *ends])
