"""`enter.py ROOT FOLDER COMMAND…`: become a program in its folder, below another root if not "".

Run as a file, by itself: it must work where nothing else of Argosy can be imported. Where the
program cannot be started it says so in one sentence and exits as a shell would: 127 when it is not
there, 126 when it cannot be run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

_AMBIENT, _CLEAR_ALL = 47, 4  # prctl's PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
_MISSING, _NOT_RUN = 127, 126


def main(root: str, folder: str, command: list[str]) -> int:
    """The exit status, if the program could not be started."""
    if root:
        os.chroot(root)
        ctypes.CDLL(None).prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    try:
        os.chdir(folder)
    except OSError as error:
        return _say(f"the folder {folder} cannot be entered: {error.strerror}", _NOT_RUN)
    os.environ["PWD"] = folder  # the sandbox's own is another one
    if not command:
        return _say("the image says no command, and the job gives none", _MISSING)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        return _say(*_why(command[0], error))


def _why(name: str, error: OSError) -> tuple[str, int]:
    if error.errno == errno.ENOENT and "/" not in name:
        path = os.environ.get("PATH", "")
        return f"there is no program {name} on the PATH, {path}", _MISSING
    if error.errno == errno.ENOENT:
        what = "it, or the interpreter that its first line names, is not there"
        return f"{name} cannot be started: {what}", _MISSING
    if error.errno == errno.ENOEXEC:
        what = "it is neither a program of this machine's kind nor a script that begins with #!"
        return f"{name} cannot be started: {what}", _NOT_RUN
    return f"{name} cannot be started: {error.strerror}", _NOT_RUN


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"Argosy: {text}.\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
