"""One host of a job, from the spec to its outcome, read from top to bottom.

Downloading   the image, the script's archive, channels, checkpoints, packages
InService     the algorithm runs; FIFOs are fed, checkpoints and continuous outputs kept in S3
Uploading     its outputs go to S3, also after a stop
Done          with the outcome: well, failed, or stopped
Failed        the agent itself could not go on; the job may be tried again
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from argosy.agent import containers, image, pulling, sandbox
from argosy.agent.child import Child
from argosy.agent.crowd import Crowd
from argosy.agent.dependencies import Caretaker, provide
from argosy.agent.folders import Folders
from argosy.agent.jobs import enclosure, layout, reasons
from argosy.agent.jobs.algorithm import Algorithm
from argosy.agent.jobs.command import Command, code_of, command_of, is_script_mode
from argosy.agent.jobs.endings import exit_message, failure_of
from argosy.agent.jobs.layout import Places
from argosy.agent.jobs.peers import Peers
from argosy.agent.jobs.uploads import uploaded
from argosy.agent.jobs.volume import Volume
from argosy.agent.model import CannotServe
from argosy.agent.output import Output
from argosy.agent.reasons import with_log
from argosy.agent.report import Report
from argosy.agent.watch import Terminated, Watch
from argosy.ground.instances import InstanceSpec, Phase
from argosy.ground.jobs import BASE_DIR, JobOutcome, JobSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.strays import end_strays
from argosy.telemetry.logs import LogWriter

Look = Callable[[], str]
"""Says why the algorithm has to end, "" while it has not."""

_FAR_S = 20 * 86_400.0
"""For ever, as far as epoll can count."""
_LOOK_EVERY_S = 1.0
_SOON_S = 0.02


class CannotRun(Exception):
    """The algorithm will not be started; the text is the job's FailureReason."""


