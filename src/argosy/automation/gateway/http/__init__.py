"""Stages of HTTP APIs: one file for each thing that a request meets."""
