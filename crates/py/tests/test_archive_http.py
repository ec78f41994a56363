"""What is special about an archive behind a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import archive_server
import wavekeep
from conftest import BLAST, NIGHT, SAMPLES
from wavekeep import Archive

Served = tuple[str, archive_server.Held]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.delenv("WAVEKEEP_TOKEN", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with archive_server.serving(tmp_path / "archive") as one:
        one[1].archive.import_files([str(BLAST), str(NIGHT)])
        yield one


def opened(served: Served) -> Archive:
    return Archive(served[0], token=archive_server.TOKEN)


def test_without_the_right_token_the_error_says_how_to_give_it(served: Served) -> None:
    for archive in (Archive(served[0]), Archive(served[0], token="wk_other")):
        with pytest.raises(PermissionError, match="WAVEKEEP_TOKEN") as refused:
            archive.query()
        assert isinstance(refused.value, wavekeep.NotAllowed)
    assert len(opened(served).query()) == 2


def test_a_token_goes_to_no_other_server(served: Served, tmp_path: Path) -> None:
    with archive_server.serving(tmp_path / "other") as (elsewhere, other):
        served[1].instead["/api/v1/units"] = (302, {"Location": f"{elsewhere}/api/v1/units"}, b"")
        with pytest.raises(wavekeep.ServerError, match=elsewhere):
            opened(served).units()
        assert other.requests == []


def test_a_token_that_could_not_be_a_header_is_refused(served: Served) -> None:
    for token in ("a\r\nX: y", "ß", " "):
        with pytest.raises(wavekeep.BadArgument, match="token") as refused:
            Archive(served[0], token=token)
        assert token.strip() not in str(refused.value) or not token.strip()


def test_pages_are_put_together(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wavekeep._archive_http._PAGE", 1)
    rows = opened(served).query(sort="id")
    assert (len({row["id"] for row in rows}), rows.total) == (2, 2)
    lists = [path for _, path, _ in served[1].requests if path.startswith("/api/v1/events?")]
    assert ["after_id=" in path for path in lists] == [False, True]


def test_a_list_that_changes_while_it_is_read_is_read_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wavekeep._archive_http._PAGE", 1)
    _, held = served
    comes = iter([str(SAMPLES / "M529LKIQ.7M0W")])

    def between(path: str) -> None:
        asked = [path for _, path, _ in held.requests]
        if "after_id=" in asked[-1]:
            for late in comes:
                held.archive.import_files([late])

    held.before = between
    assert len(opened(served).query(sort="-id")) == 3


def test_a_server_that_is_not_there_or_none_of_ours(served: Served, tmp_path: Path) -> None:
    with archive_server.serving(tmp_path / "gone") as (gone, _):
        pass
    with pytest.raises(wavekeep.ServerError, match="cannot be reached") as refused:
        Archive(gone, token="x").query()
    assert refused.value.path == gone and isinstance(refused.value, OSError)
    _, held = served
    html = {"Content-Type": "text/html"}
    for status, body in ((200, b"<html>"), (500, b"<html>"), (502, b"{}"), (200, b'{"a": 1}')):
        held.instead["/api/v1/units"] = (status, html, body)
        with pytest.raises(wavekeep.ServerError):
            opened(served).units()
    held.instead["/api/v1/events"] = (200, html, json.dumps({"total": 5}).encode())
    with pytest.raises(wavekeep.ServerError):
        opened(served).query()


def test_addresses_that_are_none_are_refused() -> None:
    for address in ("http://", "https://user@host", "http://host?x=1", "http://host/#a"):
        with pytest.raises(wavekeep.BadArgument):
            Archive(address)
    with pytest.raises(wavekeep.BadArgument):
        Archive("http://host", create=True)


def test_a_path_behind_an_address_is_kept(served: Served) -> None:
    with pytest.raises(KeyError):
        Archive(f"{served[0]}/vibration/", token=archive_server.TOKEN).event(1)
    assert served[1].requests[-1][1] == "/vibration/api/v1/events/1"


def test_names_travel_in_a_form_as_they_are(served: Served, tmp_path: Path) -> None:
    strange = tmp_path / "März, 2.txt"
    strange.write_bytes(b"--\r\nnothing\r\n")
    heard: list[str] = []
    account = opened(served).import_files([strange], each=lambda one: heard.append(one["path"]))
    assert heard == [strange.name] and account["failures"][0]["path"] == strange.name


def test_what_only_a_folder_can_says_so(served: Served) -> None:
    archive = opened(served)
    with pytest.raises(wavekeep.Unsupported, match="where its files are"):
        archive.verify()
    with pytest.raises(wavekeep.Unsupported, match="adopt"):
        archive.import_files(BLAST, adopt=True)
