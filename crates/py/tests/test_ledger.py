"""The ledger of an archive, here and behind a server."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

import program
import wavekeep
from conftest import BLAST, NIGHT
from wavekeep import Archive, Head


@dataclass
class Place:
    """An archive with two events, and the folder where its files are."""

    archive: Archive
    folder: Path
    is_server: bool


@pytest.fixture(params=["folder", "server"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    folder = tmp_path / "archive"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("WAVEKEEP_TOKEN", raising=False)
    Archive(folder, create=True).import_files([BLAST, NIGHT])
    if request.param == "folder":
        yield Place(Archive(folder), folder, False)
        return
    with program.serving(folder) as address:
        yield Place(Archive(address), folder, True)


def id_of(archive: Archive, path: Path) -> int:
    (found,) = (row for row in archive.query() if row["filename"] == path.name)
    number: int = found["id"]
    return number


def lose(place: Place, path: Path) -> None:
    (sidecar,) = place.folder.rglob(f"{path.name}.sfm.json")
    sidecar.unlink()


def test_a_head_says_size_root_and_time(place: Place) -> None:
    head = place.archive.head()
    assert (head.size, len(head.root), len(head.archive)) == (3, 64, 32)
    assert isinstance(head.time, datetime) and head.time.tzinfo == timezone.utc
    assert str(head).startswith("wavekeep head 1\n")


def test_a_head_is_read_from_its_text(place: Place) -> None:
    head = place.archive.head()
    assert Head.parse(str(head)) == head == pickle.loads(pickle.dumps(head))
    short = Head.parse(f"{head.size}:{head.root}")
    assert (short.size, short.root, short.archive, short.time) == (head.size, head.root, "", None)


def test_what_is_no_head_is_malformed() -> None:
    for text in ("", "wavekeep head 1\narchive x", "wavekeep head 2\n"):
        with pytest.raises(wavekeep.MalformedError, match="head"):
            Head.parse(text)


def test_the_ledger_lists_what_happened_the_latest_first(place: Place) -> None:
    place.archive.review(id_of(place.archive, BLAST), false_trigger=True, who="ada")
    rows = place.archive.ledger()
    assert [row["entry"] for row in rows] == [4, 3, 2, 1]
    assert [row["action"] for row in rows] == ["review", "import", "import", "begin"]
    assert rows[0]["at"].tzinfo == timezone.utc and len(rows[0]["leaf"]) == 64
    assert rows[0]["more"]["review"]["after"]["review"]["false_trigger"] is True
    assert rows[0]["previous"] == rows[1]["leaf"]
    assert (rows[0]["who"] == "ada") is not place.is_server
    assert (rows[0]["from"] == "127.0.0.1") is place.is_server


def test_the_ledger_of_an_event_has_its_entries_alone(place: Place) -> None:
    id = id_of(place.archive, NIGHT)
    (row,) = place.archive.ledger(id)
    assert (row["event_id"], row["filename"], row["earlier"]) == (id, NIGHT.name, None)
    assert NIGHT.name in row["files"]
    assert len(place.archive.ledger(limit=2)) == 2


def test_the_ledger_becomes_a_data_frame(place: Place) -> None:
    frame = place.archive.ledger().to_pandas()
    assert str(frame["at"].dt.tz) == "UTC" and frame["entry"].dtype == "Int64"
    none = place.archive.ledger(limit=0).to_pandas()
    assert list(none.columns) == list(frame.columns)


def test_an_event_that_never_was_has_no_ledger(place: Place) -> None:
    with pytest.raises(wavekeep.NoSuchEventError, match="99"):
        place.archive.ledger(99)


def test_an_event_that_is_lost_is_forgotten_and_its_entries_stay(place: Place) -> None:
    id = id_of(place.archive, BLAST)
    lose(place, BLAST)
    entry = place.archive.forget(id, reason="the disk failed")
    assert (entry["action"], entry["more"]) == ("forget", {"reason": "the disk failed"})
    assert id not in place.archive
    assert [row["action"] for row in place.archive.ledger(id)] == ["forget", "import"]


def test_an_event_whose_files_are_there_is_not_forgotten(place: Place) -> None:
    id = id_of(place.archive, BLAST)
    with pytest.raises(wavekeep.NotLostError, match="remove"):
        place.archive.forget(id, reason="a test")
    assert id in place.archive


def test_an_event_is_removed_with_its_files(place: Place) -> None:
    id = id_of(place.archive, BLAST)
    entry = place.archive.remove(id, reason="of another site", who="ada")
    assert entry["action"] == "remove" and entry["event_id"] == id
    assert id not in place.archive
    left = [path.relative_to(place.folder).parts for path in place.folder.rglob(f"{BLAST.name}*")]
    # They are kept until `wavekeep purge`.
    assert left and all(parts[:2] == (".wavekeep", "removed") for parts in left)


def test_nothing_is_let_go_of_without_a_reason(place: Place) -> None:
    id = id_of(place.archive, BLAST)
    with pytest.raises(wavekeep.BadArgumentError, match="reason"):
        place.archive.remove(id, reason=" ")
    assert id in place.archive


def test_an_event_that_is_not_there_is_not_removed(place: Place) -> None:
    with pytest.raises(wavekeep.NoSuchEventError, match="99"):
        place.archive.remove(99, reason="a test")


def test_what_came_since_a_head_is_no_finding(place: Place, tmp_path: Path) -> None:
    head = place.archive.head()
    place.archive.review(id_of(place.archive, BLAST), false_trigger=True)
    file = tmp_path / "head.txt"
    file.write_text(str(head))
    archive = Archive(place.folder)
    for since in (head, str(head), f"{head.size}:{head.root}", file, str(file)):
        found = archive.verify(since=since)
        assert found["findings"] == [] and found["since"]["grown"] == {"yes": {"added": 1}}


def test_a_ledger_that_was_begun_anew_is_a_finding(tmp_path: Path) -> None:
    head = Archive(tmp_path / "one", create=True).head()
    other = Archive(tmp_path / "other", create=True)
    assert other.verify(since=head)["findings"]


def test_a_file_that_holds_no_head_is_an_error(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive", create=True)
    file = tmp_path / "head.txt"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(wavekeep.MalformedError):
        archive.verify(since=file)
    with pytest.raises(wavekeep.FileMissingError):
        archive.verify(since=tmp_path / "nowhere")
    with pytest.raises(wavekeep.BadArgumentError):
        archive.verify(since=17)  # type: ignore[arg-type]
