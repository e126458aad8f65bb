"""Model quality: how good predictions were, once the truth is known.

Predictions come from a table with both, or from captured answers that are joined with ground truth
by the id of their event.
"""
