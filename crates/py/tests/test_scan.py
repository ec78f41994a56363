"""A scan: a schema, and parts that together give each row once, wherever they are read."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tracemalloc
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wavekeep
from archive_server import TOKEN, serving
from conftest import BLAST, RUNS, SAMPLES, counts_of, frame, make_run, record
from wavekeep import scan
from wavekeep.scan import _archives, _run_files, _runs
from wavekeep.scan._open import ARCHIVE_TABLES, RUN_TABLES

#: A run of 4 channels and 100 frames, 200 a second.
CHANNELS, FRAMES = range(4), range(100)
START = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
field = pc.field


def at(frame: int) -> Any:
    """When a frame of the run was."""
    return pa.scalar(START + timedelta(milliseconds=5 * frame), pa.timestamp("us", "UTC"))


@pytest.fixture(name="path", scope="module")
def made_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run") / "r.dat", counts_of(CHANNELS, FRAMES))


def rows(table: Any) -> list[tuple[Any, ...]]:
    """The rows of a table, in an order of their own."""
    return sorted(zip(*(column.to_pylist() for column in table.columns)))


def read(parts: Iterable[scan.Part]) -> Any:
    return pa.concat_tables(part.read_all() for part in parts)


# The tables of a run


def test_frames_are_rows_of_channel_frame_time_and_phase(path: Path) -> None:
    run = wavekeep.open_stream(path)
    expected = [
        (channel, frame, at(frame).as_py(), run[channel, frame])
        for channel in CHANNELS
        for frame in FRAMES
    ]
    assert rows(scan.open(path, "frames").reader().read_all()) == expected


def test_blocks_are_rows_of_channels_and_ranges_of_frames(path: Path) -> None:
    run = wavekeep.open_stream(path)
    table = scan.open(path, blockframes=32).reader().read_all()
    assert sorted(set(table["first_frame"].to_pylist())) == [0, 32, 64, 96]
    for row in table.to_pylist():
        first, samples = row["first_frame"], row["samples"]
        assert samples == run[row["channel"], first : first + 32].tolist()
        assert (row["start"], round(row["rate_hz"], 9)) == (at(first).as_py(), 200)


@pytest.mark.parametrize("table", RUN_TABLES)
def test_raw_tables_have_counts(path: Path, table: str) -> None:
    found = scan.open(path, table, raw=True).reader().read_all()
    column = found[-1].combine_chunks()
    values = column.flatten() if table == "blocks" else column
    assert values.type == pa.int32()
    assert sorted(values.to_pylist()) == sorted(counts_of(CHANNELS, FRAMES).ravel().tolist())


@pytest.mark.parametrize("chosen", ["1-2", [2, 1], [2, 1, 2], ["1", "2"]])
def test_channels_are_chosen_once_each(path: Path, chosen: Any) -> None:
    found = scan.open(path, "frames", channels=chosen).reader(["channel"]).read_all()
    assert pc.value_counts(found["channel"].combine_chunks()).to_pylist() == [
        {"values": 1, "counts": 100},
        {"values": 2, "counts": 100},
    ]


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_a_block_ends_where_frames_are_missing(tmp_path: Path) -> None:
    def stamp(number: int) -> int:
        return 1_700_000_000_000_000_000 + 5_000_000 * number

    numbers = [*range(40), *range(43, 80), *range(90, 100)]
    samples = counts_of(range(2), numbers)
    frames = [
        record(frame(samples[:, place], 20 * number, stamp(number)))
        for place, number in enumerate(numbers)
    ]
    path = tmp_path / "gaps.dat"
    path.write_bytes(b"".join(frames))
    blocks = scan.open(path, channels=[1], blockframes=32).reader().read_all().to_pylist()
    assert [(row["first_frame"], len(row["samples"])) for row in blocks] == [
        (0, 32), (32, 8), (40, 24), (64, 13), (77, 10),
    ]  # fmt: skip
    for row in blocks:
        times = wavekeep.open_stream(path).times[row["first_frame"] :][: len(row["samples"])]
        even = [row["start"] + place * timedelta(milliseconds=5) for place in range(len(times))]
        assert [moment.replace(tzinfo=None) for moment in even] == times.astype("M8[us]").tolist()


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_all_sections_of_a_run_are_read_and_one_alone_if_asked_for() -> None:
    run = wavekeep.open_stream(RUNS / "nchan_change.dat")
    found = scan.open(run, "frames").reader().read_all()
    sections = [run.section(number) for number in range(len(run.sections))]
    assert found.num_rows == sum(section.size for section in sections)
    assert pc.sum(found["value"]).as_py() == pytest.approx(
        sum(section.data.sum() for section in sections)
    )
    alone = scan.open(sections[1], "frames").reader().read_all()
    assert set(alone["frame"].to_pylist()) == set(run.sections[1].frames)


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_a_channel_that_a_section_lacks_is_an_error_that_names_it() -> None:
    widest = max(
        section.channels for section in wavekeep.open_stream(RUNS / "nchan_change.dat").sections
    )
    with pytest.raises(wavekeep.NoSuchChannelError, match="section"):
        scan.open(RUNS / "nchan_change.dat", channels=[widest - 1])


def test_a_time_past_the_year_2262_is_null_and_found_by_that(tmp_path: Path) -> None:
    path = tmp_path / "late.dat"
    times = [2**63 + 10, 2**63 + 20]
    path.write_bytes(b"".join(record(frame(counts_of([0], [1])[:, 0], 0, time)) for time in times))
    frames = scan.open(path, "frames")
    assert frames.reader(["time"]).read_all()["time"].null_count == 2
    assert frames.reader(filter=field("time").is_null()).read_all().num_rows == 2
    assert frames.reader(filter=field("time") > at(0)).read_all().num_rows == 0


def test_a_run_without_frames_has_columns_and_no_parts(tmp_path: Path) -> None:
    (tmp_path / "empty.dat").write_bytes(record(b"a: 1\n", channel=1))
    for table in RUN_TABLES:
        empty = scan.open(tmp_path / "empty.dat", table)
        assert empty.parts() == []
        assert empty.reader().read_all().schema == empty.schema


# Parts


FILTERS = {
    "one channel": field("channel") == 2,
    "no channel": field("channel") == 99,
    "a number of another type": field("channel") == pa.scalar(2.0),
    "half a channel": field("channel") == 2.5,
    "some channels": field("channel").isin([0, 3]),
    "not a channel": ~(field("channel") == 2),
    "a channel or a value": (field("channel") == 1) | (field("value") < 0),
    "a channel and a value": (field("channel") == 1) & (field("value") < 0),
    "frames": (field("frame") >= 33) & (field("frame") < 67),
    "two frames": field("frame").isin([0, 99]),
    "no frames": field("frame") > 99,
    "a computed frame": field("frame") * 2 == 66,
    "times": (field("time") > at(10)) & (field("time") <= at(20)),
    "a time in ns": field("time") == at(10).cast(pa.timestamp("ns", "UTC")),
    "a channel at a time": (field("channel") == 3) & (field("time") == at(50)),
    "either": ((field("channel") == 0) & (field("frame") == 5))
    | ((field("channel") == 2) & (field("frame") == 95)),
    "null": field("time").is_null(),
    "all": field("value").is_valid(),
    "always": pc.scalar(True),
    "never": pc.scalar(False),
    "two columns": field("channel").cast(pa.int64()) == field("frame"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_that_is_pushed_gives_the_rows_that_it_gives_afterwards(path: Path, name: str) -> None:
    frames = scan.open(path, "frames", blockframes=16)
    expected = frames.reader().read_all().filter(FILTERS[name])
    assert rows(frames.reader(filter=FILTERS[name]).read_all()) == rows(expected)
    # Columns that the filter looks at need not be among those that are given.
    assert frames.reader(["value"], FILTERS[name]).read_all()["value"].to_pylist() == [
        row["value"] for row in frames.reader(filter=FILTERS[name]).read_all().to_pylist()
    ]


COMPARED = st.one_of(
    st.tuples(st.just("channel"), st.integers(-1, 5)),
    st.tuples(st.sampled_from(["frame"]), st.integers(-5, 105)),
    st.tuples(st.just("time"), st.integers(-5, 105).map(at)),
    st.tuples(st.just("value"), st.floats(-4e5, 4e5)),
)
COMPARISONS = st.tuples(
    COMPARED, st.sampled_from(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"])
).map(lambda it: getattr(field(it[0][0]), it[1])(it[0][1]))
EXPRESSIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] & two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=40)
@given(
    filter=EXPRESSIONS, blockframes=st.integers(1, 120), chosen=st.sets(st.integers(0, 3), min_size=1)
)
def test_any_filter_gives_what_it_gives_afterwards(
    path: Path, filter: Any, blockframes: int, chosen: set[int]
) -> None:
    frames = scan.open(path, "frames", channels=sorted(chosen), blockframes=blockframes)
    expected = frames.reader().read_all().filter(filter)
    assert rows(frames.reader(filter=filter).read_all()) == rows(expected)


def test_what_a_filter_rules_out_is_not_planned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_runs, "_SAMPLES", {"blocks": 64, "frames": 64})
    frames = scan.open(path, "frames", blockframes=16)

    def planned(name: str) -> list[tuple[tuple[int, ...], tuple[int, int]]]:
        parts = frames.parts(filter=FILTERS[name])
        return [(part.channels, part.frames) for part in parts if isinstance(part, _runs.RunPart)]

    assert len(frames.parts()) == 7
    assert {channels for channels, _ in planned("some channels")} == {(0, 3)}
    assert [part for _, part in planned("frames")] == [(32, 48), (48, 64), (64, 80)]
    assert planned("a channel at a time") == [((3,), (0, 64))]
    assert planned("no channel") == planned("no frames") == []


def test_parts_are_read_in_another_process(path: Path, archive: wavekeep.Archive) -> None:
    scans = [scan.open(path, table, blockframes=16) for table in RUN_TABLES]
    scans += [scan.open(archive, table) for table in ARCHIVE_TABLES]
    parts = [one.parts() for one in scans]
    code = (
        "import pickle, sys\n"
        "scans = pickle.load(sys.stdin.buffer)\n"
        "tables = [[part.read_all() for part in parts] for parts in scans]\n"
        "pickle.dump(tables, sys.stdout.buffer)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=pickle.dumps(parts), capture_output=True, check=True)
    for found, one in zip(pickle.loads(done.stdout), scans):
        assert pa.concat_tables(found).equals(one.reader().read_all())


def test_parts_of_a_large_run_are_small_pickles(path: Path) -> None:
    assert max(len(pickle.dumps(part)) for part in scan.open(path).parts()) < 3000


@pytest.mark.parametrize("change", ["longer", "shorter", "touched", "away"])
def test_a_part_says_when_the_files_are_others_than_were_planned(tmp_path: Path, change: str) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(2), range(50)))
    (part,) = (pickle.loads(pickle.dumps(one)) for one in scan.open(path).parts())
    if change == "longer":
        with open(path, "ab") as file:
            file.write(record(frame(counts_of(range(2), [50])[:, 0], 1000, 0)))
    elif change == "shorter":
        os.truncate(path, path.stat().st_size - 1)
    elif change == "touched":
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    else:
        path.rename(tmp_path / "elsewhere.dat")
    with pytest.raises(wavekeep.FileError, match="same path|as it was") as caught:
        part.read_all()
    assert caught.value.path == str(path)


def test_a_run_is_opened_once_in_a_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [pickle.loads(pickle.dumps(part)) for part in scan.open(path, blockframes=8).parts() * 5]
    monkeypatch.setattr(_run_files, "_open", OrderedDict())
    opened = []
    loads = pickle.loads

    def counting(pickled: bytes) -> Any:
        opened.append(1)
        return loads(pickled)

    monkeypatch.setattr(pickle, "loads", counting)
    for part in parts:
        part.read_all()
    assert len(opened) == 1


def test_a_reader_that_is_left_half_way_ends_its_threads(path: Path) -> None:
    import threading

    reader = scan.open(path, "frames", blockframes=1).reader()
    reader.read_next_batch()
    del reader
    assert not [one for one in threading.enumerate() if one.name.startswith("wavekeep-scan")]


def test_a_run_is_closed_with_the_last_scan_of_it(path: Path) -> None:
    def descriptors() -> int:
        links = (os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
        return sum(link == str(path) for link in links)

    blocks = scan.open(path)
    blocks.reader().read_all()
    assert descriptors() == 1
    del blocks
    assert descriptors() == 0


def test_memory_does_not_grow_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_runs, "_SAMPLES", {"blocks": 1 << 14, "frames": 1 << 14})
    peaks = []
    for length in (2048, 8192):
        run = make_run(tmp_path / f"{length}.dat", counts_of(range(64), range(length)))
        blocks = scan.open(run)
        tracemalloc.start()
        for _ in blocks.reader():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # All phases of the longer run are 4 MiB.
    assert peaks[1] < 1.5 * peaks[0] < 3 << 20


# Archives


@pytest.fixture(name="archive", scope="module")
def made_archive(tmp_path_factory: pytest.TempPathFactory) -> wavekeep.Archive:
    archive = wavekeep.Archive(tmp_path_factory.mktemp("archive"), create=True)
    archive.import_files([SAMPLES])
    return archive


def test_events_are_the_table_of_a_query(archive: wavekeep.Archive) -> None:
    found = scan.open(archive).reader().read_all()
    assert found.equals(archive.query(sort="id").to_arrow())
    assert found.schema.field("timestamp").type == pa.timestamp("us")


def test_events_are_chosen_by_the_words_of_a_query(archive: wavekeep.Archive) -> None:
    chosen = {"kind": "waveform", "from_": "2026-06-01"}
    found = scan.open(archive, "events", events=chosen).reader().read_all()
    assert found.equals(archive.query(kind="waveform", from_="2026-06-01", sort="id").to_arrow())
    assert 0 < found.num_rows < len(archive)


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_samples_are_those_of_the_waveforms(archive: wavekeep.Archive) -> None:
    found = scan.open(archive, "samples").reader().read_all()
    by_event: dict[tuple[int, str], list[Any]] = {}
    for row in found.to_pylist():
        by_event.setdefault((row["event_id"], row["channel"]), []).append(row)
    count = 0
    for event in archive.query(kind="waveform"):
        recording = archive[event["id"]]
        for name in recording.channels:
            rows = by_event[event["id"], name]
            values = np.array([np.nan if row["value"] is None else row["value"] for row in rows])
            np.testing.assert_array_equal(values, np.asarray(recording[name]))
            assert [row["sample"] for row in rows] == list(range(len(values)))
            assert recording.t is not None and [row["time_s"] for row in rows] == recording.t.tolist()
            assert {row["unit"] for row in rows} == {recording.units[name]}
            count += len(rows)
    assert count == found.num_rows and found["value"].null_count > 0


@pytest.mark.parametrize("table", ARCHIVE_TABLES)
def test_an_archive_behind_a_server_has_the_same_tables(
    archive: wavekeep.Archive, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAVEKEEP_TOKEN", TOKEN)
    here = scan.open(archive, table).reader().read_all()
    with serving(Path(archive.where)) as (address, _):
        parts = pickle.loads(pickle.dumps(scan.open(address, table).parts()))
        there = read(parts)
        assert TOKEN.encode() not in pickle.dumps(parts)
    assert there.equals(here)


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_raw_samples_are_counts_and_missing_ones_are_null(archive: wavekeep.Archive) -> None:
    found = scan.open(archive, "samples", channels="Vert", raw=True).reader().read_all()
    assert found.schema.field("value").type == pa.int32() and set(found["unit"].to_pylist()) == {"count"}
    expected: list[int | None] = []
    for event in archive.query(kind="waveform", sort="id"):
        expected += np.ma.MaskedArray(archive[event["id"]]["Vert"].raw).tolist()
    assert found["value"].to_pylist() == expected and None in expected


def test_samples_are_in_the_units_of_the_archive(archive: wavekeep.Archive) -> None:
    metric = scan.open(wavekeep.Archive(archive.where, units="SI"), "samples", channels=["Vert"])
    assert set(metric.reader(["unit"]).read_all()["unit"].to_pylist()) == {"m/s"}


@pytest.mark.parametrize("first, end", [(0, 3), (3, 5), (5, 99), (99, 100)])
def test_events_between_numbers_are_found_though_others_are_removed_meanwhile(
    tmp_path: Path, first: int, end: int
) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    archive.import_files([SAMPLES])
    numbers = [row["id"] for row in archive.query(sort="id")]
    chosen = _archives.Chosen.of(archive, {})
    archive.remove(numbers[1], reason="of another site")
    expected = [number for number in numbers if first <= number < end and number != numbers[1]]
    assert chosen.rows(first, end)["id"].to_pylist() == expected


def test_pages_of_events_hold_each_event_once(
    archive: wavekeep.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_archives, "_PAGE", 3)
    monkeypatch.setattr(_archives, "_EVENTS_OF_SAMPLES", 2)
    events = scan.open(archive)
    assert len(events.parts()) == -(-len(archive) // 3)
    assert read(events.parts())["id"].to_pylist() == sorted(archive)
    first = events.parts(["id"], field("id") < 3)
    assert len(first) == 1 and first[0].read_all()["id"].to_pylist() == [1, 2]
    samples = scan.open(archive, "samples", channels=["Vert"])
    waveforms = [row["id"] for row in archive.query(kind="waveform", sort="id")]
    assert sorted(set(read(samples.parts())["event_id"].to_pylist())) == waveforms
    (one,) = samples.parts(filter=field("event_id") == waveforms[0])
    assert set(one.read_all()["event_id"].to_pylist()) == {waveforms[0]}


def test_an_empty_archive_has_columns_and_no_rows(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    for table in ARCHIVE_TABLES:
        empty = scan.open(archive, table)
        found = empty.reader().read_all()
        assert found.schema == empty.schema and found.num_rows == 0


# What is refused


@pytest.mark.parametrize(
    "options, message",
    [
        ({"table": "block"}, "did you mean 'blocks'"),
        ({"table": "events"}, "its tables are blocks and frames"),
        ({"blockframes": 0}, "from 1"),
        ({"blockframes": True}, "from 1"),
        ({"blockframes": 1.5}, "from 1"),
        ({"blockframes": 2**31}, "from 1"),
        ({"channels": "x"}, "channel"),
        ({"channels": [99]}, "channel"),
        ({"channels": {}}, "channels"),
        ({"raw": 1}, "True or False"),
        ({"events": {"serial": "x"}}, "does not apply"),
        ({"chanels": [1]}, "did you mean 'channels'"),
    ],
    ids=str,
)
def test_an_option_of_a_run_that_makes_no_sense_is_refused(
    path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(wavekeep.Error, match=message):
        scan.open(path, **options)


def test_blocks_of_more_samples_than_a_batch_can_count_are_refused() -> None:
    _runs.check_blocks(2**31 - 1, (0, 1000), 4096)
    _runs.check_blocks(2**20, (0, 2**40), 2047)
    with pytest.raises(wavekeep.BadArgumentError, match="blockframes of 4096 are a good size"):
        _runs.check_blocks(2**20, (0, 2**40), 2048)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"table": "frames"}, "its tables are events and samples"),
        ({"channels": ["Vert"]}, "does not apply"),
        ({"raw": True}, "does not apply"),
        ({"table": "samples", "blockframes": 4}, "does not apply"),
        ({"table": "samples", "channels": [1]}, "names, such as 'Vert'"),
        ({"events": {"serials": "x"}}, "did you mean 'serial'"),
        ({"events": {"from_": "yesterday"}}, "a day or a moment"),
        ({"events": {"kind": "wave"}}, "kind"),
    ],
    ids=str,
)
def test_an_option_of_an_archive_that_makes_no_sense_is_refused(
    archive: wavekeep.Archive, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(wavekeep.Error, match=message):
        scan.open(archive, **options)


@pytest.mark.parametrize(
    "where, error",
    [
        (3, wavekeep.BadArgumentError),
        ("nowhere.dat", wavekeep.FileMissingError),
        (BLAST, wavekeep.NotThisFormatError),
        (SAMPLES, wavekeep.FileMissingError),
        ("http://127.0.0.1:1", wavekeep.ServerError),
    ],
    ids=str,
)
def test_what_is_neither_a_run_nor_an_archive_is_refused(
    where: Any, error: type[wavekeep.Error]
) -> None:
    with pytest.raises(error):
        scan.open(where)


@pytest.mark.parametrize(
    "columns, filter, message",
    [
        (["chanel"], None, "did you mean 'channel'"),
        ("channel", None, "a list of names"),
        (None, field("chanel") == 1, "does not fit the columns"),
        (None, field("channel") == "one", "does not fit the columns"),
        (None, "channel = 1", "an expression of pyarrow.compute"),
        (None, field("channel") + 1, "does not fit the columns"),
    ],
    ids=str,
)
def test_columns_and_filters_that_do_not_fit_are_refused(
    path: Path, columns: Any, filter: Any, message: str
) -> None:
    with pytest.raises(wavekeep.BadArgumentError, match=message):
        scan.open(path).parts(columns, filter)
