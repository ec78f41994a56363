"""The commands of the tour and of the guides run as they stand, in a folder with a copy of the samples.

A block ```` ```console ```` is run line by line, in order. The lines under a command are its output, where
`…` stands for any part of a line and a line `…` for any lines; without such lines the output is not
compared. A comment `exit code 3` states how the command ends. A block that cannot run here says why:
```` ```console no-run: the reason ````.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, SAMPLES
from program import program

PAGES = [
    ROOT / "README.md",
    ROOT / "docs/locations.md",
    ROOT / "docs/scaled-distance.md",
    *sorted((ROOT / "docs/guides").glob("*.md")),
]
PAGES += sorted((ROOT / "docs/coming-from").glob("*.md"))
BLOCK = re.compile(r"^```console(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def commands(page: str) -> list[tuple[str, list[str]]]:
    """The commands that are run, each with the lines that it prints."""
    found: list[tuple[str, list[str]]] = []
    for word, block in BLOCK.findall(page):
        if word:
            continue
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def matches(expected: list[str], printed: str) -> bool:
    """Whether the output is what the page shows, but for spaces at the ends of lines."""
    pattern = ""
    for line in expected:
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("…")) + "\n"
    lines = [line.rstrip() + "\n" for line in printed.splitlines()]
    return re.fullmatch(pattern, "".join(lines)) is not None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_commands_of_a_page_run_in_order_and_print_what_it_shows(
    path: Path, tmp_path: Path
) -> None:
    shutil.copytree(SAMPLES, tmp_path / "samples")
    folders = [str(Path(program()).parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAVEKEEP")}
    environment = {**kept, "PATH": os.pathsep.join(folders)}
    for command, expected in commands(path.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        stated = re.search(r"# .*exit code (\d+)", command)
        assert done.returncode == (int(stated[1]) if stated else 0), f"{command}\n{done.stdout}"
        assert not expected or matches(expected, done.stdout), f"{command}\n{done.stdout}"


def test_the_tour_has_commands() -> None:
    assert len(commands((ROOT / "README.md").read_text(encoding="utf-8"))) > 20


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_block_that_is_not_run_says_why(path: Path) -> None:
    for word, _ in BLOCK.findall(path.read_text(encoding="utf-8")):
        assert not word or re.fullmatch(r" no-run: \S.*", word), word
