"""Notebook instances for tests: made with scripts, waited for, looked into from outside."""

import base64
import os
from pathlib import Path
from typing import Any

from tests.support.endpoints import until

ROLE = "arn:aws:iam::000000000000:role/notebook"
LOGS = "/aws/sagemaker/NotebookInstances"
SLOW_S = 120.0


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def lifecycle(platform: Any, name: str, **scripts: str) -> None:
    """A lifecycle configuration; scripts by OnCreate and OnStart."""
    platform.client("sagemaker").create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name,
        **{hook: [{"Content": encoded(text)}] for hook, text in scripts.items()},
    )


def create(platform: Any, name: str, **scripts: str) -> dict[str, Any]:
    """A notebook instance with these scripts, once it is in no transition any more."""
    more = {}
    if scripts:
        lifecycle(platform, name, **scripts)
        more = {"LifecycleConfigName": name}
    platform.client("sagemaker").create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE, **more
    )
    return settled(platform, name)


def settled(platform: Any, name: str) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")

    def described() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        moving = ("Pending", "Stopping", "Updating", "Deleting")
        return None if found["NotebookInstanceStatus"] in moving else found

    found: dict[str, Any] = until(described, SLOW_S)
    return found


def switched(platform: Any, name: str, how: str) -> dict[str, Any]:
    """`how`: start or stop; returns what it is then."""
    getattr(platform.client("sagemaker"), f"{how}_notebook_instance")(NotebookInstanceName=name)
    return settled(platform, name)


def logged(platform: Any, name: str, stream: str, group: str = LOGS) -> list[str]:
    """What a program of the machine printed."""
    found = platform.client("logs").get_log_events(
        logGroupName=group, logStreamName=f"{name}/{stream}", startFromHead=True
    )
    return [event["message"] for event in found["events"]]


def shown(platform: Any, name: str) -> dict[str, Any]:
    """The machine in `argosy status`."""
    return next(one for one in platform.status()["machines"] if one["name"] == name)


def named(marker: str) -> list[int]:
    """Processes of this machine whose command line holds the marker."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if marker.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found
