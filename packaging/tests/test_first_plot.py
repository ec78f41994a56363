"""A first plot without Rust: on a Debian with Python alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from conftest import SAMPLE, in_root


def test_two_commands_lead_to_a_first_plot(
    wheel: Path, fresh_debian: Path, numpy_for: Callable[[str], Path]
) -> None:
    python = in_root(fresh_debian, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    shutil.copytree(numpy_for(python.strip()), fresh_debian / "wheels")
    shutil.copy(wheel, fresh_debian / "wheels")
    shutil.copy(SAMPLE, fresh_debian)
    in_root(fresh_debian, "python3", "-m", "venv", "/v")
    # Without a network: numpy comes from a folder.
    offline = ["--no-index", "--find-links", "/wheels"]
    in_root(fresh_debian, "/v/bin/pip", "install", *offline, f"/wheels/{wheel.name}")
    in_root(fresh_debian, "/v/bin/wavekeep", "plot", f"/{SAMPLE.name}", "-o", "/plot.png")
    assert (fresh_debian / "plot.png").read_bytes().startswith(b"\x89PNG")
