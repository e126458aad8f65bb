"""The text of a pipeline's definition: in the request, or in an object that it names."""

import asyncio
from typing import Any

from argosy.ground.errors import ArgosyError, ValidationException
from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.errors import BadDefinition
from argosy.objects.client import ObjectStore
from argosy.objects.uri import S3Uri
from argosy.services.registry import Call

_LARGEST = 4 << 20
_PATIENCE_S = 10.0


def check_definition(text: str) -> str:
    """The text as it is. Raises ValidationException for what is no definition."""
    try:
        definitions.parse(text)
    except BadDefinition as error:
        raise ValidationException(f"Unable to parse pipeline definition. {error}") from None
    return text


async def fetched_definition(call: Call, location: dict[str, Any]) -> str:
    """What the object holds. Raises ValidationException when it cannot be read."""
    uri = S3Uri(location["Bucket"], location["ObjectKey"])
    if location.get("VersionId"):
        raise ValidationException("This version does not support VersionId of a definition.")
    try:
        body = await asyncio.to_thread(_read, call, uri)
        return body.decode()
    except (ArgosyError, UnicodeDecodeError) as error:
        raise ValidationException(f"The definition {uri} cannot be read: {error}") from None


def _read(call: Call, uri: S3Uri) -> bytes:
    assert call.store is not None
    objects = ObjectStore(call.store, patience_s=_PATIENCE_S)
    try:
        return objects.get(uri, _LARGEST)
    finally:
        objects.close()
