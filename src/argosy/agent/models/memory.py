"""How much memory processes take, from /proc; all figures in bytes, 0 for what is gone.

What a fork shares with its zygote is counted once, with the zygote; the rest is the fork's own. So
an instance takes `resident(zygote)` and the sum of `own(model)`.
"""

from pathlib import Path


def own(pid: int) -> int:
    """Memory of a process that nobody shares (USS)."""
    figures = _figures(pid)
    return figures.get("Private_Clean", 0) + figures.get("Private_Dirty", 0)


def resident(pid: int) -> int:
    """All memory that a process has in RAM (RSS)."""
    return _figures(pid).get("Rss", 0)


def _figures(pid: int) -> dict[str, int]:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return {}
    figures = {}
    for line in text.splitlines()[1:]:
        name, _, value = line.partition(":")
        figures[name] = int(value.split()[0]) << 10
    return figures
