"""The DataWriter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypedDict, Union

import numpy as np

from . import _wavekeep
from ._errors import BadArgumentError, NoSuchArgumentError, NoSuchNameError
from ._payload import Payload, byte_of, payload_of
from ._words import instead, strict

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Variables(TypedDict, total=False):
    """Variables that can be set when a writer is made.

    Attributes
    ----------
    DataFile
        The path of the file, or of the run.
    BufferSize
        The number of buffered bytes; 0 for none.
    MaxFileSize
        The largest size of a piece in bytes; 0 for one file.
    DropErrors
        Whether frames with an error are left out.
    RawMode
        Whether only the bytes of payloads are written.
    Overwrite
        Whether existing files are replaced.
    """

    DataFile: Union[str, os.PathLike[str]]
    BufferSize: int
    MaxFileSize: int
    DropErrors: bool
    RawMode: bool
    Overwrite: bool


class DataWriter:
    """Records frames into a file or a run of files, with the control surface of the Rogue DataWriter.

    Variables are attributes, commands are methods, with these names:

    =============== ======= ====================================================================
    ``DataFile``    rw      path
    ``IsOpen``      ro      whether frames are being recorded
    ``BufferSize``  rw      bytes that are buffered before they are written; 0: none
    ``MaxFileSize`` rw      largest size of a piece in bytes; 0: the run is not split
    ``CurrentSize`` ro      bytes in the current piece, including the buffer
    ``TotalSize``   ro      bytes in all pieces of this session, including the buffer
    ``FrameCount``  ro      records written on all channels
    ``Bandwidth``   ro      bytes of records written in the last second
    ``DropErrors``  rw      frames with an error are not written
    ``RawMode``     rw      only the bytes of payloads are written
    ``Overwrite``   rw      existing files are replaced
    ``Open()``      command creates the file, sets all counters to zero
    ``Close()``     command flushes, syncs, closes
    ``AutoName()``  command sets ``DataFile`` to ``data_YYYYMMDD_HHMMSS.dat`` in its current folder
    =============== ======= ====================================================================

    Parameters
    ----------
    **variables
        Initial values of variables that are ``rw``.

    Raises
    ------
    NoSuchArgumentError
        There is no such variable.
    BadArgumentError
        The variable cannot have this value.

    Notes
    -----
    As a context manager it opens and closes. After a failed write no file is open, and the file ends with a
    whole record. Several threads may use it.

    Examples
    --------
    >>> import os, tempfile
    >>> from wavekeep.smurf import DataWriter
    >>> folder = tempfile.mkdtemp()
    >>> writer = DataWriter(DataFile=os.path.join(folder, "run.dat"))
    >>> writer.Open()
    >>> writer.write(b"AMCc.Dev.A: 1", channel=1)
    'written'
    >>> writer.IsOpen, writer.FrameCount, writer.CurrentSize
    (True, 1, 21)
    >>> writer.Close()
    """

    __slots__ = ("_writer",)

    _writer: _wavekeep.DataWriter
    _NAMES = frozenset(
        name for name, access, _ in _wavekeep.DataWriter.controls() if access != "command"
    )

    def __init__(self, **variables: Unpack[Variables]) -> None:
        object.__setattr__(self, "_writer", _wavekeep.DataWriter())
        for name, value in variables.items():
            if name not in self._NAMES:
                message = f"DataWriter() has no argument {name!r}{instead(name, self._NAMES)}"
                raise NoSuchArgumentError(message, found=name)
            self.set(name, value)  # type: ignore[arg-type]

    @staticmethod
    def controls() -> list[tuple[str, str, str]]:
        """The variables and commands.

        Returns
        -------
        list of tuple
            Name, access (``"rw"``, ``"ro"`` or ``"command"``) and meaning of each.
        """
        return _wavekeep.DataWriter.controls()

    def get(self, name: str) -> Union[bool, int, float, str]:
        """The value of a variable, by its name.

        Parameters
        ----------
        name
            A name from the table of the class.

        Returns
        -------
        bool, int, float or str
            The value.

        Raises
        ------
        NoSuchNameError
            There is no such variable. The message suggests a similar one.

        Examples
        --------
        >>> DataWriter(MaxFileSize=1 << 30).get("MaxFileSize")
        1073741824
        """
        with _named(name):
            return self._writer.get(name)

    def set(self, name: str, value: Union[bool, int, str, os.PathLike[str], "np.generic"]) -> None:
        """Sets a variable, by its name.

        Parameters
        ----------
        name
            A name from the table of the class.
        value
            The new value.

        Raises
        ------
        NoSuchNameError
            There is no such variable. The message suggests a similar one.
        BadArgumentError
            The variable cannot have this value, or can only be read.
        WriterStateError
            ``RawMode`` cannot be changed while a file is open.

        Examples
        --------
        >>> writer = DataWriter()
        >>> writer.set("DropErrors", True)
        >>> writer.DropErrors
        True
        """
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, np.generic):
            value = value.item()
        if not isinstance(value, (bool, int, str)) or (
            isinstance(value, int) and not 0 <= value < 2**64
        ):
            raise BadArgumentError(f"{name} cannot be {value!r}")
        with _named(name):
            self._writer.set(name, value)

    def command(self, name: str) -> None:
        """Runs a command, by its name.

        Parameters
        ----------
        name
            ``"Open"``, ``"Close"`` or ``"AutoName"``.

        Raises
        ------
        NoSuchNameError
            There is no such command. The message suggests a similar one.
        WriterStateError, FileError
            The command failed.

        Examples
        --------
        >>> writer = DataWriter()
        >>> writer.command("Close")
        """
        with _named(name):
            self._writer.command(name)

    def __getattr__(self, name: str) -> Union[bool, int, float, str]:
        if name.startswith("_"):
            raise AttributeError(name)
        with _named(name):
            return self._writer.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.set(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._NAMES})

    def Open(self) -> None:
        """Creates the file and sets all counters to zero.

        Raises
        ------
        FileTakenError
            The file exists and ``Overwrite`` is not set. This is a ``FileExistsError``.
        WriterStateError
            There is no ``DataFile``.
        """
        self._writer.command("Open")

    def Close(self) -> None:
        """Flushes, syncs and closes the file."""
        self._writer.command("Close")

    def AutoName(self) -> None:
        """Sets ``DataFile`` to ``data_YYYYMMDD_HHMMSS.dat`` in its current folder."""
        self._writer.command("AutoName")

    def close(self) -> None:
        """As :meth:`Close`; has no effect if no file is open."""
        if self._writer.get("IsOpen"):
            self.Close()

    @strict
    def write(self, payload: Payload, channel: int = 0, flags: int = 0, error: int = 0) -> str:
        """Writes a frame as a record.

        Parameters
        ----------
        payload
            The bytes, or one frame from :func:`frames`.
        channel
            0 for data, 1 for metadata; at most 255.
        flags
            16 bits; bit 8 marks the frame as bad.
        error
            0 if there is none; at most 255.

        Returns
        -------
        str
            ``"written"``, ``"buffered"``, or ``"skipped"``: the payload is empty, or the frame has an error and
            ``DropErrors`` is set.

        Raises
        ------
        BadArgumentError
            The payload is not bytes, or is larger than ``MaxFileSize`` allows.
        WriterStateError
            No file is open.
        FileError
            The file cannot be written; it is closed.

        Examples
        --------
        >>> import os, tempfile, numpy as np, wavekeep
        >>> from wavekeep import smurf
        >>> path = os.path.join(tempfile.mkdtemp(), "run.dat")
        >>> with smurf.DataWriter(DataFile=path) as writer:
        ...     for frame in smurf.frames(np.ones((3, 5), np.int32), rate_hz=200):
        ...         _ = writer.write(frame)
        >>> wavekeep.open(path).shape
        (3, 5)
        """
        return self._writer.write(
            payload_of(payload),
            byte_of("channel", channel, 255),
            byte_of("flags", flags, 65535),
            byte_of("error", error, 255),
        )

    def flush(self) -> None:
        """Passes the buffer to the file system."""
        self._writer.flush()

    def __enter__(self) -> DataWriter:
        self.Open()
        return self

    def __exit__(self, *_: object) -> None:
        self.Close()


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Adds a similar name to the error for an unknown variable or command."""
    try:
        yield
    except NoSuchNameError as error:
        hint = instead(str(name), [control for control, _, _ in DataWriter.controls()])
        if not hint:
            raise
        raise NoSuchNameError(f"{error}{hint}", found=str(name)) from None
