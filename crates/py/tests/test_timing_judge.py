"""Where the timing system gives the times: sotodlib, the Simons Observatory's software, judges."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import wavekeep
from conftest import RUNS, counts_of, record
from standard_readers import timing_by_sotodlib

TICKS_HZ = 480_000
MS = 1_000_000
FIELD = sorted(RUNS.glob("field/*/*.dat"))


def trusted_stretches(run: wavekeep.Stream) -> list[tuple[int, int]]:
    stretches = run.metadata["time_stretches"]
    return [
        (it["frames"]["start"], it["frames"]["end"])
        for it in stretches
        if it["basis"] == "timing_system"
    ]


def judged(path: Path) -> bool:
    """Whether the whole run is trusted, by both."""
    run = wavekeep.open(path)
    assert isinstance(run, wavekeep.Stream)
    header = run.header()
    counter_0, counter_2 = header["counter_0"], header["counter_2"]
    ours = trusted_stretches(run)
    whole = ours == [(0, run.n_frames)]
    theirs = timing_by_sotodlib(counter_0, counter_2)
    assert whole == (theirs is not None), f"{path}: {run.metadata['time_stretches']}"
    # Part of a run: each stretch by itself.
    for start, stop in ours:
        times = timing_by_sotodlib(counter_0[start:stop], counter_2[start:stop])
        assert times is not None, f"{path}: frames {start} to {stop}"
        # Theirs are float64 seconds, which a quarter of a microsecond is the end of.
        ns = run.time_ns[start:stop]
        assert np.abs(ns.astype(np.float64) * 1e-9 - times).max() < 1e-6
    return whole


@pytest.mark.parametrize("path", FIELD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_runs_of_the_field_are_judged_alike(path: Path) -> None:
    assert judged(path) == (path.stem == "good")


def run_with(
    path: Path, apart_ns: NDArray[np.int64], *, stuck_0: Any = (), stuck_2: Any = ()
) -> Path:
    """5 ms a frame; counter_2 is `apart_ns` later in its second than counter_0."""
    frames = len(apart_ns)
    ns = 1_000_000_000 * 1_000_000_000 + 5 * MS * np.arange(frames) + 123_456_789
    ticks = (ns % 1_000_000_000) * TICKS_HZ // 1_000_000_000
    late = ns + apart_ns
    counter_2 = (late // 1_000_000_000 << 32) + late % 1_000_000_000
    for at in stuck_0:
        ticks[at] = ticks[at - 1]
    for at in stuck_2:
        counter_2[at] = counter_2[at - 1]
    samples = counts_of(range(2), range(frames)).astype("<i4")
    parts = []
    for i in range(frames):
        header = bytearray(128)
        header[0] = 1
        struct.pack_into("<I", header, 4, 2)
        struct.pack_into("<Q", header, 48, 1_700_000_000_000_000_000 + 5 * MS * i)
        struct.pack_into("<I", header, 64, ticks[i])
        struct.pack_into("<Q", header, 72, counter_2[i])
        struct.pack_into("<I", header, 84, 20 * i)
        parts.append(record(bytes(header) + samples[:, i].tobytes()))
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("offset_ms", [-400, -2.6, -2.3, -1, 0, 1, 2.3, 2.6, 400])
@pytest.mark.parametrize("spread_ms", [0, 0.2, 0.9, 1.1, 3])
def test_offset_and_spread_are_judged_alike(
    offset_ms: float, spread_ms: float, tmp_path: Path
) -> None:
    # From one end to the other frame by frame; it is the middle that has the offset.
    swing = np.where(np.arange(400) % 2, 0.5, -0.5) * spread_ms
    if abs(abs(offset_ms) - 2.5) < spread_ms / 2 and spread_ms < 1:
        # sotodlib looks at the mean of the offset; here each frame has to be within the bounds.
        offset_ms += np.sign(offset_ms) * spread_ms / 2 * (1 if abs(offset_ms) > 2.5 else -1)
    apart = np.rint((offset_ms + swing) * MS).astype(np.int64)
    whole = judged(run_with(tmp_path / "run.dat", apart))
    assert whole == (abs(offset_ms) < 2.5 and spread_ms < 1)


def test_a_frame_beyond_the_bounds_is_refused_where_their_mean_is_within(tmp_path: Path) -> None:
    apart = np.where(np.arange(400) % 2, 2_800_000, 2_000_000)
    run = wavekeep.open(run_with(tmp_path / "run.dat", apart))
    assert isinstance(run, wavekeep.Stream)
    header = run.header()
    assert timing_by_sotodlib(header["counter_0"], header["counter_2"]) is not None
    assert trusted_stretches(run) == []


@pytest.mark.parametrize("at", [1, 200, 399])
@pytest.mark.parametrize("counter", ["stuck_0", "stuck_2"])
def test_a_counter_that_stands_is_judged_alike(at: int, counter: str, tmp_path: Path) -> None:
    stuck: dict[str, Any] = {counter: [at]}
    assert not judged(run_with(tmp_path / "run.dat", np.zeros(400, np.int64), **stuck))


@pytest.mark.parametrize("seed", range(20))
def test_random_jitter_is_judged_alike(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    width = random.choice([100_000, 900_000, 1_100_000, 2_000_000])
    centre = random.integers(-1_900_000, 1_900_000)
    apart = centre + random.integers(-width // 2, width // 2 + 1, 300)
    # The ends of the spread are there, whatever the numbers.
    apart[10], apart[11] = centre - width // 2, centre + width // 2
    judged(run_with(tmp_path / "run.dat", apart))
