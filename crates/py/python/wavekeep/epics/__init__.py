"""EPICS: the DataWriter as process variables, over Channel Access and PV Access.

The names and types are those of SMuRF: ``<prefix>:DataFile``, ``<prefix>:Open``, …

Needs caproto, p4p and pyzmq: ``pip install 'wavekeep[epics]'``. For a running recorder::

    wavekeep record … --control tcp://127.0.0.1:9002
    python -m wavekeep.epics --control tcp://127.0.0.1:9002

For a writer of this process:

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
from ._variables import VARIABLES, DisconnectedError, RefusedError

# Former names.
from ._variables import Disconnected as Disconnected
from ._variables import Refused as Refused

__all__ = ["CONTROL_PATH", "PREFIX", "DisconnectedError", "RefusedError", "Served", "serve"]

#: The prefix that SMuRF clients use for the writer of slot 2.
PREFIX = "smurf_server_s2:AMCc:SmurfProcessor:FileWriter"
#: The path of the writer at a control port.
CONTROL_PATH = "AMCc.SmurfProcessor.FileWriter"

_NAME = re.compile(r"[A-Za-z0-9_:\-<>;\[\]]+")


class Served:
    """Process variables that are being served, as from :func:`serve`. A context manager; :meth:`close` ends it.

    Attributes
    ----------
    names
        The names of all process variables.
    ca_port
        The TCP port of Channel Access; ``None`` if it is not served.
    pva_port
        The TCP port of PV Access; ``None`` if it is not served.
    """

    names: tuple[str, ...]
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
        """Closes all connections. The writer is unchanged."""
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
    """Serves a DataWriter as process variables.

    Parameters
    ----------
    writer
        A :class:`wavekeep.smurf.DataWriter` of this process, or the address of the control port of a running
        recorder: ``"tcp://127.0.0.1:9002"``.
    prefix
        The prefix of the names, without the colon.
    ca
        Whether Channel Access is served.
    pva
        Whether PV Access is served.
    interface
        The IPv4 address, or several, on which the variables can be reached: by default only from this machine;
        ``"0.0.0.0"`` for all networks.
    root
        The folder that contains ``DataFile``. It is required for a writer of this process that can be reached
        from a network. Behind a control port, the recorder decides.
    control_path
        The path of the writer at the control port.

    Returns
    -------
    Served
        The names and ports. The variables are served until it is closed.

    Raises
    ------
    BadArgumentError
        An invalid prefix, interface or address, no protocol, or no ``root`` where it is required.
    MissingLibraryError
        caproto, p4p or pyzmq is not installed.
    FileError
        A protocol cannot be served on the interface.

    Notes
    -----
    EPICS has no passwords: anyone who can reach the variables can name and open files.

    Ports and the addresses of beacons come from the environment (``EPICS_CA_SERVER_PORT``,
    ``EPICS_PVAS_SERVER_PORT``, …).

    Settings are polled five times per second, counters once; changes are posted. A refused put is an error
    for its client, and an alarm (MAJOR) of the variable until a put succeeds. While a control port does not
    respond, all variables are INVALID.

    Examples
    --------
    >>> from wavekeep import epics, smurf
    >>> with epics.serve(smurf.DataWriter(), prefix="lab", pva=False) as served:
    ...     len(served.names), served.pva_port
    (11, None)
    """
    if not _NAME.fullmatch(prefix) or prefix.endswith(":"):
        raise BadArgumentError(f"{prefix!r} is not a prefix of EPICS names")
    if not ca and not pva:
        raise BadArgumentError("Channel Access and PV Access are both disabled: enable one")
    interfaces = [interface] if isinstance(interface, str) else list(interface)
    for one in interfaces:
        try:
            ipaddress.IPv4Address(one)
        except ValueError:
            raise BadArgumentError(f"interface {one!r} is not an IPv4 address") from None
    for module in ["caproto"] * ca + ["p4p"] * pva:
        need(module, "wavekeep.epics", "epics")
    source: Source
    if isinstance(writer, str):
        source = ControlSource(writer, control_path)
    else:
        if root is None and not all_loopback(interfaces):
            raise BadArgumentError("root= is required for a writer that can be reached from a network: name the folder for files")
        source = WriterSource(writer, root)
    return Served(source, prefix, interfaces, ca=ca, pva=pva)
