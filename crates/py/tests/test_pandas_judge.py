"""pandas takes channels, events and tables as its own, and the three adapters say one thing."""

from __future__ import annotations

import typing
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

import wavekeep
from conftest import BLAST, DAMAGED, GNZ, NIGHT, RUNS
from test_events import event


def opened(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        return wavekeep.open(path)


def test_a_channel_is_a_series_and_a_column() -> None:
    rec = event(DAMAGED)
    vert = rec["Vert"]
    series = pd.Series(vert)
    assert series.dtype == np.float64
    assert_array_equal(series, vert.values)
    assert series.isna().sum() == 510
    named = pd.Series(vert, index=rec.t, name="Vert")
    assert named.index[0] == rec.t[0]
    frame = pd.DataFrame({"t": rec.t})
    frame["Vert"] = vert
    frame["mm"] = vert.to("mm/s")
    frame["abs"] = abs(vert)
    assert frame["Vert"].dtype == np.float64
    assert_array_equal(frame["mm"], vert.to("mm/s").values)
    assert_array_equal(pd.DataFrame({"a": vert, "b": vert})["b"], vert.values)
    frame.loc[:, "again"] = vert
    assert_array_equal(frame["again"], vert.values)
    assert_array_equal(frame["Tran"] if "Tran" in frame else frame["Vert"] - vert, vert.values - vert.values)


def test_arithmetic_with_a_series_is_a_series_with_its_index() -> None:
    rec = event(BLAST)
    series = rec.to_pandas()["Vert"]
    for found in (series - rec["Vert"], rec["Vert"] - series, series * 2 - rec["Vert"] * 2):
        assert isinstance(found, pd.Series) and found.index.equals(series.index)
        assert (found == 0).all()
    data = rec.to_xarray()["Vert"]
    for same in (data - rec["Vert"], rec["Vert"] - data):
        assert type(same) is type(data) and not same.any()


def test_a_series_of_a_channel_is_changed_without_the_event() -> None:
    rec = event(BLAST)
    before = rec["Vert"].values.copy()
    frame = pd.DataFrame({"Vert": rec["Vert"]})
    frame.loc[0, "Vert"] = 99.0
    frame["Vert"] *= 2
    assert_array_equal(rec["Vert"].values, before)
    frame = rec.to_pandas()
    frame.iloc[0, 1] = 99.0
    assert_array_equal(rec["Vert"].values, before)


@pytest.mark.parametrize("path", [BLAST, DAMAGED, NIGHT, GNZ / "typical.gnz"], ids=lambda path: path.name)
@pytest.mark.parametrize("units", [None, "SI", "raw"])
def test_columns_types_and_values_are_one_in_pandas_arrow_and_xarray(path: Path, units: Any) -> None:
    rec = opened(path)
    if isinstance(rec, wavekeep.ArrayFile):
        if units is not None:
            with pytest.raises(wavekeep.UnsupportedError):
                rec.to_pandas(units=units)
            return
    frame = rec.to_pandas(units=units)
    named = frame.reset_index() if frame.index.name else frame
    table, dataset = rec.to_arrow(units=units), rec.to_xarray(units=units)
    assert list(named.columns) == table.column_names
    assert set(table.column_names) == set(map(str, dataset.variables))
    for name in table.column_names:
        ours, theirs = dataset[name], named[name]
        arrow = table.schema.field(name)
        assert theirs.dtype == ours.dtype, name
        assert arrow.type.to_pandas_dtype() == ours.dtype, name
        assert_array_equal(theirs, ours, err_msg=name)
        unit = (arrow.metadata or {}).get(b"unit", b"").decode()
        assert unit == frame.attrs["units"].get(name, "") == ours.attrs.get("units", ""), name
        values = table[name].to_numpy(zero_copy_only=False)
        assert_array_equal(values, ours, err_msg=name)
        if ours.dtype.kind == "f":
            assert table[name].null_count == int(ours.isnull().sum())


def test_times_of_streams_are_utc_and_those_of_units_have_no_zone() -> None:
    run = opened(RUNS / "basic.dat")
    assert run.to_arrow().schema.field("time").type == pa.timestamp("ns", "UTC")
    assert str(run.to_pandas().index.tz) == "UTC"
    assert_array_equal(run.to_pandas().index.tz_localize(None), run.to_xarray()["time"])
    night = event(NIGHT)
    assert night.to_arrow().schema.field("start_unit_local").type == pa.timestamp("us")
    assert night.to_pandas().index.tz is None
    assert night.to_pandas().index[-1] == pd.Timestamp("2026-06-13 06:59:00")


def test_frequencies_of_a_histogram_are_numbers_with_flags_everywhere() -> None:
    night = event(NIGHT)
    numbers, words = night.frequency_hz("Tran")
    frame = night.to_pandas()
    assert_array_equal(frame["Tran_frequency"], numbers)
    flags = frame["Tran_frequency_flag"]
    assert flags.dtype == np.uint8
    assert [flag == 3 for flag in flags] == [word == "N/A" for word in words]
    assert [flag == 1 for flag in flags] == [word.startswith(">") for word in words]
    assert frame.resample("1h")["Tran_peak"].max().shape == (10,)


def test_a_table_is_a_frame_with_its_columns_also_when_it_is_empty(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    empty = archive.query()
    assert list(empty.to_pandas().reset_index().columns) == list(empty.columns)
    archive.import_files([BLAST])
    full = archive.query()
    assert empty.to_pandas().dtypes.equals(full.to_pandas().dtypes)
    peaks = event(BLAST).peaks.to_pandas()
    assert peaks["peak"].dtype == np.float64 and peaks["at"].dtype.kind == "M"
    assert peaks.set_index("channel").loc["Vert", "peak"] == 0.41


def test_measurements_have_the_keys_of_their_classes() -> None:
    for path in (BLAST, DAMAGED, NIGHT):
        rec = opened(path)
        measured = rec.measurements
        assert set(measured) <= set(typing.get_type_hints(wavekeep.Measurements))
        one = typing.get_args(typing.get_type_hints(wavekeep.Measurements)["channels"])[0]
        for channel in measured["channels"]:
            assert set(channel) <= set(typing.get_type_hints(one)), path
            assert set(channel["peak"]) <= {"value", "origin", "computed", "stated"}
        for curve in ("osmre", "din-1", "usbm-drywall", "osmre-air-2hz"):
            assert set(rec.verdict(curve)) <= set(typing.get_type_hints(wavekeep.Verdict)), curve
