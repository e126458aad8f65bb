"""ECR through boto3: repositories, images, tags, policies, tokens."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.access import tokens
from argosy.ground.clock import ManualClock
from argosy.ground.files import write_json
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.ground.paths import DataDir
from argosy.oci import layers
from argosy.oci.names import Owner
from tests.support.api_client import ApiServer
from tests.support.oci_images import Image, digest, index, layer

OWNER = Owner(DEFAULT_ACCOUNT, DEFAULT_REGION)
SMALL = Image((layer({"a": b"a"}),))
OTHER = Image((layer({"b": b"b"}),), architecture="arm64")

Refused = Callable[..., str]


@pytest.fixture(scope="module")
def one_ecr(one_server: ApiServer) -> Any:
    return one_server.client("ecr")


@pytest.fixture
def ecr(server: ApiServer, one_ecr: Any) -> Any:
    return one_ecr


@pytest.fixture
def push(server: ApiServer, ecr: Any) -> Callable[..., str]:
    """Put an image whose layers are there; returns its digest."""

    def push(repository: str, image: Image, tag: str = "", **more: str) -> str:
        for blob in image.blobs:
            layers.link(
                server.records, OWNER, repository, digest(blob), len(blob), server.clock.now()
            )
        asked = {"imageTag": tag} if tag else {}
        ecr.put_image(
            repositoryName=repository, imageManifest=image.manifest.decode(), **asked, **more
        )
        return digest(image.manifest)

    return push


def test_a_repository_is_created_described_and_deleted(server: ApiServer, ecr: Any) -> None:
    made = ecr.create_repository(repositoryName="team/model")["repository"]

    assert made["repositoryArn"] == "arn:aws:ecr:us-east-1:000000000000:repository/team/model"
    assert made["repositoryUri"] == server.url.removeprefix("http://") + "/team/model"
    assert made["imageTagMutability"] == "MUTABLE"
    assert ecr.describe_repositories()["repositories"] == [made]
    ecr.delete_repository(repositoryName="team/model")
    assert ecr.describe_repositories()["repositories"] == []


def test_a_name_is_taken_once_and_a_missing_one_is_said_so(ecr: Any, refused: Refused) -> None:
    ecr.create_repository(repositoryName="model")

    taken = refused(
        ecr.create_repository, "RepositoryAlreadyExistsException", repositoryName="model"
    )
    gone = refused(
        ecr.describe_repositories, "RepositoryNotFoundException", repositoryNames=["none"]
    )

    assert taken == (
        "The repository with name 'model' already exists in the registry with id '000000000000'"
    )
    assert gone == (
        "The repository with name 'none' does not exist in the registry with id '000000000000'"
    )


def test_repositories_come_in_pages_and_differ_by_region(server: ApiServer, ecr: Any) -> None:
    for name in ("aa", "bb", "cc"):
        ecr.create_repository(repositoryName=name)

    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2})
    elsewhere = server.client("ecr", region="eu-central-1")

    assert [[r["repositoryName"] for r in page["repositories"]] for page in pages] == [
        ["aa", "bb"],
        ["cc"],
    ]
    assert elsewhere.describe_repositories()["repositories"] == []


def test_an_image_is_put_listed_and_got_as_it_was(ecr: Any, push: Callable[..., str]) -> None:
    ecr.create_repository(repositoryName="model")
    put = push("model", SMALL, "1.0")

    (detail,) = ecr.describe_images(repositoryName="model")["imageDetails"]
    (got,) = ecr.batch_get_image(repositoryName="model", imageIds=[{"imageTag": "1.0"}])["images"]

    assert (detail["imageDigest"], detail["imageTags"]) == (put, ["1.0"])
    assert detail["imageSizeInBytes"] == sum(len(blob) for blob in SMALL.blobs)
    assert got["imageManifest"] == SMALL.manifest.decode()
    assert ecr.list_images(repositoryName="model")["imageIds"] == [
        {"imageDigest": put, "imageTag": "1.0"}
    ]


def test_an_image_needs_its_layers_and_its_own_digest(ecr: Any, refused: Refused) -> None:
    ecr.create_repository(repositoryName="model")
    manifest = SMALL.manifest.decode()
    asked = {"repositoryName": "model", "imageManifest": manifest}

    lacking = refused(ecr.put_image, "LayersNotFoundException", **asked)
    refused(
        ecr.put_image,
        "ImageDigestDoesNotMatchException",
        **asked,
        imageDigest="sha256:" + "0" * 64,
    )
    refused(ecr.put_image, "InvalidParameterException", repositoryName="model", imageManifest="[1]")

    assert digest(SMALL.layers[0]) in lacking


def test_an_image_put_twice_is_there_already_but_may_get_another_tag(
    ecr: Any, push: Callable[..., str], refused: Refused
) -> None:
    ecr.create_repository(repositoryName="model")
    put = push("model", SMALL, "1")

    manifest = SMALL.manifest.decode()
    refused(
        ecr.put_image,
        "ImageAlreadyExistsException",
        repositoryName="model",
        imageManifest=manifest,
        imageTag="1",
    )
    ecr.put_image(repositoryName="model", imageManifest=manifest, imageTag="2")

    (detail,) = ecr.describe_images(repositoryName="model")["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (put, ["1", "2"])


def test_tags_that_may_not_move_stay(ecr: Any, push: Callable[..., str], refused: Refused) -> None:
    ecr.create_repository(repositoryName="model", imageTagMutability="IMMUTABLE")
    first = push("model", SMALL, "1")
    push("model", OTHER, "other")

    said = refused(
        ecr.put_image,
        "ImageTagAlreadyExistsException",
        repositoryName="model",
        imageManifest=OTHER.manifest.decode(),
        imageTag="1",
    )
    ecr.put_image_tag_mutability(
        repositoryName="model",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "oth*"}],
    )
    push("model", SMALL, "other")

    assert "immutable" in said
    assert ecr.describe_images(repositoryName="model", imageIds=[{"imageTag": "other"}])[
        "imageDetails"
    ][0]["imageTags"] == ["1", "other"]
    assert first == digest(SMALL.manifest)


def test_deleting_a_tag_keeps_the_image_until_its_last(ecr: Any, push: Callable[..., str]) -> None:
    ecr.create_repository(repositoryName="model")
    put = push("model", SMALL, "1")
    push("model", SMALL, "2")

    one = ecr.batch_delete_image(repositoryName="model", imageIds=[{"imageTag": "1"}])
    left = ecr.list_images(repositoryName="model")["imageIds"]
    ecr.batch_delete_image(repositoryName="model", imageIds=[{"imageTag": "2"}])

    assert one["imageIds"] == [{"imageDigest": put, "imageTag": "1"}]
    assert left == [{"imageDigest": put, "imageTag": "2"}]
    assert ecr.describe_images(repositoryName="model")["imageDetails"] == []


def test_an_image_in_an_index_is_kept_while_the_index_is_there(
    ecr: Any, push: Callable[..., str]
) -> None:
    ecr.create_repository(repositoryName="model")
    part = push("model", SMALL)
    push("model", OTHER)
    whole = index(SMALL, OTHER)
    ecr.put_image(repositoryName="model", imageManifest=whole.decode(), imageTag="all")

    kept = ecr.batch_delete_image(repositoryName="model", imageIds=[{"imageDigest": part}])
    gone = ecr.batch_delete_image(
        repositoryName="model", imageIds=[{"imageTag": "all"}, {"imageDigest": part}]
    )

    assert kept["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    assert [one["imageDigest"] for one in gone["imageIds"]] == [digest(whole), part]


def test_a_repository_with_images_is_deleted_by_force_only(
    ecr: Any, push: Callable[..., str], refused: Refused
) -> None:
    ecr.create_repository(repositoryName="model")
    push("model", SMALL, "1")

    refused(ecr.delete_repository, "RepositoryNotEmptyException", repositoryName="model")
    ecr.delete_repository(repositoryName="model", force=True)
    ecr.create_repository(repositoryName="model")

    assert ecr.list_images(repositoryName="model")["imageIds"] == []


def test_missing_images_are_named(ecr: Any, refused: Refused) -> None:
    ecr.create_repository(repositoryName="model")

    said = refused(
        ecr.describe_images,
        "ImageNotFoundException",
        repositoryName="model",
        imageIds=[{"imageTag": "none"}],
    )
    got = ecr.batch_get_image(repositoryName="model", imageIds=[{"imageTag": "none"}])

    assert said == (
        "The image with imageId {imageDigest:'null', imageTag:'none'} does not exist within the "
        "repository with name 'model' in the registry with id '000000000000'"
    )
    assert [one["failureCode"] for one in got["failures"]] == ["ImageNotFound"]


def test_a_repository_has_tags_of_its_own(ecr: Any, refused: Refused) -> None:
    made = ecr.create_repository(repositoryName="model", tags=[{"Key": "a", "Value": "1"}])
    arn = made["repository"]["repositoryArn"]

    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "b", "Value": "2"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["a"])

    assert ecr.list_tags_for_resource(resourceArn=arn)["tags"] == [{"Key": "b", "Value": "2"}]
    refused(ecr.list_tags_for_resource, "RepositoryNotFoundException", resourceArn=arn + "s")


def test_policies_are_kept_and_those_nobody_could_carry_out_refused(
    ecr: Any, refused: Refused
) -> None:
    ecr.create_repository(repositoryName="model")
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3},
        "action": {"type": "expire"},
    }
    text = json.dumps({"rules": [rule]}, indent=4)

    ecr.put_lifecycle_policy(repositoryName="model", lifecyclePolicyText=text)
    kept = ecr.get_lifecycle_policy(repositoryName="model")
    archiving = text.replace("expire", "transition")
    said = refused(
        ecr.put_lifecycle_policy,
        "InvalidParameterException",
        repositoryName="model",
        lifecyclePolicyText=archiving,
    )
    ecr.delete_lifecycle_policy(repositoryName="model")

    assert kept["lifecyclePolicyText"] == text
    assert "the only action that is offered" in said
    refused(ecr.get_lifecycle_policy, "LifecyclePolicyNotFoundException", repositoryName="model")
    refused(ecr.get_repository_policy, "RepositoryPolicyNotFoundException", repositoryName="model")


def test_a_token_is_good_for_twelve_hours(server: ApiServer, ecr: Any, clock: ManualClock) -> None:
    folder = DataDir.at(server.settings.data_dir)
    key = {
        "account_id": DEFAULT_ACCOUNT,
        "access_key_id": "AKIA",
        "secret_access_key": "the secret",
    }
    write_json(folder.credentials, key)

    (data,) = ecr.get_authorization_token()["authorizationData"]
    user, token = base64.b64decode(data["authorizationToken"]).decode().split(":")
    grant = tokens.check(token, {"AKIA": "the secret"}.get, clock.now())

    assert (user, data["proxyEndpoint"]) == ("AWS", server.url)
    assert grant == tokens.Grant("AKIA", DEFAULT_REGION, int(clock.now()) + 12 * 3600)
    assert data["expiresAt"].timestamp() == grant.ends


def test_what_would_be_ignored_is_refused(ecr: Any, refused: Refused) -> None:
    said = refused(
        ecr.create_repository,
        "InvalidParameterException",
        repositoryName="model",
        imageScanningConfiguration={"scanOnPush": True},
    )

    assert "not scanned" in said
