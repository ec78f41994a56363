"""What can go wrong, by what the caller can do about it."""

from __future__ import annotations


class Error(Exception):
    """Anything that wavekeep refuses. The message says what to do.

    >>> import wavekeep
    >>> try:
    ...     wavekeep.open("samples/README.md")
    ... except wavekeep.Error as error:
    ...     print(type(error).__name__, error.path)
    NotThisFormat samples/README.md
    """

    #: The file, where there is one.
    path: str | None
    #: Byte offset in the file, where the error has a place.
    offset: int | None
    #: What the format or the call asks for.
    expected: str | None
    #: What stands there.
    found: str | None

    def __init__(
        self,
        message: str = "",
        *,
        path: str | None = None,
        offset: int | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.offset = offset
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        # KeyError and OSError would show something else.
        return str(self.args[0]) if self.args else ""


class NotThisFormat(Error, ValueError):
    """The bytes are of no format that wavekeep knows."""


class Malformed(Error, ValueError):
    """The format is right, its content is not: get another copy of the file, or recover it."""


class Unsupported(Error, ValueError):
    """Understood, but not something that can be read, written or drawn."""


class Limit(Error, ValueError):
    """A safety limit was reached."""


class BadArgument(Error, ValueError):
    """An argument that makes no sense."""


class NoSuchArgument(BadArgument, TypeError):
    """A keyword that a function does not have. The message names the near one."""


class Closed(Error, ValueError):
    """The file was closed."""


class SelectionError(Error, ValueError):
    """A part that the recording does not have."""


class BadIndex(SelectionError, IndexError):
    """An index that does not fit the samples, as numpy's ``IndexError``."""


class NoSuchChannel(SelectionError, KeyError, IndexError):
    """A channel that the recording does not have."""


class NoSuchArray(Error, KeyError):
    """An array that the file does not have."""


class NoSuchName(Error, AttributeError, KeyError):
    """A variable or command that the DataWriter does not have."""


class WriterState(Error, RuntimeError):
    """The DataWriter cannot do this now: nothing is open, or something is."""


class TooLarge(Error, MemoryError):
    """The result does not fit into memory: select less, or read block by block."""


class FileError(Error, OSError):
    """The operating system refused. ``errno`` says how."""


class FileMissing(FileError, FileNotFoundError):
    """There is no such file."""


class FileExists(FileError, FileExistsError):
    """The file is there already, and overwriting was not asked for."""


class FileRefused(FileError, PermissionError):
    """The file may not be read or written."""


class NotAFile(FileError):
    """A folder, a pipe, a device."""


class NoSuchEvent(Error, KeyError):
    """An event that the archive does not have."""


class NothingToUndo(Error, RuntimeError):
    """An event whose review nobody has changed."""


class ArchiveError(Error, RuntimeError):
    """The archive itself failed: its index, or its disk while events were saved."""


class ServerError(Error, OSError):
    """A server cannot be reached, failed, or is no server of an archive."""


class NotAllowed(Error, PermissionError):
    """The server asks for a token, or for one that may do more."""


class MissingLibrary(Error, ImportError):
    """Another Python package is needed for this."""


class InternalError(Error, RuntimeError):
    """A defect of wavekeep. Please report it."""
