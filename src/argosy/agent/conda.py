"""Requirements as MLflow writes them: the pip part of conda.yaml and python_env.yaml. Pure.

What conda alone could install is left out, and said; so is MLflow itself, which serves the model.
"""

import re
import sys
from typing import Any

from argosy.agent.requirements import BadRequirements, logical_lines

_CONDA_ONLY = re.compile(r"(python|pip|setuptools|wheel)\b")
_PYTHON = re.compile(r"python\s*[=<>~!]*\s*([\d.]+)")
_MLFLOW = re.compile(r"mlflow(-skinny)?\s*($|[=<>~!;])")


def pip_part(name: str, text: str) -> tuple[list[str], list[str]]:
    """The lines of requirements in such a file, and notes. Raises BadRequirements."""
    content = _parsed(name, text)
    notes: list[str] = []
    lines: list[str] = []
    if isinstance(content.get("python"), str | int | float):
        notes += _python_note(f"python={content['python']}")
    for entry in _list(name, content.get("dependencies")):
        if isinstance(entry, dict):
            lines += map(str, _list(name, entry.get("pip")))
        elif name == "python_env.yaml":
            lines.append(str(entry))
        elif not _CONDA_ONLY.match(str(entry)):
            notes.append(f"{name} asks conda for {entry}, which is left out: name it under pip.")
        else:
            notes += _python_note(str(entry))
    return logical_lines("\n".join(lines)), notes


def without_mlflow(lines: list[str], installed: str) -> tuple[list[str], list[str]]:
    """The lines without the one for MLflow itself, and notes.

    installed: the version that serves the model; "" keeps the line, for there is none.
    """
    rest = [line for line in lines if not (installed and _MLFLOW.match(line))]
    named = [line for line in lines if line not in rest]
    others = [line for line in named if line.partition("==")[2] != installed]
    return rest, [f"The model names {line}; MLflow {installed} serves it." for line in others]


def _parsed(name: str, text: str) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadRequirements(f"{name} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise BadRequirements(f"{name} is no mapping with dependencies.")
    return content


def _list(name: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRequirements(f"The dependencies in {name} are no list.")
    return value


def _python_note(entry: str) -> list[str]:
    """A note when another Python is asked for than the one that runs."""
    found = _PYTHON.match(entry)
    ours = sys.version_info[:2]
    if found is None or tuple(map(int, re.findall(r"\d+", found[1])[:2])) == ours:
        return []
    return [f"The model was saved with Python {found[1]}; {ours[0]}.{ours[1]} runs it."]
