"""What the runtime says: heads of answers, heads of frames, texts of errors. Pure.

Wording follows reference/endpoints.md §9 where it is known.
"""

from argosy.edge.answers import clean, head
from argosy.edge.request import Request
from argosy.ground.errors import ApiError, ServiceUnavailable, ThrottlingException, ValidationError
from argosy.runtimes.frames import decode_head, encode_head

__all__ = ["head"]

MAX_ATTRIBUTES = 1024
MAX_INFERENCE_ID = 64
_MAX_MESSAGE = 2048
_MAX_TRACE = 512

_FORWARDED = {
    "custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "new-session-id": "X-Amzn-SageMaker-New-Session-Id",
    "closed-session-id": "X-Amzn-SageMaker-Closed-Session-Id",
}


class TooManyRequests(ThrottlingException):
    """The runtime's throttling answer."""

    status = 429

    @property
    def code(self) -> str:
        return "ThrottlingException"


def answer_head(variant: str, frame_head: bytes) -> bytes:
    """An answer's head up to where the date, the request id and the length follow."""
    fields = decode_head(frame_head)
    lines = [
        "HTTP/1.1 200 OK",
        f"Content-Type: {clean(fields.get('content-type') or 'application/octet-stream')}",
        f"x-Amzn-Invoked-Production-Variant: {variant}",
        *(f"{_FORWARDED[name]}: {clean(v)}" for name, v in fields.items() if name in _FORWARDED),
    ]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1", "replace")


def stream_headers(variant: str, frame_head: bytes) -> dict[str, str]:
    """Headers of a streamed answer that come from the variant and the model."""
    fields = decode_head(frame_head)
    headers = {_FORWARDED[name]: value for name, value in fields.items() if name in _FORWARDED}
    headers["x-Amzn-Invoked-Production-Variant"] = variant
    content_type = fields.get("content-type") or "application/octet-stream"
    headers["X-Amzn-SageMaker-Content-Type"] = content_type
    return headers


def frame_head(request: Request, *, stream: bool) -> bytes:
    """What the model is told besides the body. Raises ValidationError."""
    attributes = request.text("x-amzn-sagemaker-custom-attributes")
    inference_id = request.text("x-amzn-sagemaker-inference-id")
    session = request.text("x-amzn-sagemaker-session-id")
    if len(attributes) > MAX_ATTRIBUTES:
        raise ValidationError(_too_long("customAttributes", MAX_ATTRIBUTES))
    if len(inference_id) > MAX_INFERENCE_ID:
        raise ValidationError(_too_long("inferenceId", MAX_INFERENCE_ID))
    fields = {
        "content-type": request.text("content-type"),
        "accept": request.text("x-amzn-sagemaker-accept" if stream else "accept"),
    }
    rare = {
        "custom-attributes": attributes,
        "session-id": session,
        "inference-id": inference_id,
        "traceparent": request.traceparent or request.text("traceparent")[:_MAX_TRACE],
        "tracestate": request.text("tracestate")[:_MAX_TRACE],
        "trace-id": request.text("x-amzn-trace-id")[:_MAX_TRACE],
    }
    return encode_head(fields | {name: value for name, value in rare.items() if value})


def with_model(head: bytes, target: bytes) -> bytes:
    """What a model among many is told besides."""
    return b"%btarget-model:%b\n" % (head, target)


def no_target(endpoint: str) -> str:
    return f"Endpoint {endpoint} serves many models: name one by TargetModel."


def not_multi_model(endpoint: str) -> str:
    return f"Endpoint {endpoint} is not a multi-model endpoint. Leave TargetModel out."


def not_ready(target: str) -> str:
    return (
        f"Model {target} is not ready for inference yet: it is still being downloaded or loaded. "
        "Try again in a moment."
    )


def worker_died() -> str:
    return "The model's process ended while it answered."


def next_head(asked: bytes, answered: bytes) -> bytes:
    """What a pipeline's next container is told: as the client asked, with the content type (and
    the custom attributes) of the last answer."""
    passed_on = ("content-type", "custom-attributes")
    answer = decode_head(answered)
    return encode_head(decode_head(asked) | {n: answer[n] for n in passed_on if n in answer})


