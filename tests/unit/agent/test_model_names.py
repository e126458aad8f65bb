"""Which TargetModels there can be, and where they lie."""

import pytest

from argosy.agent.models import names


@pytest.mark.parametrize(
    "target", ["a.tar.gz", "team/a.tar.gz", "a..b/c.tar.gz", "mit leer.tar.gz"]
)
def test_a_path_below_the_prefix_is_a_model(target: str) -> None:
    assert names.problem(target) == ""
    assert names.uri_of("s3://b/models/", target) == f"s3://b/models/{target}"


@pytest.mark.parametrize(
    "target", ["", "/a", "../a", "a/../b", "..", "./a", "a//b", "a/", "a\nb", "a\0b", "x" * 1025]
)
def test_anything_else_is_refused_with_a_sentence(target: str) -> None:
    assert "TargetModel" in names.problem(target)


def test_a_prefix_without_a_slash_gets_one() -> None:
    assert names.uri_of("s3://b/models", "a.tar.gz") == "s3://b/models/a.tar.gz"


def test_folders_are_opaque_and_differ() -> None:
    one, other = names.folder_of("s3://b/a.tar.gz"), names.folder_of("s3://b/b.tar.gz")
    assert one != other
    assert one.isalnum()
