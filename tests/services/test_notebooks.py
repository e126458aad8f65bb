"""Notebook instances and lifecycle configurations at the API: what is written, what is refused."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import notebooks
from argosy.state.events import EventOutbox
from argosy.state.notebooks import NOTEBOOK
from tests.support.api_client import ApiServer

ARN = f"arn:aws:sagemaker:{DEFAULT_REGION}:{DEFAULT_ACCOUNT}:notebook-instance/one"
CONFIG_ARN = ARN.replace("notebook-instance/", "notebook-instance-lifecycle-config/")
ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT}:role/notebook"
Refused = Callable[..., str]


def create(sagemaker: Any, **more: Any) -> str:
    asked = {"NotebookInstanceName": "one", "InstanceType": "ml.t3.medium", "RoleArn": ROLE, **more}
    return str(sagemaker.create_notebook_instance(**asked)["NotebookInstanceArn"])


def now_in(server: ApiServer, status: str) -> None:
    """What control would write."""
    record = server.records.get(NOTEBOOK, DEFAULT_ACCOUNT, DEFAULT_REGION, "one")
    assert record is not None
    server.records.update(record, now=server.clock.now(), status=status)


def content(text: str) -> list[dict[str, str]]:
    return [{"Content": base64.b64encode(text.encode()).decode()}]


def test_a_new_instance_is_pending_with_defaults(sagemaker: Any) -> None:
    assert create(sagemaker, Tags=[{"Key": "a", "Value": "b"}]) == ARN

    found = sagemaker.describe_notebook_instance(NotebookInstanceName="one")

    assert found["NotebookInstanceStatus"] == "Pending"
    assert found["VolumeSizeInGB"] == 5
    assert found["DirectInternetAccess"] == found["RootAccess"] == "Enabled"
    assert found["RoleArn"] == ROLE
    assert sagemaker.list_tags(ResourceArn=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]
    listed = sagemaker.list_notebook_instances(StatusEquals="Pending")["NotebookInstances"]
    assert [one["NotebookInstanceName"] for one in listed] == ["one"]


def test_names_are_unique_and_unknown_ones_are_not_found(sagemaker: Any, refused: Refused) -> None:
    create(sagemaker)

    message = refused(
        sagemaker.create_notebook_instance,
        NotebookInstanceName="ONE",
        InstanceType="ml.t3.medium",
        RoleArn=ROLE,
    )
    assert message == f"Cannot create a duplicate Notebook Instance ({ARN})"
    unknown = refused(sagemaker.describe_notebook_instance, NotebookInstanceName="two")
    assert unknown == "RecordNotFound"


@pytest.mark.parametrize(
    ("status", "call", "allowed", "wanted"),
    [
        ("InService", "start", "Stopped, Failed", "Pending"),
        ("Pending", "stop", "InService", "Stopping"),
        ("Stopped", "stop", "InService", "Stopping"),
        ("InService", "delete", "Stopped, Failed", "Deleting"),
        ("Pending", "update", "Stopped, Failed", "Updating"),
    ],
)
def test_each_call_needs_its_status(
    server: ApiServer,
    sagemaker: Any,
    refused: Refused,
    status: str,
    call: str,
    allowed: str,
    wanted: str,
) -> None:
    create(sagemaker)
    now_in(server, status)

    message = refused(getattr(sagemaker, f"{call}_notebook_instance"), NotebookInstanceName="one")

    assert message == (
        f"Status ({status}) not in ([{allowed}]). Unable to transition to ({wanted}) for Notebook "
        f"Instance ({ARN})."
    )


@pytest.mark.parametrize(
    ("status", "call", "after"),
    [
        ("Stopped", "start", "Pending"),
        ("Failed", "start", "Pending"),
        ("InService", "stop", "Stopping"),
        ("Failed", "delete", "Deleting"),
        ("Stopped", "update", "Updating"),
    ],
)
def test_a_call_begins_a_transition(
    server: ApiServer, sagemaker: Any, status: str, call: str, after: str
) -> None:
    create(sagemaker)
    now_in(server, status)

    getattr(sagemaker, f"{call}_notebook_instance")(NotebookInstanceName="one")

    found = sagemaker.describe_notebook_instance(NotebookInstanceName="one")
    assert found["NotebookInstanceStatus"] == after


def test_a_stop_is_told_in_the_words_of_eventbridge(server: ApiServer, sagemaker: Any) -> None:
    create(sagemaker, Tags=[{"Key": "a", "Value": "b"}])
    now_in(server, "InService")
    outbox = EventOutbox(server.records.transactions)
    before = outbox.last()
    sagemaker.stop_notebook_instance(NotebookInstanceName="one")
    (event,) = outbox.after(before)
    assert event.detail_type == "SageMaker Notebook Instance State Change"
    assert event.resources == [ARN]
    now = int(server.clock.now() * 1000)
    assert event.detail == {
        "NotebookInstanceName": "one",
        "NotebookInstanceArn": ARN,
        "NotebookInstanceStatus": "Stopping",
        "InstanceType": "ml.t3.medium",
        "RoleArn": ROLE,
        "DirectInternetAccess": "Enabled",
        "CreationTime": now,
        "LastModifiedTime": now,
        "Tags": {"a": "b"},
    }


def test_a_session_lasts_twelve_hours_at_most(sagemaker: Any, refused: Refused) -> None:
    create(sagemaker)
    asked = {"NotebookInstanceName": "one", "SessionExpirationDurationInSeconds": 43_201}

    assert "sessionExpirationDurationInSeconds" in refused(
        sagemaker.create_presigned_notebook_instance_url, **asked
    )


def test_the_url_is_a_path_of_the_platform(server: ApiServer, sagemaker: Any) -> None:
    create(sagemaker)

    found = sagemaker.describe_notebook_instance(NotebookInstanceName="one")

    assert found["Url"].startswith(f"{server.url.partition('://')[2]}/_aws/notebook/one-")


def test_a_volume_does_not_shrink(server: ApiServer, sagemaker: Any, refused: Refused) -> None:
    create(sagemaker, VolumeSizeInGB=20)
    now_in(server, notebooks.STOPPED)
    update = sagemaker.update_notebook_instance

    assert "does not shrink" in refused(update, NotebookInstanceName="one", VolumeSizeInGB=10)
    update(NotebookInstanceName="one", VolumeSizeInGB=30, InstanceType="ml.t3.large")

    found = sagemaker.describe_notebook_instance(NotebookInstanceName="one")
    assert (found["VolumeSizeInGB"], found["InstanceType"]) == (30, "ml.t3.large")


@pytest.mark.parametrize(
    "member",
    [
        {"SubnetId": "subnet-1"},
        {"DirectInternetAccess": "Disabled"},
        {"KmsKeyId": "k"},
        {"DefaultCodeRepository": "https://example.com/x.git"},
        {"LifecycleConfigName": "nowhere"},
    ],
)
def test_what_cannot_be_held_is_refused(
    sagemaker: Any, refused: Refused, member: dict[str, Any]
) -> None:
    asked = {"NotebookInstanceName": "one", "InstanceType": "ml.t3.medium", "RoleArn": ROLE}
    assert refused(sagemaker.create_notebook_instance, **asked, **member)


def test_a_configuration_is_made_shown_changed_and_deleted(
    sagemaker: Any, refused: Refused
) -> None:
    name = {"NotebookInstanceLifecycleConfigName": "one"}
    made = sagemaker.create_notebook_instance_lifecycle_config(**name, OnStart=content("echo 1"))
    assert made["NotebookInstanceLifecycleConfigArn"] == CONFIG_ARN
    create(sagemaker, LifecycleConfigName="one")

    sagemaker.update_notebook_instance_lifecycle_config(**name, OnCreate=content("echo 0"))

    found = sagemaker.describe_notebook_instance_lifecycle_config(**name)
    assert (found["OnCreate"], found["OnStart"]) == (content("echo 0"), content("echo 1"))
    listed = sagemaker.list_notebook_instance_lifecycle_configs(SortBy="LastModifiedTime")
    assert len(listed["NotebookInstanceLifecycleConfigs"]) == 1
    why = refused(sagemaker.delete_notebook_instance_lifecycle_config, **name)
    assert "is used by Notebook Instance one" in why
    assert "already exists" in refused(sagemaker.create_notebook_instance_lifecycle_config, **name)


def test_notebooks_are_listed_by_their_lifecycle_configuration(sagemaker: Any) -> None:
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="nightly"
    )
    create(sagemaker, LifecycleConfigName="nightly")

    def listed(part: str) -> list[str]:
        found = sagemaker.list_notebook_instances(NotebookInstanceLifecycleConfigNameContains=part)
        return [one["NotebookInstanceName"] for one in found["NotebookInstances"]]

    assert (listed("night"), listed("daily")) == (["one"], [])


def test_a_filtered_list_has_full_pages(sagemaker: Any) -> None:
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="Nightly"
    )
    wanted = []
    for number in range(10):
        name = f"page-{number}"
        more = {"LifecycleConfigName": "Nightly"} if number % 2 else {}
        create(sagemaker, NotebookInstanceName=name, **more)
        wanted += [name] if more else []

    pages = [
        [one["NotebookInstanceName"] for one in page["NotebookInstances"]]
        for page in sagemaker.get_paginator("list_notebook_instances").paginate(
            NotebookInstanceLifecycleConfigNameContains="night",
            SortBy="Name",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": 2},
        )
    ]

    assert pages == [wanted[:2], wanted[2:4], wanted[4:]]


def test_an_update_takes_away_what_is_not_there_and_the_reason_of_a_failure(
    server: ApiServer, sagemaker: Any
) -> None:
    create(sagemaker)
    record = server.records.get(NOTEBOOK, DEFAULT_ACCOUNT, DEFAULT_REGION, "one")
    assert record is not None
    document = {**record.document, "failure_reason": "it broke"}
    server.records.update(record, now=server.clock.now(), document=document, status="Failed")

    sagemaker.update_notebook_instance(
        NotebookInstanceName="one",
        DisassociateDefaultCodeRepository=True,
        DisassociateAdditionalCodeRepositories=True,
        DisassociateAcceleratorTypes=True,
        RootAccess="Disabled",
    )

    found = sagemaker.describe_notebook_instance(NotebookInstanceName="one")
    assert (found["NotebookInstanceStatus"], found["RootAccess"]) == ("Updating", "Disabled")
    assert "FailureReason" not in found


def test_a_script_that_is_not_base64_is_refused(sagemaker: Any, refused: Refused) -> None:
    message = refused(
        sagemaker.create_notebook_instance_lifecycle_config,
        NotebookInstanceLifecycleConfigName="one",
        OnStart=[{"Content": "#!/bin/sh"}],
    )
    assert "base64" in message
