"""The other hosts of a job, as the first one sees them: it packs what all of them have left.

Their folders lie beside its own. Whoever launched them leaves them there until the first host is
done (`ground.jobs.JobSpec.peers`).
"""

import time

from argosy.agent.folders import Folders
from argosy.agent.jobs.layout import Places, Tree
from argosy.agent.watch import Watch
from argosy.ground.files import read_json
from argosy.ground.instances import AGENT_FILE, STATE_FILE, InstanceState, Phase
from argosy.ground.jobs import JobSpec
from argosy.ground.processes import ProcessId

_LOOK_EVERY_S = 0.2
_LAUNCHED_WITHIN_S = 600.0
_OVER = (Phase.DONE, Phase.FAILED, Phase.GONE)


class Peers:
    """Nobody, for a host that is not the first, or where nothing is packed."""

    def __init__(self, job: JobSpec, folders: Folders) -> None:
        packs = any(one.packed for one in job.uploads)
        self._job = job
        self._first = job.is_first
        self._others = {
            host: Folders(folders.data_dir, job.peers[host])
            for host in job.hosts
            if packs and job.is_first and host != job.host and host in job.peers
        }

    def wait(self, watch: Watch) -> None:
        """Until all others are over. Whoever launched them ends them when that is due."""
        given_up = time.monotonic() + _LAUNCHED_WITHIN_S
        while not all(_is_over(one, given_up) for one in self._others.values()):
            watch.until(lambda: False, time.monotonic() + _LOOK_EVERY_S)

    @property
    def failed(self) -> bool:
        """Whether one of them has failed, or is dead."""
        return any(map(_has_failed, self._others.values()))

    def merged(self, places: Places) -> dict[str, list[Tree]]:
        """For each packed output, the folders of all hosts in their order, this one's last; {} for
        a host that does not pack."""
        if not self._first:
            return {}
        every = [*(Places.of(self._job, one) for one in self._others.values()), places]
        return {
            one.local_path: [each.tree(one.local_path) for each in every]
            for one in self._job.uploads
            if one.packed
        }


def _state(folders: Folders) -> InstanceState | None:
    value = read_json(folders.root / STATE_FILE)
    return InstanceState.from_json(value) if isinstance(value, dict) else None


def _is_over(folders: Folders, given_up: float) -> bool:
    noted = read_json(folders.root / AGENT_FILE)
    if noted is None:  # it is being launched; control may have been killed meanwhile
        return time.monotonic() > given_up
    alive = ProcessId(int(noted.get("pid", 0)), int(noted.get("start_ticks", 0))).alive
    state = _state(folders)
    return not alive or (state is not None and state.phase in _OVER)


def _has_failed(folders: Folders) -> bool:
    state = _state(folders)
    if state is None or state.phase is not Phase.DONE or state.outcome is None:
        return True
    return bool(state.outcome.failure)
