"""The object that says why there is no answer: text, or the text as a JSON value. Pure.

Whoever asked for JSON reads this object as JSON too: the SageMaker SDK's AsyncPredictor gives it to
the deserializer that it would have given the answer to.
"""

import json


def explanation(text: str, accept: str) -> tuple[bytes, str]:
    """Body and content type, for somebody who accepts this."""
    if "json" in accept.lower():
        return json.dumps(text, ensure_ascii=False).encode(), "application/json"
    return text.encode(), "text/plain"


def text_of(body: bytes) -> str:
    """The text again, from either form."""
    told = body.decode("utf-8", "replace")
    if told.startswith('"'):
        try:
            return str(json.loads(told))
        except ValueError:
            return told
    return told
