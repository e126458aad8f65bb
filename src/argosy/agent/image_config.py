"""What an image says of how it is run: its OCI configuration, read. Pure but for `identity`.

Source: OCI image specification, "config"; Docker's reference of ENTRYPOINT, ENV, USER, WORKDIR.
"""

import json
import platform
from dataclasses import asdict, dataclass, field
from typing import Any

from argosy.objects.errors import BadArchive
from argosy.objects.inside import Inside

NOBODY = 65_534
_LONGEST_LIST = 2 << 20
_LARGEST_ID = 1 << 31
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le"}


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """How a program of the image is started; kept as image.json beside its root folder."""

    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    """CMD; `serve` and `train` stand in its place."""
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    uid: int = NOBODY
    """Its user in the sandbox, never 0: what is root there would only look like it."""
    gid: int = NOBODY

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def machine() -> str:
    """This machine's architecture as images name it."""
    return _MACHINES.get(platform.machine(), platform.machine())


def parse(data: bytes, root: Inside) -> ImageConfig:
    """The configuration of an image whose root is unpacked. Raises BadArchive with a clause."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise BadArchive("its configuration is not a JSON object")
    _check_platform(document)
    config = document.get("config") or {}
    uid, gid = identity(str(config.get("User") or ""), root)
    return ImageConfig(
        entrypoint=_texts(config, "Entrypoint"),
        command=_texts(config, "Cmd"),
        environment=dict(_pair(one) for one in _texts(config, "Env")),
        folder=_folder(str(config.get("WorkingDir") or "/"), root),
        uid=uid,
        gid=gid,
    )


def identity(user: str, root: Inside) -> tuple[int, int]:
    """Ids for an image's USER (`name|uid[:name|gid]`), after its own /etc/passwd and /etc/group.

    Raises BadArchive.
    """
    name, _, group = user.partition(":")
    if name in ("", "root", "0"):
        return NOBODY, NOBODY
    entry = _entry(root, "passwd", name)
    uid = _number(entry[2] if entry else name, "user", name)
    if group:
        found = _entry(root, "group", group)
        return uid, _number(found[2] if found else group, "group", group)
    return uid or NOBODY, _number(entry[3], "group", entry[3]) if entry else 0


def _check_platform(document: dict[str, Any]) -> None:
    system, architecture = document.get("os", "linux"), document.get("architecture", machine())
    if (system, architecture) != ("linux", machine()):
        raise BadArchive(
            f"it is for {system}/{architecture}, and this machine is linux/{machine()}: build it "
            f"with --platform linux/{machine()}"
        )


def _texts(config: dict[str, Any], member: str) -> list[str]:
    value = config.get(member) or []
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(
        isinstance(one, str) and "\0" not in one for one in value
    ):
        raise BadArchive(f"{member} in its configuration is not a list of texts")
    return value


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _folder(name: str, root: Inside) -> str:
    """Made when it is not there, as Docker does."""
    if not name.startswith("/"):
        raise BadArchive(f"its WORKDIR {name[:200]!r} is not an absolute path")
    root.folder(tuple(part for part in name.split("/") if part not in ("", ".")), name)
    return name


def _entry(root: Inside, table: str, key: str) -> list[str] | None:
    """The line of /etc/passwd or /etc/group for a name or number."""
    path = root.place(f"etc/{table}")
    if path.is_symlink() or not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = [line.split(":") for line in file.read(_LONGEST_LIST).splitlines()]
    return next((line for line in lines if len(line) > 3 and key in (line[0], line[2])), None)


def _number(text: str, kind: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:12]) >= _LARGEST_ID:
        raise BadArchive(f"its USER names a {kind} {name[:100]!r} that is not in the image")
    return int(text)
