"""What is measured and written down: latency sketches, and the logs of models."""
