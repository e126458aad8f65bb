"""Alarms of CloudWatch: evaluated when they are due, announced when their state changes."""
