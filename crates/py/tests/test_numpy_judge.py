"""A channel is an array to numpy; an event is a mapping whose choices are what was asked for."""

from __future__ import annotations

import operator
import pickle
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import wavekeep
from conftest import BLAST, GNZ, NIGHT, RUNS
from test_events import event


@pytest.fixture
def vert() -> wavekeep.Channel:
    return event(BLAST)["Vert"]


def test_numpy_takes_a_channel_as_its_values(vert: wavekeep.Channel) -> None:
    values = vert.values
    assert np.asarray(vert) is values
    assert_array_equal(np.array(vert, dtype="f4"), values.astype("f4"))
    assert_array_equal(np.concatenate([vert, vert]), np.concatenate([values, values]))
    assert_array_equal(np.stack([vert, vert]), np.stack([values, values]))
    assert np.mean(vert) == values.mean() and np.max(vert) == values.max()
    assert_array_equal(np.fft.rfft(vert), np.fft.rfft(values))
    with pytest.raises(ValueError):
        np.asarray(vert, dtype="f4", copy=False)


@pytest.mark.parametrize("name", ["max", "min", "mean", "std", "var", "sum", "argmax", "argmin"])
def test_a_channel_reduces_as_an_array_does(vert: wavekeep.Channel, name: str) -> None:
    assert getattr(vert, name)() == getattr(vert.values, name)()
    assert getattr(vert, name)(axis=0, keepdims=True).shape == (1,)


def test_a_channel_converts_and_copies_as_an_array_does(vert: wavekeep.Channel) -> None:
    assert vert.astype(np.float32).dtype == np.float32
    copied = vert.copy()
    copied[0] = 7.0
    assert vert[0] != 7.0 and copied.flags.writeable
    assert vert.tolist() == list(vert) == vert.values.tolist()
    assert_array_equal(vert.round(1), vert.values.round(1))
    assert_array_equal(vert.clip(0, 1), vert.values.clip(0, 1))


@pytest.mark.parametrize("name", ["all", "any", "prod", "argsort", "nonzero", "ravel", "flatten"])
def test_methods_of_arrays_are_those_of_the_values(vert: wavekeep.Channel, name: str) -> None:
    assert_array_equal(getattr(vert, name)(), getattr(vert.values, name)())
    assert vert.dot(vert) == vert @ vert == vert.values @ vert.values
    assert vert.reshape(2, -1).shape == (2, 1664) and vert.nbytes == 3328 * 8


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "floordiv", "mod"])
def test_arithmetic_gives_plain_arrays(vert: wavekeep.Channel, name: str) -> None:
    plain = getattr(operator, name)
    for other in (2, np.full(3328, 2.0), vert):
        as_array = other.values if isinstance(other, wavekeep.Channel) else other
        with np.errstate(all="ignore"):
            found = plain(vert, other)
            assert type(found) is np.ndarray
            assert_array_equal(found, plain(vert.values, as_array))
            assert_array_equal(plain(other, vert), plain(as_array, vert.values))


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ipow"])
def test_what_is_done_in_place_is_done_to_an_array_of_its_own(name: str) -> None:
    rec = event(BLAST)
    before = rec["Vert"].values.copy()
    with np.errstate(all="ignore"):
        changed = getattr(operator, name)(rec["Vert"], 2)
        assert type(changed) is np.ndarray
        assert_array_equal(changed, getattr(operator, name)(before.copy(), 2))
    assert_array_equal(rec["Vert"].values, before)


def test_comparisons_and_masks_are_by_element(vert: wavekeep.Channel) -> None:
    assert_array_equal(vert[vert > 0.1], vert.values[vert.values > 0.1])
    assert (abs(vert) >= 0).all() and ((-vert) == -vert.values).all()
    with pytest.raises(TypeError):
        hash(vert)


