"""Who may enter a notebook instance's JupyterLab: whoever brings a link that was signed for it.

A link (`notebook_links`) opens a session: a signed cookie that says itself when it is over. There
is no password, and no token that is good for ever.
"""

import json
import os
import time
import uuid
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User

from argosy.runtimes.notebook_links import session_of

_SECRET = "ARGOSY_NOTEBOOK_SECRET"


class Door(IdentityProvider):  # type: ignore[misc]
    """What JupyterLab asks who a request is from."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._secret = os.environ.pop(_SECRET)

    async def get_user_token(self, handler: Any) -> User | None:
        seconds = session_of(self._secret, self.get_token(handler) or "", time.time())
        if seconds is None:
            return None
        until = int(time.time() + seconds)
        return User(f"{uuid.uuid4().hex}.{until}", "owner", "Owner", "O", None, None)

    def user_to_cookie(self, user: Any) -> str:
        return json.dumps(user.username)

    def user_from_cookie(self, cookie_value: str) -> User | None:
        name = str(json.loads(cookie_value))
        if time.time() >= int(name.rpartition(".")[2]):
            return None
        return User(name, "owner", "Owner", "O", None, None)
