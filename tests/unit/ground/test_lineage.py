"""How often a chain of events has passed a function."""

from argosy.ground.lineage import MOST, onward, passed

F, G = "arn:f", "arn:g"


def test_each_pass_is_counted_for_its_own_function() -> None:
    trace = onward(onward(onward("Root=1-a;Sampled=0", F), G), F)
    assert (passed(trace, F), passed(trace, G)) == (2, 1)
    assert trace.startswith("Root=1-a;Sampled=0;Lineage=")
    assert trace.count("Lineage=") == 1


def test_nothing_is_passed_where_nothing_is_said() -> None:
    assert [passed(trace, F) for trace in ("", "Root=1", "Lineage=", "Lineage=zz:1")] == [0] * 4
    assert MOST == 16


def test_a_chain_of_many_functions_stays_short() -> None:
    trace = ""
    for number in range(200):
        trace = onward(trace, f"arn:{number}")
    assert len(trace) < 500
    assert passed(trace, "arn:199") == 1
