"""Links into JupyterLab: good once, for their time, and only those that were given out."""

from argosy.state.machines import new_machine
from argosy.state.notebook_links import LINK_S, MOST_LINKS, redeemed, with_link

NOW = 1000.0


def test_a_link_opens_one_session() -> None:
    machine, token = with_link(new_machine(NOW), 1800, NOW)

    after, seconds = redeemed(machine, token, NOW + LINK_S - 1)

    assert seconds == 1800
    assert redeemed(after, token, NOW) == (after, 0)


def test_a_link_is_good_for_five_minutes() -> None:
    machine, token = with_link(new_machine(NOW), 1800, NOW)

    after, seconds = redeemed(machine, token, NOW + LINK_S)

    assert seconds == 0
    assert after["links"] == []


def test_each_link_has_its_own_session_and_a_token_is_not_kept() -> None:
    machine, short = with_link(new_machine(NOW), 1800, NOW)
    machine, long = with_link(machine, 43_200, NOW)

    assert short not in str(machine)
    machine, seconds = redeemed(machine, long, NOW)
    assert seconds == 43_200
    assert redeemed(machine, short, NOW)[1] == 1800


def test_what_was_not_given_out_opens_nothing() -> None:
    machine, token = with_link(new_machine(NOW), 1800, NOW)

    for wrong in ("", token[:-1], machine["links"][0]["digest"], "\udcff"):
        assert redeemed(machine, wrong, NOW) == (machine, 0)


def test_links_that_nobody_uses_do_not_pile_up() -> None:
    machine = new_machine(NOW)
    for _ in range(MOST_LINKS + 5):
        machine, token = with_link(machine, 1800, NOW)

    assert len(machine["links"]) == MOST_LINKS
    assert redeemed(machine, token, NOW)[1] == 1800
