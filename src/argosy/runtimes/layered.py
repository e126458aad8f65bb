"""The worker with a model's own packages laid over Argosy's: `… runtimes.layered SITE --socket …`.

SITE's packages come before every installed one and behind the standard library, as if they had
been installed over them: a package of PyPI that bears the name of a standard module (`typing`,
`enum34`'s `enum`) hides nothing. Processes that the model's code starts get them by PYTHONPATH.
Nothing that SITE could have another version of is imported before it is in place.
"""

from __future__ import annotations

import os
import site
import sys


def lay_over(folder: str) -> None:
    """Put the folder, and what its .pth files add, before every installed package."""
    before = list(sys.path)
    site.addsitedir(folder)
    added = [path for path in sys.path if path not in before]
    at = next((i for i, path in enumerate(before) if _holds_packages(path)), len(before))
    sys.path[:] = [*before[:at], *added, *before[at:]]
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (inherited, folder)))


def _holds_packages(path: str) -> bool:
    return os.path.basename(path) in ("site-packages", "dist-packages")


if __name__ == "__main__":
    lay_over(sys.argv[1])
    from argosy.runtimes.worker import main

    main(sys.argv[2:])
