"""From a checked request to the invocation that carries it: which variant, container and instance.

The usual way, a plain InvokeEndpoint of a kind that was proven before, is `Invoker.quick` and is
written to be short in time.
"""

from random import random
from typing import TYPE_CHECKING

from argosy.edge import texts
from argosy.edge.captured import invocation_of
from argosy.edge.holding import Held
from argosy.edge.invocation import Invocation
from argosy.edge.request import Request
from argosy.edge.route import Kind
from argosy.edge.shape import Known
from argosy.edge.table import Endpoint, Variant
from argosy.edge.targeted import Targeted
from argosy.ground.errors import ValidationError
from argosy.runtimes import frames

if TYPE_CHECKING:
    from argosy.edge.gate import Gate


class Invoker:
    """Turns checked requests into invocations."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate

    def quick(self, request: Request, known: Known) -> bool:
        """Serve a request of a kind that was proven before. Raises ApiError.

        False when it could not be proven this way: `careful` must look.
        """
        gate, shape, values = self._gate, request.shape, request.values
        signature, identifier = values[shape.authorization][-64:], gate.identifier
        if known.epoch is not identifier.epoch or identifier.now >= known.until:
            return False
        if not known.plan.holds(values, signature, request.digest, identifier.now):
            return False
        endpoint = gate.table.endpoints.get(known.endpoint_key)
        variant = None if endpoint is None else endpoint.wheel.spin(random())
        link = None if variant is None else variant.pick(gate.max_in_flight)
        usual = known.kind is Kind.INVOKE and not shape.special
        if (
            endpoint is None
            or variant is None
            or link is None
            or not (usual and endpoint.serving and variant.plain)
        ):
            if (
                endpoint is None
                or variant is None
                or not self._nearly_usual(request, known, endpoint, variant)
            ):
                self._serve(request, known.kind, known.endpoint_key)
            return True
        head = b"content-type:%b\naccept:%b\n" % (
            b"" if shape.content_type is None else values[shape.content_type],
            b"" if shape.accept is None else values[shape.accept],
        )
        Invocation(gate, request, endpoint, variant, frames.REQUEST, head).start(link)
        return True

    def _nearly_usual(
        self, request: Request, known: Known, endpoint: Endpoint, variant: Variant
    ) -> bool:
        """Serve what differs from the usual in one way; False when it is something else."""
        if not variant.simple:
            alone = variant.shadow is None and variant.capture is None
            return alone and self._warm(request, known, endpoint, variant)
        if known.kind is not Kind.INVOKE or request.shape.special or not endpoint.serving:
            return False
        shape, values = request.shape, request.values
        head = b"content-type:%b\naccept:%b\n" % (
            b"" if shape.content_type is None else values[shape.content_type],
            b"" if shape.accept is None else values[shape.accept],
        )
        return self._start(request, endpoint, variant, frames.REQUEST, head, b"")

    def _warm(self, request: Request, known: Known, endpoint: Endpoint, variant: Variant) -> bool:
        """Serve a plain request for a model that is loaded; False when it is not that."""
        shape, values, models = request.shape, request.values, variant.models
        plain = known.kind is Kind.INVOKE and shape.only_model and endpoint.serving
        if models is None or not plain:
            return False
        target = values[shape.target_model]
        link = models.warm(target, self._gate.max_in_flight)
        if link is None:
            return False
        head = b"content-type:%b\naccept:%b\ntarget-model:%b\n" % (
            b"" if shape.content_type is None else values[shape.content_type],
            b"" if shape.accept is None else values[shape.accept],
            target,
        )
        call = Targeted(self._gate, request, endpoint, variant, frames.REQUEST, head, target)
        call.go(link)
        return True

    def careful(self, request: Request, kind: Kind, name: str) -> None:
        """Serve any invocation. Raises AuthError or ApiError."""
        if request.method != b"POST":
            raise ValidationError("Endpoints are invoked by POST.")
        self._serve(request, kind, self._gate.identifier.of_invocation(request, kind, name))

    def _serve(self, request: Request, kind: Kind, key: str) -> None:
        """Serve an invocation whose caller is known. Raises ApiError."""
        gate = self._gate
        endpoint = gate.table.endpoints.get(key)
        if endpoint is None:
            account, _, name = key.split("/", 2)
            raise ValidationError(f"Endpoint {name} of account {account} not found.")
        if not endpoint.serving:
            raise ValidationError(texts.not_serving(endpoint.name, endpoint.status))
        if kind is Kind.INVOKE_ASYNC or endpoint.asynchronous is not None:
            self._accept(request, kind, endpoint)
            return
        streams = kind is Kind.INVOKE_STREAM
        if streams and not request.connection.speaks_1_1():
            raise ValidationError("A streamed answer needs HTTP/1.1.")
        if request.shape.refused:
            raise ValidationError(request.shape.refused)
        variant = _container(endpoint, self._variant(endpoint, request), request)
        target = _model(endpoint, variant, request)
        asked = frames.STREAM if streams else frames.REQUEST
        head = texts.frame_head(request, stream=streams)
        if target:
            head = texts.with_model(head, target)
        if self._start(request, endpoint, variant, asked, head, target):
            return
        if not gate.holding.takes(variant):
            raise texts.no_room(endpoint.name, variant.name, variant.is_there())
        gate.holding.hold(Held(request, endpoint, variant, asked, head, target))

    def resume(self, held: Held) -> bool:
        """Send on a request that waits for an instance; False when no instance can take it.

        Its variant is the one chosen at first, unless there is none of that name any more.
        Raises ApiError.
        """
        gate, request = self._gate, held.request
        endpoint = gate.table.endpoints.get(held.key)
        variant = gate.table.variant(held.key, held.variant, held.container)
        if endpoint is not None and endpoint.serving and variant is not None:
            asked, head, target = held.asked, held.head, held.target
            if variant.wants_model == bool(target):
                return self._start(request, endpoint, variant, asked, head, target)
        held.leave()
        kind = Kind.INVOKE_STREAM if held.asked == frames.STREAM else Kind.INVOKE
        self._serve(request, kind, held.key)
        return True

    def _accept(self, request: Request, kind: Kind, endpoint: Endpoint) -> None:
        """Put it into the endpoint's queue. Raises ApiError."""
        if endpoint.asynchronous is None:
            raise ValidationError(texts.not_async(endpoint.name))
        if kind is not Kind.INVOKE_ASYNC:
            raise ValidationError(texts.only_async(endpoint.name))
        self._gate.intake.accept(request, endpoint, endpoint.asynchronous)

    def _start(
        self,
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        asked: int,
        head: bytes,
        target: bytes,
    ) -> bool:
        """Send it on its way, maybe to the other fleet; False when no instance can take it."""
        twin = variant.twin
        return self._start_on(request, endpoint, variant, asked, head, target) or (
            twin is not None and self._start_on(request, endpoint, twin, asked, head, target)
        )

    def _start_on(
        self,
        request: Request,
        endpoint: Endpoint,
        variant: Variant,
        asked: int,
        head: bytes,
        target: bytes,
    ) -> bool:
        gate = self._gate
        call = invocation_of(gate, request, endpoint, variant, asked, head, target)
        if not call.start_anywhere():
            return False
        if variant.shadow is not None:
            gate.shadows.copy(request, endpoint, variant, asked, head, target)
        return True

    def _variant(self, endpoint: Endpoint, request: Request) -> Variant:
        component = request.text("x-amzn-sagemaker-inference-component")
        if component or endpoint.by_component:
            return _component(endpoint, component)
        target = request.text("x-amzn-sagemaker-target-variant")
        if target:
            variant = endpoint.named(target, random())
            if variant is None:
                raise ValidationError(_not_found(endpoint, target))
            return variant
        chosen = endpoint.wheel.spin(random())
        if chosen is None:
            raise ValidationError(texts.no_weights(endpoint.name))
        return chosen


