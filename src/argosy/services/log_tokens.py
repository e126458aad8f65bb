"""Paging tokens of CloudWatch Logs: any JSON value as opaque text, and back."""

import base64
import json
import zlib
from typing import Any

from argosy.ground.errors import InvalidParameterException

_MOST_UNPACKED = 1 << 20


def pack(value: Any) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode()


def unpack(token: str) -> Any:
    """The value; raises InvalidParameterException for text that `pack` did not make."""
    try:
        data = base64.b64decode(token, altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(data, _MOST_UNPACKED)
        if not unpacker.eof:
            raise ValueError(token)
        return json.loads(text)
    except (ValueError, zlib.error, RecursionError):
        raise bad_token() from None


def bad_token() -> InvalidParameterException:
    return InvalidParameterException("The specified nextToken is invalid.")
