"""Pyright in its strict mode: what users copy from, and what the types promise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from documents import modules_in
from test_mypy_judge import MISTAKES, PROMISES


def pyright(folder: Path) -> list[dict[str, Any]]:
    """What is found in a folder."""
    assert shutil.which("node"), "pyright needs node: `make test-python` brings it"
    config = {
        "include": ["."],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        # Packages without types: as much of them as examples use.
        "stubPath": str(ROOT / "crates/py/typings"),
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    # It says so when there is a newer one, and asks the network.
    environment = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    run = subprocess.run(
        [*command, "--project", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(run.stdout)
    assert found["summary"]["filesAnalyzed"], run.stdout + run.stderr
    diagnostics: list[dict[str, Any]] = found["generalDiagnostics"]
    return [one for one in diagnostics if one["severity"] == "error"]


def said(found: list[dict[str, Any]]) -> list[str]:
    return [
        f"{Path(one['file']).name}:{one['range']['start']['line'] + 1}: {one['message']}"
        for one in found
    ]


def test_notebooks_and_examples_of_pages_are_strict(tmp_path: Path) -> None:
    modules_in(tmp_path)
    assert said(pyright(tmp_path)) == []


def test_types_promise_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "promises.py").write_text(PROMISES)
    assert said(pyright(tmp_path)) == []


def test_mistakes_are_found_before_a_program_runs(tmp_path: Path) -> None:
    (tmp_path / "mistakes.py").write_text(MISTAKES)
    found = pyright(tmp_path)
    lines = MISTAKES.splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# E")}
    assert {one["range"]["start"]["line"] + 1 for one in found} == expected, said(found)


@pytest.mark.parametrize("module", ["wavekeep", "wavekeep.smurf", "wavekeep.gnz"])
def test_no_public_signature_takes_keywords_of_any_kind(module: str) -> None:
    import importlib
    import inspect

    found: list[str] = []
    loaded = importlib.import_module(module)
    for name in loaded.__all__:
        thing = getattr(loaded, name)
        members = inspect.getmembers(thing, inspect.isfunction) if inspect.isclass(thing) else []
        for member, function in [*members, (name, thing)]:
            if not inspect.isfunction(function) or (member[0] == "_" and member != "__init__"):
                continue
            if not (function.__module__ or "").startswith("wavekeep"):
                continue
            for parameter in inspect.signature(function).parameters.values():
                if parameter.kind is parameter.VAR_KEYWORD and "Unpack" not in str(parameter):
                    found.append(f"{name}.{member}({parameter})")
    assert found == []
