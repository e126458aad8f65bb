"""What control asks of a compute backend, and what an agent tells about itself.

Plain data, shared by control, the compute backends and the agent; written as JSON to an
instance's folder (`spec.json` by the backend, `state.json` by the agent).
"""

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, TypedDict

from argosy.ground.jobs import JobOutcome, JobSpec
from argosy.ground.machines import MachineSpec
from argosy.ground.time_limits import answer_limit_s, startup_limit_s
from argosy.ground.work import Work

SPEC_FILE = "spec.json"
"""What was asked for; an instance folder without it is not listed."""
STATE_FILE = "state.json"
"""What the agent last said of itself."""
AGENT_FILE = "agent.json"
"""Which process the agent is: {"pid": …, "start_ticks": …}."""
SPARE_FILE = "spare.json"
"""In the folder of a warm spare only: {"runtime": …, "digest": …, "ready": …}."""
CONTAINER_FILE = "process.json"
"""Which process a container engine runs as the container: {"pid": …, "start_ticks": …}."""
STOPPING_FILE = "stopping"
"""There once the instance was asked to go."""
WAS_STOPPED = "It was stopped."
"""`InstanceState.reason` of one that is gone because somebody wanted that."""


PROGRAM = "program"
"""`ContainerSpec.runtime` of a container that is a program of the user's, not a runtime of ours."""


def member_id(instance_id: str, number: int) -> str:
    """Id of a container's own agent, among several of one instance; numbers begin with 1."""
    return f"{instance_id}.{number}"


def group_of(instance_id: str) -> str:
    """The instance that a container's agent belongs to; "" when it is an instance itself."""
    return instance_id.rpartition(".")[0]


class Phase(StrEnum):
    """Where an instance is in its life."""

    PENDING = "Pending"
    DOWNLOADING = "Downloading"
    STARTING = "Starting"
    IN_SERVICE = "InService"
    """It answers; of a job: the algorithm runs."""
    STOPPING = "Stopping"
    UPLOADING = "Uploading"
    """Of a job: the algorithm has ended, and its outputs go to S3."""
    DONE = "Done"
    """Of a job: it is over, well or not; `outcome` says how. Its agent is no more.
    Of a machine: a program in it has switched it off."""
    FAILED = "Failed"
    """It will never serve: `reason` says why (artifact missing, model does not load, …)."""
    GONE = "Gone"
    """Its agent is dead without having said why (kill -9, out of memory, reboot)."""


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """How to reach objects: an HTTP(S) URL, or a Unix socket with `url` as its Host."""

    url: str
    region: str
    access_key_id: str
    secret_access_key: str
    socket: str = ""


class StoredBlob(TypedDict):
    """Content that the registry holds: where, and what proves it; size in bytes."""

    uri: str
    digest: str
    size: int


class PulledImage(TypedDict):
    """An image of the registry, as its manifest has it."""

    digest: str
    """Hexadecimal; names the folder that it is unpacked to."""
    resolved: str
    """The image's name with the digest that its tag meant."""
    config: StoredBlob
    layers: list[StoredBlob]
    """From the lowest up."""


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """One container of a model: what a `docker run … serve` would be given."""

    name: str
    """The container's host name; "primary" for a model's only container."""
    image: str
    runtime: str
    """Name in the table of `argosy.runtimes` that serves this image, e.g. "sklearn"."""
    environment: dict[str, str] = field(default_factory=dict)
    model_data_url: str = ""
    """S3 URI of one .tar.gz, or "" for none; a prefix that ends in "/" when `multi_model`."""
    packed: bool = True
    """Else the model data is taken as it is: one object, or all below a prefix ending in "/"."""
    multi_model: bool = False
    """It serves whichever models lie under the prefix, loaded when they are called."""
    caches_models: bool = True
    """Models stay loaded after a call (MultiModelConfig.ModelCacheSetting)."""
    image_folder: str = ""
    """Folder of the user's own program, when `runtime` is PROGRAM."""
    command: list[str] = field(default_factory=lambda: ["serve"])
    """What is run of it: a program on its PATH, and arguments."""
    engine: str = ""
    """Socket of the container engine that runs the image, if one does; `runtime` is PROGRAM."""
    pulled: PulledImage | None = None
    """What `image_folder` is unpacked from, when the image is one of the registry's."""


