"""Which runtime serves a container image. Pure: names in, a name out.

Images are matched by the repository part, as AWS accounts and regions differ.
"""

from __future__ import annotations

_ANY_REGISTRY = {"sagemaker-scikit-learn": "sklearn"}
_OWN_NAMES = {"sklearn": "sklearn", "argosy/sklearn": "sklearn"}

_KNOWN = [
    "AWS's scikit-learn images (…/sagemaker-scikit-learn:<version>, any account and region)"
    " and sklearn, served by the scikit-learn runtime",
]


def runtime_for(image: str) -> str | None:
    """The runtime's name in `argosy.runtimes.table`, or None when nothing here serves the image.

    Tag and digest do not matter. Short names (`sklearn`) count only without a registry, so that
    a user's own `registry/…/sklearn` is not taken for ours.
    """
    repository = _repository(image.strip())
    own = _OWN_NAMES.get(repository)
    return own or _ANY_REGISTRY.get(repository.rsplit("/", 1)[-1])


def known_images() -> list[str]:
    """Phrases that say which images can be served and by what."""
    return list(_KNOWN)


def _repository(image: str) -> str:
    """The image without digest and tag (a colon before a slash is a registry's port)."""
    name = image.partition("@")[0]
    before, _, after = name.rpartition(":")
    return name if not before or "/" in after else before
