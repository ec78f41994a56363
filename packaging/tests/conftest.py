"""The packages that `make packages` built, and places where nothing else is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples/M529LKIQ.7M0W"


def text_of(*command: str | Path, **options: object) -> str:
    """What a command prints; it has to succeed."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert run.returncode == 0, f"{command}\n{run.stdout}{run.stderr}"
    return run.stdout


def in_root(root: Path, *command: str | Path) -> str:
    """What a command prints in another root folder, with the environment of a login."""
    search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    clean = {"PATH": search, "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return text_of("chroot", root, *command, env=clean)


@pytest.fixture(scope="session")
def wheel() -> Path:
    (path,) = (ROOT / "target/wheels").glob("wavekeep-*-abi3-*.whl")
    return path


@pytest.fixture(scope="session")
def static_program() -> Path:
    return Path(os.environ["WAVEKEEP_STATIC"])


@pytest.fixture(scope="session")
def debian_package() -> Path:
    (path,) = (ROOT / "target/debian").glob("wavekeep_*.deb")
    return path


@pytest.fixture(scope="session")
def version(static_program: Path) -> str:
    return text_of(static_program, "--version")


@contextmanager
def copy_of_debian(folder: Path) -> Iterator[Path]:
    """A Debian with nothing but its base, systemd, adduser, man and Python."""
    root = folder / "debian"
    text_of("cp", "-a", os.environ["WAVEKEEP_DEBIAN"], root)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def fresh_debian(tmp_path: Path) -> Iterator[Path]:
    with copy_of_debian(tmp_path) as root:
        yield root


@pytest.fixture(scope="session")
def numpy_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Downloads numpy's wheel for a version of Python, for places without a network."""

    def download(python: str) -> Path:
        folder = tmp_path_factory.mktemp("numpy")
        choice = ["--only-binary", ":all:", "--python-version", python, "--dest", folder]
        text_of(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *choice, "numpy>=1.25")
        return folder

    return download
