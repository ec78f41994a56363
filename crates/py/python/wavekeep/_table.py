"""Tables: results of an archive and measurements, as rows that convert to pandas and Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Union, overload

from ._lazy import need

if TYPE_CHECKING:
    import pandas
    import pyarrow

#: What a column holds: a text, a number, a count, whether something is so, a time by the units' own
#: clocks, a time in UTC, or a document.
Kinds = dict[str, str]

EVENTS: Kinds = {
    "id": "count",
    "serial": "text",
    "filename": "text",
    "kind": "text",
    "timestamp": "unit-local",
    "sample_rate_hz": "number",
    "record_time_s": "number",
    "tran_in_s": "number",
    "vert_in_s": "number",
    "long_in_s": "number",
    "ppv_in_s": "number",
    "pvs_in_s": "number",
    "mic_psi": "number",
    "mic_db_l": "number",
    "flags": "document",
    "project": "text",
    "client": "text",
    "operator": "text",
    "location": "text",
    "notes": "text",
    "labels": "document",
    "false_trigger": "truth",
    "reviewer": "text",
    "reviewed_at": "utc",
    "review_notes": "text",
    "has_report": "truth",
    "assumed": "document",
    "missing_samples": "count",
    "damaged": "truth",
    "sha256": "text",
    "filesize": "count",
    "tool_version": "text",
    "captured_at": "utc",
    "last_seen": "utc",
    "source_kind": "text",
    "a5_pickle_filename": "text",
    "txt_filename": "text",
    "hdf5_filename": "text",
    "changed": "count",
    "mic_db_a": "number",
    "mic_db_c": "number",
    "readings": "document",
    "contradicted": "truth",
    "corrected": "document",
    "verdict": "text",
    "margin_percent": "number",
    "judged": "document",
    "charge_kg": "number",
    "distance_m": "number",
    "scaled_distance_m_kg05": "number",
    "blast": "document",
}
_SUMMARY: Kinds = {
    "events": "count",
    "false_triggers": "count",
    "largest_ppv_in_s": "number",
    "largest_ppv": "document",
    "largest_event": "count",
}
_SPAN: Kinds = {"first": "unit-local", "last": "unit-local"}
UNITS: Kinds = {
    "serial": "text",
    **_SUMMARY,
    "streams": "count",
    "unreviewed": "count",
    **_SPAN,
    "last_captured_at": "utc",
}
PROJECTS: Kinds = {"project": "text", **_SUMMARY, "units": "count", **_SPAN}
MONTHS: Kinds = {"month": "text", **_SUMMARY}
MONITOR_LOG_FILES: Kinds = {
    "entry": "count",
    "at": "utc",
    "who": "text",
    "serial": "text",
    "unit_from": "text",
    "filename": "text",
    "bytes": "count",
    "sha256": "text",
}
LOG: Kinds = {
    "number": "count",
    "event_id": "count",
    "serial": "text",
    "filename": "text",
    "at": "utc",
    "who": "text",
    "undoes": "count",
    "before": "document",
    "after": "document",
}

LEDGER: Kinds = {
    "entry": "count",
    "at": "utc",
    "who": "text",
    "from": "text",
    "action": "text",
    "event_id": "count",
    "serial": "text",
    "filename": "text",
    "earlier": "count",
    "files": "document",
    "more": "document",
    "previous": "text",
    "leaf": "text",
}

LEVELS: Kinds = {
    "entry": "count",
    "at": "utc",
    "who": "text",
    "in_force": "truth",
    "for": "document",
    "from": "unit-local",
    "hours": "text",
    "ground": "document",
    "air": "document",
    "ends": "document",
    "reason": "text",
}

DAYS: Kinds = {
    "day": "unit-local",
    "events": "count",
    "false_triggers": "count",
    "ppv_in_s": "number",
    "tran_in_s": "number",
    "vert_in_s": "number",
    "long_in_s": "number",
    "pvs_in_s": "number",
    "mic_db_l": "number",
    "flags": "document",
    "ppv_event": "count",
    "mic_event": "count",
    "ground_exceeds": "count",
    "ground_warns": "count",
    "ground_no_verdict": "count",
    "air_exceeds": "count",
    "air_warns": "count",
    "air_no_verdict": "count",
    "ground_lowest_limit_in_s": "number",
    "ground_highest_limit_in_s": "number",
    "air_lowest_limit_db_l": "number",
    "air_highest_limit_db_l": "number",
    "weighted_levels": "count",
    "monitored_s": "number",
}

#: Columns of a day and its peaks in an answer.
_PEAKS = {
    "ppv_in_s": "ppv",
    "tran_in_s": "tran",
    "vert_in_s": "vert",
    "long_in_s": "long",
    "pvs_in_s": "pvs",
    "mic_db_l": "pspl",
}


def day_rows(trend: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a trend's days, from its JSON document."""
    return [_day_row(day, trend["levels"]) for day in trend["days"]]


