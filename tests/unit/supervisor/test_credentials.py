"""The root key: made once, private, replaced by what is given."""

from pathlib import Path

import pytest

from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.supervisor.credentials import ensure_credentials, read_credentials


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir.at(tmp_path)


def test_a_new_key_has_the_form_of_awss_and_is_private(data_dir: DataDir) -> None:
    key = ensure_credentials(data_dir)

    assert key.access_key_id.startswith("AKIA")
    assert len(key.access_key_id) == 20
    assert len(key.secret_access_key) == 40
    assert data_dir.credentials.stat().st_mode & 0o777 == 0o600


def test_the_second_start_finds_the_key_of_the_first(data_dir: DataDir) -> None:
    first = ensure_credentials(data_dir)

    assert ensure_credentials(data_dir) == first == read_credentials(data_dir)


def test_a_key_that_is_given_replaces_the_stored_one_for_good(data_dir: DataDir) -> None:
    ensure_credentials(data_dir, account_id="123456789012")

    given = ensure_credentials(data_dir, "", "AKIAGIVENGIVENGIVEN1", "secret")

    assert given.account_id == "123456789012"
    assert ensure_credentials(data_dir) == given


@pytest.mark.parametrize("half", [("", "AKIAONLYTHEID", ""), ("", "", "onlythesecret")])
def test_half_a_key_is_refused(data_dir: DataDir, half: tuple[str, str, str]) -> None:
    with pytest.raises(ArgosyError, match="together"):
        ensure_credentials(data_dir, *half)


def test_an_account_id_of_other_than_twelve_digits_is_refused(data_dir: DataDir) -> None:
    with pytest.raises(ArgosyError, match="twelve digits"):
        ensure_credentials(data_dir, "12345")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"account_id": "1"}'])
def test_a_damaged_file_is_not_replaced_silently(data_dir: DataDir, damage: str) -> None:
    data_dir.credentials.write_text(damage)

    with pytest.raises(ArgosyError, match="damaged"):
        ensure_credentials(data_dir)
