"""Whether a tag of a repository may be moved to another image. Pure.

Source: ECR User Guide, "Preventing image tags from being overwritten".
"""

from collections.abc import Mapping
from typing import Any

from argosy.ground.globs import fits


def may_move(repository: Mapping[str, Any], tag: str) -> bool:
    """`repository`: {"mutability": MUTABLE…, "exclusions": [pattern with *, …]}."""
    mutability = str(repository["mutability"])
    excluded = any(fits(pattern, tag, signs="*") for pattern in repository["exclusions"])
    return mutability.startswith("MUTABLE") is not excluded
