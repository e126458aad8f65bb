"""The shape the code keeps: small files that say what they are for, and nothing left undone."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for top in ("src", "examples", "tools") for path in (ROOT / top).rglob("*.py")
)
UNDONE = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_source_files_are_short_enough_to_read() -> None:
    assert [name(path) for path in SOURCES if path.read_text().count("\n") > 400] == []


def test_source_files_say_what_they_are_for() -> None:
    assert [name(p) for p in SOURCES if not ast.get_docstring(ast.parse(p.read_text()))] == []


def test_source_files_leave_nothing_undone() -> None:
    assert [name(path) for path in SOURCES if UNDONE.search(path.read_text())] == []


def test_scripts_can_be_run_by_their_names() -> None:
    scripts = [
        path
        for path in [ROOT / ".ci" / "run", *(ROOT / "script").iterdir()]
        if path.is_file() and path.read_bytes().startswith(b"#!")
    ]

    assert {"run", "setup", "demo", "test", "check", "docs"} <= {path.name for path in scripts}
    assert [name(path) for path in scripts if not path.stat().st_mode & 0o111] == []
