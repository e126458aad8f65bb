"""SavedModels and Keras files into signatures. The only place that touches TensorFlow itself.

Refuses models that cannot be called with tensors alone: a SavedModel without signatures, a file
of weights only.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argosy.runtimes.answers import Fault
from argosy.runtimes.base import LoadError
from argosy.runtimes.slim import put_off
from argosy.runtimes.tensorflow_archive import Source
from argosy.runtimes.tensorflow_servables import DEFAULT_SIGNATURE, Servables, Signatures
from argosy.runtimes.tensorflow_signature import Arrays, Signature, Spec

# As everywhere here: one thread per pool, for instances are many on few cores. A GPU is shared
# with other instances, so memory of it is taken as needed.
_DEFAULTS = {
    "TF_CPP_MIN_LOG_LEVEL": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "KERAS_BACKEND": "tensorflow",
}
_INVALID_INPUT = (3, 11, 12)  # INVALID_ARGUMENT, OUT_OF_RANGE, UNIMPLEMENTED


def import_tensorflow() -> Any:
    """The module, told how to behave before its first import."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    with put_off("pandas", "sklearn", "matplotlib"):
        return importlib.import_module("tensorflow")


def set_threads(tf: Any) -> None:
    """Take the model's environment into account; threads cannot change after the first model."""
    intra = os.environ.get("SAGEMAKER_TFS_INTRA_OP_PARALLELISM") or os.environ["OMP_NUM_THREADS"]
    inter = os.environ.get("SAGEMAKER_TFS_INTER_OP_PARALLELISM") or "1"
    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(intra))
        tf.config.threading.set_inter_op_parallelism_threads(int(inter))
    except (ValueError, RuntimeError):
        return


def load_all(tf: Any, sources: list[Source], default: str) -> Servables:
    """Every version of every model; raises LoadError."""
    models: dict[str, dict[int, Signatures]] = {}
    for source in sources:
        models.setdefault(source.name, {})[source.version] = _load(tf, source)
    return Servables(models, default)


def _load(tf: Any, source: Source) -> Signatures:
    where = source.path.name if source.keras else f"{source.name}/{source.version}"
    try:
        if source.keras:
            return {DEFAULT_SIGNATURE: _of_keras(tf, source)}
        loaded = tf.saved_model.load(str(source.path))
    except LoadError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or ["no message"])[0]
        raise LoadError(
            f"{where} could not be read as a model: {type(error).__name__}: {first}"
        ) from error
    if not loaded.signatures:
        raise LoadError(
            f"the SavedModel {where} has no signatures: export it with model.export(…), or with"
            " tf.saved_model.save(model, path, signatures=…)"
        )
    # The functions do not keep the variables of their model alive: each holds on to the model.
    return {name: _signature(tf, f, loaded) for name, f in loaded.signatures.items()}


def _of_keras(tf: Any, source: Source) -> Signature:
    """A Keras model as a function of its inputs by name."""
    # The file is the user's own and read inside the sandbox, where any code may run anyway.
    model = tf.keras.models.load_model(str(source.path), compile=False, safe_mode=False)
    if not getattr(model, "inputs", None):
        raise LoadError(
            f"the Keras model in {source.path.name} has never been built: save it after it was"
            " fitted, or give it an Input layer"
        )
    specs = {one.name: tf.TensorSpec(one.shape, one.dtype, one.name) for one in model.inputs}
    names = getattr(model, "output_names", None) or [one.name for one in model.outputs]

    @tf.function  # type: ignore[untyped-decorator]
    def serve(**inputs: Any) -> dict[str, Any]:
        given = [inputs[name] for name in specs]
        packed = tf.nest.pack_sequence_as(model.input, given) if len(given) > 1 else given[0]
        return dict(zip(names, tf.nest.flatten(model(packed, training=False)), strict=True))

    return _signature(tf, serve.get_concrete_function(**specs), model)


def _signature(tf: Any, function: Any, kept: Any) -> Signature:
    given = function.structured_input_signature[1]
    inputs = {name: _spec(given[name]) for name in sorted(given)}

    def run(arrays: Arrays, _kept: Any = kept) -> Arrays:
        tensors = {name: tf.constant(array) for name, array in arrays.items()}
        with _input_errors(tf):
            outputs = function(**tensors)
        return {name: _array(output) for name, output in outputs.items()}

    return Signature(inputs, run)


def _spec(spec: Any) -> Spec:
    text = spec.dtype.name == "string"
    shape = None if spec.shape.rank is None else tuple(spec.shape.as_list())
    return Spec(None if text else spec.dtype.as_numpy_dtype, shape)


def _array(output: Any) -> Any:
    """numpy's array of a tensor; one without dimensions comes as a scalar."""
    numpy = importlib.import_module("numpy")
    value = output.numpy()
    return numpy.array(value, dtype=object if isinstance(value, bytes) else None)


@contextmanager
def _input_errors(tf: Any) -> Iterator[None]:
    """What TensorFlow blames on the values becomes Fault 400."""
    try:
        yield
    except tf.errors.OpError as error:
        if error.error_code not in _INVALID_INPUT:
            raise
        raise Fault(400, str(error.message)) from error
