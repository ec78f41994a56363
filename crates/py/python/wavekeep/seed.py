"""SEED codes: the names of units and channels in miniSEED and in ObsPy.

Five letters and digits represent every serial number of two letters and five digits, and can be converted
back. ``docs/formats/miniseed.md`` has the rule.

>>> from wavekeep import seed
>>> seed.station("BE11529"), seed.station("BE11588"), seed.station(None)
('1SJPL', '1SJR8', 'UNK')
>>> seed.serial("1SJPL")
'BE11529'
"""

from __future__ import annotations

from . import _wavekeep

__all__ = ["serial", "station"]


def station(serial: str | None) -> str:
    """The station code of a unit. Units from ``XG00000`` on share theirs with others and are distinguished by a
    location that begins with ``Z``.

    Parameters
    ----------
    serial
        The serial number, or ``None`` if it is unknown.

    Returns
    -------
    str
        At most five letters and digits.

    Examples
    --------
    >>> from wavekeep import seed
    >>> seed.station("BE11529")
    '1SJPL'
    """
    return _wavekeep.seed_station(serial)


def serial(station: str, location: str = "") -> str | None:
    """The serial number for a station code.

    Parameters
    ----------
    station
        The station code.
    location
        The location code of the channel.

    Returns
    -------
    str or None
        The serial number; ``None`` if the code is not one for a serial number of two letters and five digits.

    Examples
    --------
    >>> from wavekeep import seed
    >>> seed.serial("1SJPL"), seed.serial("UNK")
    ('BE11529', None)
    """
    return _wavekeep.seed_serial(station, location)
