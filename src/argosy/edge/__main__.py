"""python -m argosy.edge: one edge process, told everything by its environment."""

import logging
import sys

import uvloop

from argosy.edge.server import serve
from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings


def main() -> int:
    """Exit status: 0 after a signal, 2 when something must be changed first."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        uvloop.run(serve(Settings.from_environment()))
    except ArgosyError as error:
        print(f"argosy.edge: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
