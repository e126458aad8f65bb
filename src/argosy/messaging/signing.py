"""Signatures of notifications: an RSA key of this platform, and the certificate that proves them.

SNS's subscribers are given SigningCertURL, fetch the certificate there and check the signature with
it. The key is made when it is needed first, and kept among the records. The certificate is signed
by itself: it proves that messages come from this platform, to whoever trusts the URL.
"""

import base64
import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from argosy.state.records import AlreadyThere, Record, Records
from argosy.state.remembered import Remembered

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KIND = "notification-key"
PATH_PREFIX = "/SimpleNotificationService-"
_NAME = "rsa"
_BITS = 2048
_YEARS = 10


class Signer:
    """`now` tells the time in epoch seconds."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        self._records = records
        self._now = now
        self._known = Remembered[Record | None](records.transactions, KIND)
        self._loaded: tuple[str, RSAPrivateKey] | None = None

    def sign(self, text: str, version: str) -> str:
        """Base64 of the PKCS #1 v1.5 signature: over SHA-1 in version 1, SHA-256 in version 2."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        digest = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self._key().sign(text.encode(), padding.PKCS1v15(), digest)
        return base64.b64encode(signature).decode()

    @property
    def certificate_path(self) -> str:
        """Where the certificate is fetched."""
        return f"{PATH_PREFIX}{self._record().document['id']}.pem"

    def certificate(self, path: str) -> bytes | None:
        """The certificate as PEM; None when the path is not its own."""
        record = self._find()
        if record is None or path != f"{PATH_PREFIX}{record.document['id']}.pem":
            return None
        return str(record.document["certificate"]).encode()

    def _key(self) -> "RSAPrivateKey":
        """Read from the record each time it is another: a transaction undone undoes a new key."""
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        document = self._record().document
        if self._loaded is None or self._loaded[0] != document["id"]:
            key = load_pem_private_key(str(document["key"]).encode(), password=None)
            self._loaded = (document["id"], key)  # type: ignore[assignment]
        assert self._loaded is not None
        return self._loaded[1]

    def _record(self) -> Record:
        found = self._find()
        if found is not None:
            return found
        try:
            return self._records.create(KIND, "", "", _NAME, new_key(self._now()), now=self._now())
        except AlreadyThere:
            return self._record()

    def _find(self) -> Record | None:
        return self._known.get(_NAME, lambda: self._records.get(KIND, "", "", _NAME))


def new_key(now: float) -> dict[str, str]:
    """A key, its certificate, and an id made of the latter."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Argosy notifications")])
    begins = datetime.datetime.fromtimestamp(now, datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    pem = PrivateFormat.PKCS8
    return {
        "id": certificate.fingerprint(hashes.SHA256()).hex()[:32],
        "key": key.private_bytes(Encoding.PEM, pem, NoEncryption()).decode(),
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
