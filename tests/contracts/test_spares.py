"""Warm spares: used, bounded, adopted, made again, and never in the way."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.ground.instances import Phase
from tests.support.instances import GOOD, LOOKING, World, agent_in, invoke, until, world


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox="off") as made:
        yield made


@pytest.fixture(params=["auto", "off"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox=request.param) as made:
        yield made


def test_a_warm_spare_becomes_the_next_instance(here: World) -> None:
    here.run(here.backend.prepare("sklearn"))
    spare = here.ready_spare()
    agent = agent_in(spare)
    instance = here.served(LOOKING, environment={"WHO": "me"})
    assert instance.state.agent_pid == agent.pid
    assert invoke(instance, "os.environ['WHO'], os.path.exists(os.environ['SM_MODEL_DIR'])") == (
        "('me', True)"
    )
    assert invoke(instance, "open(os.environ['TMPDIR'] + '/x', 'w').write('abc')") == "3"
    assert not spare.exists()
    assert "loaded from" in "".join(here.lines(instance.spec.instance_id))


def test_a_spare_takes_a_spec_before_its_worker_is_ready(plain: World) -> None:
    plain.run(plain.backend.prepare("sklearn"))
    spare = until(lambda: [s for s in plain.spares() if _listens(plain, s)])[0]
    agent = agent_in(spare)
    assert plain.served(GOOD).state.agent_pid == agent.pid


def _listens(here: World, spare: Path) -> bool:
    return here.data_dir.agent_socket(spare.name).exists()


def test_more_spares_are_kept_as_long_as_more_are_asked_for(plain: World) -> None:
    plain.run(plain.backend.prepare("sklearn", 2))
    assert len(plain.spares()) == 3
    plain.run(plain.backend.prepare("sklearn"))
    assert len(plain.spares()) == 1


def test_spares_are_bounded_and_made_again_after_use(plain: World) -> None:
    for _ in range(3):
        plain.run(plain.backend.prepare("sklearn"))
    first = plain.ready_spare()
    assert plain.spares() == [first]
    plain.served(GOOD)
    plain.run(plain.backend.prepare("sklearn"))
    assert plain.ready_spare() != first
    assert len(plain.spares()) == 1


def test_no_spare_is_begun_while_an_instance_comes_up(plain: World) -> None:
    name = plain.launch(GOOD)
    plain.run(plain.backend.prepare("sklearn"))
    assert plain.spares() == []
    plain.reach(name, Phase.IN_SERVICE)


def test_a_spare_of_an_earlier_control_is_used_not_leaked(plain: World) -> None:
    plain.run(plain.backend.prepare("sklearn"))
    agent = agent_in(plain.ready_spare())
    plain.backend = plain.another_backend()
    plain.run(plain.backend.prepare("sklearn"))
    assert len(plain.spares()) == 1
    assert plain.served(GOOD).state.agent_pid == agent.pid


def test_a_spare_made_under_other_settings_is_replaced(plain: World) -> None:
    plain.run(plain.backend.prepare("sklearn"))
    old = agent_in(plain.ready_spare())
    plain.backend = plain.another_backend(instance_memory_mb=900)
    plain.run(plain.backend.prepare("sklearn"))
    assert not old.alive
    assert len(plain.spares()) == 1


def test_a_spare_that_nobody_wants_any_more_goes(tmp_path: Path) -> None:
    with world(tmp_path / "data", sandbox="off", spare_idle_s=0.5) as brief:
        brief.run(brief.backend.prepare("sklearn"))
        agent = agent_in(brief.spares()[0])
        until(lambda: not agent.alive)


def test_no_spares_are_made_when_the_settings_say_none(tmp_path: Path) -> None:
    with world(tmp_path / "data", sandbox="off", spares=0) as bare:
        bare.run(bare.backend.prepare("sklearn"))
        assert bare.spares() == []


def test_a_spare_that_does_not_answer_is_ended_and_a_cold_start_steps_in(plain: World) -> None:
    plain.run(plain.backend.prepare("sklearn"))
    stuck = agent_in(plain.ready_spare())
    stuck.send(signal.SIGSTOP)
    instance = plain.served(GOOD)
    assert instance.state.agent_pid != stuck.pid
    assert not stuck.alive
    assert plain.spares() == []
