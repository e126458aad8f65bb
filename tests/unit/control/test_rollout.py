"""What control decides about an endpoint, one situation a test."""

from tests.support.control_builders import NOW, REGION, deployment, document, host, instance

from argosy.control.rollout import Plan, decide
from argosy.ground.instances import Instance, Phase
from argosy.state.endpoints import EndpointDocument


def plan(
    status: str, doc: EndpointDocument, *instances: Instance, obstacle: str = "", now: float = NOW
) -> Plan:
    return decide(status, doc, REGION, list(instances), now, obstacle)


def test_a_new_endpoint_launches_every_variants_instances_over_zones() -> None:
    made = plan("Creating", document(pending=deployment(A=3, B=1)))

    assert [(launch.variant, launch.zone) for launch in made.launch] == [
        ("A", "us-east-1a"),
        ("A", "us-east-1b"),
        ("A", "us-east-1c"),
        ("B", "us-east-1a"),
    ]
    assert made.status == "Creating"


def test_an_endpoint_is_in_service_when_every_variant_is() -> None:
    half = plan("Creating", document(pending=deployment(A=1, B=1)), instance(variant="A"))
    whole = plan(
        "Creating",
        document(pending=deployment(A=1, B=1)),
        instance(variant="A"),
        instance(id="i-2", variant="B"),
    )

    assert half.status == "Creating"
    assert whole.status == "InService"
    assert whole.document["live"]["id"] == "d-new"
    assert whole.document["pending"] is None
    assert [v["current_count"] for v in whole.document["live"]["variants"]] == [1, 1]


def test_a_model_that_does_not_load_fails_the_endpoint_and_clears_its_fleet() -> None:
    made = plan(
        "Creating",
        document(pending=deployment(A=2)),
        instance(Phase.FAILED, reason="no module named x", created=NOW),
        instance(id="i-2"),
    )

    assert made.status == "Failed"
    assert made.document["failure_reason"] == "no module named x"
    assert (made.stop, made.forget) == (["i-2"], ["i-1"])


def test_an_image_that_nobody_serves_fails_the_endpoint_without_a_launch() -> None:
    made = plan("Creating", document(pending=deployment()), obstacle="no runtime for x")

    assert (made.status, made.launch) == ("Failed", [])
    assert made.document["failure_reason"] == "no runtime for x"


def test_one_death_while_starting_is_forgiven_three_are_not() -> None:
    dead = [instance(Phase.GONE, id=f"i-{n}", created=NOW - 400) for n in range(3)]

    assert plan("Creating", document(pending=deployment()), dead[0]).status == "Creating"
    assert len(plan("Creating", document(pending=deployment()), dead[0]).launch) == 1
    assert plan("Creating", document(pending=deployment()), *dead).status == "Failed"


def test_an_update_keeps_the_old_fleet_until_the_new_one_serves() -> None:
    old, new = instance(id="i-old", deployment="d-old"), instance(id="i-new")
    doc = document(live=deployment("d-old"), pending=deployment())

    starting = plan("Updating", doc, old, instance(Phase.STARTING, id="i-new"))
    ready = plan("Updating", doc, old, new)

    assert (starting.status, starting.stop) == ("Updating", [])
    assert (ready.status, ready.stop) == ("InService", ["i-old"])
    assert ready.document["live"]["config_name"] == "config-d-new"


def test_a_failed_update_leaves_the_old_fleet_in_service_with_the_reason() -> None:
    doc = document(live=deployment("d-old"), pending=deployment())
    made = plan(
        "Updating",
        doc,
        instance(id="i-old", deployment="d-old"),
        instance(Phase.FAILED, id="i-bad", reason="boom", created=NOW),
        instance(id="i-new"),
    )

    assert made.status == "InService"
    assert made.document["live"]["config_name"] == "config-d-old"
    assert made.document["pending"] is None
    assert made.document["failure_reason"] == "boom"
    assert (made.stop, made.forget) == (["i-new"], ["i-bad"])


