"""An alarm of a real platform that no value moves: it keeps whatever state a test sets."""

from typing import Any


def put_silent_alarm(cloudwatch: Any, name: str, *actions: str) -> None:
    """`actions`: what it does when it rings."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Silent",
        MetricName="Nothing",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=list(actions),
    )
