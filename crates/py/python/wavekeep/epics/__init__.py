"""EPICS: the DataWriter as process variables, over Channel Access and PV Access.

The names and types are those that SMuRF users know: ``<prefix>:DataFile``, ``<prefix>:Open``, …

Needs caproto, p4p and pyzmq: ``pip install 'wavekeep[epics]'``. Of a running recorder::

    wavekeep record … --control tcp://127.0.0.1:9002
    python -m wavekeep.epics --control tcp://127.0.0.1:9002

Of a writer of this process:

>>> import os, tempfile
>>> from wavekeep import epics, smurf
>>> writer = smurf.DataWriter(DataFile=os.path.join(tempfile.mkdtemp(), "run.dat"))
>>> with epics.serve(writer, prefix="lab", pva=False) as served:
...     served.names[:3]
('lab:DataFile', 'lab:Open', 'lab:Close')
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from .._errors import BadArgumentError
from .._lazy import need
from ..smurf import DataWriter
from ._loopback import all_loopback
from ._source import ControlSource, Source, WriterSource
from ._state import State
from ._variables import VARIABLES, Disconnected, Refused

__all__ = ["CONTROL_PATH", "PREFIX", "Disconnected", "Refused", "Served", "serve"]

#: Where SMuRF's clients look for the writer of slot 2.
PREFIX = "smurf_server_s2:AMCc:SmurfProcessor:FileWriter"
#: Where the writer is behind a control port.
CONTROL_PATH = "AMCc.SmurfProcessor.FileWriter"

_NAME = re.compile(r"[A-Za-z0-9_:\-<>;\[\]]+")


class Served:
    """Process variables that are being served. A context manager; :meth:`close` ends it."""

    #: Names of all process variables.
    names: tuple[str, ...]
    #: TCP ports; ``None`` for a protocol that is not served.
    ca_port: int | None
    pva_port: int | None

    def __init__(
        self, source: Source, prefix: str, interfaces: Sequence[str], *, ca: bool, pva: bool
    ) -> None:
        self.names = tuple(f"{prefix}:{one.name}" for one in VARIABLES)
        self.ca_port = self.pva_port = None
        self._state = State(source)
        self._servers: list[Any] = []
        try:
            self._state.start()
            if ca:
                from ._ca import ChannelAccess

                channel_access = ChannelAccess(self._state, prefix, interfaces)
                self._servers.append(channel_access)
                self.ca_port = channel_access.port
            if pva:
                from ._pva import PvAccess

                pv_access = PvAccess(self._state, prefix, interfaces)
                self._servers.append(pv_access)
                self.pva_port = pv_access.port
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends all connections. The writer stays as it is."""
        self._state.halt()
        while self._servers:
            self._servers.pop().close()
        self._state.close()

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


def serve(
    writer: DataWriter | str,
    *,
    prefix: str = PREFIX,
    ca: bool = True,
    pva: bool = True,
    interface: str | Sequence[str] = "127.0.0.1",
    root: str | os.PathLike[str] | None = None,
    control_path: str = CONTROL_PATH,
) -> Served:
    """Serves a DataWriter over Channel Access (``ca``) and PV Access (``pva``).

    ``writer`` is a :class:`wavekeep.smurf.DataWriter` of this process, or the address of the
    control port of a running recorder, as ``"tcp://127.0.0.1:9002"``, where ``control_path`` names
    the writer.

    EPICS knows no passwords: anyone who reaches the variables names files and opens them. Only this
    machine reaches them unless ``interface`` names the address of a network, or several;
    ``"0.0.0.0"`` are all. ``root`` is the folder below which ``DataFile`` lies; it has to be given
    for a writer of this process that is served to a network. Behind a control port, the recorder
    decides.

    Ports and the addresses of beacons are those of the environment (``EPICS_CA_SERVER_PORT``,
    ``EPICS_PVAS_SERVER_PORT``, …).

    Settings are looked at five times a second, counters once; what changed is posted. A put that is
    refused is an error to its client, and an alarm (MAJOR) on the variable until one succeeds.
    While a control port does not answer, all variables are INVALID.
    """
    if not _NAME.fullmatch(prefix) or prefix.endswith(":"):
        raise BadArgumentError(f"{prefix!r} is no beginning of a name of EPICS")
    if not ca and not pva:
        raise BadArgumentError("neither Channel Access nor PV Access is to be served")
    interfaces = [interface] if isinstance(interface, str) else list(interface)
    for one in interfaces:
        try:
            ipaddress.IPv4Address(one)
        except ValueError:
            raise BadArgumentError(f"interface {one!r} is no IPv4 address") from None
    for module in ["caproto"] * ca + ["p4p"] * pva:
        need(module, "wavekeep.epics", "epics")
    source: Source
    if isinstance(writer, str):
        source = ControlSource(writer, control_path)
    else:
        if root is None and not all_loopback(interfaces):
            raise BadArgumentError("root= names the folder for files, as others reach the writer")
        source = WriterSource(writer, root)
    return Served(source, prefix, interfaces, ca=ca, pva=pva)
