"""Which requests come to an API of API Gateway or to a function's URL, by path or by Host. Pure.

Both forms become one path: `/_aws/execute-api/<api id>/…` and `/_aws/lambda-url/<url id>/…`; with
a Host of `<id>.execute-api.<region>.<anything>` the whole path is the API's own. No bucket begins
with "_". Whether there is such an API only control knows.
"""

from argosy.ground.doors import API, FUNCTION_URL

_HOSTS = {"execute-api": API, "lambda-url": FUNCTION_URL}


def door_path(path: str, host: str) -> str:
    """The path with its prefix, "" for a request that is meant for nobody behind a door.

    `path` as it came, percent-encoded; `host` the Host header.
    """
    labels = host.split(".", 2)
    if len(labels) == 3:
        prefix = _HOSTS.get(labels[1].lower())
        if prefix is not None and labels[0] and "." in labels[2]:
            return prefix + labels[0].lower() + path
    return path if path.startswith((API, FUNCTION_URL)) else ""
