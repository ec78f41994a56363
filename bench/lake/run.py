"""Measures lakes in one run and prints a table in Markdown.

    python bench/lake/run.py [--quick]

Events are the sample UM11719_20260714153012.IDFW under the names of 10 units, in 24 months. A lake is in
a folder; each update is the program from its start to its end, with everything synced. The peer is
deltalake in Python, which writes the same table (read from a Parquet file) and merges the same reviews.
`WAVEKEEP` names the program; without it, the release build is measured.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import deltalake
import pyarrow.compute
import pyarrow.parquet

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = os.environ.get("WAVEKEEP", str(TARGET / "release" / "wavekeep"))
MONTHS = 24
REVIEWS = 50


def run(*args):
    start = time.perf_counter()
    process = subprocess.run([PROGRAM, *map(str, args)], stdout=subprocess.PIPE, text=True)
    if process.returncode not in (0, 3):
        sys.exit(f"{args} failed: {process.stdout[-500:]}")
    return process.stdout, time.perf_counter() - start


def make_events(folder, count):
    event = (ROOT / "samples" / "UM11719_20260714153012.IDFW").read_bytes()
    for n in range(count):
        month, second = n % MONTHS, n // MONTHS
        day, second = 1 + second % 28, second // 28
        name = f"UM1171{n % 10}_{2024 + month // 12}{1 + month % 12:02}{day:02}{second:06}.IDFW"
        (folder / name).write_bytes(event + n.to_bytes(4, "big"))


def update(archive, lake, *options):
    out, seconds = run("export", "--archive", archive, "--to", "lake", lake, *options, "--json")
    return json.loads(out)["update"], seconds


def table(archive, path):
    run("export", "--archive", archive, "--to", "parquet", "-o", path, "--force")
    events = pyarrow.parquet.read_table(path)
    months = pyarrow.compute.strftime(events["timestamp"], "%Y-%m")
    return events.append_column("month", months.cast("string"))


def rows_of(events):
    """The rows in one order, whatever types a library gives texts and moments."""
    return events.sort_by("id").to_pylist()


def main():
    count = 600 if "--quick" in sys.argv else 3000
    rows = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_DIR")) as folder:
        folder = Path(folder)
        source, archive = folder / "source", folder / "archive"
        source.mkdir()
        make_events(source, count)
        run("import", "--quiet", "--archive", archive, source)
        truth = table(archive, folder / "all.parquet")
        assert truth.num_rows == count, truth.num_rows

        layouts = {"Parquet": [], "Delta Lake": ["--delta"]}
        for name, options in layouts.items():
            done, seconds = update(archive, folder / name, *options)
            assert done["events"] == count and len(done["written"]) == MONTHS, done
            rows.append((f"{count:,} events into a lake, {name}", seconds))
        start = time.perf_counter()
        deltalake.write_deltalake(folder / "peer", truth, partition_by=["month"])
        rows.append((f"{count:,} events by deltalake in Python", time.perf_counter() - start))

        random.seed(1)
        ids = sorted(random.sample(truth["id"].to_pylist(), REVIEWS))
        chosen = ",".join(map(str, ids))
        run("review", "--archive", archive, "--id", chosen, "--false-trigger", "--yes", "--quiet")
        for name, options in layouts.items():
            done, seconds = update(archive, folder / name, *options)
            assert done["events"] == count and done["written"], done
            rows.append((f"{REVIEWS} reviews in {len(done['written'])} months, {name}", seconds))
        truth = table(archive, folder / "all.parquet")
        changed = truth.filter(pyarrow.compute.is_in(truth["id"], pyarrow.array(ids)))
        start = time.perf_counter()
        merge = deltalake.DeltaTable(folder / "peer").merge(
            changed, "t.id = s.id", source_alias="s", target_alias="t"
        )
        merge.when_matched_update_all().when_not_matched_insert_all().execute()
        rows.append((f"{REVIEWS} reviews merged by deltalake in Python", time.perf_counter() - start))

        for name, options in layouts.items():
            seconds = min(update(archive, folder / name, *options)[1] for _ in range(3))
            rows.append((f"a lake that is up to date, {name}", seconds))
        found = deltalake.DeltaTable(folder / "Delta Lake" / "events").to_pyarrow_table()
        peer = deltalake.DeltaTable(folder / "peer").to_pyarrow_table().select(found.column_names)
        assert rows_of(found) == rows_of(peer), "the peer has another table"

    print("| | s |\n|---|---|")
    for name, seconds in rows:
        print(f"| {name} | {seconds:.2f} |")


main()
