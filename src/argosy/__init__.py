"""Argosy: a self-hosted model deployment platform that speaks the Amazon SageMaker API."""

__version__ = "0.1.0"
