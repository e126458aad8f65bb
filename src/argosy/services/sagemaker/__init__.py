"""SageMaker's control plane: one file per resource family.

Handlers write intent and read records; what runs is control's business.
"""
