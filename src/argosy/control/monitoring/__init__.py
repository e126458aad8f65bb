"""Monitoring schedules: each time of a schedule becomes one processing job, and its outcome is
told to CloudWatch. What is computed, and how, is `argosy.monitor`'s affair.
"""
