"""Who may have no instance, and what nobody uses."""

from tests.support.control_builders import component, deployment, document, host

from argosy.control.emptiness import elastic, models_in_use
from argosy.state.endpoints import Deployment


def test_variants_and_components_with_a_minimum_of_zero_may_have_no_instance() -> None:
    targets = {("1", "r", "endpoint/e/variant/A"), ("1", "r", "inference-component/c")}
    assert elastic("1", "r", document(live=deployment(A=1, B=1)), targets) == {"A"}
    assert elastic("1", "r", component("c", live=deployment(A=1)), targets) == {"c"}
    assert elastic("2", "r", document(live=deployment(A=1)), targets) == frozenset()
    assert elastic("1", "r", component("d", live=deployment(A=1)), targets) == frozenset()


def used(live: Deployment, pending: Deployment | None = None, unchanged_s: float = 3600) -> int:
    return len(list(models_in_use(document(live=live, pending=pending), unchanged_s)))


def test_a_variant_at_zero_uses_no_model() -> None:
    assert used(deployment(A=0, B=1)) == 1
    assert used(deployment(A=0)) == 0
    assert used(deployment(A=0), pending=deployment(A=1)) == 1
    assert used(host()) == 0


def test_a_variant_that_was_sent_to_zero_a_moment_ago_may_wake_quickly() -> None:
    assert used(deployment(A=0), unchanged_s=5) == 1
