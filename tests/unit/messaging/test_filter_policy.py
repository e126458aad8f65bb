"""Filter policies: every operator of SNS, on attributes and on bodies."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.errors import InvalidParameter
from argosy.messaging.filter_policy import ATTRIBUTES, BODY, parse


def fits(policy: Any, facts: dict[str, Any], scope: str = BODY) -> bool:
    return parse(json.dumps(policy), scope)(facts)


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("a", ["a"], ["b", "A", 1, None, ""]),
        (10, [10, 10.0], ["10", 11, True]),
        (True, [True], [False, 1, "true"]),
        (None, [None], ["", 0, False]),
        ({"anything-but": "a"}, ["b", 1], ["a"]),
        ({"anything-but": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"anything-but": [1, 2]}, [3, "1"], [1, 2.0]),
        ({"anything-but": {"prefix": "a"}}, ["b"], ["ab", 1]),
        ({"anything-but": {"suffix": ["x", "y"]}}, ["az"], ["ax", "ay"]),
        ({"anything-but": {"equals-ignore-case": "a"}}, ["b"], ["A", "a"]),
        ({"prefix": "ab"}, ["ab", "abc"], ["a", "cab"]),
        ({"suffix": ".png"}, ["a.png", ".png"], ["a.PNG", "png"]),
        ({"equals-ignore-case": "TeNNis"}, ["tennis", "TENNIS"], ["tenni"]),
        ({"wildcard": "a*b*"}, ["ab", "axbx", "abb"], ["a", "ba", "xab"]),
        ({"wildcard": "ab*b"}, ["abb", "abxb"], ["ab"]),
        ({"numeric": ["=", 301.5]}, [301.5], [301, "301.5"]),
        ({"numeric": [">", 0, "<=", 100]}, [1, 100, 0.1], [0, 100.1, True]),
        ({"numeric": ["<", 0]}, [-1], [0]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.7"], ["10.0.1.7", "ten", 10]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["10.0.0.7", "2001:db9::1"]),
    ],
)
def test_a_condition_lets_pass_what_it_names(condition: Any, yes: list[Any], no: list[Any]) -> None:
    assert [fits({"k": [condition]}, {"k": value}) for value in yes] == [True] * len(yes)
    assert [fits({"k": [condition]}, {"k": value}) for value in no] == [False] * len(no)
    assert not fits({"k": [condition]}, {})


def test_exists_asks_for_a_name_or_for_its_absence() -> None:
    assert fits({"k": [{"exists": True}]}, {"k": None})
    assert not fits({"k": [{"exists": True}]}, {"other": 1})
    assert fits({"k": [{"exists": False}]}, {})
    assert not fits({"k": [{"exists": False}]}, {"k": "x"})
    assert fits({"a": {"b": [{"exists": False}]}}, {"c": 1})


def test_all_names_must_fit_and_of_their_conditions_one() -> None:
    policy = {"store": ["a", "b"], "price": [{"numeric": [">", 10]}]}

    assert fits(policy, {"store": "b", "price": 11})
    assert not fits(policy, {"store": "b", "price": 9})
    assert not fits(policy, {"price": 11})


def test_alternatives_stand_in_or() -> None:
    policy = {"source": ["s3"], "$or": [{"size": [{"numeric": [">", 5]}]}, {"kind": ["big"]}]}

    assert fits(policy, {"source": "s3", "size": 6})
    assert fits(policy, {"source": "s3", "kind": "big"})
    assert not fits(policy, {"source": "s3", "size": 5, "kind": "small"})
    assert not fits(policy, {"source": "ec2", "size": 6})


def test_names_of_a_body_nest_and_a_list_fits_when_one_item_does() -> None:
    policy = {"Records": {"s3": {"bucket": ["in"]}, "name": [{"prefix": "Object"}]}}
    body = {
        "Records": [
            {"s3": {"bucket": "out"}, "name": "ObjectCreated"},
            {"s3": {"bucket": "in"}, "name": "ObjectCreated"},
        ]
    }

    assert fits(policy, body)
    body["Records"][1]["name"] = "Other"
    assert not fits(policy, body)
    assert fits({"tags": ["red"]}, {"tags": ["blue", "red"]})


@pytest.mark.parametrize(
    ("policy", "scope", "said"),
    [
        ("{", BODY, "failed to parse JSON"),
        ("[]", BODY, "must be a JSON object"),
        ('{"a": "b"}', BODY, "must be an object or an array"),
        ('{"a": {"b": ["c"]}}', ATTRIBUTES, "must be an object or an array"),
        ('{"a": []}', BODY, "Empty arrays are not allowed"),
        ('{"a": [["b"]]}', BODY, "Match value must be"),
        ('{"a": [{"like": "b"}]}', BODY, "Unrecognized match type like"),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', BODY, "Only one key allowed"),
        ('{"a": [{"prefix": 1}]}', BODY, "prefix match pattern must be a string"),
        ('{"a": [{"numeric": ["<", 5, ">", 1]}]}', BODY, "lower bound first"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', BODY, "Bottom must be less than top"),
        ('{"a": [{"numeric": ["~", 5]}]}', BODY, "Unrecognized numeric range operator"),
        ('{"a": [{"exists": "yes"}]}', BODY, "must be either true or false"),
        ('{"a": [{"cidr": "10.0/99"}]}', BODY, "Malformed CIDR"),
        ('{"a": [{"wildcard": "a**"}]}', BODY, "Consecutive wildcard"),
        ('{"a": [{"anything-but": []}]}', BODY, "anything-but takes"),
        ('{"a": [{"anything-but": {"numeric": []}}]}', BODY, "anything-but takes one of"),
        ('{"a": [1e10]}', BODY, "a number must be between"),
        ('{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}', BODY, "more than 5 keys"),
        (json.dumps({"a": list(range(13)), "b": list(range(12))}), BODY, "too complex"),
    ],
)
def test_a_policy_that_is_none_is_refused_with_the_reason(
    policy: str, scope: str, said: str
) -> None:
    with pytest.raises(InvalidParameter, match=r"^Invalid parameter: FilterPolicy: ") as refused:
        parse(policy, scope)

    assert said in refused.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["$or", "a", "b", "prefix", "numeric", "exists", "anything-but", "cidr", "wildcard"]
            ),
            below,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(policy=JSON, facts=st.dictionaries(st.sampled_from(["a", "b"]), JSON, max_size=2))
def test_any_json_is_either_refused_or_a_policy_that_decides(policy: Any, facts: Any) -> None:
    try:
        matches = parse(json.dumps(policy), BODY)
    except InvalidParameter:
        return

    assert matches(facts) in (True, False)


SCALARS = st.one_of(st.text(max_size=3), st.integers(-5, 5), st.booleans(), st.none())


@given(
    policy=st.dictionaries(
        st.sampled_from("abc"), st.lists(SCALARS, min_size=1, max_size=3), min_size=1
    ),
    facts=st.dictionaries(st.sampled_from("abc"), SCALARS),
)
def test_exact_policies_agree_with_looking_up(policy: Any, facts: Any) -> None:
    def same(left: Any, right: Any) -> bool:
        return left == right and isinstance(left, bool) == isinstance(right, bool)

    expected = all(
        name in facts and any(same(facts[name], one) for one in wanted)
        for name, wanted in policy.items()
    )

    assert fits(policy, facts) is expected
