"""What the platform says about its instances, and a blow to one of them.

SageMaker has no call for this, so it is the one place where the demo uses Argosy's own status page
(the one `argosy status` prints), signed like every other request.
"""

import json
import os
import signal
import time
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session


def instances(endpoint: str, variant: str) -> list[dict[str, Any]]:
    """The variant's instances: id, zone, phase, agent_pid, worker_pid."""
    for entry in _status()["endpoints"]:
        if entry["name"] == endpoint:
            return [i for v in entry["variants"] if v["name"] == variant for i in v["fleet"]]
    return []


def kill_one(endpoint: str, variant: str) -> str:
    """SIGKILL the process that holds the model of one instance; returns the instance's id."""
    victim = instances(endpoint, variant)[0]
    os.kill(victim["worker_pid"], signal.SIGKILL)
    return str(victim["id"])


def wait_replaced(endpoint: str, variant: str, dead: str, count: int, patience: float) -> float:
    """Seconds until `count` instances other than `dead` are in service.

    Raises TimeoutError after `patience` seconds.
    """
    started = time.monotonic()
    while time.monotonic() - started < patience:
        fleet = instances(endpoint, variant)
        if sum(i["phase"] == "InService" and i["id"] != dead for i in fleet) >= count:
            return time.monotonic() - started
        time.sleep(0.05)
    raise TimeoutError(f"instance {dead} was not replaced within {patience:.0f} s")


def _status() -> dict[str, Any]:
    session = boto3.Session()
    request = AWSRequest("GET", os.environ["AWS_ENDPOINT_URL"] + "/_argosy/status")
    SigV4Auth(session.get_credentials(), "sagemaker", session.region_name).add_auth(request)
    response = URLLib3Session().send(request.prepare())
    if response.status_code != 200:
        raise RuntimeError(f"{request.url}: {response.status_code} {response.text}")
    return dict(json.loads(response.content))
