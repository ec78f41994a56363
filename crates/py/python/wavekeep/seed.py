"""SEED codes: how units and channels are called in miniSEED and in ObsPy.

Five letters and digits tell all serial numbers of Instantel's kind apart, and give them back. The rule is in
`docs/formats/miniseed.md`.

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
    """The station's code of a unit: at most five letters and digits. Units from ``XG00000`` on share theirs with
    others and are distinguished by a location that begins with ``Z``."""
    return _wavekeep.seed_station(serial)


def serial(station: str, location: str = "") -> str | None:
    """The serial number that a station's code stands for; ``None`` where it stands for none of two letters and five
    digits."""
    return _wavekeep.seed_serial(station, location)
