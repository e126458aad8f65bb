"""What is run for a job, and which variables it sees. Pure but for what an image says of itself.

An image of a framework is our own Python: without an entry point of the request it runs our script
mode (`argosy.runtimes.training`). An image of the user's is run as Docker would run it.
Source: reference/container-contract.md §6.
"""

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import argosy
from argosy.agent import image, sandbox
from argosy.agent.environment import worker_environment
from argosy.ground.instances import PROGRAM, ContainerSpec, InstanceSpec
from argosy.ground.jobs import BASE_DIR, TRAINING, JobSpec

_SUBMITTED = "sagemaker_submit_directory"
_PACKAGES = "/tmp/packages"
"""Where pip puts what a user's command installs beside our Python, which is read-only."""
_WORK = f"{BASE_DIR}/code"


@dataclass(frozen=True)
class Command:
    """A program and its arguments, its folder and all of its environment."""

    words: list[str]
    environment: dict[str, str]
    folder: str
    """As the program sees it."""


def is_script_mode(spec: InstanceSpec, job: JobSpec) -> bool:
    """Whether our own runner runs it, rather than a command of the image or the request."""
    return spec.container.runtime != PROGRAM and not job.entrypoint and job.arguments is None


def code_of(spec: InstanceSpec, job: JobSpec) -> str:
    """Where the script's code is: an S3 URI of an archive, or a path below /opt/ml of an archive or
    a folder; "" when it is in place, or there is none."""
    given = job.hyperparameters.get(_SUBMITTED, "")
    with contextlib.suppress(ValueError):  # unlike the SDK, some write it as it is
        given = json.loads(given)
    if not is_script_mode(spec, job) or not isinstance(given, str) or given.rstrip("/") == _WORK:
        return ""
    return given if given.startswith(("s3://", f"{BASE_DIR}/")) else ""


def command_of(
    spec: InstanceSpec,
    job: JobSpec,
    host: Mapping[str, str],
    *,
    base_dir: str,
    temporary: str,
    site: str = "",
) -> Command:
    """What to run; for a container of an engine, what the process that runs it sees.

    host: the agent's own variables. base_dir, temporary: /opt/ml and /tmp as the program sees them.
    site: packages that the script asked for, as the program sees them.
    """
    given = variables(spec, job)
    if spec.container.engine:
        code = str(Path(argosy.__file__).parent.parent)
        return Command([], _python(host, code, temporary, ""), base_dir)
    if spec.container.runtime == PROGRAM:
        return _of_image(spec.container, job, host, given)
    if is_script_mode(spec, job):
        return _script_mode(spec, host, given, base_dir, temporary, site)
    base = _python(host, _PACKAGES, temporary, f"{_PACKAGES}/bin")
    words = [*job.entrypoint, *(job.arguments or ())]
    return Command(words, {**base, "PIP_TARGET": _PACKAGES, **given}, _WORK)


def variables(spec: InstanceSpec, job: JobSpec) -> dict[str, str]:
    """What the platform and the request set; the request wins."""
    named = (
        {"TRAINING_JOB_NAME": job.name, "TRAINING_JOB_ARN": job.arn}
        if job.kind == TRAINING
        else {"PROCESSING_JOB_NAME": job.name, "PROCESSING_JOB_ARN": job.arn}
    )
    return {
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "SAGEMAKER_REGION": spec.region,
        "HOSTNAME": job.host,
        **named,
        **spec.container.environment,
    }


def words_of_image(container: ContainerSpec, job: JobSpec) -> list[str]:
    """ENTRYPOINT and CMD as the request changes them; `train` stands for a training job's CMD."""
    config = image.settings_of(Path(container.image_folder))
    entrypoint = list(job.entrypoint) or list(config.entrypoint if config else ())
    if job.arguments is not None:
        return [*entrypoint, *job.arguments]
    if job.entrypoint:
        return entrypoint
    if job.kind == TRAINING:
        return [*entrypoint, "train"]
    return [*entrypoint, *(config.command if config else ())]


def _of_image(
    container: ContainerSpec, job: JobSpec, host: Mapping[str, str], given: dict[str, str]
) -> Command:
    folder = Path(container.image_folder)
    path = image.path_of(folder, sandbox.PATH, str(Path(sys.executable).parent))
    base = worker_environment(host, path=path, python_path="", home="/tmp", temporary="/tmp")
    del base["PYTHONPATH"]
    settings = image.settings_of(folder)
    if settings is not None:
        base.pop("LD_LIBRARY_PATH", None)  # of the host's libraries, which are not there
        base |= settings.environment
    return Command(words_of_image(container, job), {**base, **given}, image.work_folder(folder))


def _script_mode(
    spec: InstanceSpec,
    host: Mapping[str, str],
    given: dict[str, str],
    base_dir: str,
    temporary: str,
    site: str,
) -> Command:
    code = sandbox.CODE_DIR if base_dir == BASE_DIR else str(Path(argosy.__file__).parent.parent)
    base = _python(host, code, temporary, f"{site}/bin" if site else "")
    words = [sys.executable, "-P", "-m", "argosy.runtimes.training"]
    words += ["--framework", spec.container.runtime, *(("--site", site) if site else ())]
    ours = {"SAGEMAKER_BASE_DIR": base_dir, "PYTHONPATH": code}
    if given.get("PYTHONPATH"):
        ours["PYTHONPATH"] += f":{given['PYTHONPATH']}"
    return Command(words, {**base, **given, **ours}, f"{base_dir}/code")


def _python(
    host: Mapping[str, str], python_path: str, temporary: str, first: str
) -> dict[str, str]:
    """Variables of what runs in our own Python."""
    beside = str(Path(sys.executable).parent)
    path = ":".join(filter(None, (first, beside, sandbox.PATH)))
    return worker_environment(
        host, path=path, python_path=python_path, home=temporary, temporary=temporary
    )
