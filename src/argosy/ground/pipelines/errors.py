"""What can be wrong with a pipeline."""

from argosy.ground.errors import ArgosyError


class BadDefinition(ArgosyError):
    """The definition is not one, or asks for what there is not; the message says what to change."""


class Unresolved(ArgosyError):
    """A reference leads to nothing now; the message names it."""
