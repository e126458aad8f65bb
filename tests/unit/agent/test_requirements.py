"""What a model asks for: found, read, included, hashed."""

from pathlib import Path

import pytest

from argosy.agent.building import read
from argosy.agent.conda import without_mlflow
from argosy.agent.requirements import (
    BadRequirements,
    digest,
    hashes_of,
    is_index_option,
    logical_lines,
    present,
    with_absolute_links,
)


def unpacked(folder: Path, **files: str) -> Path:
    """An ml folder with these files; `__` in a name is a slash, `_DOT_` a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def found(ml: Path, **variables: str) -> str | None:
    file = present(ml, variables)
    return None if file is None else str(file.relative_to(ml.resolve()))


def asked(ml: Path, **variables: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    file = present(ml, variables)
    assert file is not None
    wanted = read(file, ml, variables)
    return wanted.lines, wanted.constraints


def name(ml: Path, *surroundings: str) -> str:
    file = present(ml, {})
    assert file is not None
    return digest(read(file, ml, {}), surroundings)


# where they are


def test_a_model_without_requirements_asks_for_nothing(tmp_path: Path) -> None:
    assert found(unpacked(tmp_path, model__code__inference_DOT_py="")) is None


def test_requirements_lie_beside_the_script(tmp_path: Path) -> None:
    ml = unpacked(tmp_path, code__requirements_DOT_txt="a")
    assert found(ml) == "code/requirements.txt"
    unpacked(ml, model__code__requirements_DOT_txt="b")
    assert found(ml) == "model/code/requirements.txt"
    unpacked(ml, model__src__requirements_DOT_txt="c")
    assert found(ml, SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/model/src") == "model/src/requirements.txt"


def test_a_submit_directory_outside_of_the_model_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("stolen")
    ml = unpacked(tmp_path / "ml", model__code__x="")
    assert found(ml, SAGEMAKER_SUBMIT_DIRECTORY="/opt/ml/..") is None


def test_requirements_at_the_root_count_for_mlflow_models_only(tmp_path: Path) -> None:
    ml = unpacked(tmp_path, model__requirements_DOT_txt="a")
    assert found(ml) is None
    unpacked(ml, model__MLmodel="")
    assert found(ml) == "model/requirements.txt"
    assert found(ml, MLFLOW_DISABLE_ENV_CREATION="true") is None
    assert found(ml, MLFLOW_DISABLE_ENV_CREATION="false") == "model/requirements.txt"


# what they say


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("# nothing\n\n", []),
        ("a  # why\nb==1 ;  python_version > '3'", ["a", "b==1 ; python_version > '3'"]),
        ("a==1 \\\n  --hash=sha256:00 \\\r\n  --hash=sha256:11\n", None),
        ("a @ https://h/x.whl#sha256=00", ["a @ https://h/x.whl#sha256=00"]),
    ],
)
def test_lines_are_joined_and_comments_left_out(text: str, lines: list[str] | None) -> None:
    assert logical_lines(text) == (
        ["a==1 --hash=sha256:00 --hash=sha256:11"] if lines is None else lines
    )


def test_included_files_are_put_in_place_and_constraints_apart(tmp_path: Path) -> None:
    ml = unpacked(
        tmp_path,
        model__code__requirements_DOT_txt="a\n-r more/two.txt\n--constraint=limits.txt\nd",
        model__code__more__two_DOT_txt="b\n-r ../requirements.txt\n-rthree.txt",
        model__code__more__three_DOT_txt="c",
        model__code__limits_DOT_txt="a<2\n-r limits.txt",
    )
    assert asked(ml) == (("a", "b", "c", "d"), ("a<2",))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r ../../../secret.txt", "is not in the archive"),
        ("-r /etc/passwd", "is not in the archive"),
        ("-c absent.txt", "cannot be read"),
        ("-r https://h/r.txt", "only files of the archive"),
        ("a @ https://${TOKEN}@h/a.whl", "the variable TOKEN"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_name(
    tmp_path: Path, line: str, words: str
) -> None:
    (tmp_path / "secret.txt").write_text("x")
    ml = unpacked(tmp_path / "ml", model__code__requirements_DOT_txt=line)
    with pytest.raises(BadRequirements, match=words):
        asked(ml)


def test_variables_come_from_the_models_environment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "of the host")
    ml = unpacked(tmp_path, model__code__requirements_DOT_txt="a @ https://${TOKEN}@h/a.whl")
    assert asked(ml, TOKEN="mine")[0] == ("a @ https://mine@h/a.whl",)


def test_the_pip_part_of_conda_yaml_is_taken_and_the_rest_is_told(tmp_path: Path) -> None:
    conda = """
