"""A client of the distribution protocol that does one request at a time, as a test wants it."""

import base64
import json
from typing import Any

import urllib3
from urllib3.response import BaseHTTPResponse

from tests.support.oci_images import MANIFEST, Image, digest


class RegistryClient:
    """Speaks to one repository of a platform, with a token of its region."""

    def __init__(self, platform: Any, repository: str, *, create: bool = True) -> None:
        ecr = platform.client("ecr")
        if create:
            ecr.create_repository(repositoryName=repository)
        self.repository = repository
        self.host = platform.url.partition("//")[2]
        data = ecr.get_authorization_token()["authorizationData"][0]
        self.headers = {"Authorization": "Basic " + data["authorizationToken"]}
        self.login = base64.b64decode(data["authorizationToken"]).decode()
        """`AWS:token`, as skopeo and podman take it."""
        self._url = platform.url
        self._http = urllib3.PoolManager(retries=False, timeout=60)

    def close(self) -> None:
        self._http.clear()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> BaseHTTPResponse:
        """Any request; `path` is below the repository unless it begins with a slash."""
        path = path if path.startswith("/") else f"/v2/{self.repository}/{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(
            method, self._url + path, body=body, headers={**self.headers, **sent}
        )

    def begin(self) -> str:
        """The location of a new upload."""
        return str(self.ask("POST", "blobs/uploads/").headers["location"])

    def push_blob(self, data: bytes) -> BaseHTTPResponse:
        return self.ask("PUT", f"{self.begin()}?digest={digest(data)}", data)

    def push(self, image: Image, reference: str = "") -> str:
        """Push an image, untagged unless a tag is given; returns its digest."""
        for blob in image.blobs:
            assert self.push_blob(blob).status == 201
        named = digest(image.manifest)
        path = f"manifests/{reference or named}"
        put = self.ask("PUT", path, image.manifest, Content_Type=MANIFEST)
        assert put.status == 201, put.data
        return named


def codes(answer: BaseHTTPResponse) -> list[str]:
    """The codes of an error."""
    return [error["code"] for error in json.loads(answer.data)["errors"]]
