"""A run that is still being written is read in steps: no frame twice, none left out."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyspark.sql.datasource import InputPartition
from pyspark.sql.streaming.datasource import ReadAllAvailable
from pyspark_wavekeep import DefaultSource

import wavekeep
from conftest import counts_of, frame, record
from wavekeep.scan import _growing
from wavekeep.scan._growing import GrowingRun, Offset


def records(numbers: range, channels: int = 3) -> list[bytes]:
    samples = counts_of(range(channels), numbers)
    return [
        record(frame(samples[:, place], 20 * number, 1_700_000_000_000_000_000 + 5_000_000 * number))
        for place, number in enumerate(numbers)
    ]


class Query:
    """What Spark does with a reader, as far as a checkpoint goes: the end of a batch is written down
    before the batch is read, and a batch that was not committed is read again."""

    def __init__(self, path: Path, **options: str) -> None:
        self._options = {"path": str(path), "table": "frames", "raw": "true", **options}
        self._ends: list[dict[str, Any]] = []
        self._batches: dict[int, Any] = {}
        self.restart()

    def restart(self) -> None:
        """Another process begins with the checkpoint."""
        _growing._followed = _growing._Runs()
        self._reader = DefaultSource(self._options).streamReader(None)  # type: ignore[arg-type]

    def plan(self) -> bool:
        start = self._ends[-1] if self._ends else self._reader.initialOffset()
        end = self._reader.latestOffset(start, ReadAllAvailable())
        if end == start:
            return False
        self._ends.append(end)
        return True

    def run(self) -> None:
        """The last batch that was planned, also if it was run before."""
        if self._ends:
            number = len(self._ends) - 1
            start = self._ends[number - 1] if number else self._reader.initialOffset()
            parts = self._reader.partitions(start, self._ends[number])
            self._batches[number] = [batch for part in parts for batch in self._read(part)]

    def _read(self, part: InputPartition) -> Iterator[Any]:
        return iter(self._reader.read(pickle.loads(pickle.dumps(part))))

    def counts(self, channels: int = 3) -> NDArray[np.int64]:
        """What came, ``[channels, frames]``; an error where a row came twice or not at all."""
        table = pa.Table.from_batches([batch for batches in self._batches.values() for batch in batches])
        rows = sorted(zip(*(table[name].to_pylist() for name in ("channel", "frame", "value"))))
        frames = len(rows) // channels
        assert [row[:2] for row in rows] == [(c, f) for c in range(channels) for f in range(frames)]
        return np.array([row[2] for row in rows]).reshape(channels, frames)


def test_new_frames_come_in_the_next_batch(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(5))))
    query = Query(path)
    assert query.plan()
    query.run()
    assert not query.plan()
    with open(path, "ab") as file:
        file.write(b"".join(records(range(5, 9))))
    assert query.plan()
    query.run()
    np.testing.assert_array_equal(query.counts(), counts_of(range(3), range(9)))


@pytest.mark.parametrize("table", ["blocks", "frames"])
def test_all_at_once_is_what_a_scan_gives(tmp_path: Path, table: str) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(100))))
    growing = GrowingRun(str(path), table, "1-2", False, 16)
    start = Offset(0)
    parts = growing.parts(start, growing.latest(start))
    found = pa.concat_tables(part.read_all() for part in parts)
    expected = wavekeep.scan.open(path, table, channels="1-2", blockframes=16).reader().read_all()
    assert found.sort_by([("channel", "ascending"), (found.column_names[1], "ascending")]).equals(
        expected.sort_by([("channel", "ascending"), (found.column_names[1], "ascending")])
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 700)),
        st.tuples(st.sampled_from(["rotate", "plan", "run", "batch", "restart"]), st.just(0)),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(steps=STEPS, numbered=st.booleans())
def test_whatever_happens_each_frame_comes_once(steps: list[tuple[str, int]], numbered: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "r.dat"
        piece = 1
        current = Path(f"{bare}.1") if numbered else bare
        current.write_bytes(b"")
        written = b""
        left = b"".join(records(range(40)))
        size = len(left) // 40
        query = Query(bare)
        for step, length in [*steps, ("write", len(left)), ("batch", 0)]:
            if step == "write":
                # A piece ends with a whole record: a cut one is finished before the next begins.
                part, left = left[:length], left[length:]
                written += part
                with open(current, "ab") as file:
                    file.write(part)
            elif step == "rotate" and len(written) % size == 0 and written:
                piece += 1
                current = Path(f"{bare}.{piece}")
                current.write_bytes(b"")
            elif step == "restart":
                query.restart()
            if step in ("plan", "batch"):
                # A batch that was planned is run before another one is, perhaps for the second time.
                query.run()
                if query.plan() and step == "batch":
                    query.run()
            elif step == "run":
                query.run()
        query.restart()
        query.run()
        np.testing.assert_array_equal(query.counts(), counts_of(range(3), range(40)))


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(5))))
    query = Query(path)
    query.plan()
    query.run()
    path.write_bytes(b"".join(records(range(100, 110))))
    for restart in (False, True):
        if restart:
            query.restart()
        with pytest.raises(wavekeep.FileError, match="not the run that was read before") as caught:
            query.plan()
        assert caught.value.path == str(path) and "checkpoint of its own" in str(caught.value)


@pytest.mark.parametrize("how", ["truncated", "begun anew", "replaced"])
def test_a_run_that_became_shorter_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(10))))
    query = Query(path)
    query.plan()
    query.run()
    shorter = b"".join(records(range(4)))
    if how == "truncated":
        with open(path, "r+b") as file:
            file.truncate(len(shorter))
    elif how == "begun anew":
        path.write_bytes(shorter)
    else:
        (tmp_path / "other").write_bytes(shorter)
        (tmp_path / "other").rename(path)
    with pytest.raises(wavekeep.FileError, match="4 frames, of which 10 were read"):
        query.plan()


def test_a_run_that_is_away_is_refused_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(10))))
    query = Query(path)
    query.plan()
    query.run()
    path.rename(tmp_path / "away")
    with pytest.raises(wavekeep.FileError):
        query.plan()
    (tmp_path / "away").rename(path)
    assert not query.plan()


def test_a_run_without_a_frame_yet_has_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"")
    query = Query(path)
    assert not query.plan()
    path.write_bytes(b"".join(records(range(2))))
    assert query.plan()


def test_a_run_whose_channels_change_comes_section_by_section(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join([*records(range(4), 3), *records(range(4, 9), 5)]))
    query = Query(path)
    query.plan()
    query.run()
    table = pa.Table.from_batches([batch for batches in query._batches.values() for batch in batches])
    assert table.num_rows == 4 * 3 + 5 * 5


def test_polling_reads_what_is_new_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(records(range(2000), 64)))
    growing = GrowingRun(str(path), "frames", None, True, None)
    end = growing.latest(Offset(0))

    def read_bytes() -> int:
        counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        return int(counts["rchar"])

    with open(path, "ab") as file:
        file.write(records(range(2000, 2001), 64)[0])
    before = read_bytes()
    assert growing.latest(end).frames == 2001
    assert read_bytes() - before < 64 << 10 < path.stat().st_size / 4


def test_events_cannot_be_followed(tmp_path: Path) -> None:
    for options, message in [
        ({"table": "events"}, "one of blocks, frames"),
        ({"serial": "x"}, "nothing for a run"),
    ]:
        with pytest.raises(wavekeep.BadArgumentError, match=message):
            DefaultSource({"path": str(tmp_path), **options}).streamReader(None)  # type: ignore[arg-type]
