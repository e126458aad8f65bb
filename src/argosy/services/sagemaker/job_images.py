"""Which of the user's own images a job means: in the registry, added as a folder, or neither."""

from argosy.services.registry import Call
from argosy.services.sagemaker.images import check_images, take_images
from argosy.state.job_images import JobImage


def image_of_job(call: Call, image: str) -> JobImage:
    """What the image's name means now, to be kept in the job's document as "image".

    Raises ValidationException for one of this platform's registry that is not there.
    """
    model = {"PrimaryContainer": {"Image": image}}
    check_images(call, model)
    meant: JobImage = {"name": image, "models": {"": model}, "images": {}, "pulled": {}}
    take_images(call, meant)
    return meant
