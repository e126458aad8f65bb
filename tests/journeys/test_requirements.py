"""Models that bring requirements of their own, by boto3 on a whole platform."""

from pathlib import Path

from tests.support.endpoints import archive, attempt, deploy, until
from tests.support.wheels import wheel

from argosy.testing import Platform

SCRIPT = b"""
import pricing
def model_fn(folder):
    return None
def transform_fn(model, body, content_type, accept):
    return str(pricing.price(float(body))), "text/csv"
"""


def packed(tmp_path: Path, requirement: str) -> bytes:
    """An archive whose script needs a package, which lies in a folder of the archive."""
    made = wheel(tmp_path, "pricing", "1.4", "def price(amount): return amount * 2")
    requirements = f"--no-index\n--find-links ./wheels\n{requirement}\n"
    return archive(
        {
            "code/inference.py": SCRIPT,
            "code/requirements.txt": requirements.encode(),
            f"code/wheels/{made.name}": made.read_bytes(),
        }
    )


def messages(platform: Platform, endpoint: str) -> list[str]:
    logs = platform.client("logs")
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]


def test_a_model_is_served_with_the_packages_it_requires(
    platform: Platform, tmp_path: Path
) -> None:
    deploy(platform, "requiring", packed(tmp_path, "pricing>=1"))

    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="requiring", ContentType="text/csv", Body="21"
    )

    assert answer["Body"].read() == b"42.0"
    assert " + pricing==1.4" in messages(platform, "requiring")


def test_requirements_that_cannot_be_met_fail_the_endpoint_and_say_why(
    platform: Platform, tmp_path: Path
) -> None:
    described = attempt(platform, "demanding", packed(tmp_path, "pricing>=2"))

    assert described["EndpointStatus"] == "Failed"
    assert "pricing>=2" in described["FailureReason"]
    until(lambda: any("pricing>=2" in line for line in messages(platform, "demanding")))
