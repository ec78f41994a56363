"""Builds the documentation as a book: target/book/index.html.

The pages of the repository keep their paths below target/book-source, so that links between them hold on
GitHub and in the book alike. Two kinds of pages are generated: the command reference, by the program,
and a page for each notebook. `make docs` calls this; it uses no network.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "target/book-source"
BOOK = ROOT / "target/book"
#: README.md of a folder is its index in the book.
TO_README = re.compile(r"(\]\((?:[^()\s]*/)?)README\.md")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mdbook", type=Path, required=True)
    parser.add_argument("--wavekeep", type=Path, required=True, help="the program that is described")
    options = parser.parse_args()
    copy_pages()
    for notebook in sorted((SOURCE / "docs/python").glob("*.ipynb")):
        notebook.with_suffix(".md").write_text(page_of(notebook), encoding="utf-8")
    reference = SOURCE / "reference"
    subprocess.run([options.wavekeep.resolve(), "reference", reference, "--quiet"], check=True)
    (reference / "commands.md").rename(SOURCE / "docs/commands.md")
    shutil.rmtree(reference)
    shutil.rmtree(BOOK, ignore_errors=True)
    subprocess.run([options.mdbook.resolve(), "build", "--dest-dir", BOOK, SOURCE], check=True)
    broken = broken_links(BOOK)
    if broken:
        sys.exit("broken links in the book:\n" + "\n".join(broken))
    print(BOOK / "index.html")


def copy_pages() -> None:
    shutil.rmtree(SOURCE, ignore_errors=True)
    unwanted = shutil.ignore_patterns("book", "__pycache__", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "docs", SOURCE / "docs", ignore=unwanted)
    shutil.copytree(ROOT / "samples", SOURCE / "samples")
    parts = [ROOT / "docs/book/book.toml", ROOT / "docs/book/SUMMARY.md"]
    for path in [*ROOT.glob("*.md"), *ROOT.glob("LICENSE-*"), *parts]:
        shutil.copy(path, SOURCE)
    for path in SOURCE.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(TO_README.sub(r"\1index.md", text), encoding="utf-8")
    for path in list(SOURCE.rglob("README.md")):
        path.rename(path.with_name("index.md"))


def page_of(path: Path) -> str:
    """A notebook with its outputs as Markdown; pictures become files beside it."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    parts = []
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif cell["cell_type"] == "code":
            parts.append(f"```python\n{source}\n```")
            for output in cell["outputs"]:
                parts.append(shown(output, path.with_name(f"{path.stem}-{number}")))
    title, _, rest = "\n\n".join(parts).partition("\n")
    return f"{title}\n\n[Download this notebook]({path.name}).\n{rest}\n"


def shown(output: dict, picture: Path) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        picture = picture.with_suffix(".png")
        picture.write_bytes(base64.b64decode(data["image/png"]))
        return f"![]({picture.name})"
    if "image/svg+xml" in data:
        picture = picture.with_suffix(".svg")
        picture.write_text("".join(data["image/svg+xml"]), encoding="utf-8")
        return f"![]({picture.name})"
    text = "".join(data.get("text/plain", output.get("text", "")))
    return f"```text\n{text.rstrip()}\n```"


class Page(HTMLParser):
    """The links of a page of HTML, and the names that a link can lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            if name == "href" or (name == "src" and tag != "script"):
                self.links.append(value)


def broken_links(folder: Path) -> list[str]:
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html")) if path.name != "404.html"}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            names = pages[target].names if target in pages else None
            lost = parts.fragment and names is not None and unquote(parts.fragment) not in names
            if not target.is_file() or lost:
                broken.append(f"{path.relative_to(folder)}: {link}")
    return sorted(set(broken))


if __name__ == "__main__":
    main()
