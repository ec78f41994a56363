"""The last value of every variable, kept up to date for all protocols."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ._source import Rate, Source
from ._variables import VARIABLES, DisconnectedError, Kind, RefusedError, Value, Variable, checked

#: Intervals at which settings and counters are polled, in seconds.
SETTINGS_S = 0.2
COUNTERS_S = 1.0


class Trouble(Enum):
    """The reason for the alarm of a value."""

    NONE = "none"
    #: The last put or command was refused.
    REFUSED = "refused"
    #: The control port does not respond: the value may be outdated.
    DISCONNECTED = "disconnected"


@dataclass(frozen=True)
class Reading:
    """A value with its time and its alarm."""

    value: Value
    time: float
    trouble: Trouble
    message: str = ""


Listener = Callable[[Variable, Reading], None]


class State:
    """Polls the source, notifies listeners of changes, and passes on puts and commands."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._listeners: list[Listener] = []
        # Held while the source is used, and while listeners are notified, so that these get changes in order.
        self._lock = threading.RLock()
        self._values: dict[str, Value] = {one.name: one.initial for one in VARIABLES}
        self._refused: dict[str, str] = {}
        self._lost = "no value was read yet"
        self._posted: dict[str, Reading] = {}
        self._rate = Rate()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="wavekeep.epics", daemon=True)

    def start(self) -> None:
        """Reads everything once, then polls in a thread."""
        self._refresh(counters=True)
        self._thread.start()

    def halt(self) -> None:
        """Stops polling and removes all listeners."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._listeners.clear()

    def close(self) -> None:
        """Closes the source."""
        with self._lock:
            self._source.close()

    def listen(self, listener: Listener) -> None:
        """Notifies ``listener`` of every current value, and of every later change."""
        with self._lock:
            self._listeners.append(listener)
            for variable in VARIABLES:
                listener(variable, self._reading(variable))

    def put(self, variable: Variable, given: Value) -> None:
        """Sets a variable.

        Raises
        ------
        RefusedError
            The value was refused.
        """
        if not variable.writable:
            # No alarm, because no put could clear it.
            raise RefusedError(f"{variable.name} can only be read")
        self._do(variable, lambda: self._source.set(variable, checked(variable, given)))

    def call(self, variable: Variable) -> None:
        """Runs a command.

        Raises
        ------
        RefusedError
            The command was refused.
        """
        self._do(variable, lambda: self._source.command(variable))

    def refuse(self, variable: Variable, reason: str) -> RefusedError:
        """Records that a put was refused before it was passed on."""
        with self._lock:
            self._refused[variable.name] = reason
            self._tell()
        return RefusedError(reason)

    def _do(self, variable: Variable, action: Callable[[], None]) -> None:
        with self._lock:
            try:
                action()
            except DisconnectedError as error:
                self._lost = str(error)
                self._tell()
                raise RefusedError(str(error)) from error
            except RefusedError as error:
                self._refused[variable.name] = str(error)
                raise
            else:
                self._refused.pop(variable.name, None)
                self._lost = ""
            finally:
                # A refused command may have had an effect: an Open that fails closes the file.
                if not self._lost:
                    self._refresh(counters=True)

    def _watch(self) -> None:
        next_counters = 0.0
        while not self._stop.wait(SETTINGS_S):
            now = time.monotonic()
            counters = now >= next_counters
            if counters:
                next_counters = now + COUNTERS_S
                self._refresh(counters=True, rate=True)
            elif not self._lost:
                self._refresh(counters=False)

    def _refresh(self, *, counters: bool, rate: bool = False) -> None:
        """Reads all variables, or all except counters, and notifies listeners of changes."""
        with self._lock:
            try:
                for variable in VARIABLES:
                    if variable.kind is not Kind.COMMAND and (counters or not variable.counter):
                        self._read(variable, rate)
                self._lost = ""
            except (DisconnectedError, RefusedError) as error:
                self._lost = str(error) or type(error).__name__
            self._tell()

    def _read(self, variable: Variable, rate: bool) -> None:
        value = self._source.read(variable)
        if variable.name == "TotalSize" and rate:
            self._rate.saw(int(value or 0))
        if value is None and variable.name == "Bandwidth":
            value = self._rate.bytes_s
        if value is not None:
            self._values[variable.name] = value

    def _reading(self, variable: Variable) -> Reading:
        value = self._values[variable.name]
        if self._lost:
            return Reading(value, time.time(), Trouble.DISCONNECTED, self._lost)
        if variable.name in self._refused:
            message = self._refused[variable.name]
            return Reading(value, time.time(), Trouble.REFUSED, message)
        return Reading(value, time.time(), Trouble.NONE)

    def _tell(self) -> None:
        for variable in VARIABLES:
            reading = self._reading(variable)
            before = self._posted.get(variable.name)
            if before is not None and _same(before, reading):
                continue
            self._posted[variable.name] = reading
            for listener in self._listeners:
                listener(variable, reading)


def _same(a: Reading, b: Reading) -> bool:
    return (a.value, a.trouble, a.message) == (b.value, b.trouble, b.message)
