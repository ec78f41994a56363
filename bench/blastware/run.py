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


def fastest(call, rounds=15, repetitions=1):
    call()
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repetitions):
            call()
        best = min(best, (time.perf_counter() - start) / repetitions)
    return best


def samples(program, event):
    """The channels of an event, as the program converts them."""
    command = [program, "convert", ROOT / "samples" / event, "--to", "csv", "--units", "raw"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split(",")[1:] for line in text.splitlines()[1:]]
    return [[int(row[turn]) for row in rows] for turn in range(4)]


def steim2(channels, tiles, version, record_length):
    """The channels, repeated, as Steim2 records in memory."""
    import numpy as np
    from pymseed import DataEncoding, MS3TraceList

    traces = MS3TraceList()
    for turn, channel in enumerate(channels):
        repeated = np.tile(np.array(channel, dtype=np.int32), tiles)
        name = f"FDSN:XX_B0001__G_P_{'TZRF'[turn]}"
        traces.add_data(name, repeated, "i", 1024.0, starttime_str="2026-05-01T13:16:34Z")
    records = traces.generate(
        max_record_length=record_length, encoding=DataEncoding.STEIM2, format_version=version
    )
    return b"".join(bytes(record) for record in records)


def libmseed(channels, tiles, record_length):
    """Seconds that libmseed takes to decode all records, checksums left out."""
    from pymseed import MS3Record

    packed = steim2(channels, tiles, 3, record_length)
    expected = sum(map(len, channels)) * tiles

    def decode():
        records = MS3Record.from_buffer(packed, unpack_data=True, validate_crc=False)
        assert sum(record.numsamples for record in records) == expected

    return fastest(decode, repetitions=20 if tiles == 1 else 1)


def obspy_read(channels, tiles, record_length):
    """Seconds that `obspy.read` takes."""
    import obspy

    packed = steim2(channels, tiles, 2, record_length)
    expected = sum(map(len, channels)) * tiles

    def decode():
        stream = obspy.read(io.BytesIO(packed), format="MSEED")
        assert sum(trace.stats.npts for trace in stream) == expected

    return fastest(decode)


def peer(name, measure, *arguments):
    try:
        return measure(*arguments)
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
        return fastest(lambda: subprocess.run(command, check=False, stdout=subprocess.DEVNULL), rounds=5)


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
    rate = lambda line: line["samples"] / line["seconds"] / 1e9
    print("| event | body, µs | G samples/s | file to recording, µs | repeated, G samples/s |")
    print("|---|---|---|---|---|")
    for event in EVENTS:
        body, file, tiled = (ours[what, event] for what in ("body", "file", "tiled body"))
        print(f"| {event} | {body['seconds'] * 1e6:.1f} | {rate(body):.2f} | {file['seconds'] * 1e6:.1f} | {rate(tiled):.2f} |")

    print(f"\nTimes as long as ours takes for the same samples (repeated: {TILES} times in a row):\n")
    print("| event | libmseed, records of 512 | of 4096 | ObsPy | repeated: libmseed 512 | 4096 | ObsPy |")
    print("|---|---|---|---|---|---|---|")
    for event in EVENTS:
        channels = samples(program, event)
        ratios = []
        for tiles, what in ((1, "body"), (TILES, "tiled body")):
            for name, measure, length in (
                ("libmseed", libmseed, 512),
                ("libmseed", libmseed, 4096),
                ("ObsPy", obspy_read, 4096),
            ):
                seconds = peer(name, measure, channels, tiles, length)
                ratios.append(seconds and seconds / ours[what, event]["seconds"])
        shown = [f"{ratio:.1f}" if ratio else "not installed" for ratio in ratios]
        print(f"| {event} | {' | '.join(shown)} |")
        result["events"][event] = {"ours": [ours[what, event] for what in ("body", "file", "tiled body")], "ratios": ratios}

    seconds = many_files(program)
    print(f"\n`wavekeep info --json` over {FILES:,} event files, warm, {os.cpu_count()} cores: {seconds:.2f} s")
    result["info_10000_files_s"] = seconds
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
