"""`spark.read.format("wavekeep")` by Sail, and by Spark itself where WAVEKEEP_ENGINE is `spark`
(`make test-spark`): the same questions, the same answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import RUNS, SAMPLES, counts_of, frame, make_run, record

ENGINE = os.environ.get("WAVEKEEP_ENGINE", "sail")
START = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(name="spark", scope="module")
def made_session() -> Iterator[Any]:
    """A session: of Sail in this process, or of Spark with two worker processes."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    if ENGINE == "sail":
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        session = builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").create()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield session
        session.stop()
        server.stop()
        return
    assert ENGINE == "spark", f"WAVEKEEP_ENGINE is {ENGINE!r}: it is sail or spark"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.master("local-cluster[2,1,1024]").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.python.filterPushdown.enabled": "true",
}


@pytest.fixture(name="path", scope="module")
def made_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run") / "r.dat", counts_of(range(4), range(100)))


@pytest.fixture(name="archive", scope="module")
def made_archive(tmp_path_factory: pytest.TempPathFactory) -> wavekeep.Archive:
    archive = wavekeep.Archive(tmp_path_factory.mktemp("archive"), create=True)
    archive.import_files([SAMPLES])
    return archive


def read(spark: Any, where: object, **options: object) -> Any:
    return spark.read.format("wavekeep").options(**options).load(str(where))


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.collect()]


def in_utc(frame: int) -> str:
    moment = START + timedelta(milliseconds=5 * frame)
    return f"timestamp '{moment:%Y-%m-%d %H:%M:%S.%f}'"


CONDITIONS: dict[str, Callable[[int, int, float], bool]] = {
    "true": lambda c, f, v: True,
    "channel = 2": lambda c, f, v: c == 2,
    "channel in (0, 3)": lambda c, f, v: c in (0, 3),
    "channel not in (0, 3)": lambda c, f, v: c not in (0, 3),
    "channel = 99": lambda c, f, v: False,
    "channel <> 1 and value < 0": lambda c, f, v: c != 1 and v < 0,
    "value > -150000.5 or channel = 1": lambda c, f, v: v > -150000.5 or c == 1,
    "frame between 30 and 40": lambda c, f, v: 30 <= f <= 40,
    "not (frame > 10) and channel <= 1": lambda c, f, v: f <= 10 and c <= 1,
    "frame > 20 * channel": lambda c, f, v: f > 20 * c,
    f"time >= {in_utc(30)}": lambda c, f, v: f >= 30,
    f"time > {in_utc(30)} and time <= {in_utc(40)} and channel = 3": lambda c, f, v: (
        30 < f <= 40 and c == 3
    ),
    f"time = {in_utc(50)}": lambda c, f, v: f == 50,
    "time is null": lambda c, f, v: False,
    "value < double('nan')": lambda c, f, v: True,
}


def test_filters_give_the_answers_of_direct_reads(spark: Any, path: Path) -> None:
    phases = wavekeep.open_stream(path).read()
    table = read(spark, path, table="frames", blockframes=16)
    for condition, meant in CONDITIONS.items():
        chosen = [(c, f) for c in range(4) for f in range(100) if meant(c, f, phases[c, f])]
        what = ["count(*)", "round(sum(value), 3)", "min(frame)", "max(time)"]
        ((count, total, least, latest),) = rows(table.where(condition).selectExpr(*what))
        assert count == len(chosen), condition
        if chosen:
            assert total == pytest.approx(sum(phases[c, f] for c, f in chosen)), condition
            assert least == min(f for _, f in chosen), condition
            last = START + timedelta(milliseconds=5 * max(f for _, f in chosen))
            assert latest.astimezone(timezone.utc) == last, condition


def test_a_frame_that_was_filtered_has_all_its_rows_for_the_next_question(
    spark: Any, path: Path
) -> None:
    table = read(spark, path, table="frames")
    one, two = table.where("channel = 1"), table.where("channel = 2")
    assert (one.count(), table.count(), two.count()) == (100, 400, 100)
    assert table.where("channel = 3 or value is null").count() == 100
    assert one.union(two).count() == 200
    assert one.join(two, "frame").count() == 100


