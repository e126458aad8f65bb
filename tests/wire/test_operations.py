"""Operations asked from inside: as a client would ask them, with the same answers and errors."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.api.handlers import import_handlers
from argosy.api.operations import OperationsInside
from argosy.ground.clock import ManualClock
from argosy.ground.errors import (
    SerializationException,
    UnknownOperationException,
    ValidationException,
)
from argosy.ground.operations import Asker
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.apps import dispatch

ROLE = Asker("111122223333", "eu-west-1", "arn:aws:iam::111122223333:role/service-role/Pipe", "run")


class Inside:
    """An app, and its operations."""

    def __init__(self, folder: Path) -> None:
        import_handlers()
        self.engine = open_database(folder / "a.db")
        settings = Settings(data_dir=str(folder))
        self.dispatch = dispatch(Records(self.engine), settings, ManualClock())

    def ask(self, service: str, operation: str, asker: Asker = ROLE, **members: Any) -> Any:
        async def ask() -> Any:
            operations = OperationsInside()
            asked = asyncio.create_task(operations.call(service, operation, members, asker))
            await asyncio.sleep(0)
            operations.open(self.dispatch)  # what came before waits for it
            return await asked

        return asyncio.run(ask())


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = Inside(tmp_path)
    yield made
    made.engine.dispose()


def test_an_operation_is_carried_out_for_the_account_and_region_of_the_asker(
    inside: Inside,
) -> None:
    container = {"Image": "sagemaker-xgboost:1.7-1", "ModelDataUrl": "s3://b/model.tar.gz"}
    role = "arn:aws:iam::111122223333:role/R"
    made = inside.ask(
        "sagemaker",
        "CreateModel",
        ModelName="m",
        PrimaryContainer=container,
        ExecutionRoleArn=role,
        Tags=None,
    )
    shown = inside.ask("sagemaker", "DescribeModel", ModelName="m")
    assert made == {"ModelArn": "arn:aws:sagemaker:eu-west-1:111122223333:model/m"}
    assert shown["PrimaryContainer"]["ModelDataUrl"] == "s3://b/model.tar.gz"
    assert isinstance(shown["CreationTime"], float)


def test_the_caller_of_a_role_is_a_session_of_it(inside: Inside) -> None:
    identity = inside.ask("sts", "GetCallerIdentity")
    assert identity["Arn"] == "arn:aws:sts::111122223333:assumed-role/Pipe/run"


def test_what_breaks_the_model_is_refused_as_a_request_would_be(inside: Inside) -> None:
    with pytest.raises(ValidationException, match="Member must not be null"):
        inside.ask("sagemaker", "DescribeModel")
    with pytest.raises(SerializationException, match="ModelName"):
        inside.ask("sagemaker", "DescribeModel", ModelName=7)


@pytest.mark.parametrize("operation", ["CreateCat", "CreateCodeRepository"])
def test_what_is_not_offered_is_refused(inside: Inside, operation: str) -> None:
    with pytest.raises(UnknownOperationException, match=operation):
        inside.ask("sagemaker", operation)
