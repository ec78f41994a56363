"""What can go wrong, by what the caller can do about it."""

from __future__ import annotations

import re


def short(text: str, most: int = 80) -> str:
    """The text, or its two ends: what was given may be a whole file."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]} … {text[-most // 4 :]} ({len(text)} characters)"


class Error(Exception):
    """Anything that wavekeep refuses. The message says what to do.

    >>> import wavekeep
    >>> try:
    ...     wavekeep.open("samples/README.md")
    ... except wavekeep.Error as error:
    ...     print(type(error).__name__, error.path)
    NotThisFormatError samples/README.md
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
        # The place in a document of one line that this package made itself helps nobody.
        super().__init__(short(re.sub(r" at line 1 column \d+", "", message), 4000))
        self.path = None if path is None else short(path, 4096)
        self.offset = offset
        self.expected = expected
        self.found = None if found is None else short(found, 400)

    def __str__(self) -> str:
        # KeyError and OSError would show something else.
        return str(self.args[0]) if self.args else ""


class NotThisFormatError(Error, ValueError):
    """The bytes are of no format that wavekeep knows."""


class MalformedError(Error, ValueError):
    """The format is right, its content is not: get another copy of the file, or recover it."""


class UnsupportedError(Error, ValueError):
    """Understood, but not something that can be read, written or drawn."""


class LimitError(Error, ValueError):
    """A safety limit was reached."""


class BadArgumentError(Error, ValueError):
    """An argument that makes no sense."""


class BadTypeError(Error, TypeError):
    """An argument of a type that does not go here."""


class NoSuchArgumentError(BadArgumentError, TypeError):
    """A keyword that a function does not have. The message names the near one."""


class ClosedError(Error, ValueError):
    """The file was closed."""


class ChangedError(Error, RuntimeError):
    """The files are no longer those that were opened: open them again."""


class SelectionError(Error, ValueError):
    """A part that the recording does not have."""


class BadIndexError(SelectionError, IndexError):
    """An index that does not fit the samples, as numpy's ``IndexError``."""


class NoSuchChannelError(SelectionError, KeyError, IndexError):
    """A channel that the recording does not have."""


class NoSuchArrayError(Error, KeyError):
    """An array that the file does not have."""


class NoSuchNameError(Error, AttributeError, KeyError):
    """A variable or command that the DataWriter does not have."""


class WriterStateError(Error, RuntimeError):
    """The DataWriter cannot do this now: nothing is open, or something is."""


class TooLargeError(Error, MemoryError):
    """The result does not fit into memory: select less, or read block by block."""


class FileError(Error, OSError):
    """The operating system refused. ``errno`` says how."""


class FileMissingError(FileError, FileNotFoundError):
    """There is no such file."""


class FileTakenError(FileError, FileExistsError):
    """The file is there already, and overwriting was not asked for."""


class FileRefusedError(FileError, PermissionError):
    """The file may not be read or written."""


class NotAFileError(FileError):
    """A folder, a pipe, a device."""


class NoSuchEventError(Error, KeyError):
    """An event that the archive does not have."""


class NothingToUndoError(Error, RuntimeError):
    """An event whose review nobody has changed."""


class NotLostError(Error, RuntimeError):
    """An event whose files are there was to be forgotten."""


class ArchiveError(Error, RuntimeError):
    """The archive itself failed: its index, or its disk while events were saved."""


class ServerError(Error, OSError):
    """A server cannot be reached, failed, or is no server of an archive."""


class NotAllowedError(Error, PermissionError):
    """The server asks for a token, or for one that may do more."""


class MissingLibraryError(Error, ImportError):
    """Another Python package is needed for this."""


class InternalError(Error, RuntimeError):
    """A defect of wavekeep. Please report it."""


# The names before all of them ended in Error.
NotThisFormat = NotThisFormatError
Malformed = MalformedError
Unsupported = UnsupportedError
Limit = LimitError
BadArgument = BadArgumentError
NoSuchArgument = NoSuchArgumentError
Closed = ClosedError
BadIndex = BadIndexError
NoSuchChannel = NoSuchChannelError
NoSuchArray = NoSuchArrayError
NoSuchName = NoSuchNameError
WriterState = WriterStateError
TooLarge = TooLargeError
FileMissing = FileMissingError
FileRefused = FileRefusedError
NotAFile = NotAFileError
NoSuchEvent = NoSuchEventError
NothingToUndo = NothingToUndoError
NotAllowed = NotAllowedError
MissingLibrary = MissingLibraryError
FileExists = FileTakenError
