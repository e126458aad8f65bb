"""What an execution is given for the parameters of its pipeline: read by their types."""

from typing import Any

from argosy.ground.pipelines.errors import BadDefinition
from argosy.ground.pipelines.step import Parameter

TYPES = ("String", "Integer", "Float", "Boolean")
_VALUES: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


def parse_parameters(listed: Any) -> dict[str, Parameter]:
    """Raises BadDefinition."""
    if listed is None:
        return {}
    if not isinstance(listed, list):
        raise BadDefinition("Parameters is a list.")
    found: dict[str, Parameter] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("Name"), str) or not one["Name"]:
            raise BadDefinition("Each of Parameters needs a Name.")
        if one.get("Type") not in TYPES:
            raise BadDefinition(
                f"The parameter {one['Name']} has Type {one.get('Type')!r}; "
                f"it can be {', '.join(TYPES)}."
            )
        if one["Name"] in found:
            raise BadDefinition(f"The parameter {one['Name']} is there twice.")
        allowed = one.get("EnumValues") or []
        if not isinstance(allowed, list):
            raise BadDefinition(f"EnumValues of the parameter {one['Name']} is a list.")
        default = _default(one["Name"], one["Type"], one.get("DefaultValue"))
        found[one["Name"]] = Parameter(one["Name"], one["Type"], default, tuple(allowed))
    return found


def _default(name: str, kind: str, given: Any) -> Any:
    """By the parameter's type, as what an execution gives. Raises BadDefinition."""
    if given is None or kind == "String":
        return given
    if isinstance(given, str):
        return _read(Parameter(name, kind), given)
    if isinstance(given, _VALUES[kind]) and isinstance(given, bool) == (kind == "Boolean"):
        return given
    raise _wrong(Parameter(name, kind), str(given))


def given_values(parameters: dict[str, Parameter], given: dict[str, str]) -> dict[str, Any]:
    """Every parameter's value, by its type. Raises BadDefinition for what is unknown, missing, not
    allowed or of another type."""
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise BadDefinition(f"Unknown parameters: {', '.join(unknown)}.")
    return {name: _value(one, given.get(name)) for name, one in parameters.items()}


def _value(parameter: Parameter, given: str | None) -> Any:
    if given is None and parameter.default is None:
        raise BadDefinition(f"The parameter {parameter.name} has no default: give it a value.")
    value = parameter.default if given is None else _read(parameter, given)
    if parameter.allowed and value not in parameter.allowed:
        allowed = ", ".join(map(str, parameter.allowed))
        raise BadDefinition(f"The parameter {parameter.name} is {value!r}; it can be {allowed}.")
    return value


def _read(parameter: Parameter, text: str) -> Any:
    try:
        if parameter.type == "Integer":
            return int(text)
        if parameter.type == "Float":
            return float(text)
    except ValueError:
        raise _wrong(parameter, text) from None
    if parameter.type == "Boolean":
        if text.lower() not in ("true", "false"):
            raise _wrong(parameter, text)
        return text.lower() == "true"
    return text


def _wrong(parameter: Parameter, text: str) -> BadDefinition:
    return BadDefinition(
        f"The parameter {parameter.name} is of Type {parameter.type}; {text[:64]!r} is not."
    )
