"""An archive answers the same on this machine and behind a server, which is the program itself."""

from __future__ import annotations

import copy
import hashlib
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import program
import wavekeep
from conftest import BLAST, NIGHT, RUNS, SAMPLES
from wavekeep import Archive, BadArgumentError

REPORT = SAMPLES / "M529LMOK_DK0W_ASCII.TXT"
CUT = SAMPLES / "M529LNE5.390"
EVENTS = [BLAST, REPORT, NIGHT, CUT]


@dataclass
class Place:
    """An archive, and the folder where its files are."""

    archive: Archive
    folder: Path


@pytest.fixture(params=["folder", "server"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    folder = tmp_path / "archive"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("WAVEKEEP_TOKEN", raising=False)
    if request.param == "folder":
        yield Place(Archive(folder, create=True), folder)
        return
    with program.serving(folder) as address:
        yield Place(Archive(address), folder)


def filled(place: Place) -> Archive:
    account = place.archive.import_files(EVENTS)
    assert (account["new"], account["failed"]) == (3, 0)
    return place.archive


def id_of(archive: Archive, path: Path) -> int:
    (found,) = (row for row in archive.query() if row["filename"] == path.name)
    number: int = found["id"]
    return number


def test_every_event_is_found_with_times_that_know_their_zone_or_none(place: Place) -> None:
    rows = filled(place).query()
    assert (len(rows), rows.total) == (3, 3)
    assert {row["filename"] for row in rows} == {BLAST.name, NIGHT.name, CUT.name}
    blast = next(row for row in rows if row["filename"] == BLAST.name)
    assert blast["timestamp"] == datetime(2026, 6, 12, 14, 3, 20)
    assert blast["captured_at"].tzinfo == timezone.utc and blast["reviewed_at"] is None
    assert blast["has_report"] is True and isinstance(blast["assumed"], list)
    assert isinstance(blast["labels"], dict)


def test_filters_choose_and_false_triggers_are_left_out_only_when_asked(place: Place) -> None:
    archive = filled(place)
    archive.review(id_of(archive, BLAST), false_trigger=True)
    names: Callable[..., set[str]] = lambda **filters: {
        row["filename"] for row in archive.query(**filters)
    }
    assert len(names()) == 3
    assert names(false_trigger=True) == {BLAST.name} == names(reviewed=True)
    assert names(false_trigger=False) == {NIGHT.name, CUT.name}
    assert names(kind="histogram") == {NIGHT.name}
    assert names(min_ppv_in_s=1e6) == set() == names(serial="XX00000")
    day = date(2026, 6, 12)
    for span in ({"from_": day, "to": day}, {"from_": "2026-06-12", "to": "2026-06-12"}):
        assert names(**span) >= {BLAST.name, NIGHT.name}
    assert BLAST.name not in names(to=datetime(2026, 6, 12, 14, 3, 19))
    assert BLAST.name in names(from_="2026-06-12T14:03:20")
    assert names(text=BLAST.name[:6]) >= {BLAST.name}
    assert archive.units()[0]["false_triggers"] == 1


def test_states_choose_as_the_rows_say(place: Place) -> None:
    archive = filled(place)
    rows = list(archive.query())
    fitting: list[tuple[dict[str, Any], Callable[[Any], bool]]] = [
        ({"damaged": True}, lambda row: row["damaged"]),
        ({"damaged": False}, lambda row: not row["damaged"]),
        ({"has_report": True}, lambda row: row["has_report"]),
        ({"without": "project,location"}, lambda row: row["project"] is None and row["location"] is None),
        ({"imported_since": "yesterday"}, lambda row: True),
        ({"imported_since": "2100-01-01"}, lambda row: False),
        ({"max_ppv_in_s": 0.2}, lambda row: row["ppv_in_s"] is not None and row["ppv_in_s"] <= 0.2),
    ]
    for condition, fits in fitting:
        assert [row["id"] for row in archive.query(**condition)] == [row["id"] for row in rows if fits(row)]
    with pytest.raises(wavekeep.BadArgumentError):
        archive.query(air_verdict="loud")
    with pytest.raises(wavekeep.BadArgumentError):
        archive.query(without="notes")
    with pytest.raises(wavekeep.BadArgumentError):
        archive.query(imported_since="monday")


def test_monitor_log_files_are_kept_and_are_no_events(place: Place, tmp_path: Path) -> None:
    archive = filled(place)
    log = tmp_path / "M529LKIQ.MLG"
    log.write_bytes(b"\x10\x00\x01\x80\x00\x00Instantel\x00\x07\x2c\x22\x01\x0e\xa0")
    before = len(archive)
    account = archive.import_files([log])
    again = archive.import_files([log])
    assert (account["monitor_logs"], account["new"], again["same_monitor_logs"]) == (1, 0, 1)
    (kept,) = archive.monitor_log_files()
    assert (kept["serial"], kept["unit_from"], kept["filename"]) == ("BE11529", "name", log.name)
    assert kept["sha256"] == hashlib.sha256(log.read_bytes()).hexdigest()
    assert kept["at"].tzinfo is not None and len(archive) == before


def test_an_archive_is_a_mapping_of_numbers_to_recordings(place: Place) -> None:
    archive = filled(place)
    assert len(archive) == 3 and set(archive) == {row["id"] for row in archive.query()}
    assert all(id in archive for id in archive) and 10_000 not in archive
    for absent in ("1", None, 1.5, -1, True):
        assert absent not in archive
    assert {type(rec) for _, rec in archive.items()} == {wavekeep.Event}


def test_exceedances_say_what_decides_of_each_event(place: Place) -> None:
    archive = filled(place)
    rows = {row["filename"]: row for row in archive.exceedances(curve="din-3")}
    blast = rows[BLAST.name]
    assert (blast["outcome"], blast["unit"]) == ("exceeds", "mm/s")
    assert blast["value"] > blast["limit"] and blast["margin_percent"] < 0
    # A part of it is missing: nothing is known.
    assert rows[CUT.name]["outcome"] == "no_verdict" or CUT.name not in rows


def test_a_limit_cuts_the_answer_and_says_how_many_there_are(place: Place) -> None:
    archive = filled(place)
    ids = [row["id"] for row in archive.query(sort="id")]
    assert ids == sorted(ids)
    page = archive.query(sort="id", limit=1, offset=1)
    assert ([row["id"] for row in page], page.total) == ([ids[1]], 3)
    assert (len(archive.query(limit=0)), archive.query(limit=0).total) == (0, 3)
    assert len(archive.query(offset=7)) == 0
    assert [row["id"] for row in archive.query(sort="-id")] == ids[::-1]


def test_pandas_has_numbers_as_numbers_and_what_is_missing_as_missing(place: Place) -> None:
    archive = filled(place)
    frame = archive.query().to_pandas()
    assert frame.index.name == "id" and frame.index.is_unique
    assert frame["ppv_in_s"].dtype == "float64" and frame["false_trigger"].dtype == "boolean"
    assert frame["timestamp"].dt.tz is None and str(frame["captured_at"].dt.tz) == "UTC"
    assert frame["reviewed_at"].isna().all()
    assert frame.attrs["units"]["ppv_in_s"] == "in/s" and frame.attrs["units"]["mic_psi"] == "psi"
    assert frame.attrs["units"]["record_time_s"] == "s" and "filesize" not in frame.attrs["units"]
    largest: Any = frame["ppv_in_s"].idxmax()
    assert archive.event(largest)["ppv_in_s"] == frame["ppv_in_s"].max()
    none = archive.query(serial="XX00000").to_pandas()
    assert list(none.columns) == list(frame.columns)
    assert list(none.dtypes.astype(str)) == list(frame.dtypes.astype(str))
    assert pd.concat([none, frame]).shape == frame.shape


def test_arrow_has_the_same_with_nulls_and_units(place: Place) -> None:
    rows = filled(place).query()
    table = rows.to_arrow()
    assert table.schema.field("ppv_in_s").metadata == {b"unit": b"in/s"}
    assert table.schema.field("timestamp").type == pa.timestamp("us")
    assert table.schema.field("captured_at").type == pa.timestamp("us", "UTC")
    assert table["reviewed_at"].null_count == 3
    assert table["ppv_in_s"].to_pylist() == [row["ppv_in_s"] for row in rows]
    assert pa.table(rows).equals(table)
    assert "3 rows" in repr(rows) and BLAST.name in rows._repr_html_()


def test_a_recording_is_the_class_that_open_gives_with_its_report_on_top(place: Place) -> None:
    archive = filled(place)
    there, here = archive[id_of(archive, BLAST)], wavekeep.open(BLAST)
    assert type(there) is wavekeep.Event and isinstance(here, wavekeep.Event)
    np.testing.assert_array_equal(there.data, here.data)
    assert there.measurements == here.measurements
    assert there.metadata["statement"] == here.metadata["statement"]
    assert there.metadata["source"]["sha256"] == archive.event(id_of(archive, BLAST))["sha256"]
    assert repr(there) == repr(here)


def test_damage_of_an_event_is_a_warning_here_too(place: Place) -> None:
    archive = filled(place)
    with pytest.warns(wavekeep.DamageWarning) as caught:
        event = archive.recording(id_of(archive, CUT))
    assert caught[0].filename == __file__ and event.report.damaged


def test_an_event_travels_without_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = program.token(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("WAVEKEEP_TOKEN", token)
    with program.serving(tmp_path, "--require-tokens") as address:
        archive = filled(Place(Archive(address), tmp_path))
        event = archive[id_of(archive, BLAST)]
        assert isinstance(event, wavekeep.Event)
        part = event.select("Vert", time=(0, 0.5))
        bytes_ = pickle.dumps(part)
        assert token.encode() not in bytes_ + pickle.dumps(archive)
        np.testing.assert_array_equal(pickle.loads(bytes_).data, part.data)
        assert len(copy.copy(archive).query()) == 3


def test_the_name_that_an_event_could_not_keep_still_decodes_it(
    place: Place, tmp_path: Path
) -> None:
    archive = filled(place)
    other = tmp_path / BLAST.name
    other.write_bytes((SAMPLES / "M529LKIQ.7M0W").read_bytes())
    account = archive.import_files(other, serial="BE11529")
    assert account["conflicts"] == 1
    (row,) = (row for row in archive.query(sort="-id", limit=1))
    assert row["filename"] != BLAST.name
    event = archive[row["id"]]
    assert event.metadata["source"]["name"] == BLAST.name
    assert event.metadata["serial"] == {"value": "BE11529", "basis": "option"}


def test_a_report_that_is_gone_still_wins_by_what_the_sidecar_keeps(place: Place) -> None:
    archive = filled(place)
    id = id_of(archive, BLAST)
    stated = archive[id].metadata["statement"]["channels"]
    for path in place.folder.rglob("*_ASCII.TXT"):
        path.unlink()
    again = archive[id].metadata["statement"]["channels"]
    peaks = [
        [channel["peak"]["value"] for channel in some if channel["peak"]]
        for some in (stated, again)
    ]
    assert peaks[0] and set(peaks[1]) <= set(peaks[0]) and peaks[1]


def test_a_review_is_kept_logged_and_undone(place: Place) -> None:
    archive = filled(place)
    id = id_of(archive, BLAST)
    sidecar = archive.review(id, false_trigger=True, notes="a truck", who="ada")
    assert sidecar == archive.sidecar(id)
    assert sidecar["review"]["false_trigger"] is True
    # A server signs reviews itself.
    is_here = sidecar["review"]["reviewer"] == "ada"
    assert is_here or sidecar["review"]["reviewer"] == program.machine_user()
    # What is not named stays, None takes away.
    assert archive.review(id, notes=None, who="bob")["review"]["false_trigger"] is True
    assert archive.event(id)["review_notes"] is None
    log = archive.review_log(id)
    signed = ["bob", "ada"] if is_here else [program.machine_user()] * 2
    assert [entry["who"] for entry in log] == signed
    assert log[1]["after"]["review"]["notes"] == "a truck" and log[0]["at"].tzinfo == timezone.utc
    assert len(archive.review_log(id, limit=1)) == 1
    assert archive.undo(id, who="ada")["review"]["notes"] == "a truck"
    assert archive.review_log(id)[0]["undoes"] == log[0]["number"]


def test_a_correction_takes_the_place_of_a_note_and_is_no_review(place: Place) -> None:
    archive = filled(place)
    id = id_of(archive, BLAST)
    recorded = archive.event(id)["client"]
    archive.review(id, corrections={"project": "Quarry 9", "client": ""})
    row = archive.event(id)
    assert (row["project"], row["client"]) == ("Quarry 9", None)
    assert row["corrected"] == ["project", "client"] and row["reviewed_at"] is None
    assert [row["id"] for row in archive.query(project="Quarry 9")] == [id]
    archive.review(id, corrections={"client": None})
    assert archive.event(id)["client"] == recorded
    with pytest.raises(BadArgumentError, match="projct"):
        archive.review(id, corrections={"projct": "x"})


def test_charge_and_distance_of_an_event_give_its_scaled_distance(place: Place) -> None:
    archive = filled(place)
    id = id_of(archive, BLAST)
    archive.review(id, corrections={"charge": "45 kg", "distance": "320 m"})
    row = archive.event(id)
    assert (row["charge_kg"], row["distance_m"]) == (45.0, 320.0)
    assert row["blast"]["charge"]["from"] == "corrected"
    found = archive.scaled_distance(velocity="mm/s")
    assert found.units["scaled_distance"] == "m/√kg"
    assert found.scaled_distance.tolist() == pytest.approx([320 / 45**0.5])
    assert found.peak.shape == (1,) and len(found.events) == len(archive)
    assert found.law is None and str(found.no_law).endswith("found 1")
    assert archive.scaled_distance().units["charge"] == "lb"
    with pytest.raises(BadArgumentError, match="charge"):
        archive.review(id, corrections={"charge": "lots"})
    wrongs: list[dict[str, Any]] = [{"limit": -1.0}, {"charge": "45"}, {"medium": "water"}]
    for wrong in wrongs:
        with pytest.raises(BadArgumentError):
            archive.scaled_distance(**wrong)


def test_an_event_goes_to_another_unit(place: Place) -> None:
    archive = filled(place)
    id = id_of(archive, BLAST)
    row = archive.move_to_unit(id, "BE99", reason="label on the box")
    assert (row["id"], row["serial"]) == (id, "BE99")
    assert archive.query(serial="BE99").total == 1
    with pytest.raises(BadArgumentError):
        archive.move_to_unit(id, "UNKNOWN", reason="x")
    with pytest.raises(BadArgumentError):
        archive.move_to_unit(id, "BE98", reason=" ")


def test_levels_judge_the_events(place: Place) -> None:
    archive = filled(place)
    assert archive.levels().total == 0
    level = archive.set_level(ground="din-3", air={"curve": "nbr-9653-air"}, reason="permit 7")
    (shown,) = archive.levels()
    assert (shown["entry"], shown["reason"], shown["in_force"]) == (level["entry"], "permit 7", True)
    deadline = time.monotonic() + 60  # A server judges beside the requests.
    while any(row["verdict"] is None for row in archive.query()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    worst = archive.query(verdict="exceeds,warns,no_verdict,within", sort="margin")
    assert worst.total > 0 and "ground" in worst[0]["judged"]
    archive.set_level(ends=["ground", "air"], from_="2026-01-01")
    assert archive.levels().total == 0 and archive.levels(all=True).total == 2
    with pytest.raises(BadArgumentError, match="din-9"):
        archive.set_level(ground="din-9")
    with pytest.raises(BadArgumentError, match="loud"):
        archive.query(verdict="loud")


def test_a_trend_has_a_row_for_each_day_and_gaps_elsewhere(place: Place) -> None:
    archive = filled(place)
    days = archive.trend()
    assert [row["day"] for row in days] == sorted(row["day"] for row in days)
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in archive.query():
        by_day.setdefault(row["timestamp"].date(), []).append(row)
    with_events = {row["day"].date(): row for row in days if row["events"]}
    assert with_events.keys() == by_day.keys()
    for day, rows in by_day.items():
        assert with_events[day]["events"] == len(rows)
        largest = [row["ppv_in_s"] for row in rows if row["ppv_in_s"] is not None]
        assert with_events[day]["ppv_in_s"] == max(largest)
    frame = days.to_pandas()
    assert frame["monitored_s"].sum() > 0 and frame.attrs["units"]["ppv_in_s"] == "in/s"
    assert archive.trend(serial="BE1").total == 0
    with pytest.raises(BadArgumentError):
        archive.trend(kind="loud")


def test_the_limits_of_a_day_are_those_of_the_levels_in_force_then(place: Place) -> None:
    archive = filled(place)
    archive.set_level(ground="din-2", from_="2026-06-01")
    archive.set_level(ground="din-3", from_="2026-06-20")
    limits = {row["day"].date(): row["ground_lowest_limit_in_s"] for row in archive.trend()}
    assert limits[date(2026, 6, 12)] == pytest.approx(5 / 25.4)
    assert limits[date(2026, 6, 26)] == pytest.approx(3 / 25.4)


def test_facts_of_a_unit_have_their_sources(place: Place) -> None:
    archive = filled(place)
    unit = archive.unit("BE11529", to="2026-06-30")
    stated = archive.sidecar(unit["battery"]["event"])["bw_report"]["battery"]
    assert unit["battery"]["text"] == stated and unit["memory"] is None
    assert archive.unit("BE11529", to=date(2026, 6, 30)) == unit
    later = archive.unit("BE11529", to="2026-06-30", calibration_months=24)
    assert later["calibration"]["due"] > unit["calibration"]["due"]
    assert unit["to"] == "2026-06-30" and sum(day["events"] for day in unit["days"]) == 3
    with pytest.raises(wavekeep.NoSuchEventError):
        archive.unit("BE1/../x")
    with pytest.raises(BadArgumentError):
        archive.unit("BE11529", calibration_months=0)


def test_where_tokens_are_asked_for_reviews_are_under_the_name_of_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Archive(tmp_path, create=True)
    token = program.token(tmp_path)
    with program.serving(tmp_path, "--require-tokens") as address:
        archive = filled(Place(Archive(address, token=token), tmp_path))
        other = Archive(address, token="wk_other")
        # An upload is refused before all of it is sent; the error is the same.
        for refused in (other.query, lambda: other.import_files(EVENTS)):
            with pytest.raises(PermissionError, match="WAVEKEEP_TOKEN"):
                refused()
        sidecar = archive.review(id_of(archive, BLAST), false_trigger=True, who="ada")
        assert sidecar["review"]["reviewer"] == "tests"


def test_summaries_are_tables(place: Place) -> None:
    archive = filled(place)
    (unit, *_) = archive.units()
    assert unit["serial"] == "BE11529" and isinstance(unit["first"], datetime)
    assert sum(row["events"] for row in archive.projects()) == 3
    assert sum(archive.months().to_pandas()["events"]) == 3
    assert archive.units().to_pandas()["last_captured_at"].dt.tz is not None


def test_an_import_gives_an_account_and_says_what_became_of_each_file(
    place: Place, tmp_path: Path
) -> None:
    bad = tmp_path / "in" / "M529LXXX.XX0W"
    shutil.copytree(SAMPLES / "TXT", tmp_path / "in" / "TXT")
    bad.write_bytes(b"Instantel? no")
    for path in EVENTS:
        shutil.copy(path, bad.parent)
    heard: list[dict[str, Any]] = []
    account = place.archive.import_files([bad.parent], each=heard.append)
    assert account["new"] == 3 and account["without_report"] == 1 + 1
    assert sum(one["fate"] == "event" for one in heard) == 3
    again = place.archive.import_files([bad.parent])
    assert (again["new"], again["same"]) == (0, 3) and again["session"] > account["session"]
    named = place.archive.import_files(BLAST, serial="BE00001")
    assert named["new"] == 1
    assert {"new", "same", "paired_late", "frames_added", "conflicts", "failed"} <= set(account)
    gone = place.archive.import_files([tmp_path / "nowhere", BLAST], each=heard.append)
    assert (gone["failed"], gone["same"]) == (1, 1)
    assert gone["failures"][0]["kind"] == "io"
    assert gone["failures"][0]["path"] == str(tmp_path / "nowhere")
    assert {one["fate"] for one in heard} >= {"event", "failed"}


def test_errors_are_the_same_in_both_places(place: Place) -> None:
    archive = filled(place)
    calls: list[Callable[[], object]] = [
        lambda: archive.event(99),
        lambda: archive[99],
        lambda: archive.sidecar(99),
        lambda: archive.review(99, false_trigger=True),
        lambda: archive.review_log(99),
    ]
    for call in calls:
        with pytest.raises(KeyError, match="99") as refused:
            call()
        assert isinstance(refused.value, wavekeep.NoSuchEvent)
    with pytest.raises(wavekeep.NothingToUndo):
        archive.undo(id_of(archive, BLAST))
    wrong: list[Callable[[], object]] = [
        lambda: archive.query(sort="size"),
        lambda: archive.query(limit=-1),
        lambda: archive.query(from_="tomorrow"),
        lambda: archive.query(to=datetime.now(timezone.utc)),
        lambda: archive.review(1, false_trigger="yes"),  # type: ignore[arg-type]
        lambda: archive.event("1"),  # type: ignore[arg-type]
        lambda: archive.event(2**70),
    ]
    for number, call in enumerate(wrong):
        with pytest.raises(ValueError) as bad:
            call()
            pytest.fail(f"call {number}")
        assert isinstance(bad.value, wavekeep.BadArgument), number


def test_a_run_of_a_stream_is_opened_where_its_files_are(tmp_path: Path) -> None:
    archive = Archive(tmp_path, create=True)
    account = archive.import_files(RUNS / "basic.dat", adopt=True)
    assert account["streams"] == 1
    (row,) = archive.query(kind="stream")
    run = archive[row["id"]]
    assert isinstance(run, wavekeep.Stream) and run.read().shape == (64, 20)


def test_an_archive_here_is_verified(tmp_path: Path) -> None:
    archive = Archive(tmp_path, create=True)
    filled(Place(archive, tmp_path))
    told: list[tuple[int, int]] = []
    found = archive.verify(progress=lambda done, of: told.append((done, of)))
    assert (found["events"], found["findings"]) == (3, []) and (3, 3) in told
    (source,) = tmp_path.glob(f"*/{BLAST.name}")
    source.write_bytes(source.read_bytes()[:-1])
    assert "source_differs" in {one["kind"] for one in archive.verify()["findings"]}


def test_an_exception_of_the_listener_ends_an_import(tmp_path: Path) -> None:
    archive = Archive(tmp_path, create=True)

    def raises(_: object) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        archive.import_files(EVENTS, each=raises)


def test_a_folder_that_is_not_there_is_made_only_when_asked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Archive(tmp_path / "new")
    Archive(tmp_path / "new", create=True)
    assert len(Archive(tmp_path / "new").query()) == 0


def test_the_table_of_arrow_is_that_of_the_rows(place: Place) -> None:
    archive = filled(place)
    questions: list[dict[str, Any]] = [
        {},
        {"kind": "waveform", "sort": "id", "limit": 1},
        {"sort": "-id", "offset": 1},
        {"serial": "none"},
    ]
    for asked in questions:
        rows, table = archive.query(**asked), archive.query_arrow(**asked)
        assert table.schema.names == list(rows.columns)
        assert table.to_pylist() == rows.to_arrow().to_pylist()
        types = [[field.type for field in one.schema] for one in (table, rows.to_arrow())]
        assert types[0] == types[1]
        assert table.schema.field("ppv_in_s").metadata == {b"unit": b"in/s"}
        assert int(table.schema.metadata[b"total"]) == rows.total


def test_samples_of_many_events_are_those_of_each(place: Place) -> None:
    archive = filled(place)
    ids = [*archive, 99]
    for raw in (False, True):
        table = archive.samples_arrow(ids, raw=raw).to_pylist()
        assert table[-1]["event_id"] == 99 and "99" in table[-1]["error"]
        rows = iter(table)
        for id in archive:
            event = archive[id]
            assert isinstance(event, wavekeep.Event)
            for name in event.channels:
                row, channel = next(rows), event[name]
                assert (row["event_id"], row["channel"], row["error"]) == (id, name, None)
                numbers = channel.raw if raw else channel.to(row["unit"]).values
                wanted = np.ma.filled(np.ma.asarray(numbers).astype(float), np.nan)
                found = np.array([np.nan if it is None else it for it in row["samples"]])
                np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert archive.samples_arrow([]).num_rows == 0


def test_pages_behind_their_last_event_are_the_whole_answer(place: Place) -> None:
    archive = filled(place)
    whole = [row["id"] for row in archive.query(sort="-ppv")]
    paged: list[int] = []
    while page := archive.query(sort="-ppv", after_id=paged[-1] if paged else None, limit=2):
        paged += [row["id"] for row in page]
    assert paged == whole
    with pytest.raises(wavekeep.NoSuchEventError):
        archive.query(after_id=10**6)
    with pytest.raises(wavekeep.NoSuchArgumentError, match="serial"):
        archive.query_arrow(serail="BE1")  # type: ignore[call-arg]


def test_what_changed_since_is_what_was_reviewed_since(place: Place) -> None:
    archive = filled(place)
    last = max(row["changed"] for row in archive.query())
    assert not archive.query(changed_since=last)
    first = archive.query(sort="id")[0]
    archive.review(first["id"], notes="again")
    (changed,) = archive.query(changed_since=last)
    assert (changed["id"], changed["review_notes"]) == (first["id"], "again")
