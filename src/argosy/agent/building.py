"""Making the environment of a model's own requirements. Meant for a `Child`: blocking.

The packages are those that `pip install -r` would change in Argosy's own environment: uv resolves
against what is installed there, and only what differs goes into a folder that the worker puts
before it. The framework's own packages take part, so that a numpy that is asked for brings the
scipy that goes with it. Argosy's environment itself is never touched.
"""

import contextlib
import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from argosy.agent import conda, requirements
from argosy.agent.environments import NOTE, Environments, size_of
from argosy.agent.folders import Folders
from argosy.agent.requirements import BadRequirements, Requirements
from argosy.agent.uv import CannotInstall, Uv
from argosy.ground.files import write_json
from argosy.ground.settings import Settings

RESULT = "environment.json"
"""In the instance's folder: {"name": of the environment, "" for none}."""

_NOISE = ("Using Python", "Using CPython", "Would ", "Checked ", "Audited ")
_PLANNED = ("Resolved ", " + ", " - ", " ~ ")
_GIB = 1 << 30


@dataclass(frozen=True)
class Order:
    """What is to be made."""

    folders: Folders
    runtime: str
    variables: Mapping[str, str]
    """The container's Environment."""
    settings: Settings
    sandboxed: bool
    without_network: bool


def fulfil(order: Order) -> str:
    """Make the environment unless it is there, note its name in RESULT; "" or a sentence."""
    try:
        name = _provide(order)
        write_json(order.folders.root / RESULT, {"name": name}, sync=False)
    except BadRequirements as error:
        return str(error)
    except CannotInstall as error:
        return f"The packages that the model asks for cannot be installed. {error}".strip()
    except OSError as error:
        return f"The packages that the model asks for cannot be kept: {error.strerror or error}."
    return ""


def read(file: Path, ml: Path, variables: Mapping[str, str]) -> Requirements:
    """What the file asks for. Raises BadRequirements."""
    root = ml.resolve()
    name = str(file.relative_to(root))
    text = requirements.read_below(root)
    lines = requirements.logical_lines(text(name))
    notes: list[str] = []
    if file.suffix == ".yaml":
        lines, notes = conda.pip_part(file.name, text(name))
    wanted, constraints = requirements.flatten(name, lines, text, variables)
    if (file.parent / "MLmodel").is_file():
        wanted, more = conda.without_mlflow(wanted, _installed("mlflow", "mlflow-skinny"))
        notes += more
    return Requirements(file, tuple(wanted), tuple(constraints), tuple(notes))


def _provide(order: Order) -> str:
    """The name of the environment, which is there now; "" when none is needed."""
    ml = order.folders.ml
    file = requirements.present(ml, order.variables)
    if file is None:
        return ""
    wanted = read(file, ml, order.variables)
    for note in wanted.notes:
        _say(f"Argosy: {note}")
    if not any(not line.startswith("-") or line.startswith("-e") for line in wanted.lines):
        return ""
    framework = _framework(order.runtime)
    name = requirements.digest(wanted, _surroundings(order.settings, framework))
    environments = Environments(order.folders.data_dir.environments)
    if not environments.is_there(name):
        environments.collect(
            order.settings.environment_idle_s, int(order.settings.environments_gb * _GIB)
        )
        if environments.is_being_made(name):
            _say("Argosy: waiting for another instance that installs the same requirements.")
        with environments.building(name):
            if not environments.is_there(name):
                _make(order, wanted, framework, environments, name)
    os.utime(environments.folder(name))
    return name


