"""Where the output of an object goes. Pure.

`S3OutputPath/<the key relative to the input>.out` (reference/async-and-batch.md B4). Where the
input's prefix ends inside a name, keys are relative to the folder that the name stands in, so
that no two objects of a job ever share an output.
"""

from argosy.objects.uri import S3Uri

SUFFIX = ".out"
_TEMPORARY = "_temporary"


def split_uri(uri: str) -> S3Uri:
    """Bucket and key of an S3 URI; the key may be empty."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return S3Uri(bucket, key)


def output_of(output_path: str, base: str, key: str) -> S3Uri:
    """The output of the object `key`; `base`: the input's prefix in its bucket."""
    place = split_uri(output_path)
    folder = place.key.rstrip("/")
    name = relative(base, key) + SUFFIX
    return S3Uri(place.bucket, f"{folder}/{name}" if folder else name)


def temporary_of(output_path: str, job: str) -> S3Uri:
    """The prefix below which a job's temporary objects lie."""
    place = split_uri(output_path)
    folder = place.key.rstrip("/")
    name = f"{_TEMPORARY}/{job}/"
    return S3Uri(place.bucket, f"{folder}/{name}" if folder else name)


def relative(base: str, key: str) -> str:
    """The key as it is called below the output path."""
    if not base or base.endswith("/"):
        return key[len(base) :]
    folder, name = base[: base.rfind("/") + 1], base[base.rfind("/") + 1 :]
    below = key[len(base) + 1 :]
    if key.startswith(base + "/") and not below.startswith(name):
        return below
    return key[len(folder) :]


def lies_within(output_path: str, bucket: str, base: str) -> bool:
    """Whether outputs would turn up among the inputs, while those are still being listed."""
    place = output_of(output_path, "", "")
    folder = place.key.removesuffix(SUFFIX)
    return place.bucket == bucket and (folder.startswith(base) or base.startswith(folder))