def _not_found(endpoint: Endpoint, target: str) -> str:
    if any(v.shadow is not None and v.shadow.name == target for v in endpoint.variants):
        return f"Variant {target} is a shadow variant: it cannot be invoked directly."
    return f"Variant {target} not found for Request"


def _component(endpoint: Endpoint, name: str) -> Variant:
    """The inference component, where one has to be named. Raises ValidationError."""
    if not endpoint.by_component:
        raise ValidationError(texts.no_components(endpoint.name))
    if not name:
        raise ValidationError(texts.component_needed(endpoint.name))
    found = endpoint.named(name, random())
    if found is None:
        raise ValidationError(texts.unknown_component(name, endpoint.name))
    if not (found.copies or found.hold):
        raise ValidationError(texts.no_copies(name))
    return found


def _container(endpoint: Endpoint, variant: Variant, request: Request) -> Variant:
    """The container that TargetContainerHostname names, where one has to be named.

    Raises ValidationError (reference/multi-model-and-pipelines.md §5, Direct).
    """
    target = request.text("x-amzn-sagemaker-target-container-hostname")
    if not variant.containers:
        if target:
            raise ValidationError(texts.not_direct(endpoint.name))
        return variant
    if not target:
        raise ValidationError(texts.no_container(endpoint.name, list(variant.containers)))
    if target not in variant.containers:
        raise ValidationError(texts.unknown_container(target, list(variant.containers)))
    return variant.containers[target]


def _model(endpoint: Endpoint, variant: Variant, request: Request) -> bytes:
    """The TargetModel where there are many, else b"". Raises ValidationError."""
    target = request.header("x-amzn-sagemaker-target-model") or b""
    if target and not variant.wants_model:
        raise ValidationError(texts.not_multi_model(endpoint.name))
    if variant.wants_model and not target:
        raise ValidationError(texts.no_target(endpoint.name))
    return target
