"""What an instance's folder says, read into an `Instance`; the judgement itself is pure."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

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

_SETTLED = (Phase.FAILED, Phase.GONE, Phase.DONE)
_START_GRACE_S = 15.0
"""How long a recorded instance may be without an agent: it is being started right now."""


def read_spec(folder: Path) -> InstanceSpec | None:
    """The instance's spec; None for a folder that is no instance (a spare, a remainder)."""
    value = read_json(folder / SPEC_FILE)
    if not isinstance(value, dict):
        return None
    try:
        spec = InstanceSpec.from_json(value)
    except (TypeError, KeyError, ValueError):
        return None
    return spec if spec.instance_id == folder.name else None


def agent_of(folder: Path) -> ProcessId:
    """The agent's process; pid 0, which is never alive, when none is noted."""
    noted: dict[str, Any] = read_json(folder / AGENT_FILE) or {}
    return ProcessId(int(noted.get("pid", 0)), int(noted.get("start_ticks", 0)))


def read_instance(folder: Path, spec: InstanceSpec) -> Instance:
    """The instance as it is now."""
    agent = agent_of(folder)
    alive = agent.alive  # before the state is read: what a dead agent wrote is final
    state = _read_state(folder)
    if state is None:
        state = InstanceState(
            phase=Phase.PENDING, agent_pid=agent.pid, agent_start_ticks=agent.start_ticks
        )
        alive = alive or _age_s(folder / SPEC_FILE) < _START_GRACE_S
    return Instance(spec=spec, state=judge(state, alive, (folder / STOPPING_FILE).exists()))


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


def _read_state(folder: Path) -> InstanceState | None:
    value = read_json(folder / STATE_FILE)
    if not isinstance(value, dict):
        return None
    try:
        return InstanceState.from_json(value)
    except (TypeError, KeyError, ValueError):
        return None


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
