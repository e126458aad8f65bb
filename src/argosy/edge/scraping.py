"""Who may read GET /metrics: whoever has the token of the data folder, or anybody if set so."""

import hmac
from pathlib import Path

from argosy.edge import answers

_SCHEME = "bearer "


class Scraping:
    """Looks at the token's file each time, so that another token counts at once."""

    def __init__(self, token: Path, open_to_all: bool) -> None:
        self._token = token
        self._open = open_to_all

    def allows(self, authorization: str) -> bool:
        """`authorization`: the header, "" for none."""
        if self._open:
            return True
        try:
            token = self._token.read_text().strip()
        except OSError:
            return False
        scheme, given = authorization[: len(_SCHEME)], authorization[len(_SCHEME) :]
        if not token or scheme.lower() != _SCHEME:
            return False
        return hmac.compare_digest(given.strip().encode(), token.encode())


def refusal(request_id: bytes) -> bytes:
    """The answer to anybody else."""
    headers = {
        "Content-Type": "text/plain",
        "WWW-Authenticate": 'Bearer realm="argosy"',
        "x-amzn-RequestId": request_id.decode(),
    }
    body = b"Send the token that `argosy metrics --token` prints, as Authorization: Bearer TOKEN.\n"
    return answers.head(401, headers, len(body)) + body
