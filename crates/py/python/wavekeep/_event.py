"""Events: waveforms around a trigger, and histograms."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import _wavekeep
from ._channel import Channel
from ._errors import BadArgument, NoSuchChannel
from ._recording import (
    Block,
    Channels,
    Frames,
    Recording,
    Time,
    channel_words,
    into,
    one_frame_range,
    target_of,
)
from ._report import Report
from ._words import strict

if TYPE_CHECKING:
    from ._archive import Archived


class Event(Recording):
    """A vibration event, decoded whole.

    >>> import wavekeep
    >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
    >>> rec.channels, len(rec), rec.rate_hz, rec.start
    (('Tran', 'Vert', 'Long', 'MicL'), 3328, 1024.0, datetime.datetime(2026, 6, 12, 14, 3, 20))
    >>> rec.data.shape, float(rec.t[0])
    ((4, 3328), -0.25)
    >>> rec.units["MicL"]
    'Pa'
    """

    def __init__(self, handle: _wavekeep.Event, path: str, recipe: tuple[Any, ...]) -> None:
        self._handle = handle
        self._recipe = recipe
        self._channels = handle.channels()
        self._made: dict[int, Channel] = {}
        self.path = path
        self.format = handle.format
        self.kind = "histogram" if handle.is_histogram else "waveform"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, self._recipe)

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(name for name, _, _ in self._channels)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Everything but the samples, in the words of ``wavekeep info --json``. Values that a file
        may not hold itself say who stated them: ``{"value": …, "basis": "report"}``."""
        facts: dict[str, Any] = json.loads(self._handle.facts())
        return facts

    @cached_property
    def report(self) -> Report:
        return Report.from_json(self.metadata["report"])

    @property
    def units(self) -> dict[str, str]:
        return {name: unit for name, unit, _ in self._channels}

    @property
    def gaps(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Where samples are missing: by channel, ``(start, stop)`` indices."""
        return {name: tuple(gaps) for name, _, gaps in self._channels}

    @cached_property
    def t(self) -> NDArray[np.float64]:
        t = self._handle.times()
        t.flags.writeable = False
        return t

    @property
    def serial(self) -> str | None:
        """Serial number of the instrument."""
        serial: str | None = _value(self.metadata["serial"])
        return serial

    @property
    def start(self) -> datetime | None:
        """The trigger (of a histogram: its start) by the instrument's own clock: no zone is known."""
        start = _value(self.metadata["start"])
        return None if start is None else datetime.fromisoformat(start)

    @property
    def rate_hz(self) -> float | None:
        """Samples a second; ``None`` for a histogram."""
        rate_hz: float | None = _value(self.metadata["time"].get("rate_hz"))
        return rate_hz

    @property
    def pretrigger_s(self) -> float | None:
        """Seconds before the trigger; ``None`` for a histogram."""
        pretrigger_s: float | None = _value(self.metadata["time"].get("pretrigger_s"))
        return pretrigger_s

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the facts that nobody stated."""
        return tuple(self.metadata["assumed"])

    @cached_property
    def measurements(self) -> dict[str, Any]:
        """PPV, ZC frequency, PVS and what goes with them, computed and as the report states them."""
        found: dict[str, Any] = json.loads(self._handle.measurements())
        return found

    def verdict(self, curve: str, *, distance_ft: float | None = None) -> dict[str, Any]:
        """What a limit curve says about the event: ``"osmre"``, ``"din-1"``, …"""
        found: dict[str, Any] = json.loads(self._handle.verdict(curve, distance_ft))
        return found

    def __len__(self) -> int:
        return len(self._handle)

    def __getitem__(self, channel: Any) -> Channel:
        """One channel, by name without regard to case or by place."""
        place = self._place(channel)
        if place not in self._made:
            name, unit, gaps = self._channels[place]
            handle = self._handle
            self._made[place] = Channel(
                name,
                unit,
                tuple(gaps),
                lambda unit: handle.physical(place, unit),
                lambda: np.asarray(handle.counts(place)),
            )
        return self._made[place]

    def _place(self, channel: Any) -> int:
        names = self.channels
        if isinstance(channel, str):
            for place, name in enumerate(names):
                if name.lower() == channel.lower():
                    return place
        elif isinstance(channel, (int, np.integer)) and -len(names) <= channel < len(names):
            return int(channel) % len(names)
        present = ", ".join(names)
        message = f"there is no channel {channel!r}; the channels are {present}"
        raise NoSuchChannel(message, path=self.path, expected=present, found=str(channel))

    def frequency_hz(self, channel: Any) -> tuple[NDArray[np.float64], list[str]]:
        """Frequencies of a histogram's intervals: numbers, NaN where there is none, and the words
        that the vendor prints (``"21 Hz"``, ``">100 Hz"``, ``"N/A"``)."""
        found = self._handle.frequencies(self._place(channel))
        if found is None:
            raise BadArgument("a waveform has no intervals", path=self.path)
        return found

    def select(self, channels: Channels = None, frames: Frames = None, time: Time = None) -> Event:
        """A part of the event, as an event: its facts and its report are those of the whole.

        ``time`` is in seconds from the trigger, the end is exclusive.
        """
        words = channel_words(channels) or []
        bounds = None if frames is None else one_frame_range(frames, len(self))
        start_s, end_s = _seconds(time)
        handle = self._handle.select(words, bounds, start_s, end_s)
        options, parts = self._recipe[1], self._recipe[2]
        recipe = (self._recipe[0], options, (*parts, (channels, bounds, (start_s, end_s))))
        return Event(handle, self.path, recipe)

    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        out: NDArray[Any] | None = None,
        raw: bool = False,
    ) -> NDArray[Any]:
        """A part of the samples, ``[channels, frames]``: physical, with NaN where one is missing.

        With ``raw`` the numbers of the format, as a masked array if any is missing. ``time`` is in
        seconds from the trigger. ``out`` is filled and returned when it is given.
        """
        whole = channels is None and frames is None and time is None
        part = self if whole else self.select(channels, frames, time)
        rows: list[NDArray[Any]]
        if raw:
            rows = [part[place].raw for place in range(len(part.channels))]
            if any(isinstance(row, np.ma.MaskedArray) for row in rows):
                return into(out, np.ma.stack([np.ma.asarray(row) for row in rows]))
        else:
            rows = [part[place].values for place in range(len(part.channels))]
        if not rows:
            return into(out, np.empty((0, len(part))))
        if out is not None and out.shape == (len(rows), len(part)) and out.dtype == rows[0].dtype:
            return np.stack(rows, out=out)
        return into(out, np.stack(rows))

    def blocks(
        self, frames: int = 65536, *, channels: Channels = None, raw: bool = False
    ) -> Iterator[Block]:
        data = self.read(channels, raw=raw)
        for first in range(0, len(self), max(int(frames), 1)):
            part = data[:, first : first + max(int(frames), 1)]
            yield Block(part, range(first, first + part.shape[1]))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        raw: bool = False,
        overwrite: bool = False,
    ) -> str:
        """Writes the event as another kind of file: complete, or not at all.

        The ending of the name says which kind, or ``to`` does: csv, json, gnz, hdf5, parquet,
        miniseed, npy, wav. Velocities are written in in/s and pressures in psi; with ``raw`` the
        numbers of the format.
        """
        self._handle.save(os.fspath(path), target_of(path, to), raw, overwrite)
        return os.fspath(path)

    @strict
    def picture(
        self,
        kind: Literal["traces", "histogram", "spectrum", "limits", "page"] | None = None,
        form: Literal["svg", "png", "pdf"] = "svg",
        *,
        dark: bool = False,
        metric: bool = False,
        curve: str = "osmre",
        distance_ft: float | None = None,
        letter: bool = False,
        width_px: int = 1600,
    ) -> bytes:
        """A picture: ``traces``, ``histogram``, ``spectrum``, ``limits`` (PPV against frequency) or
        the one-``page`` report; as ``svg``, ``png`` or ``pdf``.

        ``curve`` and ``distance_ft`` are those of :meth:`verdict`.
        """
        kind = kind or ("histogram" if self.kind == "histogram" else "traces")
        return self._handle.draw(
            kind,
            form,
            dark=dark,
            metric=metric,
            curve=curve,
            distance_ft=distance_ft,
            letter=letter,
            width_px=width_px,
        )

    def _repr_html_(self) -> str:
        from . import _html

        return _html.event(self)

    def __repr__(self) -> str:
        damaged = ", damaged" if self.report.damaged else ""
        names = " ".join(self.channels)
        what = "intervals" if self.kind == "histogram" else "samples"
        name = os.path.basename(self.path)
        return f"<Event {name}: {self.kind}, {len(self)} {what} of {names}{damaged}>"


def _value(fact: Any) -> Any:
    return None if fact is None else fact["value"]


def _seconds(time: Time) -> tuple[float | None, float | None]:
    if time is None:
        return None, None
    try:
        start, end = time
        return (
            None if start is None else float(start),
            None if end is None else float(end),
        )
    except (TypeError, ValueError) as error:
        raise BadArgument(f"time is (start, end) in seconds, found {time!r}") from error


def _again(source: str | Archived, options: dict[str, Any], parts: tuple[Any, ...]) -> Event:
    """An event from its pickle: the file is opened again, or got from its archive again."""
    from . import open as open_again

    event = open_again(source, **options) if isinstance(source, str) else source.open()
    assert isinstance(event, Event)
    for channels, bounds, time in parts:
        event = event.select(channels, bounds, None if time == (None, None) else time)
    return event
