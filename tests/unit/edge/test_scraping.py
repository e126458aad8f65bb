"""Who may read GET /metrics."""

from pathlib import Path

import pytest

from argosy.edge.scraping import Scraping, refusal
from argosy.ground.errors import ArgosyError
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.supervisor.listeners import check_exposure
from argosy.supervisor.scrape_token import ensure_scrape_token


@pytest.fixture
def folder(tmp_path: Path) -> DataDir:
    found = DataDir.at(tmp_path)
    ensure_scrape_token(found)
    return found


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_opens(folder: DataDir, scheme: str) -> None:
    token = folder.scrape_token.read_text().strip()
    assert Scraping(folder.scrape_token, False).allows(f"{scheme} {token}")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Bearer x", "Basic {}", "Bearer {}x"])
def test_nothing_else_does(folder: DataDir, given: str) -> None:
    token = folder.scrape_token.read_text().strip()
    scraping = Scraping(folder.scrape_token, False)
    assert not scraping.allows(given.format(token))
    assert not scraping.allows("Bearer \u00fc")
    assert Scraping(folder.scrape_token, True).allows(given)


def test_an_empty_or_missing_file_opens_to_nobody(folder: DataDir) -> None:
    scraping = Scraping(folder.scrape_token, False)
    folder.scrape_token.write_text("\n")
    assert not scraping.allows("Bearer ")
    folder.scrape_token.unlink()
    assert not scraping.allows("Bearer ")


def test_the_token_is_made_once_long_and_private(folder: DataDir) -> None:
    token = folder.scrape_token.read_text()
    ensure_scrape_token(folder)
    assert folder.scrape_token.read_text() == token
    assert len(token) > 40
    assert folder.scrape_token.stat().st_mode & 0o077 == 0


def test_a_refusal_says_what_to_send() -> None:
    answer = refusal(b"1")
    assert answer.startswith(b"HTTP/1.1 401")
    assert b"WWW-Authenticate: Bearer" in answer
    assert b"argosy metrics --token" in answer


def test_metrics_are_open_to_loopback_only() -> None:
    check_exposure(Settings(metrics_open=True))
    with pytest.raises(ArgosyError, match="token"):
        check_exposure(Settings(metrics_open=True, host="0.0.0.0", insecure=True))
