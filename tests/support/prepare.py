"""`python -m tests.support.prepare`: fetches what tests need from outside, before they need it,
and has Python compile the tests.

Tests fetch for themselves what is not there, and wait meanwhile; this may run beside something
else. What cannot be had is left to the test that needs it, which says so.
"""

import contextlib
import os
import subprocess
import sys

from tests.support.clients import AWS_CLI, SDK2, SDK3, installed
from tests.support.protocol_tables import CannotFetch, fetched


def main() -> None:
    compiling = compile_tests()
    fetch()
    compiling.wait()


def compile_tests() -> "subprocess.Popen[bytes]":
    """Pytest rewrites every test file; processes that begin together would each do that."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"],
        stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
    )


def fetch() -> None:
    with contextlib.suppress(CannotFetch, subprocess.TimeoutExpired):
        fetched()
    for requirements in (SDK2, SDK3, AWS_CLI):
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            installed(requirements)


if __name__ == "__main__":
    main()
