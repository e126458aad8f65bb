"""The command line without a platform: help, flags, what doctor says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from argosy.cli import main
from argosy.cli.up import given

COMMANDS = [
    *("up", "down", "env", "deploy", "invoke", "transform"),
    *("status", "logs", "delete", "image", "doctor"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])

    assert done.exit_code == 0
    assert f"  argosy {command}" in done.output or f"argosy {command})" in done.output


def test_commands_start_without_loading_the_aws_sdk() -> None:
    script = (
        "import sys\n"
        "from argosy.cli import main\n"
        "main(['up', '--help'], standalone_mode=False)\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules or 'rich' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0


def test_the_supervisor_starts_without_the_command_line() -> None:
    script = (
        "import sys, argosy.supervisor.__main__\n"
        "heavy = {'click', 'rich', 'boto3', 'asyncio', 'ssl', 'sqlalchemy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_only_flags_that_were_given_become_variables() -> None:
    flags = {"port": 0, "host": None, "allow_reset": True, "insecure": None}

    assert given(flags) == {"ARGOSY_PORT": "0", "ARGOSY_ALLOW_RESET": "1"}


def test_doctor_reports_for_programs_too(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor", "--json", "--data-dir", str(tmp_path)])

    findings = {finding["subject"]: finding for finding in json.loads(done.output)}
    bad = any(finding["level"] == "bad" for finding in findings.values())
    assert {"sandbox", "object store", "scikit-learn", "disk", "memory"} <= set(findings)
    assert done.exit_code == int(bad)


def test_a_command_without_a_platform_says_what_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    done = CliRunner().invoke(main, ["status", "--data-dir", str(tmp_path)])

    assert done.exit_code == 1
    assert "argosy up" in done.output


def test_down_where_nothing_ever_ran_is_no_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["down", "--data-dir", str(tmp_path / "never")])

    assert (done.exit_code, "Nothing runs" in done.output) == (0, True)
