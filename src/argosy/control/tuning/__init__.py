"""Carries out hyperparameter tuning jobs: chooses, has trained, and stops when it is enough."""
