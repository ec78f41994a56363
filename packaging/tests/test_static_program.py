"""The static program needs nothing of the system."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import SAMPLE, in_root


def test_the_static_program_runs_in_an_empty_folder(static_program: Path, tmp_path: Path) -> None:
    shutil.copy(static_program, tmp_path / "wavekeep")
    shutil.copy(SAMPLE, tmp_path / SAMPLE.name)
    assert "BE11529" in in_root(tmp_path, "/wavekeep", "info", f"/{SAMPLE.name}")


def test_the_static_program_draws_in_an_empty_folder(static_program: Path, tmp_path: Path) -> None:
    shutil.copy(static_program, tmp_path / "wavekeep")
    shutil.copy(SAMPLE, tmp_path / SAMPLE.name)
    in_root(tmp_path, "/wavekeep", "report", f"/{SAMPLE.name}", "-o", "/report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
