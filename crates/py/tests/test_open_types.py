"""The annotations of the functions that open files: exact, and the same at run time as for checkers."""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable
from types import UnionType
from typing import Any, Literal, Union

import pytest

import wavekeep
from wavekeep import _open

PATH = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]
OF_EVENTS = {
    "rate_hz": Union[float, None],
    "geophone_range": Union[Literal["normal", "sensitive"], None],
    "pretrigger_s": Union[float, None],
    "reports": bool,
}
OF_STREAMS = {"metadata_channel": Union[int, None], "keep_index": bool}
EXACT: dict[str, tuple[Callable[..., wavekeep.Recording], dict[str, Any]]] = {
    "open": (
        wavekeep.open,
        {"path": PATH, **OF_EVENTS, **OF_STREAMS, "return": wavekeep.Recording},
    ),
    "open_event": (wavekeep.open_event, {"path": PATH, **OF_EVENTS, "return": wavekeep.Event}),
    "open_stream": (wavekeep.open_stream, {"path": PATH, **OF_STREAMS, "return": wavekeep.Stream}),
    "open_arrays": (wavekeep.open_arrays, {"path": PATH, "return": wavekeep.ArrayFile}),
}


@pytest.mark.parametrize("name", EXACT)
def test_annotations_are_exact(name: str) -> None:
    function, exact = EXACT[name]
    assert typing.get_type_hints(function) == exact
    signature = inspect.signature(function)
    assert [*signature.parameters, "return"] == list(exact)
    options = [it for it in signature.parameters.values() if it.name != "path"]
    assert all(it.kind is it.KEYWORD_ONLY for it in options)


def test_every_overload_has_all_parameters_with_narrower_types() -> None:
    overloads = typing.get_overloads(inspect.unwrap(wavekeep.open))
    _, exact = EXACT["open"]
    returned = []
    for overload in overloads:
        hints = typing.get_type_hints(overload)
        assert list(hints) == list(exact)
        for name in exact.keys() - {"return"}:
            assert kinds(hints[name]) <= kinds(exact[name]), (name, hints[name])
        returned.append(hints["return"])
    assert set(returned) == {wavekeep.Event, wavekeep.Stream, wavekeep.Recording}
    # The last one takes what the others do not.
    assert typing.get_type_hints(overloads[-1]) == exact


def kinds(hint: Any) -> set[Any]:
    """The members of a union; of a literal of truth values, ``bool``."""
    is_union = typing.get_origin(hint) in (Union, UnionType)
    members = typing.get_args(hint) if is_union else (hint,)
    return {bool if member in (Literal[True], Literal[False]) else member for member in members}


def test_nothing_is_left_open_in_the_module() -> None:
    assert not hasattr(_open, "Any")
    for name, function in inspect.getmembers(_open, inspect.isfunction):
        if function.__module__ == _open.__name__:
            signature = inspect.signature(function)
            annotated = [signature.return_annotation, *(it.annotation for it in signature.parameters.values())]
            assert inspect.Signature.empty not in annotated, name


@pytest.mark.parametrize("name", EXACT)
def test_what_is_returned_is_what_is_annotated(name: str) -> None:
    function, exact = EXACT[name]
    path = {
        "open": "samples/M529LMOK.DK0W",
        "open_event": "samples/M529LMOK.DK0W",
        "open_stream": "crates/smurf/tests/data/basic.dat",
        "open_arrays": "crates/gnz/tests/data/typical.gnz",
    }[name]
    for given in (path, os.fsencode(path)):
        found = function(given)
        assert isinstance(found, exact["return"]) and found.path == path


def test_a_metadata_channel_that_no_record_has_is_an_error() -> None:
    for channel in (-1, 256, True, 1.5):
        with pytest.raises(wavekeep.BadArgumentError, match="0 to 255"):
            wavekeep.open_stream("x.dat", metadata_channel=channel)  # type: ignore[arg-type, unused-ignore]
