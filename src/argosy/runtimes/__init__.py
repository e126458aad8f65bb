"""Model servers: what runs inside a sandbox, beside the user's model.

This package stands alone: it is imported in the model's own environment, where nothing else of
Argosy, and nothing but the standard library and the model's framework, need be installed.
"""
