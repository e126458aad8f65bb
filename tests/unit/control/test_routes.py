import pytest
from tests.support.control_builders import NOW, component, deployment, document, host, instance

from argosy.control.routes import Routed, build
from argosy.state.endpoints import Deployment
from argosy.state.rollouts import new_rollout


def test_the_table_lists_serving_instances_of_the_live_deployment_only() -> None:
    live = deployment("d-live", A=2, B=1)
    serving = [
        instance(id="i-1", deployment="d-live", variant="A"),
        instance(id="i-2", deployment="d-next", variant="A"),
        instance(id="i-3", deployment="d-live", variant="B"),
    ]

    table = build(7, {}, [Routed("1", "r", "Updating", document(live=live), serving)], timeout_s=60)

    entry = table["endpoints"]["1/r/e"]
    assert table["version"] == 7
    assert (entry["status"], entry["config"]) == ("Updating", "config-d-live")
    assert [[i["id"] for i in v["instances"]] for v in entry["variants"]] == [["i-1"], ["i-3"]]
    assert entry["variants"][0]["instances"][0]["addresses"] == ["unix:/run/i-1"]


def test_an_endpoint_being_created_is_known_but_has_no_variants() -> None:
    table = build(1, {}, [Routed("1", "r", "Creating", document(), [])], timeout_s=60)

    assert table["endpoints"]["1/r/e"] == {"status": "Creating", "config": "", "variants": []}


def test_components_stand_in_for_the_variants_of_their_endpoint() -> None:
    live = deployment("d-live", A=2)
    serving = [instance(id="i-1", deployment="d-live"), instance(id="i-2", deployment="d-old")]
    routed = [
        Routed("1", "r", "InService", document(live=host()), []),
        Routed("1", "r", "InService", component("c", live=live), serving),
        Routed("1", "r", "Creating", component("early", pending=live), []),
        Routed("1", "r", "Deleting", component("late", live=live), []),
        Routed("1", "q", "InService", component("abroad", live=live), []),
    ]

    table = build(1, {}, routed, timeout_s=60)

    (entry,) = table["endpoints"].values()
    (variant,) = entry["variants"]
    assert entry["by_component"]
    assert (variant["name"], variant["production_variant"], variant["copies"]) == ("c", "A", 2)
    assert [i["id"] for i in variant["instances"]] == ["i-1"]


def test_requests_for_a_variant_at_zero_or_that_may_go_there_are_to_wait() -> None:
    live = deployment("d-live", A=0, B=1, C=1)
    routed = Routed("1", "r", "InService", document(live=live), [], elastic=frozenset(["B"]))

    table = build(7, {}, [routed], timeout_s=60)

    waits = {v["name"]: v.get("hold", False) for v in table["endpoints"]["1/r/e"]["variants"]}
    assert waits == {"A": True, "B": True, "C": False}


@pytest.mark.parametrize(("elastic", "waits"), [(frozenset(["c"]), True), (frozenset(), False)])
def test_requests_for_a_component_wait_only_if_it_is_registered_to_have_no_copy(
    elastic: frozenset[str], waits: bool
) -> None:
    live = deployment("d-live", A=0)
    routed = [
        Routed("1", "r", "InService", document(live=host()), []),
        Routed("1", "r", "InService", component("c", live=live), [], elastic=elastic),
    ]

    (variant,) = build(1, {}, routed, timeout_s=60)["endpoints"]["1/r/e"]["variants"]

    assert variant.get("hold") is waits


def test_a_container_of_a_framework_may_shorten_its_own_time_limit() -> None:
    live = deployment("d-live", A=1)
    hurried = {"Image": "sklearn", "Environment": {"SAGEMAKER_MODEL_SERVER_TIMEOUT": "5"}}
    own, pulled = ({**hurried, "Image": image} for image in ("mine", "docker.io/a/b:1"))
    live["models"] = {"m": {"Containers": [{"Image": "sklearn"}, hurried, own, pulled]}}
    live["images"] = {"mine": "sha256-0"}

    table = build(7, {}, [Routed("1", "r", "InService", document(live=live), [])], timeout_s=60)

    variant = table["endpoints"]["1/r/e"]["variants"][0]
    assert variant["timeout_s"] == 60
    limits = [container.get("timeout_s") for container in variant["containers"]]
    assert limits == [None, 5, None, None]


def shadowed(id: str, weight: float, copied: float) -> Deployment:
    """Variant A and its shadow, S."""
    found = deployment(id, A=1)
    found["config"]["ShadowProductionVariants"] = [{"VariantName": "S", "ModelName": "m"}]
    shadow = {"name": "S", "count": 1, "weight": copied, "current_weight": copied}
    found["variants"][0]["weight"] = weight
    found["variants"].append({**shadow, "current_count": 0, "shadow": True})  # type: ignore[typeddict-item]
    return found


@pytest.mark.parametrize(
    ("weight", "copied", "share"),
    [(1.0, 0.25, 0.25), (4.0, 1.0, 0.25), (1.0, 7.0, 1.0), (0.0, 1.0, 1.0), (1.0, 0.0, 0.0)],
)
def test_a_shadow_hangs_on_its_variant_and_gets_the_quotient_of_the_weights(
    weight: float, copied: float, share: float
) -> None:
    live = shadowed("d-live", weight, copied)
    serving = [
        instance(id="i-1", deployment="d-live", variant="A"),
        instance(id="i-2", deployment="d-live", variant="S"),
    ]

    table = build(7, {}, [Routed("1", "r", "InService", document(live=live), serving)], 60)

    (variant,) = table["endpoints"]["1/r/e"]["variants"]
    assert [i["id"] for i in variant["instances"]] == ["i-1"]
    assert variant["shadow"]["weight"] == share
    assert [i["id"] for i in variant["shadow"]["instances"]] == ["i-2"]


def test_what_is_captured_stands_with_each_variant() -> None:
    live = shadowed("d-live", 1.0, 1.0)
    live["config"]["DataCaptureConfig"] = {
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://b/c",
        "CaptureOptions": [{"CaptureMode": "Input"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }

    table = build(7, {}, [Routed("1", "r", "InService", document(live=live), [])], timeout_s=60)

    (variant,) = table["endpoints"]["1/r/e"]["variants"]
    expected = {
        "percentage": 20.0,
        "destination": "s3://b/c",
        "input": True,
        "output": False,
        "csv": ["text/csv"],
        "json": [],
        "kms_key": "",
    }
    assert variant["capture"] == variant["shadow"]["capture"] == expected


def test_a_shadow_has_no_part_in_the_traffic_that_two_fleets_share() -> None:
    old, new = shadowed("d-old", 1.0, 9.0), shadowed("d-new", 1.0, 0.5)
    rollout = new_rollout([{"share": 0.5, "wait": 0.0, "waits": ""}], NOW)
    rollout["share"] = 0.5
    serving = [
        instance(id="i-1", deployment="d-old", variant="A"),
        instance(id="i-2", deployment="d-old", variant="S"),
        instance(id="i-3", deployment="d-new", variant="A"),
    ]
    updating = {**document(live=old, pending=new), "rollout": rollout}

    table = build(7, {}, [Routed("1", "r", "Updating", updating, serving)], 60)  # type: ignore[arg-type]

    first, second = table["endpoints"]["1/r/e"]["variants"]
    assert (first["weight"], second["weight"]) == (0.5, 0.5)
    assert (first["shadow"]["weight"], second["shadow"]["weight"]) == (1.0, 0.5)
    assert [i["id"] for i in first["shadow"]["instances"]] == ["i-2"]
    assert second["shadow"]["instances"] == []
