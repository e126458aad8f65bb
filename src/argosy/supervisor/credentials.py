"""The root key of a platform: made at the first start, or given, and kept in credentials.json."""

import secrets
import string
from dataclasses import asdict, dataclass

from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json, write_json
from argosy.ground.names import DEFAULT_ACCOUNT
from argosy.ground.paths import DataDir

_ID_LETTERS = string.ascii_uppercase + "234567"
_SECRET_LETTERS = string.ascii_letters + string.digits + "+/"


@dataclass(frozen=True)
class Credentials:
    """An access key and the account it is the root of; the fields of credentials.json."""

    account_id: str
    access_key_id: str
    secret_access_key: str


def new_credentials(account_id: str = DEFAULT_ACCOUNT) -> Credentials:
    """A random key in the form of AWS's: AKIA and 16 letters, a secret of 40."""
    return Credentials(
        account_id,
        "AKIA" + "".join(secrets.choice(_ID_LETTERS) for _ in range(16)),
        "".join(secrets.choice(_SECRET_LETTERS) for _ in range(40)),
    )


def read_credentials(data_dir: DataDir) -> Credentials | None:
    """The key of the folder, None before the first start. Raises ArgosyError when damaged."""
    stored = read_json(data_dir.credentials)
    if stored is None and not data_dir.credentials.exists():
        return None
    try:
        return Credentials(**stored)
    except TypeError:
        raise ArgosyError(
            f"{data_dir.credentials} is damaged; restore it, or remove it to get a new key."
        ) from None


def ensure_credentials(
    data_dir: DataDir, account_id: str = "", access_key_id: str = "", secret_access_key: str = ""
) -> Credentials:
    """The folder's key, made if there is none; what is given replaces what is stored.

    Raises ArgosyError when only half a key is given or the account id is not twelve digits.
    """
    if bool(access_key_id) != bool(secret_access_key):
        raise ArgosyError("Give --access-key-id and --secret-access-key together.")
    if account_id and not (len(account_id) == 12 and account_id.isdecimal()):
        raise ArgosyError(f"An account id is twelve digits; {account_id!r} is not.")
    stored = read_credentials(data_dir)
    base = stored or new_credentials()
    wanted = Credentials(
        account_id or base.account_id,
        access_key_id or base.access_key_id,
        secret_access_key or base.secret_access_key,
    )
    if wanted != stored:
        write_json(data_dir.credentials, asdict(wanted))
    return wanted
