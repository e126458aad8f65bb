"""What an instance did with its models since it was last told: times of loads and unloads.

For the metrics ModelDownloadingTime, ModelLoadingTime and ModelUnloadingTime.
"""

from typing import Any

_MOST = 1000


class Activity:
    """Times in microseconds, a bounded number."""

    def __init__(self) -> None:
        self._times: dict[str, list[int]] = {"download_us": [], "load_us": [], "unload_us": []}

    def downloaded(self, seconds: float) -> None:
        """A model's archive was fetched and unpacked."""
        self._add("download_us", seconds)

    def loaded(self, seconds: float) -> None:
        """A model was loaded from its files."""
        self._add("load_us", seconds)

    def unloaded(self, seconds: float) -> None:
        """A model's process ended, as it was told to."""
        self._add("unload_us", seconds)

    def take(self) -> dict[str, Any]:
        """All that was not taken yet."""
        taken = {name: list(values) for name, values in self._times.items()}
        for values in self._times.values():
            values.clear()
        return taken

    def _add(self, name: str, seconds: float) -> None:
        if len(self._times[name]) < _MOST:
            self._times[name].append(int(seconds * 1e6))