def not_direct(endpoint: str) -> str:
    return (
        f"Endpoint {endpoint} has no containers that are invoked directly. "
        "Leave TargetContainerHostname out."
    )


def no_container(endpoint: str, names: list[str]) -> str:
    return (
        f"Endpoint {endpoint} has several containers that are invoked directly: name one by "
        f"TargetContainerHostname ({', '.join(names)})."
    )


def unknown_container(target: str, names: list[str]) -> str:
    return f"TargetContainerHostname {target} is not one of {', '.join(names)}."


def no_components(endpoint: str) -> str:
    return f"Endpoint {endpoint} has no inference components. Leave InferenceComponentName out."


def component_needed(endpoint: str) -> str:
    return f"Endpoint {endpoint} has inference components: name one by InferenceComponentName."


def unknown_component(name: str, endpoint: str) -> str:
    return f"Inference component {name} of endpoint {endpoint} not found or not in service."


def no_copies(name: str) -> str:
    """The service's own wording is not known (reference/multi-model-and-pipelines.md §6)."""
    return (
        f"Inference component {name} has no capacity to process this request: it has no copies. "
        "Raise CopyCount with UpdateInferenceComponentRuntimeConfig."
    )


def constraint(member: str, rule: str) -> str:
    """SageMaker's sentence on a member that breaks a rule of its model."""
    return (
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must {rule}"
    )


def _too_long(member: str, limit: int) -> str:
    return constraint(member, f"have length less than or equal to {limit}")


def body_too_large(limit: int) -> str:
    return _too_long("body", limit)


def model_error(
    status: int, container: str, text: str, group: str, account: str, cut: bool = False
) -> str:
    """The message of a ModelError; at most 2048 characters, the model's words give way."""
    kind = "client" if 400 <= status < 500 else "server"
    start = f"Received {kind} error ({status}) from {container} with message "
    rest = " and could not load the entire response body" if cut else ""
    end = f"{rest}. See log group {group} in account {account} for more information."
    room = _MAX_MESSAGE - len(start) - len(end) - 2
    return f'{start}"{text[:room]}"{end}'


def timed_out(container: str) -> str:
    return (
        "Your invocation timed out while waiting for a response from container "
        f"{container}. Review the latency metrics for each container in Amazon CloudWatch, "
        "resolve the issue, and try again."
    )


def not_serving(endpoint: str, status: str) -> str:
    return f"Endpoint {endpoint} cannot be invoked while its status is {status}."


def not_async(endpoint: str) -> str:
    return (
        f"Endpoint {endpoint} has no AsyncInferenceConfig: use InvokeEndpoint or "
        "InvokeEndpointWithResponseStream."
    )


def only_async(endpoint: str) -> str:
    return f"Endpoint {endpoint} has an AsyncInferenceConfig: use InvokeEndpointAsync."


def no_weights(endpoint: str) -> str:
    return (
        f"All variants of endpoint {endpoint} have a weight of 0. Name one by TargetVariant, or "
        "raise a weight with UpdateEndpointWeightsAndCapacities."
    )


def no_instance(endpoint: str, variant: str) -> str:
    return (
        f"No instance of variant {variant} of endpoint {endpoint} is in service now. "
        "Try again in a moment."
    )


def too_many_wait(endpoint: str, variant: str) -> str:
    return (
        f"As many requests as may wait for the first instance of variant {variant} of endpoint "
        f"{endpoint}. Try again in a moment."
    )


def none_started(endpoint: str, variant: str, waited_s: float) -> str:
    return (
        f"Variant {variant} of endpoint {endpoint} has no instance, and none came into service "
        f"within {waited_s:g} seconds. Try again in a moment."
    )


def no_room(endpoint: str, variant: str, there: bool) -> ApiError:
    """Why no instance takes the request: none is there, or all are busy."""
    if not there:
        return ServiceUnavailable(no_instance(endpoint, variant))
    return TooManyRequests(
        f"Rate exceeded: every instance of variant {variant} of endpoint {endpoint} has as many "
        "requests waiting as it may."
    )
