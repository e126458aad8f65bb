"""`python -m argosy.supervisor`: one platform in the foreground, told everything by ARGOSY_….

`argosy up` becomes this process, so that nothing of the command line stays in memory.
"""

import os
import resource
import shlex
import sys
from pathlib import Path

import argosy
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings, variable
from argosy.supervisor.children import KEY_VARIABLES
from argosy.supervisor.namespaces import namespaces_work
from argosy.supervisor.platform import Platform
from argosy.supervisor.watch import block_signals


def main() -> int:
    """Exit status: 0 after a signal, 1 when something must be changed first."""
    block_signals()
    _raise_file_limit()
    key = (os.environ.get(KEY_VARIABLES[0], ""), os.environ.get(KEY_VARIABLES[1], ""))
    try:
        settings = Settings.from_environment()
        account = os.environ.get(variable("account_id"), "")
        with Platform(settings, account, key) as platform:
            platform.run(lambda: _greet(platform), _say)
    except ArgosyError as error:
        _say(f"Error: {error}")
        return 1
    except OSError as error:
        _say(f"Error: {error.filename or 'the machine'}: {error.strerror}.")
        return 1
    return 0


def _greet(platform: Platform) -> None:
    folder = platform.data_dir.root
    option = "" if folder == DataDir.at(Settings.data_dir).root else f" --data-dir {_quote(folder)}"
    print(f"Argosy {argosy.__version__} listens on {platform.url}")  # noqa: T201
    print(f"Data lives in {folder}")  # noqa: T201
    if not namespaces_work():
        print(_UNCONFINED)  # noqa: T201
    print("In another terminal, so that boto3 and the AWS CLI find it:")  # noqa: T201
    print(f'\n    eval "$(argosy env{option})"\n')  # noqa: T201
    print("Ctrl-C stops everything.", flush=True)  # noqa: T201


_UNCONFINED = (
    "Warning: this machine allows no user namespaces. Models run without a sandbox, with the "
    "rights of this user, and the object store's own ports are open on loopback."
)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def _quote(path: Path) -> str:
    return shlex.quote(str(path))


def _raise_file_limit() -> None:
    """As many open files as this user may have; each connection takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
