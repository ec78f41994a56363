"""PV Access, by p4p: the types of Rogue's PV Access server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p4p import Type, Value as PvValue
from p4p.nt import NTEnum, NTScalar
from p4p.server import Server, StaticProvider
from p4p.server.thread import SharedPV

from .._errors import FileError
from ._loopback import all_loopback
from ._state import Reading, State, Trouble
from ._variables import VARIABLES, Kind, RefusedError, Value, Variable

#: Type codes of p4p.
_CODES = {Kind.TEXT: "s", Kind.COUNT: "I", Kind.SIZE: "L", Kind.RATE: "d", Kind.COMMAND: "s"}
#: Severity and status of an alarm: MAJOR by the client, INVALID by the driver.
_ALARMS = {Trouble.NONE: (0, 0), Trouble.REFUSED: (2, 7), Trouble.DISCONNECTED: (3, 2)}
#: The result of a command, as from Rogue.
_ANSWER = Type([("value", "s")])


class PvAccess:
    """Serves all variables until it is closed."""

    def __init__(self, state: State, prefix: str, interfaces: Sequence[str]) -> None:
        self._pvs = {one.name: _pv(one, state) for one in VARIABLES}
        self._provider = StaticProvider()
        for name, pv in self._pvs.items():
            self._provider.add(f"{prefix}:{name}", pv)
        conf = {"EPICS_PVAS_INTF_ADDR_LIST": " ".join(interfaces)}
        if all_loopback(interfaces):
            conf["EPICS_PVAS_AUTO_BEACON_ADDR_LIST"] = "NO"
            conf["EPICS_PVAS_BEACON_ADDR_LIST"] = "127.0.0.1"
        try:
            self._server = Server(providers=[self._provider], conf=conf, useenv=True)
        except RuntimeError as error:
            listed = ", ".join(interfaces)
            raise FileError(f"PV Access cannot be served on {listed}: {error}") from error
        self.port = int(self._server.conf()["EPICS_PVAS_SERVER_PORT"])
        state.listen(self._post)

    def close(self) -> None:
        """Closes all connections."""
        self._server.stop()
        for pv in self._pvs.values():
            pv.close()

    def _post(self, variable: Variable, reading: Reading) -> None:
        pv = self._pvs[variable.name]
        severity, status = _ALARMS[reading.trouble]
        value = pv.nt.wrap(
            _shown(variable, reading.value),
            timestamp=reading.time,
            severity=severity,
            message=reading.message,
        )
        value["alarm.status"] = status
        pv.post(value)


class _Handler:
    def __init__(self, variable: Variable, state: State) -> None:
        self._variable = variable
        self._state = state

    def put(self, _pv: Any, op: Any) -> None:
        try:
            self._put(op)
        except RefusedError as error:
            op.done(error=str(error))
        else:
            op.done()

    def rpc(self, _pv: Any, op: Any) -> None:
        if self._variable.kind is not Kind.COMMAND:
            op.done(error=f"{self._variable.name} is no command")
            return
        try:
            self._state.call(self._variable)
        except RefusedError as error:
            op.done(error=str(error))
        else:
            op.done(value=PvValue(_ANSWER, {"value": "None"}))

    def _put(self, op: Any) -> None:
        name, state = self._variable.name, self._state
        if self._variable.kind is Kind.COMMAND:
            raise state.refuse(self._variable, f"{name} is a command: call it by an RPC")
        given = op.value().raw
        if not given.changed("value"):
            raise state.refuse(self._variable, f"{name}: the put has no value")
        state.put(self._variable, given.value)


def _pv(variable: Variable, state: State) -> SharedPV:
    handler = _Handler(variable, state)
    if variable.kind is Kind.FLAG:
        nt = NTEnum()
        return SharedPV(
            handler=handler, nt=nt, initial={"index": 0, "choices": ["False", "True"]}
        )
    nt = NTScalar(_CODES[variable.kind])
    return SharedPV(handler=handler, nt=nt, initial=_shown(variable, variable.initial))


def _shown(variable: Variable, value: Value) -> Value:
    if variable.kind is Kind.COMMAND:
        return ""
    if variable.kind is Kind.FLAG:
        return int(value)
    # As in Rogue, which counts with 32 bits.
    return int(value) % 2**32 if variable.kind is Kind.COUNT else value