class JobLife:
    """One agent's work. `run` returns when it is over."""

    def __init__(
        self, spec: InstanceSpec, job: JobSpec, settings: Settings, data_dir: DataDir
    ) -> None:
        self._spec = spec
        self._job = job
        self._settings = settings
        self._folders = Folders(data_dir, spec.instance_id)
        self._places = Places.of(job, self._folders)
        self._watch = Watch()
        self._report = Report(self._folders.root, data_dir.doorbell(spec.instance_id))
        self._output = Output(self._watch)
        self._caretaker = Caretaker(self._watch, settings, data_dir.environments)
        self._children: list[Child] = []
        self._algorithm: Algorithm | None = None
        self._outcome = JobOutcome()
        self._log = LogWriter(
            data_dir.logs,
            spec.account,
            spec.region,
            spec.log_group,
            spec.log_stream,
            settings.log_stream_mb << 20,
        )

    def run(self) -> None:
        """Prepare, run, upload, and say what came of it."""
        self._output.attach(self._log)
        try:
            self._prepare()
            self._run_algorithm()
            self._upload()
        except Terminated:
            self._watch.hear_no_more()
            self._outcome = replace(self._outcome, stopped=True)
        except CannotRun as failure:
            self._outcome = replace(self._outcome, failure=str(failure))
        except Exception as error:
            self._report.say(Phase.FAILED, f"The agent of this instance failed: {error}.")
            raise
        finally:
            self._clean_up()
        self._report.done(self._outcome)

    # before the algorithm

    def _prepare(self) -> None:
        self._report.say(Phase.DOWNLOADING)
        self._sandboxed, why_not = False, "a container engine runs it"
        if not self._spec.container.engine:
            self._sandboxed, why_not = sandbox.decide(self._settings)
            self._check_sandbox(why_not)
        try:
            self._provide_image()
            self._make_folders()
            self._fetch()
            self._site = self._packages()
        except CannotServe as failure:
            raise CannotRun(reasons.client_error(str(failure))) from None

    def _check_sandbox(self, why_not: str) -> None:
        """Script mode can do without; what names /opt/ml itself cannot. Raises CannotRun."""
        if self._sandboxed:
            return
        required = self._settings.sandbox == "require"
        if required or not is_script_mode(self._spec, self._job) or self._places.others:
            raise CannotRun(
                reasons.client_error(
                    f"This job needs the sandbox, which gives it an /opt/ml of its own: {why_not}."
                )
            )
        self._output.note(f"Argosy: this job runs without a sandbox: {why_not}.")

    def _provide_image(self) -> None:
        most = int(self._settings.max_image_gb * (1 << 30))
        pulling.provide(self._watch, self._spec, most, self._output.note)
        if self._spec.container.engine:
            policy = self._settings.container_pull
            containers.have_image(self._watch, self._spec, policy, self._output.note)

    def _make_folders(self) -> None:
        if self._spec.container.image_folder:
            image.make_folders(self._folders, self._job.host)
        layout.make(self._job, self._places)

    def _fetch(self) -> None:
        spec, job, places = self._spec, self._job, self._places
        most = job.volume_bytes or int(self._settings.max_artifact_gb * (1 << 30))

        def work() -> str:
            from argosy.agent.jobs.inputs import fetch
            from argosy.agent.jobs.syncing import restore

            return fetch(job, places, spec.store, code_of(spec, job), most) or restore(
                job, places, spec.store, most
            )

        self._child_done(work, "Downloading the data", _FAR_S)

    def _packages(self) -> Path | None:
        if not is_script_mode(self._spec, self._job):
            return None
        container = self._spec.container
        held = self._caretaker.held = provide(
            self._watch,
            self._settings,
            self._folders,
            self._spec,
            container,
            self._log,
            sandboxed=self._sandboxed,
            words=with_log,
        )
        return held.site if held is not None else None

    def _child_done(self, work: Callable[[], str], name: str, seconds: float) -> None:
        """Have a child do it. Raises CannotRun with what it says."""
        child = self._child(work, name)
        if not self._watch.until(lambda: child.ended, time.monotonic() + seconds):
            child.kill()
            raise CannotRun(reasons.client_error(f"{name} took longer than {seconds:g} s."))
        if child.sentence:
            raise CannotRun(reasons.client_error(child.sentence))

    def _child(self, work: Callable[[], str], name: str, *, heeds: bool = False) -> Child:
        child = Child(self._watch, work, name, heeds=heeds)
        self._children.append(child)
        return child

    # the algorithm

    def _run_algorithm(self) -> None:
        feeder, sync = self._begin_feeding(), self._begin_syncing()
        algorithm = self._start()
        self._outcome = replace(self._outcome, started=time.time())
        self._report.say(Phase.IN_SERVICE, worker_pid=algorithm.pid)
        volume = Volume(self._folders.root, self._job.volume_bytes)
        crowd = Crowd(self._settings.job_processes)

        def look() -> str:
            return volume.look() or reasons.beyond(crowd.look())

        why = self._watch_over(algorithm, feeder, look)
        self._watch.hear_no_more()
        stopped = not algorithm.ended
        if stopped and not why:  # what fills the machine gets no time to go on
            self._end(algorithm, look)
        self._over(algorithm, why, stopped=stopped)
        if sync is not None:
            self._finish_syncing(sync)

    def _start(self) -> Algorithm:
        spec, job, inside = self._spec, self._job, self._sandboxed
        site = str(sandbox.SITE_DIR if inside else self._site) if self._site else ""
        command = command_of(
            spec,
            job,
            os.environ,
            base_dir=BASE_DIR if inside else str(self._folders.ml),
            temporary="/tmp" if inside else str(self._folders.temporary),
            site=site,
        )
        try:
            words = self._around(command)
            self._algorithm = Algorithm(
                words,
                command.environment,
                self._output,
                self._folders.ml,
                sandboxed=inside,
                contained=bool(self._spec.container.engine),
            )
        except OSError as error:
            sentence = f"The algorithm cannot be started: {error.strerror or error}."
            raise CannotRun(reasons.client_error(sentence)) from None
        self._output.close_writer()
        return self._algorithm

    def _around(self, command: Command) -> list[str]:
        """The command line that runs a command where it belongs. Raises OSError."""
        if self._spec.container.engine:
            from argosy.agent.jobs import container

            return container.command_of(self._spec, self._job, self._places)
        if self._sandboxed:
            return enclosure.enclose(command, self._spec, self._job, self._places, self._site)
        return enclosure.plain(command)

    def _begin_feeding(self) -> Child | None:
        from argosy.agent.jobs import pipes

        job, places, store = self._job, self._places, self._spec.store
        if not pipes.channels_of(job):
            return None
        pipes.prepare(job, places)
        return self._child(lambda: pipes.feed(job, places, store), "Feeding the channels")

    def _begin_syncing(self) -> Child | None:
        from argosy.agent.jobs import syncing

        job, store = self._job, self._spec.store
        folders = syncing.folders_of(job, self._places)
        if not folders:
            return None
        name = "Writing the checkpoints"
        return self._child(lambda: syncing.keep(job, folders, store), name, heeds=True)

    def _watch_over(self, algorithm: Algorithm, feeder: Child | None, look: Look) -> str:
        """Return when the algorithm has ended or has to: with why it has failed, if that is
        known. A stop from outside is an end like any other."""
        started = time.monotonic()
        limit = started + (self._job.max_runtime_s or _FAR_S)
        while True:
            soon = min(limit, time.monotonic() + _LOOK_EVERY_S)
            try:
                over = self._watch.until(
                    lambda: algorithm.ended or (feeder is not None and feeder.ended), soon
                )
            except Terminated:
                return ""
            self._report.flush()
            self._caretaker.tick()
            if algorithm.ended:
                return ""
            if over and feeder is not None:
                return reasons.client_error(feeder.sentence)
            if time.monotonic() >= limit:
                self._outcome = replace(self._outcome, overdue=True)
                return ""
            if why := look():
                return why

    def _end(self, algorithm: Algorithm, look: Look) -> None:
        """SIGTERM, time to finish unless it fills the machine in that, SIGKILL."""
        self._report.say(Phase.STOPPING)
        deadline = time.monotonic() + self._job.stop_grace_s
        while not algorithm.ended and not algorithm.terminate() and time.monotonic() < deadline:
            self._watch.until(lambda: algorithm.ended, time.monotonic() + _SOON_S)
        while not algorithm.ended and time.monotonic() < deadline and not look():
            soon = min(deadline, time.monotonic() + _LOOK_EVERY_S)
            self._watch.until(lambda: algorithm.ended, soon)

    def _over(self, algorithm: Algorithm, why: str, *, stopped: bool) -> None:
        status = algorithm.status if algorithm.ended else None
        algorithm.kill()
        log = self._output.tail()
        self._outcome = replace(
            self._outcome,
            exit_code=status,
            ended=time.time(),
            stopped=stopped and not why,
            failure=why or ("" if stopped else failure_of(self._places, status or 0, log)),
            message=exit_message(self._places),
        )

    def _finish_syncing(self, sync: Child) -> None:
        sync.terminate()
        self._watch.until(lambda: sync.ended, time.monotonic() + _FAR_S)
        if sync.sentence and not self._outcome.failure:
            failure = reasons.client_error(sync.sentence)
            self._outcome = replace(self._outcome, failure=failure)

    # after the algorithm

    def _upload(self) -> None:
        self._report.say(Phase.UPLOADING)
        peers = Peers(self._job, self._folders)
        peers.wait(self._watch)
        failed = bool(self._outcome.failure) or peers.failed
        job, places, store = self._job, self._places, self._spec.store
        merged = peers.merged(places)

        def work() -> str:
            from argosy.agent.jobs.uploads import upload

            return upload(job, places, store, merged, failed)

        child = self._child(work, "Uploading the outputs")
        self._watch.until(lambda: child.ended, time.monotonic() + _FAR_S)
        failure = self._outcome.failure
        if child.sentence and not failure:
            failure = reasons.client_error(child.sentence)
        written = uploaded(self._folders.root)
        self._outcome = replace(self._outcome, failure=failure, uploaded=written)

    def _clean_up(self) -> None:
        for child in self._children:
            child.kill()
        if self._algorithm is not None:
            self._algorithm.kill()
        self._caretaker.close()
        if self._sandboxed:
            end_strays(self._folders.root)
        self._output.tail()
        self._log.close()
