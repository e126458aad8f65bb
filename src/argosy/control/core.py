"""Control as a whole: starts the feed, the doorbell and the loop, and reports on them."""

import asyncio
import os
import shutil
from typing import Any

from argosy.control import launching, status, unattended
from argosy.control.alarms.acting import SCALING
from argosy.control.alarms.whole import Alarms
from argosy.control.asynchronous.whole import AsynchronousInference
from argosy.control.capturing.whole import DataCapture
from argosy.control.doorbell import Doorbell
from argosy.control.exposition.whole import Exposition
from argosy.control.feed import Feed
from argosy.control.launching import Place
from argosy.control.logs.whole import LogUpkeep
from argosy.control.loop import Loop
from argosy.control.machines.alarm_actions import AUTOMATE
from argosy.control.machines.whole import Machines
from argosy.control.means import Means
from argosy.control.measuring.whole import Measuring
from argosy.control.monitoring.whole import Monitoring
from argosy.control.object_intake import ObjectIntake
from argosy.control.pipelines.whole import pipelines_apart
from argosy.control.processing.instances import ProcessingInstances
from argosy.control.processing.reports import reports as processings
from argosy.control.recommending.whole import Recommendations
from argosy.control.reconciler import Reconciler
from argosy.control.rollout import Launch
from argosy.control.scaling.whole import Scaling
from argosy.control.traffic import Traffic
from argosy.control.training.whole import Training
from argosy.control.transforms.whole import BatchTransform
from argosy.control.tuning.whole import tuning_apart
from argosy.control.watching import Watch
from argosy.control.work import Hub
from argosy.ground.instances import InstanceSpec, StoreAccess
from argosy.ground.names import iam_arn
from argosy.ground.paths import DataDir
from argosy.ground.routes import KeyEntry
from argosy.ground.settings import Settings
from argosy.ground.work import ASYNC, TRANSFORM
from argosy.messaging import working
from argosy.objects.buckets import remove_all_buckets
from argosy.state import (
    alarm_history,
    event_deliveries,
    event_timers,
    events,
    functions,
    invocations,
    log_groups,
    pipelines,
    rules,
    schedules,
)
from argosy.state.alarm_history import AlarmHistory
from argosy.state.tuning_jobs import TUNING_JOB
from argosy.telemetry.logs import delete_all as delete_all_logs

_QUIET = (
    working.KINDS
    | functions.KINDS
    | {
        invocations.KIND,
        events.KIND,
        events.READ,
        event_deliveries.KIND,
        event_timers.KIND,
        rules.RULE,
        rules.BUS,
        schedules.SCHEDULE,
        alarm_history.KIND,
        log_groups.PROGRESS,
        pipelines.PIPELINE,
        pipelines.EXECUTION,
        pipelines.DEFINITION,
        TUNING_JOB,
    }
)
"""What comes and goes without anything to reconcile."""


