"""Stages of REST APIs: one file for each thing that a request meets."""
