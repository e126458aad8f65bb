"""From a TargetModel to its object and to the folder it lies in; and which cannot be. Pure.

Source: reference/multi-model-and-pipelines.md §1 and §2.
"""

import hashlib

MAX_TARGET = 1024


def problem(target: str) -> str:
    """Why there can be no model of this name; "" when there can."""
    if not target:
        return "TargetModel must not be empty."
    if len(target) > MAX_TARGET:
        return f"TargetModel must have length less than or equal to {MAX_TARGET}."
    if not target.isprintable():
        return "TargetModel must consist of printable characters."
    if target.startswith("/"):
        return f"TargetModel {target} must be relative to the model data prefix: no '/' first."
    if any(part in ("", ".", "..") for part in target.split("/")):
        return f"TargetModel {target} must name an object below the prefix, without '..' or '//'."
    return ""


def uri_of(prefix: str, target: str) -> str:
    """The S3 URI of a model; a prefix without "/" at its end gets one."""
    return f"{prefix.rstrip('/')}/{target}"


def folder_of(uri: str) -> str:
    """The name of a model's folder: opaque, as on SageMaker, and the same for the same object."""
    return hashlib.sha256(uri.encode()).hexdigest()[:32]


def not_there(uri: str) -> str:
    """In SageMaker's words."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return (
        f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is "
        f"an object located at the URL {uri}."
    )


def not_unpacked(uri: str, why: str) -> str:
    return f"Failed to extract the model data archive {uri}. {why}"
