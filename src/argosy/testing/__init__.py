"""A whole platform for tests, demos and benchmarks: `with Platform() as platform: …`.

It runs `argosy up` as a user would, on a free port and in a folder of its own.
"""

from argosy.testing.platform import Platform, PlatformFailed

__all__ = ["Platform", "PlatformFailed"]
