"""EventBridge Scheduler: schedules in groups, each with one target.

What happens when one is due is `argosy.automation.events`.
"""
