"""The program `wavekeep`, serving an archive: what the client of the package is for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def program() -> str:
    """Where the built program is."""
    path = os.environ.get("WAVEKEEP_BIN", "")
    if not os.access(path, os.X_OK):
        pytest.fail(f"WAVEKEEP_BIN is {path!r}, which is no program: `make test-python` builds it")
    return path


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str]]:
    """A server of the archive in `folder`: its address, and a token that may do everything."""
    archive = ("--archive", str(folder))
    token = subprocess.run(
        [program(), "token", "add", "tests", "--role", "admin", "--json", *archive],
        check=True,
        capture_output=True,
        text=True,
    )
    served = subprocess.Popen(
        [program(), "serve", "--json", "--require-tokens", "--listen", "127.0.0.1:0", *archive],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout is not None
        address = json.loads(served.stdout.readline())["listening"]
        yield f"http://{address}", json.loads(token.stdout)["token"]
    finally:
        served.terminate()
        assert served.wait(timeout=30) == 0
