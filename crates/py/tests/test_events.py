"""Events as arrays."""

from __future__ import annotations

import csv
import json
import pickle
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import wavekeep
from conftest import BLAST, DAMAGED, NIGHT, SAMPLES

OVER_RANGE = SAMPLES / "M529LN1C.QE0W"


def event(path: Path, **options: object) -> wavekeep.Event:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        opened = wavekeep.open(path, **options)  # type: ignore[call-overload]
    assert isinstance(opened, wavekeep.Event)
    return opened


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_sample_holds_what_its_twin_says(path: Path) -> None:
    twin = json.loads(path.read_text())
    rec = event(path.with_suffix(""))
    assert (rec.kind, rec.shape[1], rec.report.damaged) == (
        twin["kind"],
        twin["length"],
        twin["damaged"],
    )
    peaks = [int(np.ma.abs(rec[name].raw.astype(np.int64)).max()) for name in rec.channels]
    assert peaks == twin["peak_counts"]


def test_values_are_those_of_the_table_that_the_event_is_exported_to(tmp_path: Path) -> None:
    rec = event(BLAST)
    with open(rec.save(tmp_path / "event.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert rec.t.tolist() == [float(row["time_s"]) for row in rows]
    for name in ("Tran", "Vert", "Long"):
        assert rec[name].values.tolist() == [float(row[f"{name} (in/s)"]) for row in rows]
    assert rec["MicL"].values.tolist() == [float(row["MicL (Pa)"]) for row in rows]


def test_facts_are_attributes() -> None:
    rec = event(BLAST)
    assert rec.serial == "BE11529"
    assert rec.start == datetime(2026, 6, 12, 14, 3, 20)
    assert (rec.rate_hz, rec.pretrigger_s, rec.assumed) == (1024.0, 0.25, ())
    assert rec.metadata["serial"] == {"value": "BE11529", "basis": "report"}


def test_what_nobody_states_is_marked_as_assumed_and_can_be_stated() -> None:
    quiet = SAMPLES / "M529LKIQ.7M0W"
    assert "range" in event(quiet).assumed
    stated = event(quiet, geophone_range="sensitive", rate_hz=2048.0)
    assert "range" not in stated.assumed and stated.rate_hz == 2048.0
    np.testing.assert_allclose(stated["Vert"].values * 8, event(quiet)["Vert"].values)


def test_a_report_beside_the_file_is_left_alone_on_request() -> None:
    assert event(BLAST, reports=False).metadata["statement"] is None


def test_a_missing_sample_is_nan_or_masked_and_never_a_number() -> None:
    rec = event(DAMAGED)
    ((start, stop),) = rec.gaps["Vert"]
    vert = rec["Vert"]
    missing = np.zeros(rec.shape[1], bool)
    missing[start:stop] = True
    assert np.array_equal(np.isnan(vert.values), missing)
    # In units of 0.005 in/s.
    assert np.array_equal(vert.values[~missing], np.ma.getdata(vert.raw)[~missing] / 200)
    assert np.array_equal(vert.to("mm/s").values[missing], vert.values[missing], equal_nan=True)
    assert np.array_equal(vert.mask, missing)
    assert np.array_equal(rec.masked("Vert").mask, missing)
    assert np.array_equal(np.ma.getmaskarray(vert.raw), missing)
    assert np.isnan(rec.data[1]).sum() == stop - start
    assert np.array_equal(np.ma.getmaskarray(rec.read(raw=True))[1], missing)
    assert not np.isnan(rec["Tran"].values).any()


THOR_DATA = SAMPLES.parent / "crates" / "thor" / "tests" / "data"


def test_a_weighted_level_converts_to_nothing_else() -> None:
    rec = event(THOR_DATA / "06-a-weighted-microphone" / "UM11719_20260610115639.IDFW")
    microphone = rec["MicL"]
    assert microphone.unit == "count"
    for unit in ("dB(L)", "psi", "Pa"):
        with pytest.raises(wavekeep.BadArgument):
            microphone.to(unit)
    peak = rec.measurements["channels"][3]["peak"]
    assert peak["value"] == {"value": 67.3, "unit": "dB(A)", "decimals": 1}
    verdict = rec.verdict("osmre-air-2hz")
    assert verdict["outcome"] == "no_verdict" and "dB(A)" in verdict["reason"]


def test_a_report_that_contradicts_the_samples_is_a_warning_and_no_verdict(tmp_path: Path) -> None:
    (tmp_path / BLAST.name).write_bytes(BLAST.read_bytes())
    report = SAMPLES / "M529LMOK_DK0W_ASCII.TXT"
    text = report.read_bytes().replace(b"Vert PPV : 0.410", b"Vert PPV : 0.010")
    (tmp_path / report.name).write_bytes(text)
    with pytest.warns(wavekeep.DamageWarning, match="0.010 in/s"):
        rec = wavekeep.open(tmp_path / BLAST.name)
    assert isinstance(rec, wavekeep.Event)
    assert rec.report.contradicted and not rec.report.damaged
    assert rec.report.contradictions[0].code == "peak_contradicted"
    verdict = rec.verdict("usbm-drywall")
    assert verdict["outcome"] == "no_verdict" and "0.410 in/s" in verdict["reason"]


def test_damage_is_a_warning_that_carries_the_report() -> None:
    with pytest.warns(wavekeep.DamageWarning, match="M529LNE5.390") as caught:
        wavekeep.open(DAMAGED)
    warning = caught[0].message
    assert isinstance(warning, wavekeep.DamageWarning)
    assert [note.code for note in warning.report.damage] == ["segment_lost"]
    assert warning.report.damage[0].offset is not None
    # It points at the line that opened the file.
    assert caught[0].filename == __file__


def test_a_whole_event_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wavekeep.open(BLAST)


def test_units_convert_by_name_as_the_profession_has_them() -> None:
    rec = event(BLAST)
    np.testing.assert_allclose(rec["Vert"].to("mm/s").values, rec["Vert"].values * 25.4)
    levels = rec["MicL"].to("dB(L)").values
    # The vendor's level of one count of 0.25 Pa.
    assert round(float(np.abs(levels).min()), 2) in (0.0, 81.94)
    counts = rec["MicL"].raw.astype(float)
    loudest = int(np.abs(counts).argmax())
    assert abs(levels[loudest]) == pytest.approx(81.94 + 20 * np.log10(abs(counts[loudest])))
    for unit in ("Pa", "parsec"):
        with pytest.raises(ValueError) as refused:
            rec["Vert"].to(unit)
        assert isinstance(refused.value, wavekeep.BadArgument)


def test_a_channel_is_an_array_to_numpy() -> None:
    vert = event(BLAST)["vert"]
    assert (vert.shape, vert.ndim, vert.size, vert.dtype.str) == ((3328,), 1, 3328, "<f8")
    assert np.abs(vert).max() == np.abs(vert.values).max()
    assert ((vert * 2 - vert) == vert.values).all()
    assert np.array_equal(vert[10:20], vert.values[10:20])
    assert np.asarray(vert, dtype="f4").dtype == np.float32
    assert np.array_equal(np.asarray(event(BLAST)), event(BLAST).data)
    copied = np.array(vert)
    copied[0] = 7
    assert vert[0] != 7


def test_channels_are_found_by_name_and_by_place() -> None:
    rec = event(BLAST)
    assert rec["vert"].name == rec[1].name == rec[-3].name == "Vert"
    assert list(rec) == ["Tran", "Vert", "Long", "MicL"] and "MicL" in rec and "Xyz" not in rec
    for wrong in ("Xyz", 4, -5, None):
        with pytest.raises(KeyError, match="the channels are Tran, Vert, Long, MicL"):
            rec[wrong]


def test_a_part_is_chosen_by_channels_frames_and_seconds_from_the_trigger() -> None:
    rec = event(BLAST)
    data = rec.data
    assert np.array_equal(rec.read("Vert", frames=(10, 20)), data[1:2, 10:20])
    assert np.array_equal(rec.read(["MicL", 0], frames=slice(-5, None)), data[[3, 0], -5:])
    assert np.array_equal(rec.read("0-1", frames=range(3)), data[:2, :3])
    within = (rec.t >= 0.5) & (rec.t < 1.0)
    assert np.array_equal(rec.read(time=(0.5, 1.0)), data[:, within])
    part = rec.select("Long", time=(None, 0.0))
    assert part.channels == ("Long",) and part.t[0] == rec.t[0] and part.t[-1] < 0


def test_a_buffer_of_the_callers_is_filled() -> None:
    rec = event(BLAST)
    out = np.empty((4, 3328))
    assert rec.read(out=out) is out and np.array_equal(out, rec.data)
    small = np.empty((4, 3328), np.float32)
    assert rec.read(out=small) is small
    with pytest.raises(ValueError, match="shape"):
        rec.read(out=np.empty((4, 3)))
    with pytest.raises(ValueError, match="cannot hold"):
        rec.read(out=np.empty((4, 3328), np.int32))


def test_blocks_are_all_of_the_event_in_order() -> None:
    rec = event(BLAST)
    blocks = [(block.frames, block.data.copy()) for block in rec.blocks(1000)]
    assert [frames for frames, _ in blocks] == [
        range(0, 1000),
        range(1000, 2000),
        range(2000, 3000),
        range(3000, 3328),
    ]
    assert np.array_equal(np.hstack([data for _, data in blocks]), rec.data)


def test_a_histogram_has_its_frequencies_as_numbers_and_as_the_vendor_prints_them() -> None:
    rec = event(NIGHT)
    numbers, words = rec.frequency_hz("Tran")
    assert words[:2] == ["21 Hz", "N/A"] and numbers[0] == 21.0 and np.isnan(numbers[1])
    assert rec.t[1] - rec.t[0] == 60.0
    with pytest.raises(ValueError):
        event(BLAST).frequency_hz("Tran")


def test_measurements_say_what_was_computed_and_what_the_report_states() -> None:
    rec = event(BLAST)
    vert = next(one for one in rec.measurements["channels"] if one["name"] == "Vert")
    assert vert["peak"]["stated"]["value"] == 0.41
    assert vert["peak"]["computed"]["value"] == np.abs(rec["Vert"]).max()
    verdict = rec.verdict("osmre")
    assert verdict["outcome"] == "within" and "below the limit" in verdict["reason"]
    with pytest.raises(ValueError, match="osmre"):
        rec.verdict("none")


def test_pictures_are_drawn_in_three_forms() -> None:
    rec = event(BLAST)
    assert rec.picture().startswith(b"<svg")
    assert rec.picture("spectrum", "png", width_px=400).startswith(b"\x89PNG")
    assert rec.picture("page", "pdf", curve="osmre", metric=True).startswith(b"%PDF")
    assert "Ereignisbericht" in rec.picture("page", language="de").decode()
    assert event(NIGHT).picture().startswith(b"<svg")
    with pytest.raises(ValueError, match="traces"):
        rec.picture("sculpture")  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        rec.picture("histogram")


def test_motion_is_an_event_with_the_peaks_of_the_recorded_one() -> None:
    rec = event(BLAST)
    acceleration = rec.motion("acceleration")
    assert acceleration.channels == ("Tran", "Vert", "Long") and acceleration.shape == (3, rec.shape[1] - 1)
    for place, name in enumerate(acceleration.channels):
        peak = rec.measurements["channels"][place]["peak_acceleration"]["computed"]["value"]
        assert np.isclose(np.abs(acceleration[name]).max(), peak, rtol=1e-12)
    velocity = np.asarray(rec["Tran"])
    quotient = np.diff(velocity) * 1024 * 0.0254 / 9.80665
    np.testing.assert_allclose(acceleration["Tran"], quotient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(acceleration.t, (rec.t[1:] + rec.t[:-1]) / 2, atol=1e-12)

    from scipy import integrate

    moved = integrate.cumulative_trapezoid(
        velocity - integrate.trapezoid(velocity) / (len(velocity) - 1), dx=1 / 1024, initial=0
    )
    moved -= integrate.trapezoid(moved) / (len(moved) - 1)
    np.testing.assert_allclose(rec.motion("displacement")["Tran"], moved, rtol=1e-9, atol=1e-12)

    three = np.stack([np.asarray(rec[name]) for name in ("Tran", "Vert", "Long")])
    total = rec.motion("vector_sum")["Vector sum"]
    np.testing.assert_allclose(total, np.sqrt((three**2).sum(axis=0)), rtol=1e-12)


def test_motion_keeps_gaps_and_flags_and_refuses_a_histogram(tmp_path: Path) -> None:
    gapped = event(DAMAGED).motion("displacement")
    assert np.isnan(gapped["Vert"]).any() and gapped.gaps["Vert"]
    saturated = event(OVER_RANGE).motion("acceleration")
    assert saturated.measurements["channels"][0]["peak"]["value"]["flag"] == "saturated"
    with pytest.raises(wavekeep.UnsupportedError, match="peaks, not samples"):
        event(NIGHT).motion("acceleration")
    with pytest.raises(ValueError, match="acceleration"):
        event(BLAST).motion("jerk")  # type: ignore[arg-type]
    path = tmp_path / "moved.csv"
    gapped.save(path)
    assert "Vert" in path.read_text(encoding="utf-8")


def test_spectra_and_bands_are_those_of_scipy() -> None:
    from scipy import signal

    rec = event(BLAST)
    samples = np.asarray(rec["Vert"])
    for window, name in (("none", "boxcar"), ("hann", "hann"), ("flat_top", "flattop")):
        found = rec.spectrum("vert", window=window)  # type: ignore[arg-type]
        hertz, power = signal.periodogram(samples, fs=1024, window=name, scaling="spectrum")
        np.testing.assert_allclose(found.hz, hertz)
        np.testing.assert_allclose(found.amplitude[1:-1], np.sqrt(2 * power[1:-1]), rtol=1e-6, atol=1e-12)
        assert found.samples == (0, len(samples)) and found.flag is None
    bands = rec.third_octaves("Vert")
    assert sum(band["rms"] ** 2 for band in bands) <= np.var(samples)
    assert bands[0]["level_db"] is None and rec.third_octaves("MicL")[0]["level_db"] > 40
    assert rec.picture("third_octaves").startswith(b"<svg")
    with pytest.raises(wavekeep.UnsupportedError, match="histogram has no spectrum"):
        event(NIGHT).spectrum("Tran")
    again = pickle.loads(pickle.dumps(rec.select(time=(0, 1)).motion("displacement").select(["Vert"])))
    assert again.channels == ("Vert",)


def test_an_event_and_a_part_of_it_can_be_pickled() -> None:
    rec = event(BLAST, geophone_range="sensitive")
    part = rec.select(["Vert", "Tran"], frames=(5, 50)).select(time=(-0.24, None))
    for one in (rec, part):
        again = pickle.loads(pickle.dumps(one))
        assert again.channels == one.channels
        assert np.array_equal(again.data, one.data) and np.array_equal(again.t, one.t)


def test_a_notebook_shows_facts_and_a_small_trace() -> None:
    shown = event(DAMAGED)._repr_html_()
    assert "<svg" in shown and "damaged" in shown and "M529LNE5.390" in shown
    assert len(shown) < 60_000
    assert repr(event(NIGHT)) == (
        "<Event M529LMP3.O00H: histogram, 600 intervals of Tran Vert Long MicL>"
    )
