"""Which runtime serves a container image. Pure: names in, a name or a sentence out.

Images are matched by the repository part, as AWS accounts and regions differ
(reference/clients.md, "Image names").
"""

from __future__ import annotations

import re

_ANY_REGISTRY = {
    "sagemaker-scikit-learn": "sklearn",
    "sagemaker-xgboost": "xgboost",
    "xgboost": "xgboost",
    "pytorch-inference": "pytorch",
    "pytorch-training": "pytorch",
    "tensorflow-inference": "tensorflow",
    "tensorflow-training": "tensorflow",
    "huggingface-pytorch-inference": "huggingface",
    "huggingface-pytorch-training": "huggingface",
    "mlflow-pyfunc": "mlflow",
}
_OWN_NAMES = (
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "pytorch",
    "tensorflow",
    "onnx",
    "huggingface",
    "mlflow",
)
_REFUSED = {
    r"mxnet-(inference|training)(-eia)?": (
        "Apache MXNet was retired by its makers in 2023 and has no release for a Python of today:"
        " export the model to ONNX and serve it with the image 'onnx'"
    ),
    r"sagemaker-sparkml-serving": (
        "SparkML models in MLeap's form need a JVM: export the pipeline to ONNX and serve it with"
        " the image 'onnx'"
    ),
    r"huggingface-(tensorflow|pytorch-tgi|pytorch-neuronx?)-.*": (
        "of the Hugging Face images only huggingface-pytorch-inference is served"
    ),
    r"djl-inference|sagemaker-tritonserver|sagemaker-chainer|sagemaker-rl-.*": (
        "its server is part of the image, which has to be there as a container image"
    ),
    r"linear-learner|kmeans|pca|knn|factorization-machines|blazingtext|forecasting-deepar"
    r"|image-classification|ipinsights|lda|ntm|object2vec|object-detection|randomcutforest"
    r"|semantic-segmentation|seq2seq": (
        "Amazon's built-in algorithms are closed: train the model with an open framework"
    ),
}

_KNOWN = [
    "AWS's images of scikit-learn (…/sagemaker-scikit-learn:<version>), XGBoost"
    " (sagemaker-xgboost), PyTorch (pytorch-inference), TensorFlow (tensorflow-inference) and"
    " Hugging Face (huggingface-pytorch-inference), of any account and region; mlflow-pyfunc",
    f"the short names {', '.join(_OWN_NAMES)}",
]


def runtime_for(image: str) -> str | None:
    """The runtime's name in `argosy.runtimes.table`, or None when nothing here serves the image.

    Tag and digest do not matter. Short names (`sklearn`, `argosy/sklearn`) count only without a
    registry, so that a user's own `registry/…/sklearn` is not taken for ours.
    """
    repository = _repository(image.strip())
    own = repository.removeprefix("argosy/")
    if own in _OWN_NAMES:
        return own
    return _ANY_REGISTRY.get(_last(repository))


def why_not(image: str) -> str:
    """A clause on why an image of Amazon's cannot be served; "" for any other image."""
    name = _last(_repository(image.strip()))
    return next((why for form, why in _REFUSED.items() if re.fullmatch(form, name)), "")


def version_of(image: str) -> str:
    """The framework's version that the image's tag begins with, e.g. "1.2"; "" when none is.

    `…/sagemaker-scikit-learn:1.2-1-cpu-py3` is 1.2, `…/pytorch-inference:2.1.0-cpu-py310` 2.1.0.
    """
    tag = image.strip().partition("@")[0].removeprefix(_repository(image.strip()))
    found = re.match(r":v?(\d+(?:\.\d+){0,2})", tag)
    return found[1] if found else ""


def known_images() -> list[str]:
    """Phrases that say which images can be served and by what."""
    return list(_KNOWN)


def _last(repository: str) -> str:
    return repository.rsplit("/", 1)[-1]


def _repository(image: str) -> str:
    """The image without digest and tag (a colon before a slash is a registry's port)."""
    name = image.partition("@")[0]
    before, _, after = name.rpartition(":")
    return name if not before or "/" in after else before
