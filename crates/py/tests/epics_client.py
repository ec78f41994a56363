"""A client of EPICS in a process of its own: `python epics_client.py pyepics|caproto|p4p`.

Reads a request a line on standard input, as JSON, and answers each by a line on standard output.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import Any

TIMEOUT_S = 10.0
#: A command may have to wait for a control port that does not answer.
PUT_TIMEOUT_S = 45.0


class ExceptionArguments(ctypes.Structure):
    """libca's `struct exception_handler_args`."""

    _fields_ = [
        ("user", ctypes.c_void_p),
        ("channel", ctypes.c_void_p),
        ("type", ctypes.c_long),
        ("count", ctypes.c_long),
        ("address", ctypes.c_void_p),
        ("status", ctypes.c_long),
        ("operation", ctypes.c_long),
        ("context", ctypes.c_char_p),
        ("file", ctypes.c_char_p),
        ("line", ctypes.c_uint),
    ]


class PyEpics:
    """libca, through pyepics."""

    def __init__(self) -> None:
        import epics
        from epics import ca, dbr

        self._epics, self._ca = epics, ca
        self._pvs: dict[str, Any] = {}
        self._events: list[Any] = []
        self._statuses: list[int] = []

        # pyepics drops the status of a put; here it is kept.
        def done(arguments: Any) -> None:
            self._statuses.append(arguments.status)
            arguments.usr()

        ca._CB_PUTWAIT = dbr.make_callback(done, dbr.event_handler_args)

        # pyepics silences libca's report of errors that nobody waits for.
        def heard(arguments: Any) -> None:
            self._heard.append(arguments.context.decode())

        self._heard: list[str] = []
        self._hears = ctypes.CFUNCTYPE(None, ExceptionArguments)(heard)
        ca.initialize_libca()
        ca.libca.ca_add_exception_event(self._hears, None)

    def _pv(self, name: str) -> Any:
        if name not in self._pvs:
            self._pvs[name] = self._epics.PV(name, form="time", auto_monitor=False)
        if not self._pvs[name].wait_for_connection(TIMEOUT_S):
            raise TimeoutError(f"{name} is not there")
        return self._pvs[name]

    def get(self, name: str) -> dict[str, Any]:
        pv = self._pv(name)
        kind = pv.type.removeprefix("time_")
        fresh = pv.get_with_metadata(
            form="time", as_string=kind == "char", use_monitor=False, timeout=TIMEOUT_S
        )
        found = {"value": fresh["value"], "type": kind, "count": pv.nelm}
        found |= {"severity": fresh["severity"], "status": fresh["status"]}
        if kind == "enum":
            found["choices"] = [str(one) for one in pv.enum_strs]
        return found

    def put(self, name: str, value: Any) -> None:
        pv = self._pv(name)
        self._statuses.clear()
        returned = self._ca.put(pv.chid, value, wait=True, timeout=PUT_TIMEOUT_S)
        if returned != 1 or not self._statuses:
            raise TimeoutError(f"{name}: a put was not answered")
        if self._statuses[0] != 1:
            raise RuntimeError(self._ca.message(self._statuses[0]))

    def unwaited(self, puts: list[tuple[str, Any]]) -> None:
        """Puts one after the other, without waiting for any."""
        channels = [self._pv(name).chid for name, _ in puts]
        for channel, (_, value) in zip(channels, puts, strict=True):
            self._ca.put(channel, value)

    def heard(self) -> list[str]:
        """Errors that came unasked."""
        self._epics.poll(0.01, 0.1)
        return self._heard

    def monitor(self, name: str) -> None:
        def saw(value: Any, type: str, **_: Any) -> None:
            text = type.endswith("char")
            self._events.append(bytes(value).partition(b"\0")[0].decode() if text else value)

        self._pvs[f"monitor of {name}"] = pv = self._epics.PV(name, form="time", auto_monitor=True)
        pv.add_callback(saw)
        if not pv.wait_for_connection(TIMEOUT_S):
            raise TimeoutError(f"{name} is not there")

    def events(self) -> list[Any]:
        self._epics.poll(0.01, 0.1)
        return self._events


