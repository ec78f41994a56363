"""Events: waveforms around a trigger, and histograms."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from . import _wavekeep
from ._channel import Channel
from ._errors import BadArgumentError, NoSuchChannelError
from ._measurements import Measurements, Verdict
from ._moments import seconds_of
from ._peaks import peaks_of
from ._picture import Picture
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
from ._spectrum import WINDOWS, Spectrum, spectrum_of, third_octaves_of
from ._table import Table
from ._units import RAW, Units, chosen, of_quantity
from ._words import instead, one_of, strict

if TYPE_CHECKING:
    import obspy

    from ._archive import Archived

_KINDS = ("traces", "histogram", "spectrum", "third_octaves", "limits", "page")
_QUANTITIES = ("acceleration", "displacement", "vector_sum")


class Event(Recording):
    """A decoded vibration event: a mapping of names to :class:`Channel`. :func:`wavekeep.open_event` opens one.

    ``len`` is the number of channels; :attr:`shape` also has the number of samples (or intervals).
    Velocities are in the unit of the file, pressures in Pa, unless :meth:`to` or ``units=`` selects other
    units.

    Examples
    --------
    >>> import wavekeep
    >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
    >>> rec.channels, len(rec), rec.rate_hz, rec.start
    (('Tran', 'Vert', 'Long', 'MicL'), 4, 1024.0, datetime.datetime(2026, 6, 12, 14, 3, 20))
    >>> rec.data.shape, float(rec.t[0])
    ((4, 3328), -0.25)
    >>> rec.units["MicL"], "Vert" in rec
    ('Pa', True)
    """

    def __init__(
        self,
        handle: _wavekeep.Event,
        path: str,
        recipe: tuple[Any, ...],
        units: Units = None,
    ) -> None:
        self._handle = handle
        self._recipe = recipe
        self._channels = handle.channels()
        self._asked = units
        self._units = chosen(units, {name: unit for name, unit, _ in self._channels})
        self._is_raw = units == RAW
        self._values: dict[int, NDArray[Any]] = {}
        self._length = len(handle)
        self.path = path
        self.format = handle.format
        self.kind = "histogram" if handle.is_histogram else "waveform"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (*self._recipe, self._asked))

    @property
    def shape(self) -> tuple[int, int]:
        """``(channels, samples)``; for a histogram ``(channels, intervals)``."""
        return len(self._channels), self._length

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, in the order of the file."""
        return tuple(name for name, _, _ in self._channels)

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Everything except the samples, with the keys of ``wavekeep info --json``. Values that a file
        may not contain have their source: ``{"value": …, "basis": "report"}``."""
        facts: dict[str, Any] = json.loads(self._handle.facts())
        return facts

    @cached_property
    def report(self) -> Report:
        """Damage, disagreements, contradictions and assumptions."""
        return Report.from_json(self.metadata["report"])

    @property
    def units(self) -> dict[str, str]:
        """The unit of each channel's values."""
        return {name: "count" if unit == RAW else unit for name, unit in self._units.items()}

    @strict
    def to(self, units: Units) -> Event:
        """The same event in other units, for everything that it returns and writes.

        Parameters
        ----------
        units
            ``"mm/s"``, ``"dB(L)"``, a list of units, a dictionary by channel, or ``"SI"``. Channels of
            other quantities are unchanged.

        Returns
        -------
        Event
            A new event over the same samples; this one is unchanged.

        Raises
        ------
        BadArgumentError
            The unit is unknown, or no channel has that quantity.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W").to(["mm/s", "dB(L)"])
        >>> rec.units["Vert"], rec.units["MicL"], float(rec["Vert"].max().round(2))
        ('mm/s', 'dB(L)', 10.41)
        """
        if units == RAW:
            raise BadArgumentError("units='raw' is of read, the adapters and save; rec[name].raw is one channel")
        return self._in(units)

    def _in(self, units: Units) -> Event:
        return Event(self._handle, self.path, self._recipe, units)

    @property
    def _sensors(self) -> dict[str, str]:
        return {one["name"]: one["sensor"] for one in self.metadata["channels"]}

    @property
    def gaps(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Where samples are missing: by channel, ``(start, stop)`` indices."""
        return {name: tuple(gaps) for name, _, gaps in self._channels}

    @cached_property
    def t(self) -> NDArray[np.float64]:
        """``float64[samples]``, read-only: seconds from the trigger; for a histogram, seconds from its start.

        NaN where no source states them.
        """
        t = self._handle.times()
        t.flags.writeable = False
        return t

    @property
    def serial(self) -> str | None:
        """The serial number of the unit; ``None`` if no source states it."""
        serial: str | None = _value(self.metadata["serial"])
        return serial

    @property
    def start(self) -> datetime | None:
        """The time of the trigger (for a histogram: its start), unit-local without a time zone."""
        start = _value(self.metadata["start"])
        return None if start is None else datetime.fromisoformat(start)

    @property
    def _zero(self) -> datetime | None:
        """The moment from which :attr:`t` counts: of a part of a histogram, its own start."""
        if self.kind == "waveform":
            return self.start
        start = _value(self.metadata["time"].get("start"))
        return None if start is None else datetime.fromisoformat(start)

    @property
    def rate_hz(self) -> float | None:
        """Samples per second; ``None`` for a histogram."""
        rate_hz: float | None = _value(self.metadata["time"].get("rate_hz"))
        return rate_hz

    @property
    def pretrigger_s(self) -> float | None:
        """Seconds before the trigger; ``None`` for a histogram."""
        pretrigger_s: float | None = _value(self.metadata["time"].get("pretrigger_s"))
        return pretrigger_s

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the assumed facts, which no source states."""
        return tuple(self.metadata["assumed"])

    @cached_property
    def measurements(self) -> Measurements:
        """PPV, ZC frequency, PVS and related quantities: computed, and as the report states them.

        For a part in time everything is computed from its own samples, because the report describes the
        whole event.
        """
        found: Measurements = json.loads(self._handle.measurements())
        return found

    @property
    def peaks(self) -> Table:
        """The measurements of each channel, as a table with one row per channel.

        ``peak`` and its ``unit`` (PPV; for a microphone dB(L)), ``zc_frequency_hz``, ``time_s`` from the
        trigger (for a histogram ``at``), ``acceleration_g``, and ``displacement`` with its unit. Each has a
        column with the value to show, one with the suffix ``_stated`` (by the report) and one with
        ``_computed`` (from the samples).

        Examples
        --------
        >>> import wavekeep
        >>> peaks = wavekeep.open("samples/M529LMOK.DK0W").peaks
        >>> [(row["channel"], row["peak"], row["unit"], row["zc_frequency_hz"]) for row in peaks[1:]]
        [('Vert', 0.41, 'in/s', 28.0), ('Long', 0.29, 'in/s', 24.0), ('MicL', 127.14, 'dB(L)', 13.0)]
        """
        return peaks_of(self.measurements)

    @strict
    def verdict(self, curve: str, *, distance_ft: float | None = None) -> Verdict:
        """The verdict of a limit curve on the event.

        Parameters
        ----------
        curve
            ``"osmre"``, ``"din-1"``, … ; docs/curves.md lists them.
        distance_ft
            The distance to the blast in feet, which some curves need.

        Returns
        -------
        Verdict
            ``outcome`` and ``reason``; ``origin`` is ``"stated"`` (by the report) or ``"computed"``. For a
            part in time the value is computed from its samples.

        Raises
        ------
        BadArgumentError
            The curve is unknown.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> rec.verdict("osmre")["origin"], rec.select(time=(1, 2)).verdict("osmre")["origin"]
        ('stated', 'computed')
        """
        word = one_of("curve", curve, _wavekeep.curves())
        found: Verdict = json.loads(self._handle.verdict(word, distance_ft))
        return found

    @strict
    def motion(self, quantity: Literal["acceleration", "displacement", "vector_sum"]) -> Event:
        """The traces of a quantity that is computed from the geophones.

        The result is an event like any other: its channels are arrays, it has its times, and it is plotted,
        converted and saved. It has no microphone, and no values of the report. Missing samples stay missing.

        Parameters
        ----------
        quantity
            ``"acceleration"``: the difference quotient of neighbouring samples in g, in the middle between
            them, so that there is one value less than samples. Its largest absolute value is the peak
            acceleration. ``"displacement"``: the integral over each run without a gap, in inches for in/s,
            else in millimetres; the mean velocity of the run is taken off before, the mean of the result
            after it, and no filter is applied. ``"vector_sum"``: the root of the sum of the squares of the
            three geophones; its largest value is the PVS.

        Returns
        -------
        Event
            A new event; this one is unchanged. Where a sample of a geophone is saturated, the largest value
            of its trace is flagged in :attr:`measurements`.

        Raises
        ------
        BadArgumentError
            The quantity is unknown.
        UnsupportedError
            The event is a histogram, or has no geophone, or for a vector sum not three of them.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> acceleration = rec.motion("acceleration")
        >>> acceleration.shape, acceleration.units["Vert"], float(abs(acceleration["Vert"]).max().round(3))
        ((3, 3327), 'g', 0.186)
        >>> rec.motion("vector_sum").channels, rec.motion("displacement").units["Tran"]
        (('Vector sum',), 'in')
        """
        word = one_of("quantity", quantity, _QUANTITIES)
        source, options, parts = self._recipe
        return Event(self._handle.motion(word), self.path, (source, options, (*parts, (word,))))

    @strict
    def spectrum(self, channel: Any, window: Literal["none", "hann", "flat_top"] = "none") -> Spectrum:
        """The amplitude spectrum of a channel, from its longest run without a gap.

        Parameters
        ----------
        channel
            A name, without regard to case, or an index.
        window
            ``"none"``; ``"hann"``, which separates close frequencies; ``"flat_top"``, which keeps the
            amplitude of a sine between two lines. Amplitudes are divided by the coherent gain of the window.

        Returns
        -------
        Spectrum
            Frequencies and amplitudes, in the unit of the channel in the file.

        Raises
        ------
        NoSuchChannelError
            The event has no such channel.
        UnsupportedError
            The event is a histogram, or fewer than 16 samples in a row are present.

        Examples
        --------
        >>> import wavekeep
        >>> found = wavekeep.open("samples/M529LMOK.DK0W").spectrum("Vert", window="hann")
        >>> found.unit, len(found.hz) == len(found.amplitude), float(found.hz[-1])
        ('in/s', True, 512.0)
        """
        word = one_of("window", window, WINDOWS)
        return spectrum_of(json.loads(self._handle.spectrum(self._place(channel), word)))

    @strict
    def third_octaves(self, channel: Any) -> Table:
        """The one-third-octave bands of a channel, from its longest run without a gap.

        Bands by IEC 61260-1 (base 10), summed from the lines of a Fourier transform without a window; a line
        that lies across an edge is divided. These are no levels of a class 1 filter bank.

        Parameters
        ----------
        channel
            A name, without regard to case, or an index.

        Returns
        -------
        Table
            A row for each band: ``nominal_hz``, ``mid_hz``, ``from_hz``, ``to_hz``, ``rms`` with its
            ``unit``, of a microphone ``level_db`` re 20 µPa; ``flag`` if a sample is saturated or
            impossible, ``restriction`` if samples are missing.

        Raises
        ------
        NoSuchChannelError
            The event has no such channel.
        UnsupportedError
            The event is a histogram, or fewer than 16 samples in a row are present.

        Examples
        --------
        >>> import wavekeep
        >>> bands = wavekeep.open("samples/M529LMOK.DK0W").third_octaves("Vert")
        >>> [band["nominal_hz"] for band in bands[:4]], bands[0]["unit"]
        ([1.6, 2.0, 2.5, 3.15], 'in/s')
        """
        return third_octaves_of(json.loads(self._handle.third_octaves(self._place(channel))))

    def __getitem__(self, channel: Any) -> Channel:
        """One channel, by name without regard to case or by place."""
        place = self._place(channel)
        name, usual, gaps = self._channels[place]
        unit = usual if self._is_raw else self._units[name]
        return Channel(
            name,
            unit,
            tuple(gaps),
            lambda other: self._physical(place, other, unit),
            lambda: np.asarray(self._handle.counts(place)),
            (self, place),
        )

    def _physical(self, place: int, unit: str, own: str) -> NDArray[Any]:
        """Values in a unit; those in the unit of the event are made once."""
        if unit != own:
            return self._handle.physical(place, unit)
        if place not in self._values:
            self._values[place] = self._handle.physical(place, unit)
        return self._values[place]

    def _place(self, channel: Any) -> int:
        names = self.channels
        if isinstance(channel, str):
            for place, name in enumerate(names):
                if name.lower() == channel.lower():
                    return place
        elif isinstance(channel, (bool, np.bool_)):
            pass
        elif isinstance(channel, (int, np.integer)) and -len(names) <= channel < len(names):
            return int(channel) % len(names)
        present = ", ".join(names)
        near = instead(channel, names) if isinstance(channel, str) else ""
        message = f"there is no channel {channel!r}; the channels are {present}{near}"
        raise NoSuchChannelError(message, path=self.path, expected=present, found=str(channel))

    def frequency_hz(self, channel: Any) -> tuple[NDArray[np.float64], list[str]]:
        """The frequencies of a histogram's intervals.

        Parameters
        ----------
        channel
            A name, without regard to case, or an index.

        Returns
        -------
        tuple
            ``float64[intervals]`` in Hz, NaN where there is none, and a list of the texts that the vendor
            prints: ``"21 Hz"``, ``">100 Hz"``, ``"N/A"``.

        Raises
        ------
        NoSuchChannelError
            The event has no such channel.
        BadArgumentError
            The event is a waveform, which has no intervals.

        Examples
        --------
        >>> import wavekeep
        >>> numbers, words = wavekeep.open("samples/M529LMP3.O00H").frequency_hz("Tran")
        >>> words[:2], float(numbers[0])
        (['21 Hz', 'N/A'], 21.0)
        """
        found = self._handle.frequencies(self._place(channel))
        if found is None:
            raise BadArgumentError("a waveform has no intervals", path=self.path)
        return found[0], found[1]

    def _frequencies(self, place: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        found = self._handle.frequencies(place)
        assert found is not None
        return found[0], found[2]

    @strict
    def select(self, channels: Channels = None, frames: Frames = None, time: Time = None) -> Event:
        """A part of the event, as an event: its facts and notes are those of the whole, and a part in time
        is measured from its own samples.

        Parameters
        ----------
        channels
            Names or indices; an empty list selects none.
        frames
            Samples or intervals: ``slice(0, 100)``, ``range(100)`` or ``(0, 100)``.
        time
            ``(start, end)``, the end exclusive, either of them ``None``: seconds from the trigger,
            timedeltas, or unit-local times (``datetime``, ``datetime64``, pandas' ``Timestamp``, ObsPy's
            ``UTCDateTime``).

        Returns
        -------
        Event
            The part; its samples are not copied.

        Raises
        ------
        NoSuchChannelError
            The event has no such channel.
        BadArgumentError
            An invalid time: NaN, NaT, or an unknown type.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> rec.select(["Vert"], time=(0, 0.5)).shape, rec.select([]).shape
        ((1, 512), (0, 3328))
        """
        words = channel_words(channels)
        bounds = None if frames is None else one_frame_range(frames, self._length)
        start_s, end_s = (None, None) if time is None else seconds_of(time, self._zero)
        handle = self._handle.select(words, bounds, start_s, end_s)
        options, parts = self._recipe[1], self._recipe[2]
        recipe = (self._recipe[0], options, (*parts, (words, bounds, (start_s, end_s))))
        if self._is_raw:
            return Event(handle, self.path, recipe, RAW)
        if self._asked is None:
            return Event(handle, self.path, recipe)
        kept = {name for name, _, _ in handle.channels()}
        units = {name: unit for name, unit in self._units.items() if name in kept}
        return Event(handle, self.path, recipe, units)

    @strict
    def read(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        units: Units = None,
        out: NDArray[Any] | None = None,
        raw: bool = False,
    ) -> NDArray[Any]:
        """A part of the samples.

        Parameters
        ----------
        channels, frames, time
            As for :meth:`select`.
        units
            ``"mm/s"``, ``("mm/s", "dB(L)")``, ``{"Vert": "mm/s"}``, ``"SI"``; ``"raw"`` returns the
            integers of the format, as ``raw=True`` does.
        out
            An array of the result's shape, which is filled and returned.
        raw
            The integers of the format instead of physical values.

        Returns
        -------
        numpy.ndarray
            ``float64[channels, samples]`` with NaN for missing samples. Raw values have the type of the
            format, and are a masked array if any is missing.

        Raises
        ------
        NoSuchChannelError
            The event has no such channel.
        BadArgumentError
            A unit is unknown or does not fit, ``out`` has another shape, or a time is invalid.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> rec.read("Vert", time=(0, 1), units="mm/s").max().round(2)
        np.float64(10.41)
        """
        if raw and units not in (None, RAW):
            raise BadArgumentError(f"raw numbers are in no unit, found units={units!r}", path=self.path)
        whole = channels is None and frames is None and time is None
        part = self if whole else self.select(channels, frames, time)
        if units is not None:
            part = part._in(units)
        rows: list[NDArray[Any]]
        if raw or part._is_raw:
            rows = [part[place].raw for place in range(len(part.channels))]
            if any(isinstance(row, np.ma.MaskedArray) for row in rows):
                return into(out, np.ma.stack([np.ma.asarray(row) for row in rows]))
        else:
            rows = [part[place].values for place in range(len(part.channels))]
        if not rows:
            return into(out, np.empty((0, part._length)))
        if out is not None and out.shape == part.shape and out.dtype == rows[0].dtype:
            return np.stack(rows, out=out)
        return into(out, np.stack(rows))

    @strict
    def blocks(
        self,
        frames: int = 65536,
        *,
        channels: Channels = None,
        units: Units = None,
        raw: bool = False,
    ) -> Iterator[Block]:
        """The samples in blocks.

        Parameters
        ----------
        frames
            Maximum number of samples or intervals in a block; values below 1 mean 1.
        channels, units, raw
            As for :meth:`read`.

        Yields
        ------
        Block
            ``data``, ``[channels, frames]``, and ``frames``, the indices of its samples.

        Examples
        --------
        >>> import wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> [block.data.shape for block in rec.blocks(2000, channels=["Vert"], units="mm/s")]
        [(1, 2000), (1, 1328)]
        """
        data = self.read(channels, units=units, raw=raw)
        return _blocks(data, max(int(frames), 1))

    @strict
    def save(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        units: Units = None,
        raw: bool = False,
        compress: bool = True,
        checksums: bool = True,
        overwrite: bool = False,
    ) -> str:
        """Saves the event in another format; the file is written completely or not at all.

        Parameters
        ----------
        path
            The extension selects the format, unless ``to`` is given: ``.csv``, ``.json``, ``.gnz``, ``.h5``,
            ``.zarr`` (a folder), ``.parquet``, ``.arrow`` or ``.feather``, ``.mseed``, ``.npy``,
            ``.npz``, ``.safetensors``, ``.wav``.
        to
            csv, json, gnz, hdf5, zarr, parquet, arrow, miniseed (version 2), miniseed3, npy, npz,
            safetensors or wav.
        units
            As for :meth:`read`, by default :attr:`units`. A file has one unit for all velocities and one for
            all pressures.
        raw
            The integers of the format, as ``units="raw"``.
        compress
            Whether HDF5 and Zarr are compressed.
        checksums
            Whether a GNZ has a checksum for each array.
        overwrite
            Whether an existing file is replaced.

        Returns
        -------
        str
            The path.

        Raises
        ------
        FileTakenError
            The file exists. This is a ``FileExistsError``.
        UnsupportedError
            The format cannot hold this event.

        Examples
        --------
        >>> import os, tempfile, wavekeep
        >>> rec = wavekeep.open("samples/M529LMOK.DK0W")
        >>> path = rec.save(os.path.join(tempfile.mkdtemp(), "event.gnz"), units="mm/s")
        >>> wavekeep.open(path).units["Vert"]
        'mm/s'
        """
        if raw and units not in (None, RAW):
            raise BadArgumentError(f"raw numbers are in no unit, found units={units!r}", path=self.path)
        asked = self if units is None else self._in(units)
        units_of = [] if asked._is_raw else list(asked._units.values())
        options: dict[str, Any] = {
            "raw": bool(raw) or asked._is_raw,
            "velocity": of_quantity(units_of, "velocity"),
            "pressure": of_quantity(units_of, "pressure"),
            "compress": bool(compress),
            "checksums": bool(checksums),
            "overwrite": bool(overwrite),
        }
        self._handle.save(os.fspath(path), target_of(path, to), options)
        return os.fspath(path)

    @strict
    def to_obspy(
        self,
        channels: Channels = None,
        frames: Frames = None,
        time: Time = None,
        *,
        units: Units = None,
        raw: bool = False,
        drop_errored: bool = False,
        dtype: DTypeLike | None = None,
    ) -> obspy.Stream:
        """An ``obspy.Stream`` with FDSN codes, with one trace per stretch without a gap.

        Parameters
        ----------
        channels, frames, time, units, raw
            As for :meth:`read`.
        drop_errored
            Must be ``False``: it is for streams.
        dtype
            The type of the samples that an ObsPy writer needs: ``"f4"`` for SAC and SEG-Y.

        Returns
        -------
        obspy.Stream
            One or more traces per channel; ``trace.stats.wavekeep["unit"]`` is the unit.

        Raises
        ------
        MissingLibraryError
            ObsPy is not installed.
        UnsupportedError
            The event cannot be represented as traces.
        """
        from . import _to_obspy

        if drop_errored:
            raise BadArgumentError("frames of an event carry no marks: leave drop_errored out")
        whole = channels is None and frames is None and time is None
        part = self if whole else self.select(channels, frames, time)
        if units is not None and units != RAW:
            part = part._in(units)
        return _to_obspy.to_obspy(part, raw=raw or units == RAW, dtype=dtype)

    @strict
    def picture(
        self,
        kind: Literal["traces", "histogram", "spectrum", "third_octaves", "limits", "page"] | None = None,
        form: Literal["svg", "png", "pdf"] = "svg",
        *,
        curve: str = "osmre",
        distance_ft: float | None = None,
        metric: bool = False,
        dark: bool = False,
        letter: bool = False,
        language: Literal["en", "de", "fr", "es", "pt"] = "en",
        width_px: int = 1600,
    ) -> Picture:
        """A picture, which a notebook displays.

        Parameters
        ----------
        kind
            ``"traces"``, ``"histogram"``, ``"spectrum"``, ``"third_octaves"``, ``"limits"`` (PPV against
            frequency) or ``"page"`` (the one-page report); by default the one that fits the event.
        form
            ``"svg"``, ``"png"`` or ``"pdf"``.
        curve, distance_ft
            The limit curve, as for :meth:`verdict`.
        metric
            mm/s instead of in/s.
        dark
            Light lines on a dark background.
        letter
            US Letter instead of A4.
        language
            Language of ``"page"``; texts of the instrument and names of curves stay as they are.
        width_px
            The width of a PNG in pixels.

        Returns
        -------
        Picture
            The bytes of the picture.

        Raises
        ------
        BadArgumentError
            An unknown kind, form or curve.
        UnsupportedError
            The event cannot be drawn in this way.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.open("samples/M529LMOK.DK0W").picture("limits", curve="osmre").form
        'svg'
        """
        kind = kind or ("histogram" if self.kind == "histogram" else "traces")
        data = self._handle.draw(
            one_of("kind", kind, _KINDS),
            one_of("form", form, ("svg", "png", "pdf")),
            curve=one_of("curve", curve, _wavekeep.curves()),
            distance_ft=distance_ft,
            metric=metric,
            dark=dark,
            letter=letter,
            language=one_of("language", language, ("en", "de", "fr", "es", "pt")),
            width_px=width_px,
        )
        return Picture(data, form)

    def _repr_html_(self) -> str:
        from . import _html

        return _html.event(self)

    def __repr__(self) -> str:
        damaged = ", damaged" if self.report.damaged else ""
        names = " ".join(self.channels)
        what = "intervals" if self.kind == "histogram" else "samples"
        name = os.path.basename(self.path)
        return f"<Event {name}: {self.kind}, {self._length} {what} of {names}{damaged}>"


def _value(fact: Any) -> Any:
    return None if fact is None else fact["value"]


def _blocks(data: NDArray[Any], size: int) -> Iterator[Block]:
    for first in range(0, data.shape[1], size):
        part = data[:, first : first + size]
        yield Block(part, range(first, first + part.shape[1]))


def _again(
    source: str | Archived,
    options: dict[str, Any],
    parts: tuple[Any, ...],
    units: Units = None,
) -> Event:
    """An event from its pickle: the file is opened again, or got from its archive again."""
    from . import open as open_again

    event = open_again(source, **options) if isinstance(source, str) else source.open()
    assert isinstance(event, Event)
    for part in parts:
        if len(part) == 1:
            event = event.motion(part[0])
            continue
        channels, bounds, time = part
        event = event.select(channels, bounds, None if time == (None, None) else time)
    return event if units is None else event._in(units)
