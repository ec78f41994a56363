"""Damage, contradictions and assumptions."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """One fact that a user of the recording needs to know.

    Attributes
    ----------
    kind
        ``"assumption"``, ``"disagreement"``, ``"contradiction"`` or ``"damage"``.
    code
        A short, stable identifier for programs, such as ``"segment_lost"``.
    message
        A sentence for people.
    channel
        The name of the channel, or ``None`` if the note is not about one channel.
    samples
        The samples, ``(start, stop)``, or ``None``.
    offset
        The byte offset in the source file, or ``None``.
    """

    kind: str
    code: str
    message: str
    channel: str | None = None
    samples: tuple[int, int] | None = None
    offset: int | None = None

    def __str__(self) -> str:
        place = "" if self.offset is None else f" (byte {self.offset})"
        return f"{self.kind}: {self.message}{place}"


@dataclass(frozen=True)
class Report:
    """The notes on one recording, in the order in which they were made. It is a sequence of :class:`Note`.

    Attributes
    ----------
    damaged
        Whether data is damaged or missing.
    notes
        The notes.
    not_kept
        The number of further notes, which were only counted.
    contradicted
        Whether the vendor's report and the samples contradict each other.
    """

    damaged: bool = False
    notes: tuple[Note, ...] = ()
    not_kept: int = field(default=0)
    contradicted: bool = False

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Report:
        """A report from the JSON document of a recording.

        Parameters
        ----------
        text
            The ``report`` of ``wavekeep info --json``, as text or parsed.

        Returns
        -------
        Report
            The report.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open_event("samples/M529LMOK.DK0W")
        >>> wavekeep.Report.from_json(rec.metadata["report"]) == rec.report
        True
        """
        raw: dict[str, Any] = json.loads(text) if isinstance(text, str) else text
        notes = []
        for note in raw["notes"]:
            samples = note.get("samples")
            notes.append(
                Note(
                    kind=note["kind"],
                    code=note["code"],
                    message=note["message"],
                    channel=note.get("channel"),
                    samples=(samples["start"], samples["end"]) if samples else None,
                    offset=note.get("offset"),
                )
            )
        contradicted = bool(raw.get("contradicted", False))
        return cls(raw["damaged"], tuple(notes), raw["not_kept"], contradicted)

    @property
    def damage(self) -> tuple[Note, ...]:
        """The notes on damage."""
        return tuple(note for note in self.notes if note.kind == "damage")

    @property
    def contradictions(self) -> tuple[Note, ...]:
        """The notes on facts that the vendor's report and the samples state differently."""
        return tuple(note for note in self.notes if note.kind == "contradiction")

    @property
    def assumptions(self) -> tuple[Note, ...]:
        """The notes on values that no source states."""
        return tuple(note for note in self.notes if note.kind == "assumption")

    def __iter__(self) -> Iterator[Note]:
        return iter(self.notes)

    def __len__(self) -> int:
        return len(self.notes)

    def __bool__(self) -> bool:
        return bool(self.notes or self.not_kept)

    def __str__(self) -> str:
        lines = [str(note) for note in self.notes]
        if self.not_kept:
            lines.append(f"and {self.not_kept} more notes")
        return "\n".join(lines) or "nothing to report"


class DamageWarning(UserWarning):
    """Data is damaged or missing, or the vendor's report contradicts it.

    Attributes
    ----------
    report
        The :class:`Report` with the damage and its places.
    """

    report: Report

    def __init__(self, message: str = "", report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report if report is not None else Report()


def warn_of_damage(report: Report, path: str, stacklevel: int) -> None:
    """Warns with a :class:`DamageWarning` if the report states damage or a contradiction.

    Parameters
    ----------
    report
        The report of the recording.
    path
        The path for the message.
    stacklevel
        As for ``warnings.warn``.
    """
    if not (report.damaged or report.contradicted):
        return
    found = report.damage + report.contradictions
    first = found[0].message if found else "data is damaged"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    warnings.warn(DamageWarning(f"{path}: {first}{more}", report), stacklevel=stacklevel)
