"""Polars and DuckDB take channels, recordings and tables by the Arrow interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_array_equal

import wavekeep
from conftest import BLAST, DAMAGED, NIGHT, RUNS
from test_events import event


def test_a_channel_is_a_series_with_nulls_where_samples_are_missing() -> None:
    vert = event(DAMAGED)["Vert"]
    series = pl.Series("Vert", vert)
    assert series.dtype == pl.Float64 and series.null_count() == 510
    assert_array_equal(series.to_numpy(), vert.values)
    assert pl.Series(event(BLAST)["Vert"]).max() == event(BLAST)["Vert"].max()
    frame = pl.DataFrame({"a": vert, "b": vert.to("mm/s")})
    assert frame.shape == (len(vert), 2) and frame["b"].null_count() == 510


@pytest.mark.parametrize("path", [BLAST, DAMAGED, NIGHT, RUNS / "basic.dat"], ids=lambda path: path.name)
def test_a_recording_is_a_frame_of_the_columns_of_arrow(path: Path) -> None:
    rec = event(path) if path.suffix != ".dat" else wavekeep.open(path)
    frame = pl.DataFrame(rec)
    table = rec.to_arrow()
    assert frame.columns == table.column_names and frame.height == table.num_rows
    for name in frame.columns:
        assert frame[name].null_count() == table[name].null_count
    if path == RUNS / "basic.dat":
        assert frame["time"].dtype == pl.Datetime("ns", "UTC")
    if path == NIGHT:
        assert frame["start_unit_local"].dtype == pl.Datetime("us")


def test_a_table_is_a_frame_of_its_types_with_and_without_rows(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    empty = pl.DataFrame(archive.query())
    assert empty.height == 0 and empty.columns == list(archive.query().columns)
    archive.import_files([BLAST, NIGHT])
    rows = archive.query()
    full = pl.DataFrame(rows)
    assert full.schema == empty.schema and full.height == 2
    assert full["timestamp"].dtype == pl.Datetime("us")
    assert full["captured_at"].dtype == pl.Datetime("us", "UTC")
    assert full["false_trigger"].dtype == pl.Boolean
    assert full["ppv_in_s"].to_list() == [row["ppv_in_s"] for row in rows]
    peaks = pl.DataFrame(event(BLAST).peaks)
    assert peaks.filter(pl.col("channel") == "Vert")["peak"].item() == 0.41
    assert pl.DataFrame(archive.exceedances(curve="din-3", serial="XX00000")).columns[0] == "id"


def test_duckdb_asks_a_recording_and_a_table(tmp_path: Path) -> None:
    ask: Any = duckdb.sql
    rec = event(BLAST).to_arrow()
    found = ask("select max(Vert), count(*) from rec").fetchall()
    assert found == [(np.max(event(BLAST)["Vert"]), 3328)] and rec.num_rows == 3328
    peaks = event(BLAST).peaks.to_arrow()
    assert ask("select count(*) from peaks where unit = 'in/s'").fetchall() == [(3,)]
    assert peaks.num_rows == 4
