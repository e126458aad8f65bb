"""`argosy up` in a terminal: what it prints, what the printed line does, and how light it is."""

import os
import signal
import subprocess
from pathlib import Path

from tests.support.command import COMMAND, argosy
from tests.support.endpoints import until

from argosy.testing import Platform


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_up_prints_where_it_is_and_the_line_to_paste(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}
    folder = tmp_path / "it's here"
    printed = tmp_path / "printed"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--data-dir", str(folder)],
            env=kept,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        until(lambda: "Ctrl-C" in printed.read_text())
        line = next(one for one in printed.read_text().splitlines() if "argosy env" in one)
        pasted = subprocess.run(
            ["bash", "-ec", f'{line}\necho "$AWS_ENDPOINT_URL|$SAGEMAKER_USER_CONFIG_OVERRIDE"'],
            env=kept | {"PATH": f"{Path(COMMAND[0]).parent}:{kept['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(30)

    url, _, config = pasted.partition("|")
    assert f"listens on {url}\n" in printed.read_text()
    assert f"Data lives in {folder}\n" in printed.read_text()
    assert config == str(folder / "sdk-config.yaml")
    assert "DefaultS3Bucket: sagemaker-us-east-1-000000000000" in Path(config).read_text()
    assert status == 0


def test_the_supervisor_of_a_platform_is_small() -> None:
    with Platform() as platform:
        small = resident_mb(platform.pids()["supervisor"])

    assert small <= 22.0


def test_flags_and_variables_become_settings(tmp_path: Path) -> None:
    with Platform(data_dir=tmp_path, region="eu-central-1", account_id="123456789012") as platform:
        identity = platform.client("sts").get_caller_identity()
        exports = argosy(platform.environment(), "env").out

    assert identity["Account"] == "123456789012"
    assert "export AWS_DEFAULT_REGION=eu-central-1\n" in exports
    with Platform(data_dir=tmp_path, region="eu-central-1") as again:
        assert again.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_env_without_a_platform_says_what_to_do(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ARGOSY_"))}

    done = argosy(kept, "env", "--data-dir", str(tmp_path))

    assert (done.code, done.out) == (1, "")
    assert "argosy up" in done.err
