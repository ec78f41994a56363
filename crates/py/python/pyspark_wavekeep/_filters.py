"""Spark's filters in Arrow's words, where both mean the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow
import pyarrow.compute
from pyspark.sql.datasource import (
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNotNull,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Not,
)

_COMPARED: dict[type[Filter], str] = {
    EqualTo: "__eq__",
    GreaterThan: "__gt__",
    GreaterThanOrEqual: "__ge__",
    LessThan: "__lt__",
    LessThanOrEqual: "__le__",
}


def pushed(filters: Iterable[Filter], schema: pyarrow.Schema) -> list[Any]:
    """Expressions of Arrow, one for each filter that can be said so."""
    found = (_expression(one, schema) for one in filters)
    return [one for one in found if one is not None]


def _expression(filter: Filter, schema: pyarrow.Schema) -> Any:
    if isinstance(filter, Not):
        inner = _expression(filter.child, schema)
        return None if inner is None else ~inner
    path: tuple[str, ...] = getattr(filter, "attribute", ())
    if len(path) != 1 or path[0] not in schema.names:
        return None
    field, kind = pyarrow.compute.field(path[0]), schema.field(path[0]).type
    if isinstance(filter, IsNull):
        return field.is_null()
    if isinstance(filter, IsNotNull):
        return field.is_valid()
    if isinstance(filter, In):
        scalars = [one for one in (_scalar(value, kind) for value in filter.value) if one is not None]
        if not scalars or len(scalars) < len(filter.value):
            return None
        return field.isin(pyarrow.array([one.as_py() for one in scalars], scalars[0].type))
    compared = _COMPARED.get(type(filter))
    scalar = None if compared is None else _scalar(getattr(filter, "value", None), kind)
    return None if compared is None or scalar is None else getattr(field, compared)(scalar)


def _scalar(value: Any, kind: pyarrow.DataType) -> pyarrow.Scalar | None:
    """A literal of the column's own type; ``None`` where it is another or its meaning is not certain:
    Sail has whole numbers for times, and NaN is the greatest number to Spark and unordered to Arrow."""
    types = pyarrow.types
    if isinstance(value, bool):
        return pyarrow.scalar(value) if types.is_boolean(kind) else None
    if isinstance(value, int):
        return (
            pyarrow.scalar(value, pyarrow.int64())
            if types.is_integer(kind) and abs(value) < 2**63
            else None
        )
    if isinstance(value, float):
        return pyarrow.scalar(value) if types.is_floating(kind) and math.isfinite(value) else None
    if isinstance(value, str):
        return pyarrow.scalar(value) if types.is_string(kind) else None
    if isinstance(value, datetime) and types.is_timestamp(kind):
        return pyarrow.scalar(value, kind) if (value.tzinfo is None) == (kind.tz is None) else None
    return None
