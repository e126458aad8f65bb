"""S3 URIs."""

from typing import NamedTuple

from argosy.objects.errors import BadUri

_SCHEME = "s3://"


class S3Uri(NamedTuple):
    """A bucket and a key in it; the key has no slash in front."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


def is_s3_uri(text: str) -> bool:
    """Whether the text claims to be an S3 URI at all."""
    return text.startswith(_SCHEME)


def parse_s3_uri(text: str) -> S3Uri:
    """The bucket and key of `s3://bucket/key`. Raises BadUri when either is missing."""
    bucket, _, key = text.removeprefix(_SCHEME).partition("/")
    if not is_s3_uri(text) or not bucket or not key:
        raise BadUri(f"{text!r} is not an S3 URI of an object; it should be s3://bucket/key.")
    return S3Uri(bucket, key)
