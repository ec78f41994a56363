"""Recording from a stream bridge: frames of 4096 channels, sent by libzmq on the same machine.

At 4 kHz, as an instrument sends them: what is lost, and how much of a processor the recorder takes.
Then as fast as both can: the frames that a second has room for.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import zmq

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("WAVEKEEP_BIN", str(ROOT / "target/release/wavekeep"))
CHANNELS = 4096
RATE_HZ = 4000
SECONDS = 20


def payloads(count: int) -> list[bytearray]:
    header = bytearray(128)
    struct.pack_into("<BBBBI", header, 0, 1, 1, 2, 0, CHANNELS)
    return [header + os.urandom(4 * CHANNELS) for _ in range(count)]


def measured(frames: int, rate_hz: float | None, folder: str) -> dict[str, float]:
    """Sends `frames` frames, at a rate or as fast as they are taken."""
    context = zmq.Context()
    socket = context.socket(zmq.PUSH)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    path = os.path.join(folder, "run.dat")
    command = [PROGRAM, "record", "--from", f"tcp://127.0.0.1:{port}", "-o", path, "--json"]
    recorder = subprocess.Popen(
        [*command, "--set", "Overwrite=true", "--frames", str(frames)], stdout=subprocess.PIPE
    )
    kept = payloads(64)
    socket.send_multipart([b"\0\0", b"\0", b"\0", kept[0]])
    time.sleep(0.5)
    begun, behind = time.perf_counter(), 0.0
    for counter in range(1, frames):
        payload = kept[counter % len(kept)]
        struct.pack_into("<I", payload, 84, counter)
        socket.send_multipart([b"\0\0", b"\0", b"\0", payload])
        if rate_hz is not None:
            late = time.perf_counter() - begun - counter / rate_hz
            behind = max(behind, late)
            if late < -0.001:
                time.sleep(-late)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = json.loads(recorder.communicate()[0])
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    context.destroy(linger=0)
    return {
        "frames": summary["variables"]["FrameCount"],
        "lost": summary["bridge"]["lost"],
        "frames_per_s": frames / seconds,
        "mb_per_s": summary["variables"]["TotalSize"] / seconds / 1e6,
        "cpu": cpu / seconds,
        "behind_s": behind,
        "memory_mb": after.ru_maxrss / 1000,
    }


def main() -> None:
    folder = tempfile.mkdtemp(dir=sys.argv[1] if len(sys.argv) > 1 else None)
    print("| 4096 channels | frames/s | MB/s | lost | processors | memory, MB | sender late, ms |")
    print("|---|---|---|---|---|---|---|")
    for name, rate in (("at 4 kHz", RATE_HZ), ("as fast as it goes", None)):
        found = measured(RATE_HZ * SECONDS, rate, folder)
        late = f"{found['behind_s'] * 1000:.0f}" if rate else "–"
        print(
            f"| {name} | {found['frames_per_s']:.0f} | {found['mb_per_s']:.0f} | {found['lost']} "
            f"| {found['cpu']:.2f} | {found['memory_mb']:.0f} | {late} |",
            flush=True,
        )
    os.remove(os.path.join(folder, "run.dat"))
    os.rmdir(folder)


main()
