"""SplitType None: the whole object is one request."""

from collections.abc import Callable, Iterator

from argosy.agent.porter.transform.batch import Batch, Streamed
from argosy.agent.porter.transform.failures import BadInput
from argosy.agent.porter.transform.lines import Payload, Source

_CHUNK = 1 << 20


def whole_batch(open_source: Callable[[], Source], payload: Payload) -> Iterator[Batch]:
    """One batch, or none of an empty object. Raises BadInput when it is too large."""
    source = open_source()
    parts: list[bytes] = []
    size = 0
    while size <= payload.packed and (data := source.read(payload.packed + 1 - size)):
        parts.append(data)
        size += len(data)
    if size > payload.packed and payload.most == payload.packed:
        raise BadInput(
            f"the object is larger than MaxPayloadInMB ({payload.most >> 20} MB) and SplitType is "
            "None; raise MaxPayloadInMB or split it",
            first=0,
            count=1,
        )
    if size > payload.packed:
        parts.clear()
        yield _streamed(open_source, source, size, payload)
    elif size:
        yield Batch([*parts], 0, size, 0, 1)


def _streamed(
    open_source: Callable[[], Source], source: Source, size: int, payload: Payload
) -> Batch:
    """A body that is read again when it is sent: it is only counted here."""
    while data := source.read(_CHUNK):
        size += len(data)
        if size > payload.most:
            raise BadInput(
                f"the object has more than {payload.most >> 20} MB, which is the most that one "
                "request can carry; split it",
                first=0,
                count=1,
            )

    def pieces() -> Iterator[bytes]:
        again = open_source()
        while piece := again.read(_CHUNK):
            yield piece

    return Batch(Streamed(size, pieces), 0, size, 0, 1)
