"""IPython completes keys and shows pictures, events, arrays, archives and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import wavekeep
from conftest import BLAST, GNZ, NIGHT
from test_events import event


@pytest.fixture(scope="module")
def shell() -> Any:
    shell: Any = InteractiveShell.instance()
    shell.Completer.use_jedi = False
    # The terminal of another program is not judged here.
    shell.display_formatter.active_types = shell.display_formatter.format_types
    return shell


def shown(shell: Any, thing: Any) -> dict[str, Any]:
    kinds: dict[str, Any]
    kinds, _ = shell.display_formatter.format(thing)
    return kinds


@pytest.mark.filterwarnings("ignore:`Completer.complete` is pending")
def test_keys_are_completed(shell: Any, tmp_path: Path) -> None:
    shell.user_ns["rec"] = event(BLAST)
    _, found = shell.complete("rec[\"", "rec[\"")
    assert {f'rec["{name}' for name in ("Tran", "Vert", "Long", "MicL")} <= set(found)
    shell.user_ns["file"] = wavekeep.open(GNZ / "typical.gnz")
    _, found = shell.complete("file[\"T", "file[\"T")
    assert 'file["Tran' in found
    archive = wavekeep.Archive(tmp_path, create=True)
    archive.import_files([BLAST])
    assert archive._ipython_key_completions_() == list(archive.keys())


def test_pictures_show_themselves(shell: Any) -> None:
    rec = event(BLAST)
    assert shown(shell, rec.picture())["image/svg+xml"].startswith("<svg")
    assert shown(shell, rec.picture(form="png", width_px=300))["image/png"]
    assert "<Picture: pdf" in shown(shell, rec.picture("page", "pdf"))["text/plain"]


def test_everything_has_a_page_of_its_own(shell: Any, tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    archive.import_files([BLAST, NIGHT])
    rec = event(BLAST)
    things: list[Any] = [rec, event(NIGHT), rec["Vert"], rec.peaks, archive, archive.query()]
    things.append(wavekeep.open(GNZ / "typical.gnz"))
    for thing in things:
        page = shown(shell, thing)["text/html"]
        assert page.startswith("<") and len(page) < 200_000
