"""Frames between an edge or agent and a model worker, over a Unix or TCP stream socket.

One frame is a fixed head of 16 bytes, then `head`, then `body`:

    offset  size  field
    0       4     length of head + body, little-endian
    4       4     request id, chosen by the side that asks; unique per connection while open
    8       2     HTTP-like status of an answer, 0 in requests
    10      2     length of `head`
    12      1     kind
    13      3     zero

`head` is lines "name:value\\n" (names in lower case, latin-1): content-type, accept,
custom-attributes, session-id, new-session-id, closed-session-id, inference-id, target-model,
traceparent, tracestate, trace-id.
Many requests may be open on one connection; answers come in any order.

    asker → worker   REQUEST         body in, one RESPONSE out
                     STREAM          like REQUEST, but the worker may answer in PARTs
                     CANCEL          nobody waits for this id any more; no answer is owed
                     PING            answered by PONG between two predictions
                     LOAD            agent only: JSON body, see argosy.runtimes.worker
                     DRAIN           agent only: exit when no connection but this one is left
                     PARAMETERS      what a batch transform may ask of it at once; one RESPONSE, as
                                     a container answers GET /execution-parameters
    worker → asker   RESPONSE        complete answer: status, head, body
                     PART            a piece of a streamed answer; the first one carries the head
                     END             a streamed answer is complete (status 200), or broke (status
                                     500, body: the message)
                     PONG            status 200, or 503 while no model is loaded
                     LOADED          JSON body {"ok": true} or {"ok": false, "reason": …}

An instance of many models (argosy.agent.models) has a worker for each, and its own address speaks
of them; bodies are JSON but for MODEL's, which is the TargetModel as UTF-8:

    edge → agent     MODEL           have it loaded; answered by one RESPONSE. Status 200:
                                     {"address": "unix:…" of its worker, "hit": it was loaded
                                     already, "once": RELEASE it after one request}. Else the
                                     status says whose fault it is: 400 a name that cannot be,
                                     404 no such object, 422 an archive that cannot be unpacked,
                                     500 it does not load, 507 it does not fit; {"message": …}
                     CANCEL          nobody waits for this MODEL any more; it is loaded all the same
                     USED            {"used": [TargetModel…], "busy": […]} since the last one,
                                     oldest use first; busy: those of them with requests open
                     RELEASE         {"address": …}: a worker that was given once is done with
    agent → edge     UNLOAD          {"address": …}: send it nothing more, and close its connection
                                     when the last answer has come
                     MODELS          {"loaded": count, "download_us": […], "load_us": […],
                                     "unload_us": […]}, the times since the last one
"""

import struct
from collections.abc import Mapping

HEAD = struct.Struct("<IIHHBxxx")
HEAD_SIZE = HEAD.size

REQUEST = 1
STREAM = 2
CANCEL = 3
PING = 4
LOAD = 5
DRAIN = 6
MODEL = 7
USED = 8
RELEASE = 9
PARAMETERS = 10

RESPONSE = 16
PART = 17
END = 18
PONG = 19
LOADED = 20
UNLOAD = 21
MODELS = 22

MAX_FRAME = (1 << 30) + (1 << 17)
"""A body of 1 GiB and the longest head."""


def encode(
    kind: int, request_id: int, status: int = 0, head: bytes = b"", body: bytes = b""
) -> bytes:
    """One whole frame. For large bodies send `prefix` and the body apart instead."""
    return HEAD.pack(len(head) + len(body), request_id, status, len(head), kind) + head + body


def prefix(kind: int, request_id: int, status: int, head: bytes, body_length: int) -> bytes:
    """A frame up to its body, which the caller sends right after."""
    return HEAD.pack(len(head) + body_length, request_id, status, len(head), kind) + head


def encode_head(fields: Mapping[str, str]) -> bytes:
    """`head` lines of the fields; line breaks in values cannot get in (they become spaces)."""
    return "".join(
        f"{name}:{value.replace(chr(10), ' ').replace(chr(13), ' ')}\n"
        for name, value in fields.items()
    ).encode("latin-1", "replace")


def decode_head(head: bytes) -> dict[str, str]:
    """The fields of `head`."""
    fields = {}
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        fields[name] = value
    return fields
