"""The parts of a Polars predicate that have an equivalent Arrow expression."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.compute

if TYPE_CHECKING:
    import polars

_COMPARED = {"Eq": "__eq__", "Lt": "__lt__", "LtEq": "__le__", "Gt": "__gt__", "GtEq": "__ge__"}
#: The same comparison with exchanged operands.
_TURNED = {"Eq": "Eq", "Lt": "Gt", "LtEq": "GtEq", "Gt": "Lt", "GtEq": "LtEq"}


class _Other(Exception):
    """An expression without an equivalent, which Polars applies."""


def pushed(predicate: polars.Expr, schema: pyarrow.Schema) -> list[Any]:
    """Arrow expressions that are true for every row for which the predicate is true.

    Polars serialises predicates as JSON, whose form may change between versions. Unknown expressions are left
    out, and Polars applies the whole predicate to the rows that it gets.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = json.loads(predicate.meta.serialize(format="json"))
        except Exception:  # noqa: BLE001
            # What cannot be serialised, such as a Python function, cannot be pushed down.
            return []
    found = []
    for part in _conjuncts(tree):
        try:
            found.append(_expression(part, schema))
        except (_Other, AttributeError, LookupError, TypeError, ValueError):
            continue
    return found


def _conjuncts(tree: Any) -> list[Any]:
    binary = tree.get("BinaryExpr") if isinstance(tree, dict) else None
    if isinstance(binary, dict) and binary.get("op") in ("And", "LogicalAnd"):
        return [*_conjuncts(binary["left"]), *_conjuncts(binary["right"])]
    return [tree]


def _expression(tree: Any, schema: pyarrow.Schema) -> Any:
    if "Function" in tree:
        return _function(tree["Function"], schema)
    binary = tree["BinaryExpr"]
    left, op, right = binary["left"], binary["op"], binary["right"]
    if op in ("And", "LogicalAnd"):
        return _expression(left, schema) & _expression(right, schema)
    if op in ("Or", "LogicalOr"):
        return _expression(left, schema) | _expression(right, schema)
    if op not in _COMPARED:
        raise _Other
    if "Literal" in left:
        left, op, right = right, _TURNED[op], left
    return _compared(left["Column"], op, _scalar(right["Literal"]), schema)


def _function(function: Any, schema: pyarrow.Schema) -> Any:
    """`is_between` and `is_in`."""
    kind = function["function"]["Boolean"]
    if "IsBetween" in kind:
        column = function["input"][0]["Column"]
        least, most = (_scalar(one["Literal"]) for one in function["input"][1:])
        # Both ends are included: Polars excludes rows that do not match.
        return _compared(column, "GtEq", least, schema) & _compared(column, "LtEq", most, schema)
    if kind.get("IsIn") != {"nulls_equal": False}:
        raise _Other
    column, values = _wide_integer(function["input"][0]), _values(function["input"][1]["Literal"])
    if not pyarrow.types.is_integer(schema.field(column).type) or not pyarrow.types.is_integer(
        values.type
    ):
        raise _Other
    return pyarrow.compute.field(column).isin(values)


def _wide_integer(tree: Any) -> str:
    """A column, or one that Polars casts to a wider type for the comparison."""
    if "Cast" in tree and tree["Cast"]["dtype"] == {"Literal": "Int64"}:
        tree = tree["Cast"]["expr"]
    column: str = tree["Column"]
    return column


def _values(literal: Any) -> pyarrow.Array:
    """The values of a list, which is serialised as an Arrow stream."""
    stream = literal["Series"] if "Series" in literal else literal["Scalar"]["List"]
    found = pyarrow.ipc.open_stream(bytes(stream)).read_all().column(0).combine_chunks()
    lists = pyarrow.types.is_list(found.type) or pyarrow.types.is_large_list(found.type)
    return found.flatten() if lists else found


def _compared(column: str, op: str, scalar: pyarrow.Scalar, schema: pyarrow.Schema) -> Any:
    kind = schema.field(column).type
    integers = pyarrow.types.is_integer(kind) and pyarrow.types.is_integer(scalar.type)
    if not integers and scalar.type != kind:
        raise _Other
    return getattr(pyarrow.compute.field(column), _COMPARED[op])(scalar)


def _scalar(literal: Any) -> pyarrow.Scalar:
    """An integer, a text or a time."""
    ((kind, value),) = literal.get("Scalar", literal.get("Dyn")).items()
    if kind.startswith(("Int", "UInt")) and isinstance(value, int):
        return pyarrow.scalar(value)
    if kind == "String" and isinstance(value, str):
        return pyarrow.scalar(value)
    if kind == "Datetime" and value[1] == "Microseconds":
        zone = value[2]["inner"] if isinstance(value[2], dict) else value[2]
        return pyarrow.scalar(value[0], pyarrow.timestamp("us", zone))
    raise _Other
