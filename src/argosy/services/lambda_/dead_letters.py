"""Where events may go that a function did not handle. Pure."""

from argosy.services.lambda_.errors import InvalidParameterValueException


def check_target(arn: str) -> None:
    """Raises InvalidParameterValueException unless it is a standard queue or topic, or ""."""
    parts = arn.split(":")
    if not arn:
        return
    if len(parts) != 6 or parts[2] not in ("sqs", "sns"):
        raise InvalidParameterValueException(
            "The dead letter target must be the ARN of a queue of SQS or of a topic of SNS."
        )
    if arn.endswith(".fifo"):
        raise InvalidParameterValueException(
            "The dead letter target must be a standard queue or topic, not a FIFO one."
        )
