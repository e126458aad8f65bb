"""What happened to the models of a variant that has many, since it was last told.

Source: reference/multi-model-and-pipelines.md §4.
"""

from collections import Counter
from typing import Any

from argosy.telemetry.sketch import bucket_of

_TIMES = {"download_us": "downloading", "load_us": "loading", "unload_us": "unloading"}


class ModelCounts:
    """Hits are requests whose model was loaded already."""

    __slots__ = ("_loaded", "_times", "hits", "misses", "wait_us")

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self.wait_us: list[int] = []
        """How long requests waited for a download, a load, or both."""
        self._loaded: dict[str, int] = {}
        self._times: dict[str, list[int]] = {}

    def waited(self, seconds: float, *, hit: bool) -> None:
        """A request was told where its model is."""
        if hit:
            self.hits += 1
        else:
            self.misses += 1
            self.wait_us.append(int(seconds * 1e6))

    def take_figures(self, instance_id: str, told: dict[str, Any]) -> None:
        """What an instance tells of itself (MODELS, see `argosy.runtimes.frames`)."""
        self._loaded[instance_id] = int(told["loaded"])
        for name, ours in _TIMES.items():
            if told[name]:
                self._times.setdefault(ours, []).extend(map(int, told[name]))

    def take(self) -> dict[str, Any] | None:
        """The deltas since the last call, and how many models each instance has loaded; None
        when nothing was told."""
        if not (self.hits or self.misses or self._loaded or self._times):
            return None
        times = {"waiting": self.wait_us, **self._times}
        taken = {
            "hits": self.hits,
            "misses": self.misses,
            "loaded": self._loaded,
            **{name: dict(Counter(map(bucket_of, values))) for name, values in times.items()},
        }
        self.hits = self.misses = 0
        self.wait_us, self._loaded, self._times = [], {}, {}
        return taken