def test_blocks_have_the_samples_of_a_channel(spark: Any, path: Path) -> None:
    table = read(spark, path, channels="1-2,0", blockframes=30, raw="true")
    assert rows(table.selectExpr("count(*)", "sum(size(samples))")) == [(12, 300)]
    found = rows(
        table.where("channel = 2").select("first_frame", "rate_hz", "samples").orderBy("first_frame")
    )
    assert [row[0] for row in found] == [0, 30, 60, 90] and found[0][1] == pytest.approx(200)
    assert np.concatenate([row[2] for row in found]).tolist() == counts_of([2], range(100))[0].tolist()


def test_a_run_in_pieces_is_one(spark: Any) -> None:
    table = read(spark, RUNS / "split.dat", table="frames")
    assert rows(table.selectExpr("count(*)", "max(frame)")) == [(2560, 39)]


def test_types_are_those_of_the_engine(spark: Any, path: Path, archive: wavekeep.Archive) -> None:
    frames = dict(read(spark, path, table="frames").dtypes)
    assert frames == {"channel": "int", "frame": "bigint", "time": "timestamp", "value": "double"}
    assert dict(read(spark, path, raw="True").dtypes)["samples"] == "array<int>"
    events = dict(read(spark, archive.where).dtypes)
    assert (events["timestamp"], events["captured_at"]) == ("timestamp_ntz", "timestamp")


def test_events_are_those_of_the_archive(spark: Any, archive: wavekeep.Archive) -> None:
    table = read(spark, archive.where)
    expected = archive.query(sort="id")
    found = (
        table.orderBy("id").select("id", "serial", "timestamp", "ppv_in_s", "false_trigger").collect()
    )
    names = ("id", "serial", "timestamp", "ppv_in_s", "false_trigger")
    assert [tuple(row) for row in found] == [tuple(row[name] for name in names) for row in expected]
    june = table.where("timestamp >= timestamp_ntz '2026-06-12 00:00:00' and kind = 'waveform'")
    chosen = archive.query(from_="2026-06-12", kind="waveform")
    assert june.count() == len(chosen)
    some = read(spark, archive.where, **{"from": "2026-06-12", "kind": "waveform"})
    assert some.count() == len(chosen) < table.count()


def test_samples_have_the_peaks_of_the_waveforms(spark: Any, archive: wavekeep.Archive) -> None:
    table = read(spark, archive.where, table="samples", channels="Vert")
    found = rows(table.groupBy("event_id").agg({"value": "max", "sample": "count"}).orderBy("event_id"))
    events = [
        (row["id"], archive._decoded(row["id"])[0]) for row in archive.query(kind="waveform", sort="id")
    ]
    assert sorted(found) == sorted(
        (id, *_in_order(float(np.nanmax(np.asarray(event["Vert"]))), event.shape[1], found))
        for id, event in events
    )


def _in_order(peak: float, count: int, found: list[tuple[Any, ...]]) -> tuple[Any, Any]:
    """Engines name the columns of an aggregate in an order of their own."""
    return (peak, count) if isinstance(found[0][1], float) else (count, peak)


