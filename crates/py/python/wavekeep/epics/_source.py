"""The source of values and the target of puts: a DataWriter of this process, or a control port."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Protocol

from .._errors import BadArgumentError, Error
from .._lazy import need
from ..smurf import DataWriter
from ._variables import DisconnectedError, RefusedError, Value, Variable, from_text

#: Timeouts of responses: for values, and for commands that may write to a disk.
READ_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 30.0
#: Timeout of a connection.
CONNECT_TIMEOUT_S = 1.0


class Source(Protocol):
    """A DataWriter of this process or of another one. Used by one thread at a time."""

    def read(self, variable: Variable) -> Value | None:
        """The value; ``None`` for a variable that the source does not have."""

    def set(self, variable: Variable, value: Value) -> None:
        """Sets a variable.

        Raises
        ------
        RefusedError
            The value was refused.
        """

    def command(self, variable: Variable) -> None:
        """Runs a command.

        Raises
        ------
        RefusedError
            The command was refused.
        """

    def close(self) -> None:
        """Releases the source."""


class WriterSource:
    """A DataWriter of this process."""

    def __init__(self, writer: DataWriter, root: str | os.PathLike[str] | None) -> None:
        self._writer = writer
        self._root = None if root is None else Path(root).resolve()
        self._known = {name for name, _, _ in DataWriter.controls()}

    def read(self, variable: Variable) -> Value | None:
        return self._writer.get(variable.name) if variable.name in self._known else None

    def set(self, variable: Variable, value: Value) -> None:
        if variable.name == "DataFile":
            value = self._inside(str(value))
        assert not isinstance(value, float)
        try:
            self._writer.set(variable.name, value)
        except Error as error:
            raise RefusedError(str(error)) from error

    def command(self, variable: Variable) -> None:
        try:
            if variable.name == "Open":
                # The folder may have become a link since the name was set.
                self._inside(str(self._writer.DataFile))
            self._writer.command(variable.name)
        except RefusedError:
            raise
        except Error as error:
            raise RefusedError(str(error)) from error

    def close(self) -> None:
        """Has no effect: the caller owns the writer."""

    def _inside(self, name: str) -> str:
        """The name of a file; relative ones are below the root."""
        if self._root is None or not name:
            return name
        path = self._root / name
        if not path.resolve().is_relative_to(self._root):
            raise RefusedError(f"DataFile is a file below {self._root}, found {name}")
        return str(path)


class ControlSource:
    """The JSON control port of a running recorder, with requests and responses over ZeroMQ."""

    def __init__(self, address: str, path: str) -> None:
        self._zmq = need("zmq", "wavekeep.epics", "epics")
        self._address = address
        self._path = path
        self._context = self._zmq.Context()
        self._socket: Any = None
        try:
            self._connected()
        except self._zmq.ZMQError as error:
            self.close()
            message = f"{address!r} is not the address of a control port (tcp://host:port): {error}"
            raise BadArgumentError(message) from error

    def read(self, variable: Variable) -> Value | None:
        answer = self._ask(variable, "get", [], READ_TIMEOUT_S)
        if answer == "None":
            if variable.name == "IsOpen":
                raise DisconnectedError(
                    f"{self._address} has no {self._path}.{variable.name}: is it the right path?"
                )
            return None
        try:
            return from_text(variable, answer)
        except ValueError as error:
            raise DisconnectedError(f"{self._address}: {error}") from error

    def set(self, variable: Variable, value: Value) -> None:
        self._ask(variable, "set", [value], COMMAND_TIMEOUT_S)

    def command(self, variable: Variable) -> None:
        self._ask(variable, "__call__", [], COMMAND_TIMEOUT_S)

    def close(self) -> None:
        self._forget()
        self._context.term()

    def _ask(self, variable: Variable, attr: str, args: list[Value], timeout: float) -> str:
        request = {
            "path": f"{self._path}.{variable.name}",
            "attr": attr,
            "args": args,
            "kwargs": {},
        }
        socket = self._connected()
        try:
            socket.send_string(json.dumps(request))
        except self._zmq.Again:
            self._forget()
            raise DisconnectedError(f"{self._address} cannot be reached") from None
        if not socket.poll(timeout * 1000):
            # The request may be executed later, or is being executed now.
            self._forget()
            raise DisconnectedError(
                f"{self._address} has not answered within {timeout:.0f} s"
            ) from None
        answer: str = socket.recv().decode("utf-8", "replace")
        if answer.startswith("EXCEPTION:"):
            raise RefusedError(answer.removeprefix("EXCEPTION:").strip())
        return answer

    def _connected(self) -> Any:
        if self._socket is None:
            self._socket = self._context.socket(self._zmq.REQ)
            self._socket.linger = 0
            # Without a connection nothing is sent: a request that waited for one would be executed
            # long after its client got an error.
            self._socket.immediate = True
            self._socket.sndtimeo = int(CONNECT_TIMEOUT_S * 1000)
            self._socket.req_correlate = True
            self._socket.connect(self._address)
        return self._socket

    def _forget(self) -> None:
        """Closes the connection, with all requests and responses in transit."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Rate:
    """Bytes per second, from totals at intervals."""

    def __init__(self) -> None:
        self._before: tuple[float, int] | None = None
        self.bytes_s = 0.0

    def saw(self, total: int) -> None:
        """Records the current total."""
        now = time.monotonic()
        if self._before is not None and now > self._before[0]:
            then, bytes_then = self._before
            # Opening sets the total to zero.
            new = total - bytes_then if total >= bytes_then else total
            self.bytes_s = new / (now - then)
        self._before = (now, total)
