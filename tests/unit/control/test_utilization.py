"""Instances' use of the machine, as metrics."""

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from argosy.control.measuring.gpus import Gpus
from argosy.control.measuring.publishing import Moment
from argosy.control.measuring.utilization import Utilization
from argosy.ground.instances import CONTAINER_FILE
from argosy.ground.processes import ProcessId
from argosy.telemetry.metrics import Datum

MOMENT = Moment(1_700_000_040.0, 60)


def instance(owner: str, pid: int) -> Any:
    spec = SimpleNamespace(
        instance_id="i-1",
        account="1",
        region="r",
        owner=owner,
        owner_kind=owner.partition("/")[0],
        variant="v",
    )
    state = SimpleNamespace(agent_pid=pid)
    return SimpleNamespace(spec=spec, state=state, alive=True)


class Devices:
    """A pynvml with one GPU, of which the process `user` uses a quarter."""

    user = 0

    class NVMLError(Exception):
        pass

    def nvmlInit(self) -> None:
        """It is there."""

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:
        return SimpleNamespace(total=1000)

    def nvmlDeviceGetComputeRunningProcesses(self, device: int) -> list[Any]:
        return [
            SimpleNamespace(pid=self.user, usedGpuMemory=250),
            SimpleNamespace(pid=1, usedGpuMemory=500),
        ]

    def nvmlDeviceGetProcessUtilization(self, device: int, since: int) -> list[Any]:
        return [
            SimpleNamespace(pid=self.user, smUtil=use, timeStamp=since + use) for use in (20, 30)
        ]


class NoDevices(Devices):
    def nvmlInit(self) -> None:
        raise self.NVMLError


WORKS = """
import time
print(".", flush=True)
input()
end = time.process_time() + 0.5
while time.process_time() < end: pass
print(".", flush=True)
input()
"""


def measured(
    owner: str, library: Devices, folder: Path
) -> dict[tuple[str, str, tuple[Any, ...]], Datum]:
    """What is told at the second look, ten seconds and half a second of work after the first."""
    now = [0.0]
    with running(WORKS) as agent:
        library.user = agent.pid
        one = instance(owner, agent.pid)
        utilization = Utilization(folder, 1024, Gpus(library), lambda: now[0])
        asyncio.run(utilization.measure([one], MOMENT))
        agent.stdin.write(b"\n")
        agent.stdin.flush()
        agent.stdout.readline()
        now[0] = 10.0
        data = asyncio.run(utilization.measure([one], MOMENT))
        agent.communicate(b"\n")
    return {(d.metric.namespace, d.metric.name, d.metric.dimensions): d for d in data}


def test_an_endpoints_instance_is_told_by_its_variant_and_by_itself(tmp_path: Path) -> None:
    data = measured("endpoint/e", Devices(), tmp_path)
    variant = (("EndpointName", "e"), ("VariantName", "v"))
    host = (("Host", "e/v/i-1"),)
    names = ("CPU", "Memory", "Disk", "GPU", "GPUMemory")
    space = "/aws/sagemaker/Endpoints"
    assert set(data) == {
        (space, f"{name}Utilization", dims) for name in names for dims in (variant, host)
    }
    of = {name: data[space, f"{name}Utilization", variant].sample.total for name in names}
    assert 4 <= of["CPU"] < 100
    assert 0 < of["Memory"] < 100
    assert (of["GPU"], of["GPUMemory"]) == (25, 25)
    assert {datum.unit for datum in data.values()} == {"Percent"}


def test_a_training_jobs_host_is_named_as_the_job_names_it(tmp_path: Path) -> None:
    data = measured("training-job/j", NoDevices(), tmp_path)
    assert set(data) == {
        ("/aws/sagemaker/TrainingJobs", f"{name}Utilization", (("Host", "j/v"),))
        for name in ("CPU", "Disk", "Memory")
    }


def test_an_ec2_instance_is_told_by_its_id_and_a_notebook_instance_not_at_all(
    tmp_path: Path,
) -> None:
    data = measured("ec2-instance/i-9", NoDevices(), tmp_path)
    assert set(data) == {("AWS/EC2", "CPUUtilization", (("InstanceId", "i-9"),))}
    assert measured("notebook-instance/n", NoDevices(), tmp_path) == {}


def test_a_processing_jobs_host_too(tmp_path: Path) -> None:
    data = measured("processing-job/j", NoDevices(), tmp_path)
    assert set(data) == {
        ("/aws/sagemaker/ProcessingJobs", f"{name}Utilization", (("Host", "j/v"),))
        for name in ("CPU", "Disk", "Memory")
    }


def test_a_transform_jobs_instance_is_a_host(tmp_path: Path) -> None:
    data = measured("transform-job/j", NoDevices(), tmp_path)
    assert set(data) == {
        ("/aws/sagemaker/TransformJobs", f"{name}Utilization", (("Host", "j/i-1"),))
        for name in ("CPU", "Memory")
    }


def waiting(megabytes: int) -> Any:
    """A process that holds some memory until it may end."""
    return running(f"held = bytearray({megabytes} << 20); print('.', flush=True); input()")


def running(script: str) -> Any:
    """A process that has printed its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_a_container_engine_runs_for_an_instance_counts_too(tmp_path: Path) -> None:
    with waiting(0) as agent, waiting(64) as container:

        def memory() -> float:
            utilization = Utilization(tmp_path, 1024, Gpus(NoDevices()))
            one = instance("transform-job/j", pid=agent.pid)
            (told,) = asyncio.run(utilization.measure([one], MOMENT))
            return told.sample.total * 1024 / 100

        alone = memory()
        noted = tmp_path / "i-1.2" / CONTAINER_FILE
        noted.parent.mkdir()
        noted.write_text(json.dumps(asdict(ProcessId.of(container.pid))))
        assert memory() - alone >= 64
        container.communicate(b"\n")
        assert memory() < alone + 32
        agent.communicate(b"\n")


def test_an_instance_that_died_meanwhile_has_no_metrics(tmp_path: Path) -> None:
    utilization = Utilization(tmp_path, 0, Gpus(NoDevices()))
    gone = instance("endpoint/e", pid=2**22 - 1)
    assert asyncio.run(utilization.measure([gone], MOMENT)) == []
