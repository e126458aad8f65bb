"""A model's own packages, as the agent sees them: whether it asks for any, made, and held.

Making them is a `Child`'s work (`agent.building`); what it says goes into the instance's log.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from argosy.agent import reasons, requirements
from argosy.agent.child import Child
from argosy.agent.environments import Environments, Use
from argosy.agent.folders import Folders
from argosy.agent.model import CannotServe
from argosy.agent.output import Output
from argosy.agent.watch import Watch
from argosy.ground.files import read_json
from argosy.ground.instances import ContainerSpec, InstanceSpec
from argosy.ground.settings import Settings
from argosy.telemetry.logs import LogWriter

Wording = Callable[[str, list[str]], str]
"""(cause, last lines) → reason."""

_TRIES = 3
_COLLECT_EVERY_S = 3600.0


def provide(
    watch: Watch,
    settings: Settings,
    folders: Folders,
    spec: InstanceSpec,
    container: ContainerSpec,
    log: LogWriter,
    *,
    sandboxed: bool,
    words: Wording | None = None,
) -> Use | None:
    """The environment of the container's unpacked model, made if need be and held; None when
    the model asks for nothing.

    Takes `spec.download_timeout_s` at most. Raises CannotServe with uv's last lines, in `words`
    or those of an endpoint.
    """
    if requirements.present(folders.ml, container.environment) is None:
        return None
    deadline = time.monotonic() + spec.download_timeout_s
    words = words or (
        lambda cause, log: reasons.not_healthy(container.name, spec.variant, cause, log)
    )
    for _ in range(_TRIES):  # one that was there may be collected before we hold it
        name = _made(watch, settings, folders, spec, container, log, deadline, sandboxed, words)
        if not name:
            return None
        held = Environments(folders.data_dir.environments).use(name)
        if held is not None:
            return held
    raise CannotServe("The packages that the model asks for were removed again and again.")


def _made(
    watch: Watch,
    settings: Settings,
    folders: Folders,
    spec: InstanceSpec,
    container: ContainerSpec,
    log: LogWriter,
    deadline: float,
    sandboxed: bool,
    words: Wording,
) -> str:
    """The name of the environment, "" for none."""
    output = Output(watch)
    output.attach(log)

    def work() -> str:
        from argosy.agent.building import RESULT, Order, fulfil

        for descriptor in (1, 2):
            os.dup2(output.writer_descriptor, descriptor)
        (folders.root / RESULT).unlink(missing_ok=True)
        return fulfil(
            Order(
                folders,
                container.runtime,
                container.environment,
                settings,
                sandboxed,
                spec.network_isolation,
            )
        )

    child = Child(watch, work, "Installing the model's requirements")
    output.close_writer()
    try:
        in_time = watch.until(lambda: child.ended, deadline)
    finally:
        child.kill()
    cause = child.sentence if in_time else _too_long(spec)
    tail = output.tail()
    if cause:
        raise CannotServe(words(cause, tail))
    return _result(folders)


def _result(folders: Folders) -> str:
    from argosy.agent.building import RESULT

    return str((read_json(folders.root / RESULT) or {}).get("name", ""))


def _too_long(spec: InstanceSpec) -> str:
    return f"Installing its requirements took longer than {spec.download_timeout_s:g} s."


class Caretaker:
    """Keeps the environment in use, and once an hour removes those that nobody wants."""

    def __init__(self, watch: Watch, settings: Settings, root: Path) -> None:
        self._watch = watch
        self._settings = settings
        self._environments = Environments(root)
        self._interval = min(_COLLECT_EVERY_S, max(1.0, settings.environment_idle_s))
        self._next = time.monotonic() + self._interval
        self._child: Child | None = None
        self.held: Use | None = None

    def tick(self) -> None:
        """To be called now and then; takes no time."""
        if self.held is not None:
            self.held.touch()
        now = time.monotonic()
        if now < self._next or (self._child is not None and not self._child.ended):
            return
        self._next = now + self._interval
        root = self._environments.root
        if root.is_dir() and any(root.iterdir()):
            self._child = Child(self._watch, self._collect, "Removing unused environments")

    def close(self) -> None:
        """Let the environment go."""
        if self._child is not None:
            self._child.kill()
        if self.held is not None:
            self.held.release()
            self.held = None

    def _collect(self) -> str:
        settings = self._settings
        self._environments.collect(
            settings.environment_idle_s, int(settings.environments_gb * (1 << 30))
        )
        return ""
