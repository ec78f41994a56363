"""Servers and clients of EPICS, each in a process of its own, on ports that nobody else has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from control_port import free_port

PREFIX = "smurf_server_s2:AMCc:SmurfProcessor:FileWriter"
#: Clients that speak Channel Access; and the one that speaks PV Access.
CHANNEL_ACCESS = ("pyepics", "caproto")
CLIENTS = (*CHANNEL_ACCESS, "p4p")


def environment() -> dict[str, str]:
    """The environment of servers and clients that are to meet, and to meet nobody else."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("EPICS_")}
    own |= {
        "EPICS_CA_SERVER_PORT": str(free_port()),
        "EPICS_CA_REPEATER_PORT": str(free_port()),
        "EPICS_CA_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_AUTO_ADDR_LIST": "NO",
        "EPICS_CAS_AUTO_BEACON_ADDR_LIST": "NO",
        "EPICS_CAS_BEACON_ADDR_LIST": "127.0.0.1",
        "EPICS_CA_CONN_TMO": "5",
        "EPICS_PVAS_SERVER_PORT": str(free_port()),
        "EPICS_PVA_ADDR_LIST": "127.0.0.1",
        "EPICS_PVA_AUTO_ADDR_LIST": "NO",
    }
    own["EPICS_CAS_BEACON_PORT"] = own["EPICS_CA_REPEATER_PORT"]
    own["EPICS_PVA_BROADCAST_PORT"] = own["EPICS_PVAS_BROADCAST_PORT"] = str(free_port())
    own["EPICS_PVA_SERVER_PORT"] = own["EPICS_PVAS_SERVER_PORT"]
    return own


class Failed(Exception):
    """A client reports an error."""


class Client:
    """A client; `do("get", name="…")` and the like."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, action: str, **arguments: Any) -> Any:
        """The result of an action; `Failed` with the client's error."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps({"do": action, **arguments}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the client is gone"
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{answer['kind']}: {answer['error']}")
        return answer["result"]

    def get(self, name: str) -> Any:
        """The value of a variable."""
        return self.read(name)["value"]

    def read(self, name: str) -> dict[str, Any]:
        """Value, type and alarm of a variable."""
        found: dict[str, Any] = self.do("get", name=f"{PREFIX}:{name}")
        return found

    def put(self, name: str, value: Any) -> None:
        """Sets a variable."""
        self.do("put", name=f"{PREFIX}:{name}", value=value)

    def call(self, name: str) -> None:
        """Runs a command, in the way of the protocol."""
        if self.kind == "p4p":
            assert self.do("rpc", name=f"{PREFIX}:{name}") == "None"
        else:
            self.put(name, 1)

    @property
    def kind(self) -> str:
        """Which client it is."""
        arguments = self._process.args
        assert isinstance(arguments, list)
        return str(arguments[-1])


@contextmanager
def client(kind: str, env: Mapping[str, str]) -> Iterator[Client]:
    """A client until the end of the block, with what it starts itself (libca a repeater)."""
    program = str(Path(__file__).with_name("epics_client.py"))
    process = subprocess.Popen(
        [sys.executable, program, kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(env),
        start_new_session=True,
    )
    try:
        yield Client(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def gateway(control: str, env: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m wavekeep.epics` over a control port."""
    command = [sys.executable, "-m", "wavekeep.epics", "--control", control, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(env))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("serving"), line
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def eventually(seen: Callable[[], Any], seconds: float = 20) -> Any:
    """What `seen` gives once it is true; the last of it when it never is."""
    deadline = time.monotonic() + seconds
    while not (found := seen()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