class Caproto:
    """The threading client of caproto."""

    def __init__(self) -> None:
        import caproto
        from caproto.threading.client import Context

        self._caproto = caproto
        self._context = Context()
        self._events: list[Any] = []
        self._kept: list[Any] = []

    def _pv(self, name: str) -> Any:
        (pv,) = self._context.get_pvs(name)
        pv.wait_for_connection(timeout=TIMEOUT_S)
        return pv

    def get(self, name: str) -> dict[str, Any]:
        pv = self._pv(name)
        response = pv.read(data_type="time", timeout=TIMEOUT_S)
        kind = pv.channel.native_data_type.name.lower()
        found = {"value": _plain(kind, response.data), "type": kind}
        found |= {"count": pv.channel.native_data_count}
        alarm = response.metadata
        found |= {"severity": int(alarm.severity), "status": int(alarm.status)}
        if kind == "enum":
            strings = pv.read(data_type="control", timeout=TIMEOUT_S).metadata.enum_strings
            found["choices"] = [one.decode() for one in strings]
        return found

    def put(self, name: str, value: Any) -> None:
        data = value.encode() + b"\0" if isinstance(value, str) else [value]
        kind = self._caproto.ChannelType.CHAR if isinstance(value, str) else None
        pv = self._pv(name)
        if isinstance(value, str) and pv.channel.native_data_type.name == "LONG":
            data, kind = [value.encode()], self._caproto.ChannelType.STRING
        response = pv.write(data, data_type=kind, timeout=PUT_TIMEOUT_S)
        if not response.status.success:
            raise RuntimeError(response.status.description)

    def monitor(self, name: str) -> None:
        pv = self._pv(name)
        kind = pv.channel.native_data_type.name.lower()

        def saw(_subscription: Any, response: Any) -> None:
            self._events.append(_plain(kind, response.data))

        subscription = pv.subscribe()
        subscription.add_callback(saw)
        # caproto keeps weak references to both.
        self._kept += [subscription, saw]

    def events(self) -> list[Any]:
        return self._events


class P4p:
    """PV Access, by p4p's client."""

    def __init__(self) -> None:
        from p4p.client.thread import Context

        # As the server gives it, without the conversions that p4p makes for its users.
        self._context = Context("pva", nt=False)
        self._events: list[Any] = []
        self._kept: list[Any] = []

    def get(self, name: str) -> dict[str, Any]:
        found = self._context.get(name, timeout=TIMEOUT_S)
        alarm = {"severity": found.alarm.severity, "status": found.alarm.status}
        alarm |= {"message": found.alarm.message, "id": found.getID()}
        if found.getID() == "epics:nt/NTEnum:1.0":
            choices = list(found.value.choices)
            return {"value": found.value.index, "type": "enum", "choices": choices, **alarm}
        return {"value": found.value, "type": found.type()["value"], **alarm}

    def put(self, name: str, value: Any) -> None:
        self._context.put(name, {"value": value}, timeout=PUT_TIMEOUT_S)

    def put_alarm(self, name: str) -> None:
        """Puts something that is no value."""
        self._context.put(name, {"alarm.severity": 1}, timeout=PUT_TIMEOUT_S)

    def rpc(self, name: str) -> Any:
        from p4p.nt import NTURI

        request = NTURI([]).wrap(name, kws={})
        return self._context.rpc(name, request, timeout=PUT_TIMEOUT_S).value

    def monitor(self, name: str) -> None:
        def saw(value: Any) -> None:
            if not isinstance(value, Exception):
                enum = value.getID() == "epics:nt/NTEnum:1.0"
                self._events.append(value.value.index if enum else value.value)

        self._kept.append(self._context.monitor(name, saw))

    def events(self) -> list[Any]:
        return self._events


def _plain(kind: str, data: Any) -> Any:
    if kind == "char":
        return bytes(data).partition(b"\0")[0].decode()
    return data[0].item()


def main() -> None:
    """Answers until standard input ends."""
    client: Any = {"pyepics": PyEpics, "caproto": Caproto, "p4p": P4p}[sys.argv[1]]()
    # Libraries print what they like: answers have a way of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        action: Callable[..., Any] = getattr(client, request.pop("do"))
        try:
            answer = {"result": action(**request)}
        except Exception as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
    # Libraries wait for threads of theirs at the end.
    os._exit(0)
