"""Recordings as other libraries have them; those libraries judge."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import obspy
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

import wavekeep
from conftest import BLAST, DAMAGED, GNZ, NIGHT, RUNS, SAMPLES, counts_of, frame, record
from wavekeep._obspy import is_blastware, is_smurf, is_thor


def opened(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        return wavekeep.open(path)


def test_xarray_has_units_coordinates_and_what_netcdf_can_hold(tmp_path: Path) -> None:
    rec = opened(DAMAGED)
    dataset = rec.to_xarray()
    assert isinstance(dataset, xr.Dataset) and list(dataset.data_vars) == list(rec.channels)
    assert dataset["Vert"].attrs["units"] == "in/s" and dataset["time"].attrs["units"] == "s"
    np.testing.assert_array_equal(dataset["Vert"], rec["Vert"].values)
    assert float(dataset["Vert"].sel(time=0.0)) == rec["Vert"][256]
    assert all(isinstance(value, (str, int, float)) for value in dataset.attrs.values())
    assert rec.to_xarray(channels="Tran", time=(0, 1)).sizes == {"time": 1024}


def test_xarray_of_a_stream_has_channels_and_utc() -> None:
    run = opened(RUNS / "split.dat")
    dataset = run.to_xarray(channels=[3, 0], frames=(5, 15))
    assert dataset["data"].dims == ("row", "time")
    assert dataset["channel_index"].values.tolist() == [3, 0]
    assert dataset["time"].dtype == np.dtype("M8[ns]")
    np.testing.assert_array_equal(dataset["data"], run.read([3, 0], (5, 15)))
    arrays = opened(GNZ / "shapes.gnz").to_xarray()
    assert arrays["four"].shape == (2, 3, 4, 5) and arrays.attrs["note"]


def test_pandas_has_a_column_a_channel_and_seconds_as_index() -> None:
    rec = opened(BLAST)
    frame_ = rec.to_pandas()
    assert list(frame_.columns) == list(rec.channels) and frame_.index.name == "time"
    assert frame_.attrs["units"]["MicL"] == "Pa"
    assert frame_["Vert"].abs().max() == np.abs(rec["Vert"]).max()
    assert len(rec.to_pandas(time=(0.0, 1.0))) == 1024


def test_pandas_of_a_histogram_has_moments_peaks_and_frequencies() -> None:
    night = opened(NIGHT).to_pandas()
    assert isinstance(night.index, pd.DatetimeIndex) and len(night) == 600
    assert night.index[0] == pd.Timestamp("2026-06-12 21:00:00")
    assert night["Tran_frequency"].iloc[0] == 21 and np.isnan(night["Tran_frequency"].iloc[1])
    assert night["Tran_frequency_flag"].tolist()[:2] == [0, 3]


def test_pandas_of_streams_and_arrays() -> None:
    run = opened(RUNS / "basic.dat").to_pandas(channels=[7, 1])
    assert list(run.columns) == [7, 1] and str(run.index.tz) == "UTC" and len(run) == 20
    table = opened(GNZ / "typical.gnz").to_pandas()
    assert list(table.columns) == ["Tran", "Vert"] and len(table) == 3328
    with pytest.raises(wavekeep.Unsupported, match="lengths|dimensions"):
        opened(GNZ / "shapes.gnz").to_pandas()


def test_arrow_has_nulls_where_samples_are_missing_and_units_in_the_schema() -> None:
    rec = opened(DAMAGED)
    table = rec.to_arrow()
    table.validate(full=True)
    assert table.column_names == ["time", *rec.channels]
    missing = sum(stop - start for start, stop in rec.gaps["Vert"])
    assert table["Vert"].null_count == missing and table["Tran"].null_count == 0
    assert table["Vert"].to_pylist()[1537] == rec["Vert"][1537]
    assert table.schema.field("Vert").metadata == {b"unit": b"in/s"}
    assert json.loads(table.schema.metadata[b"wavekeep"])["kind"] == "waveform"


def test_arrow_takes_the_memory_of_the_samples() -> None:
    rec = opened(BLAST)
    values = rec["Vert"].values
    _, data = rec.to_arrow()["Vert"].chunk(0).buffers()
    assert data.address == values.__array_interface__["data"][0]
    # Through the capsule too, by any library that knows the interface.
    _, data = pa.table(rec)["Vert"].chunk(0).buffers()
    assert data.address == values.__array_interface__["data"][0]
    array = opened(GNZ / "typical.gnz")
    _, data = array.to_arrow()["Tran"].chunk(0).buffers()
    mapped = array["Tran"].__array_interface__["data"][0]
    assert data.address == mapped
    assert pa.table(opened(RUNS / "basic.dat")).num_columns == 65
    assert opened(NIGHT).to_arrow()["Tran_frequency"].to_pylist()[:2] == [21.0, None]


def test_obspy_has_the_codes_and_times_of_the_miniseed_that_is_written(tmp_path: Path) -> None:
    rec = opened(BLAST)
    ours = rec.to_obspy(raw=True)
    rec.save(tmp_path / "event.mseed3", raw=True)
    rec.save(tmp_path / "event.mseed", raw=True)
    pymseed = pytest.importorskip("pymseed", reason="no judge for miniSEED 3")
    assert len(ours) == 4
    by_id = {trace.stats.wavekeep.channel: trace for trace in ours}
    seen = {}
    for entry in pymseed.MS3TraceList.from_file(str(tmp_path / "event.mseed3"), unpack_data=True):
        segment = entry[0]
        seen[entry.sourceid] = (segment.starttime, np.asarray(segment.datasamples))
    for name, code in (("Tran", "G_P_T"), ("Vert", "G_P_Z"), ("Long", "G_P_R"), ("MicL", "G_D_F")):
        start, samples = seen[f"FDSN:XX_1SJPL__{code}"]
        trace = by_id[name]
        assert trace.id == "XX.1SJPL.." + code.replace("_", "")
        assert trace.stats.starttime.ns == start and np.array_equal(trace.data, samples)
    # Version 2 is what ObsPy reads.
    for trace, read in zip(ours, obspy.read(str(tmp_path / "event.mseed")), strict=True):
        assert (read.id, read.stats.starttime) == (trace.id, trace.stats.starttime)
        assert np.array_equal(read.data, trace.data)


def test_obspy_writes_all_channels_and_units_to_miniseed(tmp_path: Path) -> None:
    run = opened(RUNS / "basic.dat")
    for raw in (True, False):
        ours = run.to_obspy(raw=raw)
        assert len({trace.id for trace in ours}) == len(run.channels) == 64
        ours.write(str(tmp_path / "run.mseed"), "MSEED")
        found = {trace.id: trace for trace in obspy.read(str(tmp_path / "run.mseed"))}
        for trace in ours:
            read = found[trace.id]
            assert np.array_equal(read.data, trace.data)
            assert read.stats.sampling_rate == trace.stats.sampling_rate
            assert abs(read.stats.starttime - trace.stats.starttime) < 2e-6
    units = opened(BLAST).to_obspy() + opened(BLAST).to_obspy()
    for trace in units[4:]:
        trace.stats.station = wavekeep.seed.station("BE11588")
    units.write(str(tmp_path / "units.mseed"), "MSEED")
    stations = {trace.stats.station for trace in obspy.read(str(tmp_path / "units.mseed"))}
    assert {wavekeep.seed.serial(station) for station in stations} == {"BE11529", "BE11588"}
    assert units[0].stats.wavekeep.serial == "BE11529"


@given(serial=st.from_regex(r"[A-W][A-Z][0-9]{5}", fullmatch=True))
def test_a_serial_number_comes_back_from_its_station(serial: str) -> None:
    station = wavekeep.seed.station(serial)
    assert len(station) == 5 and wavekeep.seed.serial(station) == serial
    assert wavekeep.seed.station(serial.lower()) == station


def test_other_units_have_stations_too() -> None:
    assert wavekeep.seed.station(None) == wavekeep.seed.station("") == "UNK"
    assert wavekeep.seed.station("unit 7") == wavekeep.seed.station("UNIT 7") != "UNIT 7"
    assert wavekeep.seed.serial("UNK") is None and wavekeep.seed.serial("1sjpl") is None
    assert wavekeep.seed.serial("00000", "Z0") == "XG00000"


@pytest.mark.parametrize(
    ("ending", "format", "raw", "dtype", "options"),
    [
        ("sac", "SAC", False, "f4", {}),
        ("sac", "SAC", True, "f4", {}),
        ("sgy", "SEGY", False, np.float32, {}),
        ("sgy", "SEGY", True, "i4", {"data_encoding": 2}),
    ],
)
def test_other_writers_of_obspy_take_what_dtype_gives(
    ending: str, format: str, raw: bool, dtype: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    path = str(tmp_path / f"x.{ending}")
    exact = {"round_sampling_interval": False} if format == "SAC" else {}
    for rec in (opened(BLAST), opened(RUNS / "basic.dat")):
        trace = rec.to_obspy(raw=raw, dtype=dtype)[1]
        trace.write(path, format, **options)
        (read,) = obspy.read(path, format=format, **exact)
        # IBM floats, SEG-Y's first encoding, have 21 bits at least.
        np.testing.assert_allclose(read.data, trace.data, rtol=1e-6)
        rate = trace.stats.sampling_rate
        # SEG-Y has whole microseconds from sample to sample, and starts at whole seconds.
        assert read.stats.sampling_rate == pytest.approx(rate, rel=1e-3 if format == "SEGY" else 1e-6)
        assert abs(read.stats.starttime - trace.stats.starttime) < (1 if format == "SEGY" else 2e-3)


def test_samples_that_obspy_or_a_unit_cannot_have_are_refused() -> None:
    for dtype, message in (("i2", "int32, float32"), ("c8", "int32"), ("i4", "raw=True")):
        with pytest.raises(ValueError, match=message):
            opened(BLAST).to_obspy(dtype=dtype)
    assert opened(BLAST).to_obspy(raw=True, dtype="f8")[0].data.dtype == np.float64


def test_a_gap_ends_a_trace_and_nothing_is_filled_in() -> None:
    rec = opened(DAMAGED)
    with_start = rec.start is not None
    if not with_start:
        with pytest.raises(wavekeep.Unsupported, match="when"):
            rec.to_obspy()
        return
    traces = rec.to_obspy().select(channel="*Z")
    ((start, stop),) = rec.gaps["Vert"]
    assert [trace.stats.npts for trace in traces] == [start, rec.shape[1] - stop]
    assert traces[1].stats.starttime - traces[0].stats.starttime == pytest.approx(stop / 1024)
    assert not any(np.isnan(trace.data).any() for trace in traces)


def test_obspy_reads_events_and_streams_by_itself() -> None:
    found = obspy.read(str(BLAST))
    assert [trace.id for trace in found] == [
        f"XX.1SJPL..{code}" for code in ("GPT", "GPZ", "GPR", "GDF")
    ]
    assert found[0].stats._format == "BLASTWARE"
    assert found[1].stats.wavekeep["unit"] == "in/s"
    np.testing.assert_array_equal(found[1].data, opened(BLAST)["Vert"].values)
    only = obspy.read(str(BLAST), channels=["MicL"], raw=True)
    assert len(only) == 1 and only[0].data.dtype == np.int32
    head = obspy.read(str(BLAST), headonly=True)
    assert head[0].stats.npts == 3328 and len(head[0].data) == 0
    part = obspy.read(str(BLAST), starttime=found[0].stats.starttime + 1)
    assert part[0].stats.npts < 3328
    run = obspy.read(str(RUNS / "basic.dat"), channels="3-4")
    assert [trace.stats.channel for trace in run] == ["EY0", "EY0"]
    assert [trace.stats.location for trace in run] == ["03", "04"]
    assert run[0].stats._format == "SMURF"
    np.testing.assert_array_equal(run[0].data, opened(RUNS / "basic.dat").read(3)[0])


def test_obspy_reads_thor_events_by_itself() -> None:
    paths = sorted(SAMPLES.glob("UM11719_*.IDFW"))
    assert len(paths) == 2
    for path in paths:
        found, rec = obspy.read(str(path)), opened(path)
        assert found[0].stats._format == "THOR" and found[0].stats.station == "VOIFB"
        assert found[0].stats.sampling_rate == rec.rate_hz
        assert [trace.stats.wavekeep["channel"] for trace in found] == list(rec.channels)
        np.testing.assert_array_equal(found[1].data, rec[1].values)
        assert is_thor(path) and not is_blastware(path) and not is_thor(BLAST)
        trigger = found[0].stats.starttime - float(rec.t[0])
        assert trigger == obspy.UTCDateTime(rec.start)
    with pytest.raises(wavekeep.Unsupported, match="histogram"):
        obspy.read(str(next(SAMPLES.glob("UM11719_*.IDFH"))))


def test_obspy_keeps_its_own_formats(tmp_path: Path) -> None:
    trace = obspy.Trace(np.arange(100, dtype=np.int32))
    for kind in ("MSEED", "SAC", "GSE2"):
        path = str(tmp_path / f"x.{kind.lower()}")
        trace.write(path, format=kind)
        assert obspy.read(path)[0].stats._format == kind
    (tmp_path / "table.dat").write_text("1 2 3\n" * 10)
    with pytest.raises(TypeError):
        obspy.read(str(tmp_path / "table.dat"))


def test_what_is_no_file_is_of_no_format(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dat")
    for path in (tmp_path, tmp_path / "pipe.dat", tmp_path / "nowhere"):
        assert not is_blastware(path) and not is_smurf(path)
    assert is_blastware(BLAST) and is_smurf(RUNS / "basic.dat") and not is_smurf(BLAST)


def test_a_jump_of_the_counter_ends_a_trace(tmp_path: Path) -> None:
    samples = counts_of(range(2), range(10))
    path = tmp_path / "gap.dat"
    with open(path, "wb") as file:
        for number in [0, 1, 2, 3, 7, 8, 9]:
            file.write(record(frame(samples[:, number], 20 * number, 10**18 + 5_000_000 * number)))
    traces = opened(path).to_obspy(raw=True, channels=[1])
    assert [trace.stats.npts for trace in traces] == [4, 3]
    assert np.array_equal(traces[1].data, samples[1, 7:])


def test_arrays_and_histograms_are_no_traces() -> None:
    for path in (NIGHT, GNZ / "typical.gnz"):
        with pytest.raises(wavekeep.Unsupported):
            opened(path).to_obspy()


def test_a_file_is_written_as_its_ending_says_and_read_by_its_own_library(tmp_path: Path) -> None:
    rec = opened(BLAST)
    rec.save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        np.testing.assert_allclose(file["Vert"][:], rec["Vert"].values, rtol=1e-6)
    rec.save(tmp_path / "x.parquet", raw=True)
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert table["Vert"].to_pylist() == rec["Vert"].raw.tolist()
    rec.save(tmp_path / "x.npy")
    np.testing.assert_allclose(np.load(tmp_path / "x.npy")[1], rec["Vert"].values, rtol=1e-6)
    rec.save(tmp_path / "x.wav", raw=True)
    rate, sound = wavfile.read(tmp_path / "x.wav")
    assert rate == 1024 and np.array_equal(sound[:, 1], rec["Vert"].raw)
    assert json.loads(Path(rec.save(tmp_path / "x.json")).read_text())["length"] == 3328
    again = rec.save(tmp_path / "other", to="csv")
    assert pd.read_csv(again).shape == (3328, 5)
    with pytest.raises(FileExistsError):
        rec.save(tmp_path / "x.npy")
    rec.save(tmp_path / "x.npy", overwrite=True)
    with pytest.raises(wavekeep.Unsupported, match="wav"):
        opened(NIGHT).save(tmp_path / "night.wav")
    with pytest.raises(FileNotFoundError):
        rec.save(tmp_path / "no" / "x.csv")
    assert not (tmp_path / "night.wav").exists()


def test_traces_are_drawn_with_gaps_left_out() -> None:
    rec = opened(DAMAGED)
    axes = rec.plot()
    assert len(axes) == 4 and axes[1].get_ylabel() == "Vert\nin/s"
    assert np.isnan(axes[1].get_lines()[0].get_ydata()).sum() == 510
    assert len(opened(RUNS / "basic.dat").plot()) == 8
    assert len(opened(GNZ / "typical.gnz").plot("Tran")) == 1
    import matplotlib.pyplot as plt

    plt.close("all")