class Control:
    """The reconcilers of one platform. `credentials` is the content of credentials.json."""

    def __init__(self, means: Means, credentials: dict[str, str]) -> None:
        self._means = means
        self._doorbell = Doorbell()
        self._watch = Watch(means.records, means.clock)
        self._traffic = Traffic(means.clock)
        self._exposition = Exposition(self._means, self.status)
        self._scaling = Scaling(self._means)
        self._feed = Feed(means.data_dir.routes, self._counted, self._scaling.wanting)
        self._messages = working.Working(means.messaging)
        self._logs = LogUpkeep(self._means)
        self._machines = Machines(self._means)
        self._alarms = Alarms(
            self._means, {SCALING: self._scaling.act, AUTOMATE: self._machines.act}
        )
        self._asynchronous = AsynchronousInference(self._means, self._traffic.take)
        self._measuring = Measuring(
            self._means, lambda: self._feed.table, self._asynchronous.desk, self._feed.took
        )
        self._transforms = BatchTransform(self._means, self._doorbell.ring)
        self.training = Training(self._means)
        self._monitoring = Monitoring(self._means)
        self._capture = DataCapture(self._means)
        self._pipelines = pipelines_apart(self._means)
        self._tuning = tuning_apart(self._means)
        self._hub = Hub({ASYNC: self._asynchronous.desk, TRANSFORM: self._transforms.desk})
        self._objects = ObjectIntake(self._means)
        endpoints = Reconciler(
            means.records,
            means.backend,
            self._feed,
            means.clock,
            _keys(credentials),
            self._new_spec,
            means.settings,
            self._asynchronous.desk,
            self._watch,
        )
        self._routed = endpoints.routed
        self._recommendations = Recommendations(self._means)
        reconcilers = (
            endpoints,
            self._transforms.reconciler,
            self.training.reconciler,
            ProcessingInstances(self._means),
            self._scaling,
            self._recommendations,
            self._machines.reconciler,
        )
        self._loop = Loop(reconcilers, self._doorbell)

    async def start(self) -> None:
        """Listen to agents, edges and porters, then reconcile until `stop`."""
        data_dir = self._means.data_dir
        self._means.records.listen(self._ring)
        await self._doorbell.listen(data_dir.doorbell_socket)
        await self._feed.listen(data_dir.feed_socket)
        await self._hub.listen(data_dir.work_socket)
        await self._objects.listen(data_dir.objects_socket)
        await self._asynchronous.start()
        self._messages.start()
        self._logs.start()
        self._measuring.start()
        self._scaling.start()
        self._alarms.start()
        self._monitoring.start()
        self._capture.start()
        self._pipelines.start()
        self._tuning.start()
        self._loop.start()

    async def stop(self) -> None:
        """Stop reconciling; instances go on serving."""
        await self._loop.stop()
        await self._recommendations.stop()
        await self._measuring.stop()
        await self._alarms.stop()
        await self._messages.stop()
        await self._logs.stop()
        await self._monitoring.stop()
        await self._pipelines.stop()
        await self._tuning.stop()
        await self._capture.stop()
        self._doorbell.close()
        await self._asynchronous.stop()
        await self._hub.close()
        await self._objects.close()
        await self._transforms.desk.stop()
        await self._feed.close()

    async def transforms(self) -> dict[str, Any]:
        """The transform jobs under way: how far they are, how fast, and how long they will take;
        and those that ended within the last hour."""
        desk = self._transforms.desk
        return {"transforms": [*desk.reports(), *desk.ended()]}

    async def status(self) -> dict[str, Any]:
        """What `argosy status` shows (see `control.status`)."""
        instances = await self._means.backend.list()
        now = self._means.clock.now()
        endpoints = status.report(
            self._means.records,
            instances,
            self._traffic,
            now,
            self._asynchronous.desk.report,
            self._watch.report,
        )
        return {
            "endpoints": endpoints,
            "transforms": self._transforms.desk.reports(),
            "trainings": self.training.reports(),
            "processings": processings(self._means.records, now),
            "machines": self._machines.report(instances),
            **unattended.report(self._means.records, now),
            "edges": self._feed.edge_count,
            "instances": sum(i.in_service for i in instances),
        }

    async def exposition(self, accept: str) -> tuple[str, bytes]:
        """The page that Prometheus reads: (content type, body), in a form that `accept` takes."""
        return await self._exposition.page(accept)

    async def reset(self) -> None:
        """Remove every resource, instance, message, log and object; returns when all are gone.

        Objects in an external S3 are left alone: they are not Argosy's to remove.
        """
        means = self._means
        async with self._loop.quiet:
            means.records.delete_all()
            self._scaling.forget()
            await self._transforms.desk.reset()
            await self._monitoring.reset()
            await self.training.reset()
            await self._pipelines.reset()
            await self._tuning.reset()
            means.messaging.delete_all()
            await asyncio.to_thread(self._capture.reset)
            means.events.delete_all()
            AlarmHistory(means.records.transactions).delete_all()
            means.metrics.delete_all()
            for instance in await means.backend.list():
                await means.backend.kill(instance.spec.instance_id)
                await means.backend.forget(instance.spec.instance_id)
            await asyncio.to_thread(self._machines.reset)
            delete_all_logs(means.data_dir.logs)
            shutil.rmtree(means.data_dir.images, ignore_errors=True)
            if not means.settings.s3_endpoint:
                await asyncio.to_thread(remove_all_buckets, means.store)
            await self._loop.look()

    async def routed(self) -> None:
        """Return when the edges have what the records say now, or after a few seconds."""
        self._doorbell.ring()
        await self._routed()

    def _counted(self, message: dict[str, Any]) -> None:
        """An edge told what it counted."""
        self._traffic.take(message["metrics"])
        self._exposition.take(message["metrics"])
        self._watch.take(message["metrics"])
        self._measuring.take(message)

    def _ring(self, kind: str) -> None:
        if kind not in _QUIET:
            self._doorbell.ring()

    def _new_spec(self, place: Place, launch: Launch, now: float) -> InstanceSpec:
        return launching.spec_for(place, launch, self._means.settings, self._means.store, now)


def store_access(settings: Settings, data_dir: DataDir, credentials: dict[str, str]) -> StoreAccess:
    """How agents reach objects: the external S3, the store's TCP port, or its Unix socket."""
    if settings.s3_endpoint:
        return StoreAccess(
            url=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id,
            secret_access_key=settings.s3_secret_access_key,
        )
    url = os.environ.get("ARGOSY_STORE_URL", "")
    return StoreAccess(
        url=url or "http://store",
        region=settings.region,
        access_key_id=credentials["access_key_id"],
        secret_access_key=credentials["secret_access_key"],
        socket="" if url else str(data_dir.store_socket),
    )


def _keys(credentials: dict[str, str]) -> dict[str, KeyEntry]:
    account = credentials["account_id"]
    return {
        credentials["access_key_id"]: {
            "secret": credentials["secret_access_key"],
            "account": account,
            "arn": iam_arn(account, "root"),
            "user_id": account,
        }
    }
