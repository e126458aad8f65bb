"""Hyperparameter tuning jobs as records."""

TUNING_JOB = "hyper-parameter-tuning-job"
"""Kind of record, and type in an ARN."""
