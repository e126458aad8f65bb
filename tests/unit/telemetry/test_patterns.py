"""Filter patterns of CloudWatch Logs: what each form means, and what is refused."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.telemetry.patterns import BadPattern, compile_pattern

WEB = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
FULL = "[ip, id, user, timestamp, request, status, size]"
EVENT = {
    "type": "UpdateTrail",
    "ip": "111.111.111.111",
    "code": 404,
    "took": 1.5e-3,
    "ok": True,
    "off": False,
    "gone": None,
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 1, "name": "ana"}, {"id": 2, "name": "bo"}],
    "actions": ["GET", "PUT", "DELETE"],
    "places": [[0, 1, 2], [4, 5, 6]],
    "@time": "noon",
    "a key": "x",
    "number": "12",
    "empty": {},
}


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
        ("%ERR[A-Z]+%", "an ERROR", True),
        ("%ERR[A-Z]+%", "an ERR", False),
        ("%^5\\d\\d$%", "503", True),
        ("%a b% -x", "a b", True),
        ("-%a+b%", "aab", False),
        ("%\\%%", "5%", True),
    ],
)
def test_terms_mean(pattern: str, text: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(text) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('$.type = "UpdateTrail"', True),
        ("$.type = UpdateTrail", True),
        ('$.type = "Update*"', True),
        ("$.type = *Trail", True),
        ("$.type != Up*", False),
        ("$.type = update*", False),
        ("$.ip != 123.123.*", True),
        ("$.ip = 111.*.111", True),
        ("$.code = 404", True),
        ("$.code = 404.0", True),
        ("$.code = 4.04e2", True),
        ("$.code = 4*", True),
        ("$.code != 404", False),
        ("$.code > 403 && $.code<=404", True),
        ("$.code >= 405", False),
        ("$.took < 1e-2", True),
        ("$.number > 11", True),
        ("$.number = 12", True),
        ("$.type > 1", False),
        ("$.missing = 1", False),
        ("$.missing != 1", False),
        ("$.missing NOT EXISTS", True),
        ("$.gone NOT EXISTS", False),
        ("$.gone EXISTS", True),
        ("$.gone IS NULL", True),
        ("$.missing IS NULL", False),
        ("$.gone = *", False),
        ("$.code = *", True),
        ("$.ok IS TRUE", True),
        ("$.off IS TRUE", False),
        ("$.off IS FALSE", True),
        ("$.user.id = 1", True),
        ("$.users[1].id = 2", True),
        ("$.users[2].id = 2", False),
        ("$.users[*].id = 2", True),
        ('$.users[*].name = "c*"', False),
        ("$.actions[2] = DELETE", True),
        ("$.places[1][0] = 4", True),
        ("$.actions = GET", False),
        ("$.empty = *", False),
        ("$.['@time'] = noon", True),
        ("$['a key'] = x", True),
        ("$.@time = noon", True),
        ("$.ip = %^111\\.\\d+%", True),
        ("$.ip = %^112%", False),
        ("$.ip != %^112%", True),
        ("$.code=500||$.code=404", True),
        ("$.code = 404 || $.code = 1 && $.code = 2", True),
        ("($.code = 404 || $.code = 1) && $.code = 2", False),
        ('($.user.email = "John.Stiles@example.com" || $.x = 1) && $.actions[0] = GET', True),
        ('$.user.email = "john*"', False),
    ],
)
def test_json_conditions_mean(condition: str, expected: bool) -> None:
    pattern = compile_pattern("{ " + condition + " }")
    assert pattern.matches(json.dumps(EVENT)) is expected
    assert pattern.matches("no JSON at all") is False
    assert compile_pattern("{" + condition + "}").matches(json.dumps(EVENT)) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (FULL, True),
        ("[ip, id, user, timestamp, request, status = 4*, size]", True),
        ("[ip, id, user, timestamp, request, status = 5*, size]", False),
        ("[ip, id, user, timestamp, request, status=404, size>1000]", True),
        ("[ip, id, user, timestamp, request, status=404||status=500, size > 1e4]", False),
        ("[ip, id, user, timestamp, request =*.html*, status = 4*, size]", True),
        ('[ip, id, user, timestamp, request="GET *", status, size]', True),
        ("[ip!=127.*, ...]", False),
        ("[ip=%^127\\.%, ...]", True),
        ("[..., size]", True),
        ("[..., status = 4*, size > 1000]", True),
        ("[..., status != 4*, size]", False),
        ("[ip, ..., size = 1534]", True),
        ("[ip, ...]", True),
        ("[(ip = 1* || ip = 2*) && ip != 127.0.0.2, ...]", True),
        ("[a, b, c, d, e, f, g, h]", False),
        ("[,,user=frank,...]", True),
        ("[w1 = 127.0.0.1, w2]", True),
        ("[w1 = 127.0.0.2, w2]", False),
        ("[timestamp=*2000*, ...]", False),
    ],
)
def test_words_mean(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(WEB) is expected


def test_fields_of_a_message_are_found() -> None:
    found = compile_pattern(FULL).find(WEB)
    assert found is not None
    assert found.extracted() == {
        "$ip": "127.0.0.1",
        "$id": "-",
        "$user": "frank",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0",
        "$status": "404",
        "$size": "1534",
    }
    assert found.value("$size") == "1534"
    assert found.value("$absent") is None


def test_the_last_name_takes_what_is_left_over() -> None:
    found = compile_pattern("[level = ERROR, text]").find("ERROR the model is  gone ")
    assert found is not None
    assert found.value("$text") == "the model is  gone"


def test_values_of_json_are_found() -> None:
    found = compile_pattern("{ $.took > 0 && $.users[1].id = 2 }").find(json.dumps(EVENT))
    assert found is not None
    assert found.extracted() == {"$.took": "0.0015", "$.users[1].id": "2"}
    assert found.value("$.code") == 404
    assert found.value("$.users") is None


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("kill-9", 'put the term kill-9 in quotation marks: "kill-9"'),
        ('"open', "open quotation mark"),
        ('""x', "open quotation mark"),
        ("-", "quotation marks"),
        ("%open", "open quotation mark"),
        ("%%", "empty regular expression"),
        ("%a(b)%", "not supported"),
        ("%wow!%", "not supported"),
        ("%[a%", "is wrong"),
        ("%a% %b% %c%", "more than 2 regular expressions"),
        ("{ $.a = 1", "closing brace"),
        ("{}", "nothing between"),
        ("{ $.a }", "a comparison should stand before its end"),
        ("{ $.a = }", "a value should stand before its end"),
        ("{ a = 1 }", "a selector"),
        ("{ $.a > x }", "> needs a number"),
        ("{ $.a IS MAYBE }", "IS MAYBE"),
        ("{ $.a NOT NULL }", "EXISTS should stand"),
        ("{ ($.a = 1 }", "a closing parenthesis"),
        ("{ $.a = 1 $.b = 2 }", "&& or ||"),
        ("{ $.a[*].b[*] = 1 }", "more than one wildcard"),
        ("{ $.a[-1] = 1 }", "no selector"),
        ("{ $ = 1 }", "no selector"),
        ("{ " + "(" * 400 + "$.a = 1" + ")" * 400 + " }", "more than 30 deep"),
        ("[a, b", "closing bracket"),
        ("[..., a, ...]", "twice"),
        ("[a = 1 && b = 2]", "two fields"),
        ("[a = ]", "a value should stand"),
        ("[a b]", "a comma should stand"),
        ('["x"]', "the name of a field"),
    ],
)
def test_what_is_wrong_is_said(pattern: str, said: str) -> None:
    with pytest.raises(BadPattern) as raised:
        compile_pattern(pattern)
    assert said in str(raised.value)


PARTS = st.sampled_from(
    ["{", "}", "[", "]", "(", ")", "$.a", "$", "=", "!=", "<", ">=", "&&", "||", "IS", "NOT", "*",
     "EXISTS", "NULL", "%", "%a+%", '"', '"x y"', "...", ",", "w1", "12", "4*", "-", "?", "\\", " "]
)  # fmt: skip
MESSAGES = st.one_of(
    st.text(max_size=60),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=3),
        max_leaves=8,
    ).map(json.dumps),
)


@given(pattern=st.one_of(st.text(max_size=60), st.lists(PARTS).map("".join)), message=MESSAGES)
def test_any_text_compiles_or_is_refused(pattern: str, message: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except BadPattern:
        return
    found = compiled.find(message)
    if found is not None:
        assert all(isinstance(text, str) for text in found.extracted().values())


@given(phrase=st.text(min_size=1), around=st.text())
def test_a_quoted_phrase_finds_itself(phrase: str, around: str) -> None:
    quoted = phrase.replace("\\", "\\\\").replace('"', '\\"')
    assert compile_pattern(f'"{quoted}"').matches(around + phrase + around)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(-(2**53), 2**53))
def test_a_value_of_json_finds_itself(text: str, number: int) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("*", "?")
    message = json.dumps({"t": text.replace("*", "?"), "n": number})
    assert compile_pattern(f'{{ $.t = "{quoted}" && $.n = {number} }}').matches(message)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("%a*a*a*a*a*a*b%", "a" * 250_000),
        ("%[a-z]+[a-z]+[a-z]+\\d%", "a" * 250_000),
        ("[x=1, ...]", "[x " * 80_000),
        ("[x=1, ...]", "[x " * 80_000 + "]y"),
        ("[x=1, ...]", '"a ' * 80_000),
        ("[x=1, ...]", '"\\' * 120_000),
        ("[..., x=*a*a*a*a*b]", "a" * 250_000),
        ("{ $.a = *a*a*a*a*b }", json.dumps({"a": "a" * 250_000})),
        ("{ $.a = 1 }", "[" * 250_000),
        ("{ $.a[*].a = 1 }", json.dumps({"a": [{"a": 0}] * 20_000})),
        ("{ $.a = 1 }", '{"a": ' + "9" * 250_000 + "}"),
    ],
)
def test_no_message_takes_long(pattern: str, message: str) -> None:
    compiled = compile_pattern(pattern)
    start = time.process_time()
    assert compiled.matches(message) is False
    assert time.process_time() - start < 2.0


def test_a_number_too_large_for_a_float_is_compared() -> None:
    assert compile_pattern("{ $.a > 5 }").matches('{"a": ' + "9" * 400 + "}")
