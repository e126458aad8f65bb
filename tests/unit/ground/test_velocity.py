"""Mapping templates: what they write, and what they cannot do."""

from typing import Any

import pytest

from argosy.ground.gateway import templates
from argosy.ground.gateway.templates import TemplateError

BODY = '{"a": [1, 2, {"b": "x"}], "n": 3, "s": "it\'s", "e": []}'
PARAMETERS = {
    "path": {"id": "7"},
    "querystring": {"q": "1"},
    "header": {"Content-Type": "text/csv"},
}
CONTEXT = {"requestId": "r", "identity": {"sourceIp": "1.1.1.1"}}


def written(text: str, body: str = BODY) -> str:
    names = templates.names(body, PARAMETERS, CONTEXT, {"v": "w"})
    return templates.parse(text).render(names)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{"x": $input.json("$.a[2]")}', '{"x": {"b":"x"}}'),
        ("$input.path('$.a[2].b') $input.path('$').n", "x 3"),
        ("$input.params('q')$input.params('id')$input.params('nope')", "17"),
        ("$input.params().header.Content-Type", "text/csv"),
        ("$context.identity.sourceIp ${stageVariables.v} $context.nope.x", "1.1.1.1 w "),
        ("#set($x = 2)#if($x > 1 && $x < 3)yes#{else}no#end", "yes"),
        ("#if(false)a#elseif($input.path('$.n') == 3)b#{else}c#end", "b"),
        ("#foreach($e in $input.path('$.a'))$e#if($foreach.hasNext),#end#end", "1,2,{b=x}"),
        ("#foreach($i in [1..9])#if($i == 3)#break#end$velocityCount#end", "12"),
        ("#set($m = {'a': 1})#set($m.b = [1, 2])$m.b.size()$m.containsKey('a')", "2true"),
        ("#set($t = \"a-$input.path('$.n')\")$t.toUpperCase().replace('-', '+')", "A+3"),
        ("$util.escapeJavaScript($input.path('$.s'))", "it\\'s"),
        ("$util.base64Encode('hi') $util.base64Decode('aGk=')", "aGk= hi"),
        ("$util.urlEncode('a b&') $util.parseJson('[1]')[0]", "a+b%26 1"),
        ("$other $!other ${other}! \\$x costs $5 ## gone", "$other  ${other}! $x costs $5 "),
        ("#[[ $raw #if ]]# #* no *#.", " $raw #if  ."),
        ("#set($x = 7 / 2)$x #set($y = 7 % 4)$y #set($z = -1 * 2)$z", "3 3 -2"),
        ("#if($input.path('$.e'))full#{else}empty#end", "empty"),
        ("a#stop b", "a"),
    ],
)
def test_a_template_writes(text: str, result: str) -> None:
    assert written(text) == result


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n#if(1)", "line 2: #end is missing"),
        ("#end", "stands alone"),
        ("#set($x 1)", "= is missing"),
        ("#set(x = 1)", "reference is missing"),
        ("#foreach($x of [1])#end", "in is missing"),
        ("${x", "} is missing"),
        ("#if()a#end", "value is missing"),
        ("#include('/etc/passwd')", "not offered"),
        ("#macro(x)#end", "not offered"),
        ("#if(" + "(" * 200 + "1" + ")" * 200 + ")#end", "nested too deeply"),
        ("#if(1)" * 100 + "#end" * 100, "nested too deeply"),
    ],
)
def test_a_template_that_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        templates.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "#foreach($i in [1..100000000])x#end",
        "#foreach($i in [1..100000])#foreach($j in [1..100000])x#end#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = $s + $s)#end",
        "#set($s = 'xxxxxxxxxx')#foreach($i in [1..100])#set($s = \"$s$s\")#end",
        "#set($n = 9)#foreach($i in [1..100])#set($n = $n * $n)#end",
        "#set($l = [])#set($x = $l.add($l))$l",
        "#set($l = [1])#foreach($i in [1..40])#set($l = [$l, $l])#end$l",
        "#set($l = [1])#foreach($i in [1..40])#set($l = [$l, $l])#end$util.urlEncode($l)",
        "$input.nope()",
        "$input.json('$..a')",
        "#set($input.body = 1)",
    ],
)
def test_a_template_that_does_too_much_ends(text: str) -> None:
    with pytest.raises(TemplateError):
        written(text)


@pytest.mark.parametrize(
    "text",
    [
        "$input.__class__",
        "$input.body.__class__.__mro__",
        "$context.__class__.__init__",
        "$util.getClass().forName('x')",
        "$input.path('$').__class__",
    ],
)
def test_a_template_reaches_nothing_but_what_it_is_given(text: str) -> None:
    try:
        result: Any = written(text)
    except TemplateError:
        return
    assert "class" not in result
