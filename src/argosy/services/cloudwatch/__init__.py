"""CloudWatch: metrics, alarms and dashboards, one file for each family of calls.

Not offered: anomaly detection, Metrics Insights, searches, metric streams, Contributor Insights.
"""
