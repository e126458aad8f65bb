"""What every environment is made with, whatever runs in it: log, credentials, variables."""

from argosy.automation.functions import inside
from argosy.automation.functions.environment import Body, Environment
from argosy.automation.functions.log import EnvironmentLog, LogSink
from argosy.automation.functions.memory import MemoryWatch
from argosy.ground.functions import FunctionVersion
from argosy.ground.inside import SESSION_S, inside_environment
from argosy.means import Means


class Maker:
    """Puts environments around processes and containers; it starts none."""

    def __init__(self, means: Means, sink: LogSink, watch: MemoryWatch) -> None:
        self._means = means
        self._sink = sink
        self._watch = watch

    def around(self, version: FunctionVersion, body: Body) -> tuple[Environment, dict[str, str]]:
        """The environment around a process, and the variables it is to have."""
        means = self._means
        log = EnvironmentLog(self._sink, version, means.clock.now())
        session = means.sessions.of_role(version.account, version.role, version.name, SESSION_S)
        found = inside_environment(means.settings, session, version.region)
        environment = Environment(version, log, body, means.clock, self._watch)
        return environment, inside.environ(version, found, log.stream)
