"""The token with which Prometheus reads /metrics: made at the first start, never logged."""

import secrets

from argosy.ground.files import write_atomic
from argosy.ground.paths import DataDir


def ensure_scrape_token(data_dir: DataDir) -> None:
    """Make the folder's token if there is none. Raises OSError."""
    if not data_dir.scrape_token.exists():
        write_atomic(data_dir.scrape_token, secrets.token_urlsafe(32).encode() + b"\n")
