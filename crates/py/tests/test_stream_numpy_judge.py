"""Streams against arrays of numpy: what is indexed, filled and cut into blocks is what numpy gives."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from obspy import UTCDateTime

import wavekeep
from conftest import RUNS, counts_of, frame, make_run, record
from wavekeep import BadArgument, SelectionError

CHANNELS, FRAMES = 64, 40
COUNTS = counts_of(range(CHANNELS), range(FRAMES))
PHASE = COUNTS.astype(float) / 32768 * np.pi
IQ = COUNTS[::2] + 1j * COUNTS[1::2]
RUN = wavekeep.open_stream(RUNS / "split.dat")

KINDS: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "f8": (PHASE, {}),
    "f4": (PHASE.astype("f4"), {}),
    "i4": (COUNTS, {"raw": True}),
    "c16": (IQ, {"iq": True}),
    "c8": (IQ.astype("c8"), {"iq": True}),
}


@st.composite
def layouts(draw: st.DrawFn, rows: int, columns: int, dtype: str) -> NDArray[Any]:
    """A view of this shape with any order, steps, directions and distance from alignment."""
    row_step = draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
    column_step = draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
    shape = (rows * abs(row_step), columns * abs(column_step))
    odd = draw(st.booleans())
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    memory = np.full(size + 1, 0xA5, np.uint8)[int(odd) : size + int(odd)].view(dtype)
    if draw(st.booleans()):
        base = memory.reshape(shape)
    else:
        base = memory.reshape(shape[::-1]).T
    view: NDArray[Any] = base[::row_step, ::column_step]
    return view


@st.composite
def selections(draw: st.DrawFn, rows: int) -> tuple[list[int], tuple[int, int]]:
    channels = draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=9))
    start = draw(st.integers(0, FRAMES - 1))
    return channels, (start, draw(st.integers(start + 1, FRAMES)))


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), drawn=st.booleans())
def test_an_output_of_any_order_and_stride_is_filled_right(
    data: st.DataObject, kind: str, drawn: bool
) -> None:
    whole, words = KINDS[kind]
    channels, (start, stop) = data.draw(selections(len(whole)))
    out = data.draw(layouts(len(channels), stop - start, kind))
    progress = (lambda done, of: None) if drawn else None
    assert RUN.read(channels, (start, stop), out=out, **words, progress=progress) is out
    assert np.array_equal(out, whole[channels, start:stop])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_transposed_output_has_channels_and_times_in_their_places(kind: str) -> None:
    whole, words = KINDS[kind]
    buffer = np.empty(whole.shape[::-1], kind)
    RUN.read(out=buffer.T, **words)
    assert np.array_equal(buffer, whole.T)
    square = np.empty((40, 40), kind).T
    RUN.read(range(40) if kind[0] != "c" else [0] * 40, out=square, **words)
    expected = whole[:40] if kind[0] != "c" else whole[[0] * 40]
    assert np.array_equal(square, expected)


def test_an_output_with_strides_of_a_large_run_is_filled_in_parts(tmp_path: Path) -> None:
    counts = counts_of(range(512), range(9000))
    run = wavekeep.open_stream(make_run(tmp_path / "large.dat", counts))
    out = np.empty((9000, 512), np.int32)
    run.read(raw=True, out=out.T)
    assert np.array_equal(out.T, counts)


@pytest.mark.parametrize(
    "wrong",
    [
        np.empty((3, 20)),
        np.empty(64 * 40),
        np.empty((64, 40), ">f8"),
        np.empty((64, 40), np.int64),
        np.empty((64, 40), "c16"),
        np.ma.zeros((64, 40)),
        np.lib.stride_tricks.as_strided(np.empty(40), (64, 40), (0, 8), writeable=True),
        np.lib.stride_tricks.as_strided(np.empty(2600), (64, 40), (8, 8), writeable=True),
        np.broadcast_to(np.empty(40), (64, 40)),
        [[0.0] * 40] * 64,
    ],
    ids=lambda one: f"{type(one).__name__}-{getattr(one, 'dtype', '')}-{getattr(one, 'strides', '')}",
)
def test_an_output_that_cannot_hold_it_is_refused(wrong: Any) -> None:
    with pytest.raises(BadArgument):
        RUN.read(out=wrong)
    with pytest.raises(BadArgument):
        RUN.read(out=np.empty((64, 40)), raw=True)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_blocks_kept_in_a_list_are_the_run_in_order(data: st.DataObject, kind: str) -> None:
    whole, words = KINDS[kind]
    channels, (start, stop) = data.draw(selections(len(whole)))
    size = data.draw(st.integers(1, FRAMES + 5))
    overlap = data.draw(st.integers(0, size - 1))
    reuse = data.draw(st.booleans())
    if kind in ("f4", "c8"):
        words = {**words, "dtype": kind}
    blocks = RUN.blocks(
        size, channels=channels, frames=(start, stop), overlap=overlap, reuse=reuse, **words
    )
    kept = [(it.frames, it.data.copy() if reuse else it.data) for it in blocks]
    for frames, data_of_block in kept:
        assert data_of_block.shape[1] == len(frames) <= size
        assert np.array_equal(data_of_block, whole[channels][:, frames.start : frames.stop])
    assert kept[0][0].start == start and kept[-1][0].stop == stop
    for (before, _), (after, _) in zip(kept, kept[1:]):
        assert after.start == before.stop - overlap and after.stop > before.stop


def test_blocks_take_a_time_a_range_and_tell_how_far_they_are() -> None:
    reported: list[tuple[int, int]] = []
    blocks = list(
        RUN.blocks(4, time=(0.02, 0.07), progress=lambda done, of: reported.append((done, of)))
    )
    assert np.array_equal(np.hstack([it.data for it in blocks]), PHASE[:, 4:14])
    assert reported == [(4, 10), (8, 10), (10, 10)]
    assert [it.frames for it in RUN.blocks(frames=16)] == [
        range(0, 16),
        range(16, 32),
        range(32, 40),
    ]
    nonsense: list[dict[str, Any]] = [
        {"size": 0},
        {"size": -3},
        {"size": 2.0},
        {"size": True},
        {"size": 4, "frames": 4},
        {"size": 4, "overlap": 4},
        {"overlap": -1},
        {"frames": (40, 50)},
    ]
    for wrong in nonsense:
        # At once, and not when the first block is asked for.
        with pytest.raises(ValueError):
            RUN.blocks(**wrong)


def basic(length: int) -> st.SearchStrategy[Any]:
    ints = st.integers(-length, length - 1)
    bounds = st.none() | st.integers(-length - 5, length + 5)
    steps = st.none() | st.integers(-length, length).filter(bool)
    return ints | ints.map(np.int64) | st.builds(slice, bounds, bounds, steps)


def fancy(length: int) -> st.SearchStrategy[Any]:
    ints = st.integers(-length, length - 1)
    lists = st.lists(ints, max_size=7)
    masks = hnp.arrays(np.bool_, (length,))
    return basic(length) | lists | masks | lists.map(lambda one: np.array(one, np.intp))


KEYS: st.SearchStrategy[Any] = (
    st.just(...)
    | fancy(CHANNELS).filter(lambda one: not isinstance(one, (int, np.integer)))
    | st.tuples(basic(CHANNELS), basic(FRAMES))
    | st.tuples(fancy(CHANNELS), basic(FRAMES))
    | st.tuples(basic(CHANNELS), fancy(FRAMES))
    | st.tuples(st.just(...), fancy(FRAMES))
    | st.tuples(fancy(CHANNELS), st.just(...))
    | st.tuples(basic(CHANNELS), st.none(), st.just(...), basic(FRAMES))
    | st.tuples(fancy(CHANNELS), fancy(FRAMES))
    | hnp.arrays(np.bool_, (CHANNELS, FRAMES))
    | st.tuples()
)


@settings(max_examples=700, deadline=None)
@given(key=KEYS)
def test_an_index_means_what_it_means_to_numpy(key: Any) -> None:
    try:
        expected = PHASE[key]
    except IndexError:
        with pytest.raises(IndexError):
            RUN[key]
        return
    found: Any = RUN[key]
    assert type(found) is type(expected) and found.dtype == expected.dtype
    assert found.shape == expected.shape and np.array_equal(found, expected)


@pytest.mark.parametrize(
    "key",
    [
        (64, 0),
        (0, 40),
        (0, -41),
        (0, 0, 0),
        (..., ...),
        1.5,
        (0, 1.5),
        True,
        (0, True),
        ([0, 99], 0),
        np.ones(63, bool),
        np.ones((64, 39), bool),
        [0.5],
        b"3",
        (slice(0.5, 2), 0),
        {"a": 1},
    ],
    ids=repr,
)
def test_an_index_that_does_not_fit_is_an_index_error(key: Any) -> None:
    with pytest.raises(IndexError) as refused:
        RUN[key]
    assert isinstance(refused.value, wavekeep.Error)


def test_an_index_reads_what_it_needs_and_no_more(tmp_path: Path) -> None:
    counts = counts_of(range(4), range(3000))
    run = wavekeep.open_stream(make_run(tmp_path / "r.dat", counts))
    asked: list[tuple[Any, Any]] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(handle, name)

        def __len__(self) -> int:
            return len(handle)

        def fill(self, ask: Any, out: Any) -> int:
            asked.append((ask["channels"], ask["frames"]))
            return handle.fill(ask, out)

    handle, run._handle = run._handle, Watched()  # type: ignore[assignment]
    assert run[2, 5:9].shape == (4,)
    assert run[[3, 1], [7, 2900]].shape == (2,)
    assert run[:, ::1000].shape == (4, 3) and run[0, 10:10].shape == (0,)
    assert asked == [
        (["2-2"], (5, 9)),
        (["1-1", "3-3"], (7, 8)),
        (["1-1", "3-3"], (2900, 2901)),
        (["0-3"], (0, 1)),
        (["0-3"], (1000, 1001)),
        (["0-3"], (2000, 2001)),
    ]


def test_a_section_is_indexed_by_its_own_frames() -> None:
    with pytest.warns(wavekeep.DamageWarning):
        run = wavekeep.open_stream(RUNS / "nchan_change.dat")
    second = run.section(1)
    assert second.shape == (12, 6)
    assert np.array_equal(second[:, 2:4], second.read(frames=(2, 4)))
    for ask in ("channels", "shape", "data", "units"):
        with pytest.raises(SelectionError, match="choose one of section 0"):
            getattr(run, ask)
    uses: list[Callable[[Any], Any]] = [
        len,
        list,
        lambda it: 3 in it,
        lambda it: it[0],
        lambda it: it[:, 0],
    ]
    for use in uses:
        with pytest.raises(SelectionError, match="section 0"):
            use(run)
    assert bool(run) and run.n_frames == 11


def test_a_run_is_an_array_and_a_mapping_of_its_channels() -> None:
    assert (RUN.shape, RUN.ndim, RUN.size) == ((64, 40), 2, 2560) and RUN.dtype == np.float64
    assert np.array_equal(np.asarray(RUN), PHASE) and np.asarray(RUN, "f4").dtype == np.float32
    with pytest.raises(ValueError):
        np.array(RUN, copy=False)
    assert len(RUN) == RUN.shape[0] == len(list(RUN)) and tuple(RUN) == RUN.keys() == RUN.channels
    assert 63 in RUN and 64 not in RUN and -1 not in RUN and "3" in RUN and "0-5" not in RUN
    unknown: list[Any] = [None, 1.0, True, [3], "x", "0:3"]
    assert not [one for one in unknown if one in RUN]
    assert [name for name, _ in RUN.items()] == list(range(64))
    assert all(np.array_equal(row, PHASE[name]) for name, row in RUN.items())
    assert len(list(RUN.values())) == 64


# Choices of frames and times.


@pytest.mark.parametrize("none", [[], (), np.array([], int)], ids=["list", "tuple", "array"])
def test_an_empty_choice_of_channels_is_none_of_them(none: Any) -> None:
    for options in ({}, {"raw": True}, {"frames": (3, 9)}):
        part = RUN.read(none, **options)
        assert part.shape == RUN.read([0], **options)[:0].shape
    assert [block.data.shape for block in RUN.blocks(16, channels=none)] == [
        (0, block.data.shape[1]) for block in RUN.blocks(16, channels=[0])
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": b"01"},
        {"channels": 1.5},
        {"channels": slice(0, 3)},
        {"channels": {0: "a"}},
        {"frames": (5, 5)},
        {"frames": (7, 3)},
        {"frames": (40, 50)},
        {"frames": range(50, 60)},
        {"frames": slice(100, 200)},
        {"frames": (True, 5)},
        {"frames": (0.0, 5.0)},
        {"frames": (float("nan"), None)},
        {"frames": 5.0},
        {"frames": [0, 5]},
        {"frames": "0-5"},
        {"time": (0.1, 0.1)},
        {"time": (0.1, 0.05)},
        {"time": (5, 6)},
        {"time": (-5, -1)},
        {"time": (float("nan"), 1)},
        {"time": (0, float("nan"))},
        {"time": (0, float("inf"))},
        {"time": (np.datetime64("NaT"), None)},
        {"time": (None, np.datetime64("NaT", "s"))},
        {"time": (np.timedelta64("NaT"), None)},
        {"time": (pd.NaT, None)},
        {"time": (np.timedelta64(1, "M"), None)},
        {"time": (np.timedelta64(1), None)},
        {"time": ("0", "1")},
        {"time": "01"},
        {"time": (True, None)},
        {"time": (datetime(2023, 11, 14).date(), None)},
        {"time": (1 + 0j, None)},
        {"time": (object(), None)},
        {"time": (np.float64("nan"), 1)},
        {"time": (0, 1, 2)},
        {"time": {0, 1}},
        {"time": 5},
        {"time": (np.datetime64("3000-01-01"), None)},
        {"time": (datetime(1950, 1, 1), datetime(1951, 1, 1))},
    ],
    ids=repr,
)
def test_a_choice_of_nothing_or_of_something_unknown_is_an_error(wrong: dict[str, Any]) -> None:
    for use in (RUN.read, RUN.blocks):
        with pytest.raises(ValueError) as refused:
            use(**wrong)
        assert isinstance(refused.value, (BadArgument, SelectionError)), refused.value


FIRST_NS = int(RUN.time_ns[0])
FIRST = datetime.fromtimestamp(FIRST_NS // 10**9, timezone.utc)
MOMENTS: dict[str, Any] = {
    "datetime in UTC": FIRST + timedelta(milliseconds=20),
    "datetime without a zone": (FIRST + timedelta(milliseconds=20)).replace(tzinfo=None),
    "datetime elsewhere": (FIRST + timedelta(milliseconds=20)).astimezone(
        timezone(timedelta(hours=-7))
    ),
    "Timestamp": pd.Timestamp(FIRST_NS + 20_000_000, unit="ns", tz="Asia/Tokyo"),
    "Timestamp without a zone": pd.Timestamp(FIRST_NS + 20_000_000, unit="ns"),
    "UTCDateTime": UTCDateTime(ns=FIRST_NS + 20_000_000),
    "seconds": 0.02,
    "float32": np.float32(0.02),
    "fraction": Fraction(1, 50),
    "array without axes": np.array(0.02),
    "timedelta": timedelta(milliseconds=20),
    "Timedelta": pd.Timedelta(milliseconds=20),
    "timedelta64[ms]": np.timedelta64(20, "ms"),
    "timedelta64[us]": np.timedelta64(20_000, "us"),
} | {
    f"datetime64[{unit}]": (RUN.times[0] + np.timedelta64(20, "ms")).astype(f"M8[{unit}]")
    for unit in ("ms", "us", "ns")
}


@pytest.mark.parametrize("name", MOMENTS)
def test_a_moment_of_any_known_type_is_the_same_moment(name: str) -> None:
    end = RUN.times[0] + np.timedelta64(40, "ms")
    assert np.array_equal(RUN.read(time=(MOMENTS[name], end)), PHASE[:, 4:8])
    assert np.array_equal(RUN.read(time=(None, MOMENTS[name])), PHASE[:, :4])


def test_moments_are_exact_to_the_nanosecond(tmp_path: Path) -> None:
    start = 1_700_000_000_123_456_789
    path = tmp_path / "r.dat"
    with open(path, "wb") as file:
        for number in range(4):
            file.write(record(frame(np.array([number], "i4"), number, start + number * 1_000_003)))
    run = wavekeep.open_stream(path)
    times = run.time_ns
    for at, ns in enumerate(times.tolist()):
        for moment in (pd.Timestamp(ns, unit="ns"), UTCDateTime(ns=ns), np.datetime64(ns, "ns")):
            assert run.read(time=(moment, None)).shape == (1, 4 - at)
    later = np.timedelta64(1, "ps")
    assert run.read(time=(later, None)).shape == (1, 3)


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s"])
def test_long_units_are_exact_too(unit: str) -> None:
    before = RUN.times[0].astype(f"M8[{unit}]")
    length: Any = np.timedelta64(1, unit)  # type: ignore[call-overload]
    assert RUN.read(time=(before, before + length)).shape == (64, 40)


def test_a_time_within_the_run_in_which_nothing_was_recorded_is_empty() -> None:
    assert RUN.read(time=(0.021, 0.024)).shape == (64, 0)


# Files, memory, pickles.


def test_a_run_that_was_closed_says_so_and_its_results_stay() -> None:
    with wavekeep.open_stream(RUNS / "split.dat") as run:
        part = run.section(0)
        first = run[:, 0]
        assert not run.closed
    assert run.closed and part.closed and np.array_equal(first, PHASE[:, 0])
    run.close()
    for use in (lambda: run.read(), lambda: part.shape, lambda: run[0, 0], lambda: len(run)):
        with pytest.raises(wavekeep.Closed, match="closed"):
            use()
    assert repr(run) == "<Stream split.dat: closed>"
    with wavekeep.open_event(RUNS.parents[3] / "samples/M529LMOK.DK0W") as event:
        assert event.format == "blastware"


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted by /proc")
def test_a_run_of_2000_pieces_holds_few_descriptors(tmp_path: Path) -> None:
    counts = counts_of(range(3), range(2000))
    for number in range(2000):
        payload = frame(counts[:, number], number, 10**18 + 5_000_000 * number)
        (tmp_path / f"r.dat.{number + 1}").write_bytes(record(payload))
    before = len(os.listdir("/proc/self/fd"))
    run = wavekeep.open_stream(tmp_path / "r.dat")
    assert np.array_equal(run.read(raw=True), counts)
    assert len(os.listdir("/proc/self/fd")) - before < 100
    assert np.array_equal(np.hstack([it.data for it in run.blocks(300, raw=True)]), counts)
    # Another file of the name is not taken for the one that was opened.
    (tmp_path / "new").write_bytes((tmp_path / "r.dat.7").read_bytes())
    (tmp_path / "new").replace(tmp_path / "r.dat.7")
    with pytest.raises(OSError, match="open the run again"):
        run.read()


def test_a_pickle_is_opened_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = wavekeep.open_stream("crates/smurf/tests/data/split.dat")
    pickled = pickle.dumps(run)
    monkeypatch.chdir(tmp_path)
    again = pickle.loads(pickled)
    assert np.array_equal(again[:, 3:5], PHASE[:, 3:5]) and os.path.isabs(again.path)


def test_a_pickle_keeps_the_channel_of_the_metadata(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(record(b"A: 1\n", channel=5) + record(frame(np.zeros(2, "i4"), 0, 10**18)))
    run = wavekeep.open_stream(path, metadata_channel=5)
    assert run.config == {"A": 1} and pickle.loads(pickle.dumps(run)).config == {"A": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_of_a_dropped_result_goes_back_on_request_and_by_itself(tmp_path: Path) -> None:
    import time

    def private_kib() -> int:
        status = Path("/proc/self/status").read_text()
        return int(next(it.split()[1] for it in status.splitlines() if it.startswith("RssAnon")))

    run = wavekeep.open_stream(make_run(tmp_path / "r.dat", counts_of(range(1024), range(6000))))
    wavekeep.trim()
    before = private_kib()
    result = run.read()
    assert private_kib() - before > 40_000
    del result
    assert wavekeep.trim() >= 6000 * 1024 * 8 and private_kib() - before < 20_000
    del_me = run.read()
    del del_me
    until = time.monotonic() + 60
    while private_kib() - before > 20_000 and time.monotonic() < until:
        time.sleep(0.1)
    assert private_kib() - before < 20_000 and wavekeep.trim() == 0


def test_no_warning_of_numpy_is_left() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.mean(RUN) == pytest.approx(PHASE.mean())
        assert np.array_equal(np.stack([RUN[0], RUN[1]]), PHASE[:2])
