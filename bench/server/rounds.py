"""Measures many clients that send and review at once, beside one batch, in one run.

    python bench/server/rounds.py [--quick]

The same events are imported by the program in one batch, and sent by 200 clients to a server over an
archive of its own, one event a request; then 200 clients review them, one event a request. Every answer
means that it is on the disk, synced. `WAVEKEEP` and `WAVEKEEP_CLIENTS` name the program and the example
`many_clients`; without them, the release builds are measured.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PROGRAM = os.environ.get("WAVEKEEP", str(TARGET / "release" / "wavekeep"))
CLIENTS = os.environ.get("WAVEKEEP_CLIENTS", str(TARGET / "release" / "examples" / "many_clients"))
AT_ONCE = 200

sys.path.insert(0, str(ROOT / "bench" / "archive"))
from run import make_events  # noqa: E402


def main():
    each = 10 if "--quick" in sys.argv else 50
    events = AT_ONCE * each
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_DIR")) as folder:
        folder = Path(folder)
        source = folder / "source"
        source.mkdir()
        make_events(source, events)
        started = time.perf_counter()
        subprocess.run([PROGRAM, "import", "--quiet", "--archive", folder / "batch", source], check=True)
        batch = events / (time.perf_counter() - started)
        (folder / "served").mkdir()
        server = subprocess.Popen(
            [PROGRAM, "serve", "--json", "--listen", "127.0.0.1:0", "--create", "--archive", folder / "served"],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            address = json.loads(server.stdout.readline())["listening"]
            found = {
                what: json.loads(subprocess.check_output([CLIENTS, address, what, source, str(AT_ONCE), str(each)]))
                for what in ("import", "review")
            }
        finally:
            server.terminate()
            server.wait()
        verified = subprocess.run([PROGRAM, "verify", "--json", "--hashes", "--archive", folder / "served"],
                                  capture_output=True, text=True, check=True)
        assert json.loads(verified.stdout)["events"] == events, verified.stdout
    print(f"| {events:,} events of 3 s | a second | of the batch | median | p99 |\n|---|---|---|---|---|")
    print(f"| imported in one batch | {batch:,.0f} | 1 | – | – |")
    for what, name in (("import", "imported"), ("review", "reviewed")):
        one = found[what]
        print(f"| {name} by {AT_ONCE} clients | {one['per_s']:,.0f} | {one['per_s'] / batch:.2f} "
              f"| {one['median_ms']:.0f} ms | {one['p99_ms']:.0f} ms |")


if __name__ == "__main__":
    main()
