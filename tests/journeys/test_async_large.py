"""A payload of 300 MB through an asynchronous endpoint: nobody but the model holds it."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.async_endpoints import BUCKET, deploy_async, key_of
from tests.support.endpoints import classifier, model_archive, until

from argosy.testing import Platform

SIZE = 300 << 20
MOST_MORE_MB = 40
"""What edge, control and porter may grow by: a fraction of the payload."""

ECHO = """
def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body

def predict_fn(data, model):
    return data

def output_fn(prediction, accept):
    return bytes(prediction), "application/x-echo"
"""


@pytest.fixture
def served() -> Iterator[Platform]:
    with Platform() as platform:
        archive = model_archive(classifier(), inference=ECHO)
        deploy_async(platform, "large", archive, SAGEMAKER_PROGRAM="inference.py")
        yield platform


def carriers(platform: Platform) -> dict[str, int]:
    """Peak memory, MiB, of the platform's edge, control and porter."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            ours = str(platform.data_dir) in (entry / "environ").read_bytes().decode("latin-1")
            status = (entry / "status").read_text()
        except (OSError, UnicodeDecodeError):
            continue
        for kind in ("argosy.edge", "argosy.api", "argosy.agent.porter"):
            if ours and kind in words:
                found[kind] = int(status.partition("VmHWM:")[2].split()[0]) >> 10
    return found


def test_a_large_payload_and_answer_pass_in_pieces(served: Platform) -> None:
    s3, runtime = served.client("s3"), served.client("sagemaker-runtime")
    payload = hashlib.shake_256(b"payload").digest(1 << 20) * (SIZE >> 20)
    s3.upload_fileobj(io.BytesIO(payload), BUCKET, "in/large")
    before = until(lambda: len(found := carriers(served)) == 3 and found)
    answer = runtime.invoke_endpoint_async(
        EndpointName="large", InputLocation=f"s3://{BUCKET}/in/large"
    )
    key = key_of(answer["OutputLocation"])
    until(lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"], 200)

    digest, stored = hashlib.sha256(), s3.get_object(Bucket=BUCKET, Key=key)
    for piece in stored["Body"].iter_chunks(1 << 20):
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(payload).digest()
    assert stored["ContentType"] == "application/x-echo"
    grown = {kind: peak - before[kind] for kind, peak in carriers(served).items()}
    assert max(grown.values()) < MOST_MORE_MB, grown
