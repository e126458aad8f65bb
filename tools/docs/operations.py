"""docs/operations.md: what is answered, beside what botocore knows of each service."""

from dataclasses import dataclass

import botocore.session

from argosy.api.handlers import import_handlers
from argosy.services import registry
from argosy.services.sagemaker import refusals

INTRODUCTION = """# Operations

What Argosy answers today. An operation that is not listed answers `UnknownOperationException` (S3:
`NotImplemented`) with its name; nothing is answered that was not done. Which members of a listed
operation are refused stands below it; what else differs from SageMaker is in
[limits.md](limits.md).

The second number is how many operations the service has in botocore {version}.

| Service | Offered | Of |
|---|---:|---:|
"""


@dataclass(frozen=True)
class Service:
    """One AWS service: its name in botocore, what is answered, and who answers if not control."""

    name: str
    offered: list[str]
    remark: str = ""


RUNTIME = Service(
    "sagemaker-runtime",
    ["InvokeEndpoint", "InvokeEndpointWithResponseStream"],
    "Answered by the edge, without control or the database.",
)

STORE_REMARK = (
    "Every other call goes to the object store behind the edge (SeaweedFS, or the S3 named by "
    "`s3_endpoint`) as it came: buckets, objects, multipart uploads, presigned URLs and what else "
    "that store offers. These are kept in Argosy's own records instead:"
)


def page() -> str:
    """The whole page. Raises KeyError when an offered operation is unknown to botocore."""
    session = botocore.session.get_session()
    lines = [INTRODUCTION.format(version=botocore.__version__)]
    services = _services()
    totals = {s.name: _known(session, s) for s in services}
    lines += [_row(service, totals[service.name]) for service in services]
    lines += [_section(service) for service in services]
    return "".join(lines)


def _services() -> list[Service]:
    import_handlers()
    remarks = {"s3": STORE_REMARK}
    found = [Service(n, ops, remarks.get(n, "")) for n, ops in registry.offered().items()]
    return sorted([*found, RUNTIME], key=lambda service: service.name)


def _known(session: botocore.session.Session, service: Service) -> int:
    """How many operations the service has; every offered one must be among them."""
    known = set(session.get_service_model(service.name).operation_names)
    strange = set(service.offered) - known
    if strange:
        raise KeyError(f"{service.name} has no operation {', '.join(sorted(strange))}")
    return len(known)


def _row(service: Service, total: int) -> str:
    offered = "passed on" if service.name == "s3" else str(len(service.offered))
    return f"| [{service.name}](#{service.name}) | {offered} | {total} |\n"


def _section(service: Service) -> str:
    remark = f"{service.remark}\n\n" if service.remark else ""
    items = "".join(_item(service.name, name) for name in service.offered)
    return f"\n## {service.name}\n\n{remark}{items}"


def _item(service: str, name: str) -> str:
    return f"* `{name}`{_meaning(service, name)}\n{_refused(service, name)}"


def _refused(service: str, name: str) -> str:
    """Which members ask for what this version cannot do: feature, then where it is asked for."""
    places: dict[str, list[str]] = {}
    for line in refusals._TABLE.get(name, ()) if service == "sagemaker" else ():
        places.setdefault(line.feature, []).append(f"`{line.path.split('.')[-1]}`")
    return "".join(
        f"  * refuses {feature}: {', '.join(dict.fromkeys(members))}\n"
        for feature, members in places.items()
    )


def _meaning(service: str, name: str) -> str:
    """The first line of the handler's docstring, if it has one."""
    handler = registry.find(service, name)
    text = ((handler and handler.__doc__) or "").strip().split("\n\n")[0]
    return f": {' '.join(text.split())}" if text else ""
