"""Images of containers as the OCI describes them: repositories, manifests, layers, uploads.

What is known of images stands in records; layers lie in the object store. Used by ECR's API
(`argosy.services`) and by the distribution protocol (`argosy.api.distribution`) alike.
"""
