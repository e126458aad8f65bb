"""The template language Velocity, as far as mapping templates of API Gateway use it. Pure.

    template = parse('{"n": $input.path("$.a.size()")}')
    template.render({"input": …})

Known: references with properties, indices and methods, #set, #if, #elseif, #else, #foreach, #break,
#stop, comments, #[[literal]]#. Macros, #include, #parse, #define and #evaluate are refused. What a
template can reach is what it is given, and a few methods of texts, lists and maps; how long it may
run and how much it may write is bounded.
"""

from argosy.ground.gateway.velocity.parsing import Template, parse
from argosy.ground.gateway.velocity.values import (
    MAX_OUTPUT,
    MAX_STEPS,
    Methods,
    TemplateError,
    check_size,
)

__all__ = [
    "MAX_OUTPUT",
    "MAX_STEPS",
    "Methods",
    "Template",
    "TemplateError",
    "check_size",
    "parse",
]
