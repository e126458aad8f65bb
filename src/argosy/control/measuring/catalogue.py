"""Every metric that is published: docs/monitoring.md has its table from here. Pure.

Sources: reference/autoscaling-and-monitoring.md §6, reference/async-and-batch.md A5,
reference/multi-model-and-pipelines.md §4.
"""

from dataclasses import dataclass

SAGEMAKER = "AWS/SageMaker"
ENDPOINTS = "/aws/sagemaker/Endpoints"
TRANSFORM_JOBS = "/aws/sagemaker/TransformJobs"
TRAINING_JOBS = "/aws/sagemaker/TrainingJobs"
PROCESSING_JOBS = "/aws/sagemaker/ProcessingJobs"
EC2 = "AWS/EC2"
COMPONENTS = "/aws/sagemaker/InferenceComponents"

VARIANT = ("EndpointName", "VariantName")
CONTAINER = (*VARIANT, "ContainerName")
ENDPOINT = ("EndpointName",)
COMPONENT = ("InferenceComponentName",)
HOST = ("Host",)
EC2_INSTANCE = ("InstanceId",)


@dataclass(frozen=True, slots=True)
class Kind:
    """A metric's name and unit, and by which dimensions it is found."""

    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, ...], ...]
    """Each a set of dimensions under which it is published."""
    meaning: str


CATALOGUE: list[Kind] = []
"""In the order of the table."""


def _kind(
    namespace: str, name: str, unit: str, dimensions: tuple[tuple[str, ...], ...], meaning: str
) -> Kind:
    CATALOGUE.append(Kind(namespace, name, unit, dimensions, meaning))
    return CATALOGUE[-1]


_REQUESTS = (VARIANT, COMPONENT, CONTAINER)

