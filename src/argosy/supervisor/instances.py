"""`python -m argosy.supervisor.instances SECONDS`: end every instance of the data folder.

A process of its own, so that the supervisor stays small and a second Ctrl-C can cut it short.
"""

import sys

from argosy.compute.agents import stop_all
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings


def main() -> None:
    """SECONDS is how long open requests may take to finish."""
    data_dir = DataDir.at(Settings.from_environment().data_dir)
    stop_all(data_dir, patience_s=float(sys.argv[1]))


if __name__ == "__main__":
    main()
