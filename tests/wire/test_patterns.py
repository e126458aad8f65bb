"""Java's patterns in Python: they mean the same, and those that cannot be had are known."""

import pytest

from argosy import wire
from argosy.wire.patterns import compile_java, matches

SERVICES = ("sagemaker", "sts", "iam", "logs", "s3")

# The quantifier after "$" is a slip of the model; Java refuses it too.
UNCHECKED = {
    "([\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*)${1,128}",
    "([\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]*)${1,256}",
}


def test_all_patterns_but_the_known_ones_are_checked() -> None:
    unchecked = set()
    for name in SERVICES:
        model = wire.load(name).model
        for shape in map(model.shape_for, model.shape_names):
            pattern = shape.metadata.get("pattern")
            if pattern and compile_java(pattern) is None:
                unchecked.add(pattern)

    assert unchecked == UNCHECKED


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc\n", False),
        ("[a-z]+", "xabc1", False),
        ("\\d+", "١٢", False),
        ("\\w+", "ä", False),
        ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", "Größe 1 Ω", True),
        ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", "a;b", False),
        ("\\p{L}+", "Ωß", True),
        ("\\p{L}+", "1", False),
        ("\\p{Print}+", "a~ ", True),
        ("\\p{Print}+", "a\t", False),
        ("[\\p{Alnum}\\-]+", "aZ-9", True),
        ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "a😹", True),
        ("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*", "a\n", False),
        ("[\\w-_]*", "a-_", True),
        ("(", "anything", True),
        ("\\p{NoSuch}", "anything", True),
    ],
)
def test_patterns_mean_what_they_mean_in_java(pattern: str, value: str, expected: bool) -> None:
    assert matches(pattern, value) is expected