def _day_row(day: dict[str, Any], levels: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"day": day["day"], "flags": {}}
    for name in ("events", "false_triggers", "weighted_levels", "monitored_s"):
        row[name] = day[name]
    for column, name in _PEAKS.items():
        reading = (day[name] or {}).get("reading", {})
        row[column] = reading.get("value")
        if reading.get("flag"):
            row["flags"][column] = reading["flag"]
    for column, name in (("ppv_event", "ppv"), ("mic_event", "pspl")):
        row[column] = (day[name] or {}).get("event")
    for part, unit in (("ground", "in/s"), ("air", "dB(L)")):
        for outcome, count in day[part].items():
            row[f"{part}_{outcome}"] = count
        limits = [
            limit["value"]
            for level in levels
            if level["quantity"] == part and _is_on(level, day["day"])
            for limit in (level["lowest"], level["highest"])
            if limit and limit["unit"] == unit
        ]
        end = "in_s" if part == "ground" else "db_l"
        row[f"{part}_lowest_limit_{end}"] = min(limits, default=None)
        row[f"{part}_highest_limit_{end}"] = max(limits, default=None)
    return {name: row.get(name) for name in DAYS}


def _is_on(level: dict[str, Any], day: str) -> bool:
    """Whether a level decides at some time of a day."""
    starts, stops = level["starts"], level["stops"]
    return (starts is None or starts[:10] <= day) and (stops is None or stops > f"{day}T00:00:00")


#: Members of an entry of the ledger that have columns of their own.
_OF_ENTRY = ("entry", "at", "who", "from", "action", "earlier", "files", "previous", "leaf")


def ledger_row(entry: dict[str, Any]) -> dict[str, Any]:
    """The row of an entry of the ledger, from its JSON document."""
    event = entry.get("event") or {}
    row = {name: entry.get(name) for name in _OF_ENTRY}
    row.update(event_id=event.get("id"), serial=event.get("serial"), filename=event.get("filename"))
    row["files"] = entry.get("files") or {}
    row["more"] = {name: entry[name] for name in entry if name not in (*_OF_ENTRY, "event")}
    return {name: row[name] for name in LEDGER}


_DTYPES = {"text": "object", "number": "float64", "count": "Int64", "truth": "boolean"}
#: Units by the ends of names, the longer ones first.
_ENDINGS = {"_in_s": "in/s", "_db_l": "dB(L)", "_db_a": "dB(A)", "_db_c": "dB(C)", "_psi": "psi", "_hz": "Hz", "_s": "s", "_g": "g"}


