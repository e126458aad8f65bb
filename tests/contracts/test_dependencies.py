"""A model's own packages: installed once, laid over Argosy's, collected; from a wheel folder."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import Instance, Phase
from argosy.ground.processes import children_of
from tests.support.endpoints import archive
from tests.support.instances import (
    EVAL,
    GOOD,
    World,
    agent_in,
    invoke,
    is_running,
    processes_naming,
    until,
    world,
)
from tests.support.wheels import source_package, wheel

SANDBOXED = pytest.param(
    "require", id="sandboxed", marks=pytest.mark.skipif(bool(probe()), reason=str(probe()))
)
PATIENCE_S = 100.0

pytestmark = pytest.mark.timeout(300)  # several agents and workers each, on a busy machine

HANGING = """
import time
time.sleep(600)
"""
CURIOUS = """
import os
def tried(path, mode):
    try: return open(path, mode) and "opened"
    except OSError as error: return type(error).__name__
raise RuntimeError("it saw " + repr([tried(p, m) for p, m in {attempts!r}]))
"""


def model(requirements: str, script: str = EVAL, **files: bytes) -> bytes:
    """An archive whose script evaluates what it is sent, with requirements of its own."""
    code = {"code/inference.py": script.encode(), "code/requirements.txt": requirements.encode()}
    return archive({**code, **files})


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return folder


@pytest.fixture
def open_world(tmp_path: Path, wheels: Path) -> Callable[..., AbstractContextManager[World]]:
    return partial(world, tmp_path / "data", wheels=str(wheels))


@pytest.fixture(params=[SANDBOXED, "off"])
def here(
    request: pytest.FixtureRequest, open_world: Callable[..., AbstractContextManager[World]]
) -> Iterator[World]:
    with open_world(sandbox=request.param) as made:
        yield made


@pytest.fixture
def plain(open_world: Callable[..., AbstractContextManager[World]]) -> Iterator[World]:
    with open_world(sandbox="off") as made:
        yield made


@pytest.fixture(params=[SANDBOXED])
def caged(
    request: pytest.FixtureRequest, open_world: Callable[..., AbstractContextManager[World]]
) -> Iterator[World]:
    with open_world(sandbox=request.param) as made:
        yield made


def served(here: World, content: bytes, **changes: object) -> Instance:
    return here.reach(here.launch(content, **changes), Phase.IN_SERVICE, PATIENCE_S)


def failed(here: World, content: bytes, **changes: object) -> str:
    name = here.launch(content, **changes)
    return here.reach(name, Phase.FAILED, PATIENCE_S).state.reason


def made(here: World) -> list[Path]:
    """The environments there are, finished or not."""
    return [path for path in here.data_dir.environments.iterdir() if path.is_dir()]


def installations(here: World, *names: str) -> int:
    return sum("installing what" in line for name in names for line in here.lines(name))


def test_a_script_imports_what_it_requires_and_what_that_requires(
    here: World, wheels: Path
) -> None:
    wheel(wheels, "greeting", "1.0", "import word\ntext = word.text", ["word>=2"])
    for version in ("1.0", "2.0"):
        wheel(wheels, "word", version, f"text = 'hello {version}'")
    script = "import greeting\nprint(greeting.text)\n" + EVAL

    instance = served(here, model("greeting", script))

    lines = here.lines(instance.spec.instance_id)
    assert "hello 2.0" in lines
    assert " + greeting==1.0" in lines
    assert invoke(instance, "__import__('numpy').__version__ > '2'") == "True"


def test_another_version_of_an_installed_package_wins_and_code_goes_before_both(
    here: World, wheels: Path
) -> None:
    wheel(wheels, "click", "0.1")
    wheel(wheels, "word", "1.0")
    own = {"code/word.py": b"__version__ = 'own'"}

    instance = served(here, model("click==0.1\nword", **own))

    versions = "[__import__(n).__version__ for n in ('click', 'word')]"
    assert invoke(instance, versions) == "['0.1', 'own']"
    installed = "__import__('importlib.metadata').metadata.version('click')"
    assert invoke(instance, installed) == "0.1"


def test_requirements_that_are_here_already_leave_the_warm_worker_in_place(
    plain: World,
) -> None:
    plain.run(plain.backend.prepare("sklearn"))
    agent = agent_in(plain.ready_spare())
    warm = children_of(agent.pid)

    instance = served(plain, model("numpy\nscikit-learn>=1.0  # any\n"))

    assert [instance.state.worker_pid] == warm
    assert [sorted(os.listdir(path)) for path in made(plain)] == [["environment.json"]]


def test_a_warm_spare_gets_a_new_worker_for_packages_of_its_models_own(
    caged: World, wheels: Path
) -> None:
    wheel(wheels, "word", "1.0")
    caged.run(caged.backend.prepare("sklearn"))
    agent = agent_in(caged.ready_spare())
    warm = children_of(agent.pid)

    instance = served(caged, model("word"))

    assert instance.state.agent_pid == agent.pid
    assert not any(map(is_running, warm))
    assert invoke(instance, "__import__('word').__version__") == "1.0"


def test_instances_that_start_together_install_once_and_later_ones_not_at_all(
    plain: World, wheels: Path
) -> None:
    wheel(wheels, "word", "1.0")
    together = [plain.launch(model("word")) for _ in range(2)]
    for name in together:
        plain.reach(name, Phase.IN_SERVICE, PATIENCE_S)
    assert installations(plain, *together) == 1

    (wheels / "word-1.0-py3-none-any.whl").unlink()
    later = served(plain, model("word  # of another endpoint", "import word\n" + EVAL))

    assert installations(plain, later.spec.instance_id) == 0
    assert len(made(plain)) == 1


def test_a_package_in_the_archive_itself_is_installed(here: World, tmp_path: Path) -> None:
    content = wheel(tmp_path, "word", "1.0").read_bytes()
    own = {"code/wheels/word-1.0-py3-none-any.whl": content}
    instance = served(here, model("./wheels/word-1.0-py3-none-any.whl", **own))
    assert invoke(instance, "__import__('word').__version__") == "1.0"


def test_an_mlflow_models_own_requirements_are_installed(plain: World, wheels: Path) -> None:
    wheel(wheels, "word", "1.0")
    conda = b"dependencies:\n- python=3.4.0\n- pip:\n  - word\n"
    files = {"MLmodel": b"", "conda.yaml": conda, "code/inference.py": EVAL.encode()}
    instance = served(plain, archive(files))
    assert invoke(instance, "__import__('word').__version__") == "1.0"
    assert "saved with Python 3.4.0" in "".join(plain.lines(instance.spec.instance_id))


def test_an_isolated_model_gets_its_packages_from_the_wheel_folder(
    caged: World, wheels: Path
) -> None:
    wheel(wheels, "word", "1.0")
    instance = served(caged, model("word"), network_isolation=True)
    assert invoke(instance, "__import__('word').__version__") == "1.0"


def test_packages_that_do_not_fit_the_framework_are_installed_with_a_warning(
    plain: World, wheels: Path
) -> None:
    wheel(wheels, "prettytable", "1.0")  # skops asks for a newer one
    instance = served(plain, model("prettytable==1.0"))
    assert invoke(instance, "__import__('prettytable').__version__") == "1.0"
    assert "may not fit" in "".join(plain.lines(instance.spec.instance_id))


# not to be had


@pytest.mark.parametrize(
    ("requirements", "words"),
    [
        ("absent-package", "absent-package was not found"),
        ("alpha\nbeta", "because you require alpha and beta"),
        ("-r ../../../data/credentials.json", "is not in the archive"),
        ("alpha ===== 1", "alpha ===== 1"),
    ],
)
def test_what_cannot_be_installed_fails_the_instance_with_uvs_words(
    plain: World, wheels: Path, requirements: str, words: str
) -> None:
    wheel(wheels, "alpha", "1.0", "", ["gamma==1"])
    wheel(wheels, "beta", "1.0", "", ["gamma==2"])
    for version in ("1", "2"):
        wheel(wheels, "gamma", version)

    reason = failed(plain, model(requirements))

    assert "did not pass the ping health check" in reason
    assert words in " ".join(reason.split())
    assert made(plain) == []


def test_a_hash_that_does_not_fit_is_refused(plain: World, wheels: Path) -> None:
    wheel(wheels, "word", "1.0")
    assert "ash mismatch" in failed(plain, model(f"word==1.0 --hash=sha256:{'0' * 64}"))


def test_packages_beyond_the_size_limit_are_refused(
    open_world: Callable[..., AbstractContextManager[World]], wheels: Path
) -> None:
    wheel(wheels, "word", "1.0", f"text = {'x' * 4_000_000!r}")
    with open_world(sandbox="off", max_environment_gb=0.002) as small:
        assert "ARGOSY_MAX_ENVIRONMENT_GB" in failed(small, model("word"))
        assert made(small) == []


def test_an_installation_that_takes_too_long_is_ended(caged: World, wheels: Path) -> None:
    source_package(wheels, "slow", "1.0", HANGING)
    assert "took longer than 3 s" in failed(caged, model("slow"), download_timeout_s=3.0)
    until(lambda: processes_naming(str(caged.data_dir.environments)) == [])


# code that runs while packages are built


def test_a_package_is_built_inside_a_sandbox(caged: World, wheels: Path, tmp_path: Path) -> None:
    caged.data_dir.credentials.write_text("secret")
    attempts = [
        (str(caged.data_dir.credentials), "r"),
        (str(caged.data_dir.root / "pwned"), "w"),
        (str(wheels / "pwned"), "w"),
        ("/opt/ml/model/code/inference.py", "a"),
        ("/usr/pwned", "w"),
        ("/opt/build/mine", "w"),
    ]
    source_package(wheels, "curious", "1.0", CURIOUS.format(attempts=attempts))
    name = caged.launch(model("curious"))
    caged.reach(name, Phase.FAILED, PATIENCE_S)
    gone, locked = "'FileNotFoundError'", "'OSError'"
    saw = f"it saw [{gone}, {gone}, {locked}, {locked}, {locked}, 'opened']"
    assert saw in "".join(caged.lines(name))


def test_without_a_sandbox_nothing_is_built(plain: World, wheels: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source_package(wheels, "curious", "1.0", f"open({str(mark)!r}, 'w').close()")
    assert "curious" in failed(plain, model("curious"))
    assert not mark.exists()


# killed, and collected


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_end_in_the_middle_of_an_installation_leaves_nothing_behind(
    caged: World, wheels: Path, how: signal.Signals
) -> None:
    slow = source_package(wheels, "slow", "1.0", HANGING)
    first = caged.launch(model("slow"))
    until(lambda: made(caged), PATIENCE_S)
    agent_in(caged.data_dir.instance(first)).send(how)
    caged.reach(first, Phase.GONE, PATIENCE_S)
    caged.run(caged.backend.forget(first))
    until(lambda: processes_naming(str(caged.data_dir.root)) == [])

    slow.unlink()
    wheel(wheels, "slow", "1.0")
    second = served(caged, model("slow"))

    assert invoke(second, "__import__('slow').__version__") == "1.0"
    assert [path.suffix for path in made(caged)] == [""]


def test_what_no_instance_uses_any_more_is_removed(
    open_world: Callable[..., AbstractContextManager[World]], wheels: Path
) -> None:
    wheel(wheels, "word", "1.0")
    wheel(wheels, "other", "1.0")
    with open_world(sandbox="off", environment_idle_s=0.1, ping_interval_s=0.1) as brief:
        first, second = served(brief, model("word")), served(brief, model("other"))
        assert len(made(brief)) == 2
        brief.run(brief.backend.stop(first.spec.instance_id))
        brief.reach(first.spec.instance_id, Phase.GONE)
        until(lambda: len(made(brief)) == 1)
        assert invoke(second, "__import__('other').__version__") == "1.0"
        plain = served(brief, GOOD)
        brief.run(brief.backend.stop(second.spec.instance_id))
        until(lambda: made(brief) == [])
        assert invoke(plain, "0,0") == "3"
