"""Packages that are imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ._errors import MissingLibraryError


def need(module: str, what: str, extra: str) -> Any:
    """The module, or an error that states how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        message = f"{what} needs {module}: pip install 'wavekeep[{extra}]'"
        raise MissingLibraryError(message) from error
