"""Filter patterns of CloudWatch Logs: what each kind of term means, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.ground.errors import InvalidParameterException
from argosy.services.log_pattern import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "anything", True),
        ("   ", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR timeout", "timeout after ERROR", True),
        ("ERROR timeout", "only ERROR", False),
        ('"out of memory"', "killed: out of memory", True),
        ('"out of memory"', "out of the memory", False),
        ('"a \\"quoted\\" word"', 'a "quoted" word', True),
        ('"back\\\\slash"', "back\\slash", True),
        ("-DEBUG", "INFO fine", True),
        ("-DEBUG", "DEBUG noise", False),
        ('-"GET /ping"', "GET /ping 200", False),
        ("ERROR -slow", "ERROR slow", False),
        ("?ERROR ?WARN", "WARN", True),
        ("?ERROR ?WARN", "INFO", False),
        ("?ERROR INFO", "INFO", True),
        ("h\u00e9llo", "h\u00e9llo", True),
        ("  ERROR\tx ", "x ERROR", True),
    ],
)
def test_a_pattern_means(pattern: str, text: str, expected: bool) -> None:
    assert compile_pattern(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{ $.status = 500 }", "JSON"),
        ("[ip, user, status=5*]", "space-delimited"),
        ("%ERR.*%", "regular-expression"),
        ("kill-9", 'put the term kill-9 in quotation marks: "kill-9"'),
        ('"open', "open quotation mark"),
        ('""x', "open quotation mark"),
        ("-", "quotation marks"),
    ],
)
def test_what_is_no_term_pattern_is_refused_with_a_hint(pattern: str, said: str) -> None:
    with pytest.raises(InvalidParameterException) as raised:
        compile_pattern(pattern)
    assert said in raised.value.message


@given(pattern=st.text(max_size=60), text=st.text(max_size=60))
def test_any_text_compiles_or_is_refused(pattern: str, text: str) -> None:
    try:
        matches = compile_pattern(pattern)
    except InvalidParameterException:
        return
    assert matches(text) in (True, False)


@given(phrase=st.text(min_size=1), around=st.text())
def test_a_quoted_phrase_finds_itself(phrase: str, around: str) -> None:
    quoted = phrase.replace("\\", "\\\\").replace('"', '\\"')
    assert compile_pattern(f'"{quoted}"')(around + phrase + around)
