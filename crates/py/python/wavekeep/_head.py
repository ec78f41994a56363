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
    """The size of an archive's ledger at a moment, and the root of its tree. If it is kept elsewhere,
    :meth:`Archive.verify` proves with it that the ledger only grew since.

    ``str(head)`` is the text to keep; ``wavekeep head`` and servers give the same text.

    Attributes
    ----------
    archive
        The identifier of the archive, 32 hexadecimal digits; empty if the head consists of size and root only.
    size
        The number of entries.
    root
        The root of their tree, 64 hexadecimal digits.
    time
        When the head was taken, in UTC; ``None`` if the head consists of size and root only.

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

    archive: str
    size: int
    root: str
    time: datetime | None
    _text: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Head:
        """Parses a head.

        Parameters
        ----------
        text
            The text of a head, as from ``str(head)``, or ``size:root``.

        Returns
        -------
        Head
            The head.

        Raises
        ------
        MalformedError
            The text is not a head.

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
    """A head from a head, its text or a file with its text."""
    if isinstance(since, Head):
        return since
    if isinstance(since, str) and (since.startswith("wavekeep head ") or _SHORT.fullmatch(since)):
        return Head.parse(since)
    if not isinstance(since, (str, os.PathLike)):
        message = f"a head, its text or a file that holds it was expected, found {since!r}"
        raise BadArgumentError(message)
    return Head.parse(_wavekeep.head_file(since))
