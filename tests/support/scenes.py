"""Multi-model endpoints without a platform: a real edge, real instances, and boto3."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.instances import world
from tests.support.shelves import Shelf, labels, obedient
from tests.support.stage import ENDPOINT, Stage, stage, variant

PATIENCE_S = 60.0


class Scene:
    """One edge and an endpoint over some instances of one prefix."""

    def __init__(self, built: Stage, shelves: list[Shelf]) -> None:
        self.stage = built
        self.shelves = shelves
        self.client = built.client(read_timeout=PATIENCE_S)

    def entry(self, **more: Any) -> dict[str, Any]:
        instances = [
            {
                "id": one.instance.spec.instance_id,
                "addresses": list(one.instance.state.addresses),
                "zone": "a",
            }
            for one in self.shelves
        ]
        many = [{"name": "primary", "multi_model": True}]
        return {**variant("v", **more), "instances": instances, "containers": many}

    def call(self, target: str, body: bytes = b"0,0\n1,1\n", **more: Any) -> str:
        answer = self.client.invoke_endpoint(
            EndpointName=ENDPOINT,
            TargetModel=target,
            ContentType="text/csv",
            Accept="text/csv",
            Body=body,
            **more,
        )
        text: str = answer["Body"].read().decode()
        return text

    def refused(self, target: str, body: bytes = b"0,0\n", **more: Any) -> ClientError:
        with pytest.raises(ClientError) as caught:
            self.call(target, body, **more)
        return caught.value

    def loads(self, target: str) -> list[int]:
        """How often each instance loaded the model."""
        return [len(one.log(f"loaded model {target}")) for one in self.shelves]

    def counted(self, name: str) -> int:
        """A count of models that the edge told control, all lines together."""
        assert self.stage.feed is not None
        lines = [fleet for line in self.stage.feed.metrics for fleet in line]
        return sum(int(line.get("models", {}).get(name, 0)) for line in lines)


@contextlib.contextmanager
def scene(
    root: Path,
    instances: int = 1,
    timeout_s: float = 60.0,
    settings: dict[str, Any] | None = None,
    **more: Any,
) -> Iterator[Scene]:
    """settings: of the agents; more: of the container."""
    with world(root / "data", spares=0, **(settings or {})) as made, stage() as built:
        shelves = [Shelf(made) for _ in range(instances)]
        shelves[0].put("a.tar.gz", labels(3, 7))
        shelves[0].put("obeys.tar.gz", obedient())
        for one in shelves:
            one.serve(**more)
        built.start_feed()
        ready = Scene(built, shelves)
        built.on_disk(built.table(ready.entry(timeout_s=timeout_s)))
        built.start_edge()
        yield ready
