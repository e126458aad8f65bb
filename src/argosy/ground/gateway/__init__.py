"""What API Gateway's texts mean: URIs of integrations, mapping expressions, templates. All pure.

Who edits an API checks them with this, and who answers requests goes by them.
"""
