"""Names of images: which of them mean this platform's registry."""

import pytest

from argosy.oci.names import Owner
from argosy.oci.references import hosts_of, parse

CALLER = Owner("123456789012", "us-east-1")
HOSTS = hosts_of(8790, "argosy.lan:8790")
DIGEST = "sha256:" + "0a" * 32
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("image", "region", "repository", "reference"),
    [
        ("127.0.0.1:8790/team/model:1.0", "us-east-1", "team/model", "1.0"),
        ("localhost:8790/model", "us-east-1", "model", "latest"),
        ("argosy.lan:8790/model@" + DIGEST, "us-east-1", "model", DIGEST),
        (f"{ECR}/model:1", "eu-west-1", "model", "1"),
        (f"{ECR}/team/model:1@{DIGEST}", "eu-west-1", "team/model", DIGEST),
    ],
)
def test_an_image_of_ours_is_found_by_tag_or_digest(
    image: str, region: str, repository: str, reference: str
) -> None:
    found = parse(image, CALLER, HOSTS)

    assert found is not None
    assert found.owner == Owner(CALLER.account, region)
    assert (found.repository, found.reference) == (repository, reference)
    assert found.base == image.partition("@")[0].removesuffix(f":{reference}").removesuffix(":1")


@pytest.mark.parametrize(
    "image",
    [
        "model:1",
        "team/model:1",
        "127.0.0.1:8791/model",
        "docker.io/library/python:3",
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/model:1",
        f"{ECR}.example.com/model:1",
        f"{ECR}/UPPER:1",
        f"{ECR}/model:",
        f"{ECR}/model@sha256:0a",
        f"{ECR}/",
        "",
    ],
)
def test_other_names_are_somebody_elses(image: str) -> None:
    assert parse(image, CALLER, HOSTS) is None
