"""Two fleets behind one endpoint, of which the new one may do whatever it likes."""

import concurrent.futures
import json
from collections import Counter
from typing import Any

import pytest

from tests.support.stage import ENDPOINT, Stage, stage, variant, wait_until


def fleets(
    scene: Stage, old: list[Any], new: list[Any], share: float, names: tuple[str, str] = ("v", "v")
) -> Any:
    """A table in which two fleets share the requests."""
    entries = []
    parts = ((names[0], old, 1 - share, False), (names[1], new, share, True))
    for name, instances, part, newer in parts:
        entry = variant(name, *instances, weight=part)
        entries.append({**entry, "config": f"c-{newer}", "share": part, "newer": newer})
    return scene.table(*entries)


def who(scene: Stage, calls: int, **more: Any) -> Counter[str]:
    """Which worker answered how many calls; any that fails is raised."""
    client, seen = scene.client(), Counter[str]()
    for _ in range(calls):
        data = b'{"tell": true}'
        answer = client.invoke_endpoint(EndpointName=ENDPOINT, Body=data, **more)
        seen[json.loads(answer["Body"].read())["worker"]] += 1
    return seen


def failed(scene: Stage) -> dict[str, int]:
    """How many requests each fleet failed at, by its config."""
    counts: Counter[str] = Counter()
    for line in scene.feed.metrics if scene.feed else ():
        for deltas in line:
            counts[deltas["config"]] += deltas["model_errors"]
    return {config: count for config, count in counts.items() if count}


def test_each_fleet_has_its_share_also_of_calls_that_name_the_variant() -> None:
    with stage() as scene:
        scene.start_feed()
        old, new = scene.worker("old"), scene.worker("new")
        scene.on_disk(fleets(scene, [old], [new], 0.25))
        scene.start_edge()

        anyhow = who(scene, 400)
        by_name = who(scene, 400, TargetVariant="v")

        assert 50 < anyhow["new"] < 150
        assert 50 < by_name["new"] < 150
        scene.publish(fleets(scene, [old], [new], 1.0))
        assert who(scene, 50) == {"new": 50}
        assert who(scene, 50, TargetVariant="v") == {"new": 50}


@pytest.mark.parametrize("names", [("v", "v"), ("a", "b")])
def test_a_new_fleet_that_is_not_there_costs_no_request(names: tuple[str, str]) -> None:
    with stage() as scene:
        scene.start_feed()
        old, new = scene.worker("old"), scene.worker("new")
        scene.on_disk(fleets(scene, [old], [new], 0.5, names))
        scene.start_edge()
        assert set(who(scene, 50)) == {"old", "new"}

        scene.workers["new"].kill()
        scene.workers["new"].wait()

        assert who(scene, 100) == {"old": 100}


@pytest.mark.parametrize("names", [("v", "v"), ("a", "b")])
def test_what_a_dying_new_instance_was_asked_goes_to_the_old_fleet(names: tuple[str, str]) -> None:
    with stage() as scene:
        scene.start_feed()
        olds = [scene.worker("old")]
        news = [scene.worker("new-1"), scene.worker("new-2")]
        scene.on_disk(fleets(scene, olds, news, 1.0, names))
        scene.start_edge()
        client = scene.client()

        def ask() -> bytes:
            data = json.dumps({"sleep": 1.0}).encode()
            answer = client.invoke_endpoint(EndpointName=ENDPOINT, Body=data)
            return bytes(answer["Body"].read())

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(ask) for _ in range(4)]
            wait_until(lambda: scene.feed and scene.feed.metrics)
            for name in ("new-1", "new-2"):
                scene.workers[name].kill()
            assert [answer.result() for answer in answers] == [b"slept"] * 4
        wait_until(lambda: failed(scene) == {"c-True": 4})
