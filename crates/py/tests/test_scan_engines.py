"""Polars, DuckDB, DataFusion, Dask and pyarrow give the answers of direct reads, and read what they need."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import datafusion
import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pytest

import wavekeep
from conftest import RUNS, SAMPLES, counts_of, make_run
from wavekeep import scan
from wavekeep.scan import _run_tables, _runs

START = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
Row = dict[str, Any]


@pytest.fixture(name="path", scope="module")
def made_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run") / "r.dat", counts_of(range(4), range(100)))


@pytest.fixture(name="frames")
def scanned_frames(path: Path, monkeypatch: pytest.MonkeyPatch) -> scan.Scan:
    """The frames of a run of 4 channels, in parts of 16 frames."""
    monkeypatch.setattr(_runs, "_SAMPLES", {"blocks": 64, "frames": 64})
    return scan.open(path, "frames", blockframes=16)


@pytest.fixture(name="archive", scope="module")
def made_archive(tmp_path_factory: pytest.TempPathFactory) -> wavekeep.Archive:
    archive = wavekeep.Archive(tmp_path_factory.mktemp("archive"), create=True)
    archive.import_files([SAMPLES])
    return archive


def polars_rows(table: scan.Scan, query: str) -> list[tuple[Any, ...]]:
    return pl.SQLContext(t=table.to_polars()).execute(query, eager=True).rows()


def duckdb_rows(table: scan.Scan, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        table.to_duckdb(connection).create_view("t")
        return connection.execute(query).fetchall()


def datafusion_rows(table: scan.Scan, query: str) -> list[tuple[Any, ...]]:
    context = datafusion.SessionContext()
    table.to_datafusion(context, "t")
    found = context.sql(query).to_arrow_table()
    return list(zip(*(column.to_pylist() for column in found.columns)))


#: Each engine, and how it writes a moment.
ENGINES: dict[str, tuple[Callable[[scan.Scan, str], list[tuple[Any, ...]]], str]] = {
    "polars": (polars_rows, "CAST('{}+00:00' AS TIMESTAMP WITH TIME ZONE)"),
    "duckdb": (duckdb_rows, "TIMESTAMPTZ '{}+00'"),
    "datafusion": (datafusion_rows, "arrow_cast('{}Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"),
}


def moment(frame: int) -> datetime:
    return START + timedelta(milliseconds=5 * frame)


#: A condition as SQL, and as it is meant; `<10>` is the moment of frame 10.
CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "channel >= 0": lambda row: True,
    "channel = 2": lambda row: row["channel"] == 2,
    "2 < channel": lambda row: row["channel"] > 2,
    "channel <> 2": lambda row: row["channel"] != 2,
    "channel IN (0, 3)": lambda row: row["channel"] in (0, 3),
    "channel NOT IN (0, 3)": lambda row: row["channel"] not in (0, 3),
    "channel = 99": lambda row: False,
    "channel = 2 AND value < 0": lambda row: row["channel"] == 2 and row["value"] < 0,
    "channel = 2 OR value < -150000.5": lambda row: row["channel"] == 2 or row["value"] < -150000.5,
    "frame BETWEEN 30 AND 40": lambda row: 30 <= row["frame"] <= 40,
    "frame >= 30 AND frame < 40 AND channel = 1": lambda row: (
        30 <= row["frame"] < 40 and row["channel"] == 1
    ),
    "frame = 5 OR frame = 95": lambda row: row["frame"] in (5, 95),
    "frame % 10 = 3": lambda row: row["frame"] % 10 == 3,
    "NOT (frame > 10)": lambda row: row["frame"] <= 10,
    "frame > channel * 20": lambda row: row["frame"] > row["channel"] * 20,
    "channel = frame": lambda row: row["channel"] == row["frame"],
    "time >= <30>": lambda row: row["frame"] >= 30,
    "time > <30> AND time <= <40> AND channel = 3": lambda row: (
        30 < row["frame"] <= 40 and row["channel"] == 3
    ),
    "time = <50>": lambda row: row["frame"] == 50,
    "time IS NULL": lambda row: False,
    "value IS NOT NULL AND channel < 1": lambda row: row["channel"] < 1,
}


def direct(path: Path) -> list[Row]:
    """All rows, by reading the run itself."""
    phases = wavekeep.open_stream(path).read()
    return [
        {
            "channel": channel,
            "frame": frame,
            "time": moment(frame),
            "value": float(phases[channel, frame]),
        }
        for channel in range(4)
        for frame in range(100)
    ]


def in_sql(condition: str, how: str) -> str:
    for frame in (30, 40, 50, 70):
        condition = condition.replace(
            f"<{frame}>", how.format(moment(frame).replace(tzinfo=None).isoformat())
        )
    return condition


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_gives_the_answers_of_direct_reads(
    frames: scan.Scan, path: Path, engine: str, condition: str
) -> None:
    ask, how = ENGINES[engine]
    chosen = [row for row in direct(path) if CONDITIONS[condition](row)]
    query = (
        "SELECT count(*) AS n, sum(value) AS s, min(frame) AS least, max(time) AS latest FROM t WHERE "
    )
    ((count, total, least, latest),) = ask(frames, query + in_sql(condition, how))
    assert count == len(chosen)
    if chosen:
        assert total == pytest.approx(sum(row["value"] for row in chosen))
        assert least == min(row["frame"] for row in chosen)
        assert latest == max(row["time"] for row in chosen)


@pytest.mark.parametrize(
    "condition, most",
    [
        ("channel = 2", 100),
        ("channel IN (0, 3)", 200),
        ("channel = 2 AND value < 0", 100),
        ("frame BETWEEN 20 AND 30", 64),
        ("frame >= 30 AND frame < 32 AND channel = 1", 64),
        ("time > <70> AND channel = 1", 36),
        ("channel = 99", 0),
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_reads_the_samples_that_it_asks_for(
    frames: scan.Scan, engine: str, condition: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, counted = _run_tables._read, []

    def counting(*arguments: Any) -> Any:
        found = read(*arguments)
        counted.append(found.size)
        return found

    monkeypatch.setattr(_run_tables, "_read", counting)
    ask, how = ENGINES[engine]
    ask(frames, f"SELECT sum(value) AS s FROM t WHERE {in_sql(condition, how)}")
    assert sum(counted) <= most
    counted.clear()
    ask(frames, "SELECT max(frame) AS m FROM t")
    assert counted == []


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_counts_and_limits_without_columns(frames: scan.Scan, engine: str) -> None:
    ask, _ = ENGINES[engine]
    assert ask(frames, "SELECT count(*) AS n FROM t") == [(400,)]
    assert len(ask(frames, "SELECT frame FROM t WHERE channel = 1 LIMIT 7")) == 7
    assert len(ask(frames, "SELECT frame FROM t LIMIT 7")) == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_takes_blocks_with_lists_of_samples(path: Path, engine: str) -> None:
    ask, _ = ENGINES[engine]
    blocks = scan.open(path, blockframes=30)
    run = wavekeep.open_stream(path)
    found = ask(blocks, "SELECT first_frame, samples FROM t WHERE channel = 2 ORDER BY first_frame")
    assert [first for first, _ in found] == [0, 30, 60, 90]
    assert np.concatenate([list(samples) for _, samples in found]).tolist() == run.read(2)[0].tolist()


EVENT_CONDITIONS = [
    "kind = 'waveform'",
    "serial = 'BE11529' AND ppv_in_s > 0.3",
    "ppv_in_s IS NULL",
    "false_trigger",
    "NOT damaged AND missing_samples = 0",
    "id BETWEEN 2 AND 5",
    "filename >= 'M' AND kind <> 'histogram'",
    "timestamp >= TIMESTAMP '2026-06-12 00:00:00'",
    "notes IS NOT NULL OR project IS NULL",
]


@pytest.mark.parametrize("condition", EVENT_CONDITIONS)
def test_engines_agree_on_events_with_a_table_in_memory(
    archive: wavekeep.Archive, condition: str
) -> None:
    everything = archive.query(sort="id").to_arrow()
    in_memory: Any = duckdb.sql
    query = f"SELECT id FROM {{}} WHERE {condition} ORDER BY id"
    expected = in_memory(query.format("everything")).fetchall()
    assert everything.num_rows >= len(expected)
    for engine, (ask, _) in ENGINES.items():
        if engine == "polars":
            condition = condition.replace("TIMESTAMP ", "")
        found = ask(scan.open(archive), f"SELECT id FROM t WHERE {condition} ORDER BY id")
        assert found == expected, engine


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_on_peaks_of_events(archive: wavekeep.Archive, engine: str) -> None:
    ask, _ = ENGINES[engine]
    query = "SELECT event_id AS id, max(value) AS peak FROM t WHERE channel = 'Vert' GROUP BY 1 ORDER BY 1"
    expected = [
        (row["id"], float(np.nanmax(np.asarray(archive._decoded(row["id"])[0]["Vert"]))))
        for row in archive.query(kind="waveform", sort="id")
    ]
    assert ask(scan.open(archive, "samples"), query) == expected


@pytest.mark.filterwarnings("ignore::polars.exceptions.PolarsInefficientMapWarning")
def test_polars_pushes_nothing_that_it_means_otherwise(path: Path) -> None:
    values = scan.open(path, "frames", channels=[1]).to_polars()
    assert values.filter(pl.col("value") < float("nan")).collect().height == 100
    assert (
        values.filter(pl.col("time") == pl.lit(moment(3)).dt.cast_time_unit("ns")).collect().height == 1
    )
    late = pl.lit(moment(3)).dt.cast_time_unit("ns") + pl.duration(nanoseconds=1)
    kept = scan.open(path, "frames", channels=[1]).reader().read_all()
    assert isinstance(kept, pa.Table)
    memory = pl.DataFrame(kept).filter(pl.col("time") >= late).height
    assert values.filter(pl.col("time") >= late).collect().height == memory
    assert (
        values.filter(pl.col("frame").map_elements(lambda frame: frame < 3, pl.Boolean)).collect().height
        == 3
    )


def test_nan_is_ordered_by_each_engine_as_it_does_in_memory(path: Path) -> None:
    ask = duckdb_rows
    frames = scan.open(path, "frames")
    assert ask(frames, "SELECT count(*) FROM t WHERE value < 'nan'::double") == [(400,)]
    assert ask(frames, "SELECT count(*) FROM t WHERE value = 'nan'::double") == [(0,)]


# pyarrow


def test_a_dataset_of_pyarrow_pushes_columns_and_filters(frames: scan.Scan) -> None:
    dataset = frames.dataset()
    assert isinstance(dataset, pyarrow.dataset.Dataset)
    assert dataset.schema == frames.schema
    one = pc.field("channel") == 1
    assert dataset.count_rows() == 400 and dataset.count_rows(filter=one) == 100
    assert dataset.head(3, columns=["frame"]).num_rows == 3
    assert dataset.to_table(filter=one).num_rows == 100
    assert sum(batch.num_rows for batch in dataset.to_batches(columns=["value"], filter=one)) == 100
    doubled = dataset.to_table(columns={"twice": pc.field("frame") * 2}, filter=one)
    assert sorted(doubled["twice"].to_pylist()) == list(range(0, 200, 2))
    assert sum(part.scanner().count_rows() for part in dataset.get_fragments(one)) == 100
    assert pickle.loads(pickle.dumps(dataset)).count_rows() == 400
    assert pa.table(frames).num_rows == pl.DataFrame(frames).height == 400


def test_what_a_dataset_does_with_files_is_an_error_and_never_an_empty_answer(path: Path) -> None:
    """Each public method, in a process of its own: the memory behind a dataset is Arrow's."""
    code = f"""
import pyarrow as pa, pyarrow.dataset as ds, pyarrow.acero as acero, pyarrow.compute as pc
from wavekeep import scan
frames = scan.open({str(path)!r}, "frames")
calls = {{
    "filter": lambda it: it.filter(pc.field("channel") == 1).to_table(),
    "sort_by": lambda it: it.sort_by("frame").to_table(),
    "take": lambda it: it.take(pa.array([0])),
    "join": lambda it: it.join(it, "frame").to_table(),
    "join_asof": lambda it: it.join_asof(it, "frame", "channel", 1).to_table(),
    "replace_schema": lambda it: it.replace_schema(it.schema).to_table(),
    "subset": lambda it: it.subset(pc.field("channel") == 1).to_table(),
    "union": lambda it: ds.dataset([it, it]).to_table(),
    "acero": lambda it: acero.Declaration("scan", acero.ScanNodeOptions(it)).to_table(),
    "from_dataset": lambda it: ds.Scanner.from_dataset(it).to_table(),
}}
for name, call in calls.items():
    try:
        rows = call(frames.dataset()).num_rows
    except (OSError, ValueError) as error:
        print(name, "error")
    else:
        print(name, rows)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = dict(line.split() for line in done.stdout.splitlines())
    assert len(found) == 10 and set(found.values()) <= {"error", "400"}, found


def test_an_error_of_a_part_comes_through_every_engine(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(2), range(50)))
    frames = scan.open(path, "frames")
    lazy = frames.to_polars()
    path.unlink()
    for name, (ask, _) in ENGINES.items():
        with pytest.raises(Exception, match="r.dat cannot be read here"):
            ask(frames, "SELECT sum(value) AS s FROM t")
        assert name
    with pytest.raises(Exception, match="r.dat cannot be read here"):
        lazy.collect()


# Dask


def test_dask_gives_the_answers_of_direct_reads(frames: scan.Scan, path: Path) -> None:
    lazy: Any = frames.to_dask()
    assert lazy.npartitions == 7 and len(lazy) == 400
    expected = wavekeep.open_stream(path).read().sum(axis=1)
    np.testing.assert_allclose(lazy.groupby("channel")["value"].sum().compute().sort_index(), expected)
    assert lazy[lazy.frame >= 90]["frame"].max().compute() == 99


@pytest.mark.parametrize(
    "table, scheduler",
    [("events", "synchronous"), ("events", "threads"), ("samples", "threads"), ("samples", "processes")],
)
def test_an_archive_is_a_data_frame_of_dask(
    archive: wavekeep.Archive, table: Any, scheduler: str
) -> None:
    lazy: Any = archive.to_dask_dataframe(table)
    found = lazy.compute(scheduler=scheduler)
    expected = scan.open(archive, table).reader().read_all()
    assert len(found) == expected.num_rows and list(found.columns) == expected.column_names
    assert dict(found.dtypes) == dict(lazy.dtypes)
    kept = archive.query(sort="id").to_pandas()
    if table == "events":
        assert found["ppv_in_s"].tolist() == pytest.approx(kept["ppv_in_s"].tolist(), nan_ok=True)
        assert found["timestamp"].dtype == kept["timestamp"].dtype == "datetime64[us]"
        assert found["missing_samples"].dtype == kept["missing_samples"].dtype == "Int64"
        assert found["captured_at"].dtype == kept["captured_at"].dtype


def test_dask_reads_the_columns_that_it_asks_for(
    frames: scan.Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("samples were read")

    monkeypatch.setattr(_run_tables, "_read", refuse)
    lazy: Any = frames.to_dask()
    assert lazy["frame"].sum().compute(scheduler="synchronous") == 4 * sum(range(100))


def test_an_empty_archive_is_an_empty_data_frame(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    tables: list[Any] = ["events", "samples"]
    for table in tables:
        lazy: Any = archive.to_dask_dataframe(table)
        assert len(lazy) == 0 and list(lazy.columns) == scan.open(archive, table).schema.names


@pytest.mark.parametrize(
    "method", ["dataset", "to_polars", "to_duckdb", "to_datafusion", "to_dask", "to_ray"]
)
def test_a_library_that_is_not_there_is_named_with_its_extra(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = scan.open(RUNS / "basic.dat")
    call = getattr(blocks, method)
    library = {"dataset": "pyarrow.dataset", "to_dask": "dask.dataframe", "to_ray": "ray.data"}
    monkeypatch.setitem(sys.modules, library.get(method, method.removeprefix("to_")), None)
    arguments = [None, "t"] if "context" in inspect.signature(call).parameters else []
    with pytest.raises(wavekeep.MissingLibraryError, match="pip install 'wavekeep"):
        call(*arguments)
