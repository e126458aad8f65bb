"""Where outputs go."""

import pytest

from argosy.control.transforms.outputs import lies_within, output_of, temporary_of


@pytest.mark.parametrize(
    ("path", "base", "key", "output"),
    [
        ("s3://b/out", "in/", "in/a/x.csv", "out/a/x.csv.out"),
        ("s3://b/out/", "in/", "in/x.csv", "out/x.csv.out"),
        ("s3://b/out", "in", "in/a/x.csv", "out/a/x.csv.out"),
        ("s3://b/out", "in/data.csv", "in/data.csv", "out/data.csv.out"),
        ("s3://b/out", "in/da", "in/data.csv", "out/data.csv.out"),
        ("s3://b", "", "x.csv", "x.csv.out"),
        ("s3://b/", "in/", "in/x", "x.out"),
    ],
)
def test_the_key_below_the_input_is_kept_below_the_output(
    path: str, base: str, key: str, output: str
) -> None:
    assert output_of(path, base, key) == ("b", output)


def test_objects_that_begin_alike_never_share_an_output() -> None:
    keys = ["in/in-2/a", "in-2/a", "in/a", "in/in/a", "ina", "in"]
    assert len({output_of("s3://b/o", "in", key) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    ("path", "base", "within"),
    [
        ("s3://b/in/out", "in/", True),
        ("s3://b/in", "in/", True),
        ("s3://b/out", "in/", False),
        ("s3://other/in/out", "in/", False),
        ("s3://b/a", "a/b/", True),
        ("s3://b/x", "", True),
    ],
)
def test_outputs_among_the_inputs_are_foreseen(path: str, base: str, within: bool) -> None:
    assert lies_within(path, "b", base) is within


def test_temporary_objects_lie_below_the_output_in_a_folder_of_the_job() -> None:
    assert temporary_of("s3://b/out/", "d-1") == ("b", "out/_temporary/d-1/")
