"""What a target is given of an event: constants, parts, texts made by a template."""

import json
from typing import Any

import pytest

from argosy.ground.input_templates import BadShape, Source, body_for, is_lines

EVENT = {
    "source": "my.app",
    "detail": {"who": "ann", "n": 5, "said": 'a "word"', "at": {"k": ["x", 'y"']}},
}
SOURCE = Source("arn:rule", "nightly", 0.0)
PATHS = {name: f"$.detail.{name}" for name in ("who", "n", "said", "at")}
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def given(template: str, arn: str = QUEUE) -> str:
    transformer = {"InputPathsMap": PATHS, "InputTemplate": template}
    return body_for({"Arn": arn, "InputTransformer": transformer}, EVENT, SOURCE)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"who": <who>, "n": <n>, "at": <at>}', {"who": "ann", "n": 5, "at": {"k": ["x", 'y"']}}),
        ('{"text": "<who> has <n>, at <at>"}', {"text": "ann has 5, at {k:[x,y]}"}),
        ('"<who> at <at>"', "ann at {k:[x,y]}"),
    ],
)
def test_objects_within_quotes_lose_their_own(template: str, expected: Any) -> None:
    assert json.loads(given(template)) == expected


def test_a_text_for_people_may_have_lines_and_quotes() -> None:
    assert given('"<who> said"\n"<said>"\n') == '"ann said"\n"a "word""\n'


def test_a_function_gets_json_or_nothing() -> None:
    assert given('"<who>"', FUNCTION) == '"ann"'
    with pytest.raises(BadShape):
        given('"<said>"', FUNCTION)
    with pytest.raises(BadShape):
        given('{"said": "<said>"}')


@pytest.mark.parametrize("template", ["", "text", '"a" "b"', '"a"\nb', '{"a": 1}', '"a'])
def test_what_is_not_lines_of_quoted_text(template: str) -> None:
    assert not is_lines(template)
