"""The variables a model sees: what SageMaker's containers get, and nothing of the host's. Pure."""

from collections.abc import Mapping

from argosy.ground.instances import InstanceSpec

_SUBMIT_DIRECTORY = "SAGEMAKER_SUBMIT_DIRECTORY"

# How the machine computes, not who runs it.
_PASSED_ON = (
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    # Not the model's to decide, and read before its environment is known.
    "ARGOSY_HUB_DOWNLOADS",
    "HF_ENDPOINT",
)


def submit_uri(spec: InstanceSpec) -> str:
    """The S3 URI that the script's code is to be fetched from, "" when it is not on S3."""
    text = spec.container.environment.get(_SUBMIT_DIRECTORY, "")
    return text if text.startswith("s3://") else ""


# Large bodies take memory that earlier ones gave back, instead of having it mapped and cleared by
# the kernel page by page: that was two thirds of a worker's time at 5 MB. For glibc only.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "67108864"}


def passed_on(host: Mapping[str, str]) -> dict[str, str]:
    """What everything in a sandbox gets of the host's variables."""
    return {name: host[name] for name in _PASSED_ON if name in host}


def worker_environment(
    host: Mapping[str, str], *, path: str, python_path: str, home: str, temporary: str
) -> dict[str, str]:
    """What the worker is started with, before it knows its model."""
    return {
        "LANG": "C.UTF-8",
        **passed_on(host),
        **_KEPT_MEMORY,
        "PATH": path,
        "PYTHONPATH": python_path,
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": home,
        "TMPDIR": temporary,
        "USER": "model",
        "LOGNAME": "model",
    }


def load_environment(
    spec: InstanceSpec, *, base_dir: str, temporary: str, code_dir: str
) -> dict[str, str]:
    """What LOAD adds; the model's own Environment wins, but for where its code lies.

    code_dir: where the code of an S3 SAGEMAKER_SUBMIT_DIRECTORY was unpacked, as the
        worker sees it; "" when it was not fetched from S3.
    """
    own = dict(spec.container.environment)
    if code_dir:
        own[_SUBMIT_DIRECTORY] = code_dir
    elif own.get(_SUBMIT_DIRECTORY, "").startswith("/opt/ml"):
        own[_SUBMIT_DIRECTORY] = base_dir + own[_SUBMIT_DIRECTORY].removeprefix("/opt/ml")
    return {
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "SAGEMAKER_REGION": spec.region,
        "SM_MODEL_DIR": f"{base_dir}/model",
        "HOME": temporary,
        "TMPDIR": temporary,
        "HOSTNAME": spec.container.name,
        **own,
        "SAGEMAKER_BASE_DIR": base_dir,
    }
