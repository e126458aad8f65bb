"""What the input channels of a training job must fulfil. Pure.

Sources: reference/container-contract.md §6; the API reference of Channel and S3DataSource.
"""

import re
from typing import Any

from argosy.ground.errors import ValidationException

_NO_FOLDERS = {".", ".."}
_FILE, _FAST_FILE, _PIPE = "File", "FastFile", "Pipe"


def check_channels(asked: dict[str, Any]) -> None:
    """Raises ValidationException."""
    channels = asked.get("InputDataConfig") or []
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise ValidationException("InputDataConfig: channel names must be unique.")
    for name in _NO_FOLDERS & set(names):
        raise ValidationException(
            f"InputDataConfig: the channel name '{name}' cannot be that of a folder below "
            "/opt/ml/input/data."
        )
    groups = {one["InstanceGroupName"] for one in asked["ResourceConfig"].get("InstanceGroups", [])}
    usual = asked["AlgorithmSpecification"]["TrainingInputMode"]
    for channel in channels:
        where = f"InputDataConfig channel '{channel['ChannelName']}'"
        _check_source(where, channel["DataSource"].get("S3DataSource"), groups)
        _check_mode(where, channel, channel.get("InputMode") or usual)
    _check_apart(channels, usual)


def _check_apart(channels: list[dict[str, Any]], usual: str) -> None:
    """The FIFOs of a channel in Pipe mode are <channel>_0, <channel>_1, …: no channel's folder."""
    names = [channel["ChannelName"] for channel in channels]
    for channel in channels:
        if (channel.get("InputMode") or usual) != _PIPE:
            continue
        fifos = re.compile(re.escape(channel["ChannelName"]) + r"_(0|[1-9][0-9]*)")
        for name in filter(fifos.fullmatch, names):
            raise ValidationException(
                f"InputDataConfig: the channel name '{name}' is that of a FIFO of the channel "
                f"'{channel['ChannelName']}', which is in Pipe mode; choose another one."
            )


def check_uri(member: str, uri: str) -> None:
    """Raises ValidationException unless it is s3://bucket with or without a key."""
    if not uri.startswith("s3://") or not uri.removeprefix("s3://").partition("/")[0]:
        raise ValidationException(f"{member}: '{uri}' is not an S3 URI; give s3://bucket/key.")


def _check_source(where: str, source: dict[str, Any] | None, groups: set[str]) -> None:
    if source is None:
        raise ValidationException(f"{where}: DataSource needs an S3DataSource.")
    check_uri(f"{where}: S3Uri", source["S3Uri"])
    if source["S3DataType"] != "S3Prefix" and not _key(source["S3Uri"]):
        raise ValidationException(
            f"{where}: the manifest '{source['S3Uri']}' has no key; give s3://bucket/key."
        )
    if source["S3DataType"] == "AugmentedManifestFile" and not source.get("AttributeNames"):
        raise ValidationException(f"{where}: an AugmentedManifestFile needs AttributeNames.")
    wanted = set(source.get("InstanceGroupNames") or ())
    if wanted and wanted != groups and source.get("S3DataDistributionType") == "ShardedByS3Key":
        raise ValidationException(
            f"{where}: this version shards among all hosts only, not among some of the "
            "instance groups."
        )
    unknown = wanted - groups
    if unknown:
        raise ValidationException(
            f"{where}: there is no instance group {', '.join(sorted(unknown))} in ResourceConfig."
        )


def _check_mode(where: str, channel: dict[str, Any], mode: str) -> None:
    kind = channel["DataSource"]["S3DataSource"]["S3DataType"]
    if mode == _FAST_FILE and kind != "S3Prefix":
        raise ValidationException(f"{where}: FastFile mode is for S3Prefix, not for {kind}.")
    if kind == "AugmentedManifestFile" and mode != _PIPE:
        raise ValidationException(f"{where}: an AugmentedManifestFile needs Pipe mode.")
    for member in ("CompressionType", "RecordWrapperType"):
        if mode != _PIPE and (channel.get(member) or "None") != "None":
            raise ValidationException(
                f"{where}: {member} {channel[member]} is for Pipe mode only, not for {mode}."
            )


def _key(uri: str) -> str:
    return uri.removeprefix("s3://").partition("/")[2]
