"""Bodies of the Hugging Face container: JSON, CSV with a header, images and sound.

Knows no pipelines; what cannot be read or written is a `Fault` 400.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from typing import Any

from argosy.runtimes import encoders
from argosy.runtimes.answers import Body, Fault
from argosy.runtimes.media import CSV, JSON


def read(media: str, body: Body) -> Any:
    """What a pipeline is to be called with; raises Fault 400."""
    if not body:
        raise Fault(400, 'the body is empty; send {"inputs": …}')
    if media == JSON:
        return _json(body)
    if media == CSV:
        return _csv(body)
    family = media.partition("/")[0]
    if family == "image" or media == "application/x-image":
        return {"inputs": _image(body)}
    if family == "audio" or media == "application/x-audio":
        return {"inputs": bytes(body)}
    raise Fault(
        400, f"Content-Type {media} is not supported; use {JSON}, {CSV}, an image or a sound"
    )


def write(prediction: Any, media: str) -> bytes:
    """A pipeline's answer; raises Fault 400 for what is no table when CSV is asked for."""
    if media == JSON:
        return encoders.encode(prediction, JSON)
    rows = prediction if isinstance(prediction, list) else [prediction]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Fault(400, f"this answer is no list of objects, as {CSV} needs it; accept {JSON}")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _json(body: Body) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Fault(400, f"the body cannot be read as {JSON}: {error}") from None


def _csv(body: Body) -> dict[str, Any]:
    """Each line's `inputs`, or of questions and their contexts the whole lines."""
    try:
        text = body.decode("utf-8-sig")
        rows = [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""))]
    except (ValueError, csv.Error) as error:
        raise Fault(400, f"the body cannot be read as {CSV}: {error}") from None
    if rows and {"question", "context"} <= set(rows[0]):
        return {"inputs": rows}
    if not rows or "inputs" not in rows[0]:
        raise Fault(
            400, "a CSV body needs a header line with inputs, or question and context, and rows"
        )
    return {"inputs": [row["inputs"] for row in rows]}


def _image(body: Body) -> Any:
    try:
        image = importlib.import_module("PIL.Image").open(io.BytesIO(body))
        image.load()
        return image
    except ModuleNotFoundError as error:
        raise Fault(400, "images need Pillow, which is not installed beside Argosy") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Fault(400, f"the body cannot be read as an image: {error}") from None