INVOCATIONS = _kind(
    SAGEMAKER, "Invocations", "None", _REQUESTS, "Requests that were sent to an instance."
)
ERRORS_4XX = _kind(
    SAGEMAKER,
    "Invocation4XXErrors",
    "None",
    _REQUESTS,
    "1 for a request that the model answered by 4xx, else 0.",
)
ERRORS_5XX = _kind(
    SAGEMAKER,
    "Invocation5XXErrors",
    "None",
    _REQUESTS,
    "1 for a request that the model answered by 5xx or not at all, else 0.",
)
MODEL_ERRORS = _kind(
    SAGEMAKER,
    "InvocationModelErrors",
    "None",
    (VARIANT, COMPONENT),
    "1 for a request without a good answer: 4xx, 5xx, too late, too large, instance lost; else 0.",
)
PER_INSTANCE = _kind(
    SAGEMAKER,
    "InvocationsPerInstance",
    "None",
    (VARIANT,),
    "Each request counts 1/n, n being the instances in service then; 0 without traffic. Use Sum.",
)
PER_COPY = _kind(
    SAGEMAKER,
    "InvocationsPerCopy",
    "None",
    (COMPONENT,),
    "The same of an inference component and its copies.",
)
CONCURRENT_PER_MODEL = _kind(
    SAGEMAKER,
    "ConcurrentRequestsPerModel",
    "None",
    (VARIANT,),
    "Requests in flight at once for each instance, every 10 s: Average over time; Maximum is the "
    "most there were.",
)
CONCURRENT_PER_COPY = _kind(
    SAGEMAKER,
    "ConcurrentRequestsPerCopy",
    "None",
    (COMPONENT,),
    "The same of an inference component and its copies.",
)
MODEL_LATENCY = _kind(
    SAGEMAKER,
    "ModelLatency",
    "Microseconds",
    (VARIANT, COMPONENT),
    "From sending a request to the instance to its full answer; all containers of a pipeline.",
)
OVERHEAD_LATENCY = _kind(
    SAGEMAKER,
    "OverheadLatency",
    "Microseconds",
    _REQUESTS,
    "What a request took besides: reading, checking, waiting for an instance, writing.",
)
CONTAINER_LATENCY = _kind(
    SAGEMAKER,
    "ContainerLatency",
    "Microseconds",
    (CONTAINER,),
    "ModelLatency of one container of several.",
)
LOADING_WAIT = _kind(
    SAGEMAKER,
    "ModelLoadingWaitTime",
    "Microseconds",
    (VARIANT,),
    "How long a request of a multi-model endpoint waited until its model was loaded.",
)
DOWNLOADING = _kind(
    SAGEMAKER, "ModelDownloadingTime", "Microseconds", (VARIANT,), "Fetching a model."
)
LOADING = _kind(SAGEMAKER, "ModelLoadingTime", "Microseconds", (VARIANT,), "Loading a model.")
UNLOADING = _kind(SAGEMAKER, "ModelUnloadingTime", "Microseconds", (VARIANT,), "Unloading a model.")
CACHE_HIT = _kind(
    SAGEMAKER,
    "ModelCacheHit",
    "None",
    (VARIANT,),
    "1 for a request whose model was loaded already, else 0.",
)
LOADED_MODELS = _kind(
    ENDPOINTS,
    "LoadedModelCount",
    "None",
    (VARIANT,),
    "Loaded models, one value for each instance: Sum is that of all copies.",
)
BACKLOG = _kind(
    SAGEMAKER,
    "ApproximateBacklogSize",
    "Count",
    (ENDPOINT,),
    "Asynchronous requests that wait or are worked on.",
)
BACKLOG_PER_INSTANCE = _kind(
    SAGEMAKER,
    "ApproximateBacklogSizePerInstance",
    "Count",
    (ENDPOINT,),
    "The same for each instance in service; all of them where there is no instance.",
)
OLDEST = _kind(
    SAGEMAKER,
    "ApproximateAgeOfOldestRequest",
    "Seconds",
    (ENDPOINT,),
    "Age of the oldest asynchronous request.",
)
WITHOUT_CAPACITY = _kind(
    SAGEMAKER,
    "HasBacklogWithoutCapacity",
    "Count",
    (ENDPOINT,),
    "1 when asynchronous requests wait and there is no instance, else 0.",
)
_ASYNC = {
    "InvocationsProcesssed": "Asynchronous requests that were answered (with three s).",
    "InvocationFailures": "Those that the model failed at.",
    "RequestDownloadFailures": "Those whose payload could not be read.",
    "ResponseUploadFailures": "Those whose answer could not be written.",
    "NotificationFailures": "Those whose notice could not be published.",
    "ExpiredRequests": "Those that waited for longer than they may.",
}
ASYNC_COUNTERS = {
    name: _kind(SAGEMAKER, name, "Count", (VARIANT,), meaning) for name, meaning in _ASYNC.items()
}
_ASYNC_TIMES = {
    "RequestDownloadLatency": ("Microseconds", "Reading the payload from S3."),
    "ResponseUploadLatency": ("Microseconds", "Writing the answer to S3."),
    "TimeInBacklog": ("Milliseconds", "How long a request waited for an instance."),
    "TotalProcessingTime": ("Milliseconds", "From acceptance to the end."),
}
ASYNC_TIMES = {
    name: _kind(SAGEMAKER, name, unit, (VARIANT,), meaning)
    for name, (unit, meaning) in _ASYNC_TIMES.items()
}

_OF_INSTANCE = (VARIANT, HOST)
_UTILIZATION = {
    "CPUUtilization": "Cores in use, 100 for each.",
    "MemoryUtilization": "Memory in use, of the instance's limit or the machine's memory.",
    "DiskUtilization": "Of the disk on which instances' files lie.",
    "GPUUtilization": "GPUs in use, 100 for each; where there are some.",
    "GPUMemoryUtilization": "Their memory in use, 100 for each GPU.",
}
OF_ENDPOINTS = {
    name: _kind(ENDPOINTS, name, "Percent", _OF_INSTANCE, meaning)
    for name, meaning in _UTILIZATION.items()
}
OF_COMPONENTS = {
    name: _kind(COMPONENTS, name, "Percent", (COMPONENT,), meaning)
    for name, meaning in _UTILIZATION.items()
    if name != "DiskUtilization"
}
OF_TRAINING_JOBS = {
    name: _kind(TRAINING_JOBS, name, "Percent", (HOST,), meaning)
    for name, meaning in _UTILIZATION.items()
}
OF_PROCESSING_JOBS = {
    name: _kind(PROCESSING_JOBS, name, "Percent", (HOST,), meaning)
    for name, meaning in _UTILIZATION.items()
}
OF_TRANSFORM_JOBS = {
    name: _kind(TRANSFORM_JOBS, name, "Percent", (HOST,), meaning)
    for name, meaning in _UTILIZATION.items()
    if name != "DiskUtilization"
}
OF_EC2_INSTANCES = {
    "CPUUtilization": _kind(
        EC2, "CPUUtilization", "Percent", (EC2_INSTANCE,), _UTILIZATION["CPUUtilization"]
    )
}
