"""Answers requests to APIs of API Gateway: in control's process, from what was deployed.

Nothing here changes an API. What a request finds is compiled from a deployment and kept until its
API changes.
"""
