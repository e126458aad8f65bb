"""Notebook instances on a whole platform: real scripts, real processes, a real JupyterLab."""

import os
import signal
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import until
from tests.support.jupyter import Session, entered, ports_of, run_cell
from tests.support.machines import (
    SLOW_S,
    create,
    encoded,
    logged,
    named,
    settled,
    shown,
    switched,
)

from argosy.ground.processes import descendants
from argosy.testing import Platform

EVERY_START = """#!/bin/bash
echo started in $(pwd) as $(whoami)
echo lost > $HOME/elsewhere
nohup sleep 86397 &
"""
ONCE = """#!/bin/bash
echo created once
echo kept > /home/ec2-user/SageMaker/kept.txt
printf 'a line that no newline ends'
"""


def test_stopping_keeps_the_volume_and_ends_everything_else(platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")
    made = create(platform, "nb-kept", OnCreate=ONCE, OnStart=EVERY_START)
    assert made["NotebookInstanceStatus"] == "InService", made.get("FailureReason")
    said = ["created once", "a line that no newline ends"]
    assert logged(platform, "nb-kept", "LifecycleConfigOnCreate") == said
    assert len(named("sleep\x0086397")) == 1

    off = switched(platform, "nb-kept", "stop")

    assert off["NotebookInstanceStatus"] == "Stopped"
    assert named("sleep\x0086397") == []
    sagemaker.update_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="nb-kept",
        OnStart=[{"Content": encoded("ls $HOME; cat $HOME/SageMaker/kept.txt")}],
    )
    switched(platform, "nb-kept", "start")
    assert logged(platform, "nb-kept", "LifecycleConfigOnCreate") == said
    said = ["started in / as ec2-user", "SageMaker", "kept"]
    assert logged(platform, "nb-kept", "LifecycleConfigOnStart") == said
    switched(platform, "nb-kept", "stop")


