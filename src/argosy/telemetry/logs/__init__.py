"""Log groups and streams on disk: what CloudWatch Logs would keep, bounded in size.

    <root>/<account>/<region>/<quoted group>/<quoted stream>/00000000000000000000.log
                                                            00000000000004194304.log

A stream is a row of segments (`segments`), each named by the offset of its first byte in the whole
stream; the oldest go when the stream is larger than its bound, so an event's offset (its
`position`) never changes. An event is one line (`events`); a last line without its newline was torn
by a crash and does not count.

One process writes a stream, any number read it. Streams of the platform are written by whoever has
something to say (`writer`); streams that a user made are marked as such, and control alone writes
them (`keeper`). Nothing here knows CloudWatch's tokens or limits on a call.
"""

from argosy.telemetry.logs.events import MAX_EVENT_BYTES, Event
from argosy.telemetry.logs.folders import LogGroupMissing, LogStreamMissing, delete_all
from argosy.telemetry.logs.keeper import LogExists, LogKeeper, NotUsers
from argosy.telemetry.logs.reader import Group, LogReader, Stream
from argosy.telemetry.logs.writer import LogWriter

__all__ = [
    "MAX_EVENT_BYTES",
    "Event",
    "Group",
    "LogExists",
    "LogGroupMissing",
    "LogKeeper",
    "LogReader",
    "LogStreamMissing",
    "LogWriter",
    "NotUsers",
    "Stream",
    "delete_all",
]
