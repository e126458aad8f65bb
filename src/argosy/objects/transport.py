"""HTTP to the object store over TCP, TLS or a Unix socket: one urllib3 pool for a StoreAccess."""

import socket
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from argosy.ground.errors import ArgosyError
from argosy.ground.instances import StoreAccess

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0


class _UnixConnection(HTTPConnection):
    """HTTP over a Unix socket; the pool's `source_address` is not used, its path is."""

    socket_path = ""

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_TIMEOUT_S)
            connection.connect(self.socket_path)
        except OSError as error:
            connection.close()
            raise urllib3.exceptions.NewConnectionError(self, str(error)) from error
        return connection


def pool_for(access: StoreAccess, *, connections: int = 4) -> HTTPConnectionPool:
    """A pool of connections; nothing is connected yet. Raises ArgosyError for a URL not HTTP(S)."""
    url = urlsplit(access.url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ArgosyError(f"The object store's URL {access.url!r} is not http:// or https://.")
    timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
    if access.socket:
        pool = HTTPConnectionPool(url.hostname, maxsize=connections, timeout=timeout)
        pool.ConnectionCls = type("Unix", (_UnixConnection,), {"socket_path": access.socket})
        return pool
    kind = urllib3.HTTPSConnectionPool if url.scheme == "https" else HTTPConnectionPool
    return kind(url.hostname, url.port, maxsize=connections, timeout=timeout)
