"""`python -m argosy.agent.porter --instance ID --address ADDRESS…`, with ARGOSY_… around it."""

import argparse
import signal
import sys
import threading
from types import FrameType

from argosy.agent.porter.data_log import DataLog
from argosy.agent.porter.job import Job, Surroundings
from argosy.agent.porter.kinds import job_for
from argosy.agent.porter.link import Link
from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.instances import SPEC_FILE, InstanceSpec
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.ground.work import Hello

_OWED_S = 5.0
"""How long a porter that is done waits for control to note what it said last."""
_LOOK_EVERY_S = 0.05


def main(arguments: list[str]) -> None:
    """Pull work until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m argosy.agent.porter")
    parser.add_argument("--instance", required=True)
    parser.add_argument("--address", action="append", default=[])
    options = parser.parse_args(arguments)
    try:
        _run(options.instance, tuple(options.address))
    except ArgosyError as error:
        sys.exit(f"porter {options.instance}: {error}")


def _run(instance_id: str, addresses: tuple[str, ...]) -> None:
    told_to_stop = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told_to_stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    settings = Settings.from_environment()
    data_dir = DataDir.at(settings.data_dir)
    spec = InstanceSpec.from_json(read_json(data_dir.instance(instance_id) / SPEC_FILE) or {})
    link, log = Link(data_dir.work_socket), DataLog(data_dir, spec, settings)
    assert spec.work is not None
    job = job_for(spec.work["kind"], Surroundings(spec, addresses, settings, link, log))
    job.begin()
    listening = threading.Thread(
        target=link.run, args=(lambda: dict(hello_of(spec, job)), job.told), daemon=True
    )
    listening.start()
    told_to_stop.wait()
    job.finish()
    _await_acknowledgement(link)
    link.close()
    log.close()


def hello_of(spec: InstanceSpec, job: Job) -> Hello:
    """How a porter introduces itself."""
    assert spec.work is not None
    return {
        "instance": spec.instance_id,
        "owner": spec.owner,
        "account": spec.account,
        "region": spec.region,
        "variant": spec.variant,
        "work": {"kind": spec.work["kind"], "concurrency": spec.work.get("concurrency", 1)},
        "holding": job.holding(),
    }


def _await_acknowledgement(link: Link) -> None:
    paused = threading.Event()
    for _ in range(int(_OWED_S / _LOOK_EVERY_S)):
        if not link.owes:
            return
        paused.wait(_LOOK_EVERY_S)


if __name__ == "__main__":
    main(sys.argv[1:])
