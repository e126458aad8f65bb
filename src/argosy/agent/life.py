"""An instance's life, from the spec to its end, read from top to bottom.

(spare: start the worker, wait for a spec)
Downloading   fetch and unpack in a child process, an image of the registry first, and install
              what the model requires; then the worker is started anew
Starting      start the worker unless a warm one waits; have it load
InService     ping for as long as it answers
Stopping      after SIGTERM: let the worker finish, then end it
Failed        with the reason, whatever went wrong
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from argosy.agent import containers, program, pulling, reasons, sandbox
from argosy.agent.child import Child
from argosy.agent.dependencies import Caretaker, provide
from argosy.agent.environment import load_environment, submit_uri
from argosy.agent.folders import Folders
from argosy.agent.model import CannotServe, ModelProcess
from argosy.agent.output import Output
from argosy.agent.porting import Porter
from argosy.agent.report import Report
from argosy.agent.spare import Spare
from argosy.agent.watch import Terminated, Watch
from argosy.agent.worker import Worker
from argosy.ground.files import read_json
from argosy.ground.instances import PROGRAM, SPEC_FILE, InstanceSpec, Phase
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.strays import end_strays
from argosy.telemetry.logs import LogWriter

PING_MARGIN_S = 5.0
"""A ping waits behind a prediction; beyond the model's time limit this much more is allowed."""

_TELLS_WITHIN_S = 10.0
"""A bridge says why its program did not come up; this long after the time was over, at most."""

Wording = Callable[[str, str, str, list[str]], str]
"""(container, variant, cause, log lines) → reason."""


