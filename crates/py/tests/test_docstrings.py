"""The docstrings of everything public, in the sections of numpydoc."""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pyspark_wavekeep
import wavekeep
from conftest import ROOT
from wavekeep import _obspy, _xarray, epics, scan

MODULES: tuple[ModuleType, ...] = (
    wavekeep,
    wavekeep.gnz,
    wavekeep.seed,
    wavekeep.smurf,
    epics,
    scan,
    pyspark_wavekeep,
)
#: What ObsPy and xarray find by entry points.
PLUGINS: tuple[tuple[str, Any], ...] = (
    ("wavekeep._xarray.Engine", _xarray.Engine),
    *((f"wavekeep._obspy.{name}", getattr(_obspy, name)) for name in vars(_obspy) if re.match("(is|read)_", name)),
)
#: Classes that users get and do not construct, with what their docstrings name: how to get one.
RETURNED: dict[type, str] = {
    wavekeep.ArrayFile: "wavekeep.open_arrays",
    wavekeep.Channel: "rec[name]",
    wavekeep.Event: "wavekeep.open_event",
    wavekeep.Recording: "An opened file",
    wavekeep.Stream: "wavekeep.open_stream",
    wavekeep.Table: "Archive.query",
    epics.Served: "serve",
    scan.Scan: "wavekeep.scan.open",
    _xarray.Engine: "xarray.open_dataset",
}
PACKAGES = ("wavekeep", "pyspark_wavekeep")
HEADING = re.compile(r"(?m)^(\w[\w ]*)\n-{3,}$")


def classes_and_functions() -> dict[str, Any]:
    """What modules export, by qualified name; each object once."""
    found = {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in MODULES
        for name in module.__all__
    }
    found |= dict(PLUGINS)
    kept: dict[int, tuple[str, Any]] = {}
    for name, thing in found.items():
        if inspect.isclass(thing) or inspect.isroutine(thing):
            kept.setdefault(id(thing), (name, thing))
    return dict(kept.values())


def members() -> Iterator[tuple[str, type, Any]]:
    """Methods and properties of classes and of their bases in the package."""
    seen: set[tuple[type, str]] = set()
    for thing in classes_and_functions().values():
        for base in inspect.getmro(thing) if inspect.isclass(thing) else ():
            if not base.__module__.startswith(PACKAGES):
                continue
            for name, member in vars(base).items():
                kinds = (property, cached_property, classmethod, staticmethod)
                described = inspect.isfunction(member) or isinstance(member, kinds)
                if described and not name.startswith("_") and (base, name) not in seen:
                    seen.add((base, name))
                    yield f"{base.__module__}.{base.__name__}.{name}", base, getattr(base, name)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: it
    for name, it in (*classes_and_functions().items(), *((name, it) for name, _, it in members()))
    if inspect.isfunction(it) or inspect.ismethod(it)
}
CLASSES: dict[str, type] = {
    name: it for name, it in classes_and_functions().items() if inspect.isclass(it)
}
OWNERS: dict[str, type] = {name: owner for name, owner, _ in members()}
EVERYTHING: dict[str, Any] = {
    **{module.__name__: module for module in MODULES},
    **CLASSES,
    **FUNCTIONS,
    **{name: it for name, _, it in members()},
}


def sections(thing: Any) -> dict[str, str]:
    """The sections of a docstring; what is before the first heading is the section ``""``."""
    parts = HEADING.split(inspect.getdoc(thing) or "")
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2]))}


def entries(section: str) -> list[str]:
    """The names that a section describes, as ``name``, ``one, another`` or ``name : type``."""
    lines = (line for line in section.splitlines() if line[:1].strip())
    return [name.strip().lstrip("*") for line in lines for name in line.split(" : ")[0].split(",")]


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def fields(kind: type) -> list[str] | None:
    """The public fields of a class that holds nothing else; ``None`` for other classes."""
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(kind)]
    elif issubclass(kind, (dict, tuple)) or issubclass(kind, BaseException):
        names = list(vars(kind).get("__annotations__", {}))
    else:
        return None
    return [name for name in names if not name.startswith("_")]


def test_all_public_modules_are_examined() -> None:
    folder = ROOT / "crates/py/python"
    found = set()
    for package in PACKAGES:
        for path in (folder / package).rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            if not any(part.startswith("_") for part in name.split(".")):
                found.add(name)
    assert found == {module.__name__ for module in MODULES}
    assert len(CLASSES) > 50 and len(FUNCTIONS) > 120 and len(EVERYTHING) > 250


