"""The universal targets of EventBridge Scheduler: an operation of an AWS service by its ARN. Pure.

sdk_target("arn:aws:scheduler:::aws-sdk:sagemaker:createTransformJob")
# ("sagemaker", "CreateTransformJob")
"""

import re

_FORM = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9-]+):([a-zA-Z0-9]+)")
_BOTOCORE = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
}


def sdk_target(arn: str) -> tuple[str, str] | None:
    """botocore's name of the service, and the operation; None for another kind of ARN."""
    found = _FORM.fullmatch(arn)
    if found is None:
        return None
    service, operation = found[1], found[2]
    return _BOTOCORE.get(service, service), operation[0].upper() + operation[1:]
