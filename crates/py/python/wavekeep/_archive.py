"""Archives: folders of events on this machine, and servers that hold one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from . import _table, _wavekeep
from ._archive_folder import Folder
from ._archive_http import Each, Server
from ._errors import BadArgumentError, NoSuchEventError
from ._event import Event
from ._exceedances import EXCEEDANCES, exceedance
from ._head import Head, Held, held
from ._lazy import need
from ._progress import Progress, Reporter
from ._recording import Channels, ClosedHandle, Recording
from ._question import Moment, Question, count_of, number_of, question
from ._report import Report, warn_of_damage
from ._table import Table, ledger_row
from ._units import Units
from ._words import one_of, strict

if TYPE_CHECKING:
    import pyarrow
    from typing_extensions import Self, Unpack

    import dask.dataframe

class Backend(Protocol):
    """What an archive answers, wherever it is; documents as JSON has them."""

    def query(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]: ...
    def query_arrow(self, question: dict[str, Any], read: Callable[[bytes], Any]) -> list[Any]: ...
    def samples_arrow(
        self, ids: list[int], raw: bool, read: Callable[[bytes], Any]
    ) -> list[Any]: ...
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
    def verify(
        self, since: Head | None, progress: Callable[[int, int], object] | None
    ) -> dict[str, Any]: ...
    def head(self) -> str: ...
    def ledger(self, id: int | None, limit: int) -> list[dict[str, Any]]: ...
    def forget(self, id: int, reason: str, who: str | None) -> dict[str, Any]: ...
    def remove(self, id: int, reason: str, who: str | None) -> dict[str, Any]: ...


class Archive:
    """An archive: a folder on this machine, or the address of a server that holds one.

    It is a mapping of numbers to recordings: ``archive[id]``, ``id in archive``, ``len(archive)``,
    ``for id in archive``, ``keys()`` and ``items()``.

    Parameters
    ----------
    where
        A folder, or an address that begins with ``http://`` or ``https://``.
    create
        Makes an archive of a folder that is none yet; without it such a folder is an error.
    token
        Of a server, or the environment's ``WAVEKEEP_TOKEN``; it is sent to that server only, and is
        in no pickle.
    timeout_s
        How long a server may take for an answer.
    units
        What its recordings are in, as of :meth:`Event.to`: ``"mm/s"``, ``"SI"``, …

    Raises
    ------
    FileMissingError
        There is no archive in the folder.

    Methods and results are the same in both places. Times by the units' own clocks have no zone,
    times in UTC have one. False triggers are never left out unless you ask for that.

    Examples
    --------
    >>> import tempfile, wavekeep
    >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
    >>> account = archive.import_files(["samples/M529LMOK.DK0W", "samples/M529LMP3.O00H"])
    >>> account["new"], account["failures"]
    (2, [])
    >>> (night,) = archive.query(kind="histogram")
    >>> night["timestamp"], night["serial"]
    (datetime.datetime(2026, 6, 12, 21, 0), 'BE11529')
    >>> archive[night["id"]]
    <Event M529LMP3.O00H: histogram, 600 intervals of Tran Vert Long MicL>
    >>> len(archive), night["id"] in archive, 77 in archive
    (2, True, False)
    """

    def __init__(
        self,
        where: str | os.PathLike[str],
        *,
        create: bool = False,
        token: str | None = None,
        timeout_s: float = 60.0,
        units: Units = None,
    ) -> None:
        self.where = os.fspath(where)
        self._units = units
        self._absolute = self.where
        self._backend: Backend
        if self.where.lower().startswith(("http://", "https://")):
            if create:
                raise BadArgumentError("an archive is created where its files are, not by address")
            self._backend = Server(self.where, token or os.environ.get("WAVEKEEP_TOKEN"), timeout_s)
        else:
            self._backend = Folder(self.where, create)
            self._absolute = os.path.abspath(self.where)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (self._absolute, self._units))

    def keys(self) -> tuple[int, ...]:
        """The numbers of all events, the latest first."""
        return tuple(row["id"] for row in self.query())

    def items(self) -> Iterator[tuple[int, Recording]]:
        """Pairs of a number and its recording, each opened when it is its turn."""
        return ((id, self[id]) for id in self.keys())

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys())

    def __len__(self) -> int:
        return self.query(limit=0).total

    def __bool__(self) -> bool:
        return True

    def __contains__(self, id: object) -> bool:
        try:
            self._backend.event(number_of(id))
        except (BadArgumentError, NoSuchEventError):
            return False
        return True

    def _ipython_key_completions_(self) -> list[int]:
        return [row["id"] for row in self.query(limit=1000)]

    def close(self) -> None:
        """Lets go of the archive's files; what is asked for afterwards is a :class:`ClosedError`."""
        self._backend = ClosedHandle(self.where)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @strict
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
        changed_since: int | None = None,
        sort: str = "-timestamp",
        after_id: int | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Table:
        """The events that fit all that is asked for, all of them without ``limit``.

        Parameters
        ----------
        serial, project, reviewed
            Of one unit or project; those that were reviewed, or were not.
        kind
            ``"waveform"``, ``"histogram"``, ``"stream"`` or ``"unknown"``.
        from_, to
            A day or a moment by the units' own clocks, both included; a day counts to its end.
        min_ppv_in_s
            The least PPV, in in/s.
        false_trigger
            False triggers are among the events unless this is ``False``.
        text
            Is looked for in project, client, operator, location and notes, and at the beginning of
            file name and serial number.
        changed_since
            Events that changed after this: the largest ``changed`` that is known, 0 for all. An event that
            was removed has no row; :meth:`ledger` says what became of it.
        sort
            ``"timestamp"``, ``"ppv"``, ``"id"`` or ``"changed"``, with ``-`` for the largest first.
        after_id
            Only rows that follow the event of this number in that order: the last one of the page before.
        limit, offset
            At most so many rows, behind so many; ``total`` of the table says how many there are.

        Returns
        -------
        Table
            A row an event. Units are in the names of columns.

        Raises
        ------
        BadArgumentError
            A word or a time that is none.
        NoSuchEventError
            There is no event ``after_id``.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> rows = archive.query(from_="2026-06-12")
        >>> [(row["filename"], row["ppv_in_s"]) for row in rows]
        [('M529LMOK.DK0W', 0.41)]
        >>> archive.query(changed_since=max(row["changed"] for row in rows))
        <Table of 0 rows: ...>
        """
        asked = question(
            serial=serial,
            project=project,
            kind=kind,
            from_=from_,
            to=to,
            min_ppv_in_s=min_ppv_in_s,
            false_trigger=false_trigger,
            reviewed=reviewed,
            text=text,
            changed_since=changed_since,
            sort=sort,
            after_id=after_id,
            limit=limit,
            offset=offset,
        )
        total, rows = self._backend.query(asked)
        return Table(rows, _table.EVENTS, total)

    def query_arrow(self, **asked: Unpack[Question]) -> pyarrow.Table:
        """As :meth:`query`, as a table of Arrow straight from the index, without a row of Python: for
        hundreds of thousands of events.

        Parameters
        ----------
        **asked
            As of :meth:`query`.

        Returns
        -------
        pyarrow.Table
            The columns of :meth:`query`: times by the units' own clocks have no zone, times in UTC have
            one, documents are JSON, units are in the metadata of the fields.

        Raises
        ------
        MissingLibraryError
            pyarrow is not installed.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.query_arrow(kind="waveform").select(["serial", "ppv_in_s"]).to_pylist()
        [{'serial': 'BE11529', 'ppv_in_s': 0.41}]
        """
        arrow = need("pyarrow", "query_arrow", "arrow")
        return arrow.concat_tables(self._backend.query_arrow(question(**asked), _table_of))

    @strict
    def samples_arrow(self, ids: Iterable[int], *, raw: bool = False) -> pyarrow.Table:
        """The samples of many events as a table of Arrow.

        Parameters
        ----------
        ids
            Numbers of events; their order is kept.
        raw
            Counts (int32) instead of in/s and psi (float64).

        Returns
        -------
        pyarrow.Table
            A row a channel: ``event_id``, ``channel``, ``unit``, ``rate_hz``, ``first_s`` and ``step_s`` (of
            the samples, from the trigger), ``samples`` (a list, null where one is missing). An event that
            cannot be decoded, or does not exist, is a row with ``error`` and nothing else.

        Raises
        ------
        MissingLibraryError
            pyarrow is not installed.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> found = archive.samples_arrow(archive)
        >>> found["channel"].to_pylist(), len(found["samples"][0])
        (['Tran', 'Vert', 'Long', 'MicL'], 3328)
        """
        arrow = need("pyarrow", "samples_arrow", "arrow")
        numbers = [number_of(id) for id in ids]
        return arrow.concat_tables(self._backend.samples_arrow(numbers, bool(raw), _table_of))

    def event(self, id: int) -> dict[str, Any]:
        """The row of an event."""
        return Table([self._backend.event(number_of(id))], _table.EVENTS)[0]

    @strict
    def recording(self, id: int) -> Recording:
        """The recording of an event, with the report that is paired with it: the same class that
        :func:`wavekeep.open` gives. A run of a stream is opened where its files are."""
        id = number_of(id)
        if self._backend.event(id)["kind"] == "stream":
            from . import open as open_recording

            return open_recording(self._backend.stream_path(id))
        event, questionable = self._decoded(id)
        warn_of_damage(event.report if questionable else Report(), event.path, stacklevel=4)
        return event

    def _decoded(self, id: int) -> tuple[Event, bool]:
        """An event, and whether its report has to be looked at."""
        handle, path = self._backend.recording(id)
        return Event(handle, path, (Archived(self._absolute, id), {}, ()), self._units), handle.questionable

    def __getitem__(self, id: int) -> Recording:
        return self.recording(id)

    @strict
    def exceedances(
        self,
        *,
        curve: str = "osmre",
        distance_ft: float | None = None,
        serial: str | None = None,
        project: str | None = None,
        from_: Moment = None,
        to: Moment = None,
        false_trigger: bool | None = None,
        text: str | None = None,
    ) -> Table:
        """The events that exceed a limit curve, and what decides of each.

        Parameters
        ----------
        curve, distance_ft
            The curve, as of :meth:`Event.verdict`.
        serial, project, from_, to, false_trigger, text
            Which events are judged, as of :meth:`query`. False triggers are among them unless
            ``false_trigger=False``.

        Returns
        -------
        Table
            ``id``, ``serial``, ``filename``, ``timestamp``, ``channel``, ``value``, ``unit``,
            ``frequency_hz``, ``limit``, ``margin_percent`` (negative: above the limit), ``outcome``,
            ``reason``. Events that cannot be judged are rows too, of the outcome
            ``"no_verdict"``: they are not known to keep the limit. Runs of streams are left out.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> [(row["channel"], row["outcome"]) for row in archive.exceedances(curve="din-3")]
        [('Vert', 'exceeds')]
        """
        one_of("curve", curve, _wavekeep.curves())
        found = []
        asked = self.query(
            serial=serial, project=project, from_=from_, to=to, false_trigger=false_trigger, text=text
        )
        for row in asked:
            if row["kind"] == "stream":
                continue
            handle, _ = self._backend.recording(row["id"])
            verdict = json.loads(handle.verdict(curve, distance_ft))
            if verdict["outcome"] != "within":
                found.append(exceedance(row, verdict))
        return Table(found, EXCEEDANCES)

    @strict
    def to_dask_dataframe(
        self,
        table: Literal["events", "samples"] = "events",
        *,
        channels: Channels = None,
        raw: bool = False,
        events: Mapping[str, Any] | None = None,
    ) -> dask.dataframe.DataFrame:
        """A ``dask.dataframe`` of the events or of the samples of their waveforms, read part by part by
        Dask's workers. They reach the archive by the same folder or address; a server's token is
        ``WAVEKEEP_TOKEN`` there.

        Parameters
        ----------
        table
            ``"events"``, a row an event, or ``"samples"``, a row a sample: ``event_id``, ``channel``, ``sample``
            (its index), ``time_s`` from the trigger, ``value``, ``unit``.
        channels, raw
            Of samples: names of channels; counts in place of physical units.
        events
            Which events, by keywords of :meth:`query`: ``{"serial": "BE11529"}``.

        Returns
        -------
        dask.dataframe.DataFrame
            Columns as of :meth:`Table.to_pandas`, without an index of its own.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> samples = archive.to_dask_dataframe("samples", channels=["Vert"])
        >>> samples["value"].max().compute()
        np.float64(0.41)
        """
        from . import scan

        one_of("table", table, ("events", "samples"))
        return scan.open(self, table, channels=channels, raw=raw, events=events).to_dask()

    def sidecar(self, id: int) -> dict[str, Any]:
        """The sidecar of an event, as it stands in its file: all that is known but the samples."""
        return self._backend.sidecar(number_of(id))

    @strict
    def review(
        self,
        id: int,
        *,
        false_trigger: bool | None | EllipsisType = ...,
        notes: str | None | EllipsisType = ...,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Says what an event is; gives the sidecar as it is now.

        Parameters
        ----------
        id
            The event.
        false_trigger, notes
            What is not named stays, ``None`` takes away.
        who
            Reviews: by default the user of this machine. A server does not go by it: it takes the name
            of the token, or the user of its own machine.

        Raises
        ------
        NoSuchEventError
            There is no such event.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> (id,) = archive
        >>> archive.review(id, false_trigger=True, who="ada")["review"]["false_trigger"]
        True
        """
        review: dict[str, Any] = {}
        if false_trigger is not ...:
            review["false_trigger"] = false_trigger
        if notes is not ...:
            review["notes"] = notes
        return self._backend.review(number_of(id), review, who)

    def undo(self, id: int, *, who: str | None = None) -> dict[str, Any]:
        """Takes the last change of an event's review back; gives the sidecar as it is now. Undoing
        is a change itself: undoing it again is redoing."""
        return self._backend.undo(number_of(id), who)

    @strict
    def review_log(self, id: int, *, limit: int = 1000) -> Table:
        """Who changed what of an event, the latest first."""
        return Table(self._backend.review_log(number_of(id), count_of(limit, "limit")), _table.LOG)

    def head(self) -> Head:
        """The head of the ledger as it is now. Keep ``str(head)`` where nobody who can write to the
        archive can write to: :meth:`verify` checks against it that nothing was taken away or rewritten
        since.

        Returns
        -------
        Head
            ``size``, ``root``, ``time`` and ``archive``.

        Raises
        ------
        ArchiveError
            The archive has no ledger yet: another program made it, and it was never opened for writing.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> str(archive.head()).splitlines()[2]
        'size 1'
        """
        return Head.parse(self._backend.head())

    @strict
    def ledger(self, id: int | None = None, *, limit: int = 1000) -> Table:
        """What happened to the archive or to one event: who did what, when and from where, and what the
        files were afterwards.

        Parameters
        ----------
        id
            Only entries of this event; also of one that was forgotten or removed.
        limit
            At most so many, the latest first.

        Returns
        -------
        Table
            ``entry``, ``at``, ``who``, ``from``, ``action``, ``event_id``, ``serial``, ``filename``,
            ``earlier``, ``files`` (SHA-256 by name), ``more`` (what else belongs to the action),
            ``previous``, ``leaf``.

        Raises
        ------
        NoSuchEventError
            There never was such an event.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> [(row["entry"], row["action"]) for row in archive.ledger()]
        [(2, 'import'), (1, 'begin')]
        """
        rows = self._backend.ledger(None if id is None else number_of(id), count_of(limit, "limit"))
        return Table([ledger_row(row) for row in rows], _table.LEDGER)

    @strict
    def forget(self, id: int, *, reason: str, who: str | None = None) -> dict[str, Any]:
        """Lets go of an event whose files are lost: it is looked for no longer. Its entries in the ledger
        stay, and its number is never given to another event.

        Parameters
        ----------
        id
            The event.
        reason
            Why; it stands in the ledger.
        who
            Does it: by default the user of this machine. A server takes the name of the token.

        Returns
        -------
        dict
            The row of :meth:`ledger` that was added.

        Raises
        ------
        NotLostError
            Its files are there.
        NoSuchEventError
            There is no such event.

        Examples
        --------
        >>> import pathlib, tempfile, wavekeep
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> archive = wavekeep.Archive(folder, create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> next(folder.rglob("*.sfm.json")).unlink()
        >>> archive.forget(1, reason="the disk failed")["action"]
        'forget'
        """
        return self._let_go(self._backend.forget(number_of(id), reason, who))

    @strict
    def remove(self, id: int, *, reason: str, who: str | None = None) -> dict[str, Any]:
        """Takes an event out of the archive: its files are deleted, its entries in the ledger stay. The
        pieces of a run that was adopted stay where they are. It cannot be undone.

        Parameters
        ----------
        id
            The event.
        reason
            Why; it stands in the ledger.
        who
            Does it: by default the user of this machine. A server takes the name of the token.

        Returns
        -------
        dict
            The row of :meth:`ledger` that was added.

        Raises
        ------
        NoSuchEventError
            There is no such event.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.remove(1, reason="of another site")["action"], len(archive)
        ('remove', 0)
        """
        return self._let_go(self._backend.remove(number_of(id), reason, who))

    def _let_go(self, entry: dict[str, Any]) -> dict[str, Any]:
        return Table([ledger_row(entry)], _table.LEDGER)[0]

    def units(self) -> Table:
        """What there is of each unit. "Largest" leaves false triggers out, and their number stands
        beside it."""
        return Table(self._backend.summaries("units"), _table.UNITS)

    def projects(self) -> Table:
        """What there is of each project."""
        return Table(self._backend.summaries("projects"), _table.PROJECTS)

    def months(self) -> Table:
        """What there is of each month by the units' own clocks, the latest first."""
        return Table(self._backend.summaries("months"), _table.MONTHS)

    @strict
    def import_files(
        self,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        *,
        serial: str | None = None,
        adopt: bool = False,
        each: Each | None = None,
        progress: Progress = None,
    ) -> dict[str, Any]:
        """Imports files and folders. Reports are paired by name.

        Parameters
        ----------
        paths
            One or several. An archive on this machine also takes reports that lie beside the events,
            and zip and tar archives; a server gets the files that are named and those of folders.
        serial
            States the unit of all events.
        adopt
            Leaves runs of streams where they are. A server does not know it.
        each
            Called with what became of each file.
        progress
            ``True`` for a bar, or a function of the number of files that are done; how many there are
            is not known before: 0.

        Returns
        -------
        dict
            The account: ``new``, ``same``, ``paired_late``, ``failures``, …

        Raises
        ------
        ArchiveError
            When the disk or the index failed.

        Notes
        -----
        Ctrl-C and an exception of ``each`` or ``progress`` end it within a second: nothing more is
        begun, and what is being saved is finished in the background.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> archive.import_files("samples/M529LMOK.DK0W", each=lambda file: print(file["fate"]))["new"]
        event
        1
        """
        named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        done = 0
        with Reporter(progress, "files") as reported:

            def heard(file: dict[str, Any]) -> None:
                nonlocal done
                done += 1
                reported(done, 0)
                if each is not None:
                    each(file)

            listener = heard if reported.call or each else None
            return self._backend.import_files(
                [os.fspath(path) for path in named], serial, adopt, listener
            )

    @strict
    def verify(self, *, since: Held | None = None, progress: Progress = None) -> dict[str, Any]:
        """Verifies every file, sidecar and row, and the ledger, without changing anything. Only where the
        files are: a server does not do it for others.

        Parameters
        ----------
        since
            A head that was kept elsewhere: a :class:`Head`, its text, or a file that holds it. What was
            taken away from the ledger or rewritten in it since is a finding.
        progress
            ``True`` for a bar, or a function of the events that are done and that there are. Ctrl-C
            and an exception of it end the verification within a second.

        Returns
        -------
        dict
            ``findings`` is what is wrong; ``events``, ``files``, ``bytes``, … are what was looked at;
            ``since`` is the ledger against the head.

        Raises
        ------
        ArchiveError
            When the archive cannot be read at all.
        MalformedError
            ``since`` is no head.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> head = archive.head()
        >>> archive.verify(since=head)["findings"]
        []
        """
        head = None if since is None else held(since)
        with Reporter(progress, "events") as reporter:
            return self._backend.verify(head, reporter.call)

    def _repr_html_(self) -> str:
        from . import _html

        return _html.archive(self)

    def __repr__(self) -> str:
        return f"<Archive {self.where}>"


def _again(where: str, units: Units) -> Archive:
    """An archive from its pickle."""
    return Archive(where, units=units)


@dataclass(frozen=True)
class Archived:
    """An event of an archive, as its pickle names it; a token is in no pickle."""

    where: str
    id: int

    def open(self) -> Recording:
        """The recording again."""
        return Archive(self.where).recording(self.id)


def _table_of(stream: bytes) -> Any:
    """The table of an Arrow stream; its columns lie in those bytes."""
    return need("pyarrow", "query_arrow", "arrow").ipc.open_stream(stream).read_all()
