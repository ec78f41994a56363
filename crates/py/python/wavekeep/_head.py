"""Heads of the ledger of an archive."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Union

from . import _wavekeep
from ._errors import BadArgumentError, MalformedError

#: A head as it is printed.
_SHORT = re.compile(r"\s*\d+:[0-9a-f]{64}\s*")


@dataclass(frozen=True)
class Head:
    """How large the ledger of an archive was at a moment, and the root of its tree. Kept elsewhere, it
    proves later that the ledger only grew since: :meth:`Archive.verify` takes it.

    ``str(head)`` is the text to keep: that of ``wavekeep head`` and of a server.

    Examples
    --------
    >>> import tempfile, wavekeep
    >>> archive = wavekeep.Archive(tempfile.mkdtemp(), create=True)
    >>> head = archive.head()
    >>> head.size, len(head.root), head.time.tzinfo
    (1, 64, datetime.timezone.utc)
    >>> wavekeep.Head.parse(str(head)) == head
    True
    """

    #: Which archive's ledger it is of: 32 hexadecimal digits; empty in a head of size and root alone.
    archive: str
    #: Number of entries.
    size: int
    #: The root of their tree: 64 hexadecimal digits.
    root: str
    #: When it was taken, in UTC; ``None`` in a head of size and root alone.
    time: datetime | None
    _text: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Head:
        """Reads a head: the text of one, or ``size:root`` as it is printed.

        Parameters
        ----------
        text
            What ``str(head)`` gave.

        Raises
        ------
        MalformedError
            It is no head.

        Examples
        --------
        >>> import wavekeep
        >>> wavekeep.Head.parse("17:" + "0" * 64).size
        17
        """
        archive, size, root, time = _wavekeep.parsed_head(text)
        taken = None
        if time:
            try:
                taken = datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)
            except ValueError:
                raise MalformedError(f"the time of a head is {time!r}: a moment in UTC was expected") from None
        return cls(archive, size, root, taken, text)

    def __str__(self) -> str:
        return self._text


#: A head, the text of one, or a file that holds it.
Held = Union[Head, str, "os.PathLike[str]"]


def held(since: Held) -> Head:
    """The head that is meant."""
    if isinstance(since, Head):
        return since
    if isinstance(since, str) and (since.startswith("wavekeep head ") or _SHORT.fullmatch(since)):
        return Head.parse(since)
    if not isinstance(since, (str, os.PathLike)):
        message = f"a head, its text or a file that holds it was expected, found {since!r}"
        raise BadArgumentError(message)
    return Head.parse(_wavekeep.head_file(since))
