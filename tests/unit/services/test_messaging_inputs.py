"""Whatever SQS and SNS are asked: they do it, or say what is wrong; they never stumble."""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy import wire
from argosy.api.handlers import import_handlers
from argosy.ground.clock import ManualClock
from argosy.ground.errors import ApiError
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.services import registry
from argosy.services.registry import Call, Caller
from argosy.state.database import open_database
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore

import_handlers()
ACCOUNT, REGION = "000000000000", "us-east-1"
OFFERED = [(service, name) for service in ("sqs", "sns") for name in registry.offered()[service]]
QUEUES = [f"http://here/{ACCOUNT}/{name}" for name in ("a", "b.fifo", "none")]
QUEUE_ARNS = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in ("a", "b.fifo", "none")]
TOPICS = [f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("a", "b.fifo", "none")]
JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "10", *QUEUE_ARNS]),
    lambda below: (
        st.lists(below, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Statement",
                    "Sid",
                    "deadLetterTargetArn",
                    "maxReceiveCount",
                    "redrivePermission",
                    "sourceQueueArns",
                    "http",
                    "healthyRetryPolicy",
                    "defaultHealthyRetryPolicy",
                    "numRetries",
                    "default",
                ]
            ),
            below,
            max_size=3,
        )
    ),
    max_leaves=6,
).map(json.dumps)
TEXTS = st.text(max_size=6) | st.sampled_from(["true", "5", "", "json", "sqs", "http", "MQ=="])
NAMES = {
    "QueueUrl": st.sampled_from(QUEUES),
    "QueueName": st.sampled_from(["a", "b.fifo", "new", "new.fifo", ""]),
    "Name": st.sampled_from(["a", "b.fifo", "new", "new.fifo", "k"]),
    "TopicArn": st.sampled_from(TOPICS),
    "ResourceArn": st.sampled_from(TOPICS),
    "SourceArn": st.sampled_from(QUEUE_ARNS),
    "Endpoint": st.sampled_from([*QUEUE_ARNS, "http://u:p@h/"]),
    "Protocol": st.sampled_from(["sqs", "http", "https", "email", "x"]),
    "AttributeName": st.sampled_from(
        ["Policy", "DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "RawMessageDelivery", "x"]
    ),
    "AttributeValue": TEXTS | JSON_TEXTS,
    "DataType": st.sampled_from(["String", "Number", "Binary", "String.Array", "x"]),
}
ATTRIBUTES = st.sampled_from(
    [
        *("VisibilityTimeout", "RedrivePolicy", "RedriveAllowPolicy", "Policy", "FifoQueue"),
        *("FilterPolicy", "FilterPolicyScope", "DeliveryPolicy", "FifoTopic", "DisplayName"),
        *("MaximumMessageSize", "KmsMasterKeyId", "FifoThroughputLimit"),
    ]
)


def shaped(shape: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Values that the shape allows, many of them such that something is found."""
    if name in NAMES:
        return NAMES[name]
    kind = shape.type_name
    if kind == "structure":
        members = {key: shaped(one, key) for key, one in shape.members.items()}
        needed = {key: members.pop(key) for key in shape.required_members}
        return st.fixed_dictionaries(needed, optional=members)
    if kind == "list":
        return st.lists(shaped(shape.member), max_size=3)
    if kind == "map" and name in ("Attributes",):
        return st.dictionaries(ATTRIBUTES, TEXTS | JSON_TEXTS, max_size=2)
    if kind == "map":
        return st.dictionaries(shaped(shape.key), shaped(shape.value), max_size=2)
    if kind == "string":
        return st.sampled_from(shape.enum) if shape.enum else TEXTS | JSON_TEXTS
    return {
        "boolean": st.booleans(),
        "blob": st.binary(max_size=5),
    }.get(kind, st.integers(-2, 50_000))


@st.composite
def calls(draw: st.DrawFn) -> list[tuple[str, str, dict[str, Any]]]:
    asked = []
    for service, name in draw(st.lists(st.sampled_from(OFFERED), min_size=1, max_size=6)):
        shape = wire.load(service).operation(name).input_shape
        asked.append((service, name, draw(shaped(shape)) if shape else {}))
    return asked


@pytest.fixture(scope="module")
def messaging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Messaging]:
    engine = open_database(Path(tmp_path_factory.mktemp("fuzz")) / "a.db")
    made = Messaging(Records(engine), ManualClock())
    made.waiting.closing = True  # nobody waits for messages here
    fifo = {"FifoQueue": "true"}
    made.queues.create(ACCOUNT, REGION, "a", {}, {})
    made.queues.create(ACCOUNT, REGION, "b.fifo", fifo, {})
    made.topics.create(ACCOUNT, REGION, "a", {}, {})
    made.topics.create(ACCOUNT, REGION, "b.fifo", {"FifoTopic": "true"}, {})
    yield made
    engine.dispose()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=calls())
def test_no_input_breaks_an_operation(
    messaging: Messaging, asked: list[tuple[str, str, dict[str, Any]]]
) -> None:
    for service, name, value in asked:
        handler = registry.find(service, name)
        assert handler is not None
        call = Call(
            service=service,
            operation=name,
            input=value,
            caller=Caller(ACCOUNT, REGION, "arn", "me"),
            request_id="r",
            records=messaging.records,
            settings=Settings(),
            clock=messaging.clock,
            messaging=messaging,
            metrics=MetricStore(messaging.records.transactions, messaging.clock),
            host="here",
        )
        try:
            wire.validate(wire.load(service), name, value)
            result = handler(call)
            done = result if isinstance(result, dict) else asyncio.run(_awaited(result))
        except ApiError:
            continue
        wire.serialize(wire.load(service), name, done, "r")


async def _awaited(result: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return await result
