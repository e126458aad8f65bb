"""Carries out executions of pipelines: what is to begin, what has become of what has begun."""
