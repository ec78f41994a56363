"""One word for units everywhere: ``units="mm/s"``, ``"dB(L)"``, ``"raw"``, ``"SI"``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Union

from . import _wavekeep
from ._errors import BadArgumentError
from ._words import instead

#: The numbers of the format.
RAW = "raw"
#: ``"mm/s"``, several of them, one by the name of a channel, ``"SI"`` or ``"raw"``.
Units = Union[str, Sequence[str], Mapping[str, str], None]


def canonical(word: str) -> tuple[str, str, str]:
    """A unit by any of its spellings: its symbol, what it measures, the SI's unit for that."""
    if not isinstance(word, str):
        raise BadArgumentError(f"a unit is a word such as 'mm/s', found {word!r}")
    try:
        return _wavekeep.unit(word)
    except BadArgumentError as error:
        words = [*_wavekeep.units(), RAW, "SI"]
        message = f"{error}{instead(word, words)}"
        raise BadArgumentError(message, found=word, expected=", ".join(words)) from None


def chosen(units: Units, usual: Mapping[str, str]) -> dict[str, str]:
    """The unit of each channel: that of ``usual`` where ``units`` names no other one."""
    if units is None:
        return dict(usual)
    if isinstance(units, Mapping):
        return _by_name(units, usual)
    if not isinstance(units, Iterable):
        raise BadArgumentError(f"units are words such as 'mm/s', found {units!r}")
    words = [units] if isinstance(units, str) else list(units)
    if words == [RAW]:
        return dict.fromkeys(usual, RAW)
    found = dict(usual)
    for word in words:
        if isinstance(word, str) and word.upper() == "SI":
            found = {name: canonical(unit)[2] for name, unit in found.items()}
            continue
        if word == RAW:
            raise BadArgumentError("raw numbers have no other unit beside: units='raw' stands alone")
        symbol, quantity, _ = canonical(word)
        fitting = [name for name, unit in usual.items() if canonical(unit)[1] == quantity]
        if not fitting and usual:
            known = ", ".join(dict.fromkeys(usual.values()))
            message = f"no channel can be in {symbol}, which measures another thing: they are in {known}"
            raise BadArgumentError(message, found=symbol, expected=known)
        found.update(dict.fromkeys(fitting, symbol))
    return found


def _by_name(units: Mapping[str, str], usual: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower(): name for name in usual}
    found = dict(usual)
    for asked, word in units.items():
        name = names.get(str(asked).lower())
        if name is None:
            message = f"units name the channel {asked!r}; the channels are {', '.join(usual)}"
            raise BadArgumentError(message + instead(str(asked), usual))
        symbol, quantity, _ = canonical(word)
        if quantity != canonical(usual[name])[1]:
            raise BadArgumentError(f"{name} is in {usual[name]}, and {symbol} measures another thing")
        found[name] = symbol
    return found


def of_quantity(units: Iterable[str], quantity: str) -> str | None:
    """The one unit that measures a quantity; none where there is none of it."""
    found = {unit for unit in units if unit != RAW and canonical(unit)[1] == quantity}
    if len(found) > 1:
        raise BadArgumentError(f"a file has one unit for each quantity, found {', '.join(sorted(found))}")
    return found.pop() if found else None
