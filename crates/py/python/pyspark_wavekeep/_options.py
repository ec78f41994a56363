"""Options of Spark, which are texts, as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import wavekeep.scan
from wavekeep import BadArgumentError, NoSuchArgumentError
from wavekeep._words import instead, one_of
from wavekeep.scan._growing import GrowingRun
from wavekeep.scan._open import RUN_TABLES

_OF_SCANS = ("path", "table", "channels", "raw", "blockframes")
#: Options that choose events, by the words of `Archive.query`.
_OF_EVENTS = {
    "serial": "serial",
    "project": "project",
    "kind": "kind",
    "from": "from_",
    "to": "to",
    "min_ppv_in_s": "min_ppv_in_s",
    "false_trigger": "false_trigger",
    "reviewed": "reviewed",
    "text": "text",
}
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class Options:
    """What a table is made of."""

    path: str
    table: str | None
    channels: list[str] | None
    raw: bool
    blockframes: int | None
    events: dict[str, Any]

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Options:
        """From the options of a reader.

        Raises
        ------
        BadArgumentError
            There is no path, an option that is not known, or a value that is none.
        """
        given = {name.lower(): value for name, value in options.items()}
        known = (*_OF_SCANS, *_OF_EVENTS)
        for name in given:
            if name not in known:
                message = (
                    f"wavekeep has no option {name!r}: it has {', '.join(known)}{instead(name, known)}"
                )
                raise NoSuchArgumentError(message, found=name, expected=", ".join(known))
        if not given.get("path"):
            raise BadArgumentError(
                "wavekeep needs a path: the file of a run, or the folder or address of an archive, as in "
                'spark.read.format("wavekeep").load("run.dat")'
            )
        channels = given.get("channels")
        return cls(
            path=given["path"],
            table=given.get("table"),
            channels=None if channels is None else [one.strip() for one in channels.split(",")],
            raw=_truth("raw", given.get("raw", "false")),
            blockframes=_count("blockframes", given["blockframes"]) if "blockframes" in given else None,
            events={
                word: _choice(name, given[name]) for name, word in _OF_EVENTS.items() if name in given
            },
        )

    def scan(self) -> wavekeep.scan.Scan:
        """The table."""
        return wavekeep.scan.open(
            self.path,
            self.table,
            channels=self.channels,
            raw=self.raw,
            blockframes=self.blockframes,
            events=self.events or None,
        )

    def growing_run(self) -> GrowingRun:
        """The run that is followed."""
        table = one_of("table", self.table or RUN_TABLES[0], RUN_TABLES)
        if self.events:
            raise BadArgumentError(f"{', '.join(self.events)} mean nothing for a run: leave them out")
        return GrowingRun(self.path, table, self.channels, self.raw, self.blockframes)


def _choice(name: str, value: str) -> Any:
    if name in ("false_trigger", "reviewed"):
        return _truth(name, value)
    if name != "min_ppv_in_s":
        return value
    try:
        return float(value)
    except ValueError:
        raise BadArgumentError(f"{name} is a number, found {value!r}", found=value) from None


def _truth(name: str, value: str) -> bool:
    if value.lower() not in _TRUTH:
        raise BadArgumentError(
            f"{name} is true or false, found {value!r}", found=value, expected="true, false"
        )
    return _TRUTH[value.lower()]


def _count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise BadArgumentError(f"{name} is a whole number from 1, found {value!r}", found=value)
    return int(value)
