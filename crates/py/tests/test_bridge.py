"""Frames of a Rogue bridge, sent by libzmq."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

import conftest
import wavekeep
from wavekeep.smurf import BridgeSource, DataWriter, Frame


def frame(counter: int, samples: list[int]) -> bytes:
    return conftest.frame(np.array(samples, np.int32), counter, counter * 5_000_000)


@pytest.fixture
def sender() -> Iterator[tuple[zmq.Socket[bytes], str]]:
    context = zmq.Context()
    socket = context.socket(zmq.PUSH)
    socket.setsockopt(zmq.LINGER, 0)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    yield socket, f"tcp://127.0.0.1:{port}"
    context.destroy(linger=0)


def send(
    socket: zmq.Socket[bytes], payload: bytes, channel: int = 0, flags: int = 0, error: int = 0
) -> None:
    socket.send_multipart([struct.pack("<H", flags), bytes([channel]), bytes([error]), payload])


def test_frames_come_as_they_were_sent(sender: tuple[zmq.Socket[bytes], str]) -> None:
    socket, address = sender
    with BridgeSource(address) as source:
        send(socket, b"other", 7, 0x1234, 5)
        assert source.receive() == Frame(b"other", 7, 0x1234, 5)
        send(socket, b"AMCc.Dev.A: 1\n")
        assert source.receive() == (b"AMCc.Dev.A: 1\n", 1, 0, 0)
        assert source.receive(timeout=0.01) is None
        assert source.counts["frames"] == 2 and source.counts["connected"] == 1
        assert 0 <= source.silent_for < 60
    assert source.closed and source.receive() is None


def test_frames_go_from_a_bridge_into_a_file(
    sender: tuple[zmq.Socket[bytes], str], tmp_path: Path
) -> None:
    socket, address = sender
    sent = [frame(counter, [counter, -counter]) for counter in range(10)]
    with (
        BridgeSource(address) as source,
        DataWriter(DataFile=tmp_path / "run.dat") as writer,
    ):
        for payload in sent:
            send(socket, payload)
        for found in source:
            writer.write(*found)
            if writer.FrameCount == len(sent):
                break
        assert isinstance(writer.Bandwidth, float)
    run = wavekeep.open(tmp_path / "run.dat")
    assert run.read(raw=True)[1].tolist() == [-counter for counter in range(10)]


def test_a_bridge_that_is_bound_is_connected_to() -> None:
    with BridgeSource("tcp://127.0.0.1:0", "tcp://127.0.0.1:0", bind=True) as source:
        data, metadata = source.bound
        context = zmq.Context()
        for address, channel in ((data, 0), (metadata, 1)):
            socket = context.socket(zmq.PUSH)
            socket.connect(address)
            send(socket, frame(0, [1]))
            found = source.receive()
            assert found is not None and found.channel == channel
        context.destroy(linger=0)


def test_other_threads_run_while_one_waits_and_closing_ends_the_waiting() -> None:
    source = BridgeSource("tcp://127.0.0.1:1")
    found: list[Frame] = []
    waiting = threading.Thread(target=lambda: found.extend(source))
    waiting.start()
    source.close()
    waiting.join(60)
    assert not waiting.is_alive() and not found


def test_control_c_ends_the_waiting() -> None:
    code = (
        # Jobs in the background of a shell are started with SIGINT ignored.
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from wavekeep.smurf import BridgeSource\n"
        "source = BridgeSource('tcp://127.0.0.1:1')\n"
        "print('waiting', flush=True)\n"
        "try:\n"
        "    source.receive()\n"
        "except KeyboardInterrupt:\n"
        "    print('ended')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "waiting\n"
    time.sleep(0.2)
    os.kill(child.pid, signal.SIGINT)
    assert child.communicate(timeout=60)[0] == "ended\n"


def test_what_is_no_address_or_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="expected tcp://host:port"):
        BridgeSource("localhost:8000")
    with BridgeSource("tcp://127.0.0.1:0", bind=True) as source:
        with pytest.raises(OSError, match="cannot be bound"):
            BridgeSource(source.bound[0], bind=True)
