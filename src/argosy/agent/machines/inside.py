"""What a machine finds at /run/argosy: its scripts, its credentials, and a few small programs.

`sudo`, `su` and `runuser` run a command as the one user that there is, for scripts written for AWS
say `sudo -u ec2-user -i <<EOF`; `shutdown`, `poweroff` and `halt` switch the machine off.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from argosy.agent import sandbox
from argosy.agent.environment import passed_on
from argosy.agent.folders import Folders
from argosy.agent.machines.enclosure import root_of
from argosy.ground.files import write_json
from argosy.ground.machines import CREDENTIALS_FILE, HOME, INSIDE, INSIDE_DIR, MachineSpec

PACKAGES = f"{HOME}/.packages"
"""Where pip puts what is installed in there: the environment itself is the host's."""

_PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
"""JupyterLab asks at each start of a machine whether it may fetch news from the internet."""

_SUDO = """#!/bin/sh
# The machine has one user: options are passed over, the command is run as it.
login=
while [ $# -gt 0 ]; do
  case "$1" in
    -u|-g|-h|-p|-C|-r|-t|-T|-U|-D|-R) shift ;;
    -i|--login) login=1 ;;
    --) shift; break ;;
    -*) ;;
    *=*) export "$1" ;;
    *) break ;;
  esac
  shift
done
if [ $# -eq 0 ]; then
  [ -n "$login" ] && cd "$HOME"
  exec /bin/bash
fi
[ -n "$login" ] && cd "$HOME"
exec "$@"
"""

_SU = """#!/bin/bash
# As sudo: `su - ec2-user -c COMMAND`, `runuser -l ec2-user -c COMMAND`, `runuser -u NAME -- …`.
command= login=
while [ $# -gt 0 ]; do
  case "$1" in
    -c|--command) command=$2; shift ;;
    -|-l|--login) login=1 ;;
    -u|--user|-g|--group|-G|--supp-group|-s|--shell) shift ;;
    --) shift; break ;;
  esac
  shift
done
[ -n "$login" ] && cd "$HOME"
[ -n "$command" ] && exec /bin/bash -c "$command"
[ $# -gt 0 ] && exec "$@"
exec /bin/bash
"""

_SHUTDOWN = """#!/bin/bash
# Process 2 of this sandbox started everything in it. Of the words only a delay counts (+MINUTES).
waiting=/tmp/.shutdown
delay=0
for word in "$@"; do
  case "$word" in
    -c) [ -f "$waiting" ] && kill "$(cat "$waiting")"; rm -f "$waiting"; exit 0 ;;
    -r|--reboot|[0-9]*:*)
      echo "shutdown: $word is not offered here. Give +MINUTES; RebootInstances restarts." >&2
      exit 1 ;;
    +[0-9]*) delay=$((${word#+} * 60)) ;;
  esac
done
[ "$delay" -eq 0 ] && exec kill -USR1 2
(
  trap 'kill "$sleeping"; exit' TERM
  sleep "$delay" & sleeping=$!
  wait "$sleeping" && kill -USR1 2
) &
echo $! > "$waiting"
"""

_PROGRAMS = {
    "sudo": _SUDO,
    "su": _SU,
    "runuser": _SU,
    "shutdown": _SHUTDOWN,
    "poweroff": _SHUTDOWN,
    "halt": _SHUTDOWN,
}


def furnish(folders: Folders, machine: MachineSpec) -> None:
    """Write it all, and make the folders that the sandbox is made of. Raises OSError."""
    inside = folders.root / INSIDE
    programs = inside / "bin"
    programs.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in _PROGRAMS.items():
        _program(programs / name, text)
    for script in machine.scripts:
        _program(inside / script.name, script.text)
    user, group = os.getuid() or sandbox.NOBODY, os.getgid() or sandbox.NOBODY
    (inside / "passwd").write_text(f"ec2-user:x:{user}:{group}:EC2:{HOME}:/bin/bash\n")
    (inside / "group").write_text(f"ec2-user:x:{group}:\n")
    if machine.credentials:
        write_json(inside / CREDENTIALS_FILE, machine.credentials, sync=False)
    region = machine.environment.get("AWS_REGION", "")
    (inside / "aws-config").write_text(_aws_config(region, bool(machine.credentials)))
    if machine.site:
        (inside / "labconfig").mkdir(exist_ok=True)
        (inside / "labconfig/page_config.json").write_text(json.dumps(_PAGE))
    _make_root(folders, machine)


def environment(host: Mapping[str, str], machine: MachineSpec, path: str) -> dict[str, str]:
    """What every program in there is started with. `path`: where the environment's programs lie."""
    home = f"{HOME}/.local/bin:{PACKAGES}/bin"
    return {
        "LANG": "C.UTF-8",
        **passed_on(host),
        "PATH": f"{INSIDE_DIR}/bin:{home}:{path}:{sandbox.PATH}",
        "HOME": HOME,
        "USER": "ec2-user",
        "LOGNAME": "ec2-user",
        "SHELL": "/bin/bash",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": PACKAGES,
        "PIP_TARGET": PACKAGES,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "AWS_CONFIG_FILE": f"{INSIDE_DIR}/aws-config",
        "AWS_EC2_METADATA_DISABLED": "true",
        **machine.environment,
    }


def command_of(name: str, text: str) -> list[str]:
    """How a script is run: by what its first line names, else by bash."""
    path = f"{INSIDE_DIR}/{name}"
    return [path] if text.startswith("#!") else ["/bin/bash", path]


def _make_root(folders: Folders, machine: MachineSpec) -> None:
    root = root_of(folders, machine)
    for folder in (root / HOME[1:], Path(machine.volume), folders.temporary, folders.run):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if machine.metadata:
        metadata = root / "opt/ml/metadata"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "resource-metadata.json").write_text(json.dumps(machine.metadata))


def _program(path: Path, text: str) -> None:
    path.write_text(text.replace("\r\n", "\n"))
    path.chmod(0o700)


def _aws_config(region: str, has_role: bool) -> str:
    """The role's credentials are read again whenever they are about to expire."""
    process = f"credential_process = /bin/cat {INSIDE_DIR}/{CREDENTIALS_FILE}\n"
    return f"[default]\nregion = {region}\n{process if has_role else ''}"
