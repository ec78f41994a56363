"""A word that nobody knows is an error that names the near one."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

import wavekeep
from conftest import BLAST, GNZ, NIGHT, ROOT
from test_events import event


def refused(call: Any, *arguments: Any, **keywords: Any) -> wavekeep.Error:
    with pytest.raises(wavekeep.Error) as found:
        call(*arguments, **keywords)
    return found.value


@pytest.fixture
def archive(tmp_path: Path) -> wavekeep.Archive:
    return wavekeep.Archive(tmp_path / "archive", create=True)


def test_words_for_kinds_targets_units_and_curves_name_the_near_one(
    tmp_path: Path, archive: wavekeep.Archive
) -> None:
    rec = event(BLAST)
    for call, arguments, keywords, near in (
        (archive.query, (), {"kind": "wave"}, "waveform"),
        (archive.query, (), {"sort": "-timstamp"}, "-timestamp"),
        (archive.exceedances, (), {"curve": "osmr"}, "osmre"),
        (rec.picture, (), {"kind": "trace"}, "traces"),
        (rec.picture, ("traces", "pgn"), {}, "png"),
        (rec.picture, ("limits",), {"curve": "din1"}, "din-1"),
        (rec.verdict, ("osmer",), {}, "osmre"),
        (rec.save, (tmp_path / "x",), {"to": "cvs"}, "csv"),
        (rec.save, (tmp_path / "x.parket",), {}, ".parquet"),
        (rec.read, (), {"units": "mm/ss"}, "mm/s"),
        (rec["Vert"].to, ("mms/s",), {}, "mm/s"),
        (rec.__getitem__, ("Vertt",), {}, "Vert"),
        (wavekeep.open(GNZ / "typical.gnz").__getitem__, ("Trann",), {}, "Tran"),
        (wavekeep.open(GNZ / "typical.gnz").save, (tmp_path / "x",), {"to": "hdf"}, "hdf5"),
    ):
        error = refused(call, *arguments, **keywords)
        assert f"did you mean {near!r}?" in str(error), str(error)


def test_keywords_name_the_near_one(tmp_path: Path, archive: wavekeep.Archive) -> None:
    rec, file = event(BLAST), wavekeep.open(GNZ / "typical.gnz")
    for call, arguments, wrong, near in (
        (wavekeep.open, (BLAST,), "rate", "rate_hz"),
        (rec.read, (), "chanels", "channels"),
        (rec.read, (), "unit", "units"),
        (rec.select, (), "chanel", "channels"),
        (rec.blocks, (), "chanels", "channels"),
        (rec.to_pandas, (), "chanels", "channels"),
        (rec.to_arrow, (), "unit", "units"),
        (rec.to_xarray, (), "unit", "units"),
        (rec.picture, (), "curv", "curve"),
        (rec.verdict, ("osmre",), "distance", "distance_ft"),
        (rec.plot, (), "unit", "units"),
        (rec.plot, (), "colr", "color"),
        (rec["Vert"].plot, (), "linewith", "linewidth"),
        (rec.save, (tmp_path / "x.csv",), "overwrit", "overwrite"),
        (file.read, (), "chanels", "channels"),
        (file.to_pandas, (), "chanels", "channels"),
        (file.save, (tmp_path / "x.npz",), "chanels", "channels"),
        (archive.query, (), "serail", "serial"),
        (archive.exceedances, (), "curv", "curve"),
        (archive.review, (1,), "note", "notes"),
        (archive.import_files, ([],), "serials", "serial"),
    ):
        error = refused(call, *arguments, **{wrong: "x"})
        assert isinstance(error, TypeError) and f"did you mean {near!r}?" in str(error), str(error)
    assert not list(tmp_path.glob("x*"))


def test_units_that_nothing_measures_are_refused() -> None:
    rec = event(BLAST)
    for units in ("parsec", "Hz", ["mm/s", "raw"], {"Vert": "Pa"}, {"Xyz": "mm/s"}, 5, [None]):
        assert isinstance(refused(rec.read, units=units), ValueError)
        assert isinstance(refused(rec.to_pandas, units=units), ValueError)
    refused(rec.select("Vert").read, units="dB(L)")
    refused(rec.read, raw=True, units="mm/s")
    refused(rec["Vert"].to, "raw")


def test_names_of_exceptions_end_in_error_and_the_old_ones_are_those() -> None:
    kinds = [
        one for name in wavekeep.__all__
        if inspect.isclass(one := getattr(wavekeep, name)) and issubclass(one, wavekeep.Error)
    ]
    assert len(kinds) > 20 and all(kind.__name__.endswith("Error") for kind in kinds)
    assert wavekeep.BadArgument is wavekeep.BadArgumentError
    assert wavekeep.NotThisFormat is wavekeep.NotThisFormatError
    assert wavekeep.FileExists is wavekeep.FileTakenError
    assert wavekeep.NoSuchChannel is wavekeep.NoSuchChannelError


def test_no_error_carries_the_bytes_of_a_file_or_the_column_of_a_parser(
    archive: wavekeep.Archive,
) -> None:
    whole = BLAST.read_bytes()
    for given in (whole, whole * 40, (ROOT / "README.md").read_text(), "x\0y"):
        error = refused(wavekeep.open, given)
        assert len(str(error)) < 300 and len(error.path or "") < 300, str(error)
    for keywords in ({"serial": 5}, {"min_ppv_in_s": "much"}, {"false_trigger": "yes"}):
        message = str(refused(archive.query, **keywords))
        assert "column" not in message and "line" not in message, message
    wrong: list[Any] = [{"mapper": {"mask": "x"}}, {"downsampler": {"mode": {"internal": {}}}}]
    for settings in wrong:
        message = str(refused(wavekeep.smurf.Chain, **settings))
        assert "column" not in message, message
    long = "y" * 1_000_000
    for call in (event(BLAST).__getitem__, event(BLAST)["Vert"].to, event(BLAST).verdict):
        error = refused(call, long)
        assert len(str(error)) < 6000 and len(error.found or "") < 500


def test_a_closed_file_says_that_it_is_closed(archive: wavekeep.Archive, tmp_path: Path) -> None:
    with event(BLAST) as rec:
        vert = rec["Vert"].values
    with wavekeep.open(GNZ / "typical.gnz") as file:
        tran = file["Tran"]
    with archive as same:
        assert same is archive and len(archive) == 0
    assert vert.max() > 0 and tran.max() > 0
    for call in (
        lambda: rec.read("Tran"), lambda: rec.verdict("osmre"), lambda: file["Vert"],
        lambda: "Vert" in file, lambda: len(file), archive.query, lambda: len(archive),
        lambda: 3 in archive,
    ):
        error = refused(call)
        assert isinstance(error, wavekeep.ClosedError) and "open it again" in str(error)
    rec.close()


def test_an_archive_is_made_only_when_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "none"):
        error = refused(wavekeep.Archive, folder)
        assert isinstance(error, FileNotFoundError)
    assert "create=True" in str(refused(wavekeep.Archive, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert len(wavekeep.Archive(tmp_path, create=True)) == 0
    assert len(wavekeep.Archive(tmp_path)) == 0


def test_an_archive_is_iterated_and_asked_as_a_mapping(archive: wavekeep.Archive) -> None:
    archive.import_files([BLAST, NIGHT])
    assert len(archive) == 2 and sorted(archive) == sorted(archive.keys())
    assert {id: rec.kind for id, rec in archive.items()} == {
        id: archive[id].kind for id in archive
    }
    for absent in (99, -1, "1", None, 1.0, True, 2**70, [], object()):
        assert absent not in archive


def test_exceedances_are_the_events_above_a_curve_and_those_of_which_nothing_is_known(
    archive: wavekeep.Archive,
) -> None:
    assert len(archive.exceedances(curve="din-3")) == 0
    assert archive.exceedances(curve="din-3").columns[:3] == ("id", "serial", "filename")
    archive.import_files([BLAST, NIGHT])
    found = archive.exceedances(curve="din-3")
    (blast,) = (row for row in found if row["filename"] == BLAST.name)
    verdict = event(BLAST).verdict("din-3")
    assert (blast["outcome"], blast["channel"], blast["reason"]) == (
        "exceeds", verdict["subject"], verdict["reason"],
    )
    assert all(row["outcome"] in ("exceeds", "no_verdict") for row in found)
    judged: Any = dict(archive.items())
    within = [id for id in archive if judged[id].verdict("osmre")["outcome"] == "within"]
    assert within and not set(within) & {row["id"] for row in archive.exceedances(curve="osmre")}
    assert len(archive.exceedances(curve="din-3", serial="XX00000")) == 0


def test_peaks_are_a_table_of_what_is_stated_and_computed() -> None:
    rec = event(BLAST)
    peaks = rec.peaks
    assert [row["channel"] for row in peaks] == list(rec.channels)
    vert = peaks[1]
    assert (vert["peak"], vert["peak_stated"], vert["unit"]) == (0.41, 0.41, "in/s")
    assert vert["peak_computed"] == pytest.approx(0.41) and vert["origin"] == "stated"
    assert (vert["zc_frequency_hz"], vert["time_s"], vert["acceleration_g"]) == (28.0, 0.015, 0.186)
    assert (vert["displacement"], vert["displacement_unit"]) == (0.00194, "in")
    assert (peaks[3]["unit"], peaks[3]["acceleration_g"]) == ("dB(L)", None)
    assert peaks.units["zc_frequency_hz"] == "Hz" and peaks.units["time_s_stated"] == "s"
    night = event(NIGHT).peaks[0]
    assert night["at"].isoformat() == "2026-06-12T23:34:00" and night["time_s"] is None
    assert event(BLAST, reports=False).peaks[0]["peak_stated"] is None


def test_a_picture_shows_itself(tmp_path: Path) -> None:
    rec = event(BLAST)
    svg, png, pdf = rec.picture(), rec.picture(form="png", width_px=300), rec.picture("page", "pdf")
    assert isinstance(svg, bytes) and svg._repr_svg_() == svg.decode() and svg._repr_png_() is None
    assert png._repr_png_() == png and png._repr_svg_() is None
    assert pdf._repr_mimebundle_()["application/pdf"] == pdf
    assert len(repr(png)) < 60
    assert Path(png.save(tmp_path / "x.png")).read_bytes() == png
    with pytest.raises(FileExistsError):
        png.save(tmp_path / "x.png")


def test_a_notebook_shows_scale_time_and_rounded_numbers(archive: wavekeep.Archive) -> None:
    shown = event(BLAST)._repr_html_()
    assert "-0.29 … 0.41 in/s" in shown or "… 0.41 in/s" in shown
    assert "-0.25 s … 2.999 s" in shown and "1024 (report) samples/s" in shown
    assert "mm/s" in event(BLAST).to("mm/s")._repr_html_()
    assert "2.999 s" in event(BLAST)["Vert"]._repr_html_()
    archive.import_files([BLAST, NIGHT])
    table = archive.query()._repr_html_()
    assert table.count("<th>") == 10 and "more columns" in table
    assert "2026-06-12 14:03:20" in table
    assert "2 events" in archive._repr_html_() and BLAST.name in archive._repr_html_()
    arrays = wavekeep.open(GNZ / "typical.gnz")._repr_html_()
    assert "in/s" in arrays and "…" in arrays
