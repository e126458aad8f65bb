"""What gunicorn is told to serve."""

from predictor import app

__all__ = ["app"]
