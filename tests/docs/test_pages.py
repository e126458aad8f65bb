"""The documents agree with the code, and their links lead somewhere."""

from pathlib import Path

import pytest
from tools.docs import cli, links
from tools.docs.__main__ import NOTICE, PAGES, ROOT

from argosy.cli import main


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_says_what_the_code_says(page: str) -> None:
    assert (ROOT / page).read_text() == NOTICE + PAGES[page]()


def test_every_link_leads_somewhere() -> None:
    assert links.broken(ROOT) == []


def test_a_link_to_a_missing_file_or_heading_is_found(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Here\n[a](#here) [b](#there) [c](gone.md)\n")

    assert links.broken(tmp_path) == [
        "README.md: (#there) leads nowhere",
        "README.md: (gone.md) leads nowhere",
    ]


def test_every_command_shows_an_example() -> None:
    silent = [
        path
        for path, command in cli.walk(main)
        if path != "argosy" and "argosy" not in (command.help or "") + (command.epilog or "")
    ]

    assert silent == []
