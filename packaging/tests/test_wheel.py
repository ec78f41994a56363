"""One wheel brings library and command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conftest import ROOT, SAMPLE, text_of

MIB = 1 << 20


def pythons() -> list[str]:
    """A Python of each version from 3.10 on: on the path, or one of pyenv's."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {sys.version_info[1]: sys.executable}
    for minor in range(10, 20):
        on_the_path = shutil.which(f"python3.{minor}")
        for candidate in [*sorted(map(str, kept.glob(f"3.{minor}.*/bin/python"))), on_the_path]:
            if candidate and minor not in found and runs(candidate):
                found[minor] = candidate
    return [found[minor] for minor in sorted(found)]


def runs(python: str) -> bool:
    """A shim of pyenv is on the path even where the version is not chosen; abi3 needs the lock."""
    code = "import sysconfig, sys; sys.exit(bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"
    return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("python", pythons())
def test_one_wheel_brings_library_and_command(python: str, wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    text_of(python, "-m", "venv", environment)
    text_of(environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    library = text_of(environment / "bin/python", "-c", "import wavekeep; print(wavekeep.__version__)")
    command = text_of(environment / "bin/wavekeep", "--version")
    assert command == f"wavekeep {library}"
    assert "BE11529" in text_of(environment / "bin/wavekeep", "info", SAMPLE)


def test_the_wheel_lists_the_command_with_its_hash(wheel: Path, tmp_path: Path) -> None:
    # Unpacking compares every file with RECORD.
    text_of(sys.executable, "-m", "wheel", "unpack", "--dest", tmp_path, wheel)
    (program,) = tmp_path.glob("wavekeep-*/wavekeep-*.data/scripts/wavekeep")
    assert os.access(program, os.X_OK)
    (record,) = tmp_path.glob("wavekeep-*/wavekeep-*.dist-info/RECORD")
    assert ".data/scripts/wavekeep,sha256=" in record.read_text()


@pytest.mark.skipif(os.environ["WAVEKEEP_PROFILE"] != "release", reason="only a release is small")
def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 25 * MIB


@pytest.mark.skipif(not shutil.which("git"), reason="the list of files comes from git")
def test_the_source_distribution_holds_all_that_a_build_needs(tmp_path: Path) -> None:
    hook = f"import build_backend; print(build_backend.build_sdist({str(tmp_path)!r}))"
    backend = {**os.environ, "PYTHONPATH": str(ROOT / "packaging")}
    backend["PATH"] = f"{Path(sys.executable).parent}:{backend['PATH']}"
    name = text_of(sys.executable, "-c", hook, cwd=ROOT, env=backend).splitlines()[-1]
    with tarfile.open(tmp_path / name) as archive:
        held = {path.partition("/")[2] for path in archive.getnames()}
    tracked = text_of("git", "ls-files", "--", "crates", "samples", "packaging", cwd=ROOT)
    needed = {*tracked.splitlines(), "Cargo.toml", "Cargo.lock", "pyproject.toml", "LICENSE-MIT"}
    # A link to the folder of the samples, which a published crate holds.
    assert needed - held == {"crates/cli/samples"}
