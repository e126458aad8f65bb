"""Hyperparameter tuning jobs: what shall be searched, written down; control has it done."""