@pytest.mark.parametrize("name", EVERYTHING)
def test_everything_public_has_a_summary_that_is_a_sentence(name: str) -> None:
    summary = sections(EVERYTHING[name])[""].split("\n\n")[0].strip()
    assert summary, f"{name} has no docstring"
    assert summary[-1] in ".:", f"{name}: {summary}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_describes_its_parameters_and_its_result(name: str) -> None:
    function = FUNCTIONS[name]
    described = sections(function)
    assert entries(described.get("Parameters", "")) == parameters(function), name
    gives = inspect.signature(function).return_annotation
    if gives not in ("None", None, inspect.Signature.empty):
        (heading,) = {"Returns", "Yields"} & set(described)
        assert (heading == "Yields") == str(gives).startswith("Iterator"), name
        assert described[heading].strip(), name


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_describes_what_it_is_made_of(name: str) -> None:
    kind = CLASSES[name]
    described, holds = sections(kind), fields(kind)
    if holds is not None:
        assert entries(described.get("Attributes", "")) == holds, name
    elif kind in RETURNED:
        assert RETURNED[kind] in (kind.__doc__ or ""), name
        assert "Parameters" not in described, name
    else:
        assert entries(described.get("Parameters", "")) == parameters(kind), name


@pytest.mark.parametrize("name", EVERYTHING)
def test_errors_that_a_docstring_names_exist(name: str) -> None:
    documented = inspect.getdoc(EVERYTHING[name]) or ""
    named = entries(sections(EVERYTHING[name]).get("Raises", ""))
    for error in {*named, *re.findall(r"\b[A-Z]\w*Error\b", documented)}:
        places = (wavekeep, epics, builtins)
        kinds = [getattr(place, error) for place in places if hasattr(place, error)]
        assert kinds and all(issubclass(kind, Exception) for kind in kinds), f"{name}: {error}"


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_a_docstring_refers_to_exists(name: str) -> None:
    documented = inspect.getdoc(EVERYTHING[name]) or ""
    owner = CLASSES.get(name, OWNERS.get(name))
    # A base in the package is documented with the members of the classes that inherit it.
    starts = [kind for kind in CLASSES.values() if owner in kind.__mro__]
    for reference in re.findall(r":(?:class|func|meth|attr):`([^`]+)`", documented):
        path = reference.split(".")
        if path[0] in PACKAGES:
            found = resolved(importlib.import_module(path[0]), path[1:])
        else:
            found = any(resolved(start, path) for start in (*starts, *MODULES))
        assert found, f"{name} refers to {reference}"


def resolved(start: Any, path: list[str]) -> bool:
    """Whether attributes lead from an object along a path."""
    for word in path:
        if not hasattr(start, word):
            return word in getattr(start, "__annotations__", {}) and word == path[-1]
        start = getattr(start, word)
    return True


def test_examples_are_doctests() -> None:
    for name, thing in EVERYTHING.items():
        example = sections(thing).get("Examples")
        assert example is None or ">>> " in example, name


def test_names_of_exceptions_end_in_error_in_every_module() -> None:
    for path in sorted((ROOT / "crates/py/python").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "crates/py/python").with_suffix("").parts)
        if module.endswith("__main__") or module.endswith("_ray"):
            continue
        loaded = importlib.import_module(module.removesuffix(".__init__"))
        for name, kind in vars(loaded).items():
            if inspect.isclass(kind) and issubclass(kind, wavekeep.Error):
                assert kind.__name__.endswith("Error"), f"{module}.{name}"


def test_former_names_of_exceptions_are_aliases() -> None:
    former = {
        "FileExists": "FileTakenError",
        **{
            name: f"{name}Error"
            for name in (
                "BadArgument", "BadIndex", "Closed", "FileMissing", "FileRefused", "Limit",
                "Malformed", "MissingLibrary", "NoSuchArgument", "NoSuchArray", "NoSuchChannel",
                "NoSuchEvent", "NoSuchName", "NotAFile", "NotAllowed", "NotThisFormat",
                "NothingToUndo", "TooLarge", "Unsupported", "WriterState",
            )
        },
    }  # fmt: skip
    for name, current in former.items():
        assert getattr(wavekeep, name) is getattr(wavekeep, current)
        assert name not in wavekeep.__all__ and current in wavekeep.__all__
    assert epics.Refused is epics.RefusedError
    assert epics.Disconnected is epics.DisconnectedError
    assert not {"Refused", "Disconnected"} & set(epics.__all__)
