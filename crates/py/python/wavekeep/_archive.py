"""Archives: folders of events on this machine, and servers that hold one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
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
from ._scaled_distance import ScaledDistance, scaled_distance_of
from ._table import Table, day_rows, ledger_row
from ._units import Units
from ._words import one_of, strict

if TYPE_CHECKING:
    import pyarrow
    from typing_extensions import Self, Unpack

    import dask.dataframe

#: What a report is written as.
_FORMATS = ("pdf", "xlsx", "csv")


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
    def move_to_unit(self, id: int, serial: str, reason: str, who: str | None) -> dict[str, Any]: ...
    def review_log(self, id: int, limit: int) -> list[dict[str, Any]]: ...
    def levels(self, all: bool) -> list[dict[str, Any]]: ...
    def set_level(self, level: dict[str, Any], who: str | None) -> dict[str, Any]: ...
    def report(
        self, question: dict[str, Any], asked: dict[str, Any], template: str | None
    ) -> bytes: ...
    def scaled_distance(self, question: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]: ...
    def trend(self, question: dict[str, Any]) -> dict[str, Any]: ...
    def unit(self, serial: str, to: str | None, calibration_months: int) -> dict[str, Any]: ...
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


def _limit(of: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"curve": of} if isinstance(of, str) else dict(of)


class Archive:
    """An archive: a folder on this machine, or the address of a server that holds one.

    It is a mapping of numbers to recordings: ``archive[id]``, ``id in archive``, ``len(archive)``,
    ``for id in archive``, ``keys()`` and ``items()``. Methods and results are the same for folders and servers.
    Unit-local times are naive, UTC times are aware. False triggers are included unless
    ``false_trigger=False`` is given.

    Parameters
    ----------
    where
        A folder, or an address that begins with ``http://`` or ``https://``.
    create
        Creates an archive in a folder without one; by default such a folder is an error.
    token
        The token of a server, by default the environment variable ``WAVEKEEP_TOKEN``; it is sent to that
        server only and is not pickled.
    timeout_s
        Timeout for a response of a server, in seconds.
    units
        Units of the recordings, as for :meth:`Event.to`: ``"mm/s"``, ``"SI"``, …

    Raises
    ------
    FileMissingError
        There is no archive in the folder.
    ArchiveError
        The index of the archive cannot be opened.
    BadArgumentError
        ``create`` is used with an address, or the address or the token is invalid.

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
        """The numbers of all events, the latest first.

        Returns
        -------
        tuple of int
            One number per event.
        """
        return tuple(row["id"] for row in self.query())

    def items(self) -> Iterator[tuple[int, Recording]]:
        """The numbers and recordings of all events, the latest first; each recording is opened when it is reached.

        Yields
        ------
        tuple of (int, Recording)
            The number and its recording, as from :meth:`recording`.
        """
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
        """Closes the files of the archive; later calls raise a :class:`ClosedError`."""
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
        location: str | None = None,
        kind: str | None = None,
        from_: Moment = None,
        to: Moment = None,
        min_ppv_in_s: float | None = None,
        max_ppv_in_s: float | None = None,
        false_trigger: bool | None = None,
        reviewed: bool | None = None,
        verdict: str | None = None,
        air_verdict: str | None = None,
        damaged: bool | None = None,
        saturated: bool | None = None,
        has_report: bool | None = None,
        without: str | None = None,
        imported_since: str | None = None,
        text: str | None = None,
        changed_since: int | None = None,
        sort: str = "-timestamp",
        after_id: int | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Table:
        """The events that match all conditions; all of them without ``limit``.

        Parameters
        ----------
        serial, project, location
            Events of one unit, project or location.
        kind
            ``"waveform"``, ``"histogram"``, ``"stream"`` or ``"unknown"``.
        from_, to
            A unit-local date or time, both inclusive; ``to`` as a date includes the whole day.
        min_ppv_in_s, max_ppv_in_s
            The minimum and the maximum PPV, in in/s.
        false_trigger
            ``False`` excludes false triggers, ``True`` selects them; by default they are included.
        reviewed
            ``True`` selects reviewed events, ``False`` events without a review.
        verdict
            What the alarm levels say: ``"exceeds"``, ``"warns"``, ``"no_verdict"``, ``"within"`` or ``"no_level"``,
            or several of them separated by commas.
        air_verdict
            The same, of the air overpressure alone.
        damaged, saturated, has_report
            Events with damaged or missing data, with a sensor at its limit, with a report; ``False`` selects
            the others.
        without
            Events that lack ``"project"``, ``"client"``, ``"operator"`` or ``"location"``, or all of several
            texts separated by commas.
        imported_since
            Events imported since a day or a time in UTC: ``"2026-05-01"``, ``"2026-05-01T06:00:00Z"``,
            ``"today"`` or ``"yesterday"``.
        text
            Text in project, client, operator, location or notes, or at the beginning of the file name or
            the serial number.
        changed_since
            Events that changed after this: the largest known ``changed``, 0 for all. Removed events have no
            row; :meth:`ledger` has their entries.
        sort
            ``"timestamp"``, ``"ppv"``, ``"margin"``, ``"id"`` or ``"changed"``, with ``-`` for the largest first.
        after_id
            Only rows after the event with this number in that order: the last event of the previous page.
        limit, offset
            Maximum number of rows, and number of rows to skip; ``total`` of the table is the number of matches.

        Returns
        -------
        Table
            One row per event. Column names contain the units.

        Raises
        ------
        BadArgumentError
            An unknown value or an invalid time.
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
            location=location,
            kind=kind,
            from_=from_,
            to=to,
            min_ppv_in_s=min_ppv_in_s,
            max_ppv_in_s=max_ppv_in_s,
            false_trigger=false_trigger,
            reviewed=reviewed,
            verdict=verdict,
            air_verdict=air_verdict,
            damaged=damaged,
            saturated=saturated,
            has_report=has_report,
            without=without,
            imported_since=imported_since,
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
        """As :meth:`query`, as an Arrow table directly from the index, without Python rows: for hundreds of
        thousands of events.

        Parameters
        ----------
        **asked
            As for :meth:`query`.

        Returns
        -------
        pyarrow.Table
            The columns of :meth:`query`: unit-local times are naive, UTC times are aware, documents are JSON,
            units are in the metadata of the fields.

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
        """The samples of many events as an Arrow table.

        Parameters
        ----------
        ids
            Numbers of events; their order is kept.
        raw
            Counts (int32) instead of in/s and psi (float64).

        Returns
        -------
        pyarrow.Table
            One row per channel: ``event_id``, ``channel``, ``unit``, ``rate_hz``, ``first_s`` and ``step_s``
            (of the samples, from the trigger), ``samples`` (a list with null for missing samples). An event
            that cannot be decoded, or does not exist, is a row with only ``error``.

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
        """The row of an event.

        Parameters
        ----------
        id
            The number of the event.

        Returns
        -------
        dict
            The row, with the columns of :meth:`query`.

        Raises
        ------
        NoSuchEventError
            There is no such event.
        BadArgumentError
            ``id`` is not an integer.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.event(1)["serial"]
        'BE11529'
        """
        return Table([self._backend.event(number_of(id))], _table.EVENTS)[0]

    @strict
    def recording(self, id: int) -> Recording:
        """The recording of an event with its paired report; ``archive[id]`` is the same.

        Parameters
        ----------
        id
            The number of the event.

        Returns
        -------
        Event or Stream
            The recording, as from :func:`wavekeep.open`, in the units of the archive. Damage is a
            :class:`DamageWarning`.

        Raises
        ------
        NoSuchEventError
            There is no such event.
        UnsupportedError
            The event is a run of a stream, and the archive is behind a server.
        MalformedError
            The event cannot be decoded.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.recording(1).shape
        (4, 3328)
        """
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
        """The events that exceed a limit curve, with the deciding value of each.

        Parameters
        ----------
        curve, distance_ft
            The curve, as for :meth:`Event.verdict`.
        serial, project, from_, to, false_trigger, text
            The events to judge, as for :meth:`query`. False triggers are included unless
            ``false_trigger=False`` is given.

        Returns
        -------
        Table
            ``id``, ``serial``, ``filename``, ``timestamp``, ``channel``, ``value``, ``unit``,
            ``frequency_hz``, ``limit``, ``margin_percent`` (negative: above the limit), ``outcome``,
            ``reason``. Events that cannot be judged are included with the outcome ``"no_verdict"``, because
            they may exceed the limit. Runs of streams are excluded.

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
    def report(
        self,
        period: str,
        path: str | os.PathLike[str] | None = None,
        *,
        format: Literal["pdf", "xlsx", "csv"] | None = None,
        language: Literal["en", "de", "fr", "es", "pt"] = "en",
        curve: str | None = None,
        air_curve: str | None = None,
        distance_ft: float | None = None,
        warn_percent: float = 80.0,
        appendix: int = 50,
        paper: Literal["a4", "letter"] = "a4",
        velocity: Literal["in/s", "mm/s"] = "in/s",
        template: str | os.PathLike[str] | None = None,
        print_date: date | str | None = None,
        overwrite: bool = False,
        serial: str | None = None,
        project: str | None = None,
        location: str | None = None,
        kind: str | None = None,
        min_ppv_in_s: float | None = None,
        reviewed: bool | None = None,
        text: str | None = None,
    ) -> bytes:
        """The report of a month or another period: summary, what was monitored, charts, all events, source
        files with their checksums, and the event pages of the events above or near a level.

        Parameters
        ----------
        period
            A month (``"2026-05"``), a year, a day, or the first and the last day
            (``"2026-05-04..2026-05-17"``); unit-local, 366 days at most.
        path
            The file to write; by default none is written.
        format
            ``"pdf"``, ``"xlsx"`` or ``"csv"`` (the table of events); by default the extension of ``path``, or
            ``"pdf"``.
        language
            Language of PDF and XLSX.
        curve, air_curve, distance_ft
            The levels for ground vibration and air overpressure, as for :meth:`Event.verdict`; ``"none"`` for
            none. Without either, those of :meth:`levels`, or ``"usbm-drywall"`` where none was ever set.
        warn_percent
            An event within a level whose value is at least this share of it is near the level.
        appendix
            Maximum number of event pages.
        paper, velocity
            Size of the pages, and unit of velocities.
        template
            TOML file with letterhead, logo, texts and signatures. A server has its own.
        print_date
            The day that is printed as that of printing, by default today. With the same day the same archive
            gives the same bytes.
        overwrite
            Replaces a file that exists.
        serial, project, location, kind, min_ppv_in_s, reviewed, text
            The events, as for :meth:`query`. False triggers are included and counted apart.

        Returns
        -------
        bytes
            The report.

        Raises
        ------
        BadArgumentError
            The period, a curve, the template or another value is invalid, or there are too many events.
        FileTakenError
            The file exists. This is a ``FileExistsError``.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.report("2026-06", curve="din-3", language="de")[:5]
        b'%PDF-'
        >>> archive.report("2026-06", format="csv").count(b"\\r\\n")
        2
        """
        asked = question(
            serial=serial,
            project=project,
            location=location,
            kind=kind,
            min_ppv_in_s=min_ppv_in_s,
            reviewed=reviewed,
            text=text,
        )
        for name, id in (("curve", curve), ("air_curve", air_curve)):
            if id is not None:
                one_of(name, id, ["none", *_wavekeep.curves()])
        extension = "" if path is None else os.path.splitext(os.fspath(path))[1].lower().lstrip(".")
        if format is None:
            format = "pdf" if path is None else one_of("the extension", extension, _FORMATS)  # type: ignore[assignment]
        elif extension in _FORMATS and extension != format:
            raise BadArgumentError(f"the file ends with .{extension}, and format is {format!r}")
        report: dict[str, Any] = {
            "period": str(period),
            "format": one_of("format", str(format), _FORMATS),
            "language": one_of("language", language, ("en", "de", "fr", "es", "pt")),
            "curve": curve,
            "air_curve": air_curve,
            "distance_ft": distance_ft,
            "warn_percent": warn_percent,
            "appendix": count_of(appendix, "appendix"),
            "paper": one_of("paper", paper, ("a4", "letter")),
            "velocity": one_of("velocity", velocity, ("in/s", "mm/s")),
            "print_date": str(date.today() if print_date is None else print_date),
        }
        named = None if template is None else os.fspath(template)
        data = self._backend.report(asked, report, named)
        if path is not None:
            _wavekeep.write_whole(path, data, bool(overwrite))
        return data

    @strict
    def scaled_distance(
        self,
        *,
        medium: Literal["ground", "air"] = "ground",
        velocity: Literal["in/s", "mm/s"] = "in/s",
        limit: float | None = None,
        distance: str | None = None,
        charge: str | None = None,
        serial: str | None = None,
        project: str | None = None,
        location: str | None = None,
        from_: Moment = None,
        to: Moment = None,
        false_trigger: bool | None = None,
        text: str | None = None,
    ) -> ScaledDistance:
        """The attenuation law of a site: the peaks of events against their scaled distances.

        Charge and distance of an event are those of its report, or set with :meth:`review`
        (``corrections={"charge": "45 kg", "distance": "320 m"}``).

        Parameters
        ----------
        medium
            ``"ground"``: PPV against R / √W; ``"air"``: PSPL against R / ∛W.
        velocity
            With ``"mm/s"`` everything is in m, kg and mm/s or Pa, otherwise in ft, lb and in/s or psi.
        limit, distance, charge
            Two give the third in ``forecasts``: a limit of the peak (of the air in dB(L)), a distance and a
            charge with their units (``"250 m"``, ``"45 kg"``). A limit alone gives the permissible charges
            at the distances of the events.
        serial, project, location, from_, to, false_trigger, text
            The events, as for :meth:`query`.

        Returns
        -------
        ScaledDistance
            The law, forecasts, arrays of the events that count, and all events with the reasons why some
            do not.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> found = archive.scaled_distance()
        >>> found.law is None, found.no_law
        (True, 'a law needs 3 events that count: found 0')
        >>> found.left_out
        {'no_charge': 1}
        """
        asked = {
            "medium": one_of("medium", medium, ("ground", "air")),
            "velocity": one_of("velocity", velocity, ("in/s", "mm/s")),
            "limit": limit,
            "distance": distance,
            "charge": charge,
        }
        chosen = question(
            serial=serial,
            project=project,
            location=location,
            from_=from_,
            to=to,
            false_trigger=false_trigger,
            text=text,
        )
        return scaled_distance_of(self._backend.scaled_distance(chosen, asked))

    @strict
    def to_dask_dataframe(
        self,
        table: Literal["events", "samples"] = "events",
        *,
        channels: Channels = None,
        raw: bool = False,
        events: Mapping[str, Any] | None = None,
    ) -> dask.dataframe.DataFrame:
        """A ``dask.dataframe`` of the events or of the samples of their waveforms, read in parts by Dask's
        workers. They need the archive at the same folder or address, and for a server with tokens
        ``WAVEKEEP_TOKEN``.

        Parameters
        ----------
        table
            ``"events"``, one row per event, or ``"samples"``, one row per sample: ``event_id``, ``channel``,
            ``sample`` (its index), ``time_s`` from the trigger, ``value``, ``unit``.
        channels, raw
            For samples: names of channels; counts instead of physical units.
        events
            The events, as keywords of :meth:`query`: ``{"serial": "BE11529"}``.

        Returns
        -------
        dask.dataframe.DataFrame
            Columns as from :meth:`Table.to_pandas`, without an index.

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
        """The sidecar of an event: all facts without the samples.

        Parameters
        ----------
        id
            The number of the event.

        Returns
        -------
        dict
            The sidecar, as plain data.

        Raises
        ------
        NoSuchEventError
            There is no such event.
        """
        return self._backend.sidecar(number_of(id))

    @strict
    def review(
        self,
        id: int,
        *,
        false_trigger: bool | None | EllipsisType = ...,
        notes: str | None | EllipsisType = ...,
        corrections: Mapping[str, str | None] | EllipsisType = ...,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Reviews an event, or corrects the notes that were typed into the unit.

        Parameters
        ----------
        id
            The number of the event.
        false_trigger, notes
            Values to set; ``None`` removes a value. Values that are not given are unchanged.
        corrections
            Texts in place of ``project``, ``client``, ``operator`` or ``location``, and ``charge`` and
            ``distance`` of the blast with their units (``"45 kg"``, ``"320 m"``): ``""`` states that there
            is none, ``None`` removes a correction. Source and report are unchanged. Corrections alone do not
            mark the event as reviewed.
        who
            The reviewer, by default the user of this machine. A server ignores it and uses the name of the
            token, or the user that runs it.

        Returns
        -------
        dict
            The new sidecar.

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
        if corrections is not ...:
            review["corrections"] = dict(corrections)
        return self._backend.review(number_of(id), review, who)

    @strict
    def move_to_unit(self, id: int, serial: str, *, reason: str, who: str | None = None) -> dict[str, Any]:
        """Moves an event to another unit, with all of its files.

        Its number and its reviews are unchanged. The same file is not imported again under the unit that it
        was in.

        Parameters
        ----------
        id
            The number of the event.
        serial
            The serial number of the unit.
        reason
            The reason, recorded in the ledger.
        who
            The name in the ledger, as for :meth:`review`.

        Returns
        -------
        dict
            The row of the event.

        Raises
        ------
        NoSuchEventError
            There is no such event.
        ArchiveError
            The unit has the event already.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> (id,) = archive
        >>> archive.move_to_unit(id, "BE11530", reason="label on the box")["serial"]
        'BE11530'
        """
        return self._backend.move_to_unit(number_of(id), serial, reason, who)

    def undo(self, id: int, *, who: str | None = None) -> dict[str, Any]:
        """Undoes the last change of an event's review. Undoing is itself a change: undoing it again redoes it.

        Parameters
        ----------
        id
            The number of the event.
        who
            Name for the review log, as for :meth:`review`.

        Returns
        -------
        dict
            The new sidecar.

        Raises
        ------
        NothingToUndoError
            There is no change to undo, or no such event.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> sidecar = archive.review(1, false_trigger=True)
        >>> archive.undo(1)["review"]["false_trigger"] is True
        False
        """
        return self._backend.undo(number_of(id), who)

    @strict
    def review_log(self, id: int, *, limit: int = 1000) -> Table:
        """The changes of an event's review, the latest first.

        Parameters
        ----------
        id
            The number of the event.
        limit
            Maximum number of changes.

        Returns
        -------
        Table
            One row per change: ``number``, ``event_id``, ``serial``, ``filename``, ``at`` (UTC), ``who``,
            ``undoes``, ``before`` and ``after``.

        Raises
        ------
        NoSuchEventError
            There is no such event.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> sidecar = archive.review(1, notes="a lorry", who="ada")
        >>> [(row["who"], row["after"]["review"]["notes"]) for row in archive.review_log(1)]
        [('ada', 'a lorry')]
        """
        return Table(self._backend.review_log(number_of(id), count_of(limit, "limit")), _table.LOG)

    def head(self) -> Head:
        """The current head of the ledger. Keep ``str(head)`` out of reach of people who can write to the
        archive: with it, :meth:`verify` detects entries that were removed or rewritten since.

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
        """The changes of the archive or of one event: who did what, when and from where, and the hashes of
        the files afterwards.

        Parameters
        ----------
        id
            Only entries of this event, which may be forgotten or removed.
        limit
            Maximum number of entries, the latest first.

        Returns
        -------
        Table
            ``entry``, ``at``, ``who``, ``from``, ``action``, ``event_id``, ``serial``, ``filename``,
            ``earlier``, ``files`` (SHA-256 by name), ``more`` (further members of the action),
            ``previous``, ``leaf``.

        Raises
        ------
        NoSuchEventError
            No event ever had this number.

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
        """Accepts the loss of an event whose files are lost, so that it is no longer a finding. Its entries in
        the ledger stay, and its number is never reused.

        Parameters
        ----------
        id
            The event.
        reason
            The reason, recorded in the ledger.
        who
            Name for the ledger, by default the user of this machine. A server uses the name of the token.

        Returns
        -------
        dict
            The row of :meth:`ledger` that was added.

        Raises
        ------
        NotLostError
            Its files exist.
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
        """Removes an event from the archive: its entries in the ledger stay, and its files are kept in
        ``.wavekeep/removed`` until ``wavekeep purge`` deletes them. The pieces of an adopted run are kept.

        Parameters
        ----------
        id
            The event.
        reason
            The reason, recorded in the ledger.
        who
            Name for the ledger, by default the user of this machine. A server uses the name of the token.

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
        """A summary of each unit.

        Returns
        -------
        Table
            One row per unit: ``serial``, ``events``, ``streams``, ``false_triggers``, ``largest_ppv_in_s``,
            ``largest_ppv``, ``largest_event``, ``unreviewed``, ``first``, ``last``, ``last_captured_at``. The largest values
            exclude false triggers.
        """
        return Table(self._backend.summaries("units"), _table.UNITS)

    def trend(self, **asked: Unpack[Question]) -> Table:
        """The largest values, the events and the verdicts of each unit-local day.

        Parameters
        ----------
        **asked
            The events, as for :meth:`query`; order and page have no effect.

        Returns
        -------
        Table
            One row per day with events, or in which a unit is known to have monitored; other days are missing:
            nothing is known of them. ``ppv_in_s`` is the largest PPV, ``ppv_event`` the event that has it; a name in
            ``flags`` marks a bound. ``ground_exceeds`` and similar columns count events by their verdict.
            ``ground_lowest_limit_in_s`` and similar columns are the limits in force: two numbers where the limit goes
            by frequency. ``monitored_s`` is the number of seconds in which a unit is known to have monitored. False
            triggers are only in ``false_triggers``.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> (day,) = archive.trend()
        >>> day["day"].isoformat(), day["events"], day["ppv_in_s"], day["ppv_event"]
        ('2026-06-12T00:00:00', 1, 0.41, 1)
        """
        return Table(day_rows(self._backend.trend(question(**asked))), _table.DAYS)

    @strict
    def unit(
        self, serial: str, *, to: Moment = None, calibration_months: int = 12
    ) -> dict[str, Any]:
        """What is known of a unit, each fact with the event and the time that it is from.

        Parameters
        ----------
        serial
            The serial number.
        to
            The last of the 90 days in ``days``, and the day from which ``calibration["due_in_days"]`` is counted;
            by default today.
        calibration_months
            Months after which a unit is calibrated again.

        Returns
        -------
        dict
            ``battery``, ``calibration``, ``memory`` (None if no report states it), ``firmware``, ``last_event``,
            ``last``, ``last_captured_at``, ``last_log``, ``uptime``, ``days``, ``faults``, ``moves``, ``locations`` and
            the columns of :meth:`units`.

        Raises
        ------
        NoSuchEventError
            The archive has no event of this unit.
        BadArgumentError
            An invalid day or number of months.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W", "samples/M529LMOK_DK0W_ASCII.TXT"])
        >>> unit = archive.unit("BE11529", to="2026-06-30")
        >>> unit["battery"]["text"], unit["battery"]["event"], unit["memory"]
        ('6.3 Volts', 1, None)
        """
        months = count_of(calibration_months, "calibration_months")
        if not 1 <= months <= 600:
            raise BadArgumentError(f"calibration_months is {months}: expected 1 to 600")
        day = question(to=to)["to"]
        return self._backend.unit(serial, None if day is None else day[:10], months)

    def projects(self) -> Table:
        """A summary of each project.

        Returns
        -------
        Table
            One row per project: ``project``, ``units`` (their number) and the columns of :meth:`units` from
            ``events`` to ``largest_event``, ``first``, ``last``.
        """
        return Table(self._backend.summaries("projects"), _table.PROJECTS)

    def months(self) -> Table:
        """A summary of each unit-local month, the latest first.

        Returns
        -------
        Table
            One row per month: ``month`` (``"2026-06"``) and the columns of :meth:`units` from ``events`` to
            ``largest_event``.
        """
        return Table(self._backend.summaries("months"), _table.MONTHS)

    def monitor_log_files(self) -> Table:
        """The monitor log files (``.MLG``) of units, kept as they came, the earliest first.

        What is in them is not known; they are listed, verified and backed up with the events.

        Returns
        -------
        Table
            One row per file: ``entry`` in the ledger, ``at``, ``who``, ``serial``, ``unit_from`` (``"caller"``,
            ``"name"`` or ``"nothing"``), ``filename``, ``bytes``, ``sha256``.
        """
        return Table(self._backend.summaries("monitor_log_files"), _table.MONITOR_LOG_FILES)

    @strict
    def levels(self, *, all: bool = False) -> Table:
        """The alarm levels in force now.

        Parameters
        ----------
        all
            Include levels that were replaced or ended, the earliest first.

        Returns
        -------
        Table
            One row per level: ``entry`` in the ledger, ``at``, ``who``, ``in_force``, ``for`` (``project``,
            ``location``, ``serial``), ``from``, ``hours``, ``ground``, ``air``, ``ends``, ``reason``.
        """
        rows = [
            {name: row.get(name, [] if name == "ends" else None) for name in _table.LEVELS}
            for row in self._backend.levels(all)
        ]
        return Table(rows, _table.LEVELS)

    @strict
    def set_level(
        self,
        *,
        project: str | None = None,
        location: str | None = None,
        serial: str | None = None,
        ground: str | Mapping[str, Any] | None = None,
        air: str | Mapping[str, Any] | None = None,
        ends: Iterable[Literal["ground", "air"]] = (),
        from_: Moment = None,
        hours: str | None = None,
        reason: str | None = None,
        who: str | None = None,
    ) -> dict[str, Any]:
        """Sets the alarm level of a project, a location or a unit, or of the whole archive, and judges the events
        concerned.

        Parameters
        ----------
        project, location, serial
            The events that the level applies to; without any, the whole archive.
        ground, air
            A built-in curve by its id, or a mapping of ``curve``, ``own`` (the text of a file with a custom
            curve), ``distance_ft`` and ``warning_percent`` (80).
        ends
            Ends the limit of this place and these hours: the level of the wider place applies again.
        from_
            The unit-local date or time from which on it applies; ``None`` for always.
        hours
            The unit-local hours of the day: ``"22:00-06:00"``.
        reason
            A permit, a letter; recorded in the ledger.
        who
            The name in the ledger, as for :meth:`review`.

        Returns
        -------
        dict
            The level as it was set.

        Raises
        ------
        BadArgumentError
            The level cannot be.

        Examples
        --------
        >>> import tempfile, wavekeep
        >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
        >>> account = archive.import_files(["samples/M529LMOK.DK0W"])
        >>> archive.set_level(ground="din-1", reason="permit 7")["ground"]["curve"]
        'din-1'
        >>> archive.query()[0]["verdict"]
        'within'
        """
        place = {"project": project, "location": location, "serial": serial}
        level: dict[str, Any] = {
            "for": {name: value for name, value in place.items() if value is not None},
            "ends": list(ends),
        }
        moment = question(from_=from_)["from"]
        members = {"from": moment, "hours": hours, "reason": reason}
        level.update({name: value for name, value in members.items() if value is not None})
        level.update({name: _limit(of) for name, of in (("ground", ground), ("air", air)) if of is not None})
        return self._backend.set_level(level, who)

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
            One or several. A local archive also imports reports beside the events, and zip and tar archives;
            a server receives the named files and the files in named folders.
        serial
            Serial number of the unit of all events.
        adopt
            Leaves runs of streams where they are; only for a local archive.
        each
            Called with the result for each file.
        progress
            ``True`` for a progress bar, or a function of the number of finished files and of all files, which
            is not known and 0.

        Returns
        -------
        dict
            A summary: ``new``, ``same``, ``paired_late``, ``failures``, …

        Raises
        ------
        ArchiveError
            The disk or the index failed.

        Notes
        -----
        Ctrl-C and an exception of ``each`` or ``progress`` end the import within a second: no further file is
        started, and the current save is finished in the background.

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
        """Verifies every file, sidecar and row, and the ledger, without changing anything. Only for a local
        archive.

        Parameters
        ----------
        since
            A head that was kept elsewhere: a :class:`Head`, its text, or a file with the text. Entries that
            were removed or rewritten since are findings.
        progress
            ``True`` for a progress bar, or a function of the numbers of finished events and of all events.
            Ctrl-C and an exception of it end the verification within a second.

        Returns
        -------
        dict
            ``findings`` lists the problems; ``events``, ``files``, ``bytes``, … count what was verified;
            ``since`` is the comparison of the ledger with the head.

        Raises
        ------
        ArchiveError
            The archive cannot be read.
        MalformedError
            ``since`` is not a head.

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