def test_a_channel_knows_its_time_rate_and_unit(vert: wavekeep.Channel) -> None:
    rec = event(BLAST)
    assert vert.t is not None
    assert_array_equal(vert.t, rec.t)
    assert (vert.rate_hz, vert.unit, vert.to("SI").unit) == (1024.0, "in/s", "m/s")
    assert not hasattr(vert, "filter")
    axis = vert.to("mm/s").plot(color="black")
    assert axis.get_ylabel() == "Vert\nmm/s" and len(axis.get_lines()) == 1
    assert event(NIGHT)["Vert"].rate_hz is None


def test_a_channel_can_be_pickled() -> None:
    rec = event(BLAST)
    for one in (rec["Vert"], rec["MicL"].to("dB(L)"), rec.select(time=(0, 1))["Long"]):
        again = pickle.loads(pickle.dumps(one))
        assert (again.name, again.unit, again.gaps) == (one.name, one.unit, one.gaps)
        assert_array_equal(again.values, one.values)
        assert_array_equal(again.raw, one.raw)
        assert_array_equal(again.t, one.t)
    run = wavekeep.open(RUNS / "basic.dat")
    assert_array_equal(pickle.loads(pickle.dumps(run[3])), run[3])


def test_one_rule_of_indexing_holds_for_every_class(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    archive.import_files([BLAST, NIGHT])
    for mapping, absent in (
        (event(BLAST), "Xyz"),
        (event(NIGHT), "Xyz"),
        (wavekeep.open(GNZ / "typical.gnz"), "Xyz"),
        (archive, 77),
    ):
        keys = list(mapping.keys())
        assert len(mapping) == len(keys) and list(mapping) == keys
        assert [key for key, _ in mapping.items()] == keys
        assert all(key in mapping for key in keys)
        for wrong in (absent, None, 1.5, (), "no such"):
            assert wrong not in mapping
        with pytest.raises(KeyError):
            mapping[absent]  # type: ignore[index]
        assert mapping._ipython_key_completions_() == keys


def test_a_choice_of_nothing_is_nothing() -> None:
    rec = event(BLAST)
    assert rec.read([]).shape == (0, 3328)
    assert rec.read((), time=(0, 1)).shape == (0, 1024)
    assert rec.read(np.array([], dtype=int).tolist(), raw=True).shape == (0, 3328)
    none = rec.select([])
    assert (len(none), none.shape, none.channels) == (0, (0, 3328), ())
    assert none.t.shape == (3328,) and none.select(frames=(0, 5)).shape == (0, 5)
    assert rec.read("Vert", time=(5000, 6000)).shape == (1, 0)
    assert list(rec.blocks(100, channels=[]))[0].data.shape == (0, 100)


@pytest.mark.parametrize(
    "time",
    [
        (float("nan"), None),
        (None, float("nan")),
        (np.float64("nan"), 1),
        (np.datetime64("NaT"), None),
        (None, np.timedelta64("NaT")),
        ("2026-06-12T14:03:20", None),
        (True, None),
        (b"0", None),
        (date(2026, 6, 12), None),
        (datetime(2026, 6, 12, 14, tzinfo=timezone.utc), None),
        (0, 1, 2),
        "01",
        5,
        (object(), None),
        (1 + 0j, None),
        (1, 0),
    ],
    ids=repr,
)
def test_a_time_that_is_none_is_an_error_and_never_everything_or_nothing(time: Any) -> None:
    for rec in (event(BLAST), event(NIGHT)):
        for ask in (rec.read, rec.select, rec.to_pandas):
            with pytest.raises(wavekeep.Error) as refused:
                ask(time=time)
            assert isinstance(refused.value, ValueError)


def test_moments_of_every_known_type_are_the_same_part() -> None:
    rec = event(BLAST)
    start = rec.start
    assert start is not None
    expected = rec.read(time=(0.5, 1.0))
    half, whole = timedelta(seconds=0.5), timedelta(seconds=1)
    times: list[Any] = [
        (np.float32(0.5), np.int64(1)),
        (half, whole),
        (start + half, start + whole),
        (np.timedelta64(500, "ms"), np.timedelta64(1, "s")),
        (np.datetime64(start, "us") + np.timedelta64(500, "ms"), np.datetime64(start, "us") + 1_000_000),
        (obspy.UTCDateTime(start) + 0.5, obspy.UTCDateTime(start) + 1),
        np.array([0.5, 1.0]),
    ]
    for time in times:
        assert_array_equal(rec.read(time=time), expected)
    # The times of the traces of ObsPy are those of the samples.
    trace = rec.to_obspy().select(channel="GPZ")[0].slice(obspy.UTCDateTime(start), obspy.UTCDateTime(start) + 1)
    assert_array_equal(trace.data[:1024], rec.read("Vert", time=(obspy.UTCDateTime(start), obspy.UTCDateTime(start) + 1))[0])


def test_moments_of_a_part_of_a_histogram_are_those_of_the_whole() -> None:
    night = event(NIGHT)
    start = night.start
    assert start is not None
    hour = timedelta(hours=1)
    part = night.select(time=(start + hour, start + 3 * hour))
    assert part.shape == (4, 120)
    again = part.select(time=(start + 2 * hour, start + 3 * hour))
    assert_array_equal(again.data, night.data[:, 120:180])


def test_choices_of_no_known_kind_are_errors() -> None:
    rec = event(BLAST)
    for channels in (1.5, b"Vert", [None], [True], [1.0], object(), ["Vert", b"x"], [-1]):
        with pytest.raises(wavekeep.Error):
            rec.read(channels)  # type: ignore[arg-type]
    ranges: list[Any] = [(True, False), slice(True, None), (0.5, 1), "all", {}, range(0, 9, 2)]
    for frames in ranges:
        with pytest.raises(wavekeep.Error):
            rec.read(frames=frames)


def test_a_window_is_measured_by_its_own_samples() -> None:
    rec = event(BLAST)
    for part in (rec.select(time=(1, 2)), rec.select(frames=(1280, 2304))):
        measured = {one["name"]: one["peak"] for one in part.measurements["channels"]}
        for name in ("Tran", "Vert", "Long"):
            assert measured[name]["value"]["value"] == np.abs(part[name]).max()
            assert (measured[name]["origin"], "stated" in measured[name]) == ("computed", False)
        verdict = part.verdict("osmre")
        assert verdict["origin"] == "computed"
        value = verdict["value"]
        assert value is not None and value["value"] < 0.33
        assert part.measurements["peak_vector_sum"]["origin"] == "computed"
        assert not part.report.contradicted
        assert [row["origin"] for row in part.peaks] == ["computed"] * 4
    night = event(NIGHT).select(time=(0, 600))
    assert [one["peak"]["origin"] for one in night.measurements["channels"]] == ["computed"] * 4
    # A choice of channels is no part of the time.
    assert rec.select("Vert").peaks[0]["origin"] == "stated"
    assert rec.select(time=(-1, 10)).peaks[0]["origin"] == "stated"


def test_one_word_of_units_holds_for_every_way_out(tmp_path: Path) -> None:
    rec = event(BLAST)
    mm = rec["Vert"].values * 25.4
    level = rec["MicL"].to("dB(L)").values
    for units in (["mm/s", "dB(L)"], ("mm s-1", "dB"), {"vert": "mm/s", "MicL": "dB(L)"}):
        assert_allclose(rec.read(["Vert", "MicL"], units=units), [mm, level])
        assert_allclose(rec.to(units).read(["Vert", "MicL"]), [mm, level])
        assert rec.to(units).units["MicL"] == "dB(L)"
        dataset = rec.to_xarray(units=units)
        assert_allclose(dataset["Vert"], mm)
        assert (dataset["Vert"].attrs["units"], dataset["MicL"].attrs["units"]) == ("mm/s", "dB(L)")
        frame = rec.to_pandas(units=units)
        assert_allclose(frame["MicL"], level)
        assert (frame.attrs["units"]["Vert"], frame.attrs["units"]["MicL"]) == ("mm/s", "dB(L)")
        table = rec.to_arrow(units=units)
        assert table.schema.field("Vert").metadata == {b"unit": b"mm/s"}
        traces = rec.to_obspy(units=units)
        assert traces[1].stats.wavekeep["unit"] == "mm/s"
        assert_allclose(traces[1].data, mm)
        assert rec.plot("Vert", units=units)[0].get_ylabel() == "Vert\nmm/s"
    for name in ("x.gnz", "x.h5", "x.npz", "x.zarr", "x.safetensors", "x.parquet"):
        rec.save(tmp_path / name, units=["mm/s", "dB(L)"])
    file = wavekeep.open(tmp_path / "x.gnz")
    assert (file.units["Vert"], file.units["MicL"]) == ("mm/s", "dB(L)")
    assert_allclose(file["Vert"], mm, rtol=1e-6)
    assert_allclose(file["MicL"], level, rtol=1e-6)
    assert_allclose(np.load(tmp_path / "x.npz")["Vert"], mm, rtol=1e-6)
    archive = wavekeep.Archive(tmp_path / "a", create=True, units="mm/s")
    archive.import_files([BLAST])
    assert archive[archive.keys()[0]].units["Vert"] == "mm/s"


def test_si_and_raw_are_words_of_units_too(tmp_path: Path) -> None:
    rec = event(BLAST)
    assert_allclose(rec.read("Vert", units="SI"), [rec["Vert"].values * 0.0254])
    assert rec.to("SI").units == {"Tran": "m/s", "Vert": "m/s", "Long": "m/s", "MicL": "Pa"}
    raw = rec.read(units="raw")
    assert raw.dtype == np.int16 and np.array_equal(raw, rec.read(raw=True))
    assert rec.to_xarray(units="raw")["Vert"].dtype == np.int16
    assert rec.to_xarray(units="raw")["Vert"].attrs["units"] == "count"
    assert rec.to_pandas(units="raw")["Vert"].dtype == np.int16
    assert rec.to_obspy(units="raw")[1].data.dtype == np.int32
    file = wavekeep.open(rec.save(tmp_path / "raw.gnz", units="raw"))
    assert np.array_equal(file["Vert"], raw[1]) and file.units["Vert"] == "count"


def test_a_microphone_has_one_unit_wherever_nobody_asks_for_another(tmp_path: Path) -> None:
    rec = event(BLAST)
    assert rec.units["MicL"] == rec["MicL"].unit == "Pa"
    assert rec.to_xarray()["MicL"].attrs["units"] == "Pa"
    assert rec.to_pandas().attrs["units"]["MicL"] == "Pa"
    assert rec.to_obspy()[3].stats.wavekeep["unit"] == "Pa"
    assert rec.plot("MicL")[0].get_ylabel() == "MicL\nPa"
    for one in (rec, event(NIGHT)):
        file = wavekeep.open(one.save(tmp_path / f"{one.kind}.gnz"))
        assert file.units["MicL" if one is rec else "MicL_peak"] == "Pa"


def test_every_spelling_of_a_unit_is_known_and_labels_are_canonical() -> None:
    rec = event(BLAST)
    for word, label in (
        ("um/s", "µm/s"), ("μm/s", "µm/s"), ("cm/s", "cm/s"), ("MM/S", "mm/s"), ("mm s-1", "mm/s"),
    ):
        assert rec["Vert"].to(word).unit == rec.to(word).units["Vert"] == label
    for word, label in (("kPa", "kPa"), ("dB", "dB(L)"), ("dB (L)", "dB(L)"), ("PSI", "psi")):
        assert rec["MicL"].to(word).unit == label
    assert_allclose(rec["Vert"].to("µm/s"), rec["Vert"].values * 25400)
    assert_allclose(rec["MicL"].to("kPa"), rec["MicL"].values / 1000)
