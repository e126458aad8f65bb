"""Real boto3 clients on a control API, and what control would do to an endpoint's record."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.ground.clock import ManualClock
from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import endpoints as ep
from tests.support.api_client import ApiServer

START = 1_700_000_000.0


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Served once: making a client of a service costs more than a test of it."""
    with ApiServer(tmp_path_factory.mktemp("api"), clock=ManualClock(START)) as server:
        yield server


@pytest.fixture
def server(one_server: ApiServer) -> ApiServer:
    """The server with nothing in it, its clock at START."""
    one_server.records.delete_all()
    one_server.clock.advance(START - one_server.clock.now())
    return one_server


@pytest.fixture
def clock(server: ApiServer) -> ManualClock:
    assert isinstance(server.clock, ManualClock)
    return server.clock


@pytest.fixture(scope="session")
def one_client(one_server: ApiServer) -> Any:
    return one_server.client("sagemaker")


@pytest.fixture
def sagemaker(server: ApiServer, one_client: Any) -> Any:
    """A boto3 client; nothing is there when a test begins."""
    return one_client


@pytest.fixture
def refused() -> Callable[..., str]:
    """The message of the error that a call gets; its code must be the one expected."""

    def refuse(call: Callable[..., Any], code: str = "ValidationException", **asked: Any) -> str:
        with pytest.raises(ClientError) as raised:
            call(**asked)
        assert raised.value.response["Error"]["Code"] == code
        return str(raised.value.response["Error"]["Message"])

    return refuse


@pytest.fixture
def make_config(sagemaker: Any) -> Callable[..., str]:
    """A config, and a model of the same name behind each of its variants."""

    def make(name: str, **variants: tuple[float, int]) -> str:
        for index, variant in enumerate(variants or {"only": (1.0, 1)}):
            sagemaker.create_model(
                ModelName=f"{name}-{variant}",
                PrimaryContainer={"Image": f"image-{index}", "ModelDataUrl": "s3://b/m.tar.gz"},
            )
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": f"{name}-{variant}",
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": count,
                    "InitialVariantWeight": weight,
                }
                for variant, (weight, count) in (variants or {"only": (1.0, 1)}).items()
            ],
        )
        return name

    return make


@pytest.fixture
def settle(server: ApiServer) -> Callable[..., None]:
    """Do to an endpoint's record what control does when it has reached what was asked; to an
    inference component's too, by its kind."""

    def settle(
        name: str, status: str = ep.IN_SERVICE, reason: str = "", kind: str = "endpoint"
    ) -> None:
        record = server.records.get(kind, DEFAULT_ACCOUNT, DEFAULT_REGION, name)
        assert record is not None
        document = record.document
        if status == ep.IN_SERVICE and not reason and document["pending"]:
            document["live"], document["pending"] = document["pending"], None
        elif reason and document["live"]:
            document["pending"] = None
        document["rollout"] = None
        document["failure_reason"] = reason
        for variant in (document["live"] or {"variants": []})["variants"]:
            variant["current_weight"] = variant["weight"]
            variant["current_count"] = variant["count"]
        server.records.update(record, now=server.clock.now(), document=document, status=status)

    return settle


@pytest.fixture
def endpoint(sagemaker: Any, make_config: Callable[..., str], settle: Callable[..., None]) -> str:
    """An endpoint in service: config "one", variants a (0.7, two instances) and b (0.3, one)."""
    make_config("one", a=(0.7, 2), b=(0.3, 1))
    sagemaker.create_endpoint(EndpointName="Ep", EndpointConfigName="one")
    settle("Ep")
    return "Ep"
