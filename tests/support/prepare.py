"""`python -m tests.support.prepare`: fetches what tests need from outside, before they need it.

Tests fetch for themselves what is not there, and wait meanwhile; this may run beside something
else. What cannot be had is left to the test that needs it, which says so.
"""

import contextlib
import subprocess

from tests.support.clients import AWS_CLI, SDK2, SDK3, installed
from tests.support.protocol_tables import CannotFetch, fetched


def main() -> None:
    with contextlib.suppress(CannotFetch, subprocess.TimeoutExpired):
        fetched()
    for requirements in (SDK2, SDK3, AWS_CLI):
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            installed(requirements)


if __name__ == "__main__":
    main()
