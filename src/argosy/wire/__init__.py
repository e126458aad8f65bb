"""The server side of AWS's wire protocols, driven by botocore's service models.

Data describes services, code describes protocols: nothing here knows a field of any operation.
Dialects: JSON 1.0/1.1, REST-JSON, query, REST-XML, RPC v2 CBOR. Not spoken: EC2 query, event
streams.
"""

from argosy.wire.base import Match
from argosy.wire.calls import find_operation, parse, serialize, serialize_error
from argosy.wire.http import HttpRequest, HttpResponse
from argosy.wire.members import read_members, write_members
from argosy.wire.service import Service, UnknownService, load
from argosy.wire.texts import with_texts
from argosy.wire.validate import validate

__all__ = [
    "HttpRequest",
    "HttpResponse",
    "Match",
    "Service",
    "UnknownService",
    "find_operation",
    "load",
    "parse",
    "read_members",
    "serialize",
    "serialize_error",
    "validate",
    "with_texts",
    "write_members",
]
