"""Channel Access, by caproto: the types of the server that pysmurf had until version 10.3."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import caproto as ca
from caproto.asyncio.server import Context, VirtualCircuit

from .._errors import FileError
from ._loopback import all_loopback
from ._state import Reading, State, Trouble
from ._variables import TEXT_BYTES, VARIABLES, Kind, RefusedError, Value, Variable

#: A text and its terminating zero. A client that truncates a longer text leaves out the zero, so that a
#: truncated text differs from a whole one.
TEXT_ELEMENTS = TEXT_BYTES + 1

_ALARMS = {
    Trouble.NONE: (ca.AlarmStatus.NO_ALARM, ca.AlarmSeverity.NO_ALARM),
    Trouble.REFUSED: (ca.AlarmStatus.WRITE, ca.AlarmSeverity.MAJOR_ALARM),
    Trouble.DISCONNECTED: (ca.AlarmStatus.COMM, ca.AlarmSeverity.INVALID_ALARM),
}


class ChannelAccess:
    """Serves all variables in a thread of its own, until it is closed."""

    def __init__(self, state: State, prefix: str, interfaces: Sequence[str]) -> None:
        self._state = state
        self._channels = {one.name: _channel(one, self) for one in VARIABLES}
        self._database = {f"{prefix}:{name}": it for name, it in self._channels.items()}
        self._interfaces = list(interfaces)
        # One thread, so that puts are executed in their order.
        self._worker = ThreadPoolExecutor(1, "wavekeep.epics.put")
        self._posts: deque[tuple[Variable, Reading]] = deque()
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: Any = None
        self._task: Any = None
        self._applying: Any = None
        self.port = 0
        for logger in ("caproto.circ", "caproto.ctx"):
            logging.getLogger(logger).addFilter(_worth_a_line)
        self._thread = threading.Thread(target=self._run, name="wavekeep.epics.ca", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self.close()
            listed = ", ".join(self._interfaces)
            raise FileError(f"Channel Access cannot be served on {listed}: {self._failure}")
        state.listen(self._post)

    def close(self) -> None:
        """Closes all connections."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
        self._worker.shutdown()

    async def put(self, variable: Variable, given: Value) -> None:
        """Passes on a client's put, and waits until its result is posted."""
        action = self._state.call if variable.kind is Kind.COMMAND else self._state.put
        arguments = (variable,) if variable.kind is Kind.COMMAND else (variable, given)
        try:
            await self._loop.run_in_executor(self._worker, action, *arguments)
        finally:
            await self._apply()

    async def refuse(self, variable: Variable, reason: str) -> RefusedError:
        """Records that a client's value was refused."""
        refused: RefusedError = await self._loop.run_in_executor(
            self._worker, self._state.refuse, variable, reason
        )
        await self._apply()
        return refused

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - passed on to the waiting thread
            self._failure = failure
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._applying = asyncio.Lock()
        context = _Context(self._database, self._interfaces)

        async def started(_library: Any) -> None:
            self.port = context.port
            self._started.set()

        await context.run(startup_hook=started)

    def _post(self, variable: Variable, reading: Reading) -> None:
        self._posts.append((variable, reading))
        if self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._apply_soon)
            except RuntimeError:
                # The loop was closed meanwhile.
                pass

    def _apply_soon(self) -> None:
        task = self._loop.create_task(self._apply())
        # The loop keeps no reference of its own.
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)

    async def _apply(self) -> None:
        async with self._applying:
            while self._posts:
                variable, reading = self._posts.popleft()
                status, severity = _ALARMS[reading.trouble]
                await self._channels[variable.name].write(
                    _shown(variable, reading.value),
                    verify_value=False,
                    update_fields=False,
                    timestamp=reading.time,
                    status=status,
                    severity=severity,
                )


_TASKS: set[Any] = set()

#: Whether the client of a put waits for its result.
_WAITED_FOR: contextvars.ContextVar[bool] = contextvars.ContextVar("waited_for", default=False)


class _Circuit(VirtualCircuit):  # type: ignore[misc]
    async def _process_command(self, command: Any) -> Any:
        _WAITED_FOR.set(isinstance(command, ca.WriteNotifyRequest))
        return await super()._process_command(command)


class _Context(Context):  # type: ignore[misc]
    CircuitClass = _Circuit

    async def broadcast_beacon_loop(self) -> None:
        if all_loopback(self.interfaces):
            # A server that only this machine can reach does not announce itself to the network.
            for address in [it for it in self.beacon_socks if it[0] != "127.0.0.1"]:
                _, socket = self.beacon_socks.pop(address)
                socket.close()
        await super().broadcast_beacon_loop()


