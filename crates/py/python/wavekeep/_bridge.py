"""The stream bridge of Rogue as a source of frames."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import _wavekeep
from ._errors import BadArgumentError
from ._words import strict


class Frame(NamedTuple):
    """A frame as Rogue sends it.

    Attributes
    ----------
    payload
        128 header bytes and samples, or text.
    channel
        0 for data, 1 for metadata.
    flags
        16 bits; bit 8 marks the frame as bad.
    error
        0 if there is none.
    """

    payload: bytes
    channel: int
    flags: int
    error: int


class BridgeSource:
    """The frames of a Rogue ``TcpServer``, over ZeroMQ.

    Parameters
    ----------
    address
        The address to connect to, ``"tcp://host:port"``. A ``TcpServer`` with port P sends on P + 1.
    metadata
        A second address, from which every frame is metadata. Without it, metadata is detected by its content.
    bind
        Binds the addresses, and the sender connects to them.

    Raises
    ------
    BadArgumentError
        An address is invalid.
    FileError
        An address cannot be bound.

    Notes
    -----
    The sender may start later, and broken connections are re-established. A sender distributes its frames among
    all receivers: connect only one. Lost frames are counted by their ``frame_counter``. At most 64 MiB wait to
    be received, then the sender waits. Other threads run while this one waits, and Ctrl-C interrupts it.

    Examples
    --------
    >>> from wavekeep.smurf import BridgeSource, DataWriter
    >>> def record(address, path, frames):
    ...     with BridgeSource(address) as source, DataWriter(DataFile=path) as writer:
    ...         for frame in source:
    ...             writer.write(*frame)
    ...             if writer.FrameCount == frames:
    ...                 break
    ...         return source.counts["lost"]
    """

    __slots__ = ("_bridge",)

    @strict
    def __init__(self, address: str, metadata: str | None = None, bind: bool = False) -> None:
        self._bridge = _wavekeep.Bridge(address, metadata, bind)

    @strict
    def receive(self, timeout: float | None = None) -> Frame | None:
        """Waits for the next frame.

        Parameters
        ----------
        timeout
            Maximum time to wait, in seconds; by default until a frame arrives or the source is closed.

        Returns
        -------
        Frame or None
            ``None`` if no frame arrived in time, or the source is closed.

        Raises
        ------
        BadArgumentError
            ``timeout`` is negative or not finite.

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
        """Frames until the source is closed."""
        while (frame := self.receive()) is not None:
            yield frame

    @property
    def counts(self) -> dict[str, Any]:
        """Counters since the start.

        ``frames``, of these ``data``, ``metadata`` and ``bad``; ``bytes`` of their payloads; ``lost`` and
        ``out_of_order`` frames; ``malformed`` messages; ``waiting_bytes``; ``connected`` and ``connections``; …
        """
        counts: dict[str, Any] = json.loads(self._bridge.counts())
        return counts

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame."""
        return self._bridge.silent_s()

    @property
    def bound(self) -> list[str]:
        """The bound addresses with their ports; empty without ``bind``."""
        return self._bridge.bound()

    def close(self) -> None:
        """Closes all connections."""
        self._bridge.close()

    @property
    def closed(self) -> bool:
        """Whether the source is closed."""
        return self._bridge.is_closed()

    def __enter__(self) -> BridgeSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
