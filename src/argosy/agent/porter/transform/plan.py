"""A job as its instances carry it out: what is read how, asked how, and written how."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argosy.agent.porter.transform import parquet
from argosy.agent.porter.transform.batch import Batch
from argosy.agent.porter.transform.framed import framed_batches
from argosy.agent.porter.transform.gunzip import Gunzip
from argosy.agent.porter.transform.limits import SINGLE, Limits
from argosy.agent.porter.transform.lines import Source, line_batches, single_lines
from argosy.agent.porter.transform.processing import Processing, Rules, processing_for
from argosy.agent.porter.transform.slots import Patience
from argosy.agent.porter.transform.source import StoredSource
from argosy.agent.porter.transform.whole import whole_batch
from argosy.objects.client import ObjectStore
from argosy.objects.uri import parse_s3_uri

_PARQUET = ("application/x-parquet", "application/vnd.apache.parquet")


@dataclass(frozen=True)
class Plan:
    """Of one job on one instance."""

    content_type: str
    accept: str
    split_type: str
    zipped: bool
    joins_lines: bool
    """AssembleWith Line."""
    limits: Limits
    patience: Patience
    processing: Processing | None

    @property
    def rows(self) -> bool:
        """Objects are Parquet files that are split by their row groups."""
        return self.split_type == "Line" and media_of(self.content_type) in _PARQUET

    @property
    def parquet_out(self) -> bool:
        """Answers are Parquet files, which cannot just follow on each other."""
        return media_of(self.accept) in _PARQUET

    @property
    def by_byte(self) -> bool:
        """Positions are bytes of the stored object, which several instances may share."""
        return self.split_type == "Line" and not self.zipped and not self.rows

    @property
    def head(self) -> dict[str, str]:
        """What the model is told of a request."""
        fields = {"content-type": self.content_type, "accept": self.accept}
        return {name: value for name, value in fields.items() if value}

    def batches(self, store: ObjectStore, task: dict[str, Any]) -> Iterator[Batch]:
        """The mini-batches of a run. Raises StoreError, BadInput."""
        uri, etag, size = parse_s3_uri(task["input"]), task["etag"], int(task["size"])
        start, end = int(task["start"]), task.get("end")
        single = self.limits.strategy == SINGLE

        def stored(first: int = 0, last: int | None = None) -> Source:
            return StoredSource(store, uri, etag, first, last, size)

        def content(first: int = 0) -> Source:
            return Gunzip(stored(), first) if self.zipped else stored(first)

        payload = self.limits.payload
        if self.rows:
            file = parquet.StoredFile(store, uri, etag, size)
            return parquet.row_group_batches(file, start, end, payload, single=single)
        if self.split_type == "Line":
            first = max(start - 1, 0)
            source = content(first) if self.zipped else stored(first, end)
            lines = line_batches(source, start, end, payload)
            return single_lines(lines) if single else lines
        if self.split_type in ("RecordIO", "TFRecord"):
            return framed_batches(content(start), self.split_type, start, payload, single=single)
        return whole_batch(content, payload)


def plan_of(job: dict[str, Any], limits: Limits) -> Plan:
    """What a job's members mean. Raises BadInput, BadPath."""
    read, written = job["TransformInput"], job["TransformOutput"]
    client = job.get("ModelClientConfig") or {}
    content_type, split_type = read.get("ContentType") or "", read.get("SplitType") or "None"
    capture = job.get("DataCaptureConfig") or {}
    stamp = _time_of(job) if capture.get("GenerateInferenceId") else ""
    rules: Rules = job.get("DataProcessing", {})
    processing = processing_for(content_type, split_type, rules, stamp)
    accept = written.get("Accept") or (content_type if processing else "")
    return Plan(
        content_type=content_type,
        accept=accept,
        split_type=split_type,
        zipped=read.get("CompressionType") == "Gzip",
        joins_lines=written.get("AssembleWith") == "Line",
        limits=limits,
        patience=Patience(
            timeout_s=limits.waits * float(client.get("InvocationsTimeoutInSeconds") or 600),
            retries=int(client.get("InvocationsMaxRetries", 3)),
        ),
        processing=processing,
    )


def media_of(content_type: str) -> str:
    """The type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _time_of(job: dict[str, Any]) -> str:
    """When the job was begun, as it stands beside inference ids."""
    begun = job.get("started") or job.get("created") or 0
    if isinstance(begun, str):
        return begun
    return datetime.fromtimestamp(float(begun), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
