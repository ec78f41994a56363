"""Exceptions, divided by what the caller can do about them."""

from __future__ import annotations

import re


def short(text: str, most: int = 80) -> str:
    """The text, or its beginning and end: an argument may be the content of a whole file."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]} … {text[-most // 4 :]} ({len(text)} characters)"


class Error(Exception):
    """Base class of all errors of wavekeep. The message states what to do.

    Attributes
    ----------
    path
        The file or address, or ``None``.
    offset
        The byte offset of the error in the file, or ``None``.
    expected
        What the format or the function expects, or ``None``.
    found
        What was found instead, or ``None``.

    Examples
    --------
    >>> import wavekeep
    >>> try:
    ...     wavekeep.open("samples/README.md")
    ... except wavekeep.Error as error:
    ...     print(type(error).__name__, error.path)
    NotThisFormatError samples/README.md
    """

    path: str | None
    offset: int | None
    expected: str | None
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
        # The position in a one-line document that this package made does not help.
        super().__init__(short(re.sub(r" at line 1 column \d+", "", message), 4000))
        self.path = None if path is None else short(path, 4096)
        self.offset = offset
        self.expected = expected
        self.found = None if found is None else short(found, 400)

    def __str__(self) -> str:
        # KeyError and OSError have other texts.
        return str(self.args[0]) if self.args else ""


class NotThisFormatError(Error, ValueError):
    """The file has no known format, or another one than the function opens."""


class MalformedError(Error, ValueError):
    """The format is recognised, but the content is invalid: get another copy of the file, or recover it."""


class UnsupportedError(Error, ValueError):
    """The request or the content is understood, but not supported."""


class LimitError(Error, ValueError):
    """A limit for untrusted input was exceeded."""


class BadArgumentError(Error, ValueError):
    """An argument has an invalid value."""


class BadTypeError(Error, TypeError):
    """An argument has an invalid type."""


class NoSuchArgumentError(BadArgumentError, TypeError):
    """The function has no such keyword argument. The message suggests a similar one."""


class ClosedError(Error, ValueError):
    """The file or the archive was closed."""


class ChangedError(Error, RuntimeError):
    """The files are no longer those that were opened: open them again."""


class SelectionError(Error, ValueError):
    """The selection is empty, or outside of the recording."""


class BadIndexError(SelectionError, IndexError):
    """The index does not fit the samples; also an ``IndexError``, as in numpy."""


class NoSuchChannelError(SelectionError, KeyError, IndexError):
    """The recording has no such channel."""


class NoSuchArrayError(Error, KeyError):
    """The file has no such array."""


class NoSuchNameError(Error, AttributeError, KeyError):
    """The DataWriter has no such variable or command."""


class WriterStateError(Error, RuntimeError):
    """The DataWriter cannot do this in its current state: no file is open, or a file is open."""


class TooLargeError(Error, MemoryError):
    """The result does not fit into memory: select less, or read in blocks."""


class FileError(Error, OSError):
    """The operating system reported an error; ``errno`` is its number, if it gave one."""


class FileMissingError(FileError, FileNotFoundError):
    """The file or the archive does not exist."""


class FileTakenError(FileError, FileExistsError):
    """The file exists, and overwriting was not requested."""


class FileRefusedError(FileError, PermissionError):
    """The file may not be read or written."""


class NotAFileError(FileError):
    """The path is a folder, a pipe or a device."""


class NoSuchEventError(Error, KeyError):
    """The archive has no such event."""


class NothingToUndoError(Error, RuntimeError):
    """The review of the event was never changed."""


class NotLostError(Error, RuntimeError):
    """The event cannot be forgotten, because its files exist."""


class ArchiveError(Error, RuntimeError):
    """The archive failed: its index, its ledger, or its disk while events were saved."""


class ServerError(Error, OSError):
    """The server cannot be reached, failed, or does not serve an archive."""


class NotAllowedError(Error, PermissionError):
    """The server requires a token, or a token with more rights."""


class MissingLibraryError(Error, ImportError):
    """Another Python package is required. The message names it."""


class InternalError(Error, RuntimeError):
    """A defect in wavekeep. Please report it."""


# Former names.
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
