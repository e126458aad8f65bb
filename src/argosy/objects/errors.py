"""What can go wrong with objects, each a sentence that can stand in a FailureReason.

StoreError
├── ObjectMissing     no such key
├── BucketMissing     no such bucket
├── UploadMissing     no such multipart upload: completed already, or aborted
├── PreconditionFailed  the object is not as the request expects it
│   ├── ObjectChanged   it is another version than the one that was meant
│   └── ObjectExists    it is there, and was to be new
├── AccessRefused     the store does not take our key, or the key may not do that
├── StoreAway         no answer from the store, for as long as we were willing to try
├── ObjectTooLarge    more bytes than the caller allows
└── BadUri            not s3://bucket/key
BadArchive            the archive cannot be, or must not be, unpacked
└── ArchiveTooLarge   it would unpack to more than is allowed
BadTree               objects that cannot be files of one folder, or too many
"""

from argosy.ground.errors import ArgosyError


class StoreError(ArgosyError):
    """The object store answered with an error."""


class ObjectMissing(StoreError):
    """There is no such object."""


class BucketMissing(StoreError):
    """There is no such bucket."""


class UploadMissing(StoreError):
    """The multipart upload is no more."""


class PreconditionFailed(StoreError):
    """The object is not as the request expects it."""


class ObjectChanged(PreconditionFailed):
    """The object is another version than the one that was meant."""


class ObjectExists(PreconditionFailed):
    """The object is there already."""


class AccessRefused(StoreError):
    """The store refuses the key or the request."""


class StoreAway(StoreError):
    """The store does not answer."""


class ObjectTooLarge(StoreError):
    """The object is larger than allowed."""


class BadUri(StoreError):
    """The text is not an S3 URI of an object."""


class BadArchive(ArgosyError):
    """The archive is broken, or holds something that must not be unpacked."""


class ArchiveTooLarge(BadArchive):
    """The archive would unpack to more than is allowed."""


class BadTree(ArgosyError):
    """Objects cannot be files of one folder, or are too many or too large for it."""
