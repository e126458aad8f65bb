"""What is wrong with a pattern."""


class BadPattern(ValueError):
    """The text is no filter pattern; the message says why."""
