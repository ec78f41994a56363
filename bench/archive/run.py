"""Measures the archive in one run and prints a table in Markdown.

    python bench/archive/run.py [--quick]

Events are the sample M529LKIQ.7M0W (3 s, four channels) with the names and starts of 10 units. An import is
durable: what it counts is synced. Verification is compared with `sha256sum` over the same files. A
million rows are written into the index of an archive without files, and listed by the program, its
start included. `WAVEKEEP` names the program; without it, the release build is measured.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = os.environ.get("WAVEKEEP", str(TARGET / "release" / "wavekeep"))


def run(*args):
    start = time.perf_counter()
    process = subprocess.Popen([PROGRAM, *map(str, args)], stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"{args} failed: {out[-500:]}")
    return out, seconds, usage.ru_maxrss / 1024


def fastest(*args, runs=5):
    return min(run(*args)[1] for _ in range(runs))


def base_36(number, digits):
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(signs[number // 36**place % 36] for place in reversed(range(digits)))


def make_events(folder, count):
    """Ten units, each with an event every 97 s: its name and its footer state the start, as in a fleet."""
    event = (ROOT / "samples" / "M529LKIQ.7M0W").read_bytes()

    def moment(at):
        year = at.year.to_bytes(2, "big")
        return bytes([at.day, at.month, *year, 0, at.hour, at.minute, at.second])

    for n in range(count):
        unit = folder / f"unit {n % 10}"
        unit.mkdir(exist_ok=True)
        start = datetime(2026, 1, 1) + timedelta(seconds=97 * (n // 10))
        seconds = int((start - datetime(1985, 1, 1)).total_seconds())
        name = f"M52{n % 10}{base_36(seconds // 1296, 4)}.{base_36(seconds % 1296, 2)}0W"
        times = moment(start) + moment(start + timedelta(seconds=3))
        (unit / name).write_bytes(event[:-24] + times + event[-8:])


def fill(index, count):
    """Rows without files."""
    random.seed(1)
    db = sqlite3.connect(index)
    for n in range(200):
        name = f"{'Quarry' if n % 2 == 0 else 'Tunnel'} {n}"
        db.execute(
            "INSERT INTO texts (id, key, project, client, operator, location, labels) "
            "VALUES (?, ?, ?, 'Northfield', 'kim', ?, '{}')",
            (n + 1, str(n), name, f"gate {n}"),
        )
    db.executemany(
        "INSERT INTO events (serial, filename, kind, timestamp, ppv_in_s, flags, text_id, "
        "false_trigger, has_report, assumed, missing_samples, damaged, changed) "
        "VALUES (?, ?, ?, ?, ?, '{}', ?, ?, 1, '[]', 0, 0, ?)",
        (
            (
                f"BE{11_000 + random.randrange(100)}",
                f"M{n:08}.AB0W",
                "histogram" if random.randrange(10) == 0 else "waveform",
                f"2025-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
                f"T{random.randrange(24):02}:{n // 60 % 60:02}:{n % 60:02}",
                random.randrange(10_000) / 1000,
                1 + random.randrange(200),
                random.randrange(50) == 0,
                n + 1,
            )
            for n in range(count)
        ),
    )
    db.execute("ANALYZE")
    db.commit()
    db.close()


def main():
    quick = "--quick" in sys.argv
    events, rows = (1000, 100_000) if quick else (10_000, 1_000_000)
    table = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_DIR")) as folder:
        folder = Path(folder)
        source, archive = folder / "source", folder / "archive"
        source.mkdir()
        make_events(source, events)
        out, seconds, peak = run("import", "--json", "--archive", archive, source)
        account = json.loads(out.splitlines()[-1])["account"]
        assert account["new"] == events, account
        arrays = sum(1 for _ in archive.glob("BE*/*.h5"))
        assert arrays == events, f"{arrays} of {events} arrays"
        table.append((f"import of {events:,} events, durable", f"{events / seconds:,.0f} events/s"))
        table.append(("peak memory of it", f"{peak:.0f} MB"))
        _, seconds, _ = run("import", "--json", "--archive", archive, source)
        table.append(("the same again", f"{events / seconds:,.0f} events/s"))

        out, seconds, peak = run("verify", "--json", "--hashes", "--archive", archive)
        found = json.loads(out)
        assert not found["findings"], found["findings"][:3]
        size = found["bytes"] / 1e6
        hashes = min(seconds, fastest("verify", "--hashes", "--archive", archive, runs=2))
        files = [str(path) for path in archive.glob("BE*/*")]
        start = time.perf_counter()
        subprocess.run(
            ["xargs", "-0", "-n", "2000", "sha256sum"],
            input="\0".join(files).encode(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        plain = time.perf_counter() - start
        table.append((f"verify --hashes of {size:.0f} MB", f"{size / hashes:,.0f} MB/s"))
        table.append(("sha256sum of the same files", f"{size / plain:,.0f} MB/s"))
        full = run("verify", "--archive", archive)[1]
        table.append(("verify, decoding again", f"{events / full:,.0f} events/s, {size / full:,.0f} MB/s"))
        table.append(("peak memory of it", f"{peak:.0f} MB"))

        # Many in one process: each is synced before the next one begins.
        marked = ("--where", "serial=" + sorted(archive.glob("BE*"))[0].name)
        out, seconds, _ = run("review", "--json", "--archive", archive, *marked, "--reviewed", "--yes")
        many = len(out.splitlines())
        table.append((f"a patch, durable, of {many:,} in one process", f"{seconds / many * 1e3:.2f} ms"))
        version = fastest("--version")
        patch = fastest("review", "--archive", archive, "7", "--notes", "x")
        table.append(("a review by the program, start included", f"{patch * 1e3:.1f} ms"))
        table.append(("start of the program alone", f"{version * 1e3:.1f} ms"))

        big = folder / "big"
        big.mkdir()
        (folder / "nothing").mkdir()
        run("import", "--archive", big, folder / "nothing")
        fill(big / ".wavekeep" / "index.sqlite", rows)
        for name, question in [
            ("of one unit", ["--serial", "BE11007"]),
            ("over 9.9 in/s by PPV", ["--min-ppv", "9.9", "--sort=-ppv"]),
            ("of one month, no false triggers", ["--from", "2025-03-01", "--to", "2025-03-31", "--false-trigger", "no"]),
            ("with a text", ["--text", "quarry 4"]),
        ]:
            took = fastest("list", "--archive", big, *question)
            table.append((f"list {name}, {rows:,} rows, start included", f"{took * 1e3:.1f} ms"))
    print("| what | measured |\n|---|---|")
    for what, measured in table:
        print(f"| {what} | {measured} |")


if __name__ == "__main__":
    main()
