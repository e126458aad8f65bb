"""A model's own requirements: where they are written, what they ask for, and a hash of it all.

SageMaker's containers install `code/requirements.txt`; MLflow's models name theirs at the
archive's root (`agent.conda` reads the YAML forms). Files are only read below the model's folder,
whatever they include. Nothing is resolved or installed here.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LONGEST = 1 << 20
_FILE = "requirements.txt"
_INCLUDE = re.compile(
    r"(?:-(?P<short>[rc])\s*|--(?P<long>requirement|constraint)[\s=]+)(?P<path>.+)"
)
_FIND_LINKS = re.compile(r"(-f\s*|--find-links[\s=]+)(?P<path>.+)")
_INDEX = re.compile(r"-i|-f|--(index-url|extra-index-url|find-links|no-index)")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_COMMENT = re.compile(r"(^|\s)#.*$")
_LOCAL = re.compile(r"[./]|-e\b|--editable\b|.*@\s*file:|file:|[^\s@]*/|\S+\.(whl|zip|tar\.gz)$")
_FALSE = ("", "0", "false", "no", "off")


class BadRequirements(Exception):
    """They cannot be read; the text is one sentence that says what to change."""


@dataclass(frozen=True)
class Requirements:
    """What a model asks for, includes put in place, comments and empty lines left out."""

    file: Path
    """Where it is written; local paths in it are relative to its folder."""
    lines: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)
    """Sentences on what was left out."""


def present(ml: Path, variables: Mapping[str, str]) -> Path | None:
    """The file with the requirements of the model unpacked in `ml`; None when it has none."""
    root = ml.resolve()
    for candidate in _candidates(ml, variables):
        file = candidate.resolve()
        if file.is_relative_to(root) and file.is_file():
            return file
    return None


def _candidates(ml: Path, variables: Mapping[str, str]) -> Iterable[Path]:
    model = ml / "model"
    disabled = variables.get("MLFLOW_DISABLE_ENV_CREATION", "").strip().lower() not in _FALSE
    if (model / "MLmodel").is_file() and not disabled:
        yield from (model / name for name in (_FILE, "conda.yaml", "python_env.yaml"))
    submitted = variables.get("SAGEMAKER_SUBMIT_DIRECTORY", "").strip()
    if submitted.startswith("/opt/ml/"):
        yield ml / submitted.removeprefix("/opt/ml/") / _FILE
    yield from (model / "code" / _FILE, ml / "code" / _FILE)


def read_below(folder: Path) -> Callable[[str], str]:
    """A reader of text files by their path relative to `folder`, never of one outside of it."""
    root = folder.resolve()

    def read(name: str) -> str:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise BadRequirements(f"{name} is not in the archive.")
        try:
            if path.stat().st_size > _LONGEST:
                raise BadRequirements(f"{name} is larger than {_LONGEST >> 20} MiB.")
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadRequirements(f"{name} is not text in UTF-8.") from None
        except OSError as error:
            raise BadRequirements(f"{name} cannot be read: {error.strerror}.") from None

    return read


def flatten(
    name: str, lines: Iterable[str], read: Callable[[str], str], variables: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Requirements and constraints of a file's lines, with what they include by -r and -c.

    variables: what ${NAME} stands for. Raises BadRequirements.
    """
    seen = {name}
    found: tuple[list[str], list[str]] = ([], [])

    def walk(name: str, lines: Iterable[str], *, constraint: bool) -> None:
        for line in lines:
            include = _INCLUDE.fullmatch(line)
            if include is None:
                found[constraint].append(_filled(line, name, variables))
                continue
            limits = constraint or "c" in (include["short"] or include["long"])[:1]
            other = _joined(name, include["path"])
            if other not in seen:
                seen.add(other)
                walk(other, logical_lines(read(other)), constraint=limits)

    walk(name, lines, constraint=False)
    return found


def logical_lines(text: str) -> list[str]:
    """Lines joined where they end in a backslash, without comments, none of them empty."""
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = (" ".join(_COMMENT.sub("", line).split()) for line in joined.splitlines())
    return [line for line in lines if line]


def is_index_option(line: str) -> bool:
    """Whether the line says where packages come from."""
    return _INDEX.match(line) is not None


def with_absolute_links(line: str, folder: str) -> str:
    """The line with the folder of a --find-links made absolute below `folder`."""
    found = _FIND_LINKS.fullmatch(line)
    if found is None or "://" in found["path"]:
        return line
    return f"--find-links {posixpath.normpath(posixpath.join(folder, found['path']))}"


def digest(wanted: Requirements, surroundings: Iterable[str]) -> str:
    """The name of the environment these requirements get among `surroundings`: interpreter,
    platform, installed packages. Files of the archive count when a line refers to some."""
    hashed = hashlib.sha256()
    parts = [wanted.lines, wanted.constraints, tuple(surroundings)]
    hashed.update(json.dumps(parts).encode())
    if any(_is_local(line) for line in (*wanted.lines, *wanted.constraints)):
        for path in sorted(wanted.file.parent.rglob("*")):
            if path.is_file() and not path.is_symlink():
                hashed.update(f"\n{path.relative_to(wanted.file.parent)}\n".encode())
                with path.open("rb") as file:
                    hashed.update(hashlib.file_digest(file, "sha256").digest())
    return hashed.hexdigest()[:32]


def hashes_of(lines: Iterable[str]) -> dict[str, str]:
    """Pins with their options: {"name==1.0": "--hash=… --hash=…"}."""
    found = {}
    for line in lines:
        pin, mark, options = line.partition(" --hash")
        if mark:
            name, equals, version = pin.partition(";")[0].partition("==")
            found[f"{normalized(name)}{equals}{version.strip()}"] = f"--hash{options}"
    return found


def normalized(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name.partition("[")[0].strip()).lower()


def _is_local(line: str) -> bool:
    links = _FIND_LINKS.fullmatch(line)
    if links is not None:
        return "://" not in links["path"]
    requirement = line.partition(";")[0].strip()
    if "://" in requirement and "file:" not in requirement:
        return False
    return _LOCAL.match(requirement) is not None


def _joined(name: str, path: str) -> str:
    path = path.strip().strip("\"'")
    if "://" in path:
        raise BadRequirements(f"{name} includes {path}: only files of the archive can be included.")
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _filled(line: str, name: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in variables:
            raise BadRequirements(
                f"{name} names the variable {found[1]}, which the model's Environment does not set."
            )
        return variables[found[1]]

    return _VARIABLE.sub(value, line)
