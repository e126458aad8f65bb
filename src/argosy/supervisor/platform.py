"""The whole platform of one data folder: how it starts, what it says of itself, how it stops."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from argosy.ground.errors import ArgosyError
from argosy.ground.files import write_json
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.supervisor import probe
from argosy.supervisor.children import Processes
from argosy.supervisor.credentials import Credentials, ensure_credentials
from argosy.supervisor.listeners import check_exposure, open_listeners
from argosy.supervisor.lock import FolderLock
from argosy.supervisor.scrape_token import ensure_scrape_token
from argosy.supervisor.store import Store
from argosy.supervisor.watch import Watch, end, wait_ended
from argosy.telemetry import tracing

if TYPE_CHECKING:
    import ssl

_POLITE_S = 5.0
_STORE_S = 20.0
_DRAIN_S = 10.0
_INSTANCES_S = _DRAIN_S + 10.0

Say = Callable[[str], None]


class Platform:
    """Edges, control and store on one data folder. A context manager around `run`."""

    def __init__(
        self, settings: Settings, account_id: str = "", key: tuple[str, str] = ("", "")
    ) -> None:
        """`account_id` and `key` (id, secret) as given by the user, or empty.

        Raises ArgosyError when a setting must be changed or the folder is in use.
        """
        check_exposure(settings)
        tracing.check(settings)
        self._tls = _tls_context(settings)
        self.data_dir = DataDir.at(settings.data_dir)
        with ExitStack() as held:
            self.data_dir.create()
            self._lock = FolderLock(self.data_dir)
            self._lock.take()
            held.callback(self._lock.release)
            self.data_dir.running.unlink(missing_ok=True)
            credentials = ensure_credentials(self.data_dir, account_id, *key)
            ensure_scrape_token(self.data_dir)
            listeners = open_listeners(settings.host, settings.port, settings.edge_count)
            for listener in listeners:
                held.callback(listener.close)
            self.settings = _settled(settings, self.data_dir, credentials, listeners[0])
            self.store = None if settings.s3_endpoint else Store(self.data_dir, credentials)
            self._processes = Processes(self.settings, self.data_dir, self.store, listeners)
            self._held = held.pop_all()

    def __enter__(self) -> "Platform":
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def url(self) -> str:
        """What clients on this machine use."""
        host = probe.reachable(self.settings.host)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._tls else 'http'}://{shown}:{self.settings.port}"

    def run(self, ready: Callable[[], None], note: Say) -> None:
        """Start, call `ready` once everything answers, stay until told to stop, and stop.

        Raises ArgosyError when a process does not come up; instances are then left alone.
        """
        watch = Watch(self._processes.all, note, self._write_running)
        self._lock.sign(self.url)
        try:
            if watch.until_ready(self._answers):
                self._write_running()
                ready()
                watch.until_stopped()
        except BaseException:
            end(self._processes.all, _POLITE_S, note, hurried=True)
            raise
        note("Stopping; Ctrl-C once more hurries.")
        self._stop(note)

    def _answers(self) -> bool:
        return (
            (self._processes.store is None or self._processes.store.settled())
            and probe.socket_healthy(self.data_dir.control_socket)
            and probe.port_healthy(self.settings.host, self.settings.port, self._tls)
        )

    def _stop(self, note: Say) -> None:
        """Edges first, so that instances have nothing left to finish; the store last."""
        hurried = end(self._processes.edges, _POLITE_S, note)
        hurried = end([self._processes.control], _POLITE_S, note, hurried=hurried)
        hurried = self._stop_instances(note, hurried=hurried)
        if self._processes.store:
            end([self._processes.store], _STORE_S, note, hurried=hurried)
        self.data_dir.running.unlink(missing_ok=True)
        self.data_dir.clear_run()

    def _stop_instances(self, note: Say, *, hurried: bool) -> bool:
        told = False
        if not hurried:
            told = self._run_stopper(_DRAIN_S, note)
        if hurried or told:
            self._run_stopper(0.0, note)
        return hurried or told

    def _run_stopper(self, patience_s: float, note: Say) -> bool:
        if not any(self.data_dir.instances.iterdir()):
            return False
        stopper = self._processes.instance_stopper(patience_s)
        stopper.start(0.0)
        return wait_ended([stopper], _INSTANCES_S, note)

    def _write_running(self) -> None:
        write_json(
            self.data_dir.running,
            {
                **self._lock.owner,
                "url": self.url,
                "host": self.settings.host,
                "port": self.settings.port,
                "region": self.settings.region,
                "account": self.settings.account_id,
                "tls_cert": self.settings.tls_cert,
                "processes": self._processes.pids(),
            },
            sync=False,
        )


def _settled(
    settings: Settings, data_dir: DataDir, key: Credentials, listener: socket.socket
) -> Settings:
    """The settings as they turned out: paths absolute, the port that was taken."""
    return replace(
        settings,
        data_dir=str(data_dir.root),
        port=listener.getsockname()[1],
        account_id=key.account_id,
        tls_cert=_absolute(settings.tls_cert),
        tls_key=_absolute(settings.tls_key),
    )


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""


def _tls_context(settings: Settings) -> "ssl.SSLContext | None":
    """How to ask our own port for its health. Raises ArgosyError when the files are no good."""
    if not settings.tls_cert:
        return None
    import ssl  # only now: it costs some megabytes

    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(_absolute(settings.tls_cert), _absolute(settings.tls_key))
    except (OSError, ssl.SSLError) as error:
        raise ArgosyError(
            f"--tls-cert {settings.tls_cert} and --tls-key {settings.tls_key} cannot be used: "
            f"{error.strerror or error}."
        ) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
