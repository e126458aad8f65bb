"""The small programs that a machine finds in its PATH, as scripts written for AWS call them."""

import os
import subprocess
from pathlib import Path

import pytest

from argosy.agent.machines.inside import _PROGRAMS
from tests.support.endpoints import until
from tests.support.machines import named

WAITING = "/tmp/.shutdown"


def written(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text(_PROGRAMS[name].replace(WAITING, str(folder / "waiting")))
    path.chmod(0o700)
    return path


def run(folder: Path, name: str, *arguments: str, entered: str = "") -> str:
    """What a program prints; `entered` is what it reads."""
    done = subprocess.run(
        [written(folder, name), *arguments],
        input=entered,
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(folder)},
        cwd="/",
        timeout=30,
    )
    return done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr}"


@pytest.mark.parametrize(
    "command",
    [
        ["su", "-", "ec2-user", "-c", "echo $HOME; pwd"],
        ["runuser", "-l", "ec2-user", "-c", "echo $HOME; pwd"],
        ["sudo", "-u", "ec2-user", "-i", "sh", "-c", "echo $HOME; pwd"],
        ["sudo", "-H", "-u", "ec2-user", "--login", "--", "sh", "-c", "echo $HOME; pwd"],
    ],
)
def test_a_login_begins_in_the_home_folder(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, *command) == f"{tmp_path}\n{tmp_path}\n"


@pytest.mark.parametrize(
    "command",
    [["su", "ec2-user"], ["sudo", "-u", "ec2-user", "-s"], ["runuser", "-u", "ec2-user"]],
)
def test_without_a_command_a_script_is_read(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, *command, entered="pwd\n") == "/\n"


def test_runuser_takes_a_command_behind_two_dashes(tmp_path: Path) -> None:
    assert run(tmp_path, "runuser", "-u", "ec2-user", "--", "echo", "-c", "b") == "-c b\n"


def test_sudo_sets_the_variables_that_it_is_given(tmp_path: Path) -> None:
    assert run(tmp_path, "sudo", "-E", "A=1", "sh", "-c", "echo $A") == "1\n"


@pytest.mark.parametrize("word", ["-r", "23:00"])
def test_a_shutdown_that_is_not_offered_switches_nothing_off(tmp_path: Path, word: str) -> None:
    assert "not offered" in run(tmp_path, "shutdown", word, "now")


def test_a_shutdown_in_an_hour_waits_and_can_be_called_off(tmp_path: Path) -> None:
    path = written(tmp_path, "shutdown")
    asked = subprocess.run([path, "-h", "+6123"], timeout=30, stdin=subprocess.DEVNULL)
    assert asked.returncode == 0
    until(lambda: len(named(f"sleep\x00{6123 * 60}")) == 1)

    subprocess.run([path, "-c"], check=True, timeout=30)

    until(lambda: not named(f"sleep\x00{6123 * 60}"))
    assert not (tmp_path / "waiting").exists()
