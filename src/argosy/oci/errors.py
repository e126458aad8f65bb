"""What ECR answers when something cannot be done; each class is a code of its API."""

from argosy.ground.errors import ApiError


class RepositoryNotFoundException(ApiError):
    """There is no such repository in this account and region."""


class RepositoryAlreadyExistsException(ApiError):
    """The name is taken."""


class RepositoryNotEmptyException(ApiError):
    """The repository holds images; delete it with force."""


class RepositoryPolicyNotFoundException(ApiError):
    """The repository has no policy."""


class LifecyclePolicyNotFoundException(ApiError):
    """The repository has no lifecycle policy."""


class ImageNotFoundException(ApiError):
    """There is no such image in the repository."""


class ImageAlreadyExistsException(ApiError):
    """Exactly this image with this tag is there."""


class ImageTagAlreadyExistsException(ApiError):
    """The tag belongs to another image and may not be moved."""


class ImageDigestDoesNotMatchException(ApiError):
    """The digest is not that of the manifest."""


class LayersNotFoundException(ApiError):
    """The manifest names layers that the repository does not hold."""


class ReferencedImagesNotFoundException(ApiError):
    """The index names manifests that the repository does not hold."""


class InvalidTagParameterException(ApiError):
    """A tag of a resource is not allowed."""


class TooManyTagsException(ApiError):
    """A resource has fifty tags at most."""
