"""Server-side encryption as the built-in store can do it. Pure.

S3 encrypts with the account's default key when `aws:kms` is asked for without naming a key; the
SageMaker SDK asks so for every script it uploads. The built-in store has such a key of its own,
under the name AES256. Keys by name need a key service, which is not there: they are refused.
"""

from collections.abc import Mapping

from argosy.ground.errors import ApiError

_ENCRYPTION = "x-amz-server-side-encryption"
_KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"
_KMS = frozenset({"aws:kms", "aws:kms:dsse"})
_OF_KMS = frozenset(
    {_ENCRYPTION, "x-amz-server-side-encryption-context", f"{_ENCRYPTION}-bucket-key-enabled"}
)


class KmsKeyUnknown(ApiError):
    """S3 was asked to encrypt with a KMS key that is not there."""

    @property
    def code(self) -> str:
        return "KMS.NotFoundException"


def with_own_key(headers: Mapping[str, str]) -> dict[str, str] | None:
    """The headers with the store's own encryption for the default KMS key; None: nothing to do.

    Names are in lower case. Raises KmsKeyUnknown when a key is named.
    """
    if headers.get(_KEY_ID):
        raise KmsKeyUnknown(
            "This platform has no KMS keys. Leave the key id out to have the object encrypted "
            "with the store's own key."
        )
    if headers.get(_ENCRYPTION) not in _KMS:
        return None
    kept = {name: value for name, value in headers.items() if name not in _OF_KMS}
    return {**kept, _ENCRYPTION: "AES256"}
