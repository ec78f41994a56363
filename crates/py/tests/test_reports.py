"""Reports of periods: bytes or a file, from a folder and from a server."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

import wavekeep
from conftest import SAMPLES
from program import serving

NAMES = ["M529LMOK.DK0W", "M529LMOK_DK0W_ASCII.TXT", "M529LMP3.O00H", "M529LMP3_O00H_ASCII.TXT"]


@pytest.fixture
def archive(tmp_path: Path) -> wavekeep.Archive:
    archive = wavekeep.Archive(tmp_path / "fleet", create=True)
    archive.import_files([SAMPLES / name for name in NAMES])
    return archive


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


def test_a_report_is_bytes_in_the_format_that_was_asked_for(archive: wavekeep.Archive) -> None:
    assert archive.report("2026-06").startswith(b"%PDF-")
    assert archive.report("2026-06", format="xlsx", language="fr").startswith(b"PK")
    table = rows(archive.report("2026-06", format="csv", curve="din-3", velocity="mm/s"))
    assert [row["filename"] for row in table] == ["M529LMOK.DK0W", "M529LMP3.O00H"]
    expected = {row["id"]: row["vert_in_s"] for row in archive.query()}
    for row in table:
        assert float(row["vert_mm_s"]) == pytest.approx(expected[int(row["id"])] * 25.4, abs=0.006)
    assert table[0]["ground_outcome"] == "exceeds"


def test_a_report_is_written_whole_and_a_file_is_kept(
    archive: wavekeep.Archive, tmp_path: Path
) -> None:
    path = tmp_path / "june.csv"
    written = archive.report("2026-06", path)
    assert path.read_bytes() == written and rows(written)
    with pytest.raises(wavekeep.FileTakenError):
        archive.report("2026-05", path)
    assert path.read_bytes() == written
    archive.report("2026-05", path, overwrite=True)
    assert rows(path.read_bytes()) == []


def test_the_same_print_date_gives_the_same_bytes(archive: wavekeep.Archive) -> None:
    first = archive.report("2026-06", print_date="2026-07-01", curve="din-2")
    assert first == archive.report("2026-06", print_date="2026-07-01", curve="din-2")
    assert first != archive.report("2026-06", print_date="2026-07-02", curve="din-2")


def test_events_are_chosen_as_in_a_query(archive: wavekeep.Archive) -> None:
    def names(**asked: Any) -> list[str]:
        return [row["filename"] for row in rows(archive.report("2026-06", format="csv", **asked))]

    assert names(kind="histogram") == ["M529LMP3.O00H"]
    assert names(location="Garden wall, 12 Mill Lane") == ["M529LMOK.DK0W"]
    assert names(project="none") == []
    assert [row["filename"] for row in archive.query(location="Garden wall, 12 Mill Lane")] == [
        "M529LMOK.DK0W"
    ]


def test_a_template_is_the_letterhead(archive: wavekeep.Archive, tmp_path: Path) -> None:
    template = tmp_path / "office.toml"
    template.write_text('[company]\nname = "Hartmann"\n')
    assert archive.report("2026-06", template=template) != archive.report("2026-06")
    template.write_text("[company]\nnames = 5\n")
    with pytest.raises(wavekeep.BadArgumentError, match="line 2"):
        archive.report("2026-06", template=template)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"period": "May"}, "is no period"),
        ({"period": "2026-06", "curve": "din-9"}, "din-"),
        ({"period": "2026-06", "air_curve": "osmre"}, "air overpressure"),
        ({"period": "2026-06", "language": "xx"}, "language"),
        ({"period": "2026-06", "format": "docx"}, "format"),
        ({"period": "2026-06", "warn_percent": 0}, "above 0"),
        ({"period": "2026-06", "warn_percent": float("nan")}, "."),
        ({"period": "2026-06", "distance_ft": -1}, "negative"),
        ({"period": "2026-06", "print_date": "today"}, "today"),
        ({"period": "2026-06", "path": "june.txt"}, "extension"),
        ({"period": "2026-06", "path": "june.pdf", "format": "csv"}, "ends with"),
    ],
)
def test_what_cannot_be_is_refused(
    archive: wavekeep.Archive, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(wavekeep.BadArgumentError, match=words):
        archive.report(**asked)


def test_a_server_gives_the_same_report(archive: wavekeep.Archive, tmp_path: Path) -> None:
    with serving(Path(archive.where)) as address:
        remote = wavekeep.Archive(address)
        choices: list[dict[str, Any]] = [{"curve": "din-2"}, {"curve": None}, {"kind": "waveform", "format": "csv"}]
        for asked in choices:
            here = archive.report("2026-06", print_date="2026-07-01", **asked)
            there = remote.report("2026-06", print_date="2026-07-01", **asked)
            assert here == there, asked
        with pytest.raises(wavekeep.UnsupportedError, match="--report-template"):
            remote.report("2026-06", template="office.toml")
