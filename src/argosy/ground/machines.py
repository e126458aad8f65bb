"""A machine that runs programs of the user's for as long as it is on: what its agent is told.

A notebook instance or an EC2 instance. Plain data, part of an `InstanceSpec`. Nothing here says
what such a machine means to AWS: names of states and texts are those of whoever launches it.
"""

from dataclasses import dataclass, field
from typing import Any

RUNTIME = "machine"
"""`ContainerSpec.runtime` of the one container that a machine's spec has."""

JUPYTER = "jupyter"
"""In an instance's folder: the id of control's wish that JupyterLab run in it. Once it does, the
instance's addresses are where it listens ("unix:/path") and that id."""
INSIDE = "inside"
"""In an instance's folder: what the machine reads at `INSIDE_DIR`."""
INSIDE_DIR = "/run/argosy"
SOCKETS_DIR = "/run/jupyter"
"""Where a machine with a site sees its own folder of sockets."""
CREDENTIALS_FILE = "credentials.json"
"""In INSIDE: what `credential_process` prints. Control writes it anew before it expires."""

HOME = "/home/ec2-user"
SAGEMAKER_DIR = f"{HOME}/SageMaker"


@dataclass(frozen=True, kw_only=True)
class Script:
    """One of the scripts that run, in order, before the machine is in service."""

    name: str
    text: str
    stream: str
    """Log stream that takes what it and what it started print."""
    once: bool = False
    """Not again on this volume once it has ended well or, unless `required`, was begun."""
    limit_s: float = 300.0
    """How long it may take, if it is `required`."""
    required: bool = True
    """The machine fails with it; and waits for it, as it does not for one that is not."""
    failed: str = ""
    """What to say when it fails."""
    late: str = ""
    """What to say when its time is up."""


@dataclass(frozen=True, kw_only=True)
class MachineSpec:
    """One start of a machine."""

    kind: str
    host_name: str
    volume: str
    """Folder that is kept from one start to the next."""
    volume_at: str
    """Where the machine sees it: "/" is all that it can write."""
    scripts: tuple[Script, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, Any] = field(default_factory=dict)
    """As `credential_process` says them; {} for a machine without a role."""
    metadata: dict[str, str] = field(default_factory=dict)
    """/opt/ml/metadata/resource-metadata.json; {} for none."""
    site: str = ""
    """The path below which its JupyterLab is served; "" for a machine that has none."""
    file_gb: int = 0
    """Largest file, GiB; 0 means no limit."""
    grace_s: float = 10.0
    """What its processes have to end by themselves."""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "MachineSpec":
        return cls(**{**value, "scripts": tuple(Script(**one) for one in value["scripts"])})
