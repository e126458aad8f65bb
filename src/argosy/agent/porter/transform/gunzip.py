"""A gzip object as what it holds, decompressed while it is read and never more than asked for.

Several members one after the other are one content, as gzip says (RFC 1952 §2.2); zeros behind
the last one are padding.
"""

import zlib

from argosy.agent.porter.transform.failures import BadInput
from argosy.agent.porter.transform.lines import Source

_CHUNK = 256 * 1024
_GZIP = 31


class Gunzip:
    """A `Source`. Raises BadInput for what is not gzip, or ends too early."""

    def __init__(self, source: Source, skip: int = 0) -> None:
        """`skip`: bytes of the content that are passed over."""
        self._source = source
        self._packed = b""
        self._over = False
        self._inflate = zlib.decompressobj(_GZIP)
        self._begun = False
        while skip and (data := self.read(min(skip, 1 << 20))):
            skip -= len(data)

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0 and not self._over:
            data = self._some(size)
            parts.append(data)
            size -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _some(self, size: int) -> bytes:
        """At most `size` bytes, perhaps none yet."""
        if self._inflate.eof and not self._next_member():
            return b""
        if not self._packed:
            self._packed = self._source.read(_CHUNK)
            if not self._packed:
                self._end()
                return b""
        self._begun = True
        try:
            data = self._inflate.decompress(self._packed, size)
        except zlib.error as error:
            raise BadInput(
                f"the object cannot be decompressed as Gzip ({error}); check CompressionType"
            ) from None
        self._packed = self._inflate.unconsumed_tail or self._inflate.unused_data
        return data

    def _next_member(self) -> bool:
        """Whether there is another member behind the one that ended."""
        while not self._packed.lstrip(b"\0"):
            self._packed = self._source.read(_CHUNK)
            if not self._packed:
                self._over = True
                return False
        self._packed = self._packed.lstrip(b"\0")
        self._inflate = zlib.decompressobj(_GZIP)
        return True

    def _end(self) -> None:
        if self._begun:
            raise BadInput("the object ends in the middle of its Gzip data; upload it again")
        self._over = True
