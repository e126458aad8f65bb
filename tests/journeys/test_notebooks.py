"""Notebook instances on a whole platform: real scripts, real processes, a real JupyterLab."""

import json
import os
import signal
import uuid
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from argosy.testing import Platform
from support.endpoints import until
from support.machines import (
    SLOW_S,
    create,
    encoded,
    logged,
    named,
    settled,
    shown,
    switched,
)

EVERY_START = """#!/bin/bash
echo started in $(pwd) as $(whoami)
echo lost > $HOME/elsewhere
nohup sleep 86397 &
"""
ONCE = """#!/bin/bash
echo created once
echo kept > /home/ec2-user/SageMaker/kept.txt
"""


def test_stopping_keeps_the_volume_and_ends_everything_else(platform: Platform) -> None:
    sagemaker = platform.client("sagemaker")
    made = create(platform, "nb-kept", OnCreate=ONCE, OnStart=EVERY_START)
    assert made["NotebookInstanceStatus"] == "InService", made.get("FailureReason")
    assert len(named("sleep\x0086397")) == 1

    off = switched(platform, "nb-kept", "stop")

    assert off["NotebookInstanceStatus"] == "Stopped"
    assert named("sleep\x0086397") == []
    sagemaker.update_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="nb-kept",
        OnStart=[{"Content": encoded("ls $HOME; cat $HOME/SageMaker/kept.txt")}],
    )
    switched(platform, "nb-kept", "start")
    assert logged(platform, "nb-kept", "LifecycleConfigOnCreate") == ["created once"]
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

    url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="nb-lab")

    base, token = url["AuthorizedUrl"].split("/lab?token=")
    said = run_cell(base, token, "import os; print(6 * 7, os.getcwd())")
    assert said == "42 /home/ec2-user/SageMaker\n"
    assert "JupyterLab" in asked(base, "/lab", token)
    with pytest.raises(AssertionError, match=r"40[13]"):
        asked(base, "/api/kernels", token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert session_opened_by(base, token) == [403, 200]
    again = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="nb-lab")
    assert again["AuthorizedUrl"].startswith(f"{base}/lab?token=")
    switched(platform, "nb-lab", "stop")
    with pytest.raises(urllib3.exceptions.HTTPError):
        asked(base, "/api", token)
    with pytest.raises(ClientError, match="Unable to create a presigned URL"):
        sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="nb-lab")


def asked(base: str, path: str, token: str, method: str = "GET") -> str:
    """The text of an answer of Jupyter's."""
    with urllib3.PoolManager(retries=False) as http:
        headers = {"Authorization": f"token {token}"}
        answer = http.request(method, base + path, headers=headers, timeout=60)
        assert answer.status < 400, answer.status
        return answer.data.decode()


def session_opened_by(base: str, token: str) -> list[int]:
    """Statuses of calls with nothing, and with the cookie that a browser gets by the link."""
    with urllib3.PoolManager(retries=False) as http:
        page = http.request("GET", f"{base}/lab?token={token}", timeout=60)
        cookies = [one.partition(";")[0] for one in page.headers.getlist("Set-Cookie")]
        tries: list[dict[str, str]] = [{}, {"Cookie": "; ".join(cookies)}]
        return [http.request("GET", f"{base}/api/kernels", headers=h).status for h in tries]


def run_cell(base: str, token: str, code: str) -> str:
    """What a cell prints in a new kernel, by Jupyter's REST and WebSocket API."""
    from websocket import create_connection

    kernel = json.loads(asked(base, "/api/kernels", token, "POST"))["id"]
    address = f"{base.replace('http', 'ws')}/api/kernels/{kernel}/channels?token={token}"
    connection = create_connection(address, timeout=60)
    try:
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": uuid.uuid4().hex, "date": "2026-01-01T00:00:00Z"}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        said: dict[str, Any] = {"header": header, "parent_header": {}, "metadata": {}}
        connection.send(json.dumps({**said, "content": content, "channel": "shell"}))
        return printed(connection, header["msg_id"])
    finally:
        connection.close()


def printed(connection: Any, asked_as: str) -> str:
    text = ""
    while True:
        message = json.loads(connection.recv())
        if message["parent_header"].get("msg_id") != asked_as:
            continue
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return text
