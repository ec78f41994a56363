"""Archives: folders of events on this machine, and servers that hold one."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from types import EllipsisType
from typing import Any, Protocol, Union

from . import _table, _wavekeep
from ._archive_http import Each, Server
from ._errors import BadArgument
from ._event import Event
from ._progress import Progress, Reporter
from ._recording import Recording
from ._report import Report, warn_of_damage
from ._table import Table

#: A moment or a day by the units' own clocks.
Moment = Union[datetime, date, str, None]


class Door(Protocol):
    """What an archive answers, wherever it is; documents as JSON has them."""

    def query(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]: ...
    def event(self, id: int) -> dict[str, Any]: ...
    def recording(self, id: int) -> tuple[_wavekeep.Event, str]: ...
    def stream_path(self, id: int) -> str: ...
    def sidecar(self, id: int) -> dict[str, Any]: ...
    def review(self, id: int, review: dict[str, Any], who: str | None) -> dict[str, Any]: ...
    def undo(self, id: int, who: str | None) -> dict[str, Any]: ...
    def review_log(self, id: int, limit: int) -> list[dict[str, Any]]: ...
    def summaries(self, of: str) -> list[dict[str, Any]]: ...
    def import_files(
        self, paths: list[str], serial: str | None, adopt: bool, each: Each | None
    ) -> dict[str, Any]: ...
    def verify(self, progress: Callable[[int, int], object] | None) -> dict[str, Any]: ...


class Archive:
    """An archive: a folder on this machine, or the address of a server that holds one.

    >>> import tempfile, wavekeep
    >>> archive = wavekeep.Archive(tempfile.mkdtemp())
    >>> account = archive.import_files(["samples/M529LMOK.DK0W", "samples/M529LMP3.O00H"])
    >>> account["new"], account["failures"]
    (2, [])
    >>> (night,) = archive.query(kind="histogram")
    >>> night["timestamp"], night["serial"]
    (datetime.datetime(2026, 6, 12, 21, 0), 'BE11529')
    >>> archive[night["id"]]
    <Event M529LMP3.O00H: histogram, 600 intervals of Tran Vert Long MicL>

    ``where`` is a folder, or an address that begins with ``http://`` or ``https://``; ``create``
    makes a folder that is not there. A server's ``token`` is the argument or the environment's
    ``WAVEKEEP_TOKEN``; it is sent to that server only, and is in no pickle.

    Methods and results are the same in both places. Times by the units' own clocks have no zone,
    times in UTC have one. False triggers are never left out unless you ask for that.
    """

    def __init__(
        self,
        where: str | os.PathLike[str],
        *,
        create: bool = False,
        token: str | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.where = os.fspath(where)
        self._door: Door
        if self.where.lower().startswith(("http://", "https://")):
            if create:
                raise BadArgument("an archive is created where its files are, not by address")
            self._door = Server(self.where, token or os.environ.get("WAVEKEEP_TOKEN"), timeout_s)
        else:
            self._door = _Folder(self.where, create)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Archive, (self.where,))

    def query(
        self,
        *,
        serial: str | None = None,
        project: str | None = None,
        kind: str | None = None,
        from_: Moment = None,
        to: Moment = None,
        min_ppv_in_s: float | None = None,
        false_trigger: bool | None = None,
        reviewed: bool | None = None,
        text: str | None = None,
        sort: str = "-timestamp",
        limit: int | None = None,
        offset: int = 0,
    ) -> Table:
        """The events that fit all that is asked for, all of them without ``limit``.

        ``from_`` and ``to`` are by the units' own clocks, both included; a day counts to its end.
        ``kind`` is ``"waveform"``, ``"histogram"``, ``"stream"`` or ``"unknown"``; ``text`` is looked
        for in project, client, operator, location and notes, and at the beginning of file name and
        serial number. ``sort`` is ``"timestamp"``, ``"ppv"`` or ``"id"``, with ``-`` for the largest
        first. False triggers are among the events unless ``false_trigger=False``.
        """
        question = {
            "serial": serial,
            "project": project,
            "kind": kind,
            "from": _moment(from_, "00:00:00"),
            "to": _moment(to, "23:59:59"),
            "min_ppv_in_s": min_ppv_in_s,
            "false_trigger": false_trigger,
            "reviewed": reviewed,
            "text": text,
            "sort": sort,
            "limit": None if limit is None else _count(limit, "limit"),
            "offset": _count(offset, "offset"),
        }
        total, rows = self._door.query(question)
        return Table(rows, _table.EVENTS, total)

    def event(self, id: int) -> dict[str, Any]:
        """The row of an event."""
        return Table([self._door.event(_id(id))], _table.EVENTS)[0]

    def recording(self, id: int) -> Recording:
        """The recording of an event, with the report that is paired with it: the same class that
        :func:`wavekeep.open` gives. A run of a stream is opened where its files are."""
        id = _id(id)
        if self._door.event(id)["kind"] == "stream":
            from . import open as open_recording

            return open_recording(self._door.stream_path(id))
        handle, path = self._door.recording(id)
        event = Event(handle, path, (Archived(self.where, id), {}, ()))
        warn_of_damage(event.report if handle.questionable else Report(), path, stacklevel=3)
        return event

    def __getitem__(self, id: int) -> Recording:
        return self.recording(id)

    def sidecar(self, id: int) -> dict[str, Any]:
        """The sidecar of an event, as it stands in its file: all that is known but the samples."""
        return self._door.sidecar(_id(id))

    def review(
        self,
        id: int,
        *,
        false_trigger: bool | None | EllipsisType = ...,
        notes: str | None | EllipsisType = ...,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Says what an event is; gives the sidecar as it is now.

        What is not named stays, ``None`` takes away. ``who`` reviews: by default the user of this
        machine. A server does not go by it: it takes the name of the token, or the user of its
        own machine.
        """
        review: dict[str, Any] = {}
        if false_trigger is not ...:
            review["false_trigger"] = false_trigger
        if notes is not ...:
            review["notes"] = notes
        return self._door.review(_id(id), review, who)

    def undo(self, id: int, *, who: str | None = None) -> dict[str, Any]:
        """Takes the last change of an event's review back; gives the sidecar as it is now. Undoing
        is a change itself: undoing it again is redoing."""
        return self._door.undo(_id(id), who)

    def review_log(self, id: int, *, limit: int = 1000) -> Table:
        """Who changed what of an event, the latest first."""
        return Table(self._door.review_log(_id(id), _count(limit, "limit")), _table.LOG)

    def units(self) -> Table:
        """What there is of each unit. "Largest" leaves false triggers out, and their number stands
        beside it."""
        return Table(self._door.summaries("units"), _table.UNITS)

    def projects(self) -> Table:
        """What there is of each project."""
        return Table(self._door.summaries("projects"), _table.PROJECTS)

    def months(self) -> Table:
        """What there is of each month by the units' own clocks, the latest first."""
        return Table(self._door.summaries("months"), _table.MONTHS)

    def import_files(
        self,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        serial: str | None = None,
        adopt: bool = False,
        each: Each | None = None,
        progress: Progress = None,
    ) -> dict[str, Any]:
        """Imports files and folders; gives the account of it: ``new``, ``same``, ``paired_late``,
        ``failures``, …

        Reports are paired by name. ``serial`` states the unit of all events. With ``adopt`` runs
        of streams stay where they are. ``each`` is called with what became of each file, ``progress``
        with their number (how many there are is not known before: 0). Ctrl-C and an exception of
        either end the import within a second: what is in is in, and nothing more is begun. An archive
        on this machine also takes reports that lie beside the events, and zip and tar archives; a
        server gets the files that are named and those of folders, and knows no ``adopt``.
        """
        named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        done = 0
        with Reporter(progress, "files") as told:

            def heard(file: dict[str, Any]) -> None:
                nonlocal done
                done += 1
                told(done, 0)
                if each is not None:
                    each(file)

            listener = heard if told.call or each else None
            return self._door.import_files(
                [os.fspath(path) for path in named], serial, adopt, listener
            )

    def verify(self, *, progress: Progress = None) -> dict[str, Any]:
        """Verifies every file, sidecar and row without changing anything. ``findings`` is what is
        wrong. Only where the files are: a server does not do it for others.

        ``progress`` is ``True`` for a bar, or a function of the events that are done and that there
        are. Ctrl-C and an exception of it end the verification within a second."""
        with Reporter(progress, "events") as reporter:
            return self._door.verify(reporter.call)

    def __repr__(self) -> str:
        return f"<Archive {self.where}>"