class Table:
    """Rows of an archive or of measurements: a sequence of dictionaries that converts to pandas, Arrow or, with
    ``polars.DataFrame(table)``, Polars. :meth:`Archive.query` and similar methods return one.

    Column names contain the units. A missing value is ``None`` in a row, NaN, NaT or NA in pandas, and null
    in Arrow. Unit-local times are naive, UTC times are aware. A table without rows has its columns, too.

    Attributes
    ----------
    total
        The number of matching rows; greater than ``len(table)`` if ``limit`` truncated the result.

    Examples
    --------
    >>> table = Table([{"month": "2026-06", "events": 2, "largest_ppv_in_s": None}], MONTHS)
    >>> table[0]["events"], table.to_pandas()["largest_ppv_in_s"].isna().all()
    (2, np.True_)
    """

    total: int

    def __init__(self, rows: list[dict[str, Any]], kinds: Kinds, total: int | None = None) -> None:
        self._kinds = kinds
        self._rows = [
            {name: _value(value, kinds.get(name)) for name, value in row.items()} for row in rows
        ]
        self.total = len(rows) if total is None else total

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        found = dict.fromkeys(self._kinds)
        for row in self._rows:
            found.update(dict.fromkeys(row))
        return tuple(found)

    @property
    def units(self) -> dict[str, str]:
        """The units of the numeric columns that have one, by column name."""
        ends = (
            (name, [unit for end, unit in _ENDINGS.items() if _plain(name).endswith(end)])
            for name in self.columns
        )
        return {
            name: units[0] for name, units in ends if units and self._kinds.get(name) == "number"
        }

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a ``pandas.DataFrame``, for events with their numbers as index.

        Returns
        -------
        pandas.DataFrame
            One row per row of the table; units are in ``attrs["units"]``. An unreadable time is NaT here and
            text in its row.

        Raises
        ------
        MissingLibraryError
            pandas is not installed.
        """
        pandas = need("pandas", "to_pandas", "pandas")
        columns: dict[str, Any] = {}
        for name in self.columns:
            values = [row.get(name) for row in self._rows]
            kind = self._kinds.get(name)
            if kind in ("unit-local", "utc"):
                kept = [value if isinstance(value, datetime) else None for value in values]
                zone = ", UTC" if kind == "utc" else ""
                columns[name] = pandas.Series(kept, dtype=f"datetime64[us{zone}]")
            elif kind in _DTYPES:
                columns[name] = pandas.Series(values, dtype=_DTYPES[kind])
            else:
                columns[name] = pandas.Series(values, dtype="object")
        frame = pandas.DataFrame(columns)
        frame.attrs["units"] = self.units
        return frame.set_index("id") if "id" in columns else frame

    def to_arrow(self) -> pyarrow.Table:
        """The table as a ``pyarrow.Table``.

        Returns
        -------
        pyarrow.Table
            One row per row of the table; documents are JSON, units are in the metadata of the fields. An
            unreadable time is null here and text in its row.

        Raises
        ------
        MissingLibraryError
            pyarrow is not installed.
        """
        arrow = need("pyarrow", "to_arrow", "arrow")
        types = {
            "text": arrow.string(),
            "number": arrow.float64(),
            "count": arrow.int64(),
            "truth": arrow.bool_(),
            "unit-local": arrow.timestamp("us"),
            "utc": arrow.timestamp("us", "UTC"),
            "document": arrow.string(),
        }
        arrays, fields = [], []
        for name in self.columns:
            kind = self._kinds.get(name, "document")
            values = [row.get(name) for row in self._rows]
            if kind == "document":
                values = [
                    None if value is None else _compact(value) for value in values
                ]
            elif kind in ("unit-local", "utc"):
                values = [value if isinstance(value, datetime) else None for value in values]
            unit = {"unit": self.units[name]} if name in self.units else None
            arrays.append(arrow.array(values, types[kind]))
            fields.append(arrow.field(name, types[kind], metadata=unit))
        return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: Polars, DuckDB and others accept a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: Union[int, slice]) -> Union[dict[str, Any], list[dict[str, Any]]]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self._rows == other._rows and self._kinds == other._kinds

    # Rows may be changed.
    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)

    def __repr__(self) -> str:
        of = f" of {self.total}" if self.total != len(self) else ""
        return f"<Table of {len(self)}{of} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        from . import _html

        return _html.table(self)


def _compact(document: Any) -> str:
    """A document as JSON, in the form that the index stores."""
    return json.dumps(document, default=str, ensure_ascii=False, separators=(",", ":"))


def _plain(name: str) -> str:
    """The name of a column without the suffix for its source."""
    return name.removesuffix("_stated").removesuffix("_computed")


def _value(value: Any, kind: str | None) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "document":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return moment(value, kind) if kind in ("unit-local", "utc") else value


def moment(text: str, kind: str) -> Any:
    """A time from its text; an unreadable one remains text."""
    try:
        found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        return text
    if kind == "unit-local":
        return text if found.tzinfo else found
    return found.astimezone(timezone.utc) if found.tzinfo else text
