"""Measures engines over a run, beside direct reads in the same run, and prints a table in Markdown.

    python bench/engines/run.py [--quick]

A run of 500,000 frames of 512 channels (1.09 GB; `--quick`: 50,000 frames) is made. Each question is asked in
a process of its own: once to warm up, then twice, of which the faster counts; engines are started before. Files
are cached. Ratios are of the time of all processors, which other programs disturb less. Peak memory is that
of the process, looked at every 10 ms, without pages of mapped files (RssAnon); Spark's Java and its workers
are processes of their own, which are not counted. Engines that are not installed are left out by name.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

CHANNELS = 512
ONE = 5
#: They end when nothing names them.
SERVERS = []


def direct_blocks(path):
    import wavekeep

    run = wavekeep.open_stream(path)
    return lambda: sum(block.data.shape[1] for block in run.blocks(16384, reuse=True)) * CHANNELS


def direct_channel(path):
    import wavekeep

    run = wavekeep.open_stream(path)
    return lambda: float(run.read(ONE).sum())


def scan_blocks(path):
    from wavekeep import scan

    blocks = scan.open(path)
    return lambda: sum(
        len(lists.flatten()) for lists in (batch[0] for batch in blocks.reader(["samples"]))
    )


def polars_blocks(path):
    import polars
    from wavekeep import scan

    blocks = scan.open(path).to_polars()
    return lambda: blocks.select(polars.col("samples").list.len().sum()).collect().item()


def polars_channel(path):
    import polars
    from wavekeep import scan

    frames = scan.open(path, "frames").to_polars()
    return lambda: (
        frames.filter(polars.col("channel") == ONE).select(polars.col("value").sum()).collect().item()
    )


def duckdb_blocks(path):
    from wavekeep import scan

    blocks = scan.open(path).to_duckdb()
    return lambda: blocks.aggregate("sum(len(samples))").fetchall()[0][0]


def duckdb_channel(path):
    from wavekeep import scan

    frames = scan.open(path, "frames").to_duckdb()
    return lambda: frames.filter(f"channel = {ONE}").aggregate("sum(value)").fetchall()[0][0]


def datafusion_of(path, table, query):
    import datafusion
    from wavekeep import scan

    context = datafusion.SessionContext()
    scan.open(path, table).to_datafusion(context, "t")
    return lambda: context.sql(query).to_arrow_table()[0][0].as_py()


def datafusion_blocks(path):
    return datafusion_of(path, "blocks", "select sum(array_length(samples)) from t")


def datafusion_channel(path):
    return datafusion_of(path, "frames", f"select sum(value) from t where channel = {ONE}")


def dask_channel(path):
    import dask
    from wavekeep import scan

    dask.config.set(scheduler="threads")
    frames = scan.open(path, "frames", channels=[ONE]).to_dask()
    return lambda: float(frames["value"].sum().compute())


def sail_session():
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    SERVERS.append(server)
    return SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").create()


def spark_session():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return builder.config("spark.driver.host", "127.0.0.1").getOrCreate()


def session_blocks(session, path):
    table = session.read.format("wavekeep").load(path)
    return lambda: table.selectExpr("sum(size(samples))").collect()[0][0]


def session_count(session, path):
    table = session.read.format("wavekeep").load(path)
    return table.count


def session_channel(session, path):
    table = session.read.format("wavekeep").options(table="frames", channels=str(ONE)).load(path)
    return lambda: table.selectExpr("sum(value)").collect()[0][0]


def pushed_channel(session, path):
    table = session.read.format("wavekeep").options(table="frames").load(path)
    return lambda: table.where(f"channel = {ONE}").selectExpr("sum(value)").collect()[0][0]


ALL, CHANNEL = "all samples", "one channel"
#: Name, what is asked, and what asks; the first of each kind is what others are compared with.
QUESTIONS = {
    "direct reads, float64": (ALL, direct_blocks),
    "scan, record batches": (ALL, scan_blocks),
    "Polars, blocks": (ALL, polars_blocks),
    "DuckDB, blocks": (ALL, duckdb_blocks),
    "DataFusion, blocks": (ALL, datafusion_blocks),
    "Sail, blocks": (ALL, lambda path: session_blocks(sail_session(), path)),
    "Sail, `count()` of blocks": (ALL, lambda path: session_count(sail_session(), path)),
    "Spark local[2], blocks": (ALL, lambda path: session_blocks(spark_session(), path)),
    "direct read of a channel": (CHANNEL, direct_channel),
    "Polars, frames, pushed": (CHANNEL, polars_channel),
    "DuckDB, frames, pushed": (CHANNEL, duckdb_channel),
    "DataFusion, frames, pushed": (CHANNEL, datafusion_channel),
    "Dask threads, frames": (CHANNEL, dask_channel),
    "Sail, frames, pushed": (CHANNEL, lambda path: pushed_channel(sail_session(), path)),
    "Spark local[2], frames, option": (CHANNEL, lambda path: session_channel(spark_session(), path)),
}


class Memory(threading.Thread):
    """Looks at the memory of this process."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak_mb = 0

    def run(self):
        while True:
            lines = Path("/proc/self/status").read_text().splitlines()
            (now,) = (int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
            self.peak_mb = max(self.peak_mb, now / 1024)
            time.sleep(0.01)


def ask(name, path):
    """Asks in this process; prints seconds, those of its processors, peak memory and the answer."""
    memory = Memory()
    memory.start()
    call = QUESTIONS[name][1](path)
    call()
    times = []
    for _ in range(2):
        start, worked = time.perf_counter(), time.process_time()
        answer = call()
        times.append((time.perf_counter() - start, time.process_time() - worked))
    print(json.dumps([*min(times), memory.peak_mb, answer]), flush=True)
    if SERVERS:
        # A Sail server in this process ends with it; to stop it may wait without end.
        os._exit(0)


def main():
    from run import make_run  # bench/python

    frames = 50_000 if "--quick" in sys.argv else 500_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.dat"
        make_run(path, CHANNELS, frames)
        print(f"{path.stat().st_size / 1e9:.2f} GB, {frames} frames of {CHANNELS} channels")
        print("| | s | of processors, s | times a direct read's | peak memory |\n|---|---|---|---|---|")
        compared = {}
        for name, (kind, _) in QUESTIONS.items():
            done = subprocess.run(
                [sys.executable, "-W", "ignore", __file__, name, path], capture_output=True, text=True
            )
            if done.returncode != 0:
                print(f"| {name} | not measured: {done.stderr.strip().splitlines()[-1][:80]} | | | |")
                continue
            seconds, worked, peak_mb, answer = json.loads(done.stdout.strip().splitlines()[-1])
            compared.setdefault(kind, (worked, answer))
            same = (
                answer == compared[kind][1]
                or "count" in name
                or abs(answer / compared[kind][1] - 1) < 1e-9
            )
            assert same, f"{name} answers {answer}, a direct read {compared[kind][1]}"
            ratio = f"{worked / compared[kind][0]:.1f}" if "Spark" not in name else "–"
            of_processors = f"{worked:.2f}" if "Spark" not in name else "–"
            row = [name, f"{seconds:.2f}", of_processors, ratio, f"{peak_mb:.0f} MB"]
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in QUESTIONS:
        ask(sys.argv[1], sys.argv[2])
    else:
        main()