class Life:
    """One agent's work. `run` returns when it is over."""

    def __init__(self, instance_id: str, settings: Settings, data_dir: DataDir) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._folders = Folders(data_dir, instance_id)
        self._watch = Watch()
        self._output = Output(self._watch)
        self._report = Report(self._folders.root, data_dir.doorbell(instance_id))
        self._model: ModelProcess | None = None
        self._child: Child | None = None
        self._spare: Spare | None = None
        self._porter: Porter | None = None
        self._caretaker = Caretaker(self._watch, settings, data_dir.environments)

    def run(self, spare_runtime: str) -> None:
        """Live, as a spare of that runtime first unless it is ""."""
        try:
            spec = self._wait_for_spec(spare_runtime) if spare_runtime else self._read_spec()
            if spec is not None:
                self._live(spec)
        except Terminated:
            self._stop()
        except CannotServe as failure:
            self._report.say(Phase.FAILED, str(failure))
        except Exception as error:
            self._report.say(Phase.FAILED, f"The agent of this instance failed: {error}.")
            raise
        finally:
            self._clean_up()

    def _wait_for_spec(self, runtime: str) -> InstanceSpec | None:
        """The spec that was handed over; None when nobody wants this spare any more."""
        spare = self._spare = Spare(self._watch, self._data_dir, self._folders.instance_id)
        model = self._start_worker(runtime, self._folders.instance_id, without_network=False)
        deadline = time.monotonic() + self._settings.startup_timeout_s
        model.connect(self._folders.worker_socket, deadline, lambda: spare.spec is not None)
        if spare.spec is None:
            spare.say_ready()
        self._idle(spare, model)
        return spare.spec

    def _idle(self, spare: Spare, model: ModelProcess) -> None:
        """Wait for a spec, for as long as somebody wants the spare and its worker lives."""
        while spare.spec is None and not model.gone:
            left = spare.wanted_until(self._settings.spare_idle_s) - time.time()
            if left <= 0:
                return
            self._watch.until(lambda: spare.spec is not None or model.gone, time.monotonic() + left)

    def _read_spec(self) -> InstanceSpec:
        spec = read_json(self._folders.root / SPEC_FILE)
        if spec is None:
            raise CannotServe("The instance's spec is not there.")
        return InstanceSpec.from_json(spec)

    def _live(self, spec: InstanceSpec) -> None:
        folders = Folders(self._data_dir, spec.instance_id)
        self._report.folder = folders.root
        self._report.say(Phase.DOWNLOADING)
        log = self._log_of(spec)
        self._output.attach(log)
        if self._model is not None:
            with self._explaining(spec, reasons.not_healthy):
                self._model.connect(
                    self._folders.worker_socket, time.monotonic() + spec.startup_timeout_s
                )
            self._folders.move_to(folders)
            self._folders = folders
        self._provide_image(spec)
        self._begin_download(spec)
        # Both at once, for the imports need no model; but a container of an engine does.
        if self._model is None and not spec.container.engine:
            self._start_worker(
                spec.container.runtime,
                spec.container.name,
                without_network=spec.network_isolation,
                image=spec.container.image_folder,
            )
        self._finish_download(spec)
        self._install_requirements(spec, log)
        self._report.say(Phase.STARTING)
        if spec.container.engine:
            self._start_container(spec)
        with self._explaining(spec, reasons.not_healthy):
            model = self._load(spec)
        addresses = (f"unix:{self._folders.public_socket}",)
        self._report.say(Phase.IN_SERVICE, worker_pid=model.worker.pid, addresses=addresses)
        self._porter = Porter(spec, addresses)
        limit = spec.answers_within_s + PING_MARGIN_S
        with self._explaining(spec, reasons.no_longer_healthy):
            interval = self._settings.ping_interval_s
            model.keep_pinging(interval, limit, after_each=self._after_each_ping)

    def _after_each_ping(self) -> None:
        self._report.flush()
        self._caretaker.tick()
        if self._porter is not None:
            self._porter.tick()

    def _provide_image(self, spec: InstanceSpec) -> None:
        most = int(self._settings.max_image_gb * (1 << 30))
        pulling.provide(self._watch, spec, most, self._output.note)
        if spec.container.engine:
            policy = self._settings.container_pull
            containers.have_image(self._watch, spec, policy, self._output.note)

    def _begin_download(self, spec: InstanceSpec) -> None:
        self._folders.make()
        limit = int(self._settings.max_artifact_gb * (1 << 30))

        def work() -> str:
            from argosy.agent.fetching import fetch

            return fetch(
                spec.store,
                spec.container.model_data_url,
                submit_uri(spec),
                self._folders.ml,
                limit,
                packed=spec.container.packed,
            )

        if spec.container.model_data_url or submit_uri(spec):
            self._child = Child(self._watch, work)

    def _finish_download(self, spec: InstanceSpec) -> None:
        child = self._child
        if child is None:
            return
        deadline = time.monotonic() + spec.download_timeout_s
        if not self._watch.until(lambda: child.ended, deadline):
            uri = spec.container.model_data_url or submit_uri(spec)
            raise CannotServe(
                f"Downloading and unpacking {uri} took longer than {spec.download_timeout_s:g} s."
            )
        if child.sentence:
            raise CannotServe(child.sentence)

    def _install_requirements(self, spec: InstanceSpec, log: LogWriter) -> None:
        """Start the worker anew where the model brings packages of its own."""
        if spec.container.runtime == PROGRAM:
            return  # what an image needs is its own affair
        model = self._model
        assert model is not None
        held = self._caretaker.held = provide(
            self._watch,
            self._settings,
            self._folders,
            spec,
            spec.container,
            log,
            sandboxed=model.worker.sandboxed,
        )
        if held is None or held.site is None:
            return
        model.kill()
        self._output.tail()
        self._output = Output(self._watch)
        self._output.attach(log)
        self._start_worker(
            spec.container.runtime,
            spec.container.name,
            without_network=spec.network_isolation,
            site=held.site,
        )

    def _load(self, spec: InstanceSpec) -> ModelProcess:
        """The model, loaded."""
        model = self._model
        assert model is not None
        deadline = time.monotonic() + spec.loads_within_s
        model.connect(self._folders.worker_socket, deadline)
        self._folders.publish_socket()
        base_dir, temporary = self._seen_inside(model)
        environment = load_environment(
            spec,
            base_dir=base_dir,
            temporary=temporary,
            code_dir=self._code_dir(base_dir) if submit_uri(spec) else "",
        )
        if spec.container.runtime == PROGRAM:
            self._load_program(spec, model, environment)
        else:
            order = {"image": spec.container.image}
            model.load(base_dir, environment, deadline, order)
        return model

    def _load_program(self, spec: InstanceSpec, model: ModelProcess, given: dict[str, str]) -> None:
        """The bridge keeps the time limit, which begins now: it knows what its program did."""
        container = spec.container
        environment: dict[str, str] = {}
        if container.engine:
            order = program.limits(self._settings, spec.startup_timeout_s)
        else:
            environment = program.environment(
                os.environ, Path(container.image_folder), given, container.environment
            )
            order = program.order(self._settings, container, spec.startup_timeout_s)
        if spec.max_answer_mb:
            order["max_answer"] = spec.max_answer_mb << 20
        deadline = time.monotonic() + spec.startup_timeout_s + _TELLS_WITHIN_S
        model.load(sandbox.BASE_DIR, environment, deadline, order)

    def _start_container(self, spec: InstanceSpec) -> None:
        code_dir = self._code_dir(sandbox.BASE_DIR) if submit_uri(spec) else ""
        try:
            command = containers.command(spec, self._folders, self._settings, code_dir)
            worker = Worker.start_container(command, self._folders, self._output)
        except OSError as error:
            raise CannotServe(f"The container cannot be started: {error}.") from error
        self._output.close_writer()
        memory_mb = self._settings.instance_memory_mb
        self._model = ModelProcess(self._watch, worker, memory_mb)

    def _start_worker(
        self,
        runtime: str,
        host_name: str,
        *,
        without_network: bool,
        image: str = "",
        control: int = -1,
        site: Path | None = None,
    ) -> ModelProcess:
        self._folders.make()
        sandboxed, why_not = sandbox.decide(self._settings)
        if image and not sandboxed:
            raise CannotServe(reasons.program_needs_sandbox(why_not))
        if not sandboxed and self._settings.sandbox == "require":
            raise CannotServe(f"The model cannot be run in a sandbox: {why_not}.")
        if not sandboxed and site is None:
            self._warn(why_not, without_network)
        try:
            worker = Worker.start(
                runtime,
                self._folders,
                self._settings,
                self._output,
                sandboxed=sandboxed,
                host_name=host_name,
                without_network=without_network,
                program=Path(image) if image else None,
                control=control,
                site=site,
            )
        except OSError as error:
            raise CannotServe(f"The model process cannot be started: {error}.") from error
        self._output.close_writer()
        self._model = ModelProcess(self._watch, worker, self._settings.instance_memory_mb)
        return self._model

    def _warn(self, why_not: str, without_network: bool) -> None:
        text = f"Argosy: this model runs without a sandbox: {why_not}."
        if without_network:
            text += " Its network is not isolated, although the model asks for that."
        self._output.note(text)
        sys.stderr.write(f"{self._folders.instance_id}: {text}\n")

    def _seen_inside(self, model: ModelProcess) -> tuple[str, str]:
        """The worker's names for its ml folder and for its temporary folder."""
        if model.worker.sandboxed:
            return sandbox.BASE_DIR, "/tmp"
        return str(self._folders.ml), str(self._folders.temporary)

    def _code_dir(self, base_dir: str) -> str:
        """Where code fetched from S3 was put (see `fetching`)."""
        apart = (self._folders.ml / "code").is_dir()
        return f"{base_dir}/code" if apart else f"{base_dir}/model/code"

    def _log_of(self, spec: InstanceSpec) -> LogWriter:
        return LogWriter(
            self._data_dir.logs,
            spec.account,
            spec.region,
            spec.log_group,
            spec.log_stream,
            self._settings.log_stream_mb << 20,
        )

    @contextlib.contextmanager
    def _explaining(self, spec: InstanceSpec, words: Wording) -> Iterator[None]:
        """Tell a failure in SageMaker's words, with the last lines of the log."""
        try:
            yield
        except CannotServe as failure:
            log = self._output.tail()
            raise CannotServe(words(spec.container.name, spec.variant, str(failure), log)) from None

    def _stop(self) -> None:
        self._watch.hear_no_more()
        if self._spare is None or self._spare.spec is not None:
            self._report.say(Phase.STOPPING)
        if self._child is not None:
            self._child.kill()
        if self._porter is not None:
            self._porter.terminate()
        if self._model is not None:
            grace = program.GRACE_S if self._model.worker.is_program else 0.0
            self._model.stop(self._settings.drain_timeout_s + grace)

    def _clean_up(self) -> None:
        if self._spare is not None:
            self._spare.close()
        if self._child is not None:
            self._child.kill()
        if self._porter is not None:
            self._porter.kill()
        if self._model is not None:
            self._model.kill()
        self._caretaker.close()
        end_strays(self._folders.root)
        self._output.tail()
        self._folders.public_socket.unlink(missing_ok=True)
