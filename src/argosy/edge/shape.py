"""The shape of a request's head: which headers, in which order.

The requests of one client differ in values, not in shape; what follows from the shape alone is
worked out once. A shape also carries the plans of `argosy.access.quick` for its requests.
"""

from dataclasses import dataclass
from math import inf

from argosy.access.quick import Plan
from argosy.edge.route import Kind

_SHAPES = 512
_PLANS = 1024
_CACHED_BYTES = 2048
MAX_HEADERS = 100

TRACE_HEADERS = frozenset({"traceparent", "tracestate", "x-amzn-trace-id"})
"""What ties the spans of one request together; the model is told."""

# The members of an invocation that Argosy does not serve (yet), with what to say.
_REFUSED = {
    "x-amzn-sagemaker-enable-explanations": "Online explainability is not supported. Leave "
    "EnableExplanations out.",
}


@dataclass(slots=True)
class Known:
    """A kind of request that was found true before: how to check it again, and whose it is."""

    plan: Plan
    kind: Kind
    endpoint_key: str
    epoch: object
    """The set of keys it was proven with; under another one it has to be proven anew."""
    until: float = inf
    """Epoch seconds from which its key is good no more."""


class Shape:
    """Where each header stands."""

    __slots__ = (
        "accept",
        "attributes",
        "authorization",
        "content_length",
        "content_type",
        "inference",
        "names",
        "only_model",
        "places",
        "plans",
        "refused",
        "session",
        "special",
        "stream_accept",
        "target_model",
        "target_variant",
        "usual",
        "written",
    )

    def __init__(self, names: tuple[bytes, ...]) -> None:
        self.names = tuple(name.decode("latin-1").lower() for name in names)
        self.written = ",".join(name.decode("latin-1") for name in names if name != name.lower())
        """The names that are not in lower case, as they came."""
        self.places: dict[str, int] = {name: i for i, name in enumerate(self.names)}
        self.plans: dict[tuple[bytes, bytes], Known] = {}
        place = self.places.get
        self.authorization = place("authorization", -1)
        self.content_length = place("content-length", -1)
        self.content_type = place("content-type")
        self.accept = place("accept")
        self.usual = self.content_length >= 0 and not self.places.keys() & {
            "connection",
            "expect",
            "transfer-encoding",
        }
        """Nothing in the head asks for more than to read a body of known length."""
        self.attributes = place("x-amzn-sagemaker-custom-attributes")
        self.session = place("x-amzn-sagemaker-session-id")
        self.inference = place("x-amzn-sagemaker-inference-id")
        self.target_variant = place("x-amzn-sagemaker-target-variant")
        self.stream_accept = place("x-amzn-sagemaker-accept")
        self.refused = next((text for name, text in _REFUSED.items() if name in self.places), "")
        self.special = any(
            name.startswith("x-amzn-sagemaker-") or name in TRACE_HEADERS for name in self.names
        )
        """Some member of the invocation, or of its trace, needs more than the usual way."""
        self.target_model = place("x-amzn-sagemaker-target-model", -1)
        self.only_model = self.target_model >= 0 and (
            sum(name.startswith("x-amzn-sagemaker-") for name in self.names) == 1
            and not self.places.keys() & TRACE_HEADERS
        )
        """TargetModel is the only such member."""

    def remember(self, authorization: bytes, target: bytes, known: Known) -> None:
        """Keep a plan for requests with this credential and target."""
        if len(self.plans) >= _PLANS:
            self.plans.clear()
        self.plans[authorization[:-64], target] = known


class Shapes:
    """The shapes seen, few enough to be kept."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[bytes, ...], Shape] = {}

    def of(self, names: tuple[bytes, ...]) -> Shape:
        """The shape of a head; kept for the next one when it is of a reasonable size."""
        shape = self._shapes.get(names)
        if shape is None:
            shape = Shape(names)
            if sum(map(len, names)) <= _CACHED_BYTES:
                if len(self._shapes) >= _SHAPES:
                    self._shapes.clear()
                self._shapes[names] = shape
        return shape
