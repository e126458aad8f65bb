"""DataProcessing: what the model sees, what is kept, and which record an error is about."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent.porter.transform.csv_rows import cells_of, row_of
from argosy.agent.porter.transform.failures import BadAnswer, BadInput
from argosy.agent.porter.transform.processing import Processing, processing_for
from argosy.ground.json_path import BadPath

CSV, JSON, LINES = "text/csv", "application/json", "application/jsonlines"


def processing(content_type: str, split: str = "Line", time: str = "", **rules: str) -> Processing:
    made = processing_for(content_type, split, rules, time)  # type: ignore[arg-type]
    assert made is not None
    return made


def processed(made: Processing, body: bytes, answer: bytes, answered: str = "") -> bytes:
    records = made.records(body)
    made.request(records)
    return b"".join(bytes(one) for one in made.result(records, answer, answered))


def test_a_job_without_rules_needs_no_processing() -> None:
    rules = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    assert processing_for(CSV, "Line", {}) is None
    assert processing_for("image/png", "None", rules) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "asked", "kept"),
    [
        ({"InputFilter": "$[1:]"}, b"2,3\n5,6\n", b"p\nq\n"),
        ({"InputFilter": "$[-1,0]"}, b"3,1\n6,4\n", b"p\nq\n"),
        ({"JoinSource": "Input"}, b"1,2,3\n4,5,6\n", b"1,2,3,p\n4,5,6,q\n"),
        (
            {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
            b"2,3\n5,6\n",
            b"1,p\n4,q\n",
        ),
        ({"OutputFilter": "$[0]"}, b"1,2,3\n4,5,6\n", b"p\nq\n"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_rows_are_filtered_and_joined(
    rules: dict[str, str], asked: bytes, kept: bytes, end: bytes
) -> None:
    made = processing(CSV, **rules)
    body = b"1,2,3" + end + b"4,5,6" + end
    assert made.request(made.records(body)) == asked
    assert processed(made, body, b"p" + end + b"q" + end, "text/csv; charset=utf-8") == kept


def test_commas_in_quotes_part_nothing() -> None:
    made = processing(CSV, InputFilter="$[1]", JoinSource="Input", OutputFilter="$[0,2]")
    body = b'"a,""b""",2\n'
    assert made.request(made.records(body)) == b"2\n"
    assert processed(made, body, b"x\n") == b'"a,""b""",x\n'


@given(st.binary(max_size=40).filter(lambda line: b"\n" not in line))
def test_cells_of_any_line_are_that_line(line: bytes) -> None:
    assert row_of(cells_of(line)) == line


@pytest.mark.parametrize(
    ("rules", "asked", "kept"),
    [
        ({"InputFilter": "$.x"}, [[1, 2]], [0.5]),
        ({"JoinSource": "Input"}, None, [{"id": 1, "x": [1, 2], "SageMakerOutput": 0.5}]),
        (
            {
                "InputFilter": "$['x']",
                "JoinSource": "Input",
                "OutputFilter": "$['id','SageMakerOutput']",
            },
            [[1, 2]],
            [{"id": 1, "SageMakerOutput": 0.5}],
        ),
    ],
)
def test_json_lines_are_filtered_and_joined(
    rules: dict[str, str], asked: Any, kept: list[Any]
) -> None:
    made = processing(LINES, **rules)
    body = b'{"id": 1, "x": [1, 2]}\n'
    request = made.request(made.records(body))
    assert [json.loads(line) for line in request.splitlines()] == (asked or [json.loads(body)])
    found = processed(made, body, b"0.5\n", LINES)
    assert [json.loads(line) for line in found.splitlines()] == kept


def test_what_is_no_object_is_joined_under_two_names() -> None:
    made = processing(JSON, "None", JoinSource="Input")
    found = processed(made, b"[1, 2]", b'{"score": 1}')
    assert json.loads(found) == {"SageMakerInput": [1, 2], "SageMakerOutput": {"score": 1}}