def test_a_dead_instance_is_replaced_at_once_the_first_time() -> None:
    doc = document(live=deployment(A=2))
    made = plan("InService", doc, instance(), instance(Phase.GONE, id="i-2", created=NOW - 10))

    assert len(made.launch) == 1
    assert made.status == "InService"
    assert made.document["live"]["variants"][0]["current_count"] == 1


def test_an_instance_that_keeps_dying_is_launched_with_growing_pauses() -> None:
    doc = document(live=deployment())
    dead = [instance(Phase.GONE, id=f"i-{n}", created=NOW - 5 + n) for n in range(4)]

    made = plan("InService", doc, *dead)

    assert made.launch == []
    assert made.wake_at == NOW - 2 + 4


def test_an_instance_on_its_way_out_is_replaced_and_not_stopped_again() -> None:
    made = plan("InService", document(live=deployment()), instance(Phase.STOPPING))

    assert (len(made.launch), made.stop) == (1, [])


def test_fewer_instances_are_taken_from_the_fullest_zone() -> None:
    live = deployment(A=2)
    made = plan(
        "Updating",
        document(live=live),
        instance(id="i-1", zone="us-east-1a"),
        instance(id="i-2", zone="us-east-1b"),
        instance(id="i-3", zone="us-east-1b"),
    )

    assert made.stop in (["i-2"], ["i-3"])
    assert made.status == "InService"


def test_rescaling_ends_when_the_asked_for_instances_serve() -> None:
    live = deployment(A=2)

    growing = plan("Updating", document(live=live), instance())
    grown = plan("Updating", document(live=live), instance(), instance(id="i-2"))

    assert (growing.status, len(growing.launch)) == ("Updating", 1)
    assert grown.status == "InService"


def test_growth_that_cannot_come_up_is_withdrawn_with_its_reason() -> None:
    live = deployment(A=2)
    bad = instance(Phase.FAILED, id="i-2", reason="artifact missing", created=NOW)

    made = plan("Updating", document(live=live), instance(), bad)

    assert made.status == "InService"
    assert made.document["live"]["variants"][0]["count"] == 1
    assert made.document["failure_reason"] == "artifact missing"


def test_a_first_instance_that_cannot_come_up_leaves_a_variant_at_zero_that_may_be_there() -> None:
    live = deployment(A=1)
    bad = instance(Phase.FAILED, id="i-2", reason="artifact missing", created=NOW)

    made = decide("Updating", document(live=live), REGION, [bad], NOW, elastic=frozenset(["A"]))

    assert (made.status, made.launch) == ("InService", [])
    assert made.document["live"]["variants"][0]["count"] == 0
    assert made.document["failure_reason"] == "artifact missing"


def test_an_endpoint_is_removed_when_its_last_instance_is_gone() -> None:
    doc = document(live=deployment())

    going = plan("Deleting", doc, instance())
    gone = plan("Deleting", doc, instance(Phase.GONE))

    assert (going.remove, going.stop) == (False, ["i-1"])
    assert (gone.remove, gone.forget) == (True, ["i-1"])


def test_new_weights_are_current_as_soon_as_they_are_routed() -> None:
    live = deployment(A=1, B=1)
    live["variants"][1]["weight"] = 0.25

    made = plan("Updating", document(live=live), instance(), instance(id="i-2", variant="B"))

    assert made.document["live"]["variants"][1]["current_weight"] == 0.25
    assert made.status == "InService"


def test_old_deaths_are_forgotten_and_young_ones_remembered() -> None:
    doc = document(live=deployment())
    made = plan(
        "InService",
        doc,
        instance(),
        instance(Phase.GONE, id="i-old", created=NOW - 301),
        instance(Phase.GONE, id="i-young", created=NOW - 1),
    )

    assert made.forget == ["i-old"]


def test_an_endpoint_without_models_is_in_service_at_once_and_launches_nothing() -> None:
    plan = decide("Creating", document(pending=host()), REGION, [], NOW)

    assert plan.status == "InService"
    assert plan.launch == []
    assert plan.document["live"]["variants"][0]["current_count"] == 2
