"""EventBridge: buses, rules with patterns or schedules, targets, and events of users.

What rules do with events is `argosy.automation.events`.
"""
