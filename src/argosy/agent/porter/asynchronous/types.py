"""What content type a stored payload has, when the request does not say. Pure.

The type that the object was stored with; but uploaders that were told none (boto3's upload_file,
the SageMaker SDK's upload_data) store "binary/octet-stream", and then the key's ending tells more.
"""

from pathlib import PurePosixPath

OCTETS = "application/octet-stream"

_UNTOLD = frozenset({"", OCTETS, "binary/octet-stream"})
_BY_ENDING = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".jsonlines": "application/jsonlines",
    ".libsvm": "text/x-libsvm",
    ".npy": "application/x-npy",
    ".parquet": "application/x-parquet",
    ".txt": "text/plain",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".pdf": "application/pdf",
}


def type_of(stored: str, key: str) -> str:
    """`stored`: what the store says of the object; `key`: its key."""
    if stored not in _UNTOLD:
        return stored
    return _BY_ENDING.get(PurePosixPath(key).suffix.lower(), stored or OCTETS)
