"""The SM_… variables of a training script, and hyperparameters as a command line. Pure.

Source: aws/sagemaker-training-toolkit, ENVIRONMENT_VARIABLES.md and mapping.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from argosy.runtimes.training.settings import Settings

_LOG_LEVEL = 20


def variables(settings: Settings, framework: str, cpus: int, gpus: int) -> dict[str, str]:
    """All of them; objects and lists as JSON."""
    found = _plain(settings, framework, cpus, gpus)
    for name in settings.channels:
        found[f"SM_CHANNEL_{name.upper()}"] = f"{settings.base}/input/data/{name}"
    for name, value in settings.hyperparameters.items():
        found[f"SM_HP_{name.upper()}"] = _text(value)
    found["SM_TRAINING_ENV"] = _text(_training_environment(settings, found, cpus, gpus))
    return found


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """`--name value` in order of name; one-letter names have one dash. An object's members are
    given as `a=1,b=2`, null as the empty text."""
    found = []
    for name in sorted(hyperparameters):
        word = f"-{name}" if len(name) == 1 else f"--{name}"
        found += [word, _argument(hyperparameters[name])]
    return found


def _argument(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={value[name]}" for name in sorted(value))
    return "" if value is None else str(value)


def _plain(settings: Settings, framework: str, cpus: int, gpus: int) -> dict[str, str]:
    base, resources, reserved = settings.base, settings.resources, settings.reserved
    module = settings.program.removesuffix(".py")
    values: dict[str, Any] = {
        "SM_CHANNELS": sorted(settings.channels),
        "SM_CURRENT_HOST": settings.host,
        "SM_CURRENT_INSTANCE_TYPE": resources.get("current_instance_type", ""),
        "SM_CURRENT_INSTANCE_GROUP": resources.get("current_group_name", ""),
        "SM_CURRENT_INSTANCE_GROUP_HOSTS": _mates(settings),
        "SM_INSTANCE_GROUPS": [g["instance_group_name"] for g in _groups(settings)],
        "SM_INSTANCE_GROUPS_DICT": {g["instance_group_name"]: g for g in _groups(settings)},
        "SM_IS_HETERO": len(_groups(settings)) > 1,
        "SM_FRAMEWORK_MODULE": f"sagemaker_{framework}_container.training:main",
        "SM_HOSTS": settings.hosts,
        "SM_MASTER_ADDR": settings.hosts[0],
        "SM_MASTER_PORT": "7777",
        "SM_HPS": settings.hyperparameters,
        "SM_INPUT_CONFIG_DIR": f"{base}/input/config",
        "SM_INPUT_DATA_CONFIG": settings.channels,
        "SM_INPUT_DIR": f"{base}/input",
        "SM_LOG_LEVEL": reserved.get("sagemaker_container_log_level", _LOG_LEVEL),
        "SM_MODEL_DIR": f"{base}/model",
        "SM_MODULE_DIR": str(reserved.get("sagemaker_submit_directory") or settings.code),
        "SM_MODULE_NAME": module,
        "SM_NETWORK_INTERFACE_NAME": resources.get("network_interface_name", "eth0"),
        "SM_NUM_CPUS": cpus,
        "SM_NUM_GPUS": gpus,
        "SM_NUM_NEURONS": 0,
        "SM_OUTPUT_DATA_DIR": f"{base}/output/data",
        "SM_OUTPUT_DIR": f"{base}/output",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{base}/output/intermediate",
        "SM_RESOURCE_CONFIG": resources,
        "SM_USER_ARGS": arguments(settings.hyperparameters),
        "SM_USER_ENTRY_POINT": settings.program,
    }
    return {name: _text(value) for name, value in values.items()}


def _groups(settings: Settings) -> list[dict[str, Any]]:
    return list(settings.resources.get("instance_groups") or ())


def _mates(settings: Settings) -> list[str]:
    """The hosts of this host's group."""
    mine = (group["hosts"] for group in _groups(settings) if settings.host in group["hosts"])
    return list(next(mine, settings.hosts))


def _training_environment(
    settings: Settings, found: Mapping[str, str], cpus: int, gpus: int
) -> dict[str, Any]:
    """The one object that tells all, for scripts that read SM_TRAINING_ENV."""
    named = {name: f"{settings.base}/input/data/{name}" for name in settings.channels}
    return {
        "additional_framework_parameters": {
            name: value
            for name, value in settings.reserved.items()
            if name not in ("sagemaker_program", "sagemaker_submit_directory")
        },
        "channel_input_dirs": named,
        "current_host": settings.host,
        "current_instance_group": found["SM_CURRENT_INSTANCE_GROUP"],
        "current_instance_type": found["SM_CURRENT_INSTANCE_TYPE"],
        "framework_module": found["SM_FRAMEWORK_MODULE"],
        "hosts": settings.hosts,
        "hyperparameters": settings.hyperparameters,
        "input_config_dir": found["SM_INPUT_CONFIG_DIR"],
        "input_data_config": settings.channels,
        "input_dir": found["SM_INPUT_DIR"],
        "is_master": settings.host == settings.hosts[0],
        "is_modelparallel_enabled": None,
        "job_name": settings.reserved.get("sagemaker_job_name"),
        "log_level": int(found["SM_LOG_LEVEL"] or _LOG_LEVEL),
        "master_hostname": settings.hosts[0],
        "model_dir": found["SM_MODEL_DIR"],
        "module_dir": found["SM_MODULE_DIR"],
        "module_name": found["SM_MODULE_NAME"],
        "network_interface_name": found["SM_NETWORK_INTERFACE_NAME"],
        "num_cpus": cpus,
        "num_gpus": gpus,
        "num_neurons": 0,
        "output_data_dir": found["SM_OUTPUT_DATA_DIR"],
        "output_dir": found["SM_OUTPUT_DIR"],
        "output_intermediate_dir": found["SM_OUTPUT_INTERMEDIATE_DIR"],
        "resource_config": settings.resources,
        "user_entry_point": settings.program,
    }


def _text(value: Any) -> str:
    """As the toolkit writes a variable: text as it is, null as nothing, all else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