class _Served:
    """A channel that passes puts on to the writer; the resulting values are posted."""

    variable: Variable
    server: ChannelAccess

    def check_access(self, _hostname: str, _username: str) -> Any:
        rights = ca.AccessRights.READ
        return rights | ca.AccessRights.WRITE if self.variable.writable else rights

    async def auth_write(
        self, hostname: str, username: str, data: Any, data_type: Any, metadata: Any, **more: Any
    ) -> Any:
        # Every write of a client passes this method.
        try:
            inherited: Any = super()
            await inherited.auth_write(hostname, username, data, data_type, metadata, **more)
        except (RefusedError, ca.CaprotoError):
            # As EPICS base does: a put with a completion gets a status, another one an error with the
            # reason.
            if not _WAITED_FOR.get():
                raise
            return ca.CAStatus.ECA_PUTFAIL
        return None

    async def write_from_dbr(
        self, data: Any, data_type: Any, metadata: Any, *, flags: int = 0
    ) -> None:
        if data_type in (ca.ChannelType.PUT_ACKS, ca.ChannelType.PUT_ACKT):
            inherited: Any = super()
            await inherited.write_from_dbr(data, data_type, metadata, flags=flags)
            return
        try:
            given = _given(self.variable, data, ca.native_type(data_type))
        except RefusedError as error:
            raise await self.server.refuse(self.variable, str(error)) from error
        await self.server.put(self.variable, given)


class _Text(_Served, ca.ChannelChar):  # type: ignore[misc]
    pass


class _Long(_Served, ca.ChannelInteger):  # type: ignore[misc]
    pass


class _Double(_Served, ca.ChannelDouble):  # type: ignore[misc]
    pass


class _Enum(_Served, ca.ChannelEnum):  # type: ignore[misc]
    pass


def _channel(variable: Variable, server: ChannelAccess) -> Any:
    value = _shown(variable, variable.initial)
    channel: Any
    if variable.kind in (Kind.TEXT, Kind.SIZE):
        channel = _Text(value=value, max_length=TEXT_ELEMENTS, string_encoding="utf-8")
    elif variable.kind is Kind.FLAG:
        channel = _Enum(value=value, enum_strings=("False", "True"))
    elif variable.kind is Kind.RATE:
        channel = _Double(value=value, units="B/s")
    else:
        channel = _Long(value=value)
    channel.variable, channel.server = variable, server
    return channel


def _shown(variable: Variable, value: Value) -> Value:
    """A value in the type of its channel."""
    if variable.kind in (Kind.TEXT, Kind.SIZE):
        whole = str(value).encode("utf-8", "replace")
        return whole[:TEXT_BYTES].decode("utf-8", "ignore") + "\0"
    if variable.kind is Kind.FLAG:
        return "True" if value else "False"
    if variable.kind is Kind.COUNT:
        # The bits of an unsigned number, as from the previous server.
        return (int(value) + 2**31) % 2**32 - 2**31
    return value


def _given(variable: Variable, data: Any, native: Any) -> Value:
    """A client's value, of any type."""
    if variable.kind in (Kind.TEXT, Kind.SIZE):
        return _given_text(variable, data, native)
    if len(data) != 1:
        raise RefusedError(f"{variable.name} is one number, found {len(data)} values")
    if native is not ca.ChannelType.STRING:
        number = data[0].item()
        assert isinstance(number, (int, float))
        return number
    text = _decoded(variable, bytes(data[0]))
    try:
        return float(text) if "." in text or "e" in text.lower() else int(text)
    except ValueError:
        raise RefusedError(f"{variable.name} is a number, found {text!r}") from None


def _given_text(variable: Variable, data: Any, native: Any) -> str:
    if native is ca.ChannelType.STRING:
        if len(data) != 1:
            raise RefusedError(f"{variable.name} is one text, found {len(data)}")
        return _decoded(variable, bytes(data[0]))
    try:
        characters = bytes(int(one) for one in data)
    except (ValueError, OverflowError):
        raise RefusedError(
            f"{variable.name} is a text, an array of characters; found numbers"
        ) from None
    text, end, _ = characters.partition(b"\0")
    if not end and len(text) > TEXT_BYTES:
        raise RefusedError(
            f"{variable.name} has at most {TEXT_BYTES} bytes; this one is longer, or was truncated"
        )
    return _decoded(variable, text)


def _decoded(variable: Variable, text: bytes) -> str:
    try:
        return text.partition(b"\0")[0].decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(f"{variable.name} is a text in UTF-8, found {text[:40]!r}") from None


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Excludes refused puts, which are reported to their clients, and beacons without a receiver."""
    error = record.exc_info[1] if record.exc_info else None
    unheard = isinstance(error, ca.CaprotoNetworkError) and isinstance(
        error.__cause__, ConnectionRefusedError
    )
    return not (unheard or isinstance(error, RefusedError))
