"""What an instance's folder says, read into an `Instance`; the judgement itself is pure."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from argosy.compute.remembering import Remembered
from argosy.ground.files import read_json
from argosy.ground.instances import (
    AGENT_FILE,
    SPEC_FILE,
    STATE_FILE,
    STOPPING_FILE,
    WAS_STOPPED,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
)
from argosy.ground.processes import ProcessId

T = TypeVar("T")
_SETTLED = (Phase.FAILED, Phase.GONE, Phase.DONE)
_START_GRACE_S = 15.0
"""How long a recorded instance may be without an agent: it is being started right now."""


class Listing:
    """Reads the folders of instances, again and again."""

    def __init__(self) -> None:
        self._specs = Remembered(_spec_of)
        self._agents = Remembered(_agent_of)
        self._states = Remembered(_state_of)

    def read(self, folders: Iterable[Path]) -> list[tuple[Instance, ProcessId]]:
        """The instances as they are now, each with its agent; folders that are none are left out
        (a spare, a remainder)."""
        for remembered in (self._specs, self._agents, self._states):
            remembered.next_round()
        found = []
        for folder in folders:
            spec = _spec_in(folder, self._specs.read(f"{folder}/{SPEC_FILE}"))
            if spec is not None:
                found.append(self._instance(folder, spec))
        return found

    def _instance(self, folder: Path, spec: InstanceSpec) -> tuple[Instance, ProcessId]:
        agent = self._agents.read(f"{folder}/{AGENT_FILE}")
        alive = agent.alive  # before the state is read: what a dead agent wrote is final
        state = self._states.read(f"{folder}/{STATE_FILE}")
        if state is None:
            state = InstanceState(
                phase=Phase.PENDING, agent_pid=agent.pid, agent_start_ticks=agent.start_ticks
            )
            alive = alive or _age_s(folder / SPEC_FILE) < _START_GRACE_S
        stopping = os.path.exists(f"{folder}/{STOPPING_FILE}")
        return Instance(spec=spec, state=judge(state, alive, stopping)), agent


def read_spec(folder: Path) -> InstanceSpec | None:
    """The instance's spec; None for a folder that is no instance (a spare, a remainder)."""
    return _spec_in(folder, _spec_of(read_json(folder / SPEC_FILE)))


def agent_of(folder: Path) -> ProcessId:
    """The agent's process; pid 0, which is never alive, when none is noted."""
    return _agent_of(read_json(folder / AGENT_FILE))


def judge(state: InstanceState, alive: bool, stopping: bool) -> InstanceState:
    """The agent's last word, corrected by whether the agent lives and was asked to go."""
    if state.phase in _SETTLED:
        return state
    if not alive:
        return replace(state, phase=Phase.GONE, reason=state.reason or _gone(state, stopping))
    stopping = stopping and state.phase is not Phase.UPLOADING
    return replace(state, phase=Phase.STOPPING) if stopping else state


def _gone(state: InstanceState, stopping: bool) -> str:
    if stopping or state.phase is Phase.STOPPING:
        return WAS_STOPPED
    return f"Its agent (process {state.agent_pid}) ended without saying why."


def _spec_of(value: Any) -> InstanceSpec | None:
    return _made(InstanceSpec.from_json, value)


def _spec_in(folder: Path, spec: InstanceSpec | None) -> InstanceSpec | None:
    return spec if spec is not None and spec.instance_id == folder.name else None


def _state_of(value: Any) -> InstanceState | None:
    return _made(InstanceState.from_json, value)


def _agent_of(value: Any) -> ProcessId:
    noted: dict[str, Any] = value or {}
    return ProcessId(int(noted.get("pid", 0)), int(noted.get("start_ticks", 0)))


def _made(make: Callable[[dict[str, Any]], T], value: Any) -> T | None:
    """None for what another version has written, or nobody."""
    if not isinstance(value, dict):
        return None
    try:
        return make(value)
    except (TypeError, KeyError, ValueError):
        return None


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
