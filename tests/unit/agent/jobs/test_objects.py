"""Which objects a channel means for a host, and what their files are called."""

import json

import pytest

from argosy.agent.jobs.objects import (
    BadInput,
    Item,
    augmented,
    in_epoch,
    manifest,
    name_below,
    share,
)
from argosy.ground.jobs import Channel
from argosy.objects.uri import S3Uri


@pytest.mark.parametrize(
    ("key", "prefix", "name"),
    [
        ("data/train/a.csv", "data/train/", "a.csv"),
        ("data/train/a.csv", "data/train", "a.csv"),
        ("data/train/deep/a.csv", "data/train", "deep/a.csv"),
        ("data/train.csv", "data/train.csv", "train.csv"),
        ("data/train-2/a", "data/train", "train-2/a"),
        ("data/train", "data/tr", "train"),
        ("a", "", "a"),
        ("deep/a", "", "deep/a"),
    ],
)
def test_a_files_name_is_what_follows_the_prefix(key: str, prefix: str, name: str) -> None:
    assert name_below(key, prefix) == name


def test_hosts_share_all_objects_and_none_twice() -> None:
    groups = [(Item(None, value=bytes([n])),) for n in range(10)]
    hosts = ("algo-1", "algo-2", "algo-3")
    parts = [share(groups, host, hosts) for host in hosts]
    assert sorted(group[0].value for part in parts for group in part) == [
        group[0].value for group in groups
    ]
    assert [len(part) for part in parts] == [4, 3, 3]


def test_an_epochs_order_depends_on_seed_and_epoch_alone() -> None:
    groups = [(Item(None, value=bytes([n])),) for n in range(30)]
    assert in_epoch(groups, None, 3) == groups
    assert in_epoch(groups, 1, 0) == in_epoch(groups, 1, 0)
    assert in_epoch(groups, 1, 0) != in_epoch(groups, 1, 1) != in_epoch(groups, 2, 1)


def test_a_manifest_names_objects_below_its_prefix() -> None:
    text = json.dumps([{"prefix": "s3://b/p/"}, "a", "deep/b"])
    assert list(manifest(text, "s3://b/m")) == [
        Item(S3Uri("b", "p/a"), "a"),
        Item(S3Uri("b", "p/deep/b"), "deep/b"),
    ]


@pytest.mark.parametrize("text", ["", "{}", "[]", '["a"]', "[1]", '[{"prefix": "s3://b/"}'])
def test_a_manifest_that_is_none_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BadInput, match="s3://b/m is not a JSON list"):
        list(manifest(text, "s3://b/m"))


def test_lines_give_attributes_in_the_order_asked_for() -> None:
    channel = Channel(name="c", uri="s3://b/m", attributes=("label", "image-ref"))
    text = (
        '{"image-ref": "s3://b/1", "label": {"x": 1}}\n\n{"label": "two", "image-ref": "s3://b/2"}'
    )
    first, second = augmented(text, channel)
    assert first == (Item(None, value=b'{"x": 1}'), Item(S3Uri("b", "1")))
    assert second[0].value == b"two"


@pytest.mark.parametrize(("line", "part"), [("[]", "Line 1"), ('{"a": 1}', "attribute 'label'")])
def test_a_bad_line_is_named(line: str, part: str) -> None:
    channel = Channel(name="c", uri="s3://b/m", attributes=("label",))
    with pytest.raises(BadInput, match=part):
        list(augmented(line, channel))
