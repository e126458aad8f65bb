"""Carries out inference recommendations jobs: deploys, loads, tells what it measured."""