@dataclass(frozen=True)
class Archived:
    """An event of an archive, as its pickle names it; a token is in no pickle."""

    where: str
    id: int

    def open(self) -> Recording:
        """The recording again."""
        return Archive(self.where).recording(self.id)


class _Folder:
    """An archive on this machine."""

    def __init__(self, path: str, create: bool) -> None:
        self._handle = _wavekeep.Archive(path, create)

    def query(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        page = json.loads(self._handle.query(json.dumps(question)))
        return page["total"], page["events"]

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
        patch = {"review": {**review, "reviewer": who}}
        return _document(self._handle.patch(id, json.dumps(patch), who))

    def undo(self, id: int, who: str | None) -> dict[str, Any]:
        return _document(self._handle.undo(id, who or _user()))

    def review_log(self, id: int, limit: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self._handle.review_log(id, limit))
        return entries

    def summaries(self, of: str) -> list[dict[str, Any]]:
        ask = {
            "units": self._handle.units,
            "projects": self._handle.projects,
            "months": self._handle.months,
        }
        rows: list[dict[str, Any]] = json.loads(ask[of]())
        return rows

    def import_files(
        self, paths: list[str], serial: str | None, adopt: bool, each: Each | None
    ) -> dict[str, Any]:
        told = None if each is None else lambda text: each(json.loads(text))
        return _document(self._handle.import_files(paths, serial, adopt, told))

    def verify(self, progress: Callable[[int, int], object] | None) -> dict[str, Any]:
        return _document(self._handle.verify(progress))


def _document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _id(id: Any) -> int:
    try:
        number = id.__index__()
    except AttributeError:
        raise BadArgument(f"an event is named by its number, found {id!r}") from None
    if isinstance(id, bool) or not -(2**63) <= number < 2**63:
        raise BadArgument(f"an event is named by its number, found {id!r}")
    return int(number)


def _count(number: Any, name: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise BadArgument(f"{name} is a number from 0, found {number!r}")
    return number


def _moment(moment: Moment, time: str) -> str | None:
    """The moment as the archive takes it; a day becomes one of its ends."""
    if moment is None:
        return None
    given = moment
    if isinstance(moment, str):
        try:
            is_day = len(moment.strip()) <= len("2026-05-01")
            moment = (date if is_day else datetime).fromisoformat(moment.strip())
        except ValueError:
            message = f"a day or a moment was expected, such as 2026-05-01, found {given!r}"
            raise BadArgument(message) from None
    if isinstance(moment, datetime):
        if moment.tzinfo is not None:
            raise BadArgument(
                f"units know no time zone: give their own clock's time, without {moment.tzinfo}"
            )
        return moment.isoformat()
    if isinstance(moment, date):
        return f"{moment.isoformat()}T{time}"
    raise BadArgument(f"a day or a moment was expected, found {given!r}")