name: mlflow-env
channels: [conda-forge]
dependencies:
- python=2.7.18
- pip<=26
- libgomp=13
- pip:
  - mlflow==3.1
  - pandas==2.3.1
"""
    ml = unpacked(tmp_path, model__MLmodel="", model__conda_DOT_yaml=conda)
    file = present(ml, {})
    assert file is not None
    wanted = read(file, ml, {})
    assert wanted.lines[-1] == "pandas==2.3.1"
    assert "Python 2.7.18" in wanted.notes[0]
    assert "libgomp=13" in wanted.notes[1]


def test_python_env_yaml_leads_to_the_requirements_it_names(tmp_path: Path) -> None:
    python_env = "python: 3.11.1\nbuild_dependencies: [pip==26]\ndependencies:\n- -r base.txt\n- b"
    ml = unpacked(
        tmp_path, model__MLmodel="", model__python_env_DOT_yaml=python_env, model__base_DOT_txt="a"
    )
    assert asked(ml)[0] == ("a", "b")


@pytest.mark.parametrize(
    ("line", "installed", "kept", "notes"),
    [
        ("mlflow==3.1", "3.1", [], 0),
        ("mlflow==2.9", "3.1", [], 1),
        ("mlflow-skinny>=3", "3.1", [], 1),
        ("mlflow==2.9", "", ["mlflow==2.9"], 0),
        ("mlflow-export-import", "3.1", ["mlflow-export-import"], 0),
    ],
)
def test_mlflow_itself_is_the_one_that_serves(
    line: str, installed: str, kept: list[str], notes: int
) -> None:
    lines, said = without_mlflow([line, "a"], installed)
    assert lines == [*kept, "a"]
    assert len(said) == notes


@pytest.mark.parametrize("text", ["- a", "a: [", "dependencies: a", "&a [*a]"])
def test_a_conda_yaml_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    ml = unpacked(tmp_path, model__MLmodel="", model__conda_DOT_yaml=text)
    with pytest.raises(BadRequirements, match=r"conda\.yaml"):
        asked(ml)


@pytest.mark.parametrize(
    ("line", "is_option"),
    [("-i https://h", True), ("--find-links x", True), ("--pre", False), ("index-url", False)],
)
def test_options_that_name_sources_are_known(line: str, is_option: bool) -> None:
    assert is_index_option(line) is is_option


def test_folders_of_find_links_become_absolute() -> None:
    assert with_absolute_links("-f ./wheels", "/opt/ml") == "--find-links /opt/ml/wheels"
    assert with_absolute_links("-f https://h/w", "/opt/ml") == "-f https://h/w"


def test_hashes_are_found_by_normalized_pins() -> None:
    assert hashes_of(["My_Package[x]==1.0 ; os_name == 'posix' --hash=sha256:00", "b==1"]) == {
        "my-package==1.0": "--hash=sha256:00"
    }


# their hash


def test_comments_and_the_script_do_not_make_another_environment(tmp_path: Path) -> None:
    one = unpacked(tmp_path / "1", model__code__requirements_DOT_txt="a  # x\n\nb")
    two = unpacked(
        tmp_path / "2",
        model__code__requirements_DOT_txt="a\n-r b.txt",
        model__code__b_DOT_txt="b",
        model__code__inference_DOT_py="x",
    )
    assert name(one) == name(two)


@pytest.mark.parametrize("text", ["a==2", "a\n-c limits.txt", "a\n--index-url https://h"])
def test_what_is_asked_for_makes_another_environment(tmp_path: Path, text: str) -> None:
    one = unpacked(tmp_path / "1", model__code__requirements_DOT_txt="a")
    two = unpacked(
        tmp_path / "2",
        model__code__requirements_DOT_txt=text,
        model__code__limits_DOT_txt="a<9",
    )
    assert name(one) != name(two)


def test_another_surrounding_makes_another_environment(tmp_path: Path) -> None:
    ml = unpacked(tmp_path, model__code__requirements_DOT_txt="a")
    assert name(ml, "numpy-1") == name(ml, "numpy-1")
    assert name(ml, "numpy-1") != name(ml, "numpy-2")


@pytest.mark.parametrize(
    "line",
    ["./own", "-e .", "own @ file:own", "own/", "own-1.0.whl", "x.tar.gz", "--find-links=own"],
)
def test_files_of_the_archive_count_when_a_line_refers_to_them(tmp_path: Path, line: str) -> None:
    names = [
        name(unpacked(tmp_path / n, model__code__requirements_DOT_txt=line, model__code__own__x=n))
        for n in ("1", "2")
    ]
    assert names[0] != names[1]