@dataclass(frozen=True, kw_only=True)
class InstanceSpec:
    """Everything an agent needs to bring up one instance and keep it."""

    instance_id: str
    account: str
    region: str
    zone: str
    owner: str
    """What the instance belongs to: kind and name of a record, "endpoint/<name>"."""
    deployment: str
    """Id of the deployment (one endpoint config rolled out once) it was launched for."""
    variant: str
    containers: tuple[ContainerSpec, ...]
    """One or more; requests pass through all of them, or go to one by name (see the table)."""
    log_group: str
    log_stream: str
    store: StoreAccess
    network_isolation: bool = False
    download_timeout_s: float = 600.0
    startup_timeout_s: float = 240.0
    model_timeout_s: float = 60.0
    created: float = 0.0
    max_answer_mb: int = 0
    """Largest answer of a user's program, MiB; 0 means what invocations may have."""
    work: Work | None = None
    """What the instance pulls by itself; None where it is only asked by edges."""
    job: JobSpec | None = None
    """What the instance runs to an end, instead of serving."""
    machine: MachineSpec | None = None
    """It is a machine, on which programs of the user's run."""

    @property
    def owner_kind(self) -> str:
        """The kind of record it belongs to."""
        return self.owner.partition("/")[0]

    @property
    def container(self) -> ContainerSpec:
        """The first container, for most models the only one."""
        return self.containers[0]

    @property
    def answers_within_s(self) -> float:
        """Seconds after which the first container's model is late. A user's program reads its
        own variables."""
        if self.container.runtime == PROGRAM:
            return self.model_timeout_s
        return answer_limit_s(self.container.environment, self.model_timeout_s)

    @property
    def loads_within_s(self) -> float:
        """Seconds that the first container's model may take to load."""
        if self.container.runtime == PROGRAM:
            return self.startup_timeout_s
        return startup_limit_s(self.container.environment, self.startup_timeout_s)

    def members(self) -> list["InstanceSpec"]:
        """An instance of several containers as specs of one container each.

        Each has an agent of its own; the instance's agent starts and watches those.
        """
        return [
            replace(
                self,
                instance_id=member_id(self.instance_id, number),
                containers=(container,),
                work=None,
                log_stream=f"{self.log_stream}/{container.name}",
            )
            for number, container in enumerate(self.containers, 1)
        ]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "InstanceSpec":
        return cls(
            **{
                **value,
                "containers": tuple(ContainerSpec(**one) for one in value["containers"]),
                "store": StoreAccess(**value["store"]),
                "job": JobSpec.from_json(value["job"]) if value.get("job") else None,
                "machine": MachineSpec.from_json(value["machine"])
                if value.get("machine")
                else None,
            }
        )


@dataclass(frozen=True, kw_only=True)
class InstanceState:
    """What the agent last said (state.json)."""

    phase: Phase
    reason: str = ""
    """One sentence, then the last lines of the log, when the phase is FAILED."""
    agent_pid: int = 0
    agent_start_ticks: int = 0
    """Field 22 of /proc/PID/stat: with the pid it names one process for ever."""
    worker_pid: int = 0
    addresses: tuple[str, ...] = ()
    """Where edges connect, one for each container: "unix:/path/of/socket" (frames)."""
    updated: float = 0.0
    in_service_since: float = 0.0
    outcome: JobOutcome | None = None
    """Of a job, once it is DONE."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "InstanceState":
        outcome = value.get("outcome")
        return cls(
            **{
                **value,
                "phase": Phase(value["phase"]),
                "addresses": tuple(value.get("addresses", ())),
                "outcome": JobOutcome.from_json(outcome) if outcome else None,
            }
        )


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance as a compute backend lists it: what was asked for and how it is."""

    spec: InstanceSpec
    state: InstanceState

    @property
    def alive(self) -> bool:
        return self.state.phase not in (Phase.FAILED, Phase.GONE, Phase.DONE)

    @property
    def in_service(self) -> bool:
        return self.state.phase is Phase.IN_SERVICE
