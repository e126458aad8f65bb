"""Links between the documents of the tree: each must lead to a file, and to a heading in it.

Links to the web are not followed.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def pages(root: Path) -> list[Path]:
    """The Markdown files that people read: those at the top and in docs/."""
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")])


def broken(root: Path) -> list[str]:
    """A sentence for each link that leads nowhere."""
    return [
        f"{page.relative_to(root)}: ({target}) leads nowhere"
        for page in pages(root)
        for target in _targets(page)
        if not _leads_somewhere(page, target)
    ]


def _targets(page: Path) -> Iterator[str]:
    text = _FENCED.sub("", page.read_text())
    return (match[1] for match in _LINK.finditer(text))


def _leads_somewhere(page: Path, target: str) -> bool:
    if "://" in target or target.startswith("mailto:"):
        return True
    path, _, anchor = target.partition("#")
    file = (page.parent / path) if path else page
    if not file.exists():
        return False
    return not anchor or anchor in _anchors(file)


def _anchors(page: Path) -> set[str]:
    """The names GitHub gives to the headings of a page."""
    text = _FENCED.sub("", page.read_text())
    return {_slug(match[1]) for match in _HEADING.finditer(text)}


def _slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
