"""The JSONPath of batch transforms, as the developer guide's tables have it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.json_path import (
    BadPath,
    NothingThere,
    parse,
    parse_for_rows,
    row_selector,
    select,
)

RECORD = {"id": 7, "a b": {"x": [1, 2, 3, 4, 5]}, "list": [{"n": 1}, {"n": 2}], "it's": "q"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", RECORD),
        ("$.id", 7),
        ("$['id']", 7),
        ('$["a b"].x', [1, 2, 3, 4, 5]),
        ("$['a b'].x[0]", 1),
        ("$['a b'].x[-1]", 5),
        ("$['a b'].x[1,3]", [2, 4]),
        ("$['a b'].x[1:3]", [2, 3]),
        ("$['a b'].x[:2]", [1, 2]),
        ("$['a b'].x[2:]", [3, 4, 5]),
        ("$['a b'].x[-2:]", [4, 5]),
        ("$['a b'].x[*]", [1, 2, 3, 4, 5]),
        ("$.list[*].n", [1, 2]),
        ("$.list[0,1].n", [1, 2]),
        ("$['id','list']", {"id": 7, "list": [{"n": 1}, {"n": 2}]}),
        ("$[ 'id' , 'id' ]", {"id": 7}),
        (r"$['it\'s']", "q"),
        ("$['a b'].*", [[1, 2, 3, 4, 5]]),
    ],
)
def test_what_a_path_means_in_an_object(path: str, found: Any) -> None:
    assert select(parse(path), RECORD) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", ["a", "b", "c", "d"]),
        ("$[*]", ["a", "b", "c", "d"]),
        ("$.*", ["a", "b", "c", "d"]),
        ("$[0]", ["a"]),
        ("$[-1]", ["d"]),
        ("$[3,0]", ["d", "a"]),
        ("$[1:3]", ["b", "c"]),
        ("$[:-1]", ["a", "b", "c"]),
    ],
)
def test_what_a_path_means_in_a_row(path: str, found: list[str]) -> None:
    assert row_selector(parse_for_rows(path))(["a", "b", "c", "d"]) == found


@pytest.mark.parametrize(
    "path",
    """|id|$id|$.|$..id|$[|$[]|$['a]|$[a]|$['a'|$[1,'a']|$[1:2:3]|$[['a']]|$[?(@.x)]|$.a[$.b]|$['a',]
|$['a','b'].c|$.a b|$ """.replace("\n", "").split("|"),
)
def test_what_is_no_path_of_ours_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match="JSONPath"):
        parse(path)


@pytest.mark.parametrize("path", ["$.id", "$['a','b']", "$[0].x", "$[0][1]"])
def test_names_mean_nothing_in_rows(path: str) -> None:
    with pytest.raises(BadPath, match="cannot be used on CSV"):
        parse_for_rows(path)


@pytest.mark.parametrize(
    "path", ["$.no", "$['id','no']", "$.id.x", "$.id[0]", "$.list[2]", "$.list[5:]", "$.id[*]"]
)
def test_a_path_that_matches_nothing_says_so(path: str) -> None:
    with pytest.raises(NothingThere, match="matches nothing in"):
        select(parse(path), RECORD)


@pytest.mark.parametrize("path", ["$[4]", "$[0,9]", "$[4:]", "$[-5]"])
def test_a_row_that_is_too_short_says_so(path: str) -> None:
    with pytest.raises(NothingThere, match="matches nothing in a row of 4 cells"):
        row_selector(parse_for_rows(path))(["a", "b", "c", "d"])


@given(st.text("$.[]'\",:*-0123ab \\", max_size=20))
def test_no_text_is_anything_but_a_path_or_a_refusal(text: str) -> None:
    try:
        path = parse("$" + text)
    except BadPath:
        return
    assert path.text == "$" + text
