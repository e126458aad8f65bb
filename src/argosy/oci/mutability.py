"""Whether a tag of a repository may be moved to another image. Pure.

Source: ECR User Guide, "Preventing image tags from being overwritten".
"""

import re
from collections.abc import Mapping
from typing import Any


def may_move(repository: Mapping[str, Any], tag: str) -> bool:
    """`repository`: {"mutability": MUTABLE…, "exclusions": [pattern with *, …]}."""
    mutability = str(repository["mutability"])
    excluded = any(_matches(pattern, tag) for pattern in repository["exclusions"])
    return mutability.startswith("MUTABLE") is not excluded


def _matches(pattern: str, tag: str) -> bool:
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), tag) is not None
