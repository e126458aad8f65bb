"""A function's code on its way in: from the request or from S3, unpacked in a thread, bounded."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Any

from argosy.ground.errors import ArgosyError, ServiceException
from argosy.ground.paths import DataDir
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ArchiveTooLarge, BadArchive, StoreError
from argosy.objects.packages import Package, Packages
from argosy.objects.uri import S3Uri
from argosy.services.lambda_.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    RequestEntityTooLargeException,
)
from argosy.services.registry import Call

MOST_DIRECT = 50 << 20
"""Bytes of a zip in a request."""
MOST_UNPACKED = 250 << 20
"""Bytes of code and layers together, unpacked."""
_PATIENCE_S = 10.0
_CODES = {
    "ObjectMissing": "NoSuchKey",
    "BucketMissing": "NoSuchBucket",
    "AccessRefused": "AccessDenied",
}


async def taken(call: Call, code: Mapping[str, Any]) -> Package:
    """The package of a function's or layer's code, unpacked.

    code: {"ZipFile"} or {"S3Bucket", "S3Key", "S3ObjectVersion"}. Raises what Lambda answers to
    zips that it does not take, and to objects that it cannot read.
    """
    _refuse(code)
    zipped, bucket = code.get("ZipFile"), code.get("S3Bucket")
    if (zipped is None) == (bucket is None) or (bucket and not code.get("S3Key")):
        raise InvalidParameterValueException(
            "Please provide a source for function code: either ZipFile, or S3Bucket and S3Key."
        )
    if zipped is None:
        return await _in_thread(lambda: _fetched(call, code))
    if len(zipped) > MOST_DIRECT:
        raise RequestEntityTooLargeException(
            f"The zip of a request must be smaller than {MOST_DIRECT} bytes; put it into S3."
        )
    return await _in_thread(lambda: packages_of(call).keep(zipped, MOST_UNPACKED))


def _refuse(code: Mapping[str, Any]) -> None:
    """What would have to be ignored."""
    if code.get("SourceKMSKeyArn"):
        raise InvalidParameterValueException(
            "SourceKMSKeyArn is not supported: there is no KMS; leave it out, and encrypt the data "
            "folder's disk."
        )
    if (code.get("S3ObjectStorageMode") or "COPY") != "COPY":
        raise InvalidParameterValueException(
            "S3ObjectStorageMode is not supported but for COPY: code is kept beside the functions."
        )


def packages_of(call: Call) -> Packages:
    return Packages(DataDir.at(call.settings.data_dir))


def code_sha256(digest: str) -> str:
    """As Lambda shows it: base64."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def check_unpacked(total: int) -> None:
    """Raises InvalidParameterValueException when code and layers are too much together."""
    if total > MOST_UNPACKED:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of "
            f"{MOST_UNPACKED} bytes. The actual size is {total} bytes."
        )


async def _in_thread(work: Callable[[], Package]) -> Package:
    try:
        return await asyncio.to_thread(work)
    except ArchiveTooLarge:
        raise InvalidParameterValueException(
            f"Unzipped size must be smaller than {MOST_UNPACKED} bytes"
        ) from None
    except BadArchive as error:
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again. "
            f"{error}"
        ) from None
    except StoreError as error:
        code = _CODES.get(type(error).__name__, "InternalError")
        raise InvalidParameterValueException(
            f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {error}"
        ) from None
    except ArgosyError as error:
        raise ServiceException(str(error)) from None
    except OSError as error:
        raise CodeStorageExceededException(f"The code cannot be kept: {error.strerror}.") from error


def _fetched(call: Call, code: Mapping[str, Any]) -> Package:
    if call.store is None:
        raise InvalidParameterValueException("There is no object store here; use ZipFile.")
    packages = packages_of(call)
    folder = packages.coming()
    store = ObjectStore(call.store, patience_s=_PATIENCE_S)
    try:
        uri = S3Uri(code["S3Bucket"], code["S3Key"])
        version = code.get("S3ObjectVersion") or ""
        store.get_file(uri, folder / "code.zip", MOST_UNPACKED, version=version)
        return packages.take(folder, MOST_UNPACKED)
    finally:
        store.close()
        packages.drop(folder)
