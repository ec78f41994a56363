"""The stream bridge of Rogue, as a source of frames."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import _wavekeep
from ._errors import BadArgumentError
from ._words import strict


class Frame(NamedTuple):
    """A frame as Rogue sends it."""

    #: 128 header bytes and samples, or text.
    payload: bytes
    #: 0 data, 1 metadata.
    channel: int
    #: Bit 8 marks it bad.
    flags: int
    #: 0 for none.
    error: int


class BridgeSource:
    """The frames of a Rogue ``TcpServer``, over ZeroMQ.

    ``address`` is the address to be connected to, ``"tcp://host:port"``: a ``TcpServer`` at port P
    sends at P + 1. From ``metadata``, a second address, all is metadata; without it metadata is
    recognised by content. With ``bind`` the sender connects to these addresses. That nobody is there
    yet is no error, and a broken connection is made again.

    >>> from wavekeep.smurf import BridgeSource, DataWriter
    >>> def record(address, path, frames):
    ...     with BridgeSource(address) as source, DataWriter(DataFile=path) as writer:
    ...         for frame in source:
    ...             writer.write(*frame)
    ...             if writer.FrameCount == frames:
    ...                 break
    ...         return source.counts["lost"]

    A sender shares its frames out among all that are connected: be the only one. Frames that were
    lost on the way are counted by their frame counters. Who takes too long is waited for: at most
    64 MiB wait here, then the sender waits. Other threads run meanwhile, and Ctrl-C ends the waiting.
    """

    __slots__ = ("_bridge",)

    @strict
    def __init__(self, address: str, metadata: str | None = None, bind: bool = False) -> None:
        self._bridge = _wavekeep.Bridge(address, metadata, bind)

    @strict
    def receive(self, timeout: float | None = None) -> Frame | None:
        """The next frame.

        Parameters
        ----------
        timeout
            Seconds to wait at most; without it until a frame comes or it is closed.

        Returns
        -------
        Frame or None
            ``None`` when none came in time, or it is closed.

        Raises
        ------
        BadArgumentError
            When the timeout is negative, or no finite number.

        Examples
        --------
        >>> with BridgeSource("tcp://127.0.0.1:1") as source:
        ...     print(source.receive(timeout=0.01))
        None
        """
        number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if timeout is not None and not (number and math.isfinite(timeout) and timeout >= 0):
            raise BadArgumentError(f"timeout is seconds from 0, or None to wait, found {timeout!r}")
        found = self._bridge.receive(timeout)
        return None if found is None else Frame(*found)

    def __iter__(self) -> Iterator[Frame]:
        """Frame after frame, until it is closed."""
        while (frame := self.receive()) is not None:
            yield frame

    @property
    def counts(self) -> dict[str, Any]:
        """What came so far: ``frames``, ``data``, ``metadata``, ``bytes``, ``lost``, ``malformed``, …"""
        counts: dict[str, Any] = json.loads(self._bridge.counts())
        return counts

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame."""
        return self._bridge.silent_s()

    @property
    def bound(self) -> list[str]:
        """The addresses that are bound, with their ports; none where it connects."""
        return self._bridge.bound()

    def close(self) -> None:
        """Ends all connections."""
        self._bridge.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._bridge.is_closed()

    def __enter__(self) -> BridgeSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
