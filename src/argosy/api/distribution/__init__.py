"""The OCI distribution protocol under /v2/, for docker, podman, skopeo and their like.

Served by control, but apart from the AWS API: bodies are streamed, to files on their way in and
from the object store on their way out, so memory stays flat. The edge has checked the token.
Source: OCI distribution specification 1.1; where it leaves a choice, what ECR does.
"""

from argosy.api.distribution.app import Distribution

__all__ = ["Distribution"]
