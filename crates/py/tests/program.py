"""The program `wavekeep`, serving an archive: what the client of the package is for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import wavekeep


def program() -> str:
    """Where the built program is."""
    path = os.environ.get("WAVEKEEP_BIN", "")
    if not os.access(path, os.X_OK):
        pytest.fail(f"WAVEKEEP_BIN is {path!r}, which is no program: `make test-python` builds it")
    return path


def token(folder: Path) -> str:
    """A token for the archive in `folder`, of the name `tests`, that may do everything."""
    wavekeep.Archive(folder, create=True)
    command = [program(), "token", "add", "tests", "--role", "admin", "--json"]
    made = subprocess.run(
        [*command, "--archive", str(folder)], check=True, capture_output=True, text=True
    )
    found: str = json.loads(made.stdout)["token"]
    return found


def machine_user() -> str:
    """The user of this machine, as a server names it who reviews without a token."""
    names = (os.environ.get(name) for name in ("USER", "LOGNAME", "USERNAME"))
    return next((name for name in names if name), "local")


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """The address of a server of the archive in `folder`."""
    command = [program(), "serve", "--create", "--json", "--listen", "127.0.0.1:0", "--archive", str(folder)]
    served = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        yield f"http://{json.loads(served.stdout.readline())['listening']}"
    finally:
        served.terminate()
        assert served.wait(timeout=30) == 0
