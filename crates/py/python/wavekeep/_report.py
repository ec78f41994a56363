"""Damage that was survived, and what was assumed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """One thing that a reader of the recording ought to know."""

    #: ``"assumption"``, ``"disagreement"``, ``"contradiction"`` or ``"damage"``.
    kind: str
    #: A short stable word for programs, such as ``"segment_lost"``.
    code: str
    #: A sentence for people.
    message: str
    #: The channel, when it concerns one.
    channel: str | None = None
    #: Samples that it concerns, ``(start, stop)``.
    samples: tuple[int, int] | None = None
    #: Byte offset in the source file.
    offset: int | None = None

    def __str__(self) -> str:
        place = "" if self.offset is None else f" (byte {self.offset})"
        return f"{self.kind}: {self.message}{place}"


@dataclass(frozen=True)
class Report:
    """Notes on one recording, in the order in which they were made."""

    #: Whether data is damaged or missing.
    damaged: bool = False
    #: The notes.
    notes: tuple[Note, ...] = ()
    #: How many further notes were only counted.
    not_kept: int = field(default=0)
    #: Whether the vendor's report and the samples contradict each other.
    contradicted: bool = False

    @classmethod
    def from_json(cls, text: str | dict[str, Any]) -> Report:
        """The report that Rust hands over."""
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
        """The notes on what report and samples state differently."""
        return tuple(note for note in self.notes if note.kind == "contradiction")

    @property
    def assumptions(self) -> tuple[Note, ...]:
        """The notes on what nobody stated."""
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
    """Data is damaged or missing, or the vendor's report contradicts it. ``report`` says what and
    where."""

    #: What is damaged, and where.
    report: Report

    def __init__(self, message: str = "", report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report if report is not None else Report()


def warn_of_damage(report: Report, path: str, stacklevel: int) -> None:
    """A warning, if the report speaks of damage."""
    if not (report.damaged or report.contradicted):
        return
    found = report.damage + report.contradictions
    first = found[0].message if found else "data is damaged"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    warnings.warn(DamageWarning(f"{path}: {first}{more}", report), stacklevel=stacklevel)
