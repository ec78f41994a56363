"""Measures the decoding of event files beside what seismology uses, and prints a table.

    python bench/blastware/run.py [--json FILE]

Peers, on the same samples in the same run: libmseed's Steim2 decoder (through pymseed) and ObsPy's
reader. Both come with judges/requirements.txt; one that is missing is said and left out. Read the
ratios, and only those of a machine that does nothing else.
"""

import argparse
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EVENTS = ["M529LKIQ.7M0W", "M529LKVQ.6S0W", "T190LD5Q.LK0W", "T438L713.RY0W"]
TILES = 64
FILES = 10_000


def build(folder, *arguments):
    """The release binary, wherever cargo puts it."""
    command = ["cargo", "build", "--release", "--message-format=json", *arguments]
    lines = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE).stdout.splitlines()
    found = [json.loads(line).get("executable") for line in lines if line.startswith(b"{")]
    return [path for path in found if path][-1]


def fastest(call, rounds=15):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def samples(program, event):
    """The channels of an event, as the program converts them."""
    command = [program, "convert", ROOT / "samples" / event, "--to", "csv", "--units", "raw"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split(",")[1:] for line in text.splitlines()[1:]]
    return [[int(row[turn]) for row in rows] for turn in range(4)]


def steim2(channels, version, record_length):
    """The channels, tiled, as Steim2 records in memory."""
    import numpy as np
    from pymseed import DataEncoding, MS3TraceList

    traces = MS3TraceList()
    for turn, channel in enumerate(channels):
        tiled = np.tile(np.array(channel, dtype=np.int32), TILES)
        name = f"FDSN:XX_B0001__G_P_{'TZRF'[turn]}"
        traces.add_data(name, tiled, "i", 1024.0, starttime_str="2026-05-01T13:16:34Z")
    records = traces.generate(
        max_record_length=record_length, encoding=DataEncoding.STEIM2, format_version=version
    )
    return b"".join(bytes(record) for record in records)


def libmseed(channels):
    """Seconds that libmseed takes to decode all records, in records as long as it makes them."""
    from pymseed import MS3Record

    packed = steim2(channels, 3, 65_536)

    def decode():
        total = 0
        for record in MS3Record.from_buffer(packed, unpack_data=True, validate_crc=False):
            total += record.numsamples
        assert total == sum(map(len, channels)) * TILES, total

    decode()
    return fastest(decode)


def obspy_read(channels):
    """Seconds that `obspy.read` takes, on version 2 records of 4096 bytes."""
    import obspy

    packed = steim2(channels, 2, 4096)

    def decode():
        stream = obspy.read(io.BytesIO(packed), format="MSEED")
        assert sum(trace.stats.npts for trace in stream) == sum(map(len, channels)) * TILES

    decode()
    return fastest(decode)


def peer(name, measure, channels):
    try:
        return measure(channels)
    except ImportError as error:
        print(f"!! {name} is left out: {error}", file=sys.stderr)
        return None


def many_files(program):
    """Seconds of `wavekeep info --json` over a folder of 10,000 event files, warm."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(FILES):
            event = EVENTS[number % len(EVENTS)]
            digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            code = "".join(digits[number // 36**place % 36] for place in (3, 2, 1, 0))
            shutil.copyfile(ROOT / "samples" / event, Path(folder) / f"M529{code}.7M0W")
        command = [program, "info", "--json", folder]
        run = lambda: subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        run()
        return fastest(run, rounds=5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    options = parser.parse_args()

    bench = build(HERE)
    program = build(ROOT, "--package", "wavekeep")
    paths = [ROOT / "samples" / event for event in EVENTS]
    lines = subprocess.run([bench, str(TILES), *paths], check=True, stdout=subprocess.PIPE).stdout
    measured = [json.loads(line) for line in lines.splitlines()]
    ours = {(line["what"], line["event"]): line for line in measured}

    result = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "events": {}}
    print(f"| event | body, G samples/s | file to recording, µs | {TILES} × as long, G samples/s | × libmseed | × ObsPy |")
    print("|---|---|---|---|---|---|")
    for event in EVENTS:
        body, file, tiled = (ours[what, event] for what in ("body", "file", "tiled body"))
        channels = samples(program, event)
        peers = {
            "libmseed": peer("libmseed", libmseed, channels),
            "obspy": peer("ObsPy", obspy_read, channels),
        }
        ratios = {name: seconds and seconds / tiled["seconds"] for name, seconds in peers.items()}
        rate = lambda line: line["samples"] / line["seconds"] / 1e9
        shown = [f"{ratio:.1f}" if ratio else "not installed" for ratio in ratios.values()]
        print(f"| {event} | {rate(body):.2f} | {file['seconds'] * 1e6:.1f} | {rate(tiled):.2f} | {' | '.join(shown)} |")
        result["events"][event] = {"ours": [body, file, tiled], "peers_seconds": peers, "ratios": ratios}

    seconds = many_files(program)
    print(f"\n`wavekeep info --json` over {FILES:,} event files, warm, {os.cpu_count()} cores: {seconds:.2f} s")
    result["info_10000_files_s"] = seconds
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
