"""The endpoints that a job deploys for its tests, and those it finds."""

from argosy.ground.names import sagemaker_arn
from argosy.state import endpoints as ep
from argosy.state.endpoints import EndpointDocument
from argosy.state.recommendations import Test
from argosy.state.records import Record, Records
from argosy.state.state_changes import announce

ENDPOINT = "endpoint"


def find(records: Records, job: Record, test: Test) -> Record | None:
    return records.get(ENDPOINT, job.account, job.region, test["endpoint"])


def deploy(records: Records, job: Record, test: Test, now: float) -> None:
    """Have the test's endpoint brought up, unless it is there."""
    name, deployment = test["endpoint"], test["deployment"]
    if deployment is None or find(records, job, test) is not None:
        return
    document: EndpointDocument = {
        "name": name,
        "arn": sagemaker_arn(job.region, job.account, ENDPOINT, name),
        "failure_reason": "",
        "live": None,
        "pending": deployment,
        "last_deployment_config": None,
    }
    with records.transaction():
        made = records.create(
            ENDPOINT, job.account, job.region, name, dict(document), now=now, status=ep.CREATING
        )
        announce(records, made, now)


def remove(records: Records, job: Record, test: Test, now: float) -> None:
    """Have the endpoint that was deployed for the test go."""
    record = find(records, job, test)
    if test["deployment"] is None or record is None or record.status == ep.DELETING:
        return
    with records.transaction():
        changed = records.update(record, now=now, status=ep.DELETING)
        announce(records, changed, now, record)


def instances_of(record: Record) -> int:
    """How many instances the endpoint has, of all its variants."""
    live = record.document["live"]
    return sum(variant["current_count"] for variant in live["variants"]) if live else 0
