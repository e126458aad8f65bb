"""Filter patterns for the operations of CloudWatch Logs: what is wrong is said in its words."""

from argosy.ground.errors import InvalidParameterException
from argosy.telemetry.patterns import BadPattern, Pattern, compile_pattern


def pattern_of(text: str) -> Pattern:
    """Raises InvalidParameterException."""
    try:
        return compile_pattern(text)
    except BadPattern as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}.") from None