def _make(
    order: Order,
    wanted: Requirements,
    framework: list[str],
    environments: Environments,
    name: str,
) -> None:
    shown = wanted.file.relative_to(order.folders.ml.resolve())
    _say(f"Argosy: installing what {shown} asks for.")
    began = time.monotonic()
    folder = environments.temporary(name)
    try:
        packages = _install(order, wanted, framework, folder / "work")
        if packages:
            _take_site(folder)
        shutil.rmtree(folder / "work", ignore_errors=True)
        note = {"packages": packages, "bytes": size_of(folder), "from": str(shown)}
        write_json(folder / NOTE, note)
        if packages:
            os.sync()  # a power loss must not leave a folder that looks whole
        os.rename(folder, environments.folder(name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    took = f"in {time.monotonic() - began:.1f} s"
    done = f"{len(packages)} installed {took}" if packages else "all of it is here already"
    _say(f"Argosy: {done}.")


def _take_site(folder: Path) -> None:
    """Move the packages out of what foreign code could write to. Raises CannotInstall."""
    site = folder / "work" / "site"
    if site.is_symlink() or not site.is_dir():
        raise CannotInstall("Their folder was replaced while they were built.")
    os.rename(site, folder / "site")


def _install(order: Order, wanted: Requirements, framework: list[str], work: Path) -> list[str]:
    """Fill work/site; returns what was installed, as requirements."""
    (work / "tmp").mkdir(parents=True)
    uv = Uv(
        order.folders,
        order.settings,
        work,
        wanted.file.parent,
        order.sandboxed,
        order.without_network,
    )
    options = _written(uv, wanted, framework)
    packages = _planned(uv, options)
    if packages:
        index = _index_options(uv, wanted)
        _write(work / "plan.txt", [*index, *_with_hashes(packages, wanted.lines)])
        told = ["--no-deps", "--compile-bytecode", "--target", f"{uv.seen_work}/site"]
        if not uv.pip_install(*told, "-r", f"{uv.seen_work}/plan.txt", heard=_forward):
            raise CannotInstall("")
    return packages


def _written(uv: Uv, wanted: Requirements, framework: list[str]) -> list[str]:
    """Options naming the files into which the requirements were written."""
    rest = [line for line in wanted.lines if not requirements.is_index_option(line)]
    _write(uv.work / "requirements.txt", [*_index_options(uv, wanted), *rest])
    _write(uv.work / "constraints.txt", wanted.constraints)
    _write(uv.work / "framework.txt", framework)
    options = ["-r", f"{uv.seen_work}/requirements.txt"]
    if wanted.constraints:
        options += ["-c", f"{uv.seen_work}/constraints.txt"]
    return [*options, *(["--prerelease", "allow"] if "--pre" in wanted.lines else [])]


def _index_options(uv: Uv, wanted: Requirements) -> list[str]:
    """Where the model says its packages come from; the setting `wheels` goes before."""
    if uv.settings.wheels:
        return []
    lines = [line for line in wanted.lines if requirements.is_index_option(line)]
    return [requirements.with_absolute_links(line, uv.seen_folder) for line in lines]


def _planned(uv: Uv, options: list[str]) -> list[str]:
    """What would have to be installed, as requirements. Raises CannotInstall."""
    together: list[str] = []
    framework = ["-r", f"{uv.seen_work}/framework.txt"]
    if uv.pip_install("--dry-run", *options, *framework, heard=together.append):
        _repeat(together)
        return _added(together)
    alone: list[str] = []
    if not uv.pip_install("--dry-run", *options, heard=alone.append):
        _repeat(alone)
        raise CannotInstall("")
    _say("Argosy: these packages may not fit those of the framework that are here:")
    _repeat(together)
    return _added(alone)


def _added(lines: list[str]) -> list[str]:
    return [line.removeprefix(" + ") for line in lines if line.startswith(" + ")]


def _with_hashes(packages: Iterable[str], lines: Iterable[str]) -> list[str]:
    """The packages with the hashes that the requirements give for them."""
    hashes = requirements.hashes_of(lines)
    found = []
    for package in packages:
        name, equals, version = package.partition("==")
        options = hashes.get(f"{requirements.normalized(name)}{equals}{version}", "")
        found.append(f"{package} {options}".strip())
    return found


def _framework(runtime: str) -> list[str]:
    """Installed distributions that the runtime's extra of Argosy names."""
    try:
        declared = importlib.metadata.requires("argosy") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = []
    for line in declared:
        name = re.match(r"[\w.-]+", line)
        wanted = re.search(rf"extra\s*==\s*['\"]{re.escape(runtime)}['\"]", line)
        if name and wanted and _installed(name[0]):
            found.append(name[0])
    return sorted(found)


def _installed(*names: str) -> str:
    """The version of the first of these distributions that is installed; "" when none is."""
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return ""


def _surroundings(settings: Settings, framework: list[str]) -> list[str]:
    """All that a resolution depends on beside the requirements and the index."""
    installed = set()
    for folder in sys.path:
        if os.path.isdir(folder):
            installed |= {name for name in os.listdir(folder) if name.endswith("-info")}
    here = [sys.version, sysconfig.get_platform(), settings.wheels]
    return [*here, *framework, *sorted(installed)]


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def _repeat(resolving: Iterable[str]) -> None:
    """Into the log, but for the plan: the installation will say it."""
    for line in resolving:
        if not line.startswith(_PLANNED):
            _forward(line)


def _forward(line: str) -> None:
    """Into the log, unless it says nothing to the model's owner."""
    if not line.startswith(_NOISE):
        _say(line)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
