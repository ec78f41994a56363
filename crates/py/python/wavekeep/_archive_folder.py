"""Archives in folders of this machine."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable
from typing import Any

from . import _wavekeep
from ._archive_http import Each
from ._head import Head


class Folder:
    """`_archive.Backend` for an archive on this machine."""

    def __init__(self, path: str, create: bool) -> None:
        self._handle = _wavekeep.Archive(path, create)

    def query(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        page = json.loads(self._handle.query(json.dumps(question)))
        return page["total"], page["events"]

    def query_arrow(self, question: dict[str, Any], read: Callable[[bytes], Any]) -> list[Any]:
        return [read(self._handle.query_arrow(json.dumps(question)))]

    def samples_arrow(
        self, ids: list[int], raw: bool, read: Callable[[bytes], Any]
    ) -> list[Any]:
        return [read(self._handle.samples_arrow(ids, raw))]

    def event(self, id: int) -> dict[str, Any]:
        return _document(self._handle.event(id))

    def recording(self, id: int) -> tuple[_wavekeep.Event, str]:
        return self._handle.recording(id), os.fspath(self._handle.source_path(id))

    def stream_path(self, id: int) -> str:
        return os.fspath(self._handle.stream_pieces(id)[0])

    def sidecar(self, id: int) -> dict[str, Any]:
        return _document(self._handle.sidecar(id))

    def review(self, id: int, review: dict[str, Any], who: str | None) -> dict[str, Any]:
        who = who or _user()
        # Who corrects a note has not looked at the event.
        signature = {} if review.keys() == {"corrections"} else {"reviewer": who}
        patch = {"review": {**review, **signature}}
        return _document(self._handle.patch(id, json.dumps(patch), who))

    def undo(self, id: int, who: str | None) -> dict[str, Any]:
        return _document(self._handle.undo(id, who or _user()))

    def move_to_unit(self, id: int, serial: str, reason: str, who: str | None) -> dict[str, Any]:
        return _document(self._handle.move_to_unit(id, serial, reason, who or _user()))

    def review_log(self, id: int, limit: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self._handle.review_log(id, limit))
        return entries

    def report(
        self, question: dict[str, Any], asked: dict[str, Any], template: str | None
    ) -> bytes:
        return self._handle.report(json.dumps(question), json.dumps(asked), template)

    def scaled_distance(self, question: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        return _document(self._handle.scaled_distance(json.dumps(question), json.dumps(asked)))

    def trend(self, question: dict[str, Any]) -> dict[str, Any]:
        return _document(self._handle.trend(json.dumps(question)))

    def unit(self, serial: str, to: str | None, calibration_months: int) -> dict[str, Any]:
        return _document(self._handle.unit(serial, to, calibration_months))

    def summaries(self, of: str) -> list[dict[str, Any]]:
        ask = {
            "units": self._handle.units,
            "projects": self._handle.projects,
            "months": self._handle.months,
            "monitor_log_files": self._handle.monitor_log_files,
        }
        rows: list[dict[str, Any]] = json.loads(ask[of]())
        return rows

    def import_files(
        self, paths: list[str], serial: str | None, adopt: bool, each: Each | None
    ) -> dict[str, Any]:
        heard = None if each is None else lambda text: each(json.loads(text))
        return _document(self._handle.import_files(paths, serial, adopt, heard))

    def verify(
        self, since: Head | None, progress: Callable[[int, int], object] | None
    ) -> dict[str, Any]:
        return _document(self._handle.verify(None if since is None else str(since), progress))

    def levels(self, all: bool) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self._handle.levels(all))
        return rows

    def set_level(self, level: dict[str, Any], who: str | None) -> dict[str, Any]:
        return _document(self._handle.set_level(json.dumps(level), who or _user()))

    def head(self) -> str:
        return self._handle.head()

    def ledger(self, id: int | None, limit: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self._handle.ledger(id, limit))
        return entries

    def forget(self, id: int, reason: str, who: str | None) -> dict[str, Any]:
        return _document(self._handle.forget(id, reason, who or _user()))

    def remove(self, id: int, reason: str, who: str | None) -> dict[str, Any]:
        return _document(self._handle.remove(id, reason, who or _user()))


def _document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
