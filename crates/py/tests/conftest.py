"""Where the samples and vectors are, and a run of any size."""

from __future__ import annotations

import importlib.util
import os
import struct
from collections.abc import Iterable
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

# The same cases at each run, so that a change is judged by what it changed; others are tried when
# somebody asks for them.
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("others", derandomize=False, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("WAVEKEEP_TEST_CASES", "same"))

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "samples"
RUNS = ROOT / "crates/smurf/tests/data"
GNZ = ROOT / "crates/gnz/tests/data"
HOSTILE_GNZ = ROOT / "crates/gnz/tests/hostile"

#: A whole event with its report, one with a gap, a histogram.
BLAST = SAMPLES / "M529LMOK.DK0W"
DAMAGED = SAMPLES / "M529LNE5.390"
NIGHT = SAMPLES / "M529LMP3.O00H"


#: `make test-ray` runs it where Ray is; the others have no Ray to import.
collect_ignore = [] if importlib.util.find_spec("ray") else ["ray_engine.py"]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of the documentation name files from here."""
    monkeypatch.chdir(ROOT)
    os.environ.setdefault("MPLBACKEND", "agg")


def counts_of(channels: Iterable[int], frames: Iterable[int]) -> NDArray[np.int32]:
    """The samples of `basic.dat` and its kin, by the formula of their maker."""
    c, i = np.meshgrid(list(channels), list(frames), indexing="ij")
    counts: NDArray[np.int32] = ((c * 65537 + i * 1001) % 2**32 - 2**31).astype(np.int32)
    return counts


def record(payload: bytes, channel: int = 0, flags: int = 0, error: int = 0) -> bytes:
    """One record of a stream file."""
    return struct.pack("<IHBB", len(payload) + 4, flags, error, channel) + payload


def frame(
    samples: NDArray[np.int32], counter: int, timestamp: int, *, said: int | None = None
) -> bytes:
    """A data frame: header and samples."""
    header = bytearray(128)
    header[0] = 1
    struct.pack_into("<I", header, 4, len(samples) if said is None else said)
    struct.pack_into("<Q", header, 48, timestamp)
    struct.pack_into("<I", header, 84, counter)
    return bytes(header) + samples.astype("<i4").tobytes()


def make_run(
    path: Path, samples: NDArray[np.int32], *, first: int = 0, mode: str = "wb"
) -> Path:
    """A run of `samples` (channels × frames), 200 frames a second; `first` is the number of the first
    frame, of pieces that go on with a run."""
    channels, frames = samples.shape
    numbers = np.arange(first, first + frames)
    record_type = np.dtype(
        [("size", "<u4"), ("rest", "<u4"), ("header", "u1", 128), ("samples", "<i4", channels)]
    )
    records = np.zeros(frames, record_type)
    records["size"] = 4 + 128 + 4 * channels
    header = records["header"]
    header[:, 0] = 1
    header[:, 4:8] = np.array([channels], "<u4").view("u1")
    times = 1_700_000_000_000_000_000 + 5_000_000 * numbers
    header[:, 48:56] = times.astype("<u8")[:, np.newaxis].view("u1")
    header[:, 84:88] = (20 * numbers).astype("<u4")[:, np.newaxis].view("u1")
    records["samples"] = samples.T
    with open(path, mode) as file:
        records.tofile(file)
    return path


def make_pieces(folder: Path, samples: NDArray[np.int32], pieces: int) -> list[Path]:
    """A run `r.dat` in so many pieces."""
    first, made = 0, []
    for number, part in enumerate(np.array_split(samples, pieces, axis=1), 1):
        made.append(make_run(folder / f"r.dat.{number}", part, first=first))
        first += part.shape[1]
    return made
