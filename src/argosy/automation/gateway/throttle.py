"""Token buckets: how many requests may come at once, and how many each second."""

from time import monotonic

_MOST = 10_000


class Bucket:
    """Holds up to `burst` tokens, and gets `rate` of them each second."""

    __slots__ = ("_at", "_left", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._left = burst
        self._at = now

    def take(self, now: float) -> bool:
        """One token; False when there is none."""
        self._left = min(self.burst, self._left + (now - self._at) * self.rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Throttles:
    """The buckets of a platform, by what they are for."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def allow(self, key: tuple[str, ...], rate: float | None, burst: float | None) -> bool:
        """Whether one more request may come under these limits; None is no limit, and so is one
        below nothing, as AWS's tools write it."""
        rate, burst = _limit(rate), _limit(burst)
        if rate is None and burst is None:
            return True
        limit = float(rate if rate is not None else 1e9)
        most = float(burst if burst is not None else max(limit, 1.0))
        now = monotonic()
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.rate, bucket.burst) != (limit, most):
            if len(self._buckets) >= _MOST:
                self._buckets.clear()
            bucket = self._buckets[key] = Bucket(limit, most, now)
        return bucket.take(now)

    def clear(self) -> None:
        self._buckets.clear()


def _limit(given: float | None) -> float | None:
    return None if given is None or given < 0 else given
