"""Messages of application/vnd.amazon.eventstream (reference/endpoints.md §9). Pure."""

import json
import struct
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = struct.Struct(">II")
_CRC = struct.Struct(">I")
_STRING = 7


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: prelude, its checksum, headers, payload, checksum of everything before."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(len(head) + len(payload) + 16, len(head))
    whole = b"".join((prelude, _CRC.pack(crc32(prelude)), head, payload))
    return whole + _CRC.pack(crc32(whole))


def payload_part(payload: bytes) -> bytes:
    """A piece of the model's answer."""
    return message(
        {
            ":message-type": "event",
            ":event-type": "PayloadPart",
            ":content-type": "application/octet-stream",
        },
        payload,
    )


def stream_error(code: str, text: str) -> bytes:
    """The end of a stream that broke: ModelStreamError with its ErrorCode."""
    return message(
        {
            ":message-type": "exception",
            ":exception-type": "ModelStreamError",
            ":content-type": "application/json",
        },
        json.dumps({"Message": text, "ErrorCode": code}).encode(),
    )


def _header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode()
    return b"%c%b%c%b%b" % (
        len(name_bytes),
        name_bytes,
        _STRING,
        len(value_bytes).to_bytes(2, "big"),
        value_bytes,
    )
