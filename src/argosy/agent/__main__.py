"""`python -m argosy.agent --instance ID [--spare RUNTIME] [--launched FD]`.

Settings and the data folder come from the environment (ARGOSY_…).
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from argosy.agent.life import Life
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json, write_json
from argosy.ground.instances import AGENT_FILE, PROGRAM, SPEC_FILE, InstanceSpec
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import Settings

if TYPE_CHECKING:
    from argosy.agent.models.life import ManyLife


def main(arguments: list[str]) -> None:
    """Live one instance's life. Settings and the data folder come from the environment."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--instance" not in options:
        sys.exit("usage: python -m argosy.agent --instance ID [--spare RUNTIME]")
    try:
        settings = Settings.from_environment()
        data_dir = DataDir.at(settings.data_dir)
        _introduce(data_dir, options["--instance"], int(options.get("--launched", -1)))
        _agent(options["--instance"], settings, data_dir, options.get("--spare", ""))
    except ArgosyError as error:
        sys.exit(f"agent {options['--instance']}: {error}")


def _many(spec: dict[str, Any]) -> "type[ManyLife]":
    """The life of an instance of many models: ours, or a user's container's."""
    if spec["containers"][0]["runtime"] == PROGRAM:
        from argosy.agent.models.program_life import ManyProgramLife

        return ManyProgramLife
    from argosy.agent.models.life import ManyLife

    return ManyLife


def _agent(instance_id: str, settings: Settings, data_dir: DataDir, spare: str) -> None:
    """Live as a spare, as a job, as one container of one model or of many, or as the group of
    several."""
    spec = None if spare else read_json(data_dir.instance(instance_id) / SPEC_FILE)
    if isinstance(spec, dict) and spec.get("job"):
        from argosy.agent.jobs.life import JobLife

        told = InstanceSpec.from_json(spec)
        assert told.job is not None
        JobLife(told, told.job, settings, data_dir).run()
    elif isinstance(spec, dict) and spec.get("machine"):
        from argosy.agent.machines.life import MachineLife

        MachineLife(InstanceSpec.from_json(spec), settings, data_dir).run()
    elif isinstance(spec, dict) and len(spec.get("containers", ())) > 1:
        from argosy.agent.group import Group

        Group(InstanceSpec.from_json(spec), settings, data_dir).run()
    elif isinstance(spec, dict) and spec["containers"][0].get("multi_model"):
        _many(spec)(instance_id, settings, data_dir).run("")
    else:
        Life(instance_id, settings, data_dir).run(spare)


def _introduce(data_dir: DataDir, instance_id: str, launched: int) -> None:
    """Say which process this is, so that nobody has to remember having started it.

    launched: the descriptor of the lock of the launch, which ends with this.
    """
    me = ProcessId.of(os.getpid())
    path = data_dir.instance(instance_id) / AGENT_FILE
    write_json(path, {"pid": me.pid, "start_ticks": me.start_ticks}, sync=False)
    if launched >= 0:
        os.close(launched)


if __name__ == "__main__":
    main(sys.argv[1:])