def test_a_deleted_notebook_leaves_no_volume(platform: Platform) -> None:
    volumes = platform.data_dir / "volumes"
    before = set(volumes.iterdir())
    create(platform, "nb-gone", OnCreate=ONCE)
    assert len(set(volumes.iterdir()) - before) == 2  # and a mark that OnCreate has run
    switched(platform, "nb-gone", "stop")
    sagemaker = platform.client("sagemaker")

    sagemaker.delete_notebook_instance(NotebookInstanceName="nb-gone")

    sagemaker.get_waiter("notebook_instance_deleted").wait(
        NotebookInstanceName="nb-gone", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert set(volumes.iterdir()) == before


INSIDE = """#!/bin/bash
set -e
sudo -u ec2-user -i <<'EOF'
python - <<'PY'
import boto3, json
print(boto3.client("sts").get_caller_identity()["Arn"])
boto3.client("s3").create_bucket(Bucket="nb-inside")
boto3.client("s3").put_object(Bucket="nb-inside", Key="hello", Body=b"from inside")
me = json.load(open("/opt/ml/metadata/resource-metadata.json"))["ResourceName"]
print(boto3.client("sagemaker").describe_notebook_instance(NotebookInstanceName=me)["RoleArn"])
PY
EOF
"""


def test_boto3_in_there_is_the_role_and_finds_the_platform(platform: Platform) -> None:
    made = create(platform, "nb-inside", OnStart=INSIDE)

    said = logged(platform, "nb-inside", "LifecycleConfigOnStart")
    assert made["NotebookInstanceStatus"] == "InService", said
    assert said == [
        "arn:aws:sts::000000000000:assumed-role/notebook/SageMaker",
        "arn:aws:iam::000000000000:role/notebook",
    ]
    stored = platform.client("s3").get_object(Bucket="nb-inside", Key="hello")
    assert stored["Body"].read() == b"from inside"
    switched(platform, "nb-inside", "stop")


def test_a_script_that_fails_fails_the_instance_with_a_reason(platform: Platform) -> None:
    made = create(platform, "nb-fails", OnStart="#!/bin/sh\necho oh no\nsleep 86398 &\nexit 3\n")

    assert made["NotebookInstanceStatus"] == "Failed"
    assert "ended with status 3" in made["FailureReason"]
    assert logged(platform, "nb-fails", "LifecycleConfigOnStart") == ["oh no"]
    assert named("sleep\x0086398") == []
    platform.client("sagemaker").update_notebook_instance(
        NotebookInstanceName="nb-fails", DisassociateLifecycleConfig=True
    )
    settled(platform, "nb-fails")
    assert switched(platform, "nb-fails", "start")["NotebookInstanceStatus"] == "InService"
    switched(platform, "nb-fails", "stop")


def test_a_machine_whose_agent_is_killed_is_started_again(platform: Platform) -> None:
    create(platform, "nb-killed", OnStart="#!/bin/sh\nnohup sleep 86399 &\n")
    before = shown(platform, "nb-killed")

    os.kill(before["agent_pid"], signal.SIGKILL)

    def is_back() -> bool:
        now = shown(platform, "nb-killed")
        return now["status"] == "InService" and now["agent_pid"] not in (0, before["agent_pid"])

    until(is_back, SLOW_S)
    assert len(named("sleep\x0086399")) == 1
    switched(platform, "nb-killed", "stop")
    assert named("sleep\x0086399") == []


def test_a_cell_runs_in_the_jupyterlab_behind_a_presigned_url(platform: Platform) -> None:
    pytest.importorskip("jupyterlab")
    create(platform, "nb-lab")
    sagemaker = platform.client("sagemaker", read_timeout=90)

    link = presigned(sagemaker, "nb-lab", SessionExpirationDurationInSeconds=1800)

    assert link.startswith(f"{platform.url}/_aws/notebook/nb-lab-")
    session = entered(link)
    assert run_cell(session, "import os; print(6 * 7, os.getcwd())") == (
        "42 /home/ec2-user/SageMaker\n"
    )
    page = session.ask("GET", "lab")
    assert page.status == 200
    machine = shown(platform, "nb-lab")["worker_pid"]
    inside = [machine, *descendants(machine)]
    servers = set(inside) & set(named("jupyterlab"))
    assert servers
    assert ports_of(servers) == []
    assert len(ports_of(inside)) <= 1, "where the kernel hears its children, who prove themselves"
    assert "JupyterLab" in page.data.decode()
    assert "@jupyterlab/apputils-extension:announcements" in page.data.decode(), "not asked about"
    described = sagemaker.describe_notebook_instance(NotebookInstanceName="nb-lab")
    assert f"http://{described['Url']}" == session.base
    assert entered(presigned(sagemaker, "nb-lab")).ask("GET", "api/kernels").status == 200
    switched(platform, "nb-lab", "stop")
    after = session.ask("GET", "api/kernels")
    assert after.status == 404
    assert "CreatePresignedNotebookInstanceUrl" in after.data.decode()
    with pytest.raises(ClientError, match="Unable to create a presigned URL"):
        presigned(sagemaker, "nb-lab")
    session.close()


def test_only_who_has_a_session_gets_to_jupyterlab(platform: Platform) -> None:
    pytest.importorskip("jupyterlab")
    from websocket import WebSocketBadStatusException

    create(platform, "nb-door")
    sagemaker = platform.client("sagemaker", read_timeout=90)
    link = presigned(sagemaker, "nb-door")
    session = entered(link)

    stranger = Session(session.base, "")
    refused = stranger.ask("GET", "lab")
    assert refused.status == 403
    assert "CreatePresignedNotebookInstanceUrl" in refused.data.decode()
    assert stranger.open(link).status == 403, "the link has been used"
    assert session.open(link).status == 303, "who is in already may come in"
    assert {"HttpOnly", "SameSite=Lax", f"Path={urlsplit(session.base).path}"} <= session.bounds
    for origin in ("http://elsewhere.example", "null", "http://127.0.0.1:1"):
        assert session.ask("POST", "api/kernels", Origin=origin).status == 403
        with pytest.raises(WebSocketBadStatusException, match="403"):
            session.websocket("api/events/subscribe", origin=origin)
    old = session.cookie
    switched(platform, "nb-door", "stop")
    switched(platform, "nb-door", "start")
    presigned(sagemaker, "nb-door")
    assert Session(session.base, old).ask("GET", "lab").status == 403, "another start"
    token = link.partition("authToken=")[2]
    told = [
        path.read_text(errors="replace") for path in (platform.data_dir / "process-logs").iterdir()
    ]
    told += logged(platform, "nb-door", "jupyter.log")
    assert told
    assert not any(token in text or old in text for text in told)
    switched(platform, "nb-door", "stop")
    session.close()
    stranger.close()


def presigned(sagemaker: Any, name: str, **more: Any) -> str:
    answer = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name, **more)
    return str(answer["AuthorizedUrl"])
