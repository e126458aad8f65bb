"""The life of an instance of many models: a zygote instead of a worker, and models by and by.

Downloading   the script's code, if it lies on S3
Starting      the zygote imports the runtime
InService     models are loaded when edges ask for them
Stopping      edges go on until none is connected, then everything ends

It fails with its zygote; a model that fails is only that model's affair.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from argosy.agent import reasons
from argosy.agent.environment import load_environment, submit_uri
from argosy.agent.life import Life
from argosy.agent.model import CannotServe
from argosy.agent.models.desk import Desk, memory_limit
from argosy.agent.models.upkeep import TICK_S
from argosy.agent.models.zygote import Process, Zygote
from argosy.ground.instances import InstanceSpec, Phase


class ManyLife(Life):
    """One agent's work beside many models."""

    _zygote: Zygote | None = None
    _desk: Desk | None = None

    def _live(self, spec: InstanceSpec) -> None:
        self._report.say(Phase.DOWNLOADING)
        self._output.attach(self._log_of(spec))
        code_only = replace(spec, containers=(replace(spec.container, model_data_url=""),))
        self._provide_image(spec)
        self._begin_download(code_only)
        zygote = self._start_zygote(spec)
        self._finish_download(code_only)
        self._report.say(Phase.STARTING)
        with self._explaining(spec, reasons.not_healthy):
            self._await_zygote(zygote, time.monotonic() + spec.startup_timeout_s)
            self._begin_container(spec)
        self._desk = Desk(
            self._watch,
            spec,
            self._settings,
            self._folders.models,
            self._folders.public_socket,
            zygote,
            self._zygote_pid,
            self._forker(spec, zygote),
            self._output.note,
        )
        self._report.say(
            Phase.IN_SERVICE,
            worker_pid=self._zygote_pid(),
            addresses=(f"unix:{self._folders.public_socket}",),
        )
        with self._explaining(spec, reasons.no_longer_healthy):
            self._serve(spec, zygote, self._desk)

    def _start_zygote(self, spec: InstanceSpec) -> Zygote:
        for folder in (self._folders.models, self._folders.ml / "models"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        zygote = self._zygote = Zygote(self._watch, memory_limit(self._settings))
        self._start_worker(
            spec.container.runtime,
            spec.container.name,
            without_network=spec.network_isolation,
            image=spec.container.image_folder,
            control=zygote.theirs,
        )
        zygote.started()
        return zygote

    def _await_zygote(self, zygote: Zygote, deadline: float) -> None:
        if not self._watch.until(lambda: zygote.ready or self._is_gone(zygote), deadline):
            raise CannotServe("The runtime did not start within its start-up time limit.")
        if self._is_gone(zygote):
            raise self._end()
        if zygote.why_not:
            raise CannotServe(f"Cause: {zygote.why_not}.")

    def _begin_container(self, spec: InstanceSpec) -> None:
        """A user's container would be started now."""

    def _look_after_container(self, spec: InstanceSpec) -> None:
        """It would be pinged. Raises CannotServe."""

    def _forker(self, spec: InstanceSpec, zygote: Zygote) -> Callable[[str, int], Process]:
        """What starts a process and has it load the model in that folder."""
        assert self._model is not None
        base_dir, temporary = self._seen_inside(self._model)
        models = f"{base_dir}/models" if self._model.worker.sandboxed else self._folders.models
        code_dir = self._code_dir(base_dir) if submit_uri(spec) else ""
        public = self._folders.public_socket

        def fork(folder: str, number: int) -> Process:
            process = zygote.fork(public.with_name(f"{self._folders.instance_id}.m{number}"))
            home = f"{models}/{folder}"
            environment = load_environment(
                spec, base_dir=home, temporary=temporary, code_dir=code_dir
            )
            process.link.load(f"{home}/model", environment, home, {"image": spec.container.image})
            return process

        return fork

    def _zygote_pid(self) -> int:
        return 0 if self._model is None else self._model.worker.pid

    def _serve(self, spec: InstanceSpec, zygote: Zygote, desk: Desk) -> None:
        while not self._is_gone(zygote):
            desk.turn()
            self._look_after_container(spec)
            self._report.flush()
            self._watch.pause_until_woken(TICK_S)
        raise self._end()

    def _is_gone(self, zygote: Zygote) -> bool:
        return zygote.closed or self._model is None or self._model.worker.ended

    def _end(self) -> CannotServe:
        """Why the zygote is gone."""
        assert self._model is not None
        worker = self._model.worker
        self._watch.until(lambda: worker.ended, time.monotonic() + TICK_S)
        if not worker.ended:
            return CannotServe("The process that all models are forked from closed its connection.")
        return CannotServe(reasons.exit_cause(worker.status, self._settings.instance_memory_mb))

    def _stop(self) -> None:
        self._watch.hear_no_more()
        self._report.say(Phase.STOPPING)
        desk = self._desk
        if desk is None:
            return
        desk.edges.accept_no_more()

        def deserted() -> bool:
            desk.turn()
            return not desk.edges.connected

        self._watch.until(deserted, time.monotonic() + self._settings.drain_timeout_s)

    def _clean_up(self) -> None:
        if self._desk is not None:
            self._desk.close()
        if self._zygote is not None:
            self._zygote.close()
        super()._clean_up()
        public = self._folders.public_socket
        for left in public.parent.glob(f"{self._folders.instance_id}.m*"):
            left.unlink(missing_ok=True)