def test_a_name_that_is_there_already_is_overwritten() -> None:
    made = processing(JSON, "None", JoinSource="Input")
    found = json.loads(processed(made, '{"SageMakerOutput": 1, "ü": "ü"}'.encode(), b"2"))
    assert found == {"SageMakerOutput": 2, "ü": "ü"}


def test_ids_and_a_time_are_added_to_each_record() -> None:
    rows = processing(CSV, time="2026-11-21T10:00:00Z", JoinSource="Input")
    first, second = processed(rows, b"1\n2\n", b"p\nq\n").splitlines()
    assert first.startswith(b"1,p,")
    assert first.endswith(b",2026-11-21T10:00:00Z")
    assert first.split(b",")[2] != second.split(b",")[2]
    values = processing(LINES, time="T")
    found = json.loads(processed(values, b"1\n", b"0.5\n"))
    assert found.pop("SageMakerInferenceId")
    assert found == {"SageMakerOutput": 0.5, "SageMakerInferenceTime": "T"}


@pytest.mark.parametrize(("answer", "lines"), [(b"p\n", 1), (b"p\nq\nr\n", 3), (b"", 0)])
def test_every_record_needs_its_own_line_of_the_answer(answer: bytes, lines: int) -> None:
    made = processing(CSV, JoinSource="Input")
    with pytest.raises(BadAnswer, match=f"answered {lines} lines to 2 records"):
        processed(made, b"1\n2\n", answer)


def test_an_answer_of_another_type_is_refused() -> None:
    made = processing(CSV, JoinSource="Input")
    with pytest.raises(BadAnswer, match="use the same type for ContentType and Accept"):
        processed(made, b"1\n2\n", b"[1,\n2]", JSON)


@pytest.mark.parametrize(
    ("content_type", "rules", "body", "reason"),
    [
        (CSV, {"InputFilter": "$[2]"}, b"1,2,3\n4,5\n", "InputFilter: the JSONPath .* of 2 cells"),
        (CSV, {"OutputFilter": "$[1]", "JoinSource": "Input"}, b"1,2\n", "x"),
        (LINES, {"InputFilter": "$.x"}, b'{"x": 1}\n{"y": 1}\n', "InputFilter: .*matches nothing"),
        (LINES, {"InputFilter": "$.x"}, b'{"x": 1}\n{"x": 1\n', "is not JSON"),
        (LINES, {"InputFilter": "$.x"}, b'{"x": 1}\n' + b"[" * 99_999 + b"\n", "is not JSON"),
    ],
)
def test_the_record_that_is_at_fault_is_named(
    content_type: str, rules: dict[str, str], body: bytes, reason: str
) -> None:
    made = processing(content_type, **rules)
    if reason == "x":
        assert processed(made, body, b"p\n") == b"2\n"
        return
    with pytest.raises(BadInput, match=reason) as caught:
        made.request(made.records(body))
    assert (caught.value.first, caught.value.count) == (1, 1)


def test_an_output_filter_that_matches_nothing_names_the_record() -> None:
    made = processing(LINES, OutputFilter="$.score")
    with pytest.raises(BadInput, match="OutputFilter: the JSONPath") as caught:
        processed(made, b"1\n2\n", b'{"score": 1}\n{"label": 1}\n')
    assert caught.value.first == 1
    with pytest.raises(BadAnswer, match="the model's answer 'oops' is not JSON"):
        processed(made, b"1\n", b"oops\n")


def test_types_and_paths_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadInput, match="not on image/png"):
        processing_for("image/png", "None", {"JoinSource": "Input"})
    with pytest.raises(BadPath, match="cannot be used on CSV"):
        processing_for(CSV, "Line", {"InputFilter": "$.x"})


def test_rows_are_joined_and_filtered_quickly() -> None:
    made = processing(CSV, InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]")
    body = (b",".join(b"%.5f" % number for number in range(20)) + b"\n") * 20_000
    begun = time.process_time()
    processed(made, body, b"0.5\n" * 20_000)
    assert 20_000 / (time.process_time() - begun) > 50_000
