"""A recorder with a control port."""

from __future__ import annotations

import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from program import program

PATH = "AMCc.SmurfProcessor.FileWriter"
CHANNELS = 8
#: Frames a second that a recorder gets.
RATE_HZ = 200


def free_port() -> int:
    """A port that nobody has, neither of TCP nor of UDP.

    It is none of those that a system gives to who asks for any (32,768 and above on Linux): such a port
    could be another program's a moment later.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def recorder(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of the control port of `wavekeep record`, which gets the frames of its emulator all
    the time and writes them below `folder` while its file is open."""
    address = f"tcp://127.0.0.1:{port or free_port()}"
    command = [program(), "record", "--quiet", "--from", "emulator", "--channels", str(CHANNELS)]
    command += ["--rate", str(RATE_HZ), "--control", address, "--wait-for-open"]
    command += ["--output", str(folder)]
    running = subprocess.Popen(command)
    try:
        yield address
    finally:
        running.terminate()
        running.wait(timeout=30)
