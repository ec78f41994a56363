"""Relative links in the documentation lead to files that exist, and to headings that they have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from conftest import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("crates/*/README.md"),
        *(ROOT / "samples").glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
#: The summary of the book names pages from the root, and pages that are generated.
PAGES = [path for path in PAGES if path.parent.name != "book"]

CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|(?:src|href)=\"([^\"]+)\"")


def prose(path: Path) -> str:
    """The text of a page without its code, in which brackets are no links."""
    return CODE.sub(lambda code: "code" if code[1] is None else "", path.read_text(encoding="utf-8"))


def links(path: Path) -> Iterator[str]:
    for match in LINK.finditer(prose(path)):
        target = match[1] or match[2]
        if not urlsplit(target).scheme:
            yield target


def anchors(path: Path) -> set[str]:
    """The anchors of headings, as GitHub makes them."""
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?) *$", text, flags=re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 1
        while (anchor := slug if number == 1 else f"{slug}-{number - 1}") in found:
            number += 1
        found.add(anchor)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_of_a_page_resolves(path: Path) -> None:
    broken = []
    for link in links(path):
        parts = urlsplit(link)
        target = path.parent / unquote(parts.path) if parts.path else path
        if not target.is_file() or (
            parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target)
        ):
            broken.append(link)
    assert not broken


def test_the_book_lists_every_page_once() -> None:
    listed = re.findall(r"\]\(([^)]+)\)", (ROOT / "docs/book/SUMMARY.md").read_text(encoding="utf-8"))
    pages = {str(path.relative_to(ROOT)) for path in PAGES if ROOT / "crates" not in path.parents}
    notebooks = {str(path.relative_to(ROOT).with_suffix(".md")) for path in ROOT.glob("docs/python/*.ipynb")}
    assert sorted(listed) == sorted(pages | notebooks | {"docs/commands.md"})
