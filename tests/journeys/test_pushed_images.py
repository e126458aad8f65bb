"""Images that were pushed, served without Docker: from skopeo to predictions."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support import python_image
from tests.support.endpoints import (
    ROWS,
    archive,
    classifier,
    create_config,
    in_service,
    put_archive,
    settled,
    until,
)
from tests.support.oci_images import INDEX, Image, digest, index, layer, write_layout
from tests.support.podman import Podman
from tests.support.registry import RegistryClient

from argosy.agent.sandbox import probe
from argosy.testing import Platform

pytestmark = pytest.mark.skipif(bool(probe()), reason=f"no sandbox: {probe()}")
MODEL = classifier()
CSV = "\n".join(",".join(map(str, row)) for row in ROWS)
RECIPE = """
FROM {base}
USER 0
RUN ["/opt/python/bin/python3", "-c", "import os; os.rename('/app', '/srv'); open('/srv/x', 'w')"]
RUN ["/opt/python/bin/python3", "-c", "import os; open('/srv/made', 'w'); os.remove('/srv/x')"]
WORKDIR /srv
ENV GREETING=rebuilt
USER 1234
"""
WEIGHTS = json.dumps({"coef": MODEL.coef_.tolist(), "bias": MODEL.intercept_.tolist()})


@pytest.fixture(scope="module")
def there(platform: Platform) -> Iterator[RegistryClient]:
    client = RegistryClient(platform, "team/python")
    yield client
    client.close()


def create_model(platform: Platform, name: str, image: str, **environment: str) -> None:
    platform.client("sagemaker").create_model(
        ModelName=name,
        PrimaryContainer={
            "Image": image,
            "ModelDataUrl": put_archive(platform, name, archive({"model.json": WEIGHTS.encode()})),
            "Environment": environment,
        },
    )


def serve(platform: Platform, name: str, image: str, instances: int = 1) -> dict[str, Any]:
    create_model(platform, name, image, GREETED="yes")
    create_config(platform, name, AllTraffic=(name, instances, 1.0))
    platform.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name, 180)


def ask(platform: Platform, endpoint: str, body: str) -> Any:
    runtime = platform.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)
    return json.loads(answer["Body"].read())


def push_with_skopeo(there: RegistryClient, image: Image, tag: str, folder: Path) -> None:
    layout = write_layout(folder / "layout", image, tag)
    to = f"docker://{there.host}/{there.repository}:{tag}"
    options = ["--dest-tls-verify=false", "--dest-creds", there.login]
    subprocess.run(
        ["skopeo", "copy", "-q", *options, f"oci:{layout}:{tag}", to], check=True, timeout=100
    )


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
def test_an_image_pushed_by_skopeo_serves_and_goes(
    platform: Platform, there: RegistryClient, tmp_path: Path
) -> None:
    image = python_image.image()
    push_with_skopeo(there, image, "1.0", tmp_path)
    uri = f"{there.host}/{there.repository}:1.0"

    described = serve(platform, "pushed", uri, instances=2)

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert len(in_service(platform, "pushed")) == 2
    for _ in range(4):
        assert ask(platform, "pushed", CSV) == MODEL.predict(ROWS).tolist()
    (shown,) = described["ProductionVariants"][0]["DeployedImages"]
    named = f"{there.host}/{there.repository}@{digest(image.manifest)}"
    assert (shown["SpecifiedImage"], shown["ResolvedImage"]) == (uri, named)

    sagemaker = platform.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName="pushed")
    logs = platform.client("logs")
    group = "/aws/sagemaker/Endpoints/pushed"

    def told() -> list[Any]:
        return logs.filter_log_events(logGroupName=group, filterPattern="stop")["events"]

    until(lambda: len(told()) == 2)


def test_the_program_finds_what_its_image_promised(
    platform: Platform, there: RegistryClient
) -> None:
    pushed = there.push(python_image.image(), "promised")
    account = platform.client("sts").get_caller_identity()["Account"]
    uri = f"{account}.dkr.ecr.us-east-1.amazonaws.com/{there.repository}@{pushed}"

    described = serve(platform, "promised", uri)

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    about = ask(platform, "promised", "about")
    assert (about["user"], about["ids"]) == ("model", [1234, 77])
    assert (about["folder"], about["arguments"]) == ("/app", ["serve"])
    assert {"main.py", "written"} <= set(about["written"])
    assert "secret" not in about["written"]
    assert about["environment"]["GREETING"] == "from the image"
    assert about["environment"]["GREETED"] == "yes"
    assert about["environment"]["PYTHONHOME"] == f"/{python_image.HOME}"
    assert about["opt"] == ["ml", "python"]
    assert not {"home", "work", "image"} & set(about["root"])


def test_an_image_that_podman_builds_on_one_of_ours_and_pushes_serves(
    platform: Platform, there: RegistryClient
) -> None:
    there.push(python_image.image(), "base")
    with tempfile.TemporaryDirectory(prefix="pod-", dir="/tmp") as name:
        folder = Path(name)
        if shutil.which("podman") is None:
            pytest.skip("podman is not installed")
        podman, uri = Podman(folder), f"{there.host}/{there.repository}"
        (folder / "Containerfile").write_text(RECIPE.format(base=f"{uri}:base"))
        insecure = ("--tls-verify=false", "--creds", there.login)
        built = podman.run(
            *("build", "-q", *insecure, "--isolation", "chroot", "-t", "built", name), check=False
        )
        if "Operation not permitted" in built:
            pytest.skip(f"podman builds nothing here: {built}")
        assert not built.startswith("failed"), built
        podman.run("push", "-q", *insecure, "built", f"{uri}:built")

    described = serve(platform, "built", f"{uri}:built")

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert ask(platform, "built", CSV) == MODEL.predict(ROWS).tolist()
    about = ask(platform, "built", "about")
    assert (about["folder"], about["environment"]["GREETING"]) == ("/srv", "rebuilt")
    assert sorted(about["written"]) == ["made", "main.py", "written"]


def test_of_an_index_the_variant_for_this_machine_serves(
    platform: Platform, there: RegistryClient
) -> None:
    ours = python_image.image(
        Env=[f"PYTHONHOME=/{python_image.HOME}", "LD_LIBRARY_PATH=/opt/python/lib"]
    )
    other = Image((layer({"x": b"x"}),), architecture="s390x")
    for one in (ours, other):
        there.push(one)
    put = there.ask("PUT", "manifests/both", index(other, ours), Content_Type=INDEX)
    assert put.status == 201

    described = serve(platform, "indexed", f"{there.host}/{there.repository}:both")

    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert ask(platform, "indexed", CSV) == MODEL.predict(ROWS).tolist()


def test_an_image_that_is_not_there_is_named_when_the_model_is_created(
    platform: Platform, there: RegistryClient
) -> None:
    uri = f"{there.host}/{there.repository}:never"

    with pytest.raises(ClientError) as refused:
        create_model(platform, "never", uri)

    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert f"Requested image {uri} not found" in error["Message"]
    assert f"--repository-name {there.repository}" in error["Message"]


@pytest.mark.parametrize(
    ("name", "image", "words"),
    [
        ("escapes", Image((layer({"../../escaped": b"x"}),)), "leaves the image's root"),
        (
            "no-program",
            python_image.image(Entrypoint=["/bin/nothing"]),
            "nothing cannot be started",
        ),
        ("no-user", python_image.image(User="nobody-knows"), "'nobody-knows'"),
        ("foreign", Image((layer({"x": b"x"}),), architecture="s390x"), "linux/s390x"),
    ],
)
def test_an_image_that_cannot_run_fails_its_endpoint_and_says_why(
    platform: Platform, there: RegistryClient, name: str, image: Image, words: str
) -> None:
    there.push(image, name)

    described = serve(platform, f"bad-{name}", f"{there.host}/{there.repository}:{name}")

    assert described["EndpointStatus"] == "Failed"
    assert words in described["FailureReason"]
