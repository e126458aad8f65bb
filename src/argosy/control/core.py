"""Control as a whole: starts the feed, the doorbell and the loop, and reports on them."""

import asyncio
import contextlib
import logging
import os
import shutil
from typing import Any, Protocol

from argosy.compute.base import Backend
from argosy.control import launching, status
from argosy.control.asynchronous.desk import Desk
from argosy.control.asynchronous.expiry import failure_teller
from argosy.control.asynchronous.intake import Intake
from argosy.control.doorbell import Doorbell
from argosy.control.feed import Feed
from argosy.control.launching import Place
from argosy.control.reconciler import Reconciler
from argosy.control.rollout import Launch
from argosy.control.traffic import Traffic
from argosy.control.transforms import placing
from argosy.control.transforms.desk import TransformDesk
from argosy.control.transforms.diary import Diary
from argosy.control.transforms.reconciler import TransformReconciler
from argosy.control.work import Hub
from argosy.ground.clock import Clock
from argosy.ground.instances import InstanceSpec, StoreAccess
from argosy.ground.names import iam_arn
from argosy.ground.paths import DataDir
from argosy.ground.routes import KeyEntry
from argosy.ground.settings import Settings
from argosy.ground.work import ASYNC, TRANSFORM
from argosy.messaging import Messaging, Publication, working
from argosy.objects.buckets import remove_all_buckets
from argosy.objects.client import ObjectStore
from argosy.state.records import Records
from argosy.telemetry.logs import delete_all as delete_all_logs

log = logging.getLogger(__name__)

_RETRY_S = 1.0


class Activates(Protocol):
    """A reconciler: compares what the records ask for with what there is, and acts."""

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        ...


class Control:
    """The reconcilers of one platform. `credentials` is the content of credentials.json."""

    def __init__(
        self,
        records: Records,
        backend: Backend,
        settings: Settings,
        data_dir: DataDir,
        clock: Clock,
        credentials: dict[str, str],
        messaging: Messaging,
    ) -> None:
        self._messaging = messaging
        self._working = working.Working(messaging)
        self._records = records
        self._backend = backend
        self._settings = settings
        self._data_dir = data_dir
        self._clock = clock
        self._store = store_access(settings, data_dir, credentials)
        self._doorbell = Doorbell()
        self._traffic = Traffic(clock)
        self._feed = Feed(data_dir.routes, self._traffic.take)
        objects = ObjectStore(self._store)
        self._desk = Desk(
            records.transactions, clock, self._publish, failure_teller(objects), self._traffic.take
        )
        self._objects = objects
        self._intake = Intake(self._desk.keep)
        endpoints = Reconciler(
            records,
            backend,
            self._feed,
            clock,
            _keys(credentials),
            self._new_spec,
            settings,
            self._desk,
        )
        self._transforms = TransformDesk(
            records,
            self._store,
            clock,
            self._doorbell.ring,
            lambda record: Diary(record, data_dir, settings),
        )
        transforms = TransformReconciler(
            records,
            backend,
            self._transforms,
            clock,
            lambda record, launch, now: placing.spec_for(
                record, launch, settings, self._store, now
            ),
            engine=bool(settings.container_engine),
        )
        self._reconcilers: list[Activates] = [endpoints, transforms]
        self._hub = Hub({ASYNC: self._desk, TRANSFORM: self._transforms})
        self._loop: asyncio.Task[None] | None = None
        self._pass = asyncio.Lock()

    async def start(self) -> None:
        """Listen to agents and edges, then reconcile until `stop`."""
        self._records.listen(self._ring)
        await self._doorbell.listen(self._data_dir.doorbell_socket)
        await self._feed.listen(self._data_dir.feed_socket)
        await self._hub.listen(self._data_dir.work_socket)
        await self._intake.listen(self._data_dir.intake_socket)
        self._desk.start()
        self._working.start()
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop reconciling; instances go on serving."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        await self._working.stop()
        self._doorbell.close()
        await self._intake.close()
        await self._desk.stop()
        await self._hub.close()
        await self._transforms.stop()
        self._objects.close()
        await self._feed.close()

    async def transforms(self) -> dict[str, Any]:
        """The transform jobs under way: how far they are, how fast, and how long they will take.
        Those that ended within the last hour, too."""
        return {"transforms": [*self._transforms.reports(), *self._transforms.ended()]}

    async def status(self) -> dict[str, Any]:
        """What `argosy status` shows (see `control.status`)."""
        instances = await self._backend.list()
        return {
            "endpoints": status.report(
                self._records, instances, self._traffic, self._clock.now(), self._desk.report
            ),
            "transforms": self._transforms.reports(),
            "edges": self._feed.edge_count,
            "instances": sum(i.in_service for i in instances),
        }

    async def reset(self) -> None:
        """Remove every resource, instance, log and object; returns when all are gone.

        Objects in an external S3 are left alone: they are not Argosy's to remove.
        """
        async with self._pass:
            self._records.delete_all()
            await self._transforms.reset()
            self._messaging.delete_all()
            for instance in await self._backend.list():
                await self._backend.kill(instance.spec.instance_id)
                await self._backend.forget(instance.spec.instance_id)
            delete_all_logs(self._data_dir.logs)
            shutil.rmtree(self._data_dir.images, ignore_errors=True)
            if not self._settings.s3_endpoint:
                await asyncio.to_thread(remove_all_buckets, self._store)
            for reconciler in self._reconcilers:
                await reconciler.activate()

    def _publish(self, topic: str, message: str) -> None:
        """Give a message to a topic, within the open transaction. Raises ApiError."""
        self._messaging.publish(topic, Publication(message))

    def _ring(self, kind: str) -> None:
        """Messages come and go without anything to reconcile."""
        if kind not in working.KINDS:
            self._doorbell.ring()

    async def _run(self) -> None:
        while True:
            async with self._pass:
                pauses = [await self._activate(one) for one in self._reconcilers]
            done = [pause for pause in pauses if pause is not None]
            if len(done) < len(pauses):
                await asyncio.sleep(
                    _RETRY_S
                )  # whatever rings: it might ring because of the failure
            else:
                await self._doorbell.wait(min(done))

    async def _activate(self, reconciler: Activates) -> float | None:
        """One pass of one of them; None when it failed, which holds back none of the others."""
        try:
            return await reconciler.activate()
        except Exception:
            log.exception("a reconcile failed; trying again")
            return None

    def _new_spec(self, place: Place, launch: Launch, now: float) -> InstanceSpec:
        return launching.spec_for(place, launch, self._settings, self._store, now)


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
