"""Models whose image is in this platform's registry: found, refused, and written down."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.agent.image_config import machine
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.oci import layers
from argosy.oci.names import Owner
from tests.support.api_client import ApiServer
from tests.support.oci_images import Image, digest, index, layer

OWNER = Owner(DEFAULT_ACCOUNT, DEFAULT_REGION)
OURS = Image((layer({"a": b"a"}), layer({"b": b"b"})), architecture=machine())
OTHERS = Image((layer({"b": b"b"}),), architecture="s390x")
ECR = f"{DEFAULT_ACCOUNT}.dkr.ecr.{DEFAULT_REGION}.amazonaws.com"


def put(server: ApiServer, repository: str, manifest: bytes, tag: str, *images: Image) -> None:
    for blob in [blob for image in images for blob in image.blobs]:
        now = server.clock.now()
        layers.link(server.records, OWNER, repository, digest(blob), len(blob), now)
    server.client("ecr").put_image(
        repositoryName=repository, imageManifest=manifest.decode(), imageTag=tag
    )


def create(server: ApiServer, name: str, image: str) -> None:
    server.client("sagemaker").create_model(ModelName=name, PrimaryContainer={"Image": image})


def deploy(server: ApiServer, name: str) -> dict[str, Any]:
    """The endpoint's deployment as it is written down."""
    sagemaker = server.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "v",
                "ModelName": name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    record = server.records.get("endpoint", *OWNER, name)
    assert record is not None
    return dict(record.document["pending"])


@pytest.fixture
def repository(server: ApiServer) -> str:
    server.client("ecr").create_repository(repositoryName="team/model")
    return "team/model"


def test_an_endpoint_writes_down_what_its_images_tag_means_now(
    server: ApiServer, repository: str
) -> None:
    put(server, repository, OURS.manifest, "1", OURS)
    image = f"{ECR}/{repository}:1"
    create(server, "m", image)

    deployment = deploy(server, "m")

    named = digest(OURS.manifest)
    assert deployment["images"] == {image: named.partition(":")[2]}
    pulled = deployment["pulled"][image]
    assert pulled["resolved"] == f"{ECR}/{repository}@{named}"
    assert [one["digest"] for one in pulled["layers"]] == [digest(one) for one in OURS.layers]
    assert pulled["config"]["size"] == len(OURS.config)
    assert pulled["config"]["uri"].startswith("s3://argosy-registry-")


def test_of_an_index_the_image_for_this_machine_is_meant(
    server: ApiServer, repository: str
) -> None:
    put(server, repository, OURS.manifest, "ours", OURS)
    put(server, repository, OTHERS.manifest, "others", OTHERS)
    put(server, repository, index(OTHERS, OURS), "both")
    create(server, "m", f"{ECR}/{repository}:both")

    deployment = deploy(server, "m")

    assert list(deployment["images"].values()) == [digest(OURS.manifest).partition(":")[2]]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (f"{ECR}/team/model:2", "Requested image .*:2 not found.*describe-images"),
        (f"{ECR}/nowhere:1", "Requested image .* not found"),
        (f"{ECR}/team/model:alien", "no variant for this machine"),
        (f"{ECR}/team/model:packed", r"skopeo copy --dest-compress-format gzip"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_refused_when_the_model_is_created(
    server: ApiServer, repository: str, image: str, words: str
) -> None:
    put(server, repository, OTHERS.manifest, "others", OTHERS)
    put(server, repository, index(OTHERS), "alien")
    put(server, repository, OURS.manifest.replace(b"tar+gzip", b"tar+zstd"), "packed", OURS)

    with pytest.raises(ClientError, match=words) as refused:
        create(server, "m", image)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_image_of_ours_goes_before_a_runtime_of_that_name(
    server: ApiServer, repository: str
) -> None:
    image = f"{ECR}/sagemaker-xgboost:1.7-1"
    create(server, "theirs", image)
    server.client("ecr").create_repository(repositoryName="sagemaker-xgboost")
    put(server, "sagemaker-xgboost", OURS.manifest, "1.7-1", OURS)
    create(server, "ours", image)

    assert image in deploy(server, "ours")["pulled"]


def test_a_tag_that_was_deleted_since_leaves_nothing_to_run(
    server: ApiServer, repository: str
) -> None:
    put(server, repository, OURS.manifest, "1", OURS)
    create(server, "m", f"{ECR}/{repository}:1")
    server.client("ecr").batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "1"}])

    assert deploy(server, "m")["images"] == {}
