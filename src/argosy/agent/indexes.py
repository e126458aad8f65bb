"""Where uv finds packages: as pip would here, by pip's own configuration and variables. Pure.

uv knows variables of its own (UV_…), which go first, but reads nothing of pip's. Sources:
pip.pypa.io/en/stable/topics/configuration, docs.astral.sh/uv/reference/environment.
"""

import configparser
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_PASSED_ON = re.compile(
    r"UV_(INDEX|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|INSECURE_HOST|HTTP_|CONCURRENT_|OFFLINE$"
    r"|SYSTEM_CERTS|NATIVE_TLS|TORCH_BACKEND|EXCLUDE_NEWER|PRERELEASE|RESOLUTION|NO_BUILD|NO_BINARY"
    r"|ONLY_BINARY|KEYRING_PROVIDER).*"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|SSL_CLIENT_CERT|(?i:(https?|all|no)_proxy)"
)
NO_INDEX = "ARGOSY_UV_NO_INDEX"
"""Stands for --no-index, for which uv has no variable."""

_INDEXES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
_PLACE = re.compile(r"(?:file://(?:localhost)?)?(/.*)")


def pip_config_files(environment: Mapping[str, str], prefix: str) -> list[Path]:
    """pip's configuration files on Linux, those that go first last."""
    named = environment.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environment.get("HOME") or "/")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    system = (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    return [
        *(Path(folder) / "pip/pip.conf" for folder in reversed(system)),
        Path("/etc/pip.conf"),
        home / ".pip/pip.conf",
        config / "pip/pip.conf",
        Path(prefix) / "pip.conf",
        *([Path(named)] if named else []),
    ]


def uv_environment(environment: Mapping[str, str], pip_configs: Iterable[str]) -> dict[str, str]:
    """Variables for uv, from the agent's own and the texts of pip's configuration files.

    Where pip has several places to look, uv takes the best version of all of them, as pip does.
    """
    pip = _pip_options(environment, pip_configs)
    own = {name: text for name, text in environment.items() if _PASSED_ON.fullmatch(name)}
    taken = {
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "HTTP_PROXY": pip.get("proxy", ""),
        "HTTPS_PROXY": pip.get("proxy", ""),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        NO_INDEX: "1" if _is_true(pip.get("no-index", "")) else "",
    }
    if not any(name in own for name in _INDEXES):
        taken["UV_DEFAULT_INDEX"] = pip.get("index-url", "")
        taken["UV_INDEX"] = " ".join(pip.get("extra-index-url", "").split())
        taken["UV_INDEX_STRATEGY"] = "unsafe-best-match" if taken["UV_INDEX"] else ""
    return {**{name: text for name, text in taken.items() if text}, **own}


def local_places(environment: Mapping[str, str]) -> list[str]:
    """Files and folders of this machine that uv is led to by these variables.

    The pages of an index below `…/simple` name files that lie beside that folder.
    """
    found = []
    for name, text in environment.items():
        if name.startswith("UV_") or name.startswith("SSL_"):
            for word in re.split(r"[\s,]+", text):
                place = _PLACE.fullmatch(word.partition("=")[2] or word)
                if place:
                    found.append(_with_files(place[1]))
    return found


def _with_files(place: str) -> str:
    folder, _, name = place.rstrip("/").rpartition("/")
    return folder if folder and name == "simple" else place


def _pip_options(environment: Mapping[str, str], configs: Iterable[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in configs:
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                options |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    for name, value in environment.items():
        if name.startswith("PIP_"):
            options[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return options


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")
