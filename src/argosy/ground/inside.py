"""What a program that runs for a role finds in its environment, so that plain boto3 works.

    inside_environment(settings, session, region)      AWS_ENDPOINT_URL, keys, region

Used for functions, training and processing jobs, notebooks. It refuses to know where credentials
come from; whoever has `Sessions` asks there.
"""

from typing import Protocol

from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings

SESSION_S = 12 * 3600
"""Lifetime of the credentials inside, where nothing shorter is called for."""


class Credentials(Protocol):
    """Temporary credentials, as `access.sessions` makes them."""

    @property
    def access_key_id(self) -> str: ...

    @property
    def secret_access_key(self) -> str: ...

    @property
    def session_token(self) -> str: ...

    @property
    def expiration(self) -> float:
        """Epoch seconds."""
        ...


class Sessions(Protocol):
    """Whoever gives out temporary credentials."""

    def of_role(self, account: str, role_arn: str, name: str, seconds: float) -> Credentials:
        """The role's credentials for `seconds`; the session is called `name`.

        Whether the role exists, and trusts whom, is for the caller to have looked at.
        """
        ...


class NoSessions:
    """In the place of Sessions where nobody gives any out."""

    def of_role(self, account: str, role_arn: str, name: str, seconds: float) -> Credentials:
        """Raises ArgosyError."""
        raise ArgosyError(f"Nothing here gives out credentials of {role_arn}.")


def own_endpoint(settings: Settings) -> str:
    """The URL by which programs on this machine reach the platform."""
    scheme = "https" if settings.tls_cert else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def inside_environment(
    settings: Settings, session: Credentials, region: str, endpoint: str = ""
) -> dict[str, str]:
    """Variables with which an AWS SDK finds this platform and is the role; `endpoint` when it is
    not reached by its loopback URL."""
    return {
        "AWS_ENDPOINT_URL": endpoint or own_endpoint(settings),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
        "AWS_SESSION_TOKEN": session.session_token,
    }
