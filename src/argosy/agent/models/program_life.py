"""The life of an instance whose container has many models: its program is started once, and told
of models by the model-management API (`argosy.runtimes.bridge.many`).

It fails with the program, and when the program does not answer /ping for long.
"""

import time

from argosy.agent import program, sandbox
from argosy.agent.environment import load_environment
from argosy.agent.life import PING_MARGIN_S
from argosy.agent.models.life import ManyLife
from argosy.ground.instances import InstanceSpec


class ManyProgramLife(ManyLife):
    """One agent's work beside a user's container of many models."""

    def _begin_container(self, spec: InstanceSpec) -> None:
        """Start it; it is well before it has any model."""
        model = self._model
        assert model is not None
        model.connect(self._folders.worker_socket, time.monotonic() + spec.startup_timeout_s)
        given = load_environment(spec, base_dir=sandbox.BASE_DIR, temporary="/tmp", code_dir="")
        self._load_program(spec, model, given)

    def _look_after_container(self, spec: InstanceSpec) -> None:
        assert self._model is not None
        limit = spec.model_timeout_s + PING_MARGIN_S
        self._model.ping_when_due(self._settings.ping_interval_s, limit)

    def _stop(self) -> None:
        super()._stop()
        if self._model is not None:
            self._model.stop(program.GRACE_S)
