"""What a kind of machine is to the reconciler: its records, its words, how it is launched."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from argosy.control.machines.deciding import Plan
from argosy.control.means import Means
from argosy.ground.inside import SESSION_S, Credentials, own_endpoint
from argosy.ground.instances import ContainerSpec, InstanceSpec
from argosy.ground.machines import RUNTIME, MachineSpec
from argosy.ground.names import new_instance_id
from argosy.state.machines import State
from argosy.state.record import Record


class Kind(Protocol):
    """One kind of machine; stateless."""

    @property
    def kind(self) -> str:
        """Of its records; `InstanceSpec.owner` is this and the record's name."""
        ...

    @property
    def states(self) -> Mapping[str, State]:
        """What the statuses of its records mean."""
        ...

    def status(self, state: State) -> str:
        """What it calls that state; "" where no record is left."""
        ...

    def machine(self, means: Means, record: Record) -> MachineSpec:
        """What to launch, without credentials. Raises CannotLaunch."""
        ...

    def log_group(self, record: Record) -> str: ...

    def role(self, record: Record) -> str:
        """ARN of the role that programs in it have; "" for none."""
        ...

    def adjusted(self, record: Record, plan: Plan) -> Plan:
        """The plan as this kind has it."""
        ...

    def document(self, record: Record, plan: Plan, now: float) -> dict[str, Any]:
        """The record's document, with what the plan says."""
        ...

    def changed(self, means: Means, before: Record, after: Record, now: float) -> None:
        """Tell of another status, within its commit."""
        ...

    def removed(self, means: Means, record: Record, now: float) -> None:
        """It is gone, and its volume too."""
        ...

    def forgotten(self, means: Means, now: float) -> None:
        """Remove records that nobody shall see any more."""
        ...


class CannotLaunch(Exception):
    """It can never be started as it is; the message says why."""


def owner_of(record: Record) -> str:
    """What `InstanceSpec.owner` holds."""
    return f"{record.kind}/{record.name}"


def spec_for(
    means: Means, kind: Kind, record: Record, machine: MachineSpec, now: float
) -> InstanceSpec:
    """The spec of a start."""
    return InstanceSpec(
        instance_id=new_instance_id(),
        account=record.account,
        region=record.region,
        zone=f"{record.region}a",
        owner=owner_of(record),
        deployment=record.document["machine"]["boot"],
        variant="",
        containers=(ContainerSpec(name=machine.host_name, image="", runtime=RUNTIME),),
        log_group=kind.log_group(record),
        log_stream=machine.host_name,
        store=means.store,
        created=now,
        machine=machine,
    )


def environment(means: Means, region: str) -> dict[str, str]:
    """How programs in it find the platform."""
    return {
        "AWS_ENDPOINT_URL": own_endpoint(means.settings),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def credentials(means: Means, record: Record, role: str) -> dict[str, Any]:
    """The role's credentials as a `credential_process` prints them."""
    if not role:
        return {}
    given = means.sessions.of_role(record.account, role, session_name(record), SESSION_S)
    return _as_printed(given)


def session_name(record: Record) -> str:
    """What the session is called: SageMaker's notebooks call it so."""
    return "SageMaker" if record.kind.startswith("notebook") else record.name


def _as_printed(given: Credentials) -> dict[str, Any]:
    return {
        "Version": 1,
        "AccessKeyId": given.access_key_id,
        "SecretAccessKey": given.secret_access_key,
        "SessionToken": given.session_token,
        "Expiration": datetime.fromtimestamp(given.expiration, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
