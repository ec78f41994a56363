"""The variables and commands of the DataWriter that are served, and the values that they accept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Union

from .._errors import Error

Value = Union[bool, int, float, str]

#: Maximum length of a text in bytes of UTF-8.
TEXT_BYTES = 300


class RefusedError(Error, ValueError):
    """A put or a command was refused. The message is the reason."""


class DisconnectedError(Error, ConnectionError):
    """The control port does not respond."""


# Former names.
Refused = RefusedError
Disconnected = DisconnectedError


class Kind(Enum):
    """The type of a variable."""

    TEXT = "text"
    #: An unsigned number of 32 bits.
    COUNT = "count"
    #: An unsigned number of 64 bits.
    SIZE = "size"
    FLAG = "flag"
    RATE = "rate"
    COMMAND = "command"


@dataclass(frozen=True)
class Variable:
    """A variable or a command, with its name in the DataWriter."""

    name: str
    kind: Kind
    writable: bool = False
    #: Whether it changes with every frame and is polled once per second.
    counter: bool = False

    @property
    def initial(self) -> Value:
        """The value before the first reading."""
        if self.kind is Kind.TEXT:
            return ""
        if self.kind is Kind.FLAG:
            return False
        return 0.0 if self.kind is Kind.RATE else 0


VARIABLES = (
    Variable("DataFile", Kind.TEXT, writable=True),
    Variable("Open", Kind.COMMAND, writable=True),
    Variable("Close", Kind.COMMAND, writable=True),
    Variable("AutoName", Kind.COMMAND, writable=True),
    Variable("IsOpen", Kind.FLAG),
    Variable("BufferSize", Kind.COUNT, writable=True),
    Variable("MaxFileSize", Kind.SIZE, writable=True),
    Variable("CurrentSize", Kind.SIZE, counter=True),
    Variable("TotalSize", Kind.SIZE, counter=True),
    Variable("FrameCount", Kind.COUNT, counter=True),
    Variable("Bandwidth", Kind.RATE, counter=True),
)

_LIMITS = {Kind.COUNT: 2**32, Kind.SIZE: 2**64}


def from_text(variable: Variable, text: str) -> Value:
    """The value from the text that a control port prints.

    Raises
    ------
    ValueError
        The text is not a value of this type.
    """
    if variable.kind is Kind.TEXT:
        return text
    plain = text.replace(",", "").replace("_", "").strip()
    if variable.kind is Kind.FLAG:
        if plain not in ("True", "False"):
            raise ValueError(f"{variable.name} is {text!r}, neither True nor False")
        return plain == "True"
    return float(plain) if variable.kind is Kind.RATE else int(plain)


def checked(variable: Variable, given: Value) -> Value:
    """A client's value, in the type that the writer accepts.

    Raises
    ------
    RefusedError
        The value is invalid.
    """
    if variable.kind is Kind.TEXT:
        return _text(variable, given)
    return _number(variable, given)


def _text(variable: Variable, given: Value) -> str:
    if not isinstance(given, str):
        raise RefusedError(f"{variable.name} is a text, found {given!r}")
    if "\0" in given:
        raise RefusedError(f"{variable.name} has a zero byte in it")
    size = len(given.encode("utf-8", "surrogatepass"))
    if size > TEXT_BYTES:
        raise RefusedError(f"{variable.name} has at most {TEXT_BYTES} bytes, found {size}")
    return given


def _number(variable: Variable, given: Value) -> int:
    wanted = f"{variable.name} is a whole number, 0 to {_LIMITS[variable.kind] - 1}"
    if isinstance(given, str):
        # int() would also take signs, blanks, underscores and the digits of other scripts.
        if not (given.isascii() and given.isdigit()) or len(given) > 20:
            raise RefusedError(f"{wanted}, found {given[:40]!r}")
        number = int(given)
    elif isinstance(given, float):
        if not given.is_integer():
            raise RefusedError(f"{wanted}, found {given!r}")
        number = int(given)
    else:
        number = int(given)
    if not 0 <= number < _LIMITS[variable.kind]:
        raise RefusedError(f"{wanted}, found {number}")
    return number
