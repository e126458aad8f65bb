"""Training jobs: brought from what was asked to what came of it, and kept alive in between."""
