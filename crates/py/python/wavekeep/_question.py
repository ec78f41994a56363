"""Queries of an archive: conditions and order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypedDict, Union

from ._errors import BadArgumentError
from ._words import one_of, strict

#: A moment or a day by the units' own clocks.
Moment = Union[datetime, date, str, None]


class Question(TypedDict, total=False):
    """The arguments of :meth:`Archive.query`."""

    serial: str | None
    project: str | None
    location: str | None
    kind: str | None
    from_: Moment
    to: Moment
    min_ppv_in_s: float | None
    max_ppv_in_s: float | None
    false_trigger: bool | None
    reviewed: bool | None
    verdict: str | None
    air_verdict: str | None
    damaged: bool | None
    saturated: bool | None
    has_report: bool | None
    without: str | None
    imported_since: str | None
    text: str | None
    changed_since: int | None
    sort: str
    after_id: int | None
    limit: int | None
    offset: int


#: Kinds of events of an archive, and what they are sorted by.
_EVENT_KINDS = ("waveform", "histogram", "stream", "unknown")
_SORTS = ("timestamp", "ppv", "margin", "id", "changed")


@strict
def question(
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
) -> dict[str, Any]:
    """What :meth:`Archive.query` asks, as the index and a server take it."""
    if kind is not None:
        one_of("kind", kind, _EVENT_KINDS)
    one_of("sort", sort, [sign + word for word in _SORTS for sign in ("", "-")])
    return {
        "serial": serial,
        "project": project,
        "location": location,
        "kind": kind,
        "from": _moment(from_, "00:00:00"),
        "to": _moment(to, "23:59:59"),
        "min_ppv_in_s": min_ppv_in_s,
        "max_ppv_in_s": max_ppv_in_s,
        "false_trigger": false_trigger,
        "reviewed": reviewed,
        "verdict": verdict,
        "air_verdict": air_verdict,
        "damaged": damaged,
        "saturated": saturated,
        "has_report": has_report,
        "without": without,
        "imported_since": imported_since,
        "text": text,
        "changed_since": None if changed_since is None else count_of(changed_since, "changed_since"),
        "sort": sort,
        "after_id": None if after_id is None else number_of(after_id),
        "limit": None if limit is None else count_of(limit, "limit"),
        "offset": count_of(offset, "offset"),
    }


def number_of(id: Any) -> int:
    """The number of an event."""
    try:
        number = id.__index__()
    except AttributeError:
        raise BadArgumentError(f"an event is named by its number, found {id!r}") from None
    if isinstance(id, bool) or not -(2**63) <= number < 2**63:
        raise BadArgumentError(f"an event is named by its number, found {id!r}")
    return int(number)


def count_of(number: Any, name: str) -> int:
    """A number from 0 of the argument ``name``."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise BadArgumentError(f"{name} is a number from 0, found {number!r}")
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
            raise BadArgumentError(message) from None
    if isinstance(moment, datetime):
        if moment.tzinfo is not None:
            raise BadArgumentError(
                f"units know no time zone: give their own clock's time, without {moment.tzinfo}"
            )
        return moment.isoformat()
    if isinstance(moment, date):
        return f"{moment.isoformat()}T{time}"
    raise BadArgumentError(f"a day or a moment was expected, found {given!r}")