def test_an_empty_run_and_an_empty_archive_have_no_rows(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.dat").write_bytes(record(b"a: 1\n", channel=1))
    wavekeep.Archive(tmp_path / "archive", create=True)
    for where, table in [
        ("empty.dat", "frames"),
        ("empty.dat", "blocks"),
        ("archive", "events"),
        ("archive", "samples"),
    ]:
        assert rows(read(spark, tmp_path / where, table=table).selectExpr("count(*)")) == [(0,)]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"channls": "3"}, "did you mean 'channels'"),
        ({"table": "block"}, "did you mean 'blocks'"),
        ({"table": "events"}, "its tables are blocks and frames"),
        ({"blockframes": "-1"}, "a whole number from 1"),
        ({"blockframes": "0"}, "from 1"),
        ({"blockframes": "9" * 30}, "a whole number from 1"),
        ({"raw": "yes"}, "true or false"),
        ({"channels": "0-9999999999999999999"}, "channel"),
        ({"channels": ""}, "channel"),
        ({"serial": "BE11529"}, "does not apply"),
    ],
    ids=str,
)
def test_a_hostile_option_is_an_error_that_says_what_to_do(
    spark: Any, path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        read(spark, path, **options).count()


def test_a_path_that_is_missing_or_of_something_else_is_an_error(spark: Any, tmp_path: Path) -> None:
    loads: list[tuple[Callable[[], Any], str]] = [
        (lambda: spark.read.format("wavekeep").load(), "wavekeep needs a path"),
        (lambda: read(spark, tmp_path / "no.dat"), "no.dat"),
        (lambda: read(spark, SAMPLES / "M529LMOK.DK0W"), "open_stream opens a stream"),
        (lambda: read(spark, tmp_path), "archive"),
    ]
    for load, message in loads:
        with pytest.raises(Exception, match=message):
            load().count()


def write_frames(path: Path, numbers: range) -> None:
    samples = counts_of(range(3), numbers)
    with open(path, "ab") as file:
        for place, number in enumerate(numbers):
            time_ns = 1_700_000_000_000_000_000 + 5_000_000 * number
            file.write(record(frame(samples[:, place], 20 * number, time_ns)))


if ENGINE == "spark":
    # Sail has no streaming of sources in Python.

    def test_a_growing_run_is_followed_over_pieces(spark: Any, tmp_path: Path) -> None:
        bare = tmp_path / "r.dat"
        write_frames(Path(f"{bare}.1"), range(10))
        stream = spark.readStream.format("wavekeep").options(table="frames", raw="true").load(str(bare))
        query = stream.writeStream.format("memory").queryName("growing").start()
        try:
            query.processAllAvailable()
            assert rows(spark.sql("select count(*) from growing")) == [(30,)]
            write_frames(Path(f"{bare}.1"), range(10, 13))
            write_frames(Path(f"{bare}.2"), range(13, 20))
            query.processAllAvailable()
            found = rows(spark.sql("select channel, frame, value from growing order by channel, frame"))
        finally:
            query.stop()
        expected = counts_of(range(3), range(20))
        assert found == [(c, f, expected[c, f]) for c in range(3) for f in range(20)]

    FOLLOW = """
        import sys
        from pyspark.sql import SparkSession
        run, folder = sys.argv[1:]
        builder = SparkSession.builder.master("local[2]")
        for name, value in {settings!r}.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        stream = spark.readStream.format("wavekeep").options(table="frames", raw="true").load(run)
        query = stream.writeStream.format("parquet").option("checkpointLocation", folder + "/checkpoint")
        query.trigger(processingTime="200 milliseconds").start(folder + "/out").awaitTermination()
        """

    def test_a_query_that_is_killed_goes_on_from_its_checkpoint(spark: Any, tmp_path: Path) -> None:
        run = tmp_path / "r.dat.1"
        written = 5
        write_frames(run, range(written))
        code = textwrap.dedent(FOLLOW).format(settings=SETTINGS)
        offsets = tmp_path / "checkpoint" / "offsets"
        for kills in range(1, 3):
            command = [sys.executable, "-c", code, str(run), str(tmp_path)]
            process = subprocess.Popen(
                command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            try:
                begun = len(list(offsets.glob("[0-9]*"))) if offsets.exists() else 0
                until = time.monotonic() + 180
                # Killed between the plan of a batch and its end, as far as that can be met.
                while len(list(offsets.glob("[0-9]*"))) < begun + kills:
                    assert process.poll() is None and time.monotonic() < until, _said(process)
                    write_frames(run, range(written, written + 3))
                    written += 3
                    time.sleep(0.1)
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        stream = spark.readStream.format("wavekeep").options(table="frames", raw="true").load(str(run))
        query = stream.writeStream.format("parquet").option(
            "checkpointLocation", str(tmp_path / "checkpoint")
        )
        last = query.trigger(availableNow=True).start(str(tmp_path / "out"))
        assert last.awaitTermination(180) and last.exception() is None
        found = spark.read.parquet(str(tmp_path / "out"))
        assert rows(found.selectExpr("count(*)", "count(distinct channel, frame)", "max(frame)")) == [
            (3 * written, 3 * written, written - 1)
        ]
        expected = counts_of(range(3), range(written)).sum(axis=1, dtype=np.int64).tolist()
        sums = rows(found.groupBy("channel").agg({"value": "sum"}).orderBy("channel"))
        assert [total for _, total in sums] == expected

    def _said(process: subprocess.Popen[bytes]) -> str:
        process.kill()
        return (process.communicate()[1] or b"").decode()[-4000:]
