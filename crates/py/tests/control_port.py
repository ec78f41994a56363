"""A recorder with a control port: the program, or what stands in for it where it has none yet."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zmq

import wavekeep
from conftest import counts_of, frame
from program import program
from wavekeep.smurf import DataWriter

#: Whether a program without `record --control` is a failure. Until then it is stood in for.
PROGRAM_HAS_CONTROL = False

PATH = "AMCc.SmurfProcessor.FileWriter"
CHANNELS = 8
#: Frames a second that a recorder gets.
RATE_HZ = 200


def free_port() -> int:
    """A port that nobody has, neither of TCP nor of UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def has_control() -> bool:
    """Whether the program has a control port."""
    command = [program(), "record", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return PROGRAM_HAS_CONTROL or "--control" in text


@contextmanager
def recorder(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of the control port of a recorder that gets frames all the time and writes them
    below `folder` while its file is open."""
    address = f"tcp://127.0.0.1:{port or free_port()}"
    with (program_recorder if has_control() else stand_in)(folder, address):
        yield address


@contextmanager
def program_recorder(folder: Path, address: str) -> Iterator[None]:
    """`wavekeep record --control`, with the frames of its emulator."""
    command = [program(), "record", "--quiet", "--from", "emulator", "--channels", str(CHANNELS)]
    command += ["--rate", str(RATE_HZ), "--control", address, "--wait-for-open"]
    command += ["--output", str(folder)]
    running = subprocess.Popen(command)
    try:
        yield
    finally:
        running.terminate()
        running.wait(timeout=30)


@contextmanager
def stand_in(folder: Path, address: str) -> Iterator[None]:
    """The same protocol and the same rules, over the DataWriter of this package."""
    stop = threading.Event()
    writer = DataWriter()
    bound = threading.Event()
    threads = [
        threading.Thread(target=_answer, args=(writer, folder, address, bound, stop)),
        threading.Thread(target=_feed, args=(writer, stop)),
    ]
    for thread in threads:
        thread.start()
    bound.wait(10)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        if writer.IsOpen:
            writer.Close()


def _feed(writer: DataWriter, stop: threading.Event) -> None:
    number = 0
    samples = counts_of(range(CHANNELS), range(1))[:, 0].astype(np.int32)
    while not stop.wait(1 / RATE_HZ):
        try:
            if writer.IsOpen:
                writer.write(frame(samples, 20 * number, time.time_ns()))
                number += 1
        except wavekeep.Error:
            # It was closed meanwhile.
            continue


def _answer(
    writer: DataWriter, folder: Path, address: str, bound: threading.Event, stop: threading.Event
) -> None:
    context = zmq.Context()
    port = context.socket(zmq.REP)
    port.linger = 0
    port.bind(address)
    bound.set()
    while not stop.is_set():
        if port.poll(50):
            request = port.recv()
            try:
                answer = _done(writer, folder, json.loads(request))
            except Exception as error:
                answer = f"EXCEPTION: {error}"
            port.send_string(answer)
    port.close()
    context.term()


def _done(writer: DataWriter, folder: Path, request: dict[str, Any]) -> str:
    path, _, name = str(request["path"]).rpartition(".")
    kinds = {control: access for control, access, _ in DataWriter.controls()}
    if path != PATH or name not in kinds:
        return "None"
    attr, arguments = request["attr"], request.get("args", [])
    if attr == "__call__":
        writer.command(name)
        return "None"
    if attr in ("get", "value", "getDisp", "valueDisp"):
        return str(writer.get(name))
    if attr not in ("set", "setDisp"):
        raise ValueError(f"unknown attribute {attr}")
    (value,) = arguments
    if name == "DataFile":
        given = folder / str(value)
        if not given.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"DataFile {value} is outside of {folder}")
        value = str(given)
    writer.set(name, value)
    return "None"
