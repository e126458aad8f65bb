"""Which objects a channel means for one host, and what their files are called there.

Every channel is a list of items in a fixed order; a host's share and an epoch's order are worked
out from that, so that all hosts agree without talking. Source: API reference, S3DataSource.
"""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from argosy.ground.jobs import AUGMENTED, MANIFEST, Channel
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectMissing, StoreError
from argosy.objects.uri import S3Uri, parse_s3_uri

PATIENCE_S = 600.0
"""A store that is away for a while must not cost a job, which may have taken hours already."""
_LARGEST_MANIFEST = 256 << 20
_REFERENCE = "-ref"


class BadInput(StoreError):
    """A manifest is not what it should be; one sentence."""


class Item(NamedTuple):
    """An object, or one value of an augmented manifest."""

    uri: S3Uri | None
    """None for a value that stands in the manifest itself."""
    name: str = ""
    """Path below the channel's folder."""
    value: bytes = b""
    size: int = 0
    """Of the object, in bytes, where its list told it."""


Group = tuple[Item, ...]
"""What stays together when a channel is dealt out or shuffled: an object, or a manifest's line."""


def groups_of(store: ObjectStore, channel: Channel) -> list[Group]:
    """All that a channel means, whichever host asks. Raises StoreError, BadInput."""
    if channel.kind == AUGMENTED:
        return list(augmented(_text(store, channel.uri), channel))
    if channel.kind == MANIFEST:
        return [(item,) for item in manifest(_text(store, channel.uri), channel.uri)]
    found: list[Group] = [(item,) for item in _below(store, channel.uri)]
    if not found:
        raise ObjectMissing(f"There are no objects whose keys begin with {channel.uri}.")
    return found


def share(groups: Sequence[Group], host: str, hosts: Sequence[str]) -> list[Group]:
    """A host's part of them (ShardedByS3Key): every so many-th, beginning with its own number."""
    return list(groups[list(hosts).index(host) :: len(hosts)])


def in_epoch(groups: Sequence[Group], seed: int | None, epoch: int) -> list[Group]:
    """Their order in an epoch: as they are, or shuffled from the seed and the epoch's number."""
    ordered = list(groups)
    if seed is not None:
        random.Random(f"{seed}/{epoch}").shuffle(ordered)
    return ordered


def name_below(key: str, prefix: str) -> str:
    """The file's path in the channel's folder: what follows the prefix as a folder, or, where the
    prefix ends within a name, what follows the last "/" in it."""
    if key.startswith(prefix) and key != prefix:
        rest = key.removeprefix(prefix)
        if prefix.endswith("/") or not prefix:
            return rest
        if rest.startswith("/"):
            return rest.lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def manifest(text: str, uri: str) -> Iterator[Item]:
    """The objects of a ManifestFile: [{"prefix": "s3://…"}, "key", …]. Raises BadInput."""
    try:
        entries = json.loads(text)
        prefix = entries[0]["prefix"]
        names = [str(name) for name in entries[1:]]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise BadInput(
            f'The manifest {uri} is not a JSON list that begins with {{"prefix": "s3://…"}}.'
        ) from None
    for name in names:
        yield Item(parse_s3_uri(f"{prefix}{name}"), name)


def augmented(text: str, channel: Channel) -> Iterator[Group]:
    """The lines of an AugmentedManifestFile, each as the values of its attributes, in order.

    What ends in "-ref" names an object, whose content is the value. Raises BadInput.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            yield tuple(_value(name, entry[name]) for name in channel.attributes)
        except KeyError as error:
            raise BadInput(f"Line {number} of {channel.uri} has no attribute {error}.") from None
        except (ValueError, TypeError, RecursionError):
            raise BadInput(f"Line {number} of {channel.uri} is not a JSON object.") from None


def _value(name: str, value: Any) -> Item:
    if name.endswith(_REFERENCE):
        return Item(parse_s3_uri(str(value)))
    text = value if isinstance(value, str) else json.dumps(value)
    return Item(None, value=text.encode())


def _below(store: ObjectStore, uri: str) -> Iterator[Item]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    for one in store.listing(bucket, prefix):
        if not one.key.endswith("/"):
            yield Item(S3Uri(bucket, one.key), name_below(one.key, prefix), size=one.size)


def _text(store: ObjectStore, uri: str) -> str:
    data = store.get(parse_s3_uri(uri), _LARGEST_MANIFEST)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"The manifest {uri} is not text in UTF-8.") from None
