"""Errors for unknown words and keywords, with a similar known one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import ParamSpec, TypeVar


from ._errors import BadArgumentError, NoSuchArgumentError

P = ParamSpec("P")
R = TypeVar("R")


def instead(word: str, known: Iterable[str]) -> str:
    """The hint at the end of a message, if a known word is similar."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def one_of(what: str, word: str, known: Iterable[str]) -> str:
    """The word, if it is known."""
    words = list(known)
    if word in words:
        return word
    message = f"{what} is {word!r}: it is one of {', '.join(words)}{instead(str(word), words)}"
    raise BadArgumentError(message, found=str(word), expected=", ".join(words))


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """Refuses unknown keywords of a function, with the name of a similar one."""
    parameters = inspect.signature(function).parameters.values()
    known = [one.name for one in parameters if one.kind is not one.VAR_KEYWORD and one.name != "self"]

    @functools.wraps(function)
    def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                call = f"{function.__name__}() has no argument {name!r}"
                message = f"{call}{instead(name, known) or ': it has ' + ', '.join(known)}"
                raise NoSuchArgumentError(message, found=name, expected=", ".join(known))
        return function(*arguments, **keywords)

    return checked
