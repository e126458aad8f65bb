"""What is loaded: an endpoint, the key to sign with, and the bodies it is sent."""

import base64
import hashlib
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from argosy.access.sigv4 import Asked, SigningKeys, sign


@dataclass(frozen=True, kw_only=True)
class Target:
    """An endpoint, maybe one variant of it."""

    url: str
    """The platform's, http or https."""
    region: str
    access_key_id: str
    secret_access_key: str
    endpoint: str
    payloads: tuple[bytes, ...]
    """Sent in turn."""
    content_type: str = "application/json"
    accept: str = ""
    variant: str = ""
    """TargetVariant, "" for whichever the weights choose."""
    component: str = ""
    """InferenceComponentName."""
    model: str = ""
    """TargetModel."""
    ca_bundle: str = ""
    """PEM file to trust, for https."""

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        return self.url.startswith("https:")

    def to_json(self) -> dict[str, Any]:
        payloads = [base64.b64encode(body).decode() for body in self.payloads]
        return {**asdict(self), "payloads": payloads}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Target":
        """Raises TypeError or ValueError when it is not one."""
        payloads = tuple(base64.b64decode(body) for body in value["payloads"])
        return cls(**{**value, "payloads": payloads})


class Signed:
    """The target's requests as bytes of the wire; a signature holds for some minutes."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._keys = SigningKeys(4)
        self._hashes = [hashlib.sha256(body).hexdigest() for body in target.payloads]

    def all(self) -> list[bytes]:
        """One request for each payload, signed now."""
        return [
            self._whole(body, digest)
            for body, digest in zip(self._target.payloads, self._hashes, strict=True)
        ]

    def _whole(self, body: bytes, digest: str) -> bytes:
        target = self._target
        path = f"/endpoints/{quote(target.endpoint, safe='')}/invocations"
        headers = self._headers(len(body))
        headers |= sign(
            Asked("POST", path, "", headers),
            digest,
            key_id=target.access_key_id,
            secret=target.secret_access_key,
            region=target.region,
            service="sagemaker",
            now=time.time(),
            keys=self._keys,
        )
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _headers(self, size: int) -> dict[str, str]:
        target = self._target
        optional = {
            "accept": target.accept,
            "x-amzn-sagemaker-target-variant": target.variant,
            "x-amzn-sagemaker-inference-component": target.component,
            "x-amzn-sagemaker-target-model": target.model,
        }
        return {
            "host": urlsplit(target.url).netloc,
            "content-type": target.content_type,
            "content-length": str(size),
            **{name: value for name, value in optional.items() if value},
        }
