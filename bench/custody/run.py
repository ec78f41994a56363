"""Measures what custody costs, in one run, and prints a table in Markdown.

    python bench/custody/run.py [--quick]

A ledger of a million entries is written as the program would write it, behind that of an archive with one
event; it is read in, then a head, a check since an earlier head and a proof of the event are timed, each the
fastest of five. `WAVEKEEP` names the program; without it, the release build is measured. With
`WAVEKEEP_BEFORE`, a program without a ledger, imports of 10,000 events by both take turns, three times each,
and the medians are compared.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bench" / "archive"))
from run import PROGRAM, make_events  # noqa: E402


def run(program, *args):
    start = time.perf_counter()
    done = subprocess.run([program, *map(str, args)], stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 3):
        sys.exit(f"{args} failed: {done.stdout[-500:]}")
    return done, seconds


def fastest(*args, runs=5):
    return min(run(PROGRAM, *args)[1] for _ in range(runs))


def lengthen(ledger, count):
    """Adds entries of events that go on from the last one."""
    last = ledger.read_bytes().splitlines()[-1]
    previous = hashlib.sha256(b"\0" + last).hexdigest()
    number = json.loads(last)["entry"]
    sums = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("", ".h5", ".sfm.json", ".TXT")}
    facts = {
        "source": {"kind": "bw-import", "tool_version": "x", "captured_at": "2026-05-01T00:00:00Z"},
        "wavekeep": {"id": 1},
    }
    with open(ledger, "ab", buffering=1 << 20) as out:
        for number in range(number + 1, number + 1 + count):
            name = f"M{number:07}.AB0W"
            entry = {
                "entry": number,
                "previous": previous,
                "at": "2026-05-01T00:00:00Z",
                "who": "kim",
                "from": "office",
                "action": "import",
                "event": {"id": number, "serial": "BE11529", "filename": name},
                "files": {name + suffix: value for suffix, value in sums.items()},
                "facts": facts,
            }
            line = json.dumps(entry, separators=(",", ":")).encode()
            previous = hashlib.sha256(b"\0" + line).hexdigest()
            out.write(line + b"\n")


def imports(folder, before, events):
    source = folder / "source"
    source.mkdir()
    make_events(source, events)
    rates = {"before": [], "now": []}
    for turn in range(3):
        for name, program in (("before", before), ("now", PROGRAM)):
            _, seconds = run(program, "import", "--quiet", "--archive", folder / f"{name}{turn}", source)
            rates[name].append(events / seconds)
    return {name: statistics.median(all_of) for name, all_of in rates.items()}


def main():
    quick = "--quick" in sys.argv
    count, events = (20_000, 500) if quick else (1_000_000, 10_000)
    table = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_DIR")) as folder:
        folder = Path(folder)
        if before := os.environ.get("WAVEKEEP_BEFORE"):
            rates = imports(folder, before, events)
            table.append((f"import of {events:,} events, before", f"{rates['before']:,.0f} events/s"))
            table.append(("with the ledger", f"{rates['now']:,.0f} events/s"))
            table.append(("of the rate before", f"{rates['now'] / rates['before']:.2f}"))
        archive, head, proof = folder / "archive", folder / "head.txt", folder / "proof.zip"
        run(PROGRAM, "import", "--archive", archive, ROOT / "samples" / "M529LKIQ.7M0W")
        ledger = archive / ".wavekeep" / "ledger.jsonl"
        lengthen(ledger, count // 2)
        # Whatever opens the archive to change it reads the new lines in.
        _, seconds = run(PROGRAM, "import", "--archive", archive, ROOT / "samples" / "M529LKIQ.7M0W")
        table.append((f"{count // 2:,} entries read into the index", f"{seconds:.1f} s"))
        run(PROGRAM, "head", "--archive", archive, "-o", head)
        lengthen(ledger, count // 2)
        run(PROGRAM, "import", "--archive", archive, ROOT / "samples" / "M529LKIQ.7M0W")
        entries = json.loads(run(PROGRAM, "head", "--json", "--archive", archive)[0].stdout)["size"]
        size = ledger.stat().st_size / 1e6
        seconds = fastest("verify", "--archive", archive, "--since", head, "--ledger")
        table.append((f"verify --since --ledger, {entries:,} entries, {size:.0f} MB", f"{seconds:.2f} s"))
        table.append(("head", f"{fastest('head', '--archive', archive) * 1e3:.0f} ms"))
        seconds = fastest("prove", "1", "--archive", archive, "-o", proof, "--force")
        table.append(("prove, the start of the program included", f"{seconds * 1e3:.0f} ms"))
        start = fastest("--version")
        table.append(("the start of the program", f"{start * 1e3:.0f} ms"))
        with zipfile.ZipFile(proof) as members:
            beside = [m.compress_size for m in members.infolist() if not m.filename.startswith("files/")]
        table.append(("a proof beside its files", f"{sum(beside) / 1e3:.1f} kB"))
    print("| what | measured |\n|---|---|")
    for name, value in table:
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
