"""One instance's part of a training or processing job: what it is to do, and what came of it.

Plain data, JSON in `InstanceSpec.job` (control says) and `InstanceState.outcome` (the agent says).
The image and its Environment stand in the instance's one `ContainerSpec`. Paths are those that the
algorithm sees. Nothing is decided here but which loopback address a host has.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

TRAINING = "training"
PROCESSING = "processing"

FILE, FAST_FILE, PIPE = "File", "FastFile", "Pipe"
PREFIX, MANIFEST, AUGMENTED = "S3Prefix", "ManifestFile", "AugmentedManifestFile"

BASE_DIR = "/opt/ml"
MODEL_DIR = "/opt/ml/model"
OUTPUT_DIR = "/opt/ml/output/data"
WARM_DIR = "/opt/ml/sagemaker/warmpoolcache"
STOP_GRACE_S = 120.0
"""From SIGTERM to SIGKILL (reference/container-contract.md §6)."""
MOST_FAILURE = 1024
"""Characters of FailureReason and ExitMessage."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Input from S3: a channel of a training job, an input of a processing job."""

    name: str
    uri: str
    """A prefix of keys, or the object that is the manifest."""
    kind: str = PREFIX
    """S3Prefix, ManifestFile or AugmentedManifestFile."""
    mode: str = FILE
    """File, FastFile or Pipe."""
    local_path: str = ""
    """Where it lies (File, FastFile), or what its FIFOs' names begin with (Pipe: `<path>_<epoch>`);
    "" means /opt/ml/input/data/<name>."""
    attributes: tuple[str, ...] = ()
    """AttributeNames of an augmented manifest, in order."""
    sharded: bool = False
    """ShardedByS3Key: each of the job's hosts has its share of the objects."""
    gzip: bool = False
    """CompressionType Gzip: what the FIFOs give is unpacked."""
    recordio: bool = False
    """RecordWrapperType RecordIO: each object (or attribute) is wrapped as one record."""
    content_type: str = ""
    shuffle_seed: int | None = None
    """ShuffleConfig.Seed: another order in every epoch."""
    told: dict[str, str] = field(default_factory=dict)
    """Its entry in inputdataconfig.json; {} means what the members above say."""

    @property
    def path(self) -> str:
        return self.local_path or f"{BASE_DIR}/input/data/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A folder of the algorithm's that goes to S3."""

    local_path: str
    uri: str
    """The object's URI when `packed`, else the prefix that the files go below."""
    packed: bool = False
    """As one .tar.gz of all hosts' files together; else file by file, each host its own."""
    continuous: bool = False
    """While the algorithm runs, too; only where not packed."""
    after_failure: bool = False
    """Also when the algorithm failed."""
    optional: bool = False
    """Nothing is written when there are no files."""


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """A folder that is filled from S3 at the start and kept the same there while the job runs."""

    uri: str
    local_path: str = "/opt/ml/checkpoints"


@dataclass(frozen=True, kw_only=True)
class InstanceGroup:
    """Hosts of one instance type, in a job that has several kinds."""

    name: str
    instance_type: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What one host of a job does."""

    kind: str
    """TRAINING or PROCESSING."""
    name: str
    arn: str
    host: str = "algo-1"
    hosts: tuple[str, ...] = ("algo-1",)
    addresses: dict[str, str] = field(default_factory=dict)
    """Host → its loopback address (`addresses_of`)."""
    peers: dict[str, str] = field(default_factory=dict)
    """Host → instance id, all hosts; needed where something is packed and there are several.
    The first host packs for all: it waits until the others are over, and reads their folders."""
    instance_type: str = "ml.m5.large"
    groups: tuple[InstanceGroup, ...] = ()
    """InstanceGroups; () for a job whose hosts are all alike."""
    entrypoint: tuple[str, ...] = ()
    """ContainerEntrypoint, in place of the image's; () means that."""
    arguments: tuple[str, ...] | None = None
    """ContainerArguments, in place of the image's; None means `train` for training and, for
    processing, what the image has."""
    hyperparameters: dict[str, str] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    uploads: tuple[Upload, ...] = ()
    checkpoints: Checkpoints | None = None
    config: dict[str, Any] = field(default_factory=dict)
    """Content of /opt/ml/config/processingjobconfig.json (processing only)."""
    max_runtime_s: float = 0.0
    """Seconds from the algorithm's start until it is stopped; 0 means no limit here."""
    stop_grace_s: float = STOP_GRACE_S
    volume_bytes: int = 0
    """What the job may have on disk; 0 means no limit but the disk's."""
    warm_folder: str = ""
    """Folder of the machine that a warm pool keeps between jobs, seen at WARM_DIR; "" for none."""

    @property
    def is_first(self) -> bool:
        return self.host == self.hosts[0]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "JobSpec":
        checkpoints, arguments = value.get("checkpoints"), value.get("arguments")
        return cls(
            **{
                **value,
                "hosts": tuple(value["hosts"]),
                "groups": tuple(_group(one) for one in value.get("groups", ())),
                "entrypoint": tuple(value["entrypoint"]),
                "arguments": None if arguments is None else tuple(arguments),
                "channels": tuple(_channel(one) for one in value["channels"]),
                "uploads": tuple(Upload(**one) for one in value["uploads"]),
                "checkpoints": Checkpoints(**checkpoints) if checkpoints else None,
            }
        )


@dataclass(frozen=True, kw_only=True)
class Written:
    """An object that was written."""

    uri: str
    size: int
    etag: str


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """What came of one host's part, once its phase is DONE."""

    exit_code: int | None = None
    """The algorithm's, 128 + n when signal n ended it; None when it was never started or, stopped,
    did not end within the grace."""
    failure: str = ""
    """FailureReason, "" when nothing failed (a job that was stopped has not failed)."""
    message: str = ""
    """A processing job's ExitMessage."""
    stopped: bool = False
    """It was told to stop before it had ended by itself."""
    overdue: bool = False
    """It was stopped because `max_runtime_s` was over."""
    uploaded: tuple[Written, ...] = ()
    """Checkpoints are not among them."""
    started: float = 0.0
    """When the algorithm was started (seconds since the epoch), 0.0 for never."""
    ended: float = 0.0
    """When it had ended; uploading follows."""
    downloaded_bytes: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "JobOutcome":
        return cls(**{**value, "uploaded": tuple(Written(**one) for one in value["uploaded"])})


def host_names(count: int) -> tuple[str, ...]:
    """("algo-1", "algo-2", …)."""
    return tuple(f"algo-{number}" for number in range(1, count + 1))


def addresses_of(job_id: str, hosts: Iterable[str]) -> dict[str, str]:
    """A loopback address for each host, the same each time, and another one for every job id.

    None is 127.0.0.1 or .0 and .255 of a net.
    """
    found: dict[str, str] = {}
    for host in hosts:
        number, taken = 0, set(found.values())
        while (address := _address(f"{job_id}/{host}/{number}")) in taken:
            number += 1
        found[host] = address
    return found


def _address(name: str) -> str:
    one, two, three = hashlib.sha256(name.encode()).digest()[:3]
    return f"127.{1 + one % 254}.{two}.{1 + three % 254}"


def _group(value: dict[str, Any]) -> InstanceGroup:
    return InstanceGroup(**{**value, "hosts": tuple(value["hosts"])})


def _channel(value: dict[str, Any]) -> Channel:
    return Channel(**{**value, "attributes": tuple(value["attributes"])})
