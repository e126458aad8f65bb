"""Application Auto Scaling: scalable targets, policies, scheduled actions and activities.

Writes down what scales what; `argosy.control.scaling` acts on it. Only SageMaker's namespace is
there, and of it instances of variants and copies of inference components.
"""
