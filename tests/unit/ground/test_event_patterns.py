"""Event patterns: every operator, every way to be wrong, and what must hold for all of them."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.event_patterns import BadPattern, loads, parse

FITS: list[tuple[Any, Any, bool]] = [
    # exact values
    ({"a": ["x"]}, {"a": "x"}, True),
    ({"a": ["x"]}, {"a": "X"}, False),
    ({"a": ["x", "y"]}, {"a": "y"}, True),
    ({"a": [""]}, {"a": ""}, True),
    ({"a": [None]}, {"a": None}, True),
    ({"a": [None]}, {}, False),
    ({"a": [True]}, {"a": True}, True),
    ({"a": [True]}, {"a": 1}, False),
    ({"a": [1]}, {"a": True}, False),
    ({"a": ["1"]}, {"a": 1}, False),
    # what is not named does not matter; all that is named does
    ({"a": ["x"]}, {"a": "x", "b": 1}, True),
    ({"a": ["x"], "b": [1]}, {"a": "x"}, False),
    ({"d": {"a": ["x"]}}, {"d": {"a": "x", "b": 2}}, True),
    ({"d": {"a": ["x"]}}, {"d": "x"}, False),
    ({"a": ["x"]}, {"a": {"b": "x"}}, False),
    # arrays in the event
    ({"a": ["x", "y"]}, {"a": ["z", "y"]}, True),
    ({"a": ["x"]}, {"a": []}, False),
    ({"a": ["x"]}, {"a": [["w"], ["x"]]}, True),
    ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 3}, {"b": 1, "c": 2}]}, True),
    ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "c": 3}, {"b": 9, "c": 2}]}, False),
    # text operators
    ({"a": [{"prefix": "eu-"}]}, {"a": "eu-west-1"}, True),
    ({"a": [{"prefix": "eu-"}]}, {"a": "us-east-1"}, False),
    ({"a": [{"prefix": ""}]}, {"a": "anything"}, True),
    ({"a": [{"prefix": "1"}]}, {"a": 12}, False),
    ({"a": [{"prefix": {"equals-ignore-case": "EventB"}}]}, {"a": "EVENTBridge"}, True),
    ({"a": [{"suffix": ".png"}]}, {"a": "x.png"}, True),
    ({"a": [{"suffix": ".png"}]}, {"a": "x.PNG"}, False),
    ({"a": [{"suffix": {"equals-ignore-case": ".png"}}]}, {"a": "x.PNG"}, True),
    ({"a": [{"equals-ignore-case": "Alice"}]}, {"a": "aLICE"}, True),
    ({"a": [{"equals-ignore-case": "Alice"}]}, {"a": "alices"}, False),
    ({"a": [{"wildcard": "dir/*.png"}]}, {"a": "dir/sub/x.png"}, True),
    ({"a": [{"wildcard": "dir/*.png"}]}, {"a": "dir/x.jpg"}, False),
    ({"a": [{"wildcard": "*a*b*"}]}, {"a": "xxbaxxb"}, True),
    ({"a": [{"wildcard": "a*a"}]}, {"a": "a"}, False),
    ({"a": [{"wildcard": "a\\*b"}]}, {"a": "a*b"}, True),
    ({"a": [{"wildcard": "a\\*b"}]}, {"a": "axb"}, False),
    ({"a": [{"wildcard": "a\\\\*"}]}, {"a": "a\\b"}, True),
    ({"a": [{"wildcard": "plain"}]}, {"a": "plain"}, True),
    # anything-but
    ({"a": [{"anything-but": "x"}]}, {"a": "y"}, True),
    ({"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
    ({"a": [{"anything-but": "x"}]}, {}, False),
    ({"a": [{"anything-but": "x"}]}, {"a": None}, True),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"}, False),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": ["y", "z"]}, True),
    ({"a": [{"anything-but": 100}]}, {"a": 100}, False),
    ({"a": [{"anything-but": [100, 200]}]}, {"a": 300}, True),
    ({"a": [{"anything-but": {"prefix": "init"}}]}, {"a": "initializing"}, False),
    ({"a": [{"anything-but": {"prefix": ["init", "err"]}}]}, {"a": "error"}, False),
    ({"a": [{"anything-but": {"prefix": "init"}}]}, {"a": "done"}, True),
    ({"a": [{"anything-but": {"suffix": ".txt"}}]}, {"a": "x.txt"}, False),
    ({"a": [{"anything-but": {"suffix": [".txt", ".db"]}}]}, {"a": "x.rtf"}, True),
    ({"a": [{"anything-but": {"equals-ignore-case": "X"}}]}, {"a": "x"}, False),
    ({"a": [{"anything-but": {"equals-ignore-case": ["X", "y"]}}]}, {"a": "Z"}, True),
    ({"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}, {"a": "a/lib/b"}, False),
    ({"a": [{"anything-but": {"wildcard": ["*/lib/*", "x*"]}}]}, {"a": "abc"}, True),
    # numbers
    ({"a": [{"numeric": ["=", 300]}]}, {"a": 300.0}, True),
    ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
    ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 0}, False),
    ({"a": [{"numeric": ["<", 10]}]}, {"a": -4.5}, True),
    ({"a": [{"numeric": [">=", 10]}]}, {"a": "11"}, False),
    ({"a": [{"numeric": ["<", 2]}]}, {"a": True}, False),
    # addresses
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.1.0"}, False),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "not an address"}, False),
    ({"a": [{"cidr": "2001:db8::/32"}]}, {"a": "2001:db8::1"}, True),
    # exists: at leaves only
    ({"a": [{"exists": True}]}, {"a": None}, True),
    ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
    ({"a": [{"exists": False}]}, {"a": {"b": 1}}, True),
    ({"a": [{"exists": False}]}, {}, True),
    ({"a": {"b": [{"exists": False}]}}, {}, True),
    ({"a": {"b": [{"exists": False}]}}, {"a": {"b": 0}}, False),
    ({"a": [{"exists": False}, "x"]}, {"a": "x"}, True),
    # alternatives
    ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
    ({"$or": [{"a": [1]}, {"b": [2]}]}, {"a": 2, "b": 1}, False),
    ({"c": [3], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1}, False),
    ({"d": {"$or": [{"a": [1]}, {"b": [{"prefix": "x"}]}]}}, {"d": {"b": "xy"}}, True),
    ({"$or": ["x"]}, {"$or": "x"}, True),
    ({"$or": [{"prefix": "x"}, {"suffix": "y"}]}, {"$or": "xz"}, True),
]


@pytest.mark.parametrize(("pattern", "event", "fits"), FITS)
def test_a_pattern_fits_what_the_guide_says(pattern: Any, event: Any, fits: bool) -> None:
    assert parse(json.dumps(pattern)).matches(loads(json.dumps(event))) is fits


@pytest.mark.parametrize("text", ["300", "300.0", "3.0e2"])
def test_numbers_are_equal_when_they_are_written_alike(text: str) -> None:
    pattern = parse(f'{{"a": [{text}]}}')
    written = ["300", "300.0", "3.0e2"]
    assert [pattern.matches(loads(f'{{"a": {one}}}')) for one in written] == [
        one == text for one in written
    ]


def test_an_event_of_plain_values_can_be_looked_at_too() -> None:
    assert parse('{"a": [1], "b": [2.5]}').matches({"a": 1, "b": 2.5})


WRONG: list[tuple[str, str]] = [
    ("", "not valid JSON"),
    ("{", "not valid JSON"),
    ('{"a": [NaN]}', "not valid JSON"),
    ("[]", "not an object"),
    ('"x"', "not an object"),
    ("{}", "Empty objects"),
    ('{"a": {}}', "Empty objects"),
    ('{"a": "x"}', '"a" must be an object or an array'),
    ('{"a": 1}', '"a" must be an object or an array'),
    ('{"a": null}', '"a" must be an object or an array'),
    ('{"a": []}', "Empty arrays"),
    ('{"a": [["x"]]}', "must be String, number"),
    ('{"a": [{}]}', "Only one key"),
    ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key"),
    ('{"a": [{"like": "x"}]}', "Unrecognized match type like"),
    ('{"a": [{"exists": "yes"}]}', "either true or false"),
    ('{"a": [{"prefix": 1}]}', "must be a string"),
    ('{"a": [{"prefix": {"suffix": "x"}}]}', "equals-ignore-case"),
    ('{"a": [{"prefix": {"equals-ignore-case": 1}}]}', "must be a string"),
    ('{"a": [{"suffix": null}]}', "must be a string"),
    ('{"a": [{"equals-ignore-case": ["x"]}]}', "must be a string"),
    ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard"),
    ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape"),
    ('{"a": [{"wildcard": 5}]}', "must be a string"),
    ('{"a": [{"anything-but": []}]}', "mixed type"),
    ('{"a": [{"anything-but": ["x", 1]}]}', "mixed type"),
    ('{"a": [{"anything-but": null}]}', "mixed type"),
    ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "anything-but takes"),
    ('{"a": [{"anything-but": {"prefix": []}}]}', "a string or a list"),
    ('{"a": [{"anything-but": {"prefix": [1]}}]}', "a string or a list"),
    ('{"a": [{"anything-but": {}}]}', "anything-but takes"),
    ('{"a": [{"numeric": 5}]}', "must be an array"),
    ('{"a": [{"numeric": ["="]}]}', "must be an array"),
    ('{"a": [{"numeric": ["!=", 1]}]}', "Unrecognized numeric range operator"),
    ('{"a": [{"numeric": ["=", "1"]}]}', "must be numbers"),
    ('{"a": [{"numeric": ["=", 5000000001]}]}', "between -5.0E9 and 5.0E9"),
    ('{"a": [{"numeric": ["=", 1e999]}]}', "between -5.0E9 and 5.0E9"),
    ('{"a": [{"numeric": ["<", 1, ">", 0]}]}', "lower bound first"),
    ('{"a": [{"numeric": [">", 5, "<", 5]}]}', "less than top"),
    ('{"a": [{"cidr": "10.0.0.0/64"}]}', "Malformed CIDR"),
    ('{"a": [{"cidr": 10}]}', "must be a string"),
    ('{"$or": [{"a": [1]}]}', "Unrecognized match type a"),
    ('{"$or": [{"a": [1]}, {}]}', "Unrecognized match type a"),
    ('{"$or": [{"a": [1]}, {"b": 2}]}', '"b" must be an object'),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_no_pattern_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadPattern, match=why):
        parse(text)


def test_patterns_are_bounded_in_size_depth_and_number() -> None:
    with pytest.raises(BadPattern, match="too large"):
        parse(json.dumps({"a": ["x" * 70_000]}))
    with pytest.raises(BadPattern, match="levels deep"):
        parse('{"a":' * 40 + '["x"]' + "}" * 40)
    with pytest.raises(BadPattern, match="valid JSON"):
        parse('{"a":' * 12_000)
    with pytest.raises(BadPattern, match="too complex"):
        parse(json.dumps({"a": list(range(2001))}))


def test_an_event_may_be_nested_deeply() -> None:
    assert parse('{"a": ["x"]}').matches(loads('{"a":' + "[" * 900 + '"x"' + "]" * 900 + "}"))


names = st.sampled_from(["a", "b", "c", "$or"])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 99), st.floats(-9, 9), st.text("ab*\\", max_size=4)
)
events = st.recursive(
    st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=3),
    lambda below: st.dictionaries(names, st.one_of(below, st.lists(below, max_size=2)), max_size=3),
    max_leaves=6,
)
anything = st.recursive(
    scalars,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["a", "$or", "prefix", "anything-but", "numeric", "exists", "wildcard"]
            ),
            below,
            max_size=2,
        ),
    ),
    max_leaves=8,
)


@given(anything, events)
def test_whatever_is_given_is_refused_or_decides(asked: Any, event: Any) -> None:
    try:
        pattern = parse(json.dumps(asked))
    except BadPattern:
        return
    assert pattern.matches(loads(json.dumps(event))) in (True, False)


@given(events)
def test_an_event_fits_the_pattern_that_is_made_of_it(event: dict[str, Any]) -> None:
    pattern = _pattern_of(event)
    if pattern:
        assert parse(json.dumps(pattern)).matches(loads(json.dumps(event)))


def _pattern_of(event: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in event.items():
        if isinstance(value, dict):
            made[name] = _pattern_of(value)
        elif isinstance(value, list):
            made[name] = [one for one in value if not isinstance(one, dict)]
        else:
            made[name] = [value]
    return {name: below for name, below in made.items() if below}


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_wildcards_agree_with_shell_globs(glob: str, text: str) -> None:
    if "**" not in glob:
        pattern = parse(json.dumps({"a": [{"wildcard": glob}]}))
        assert pattern.matches({"a": text}) is fnmatchcase(text, glob)
