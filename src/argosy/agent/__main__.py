"""`python -m argosy.agent --instance ID [--spare RUNTIME]`, with ARGOSY_… in the environment."""

import os
import sys

from argosy.agent.life import Life
from argosy.ground.errors import ArgosyError
from argosy.ground.files import write_json
from argosy.ground.instances import AGENT_FILE
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import Settings


def main(arguments: list[str]) -> None:
    """Live one instance's life. Settings and the data folder come from the environment."""
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if "--instance" not in options:
        sys.exit("usage: python -m argosy.agent --instance ID [--spare RUNTIME]")
    try:
        settings = Settings.from_environment()
        data_dir = DataDir.at(settings.data_dir)
        _introduce(data_dir, options["--instance"])
        Life(options["--instance"], settings, data_dir).run(options.get("--spare", ""))
    except ArgosyError as error:
        sys.exit(f"agent {options['--instance']}: {error}")


def _introduce(data_dir: DataDir, instance_id: str) -> None:
    """Say which process this is, so that nobody has to remember having started it."""
    me = ProcessId.of(os.getpid())
    path = data_dir.instance(instance_id) / AGENT_FILE
    write_json(path, {"pid": me.pid, "start_ticks": me.start_ticks}, sync=False)


if __name__ == "__main__":
    main(sys.argv[1:])
