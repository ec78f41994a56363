"""Long calls end when they are asked to: by Ctrl-C, and by an exception of a callback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import wavekeep
from conftest import BLAST, DAMAGED, NIGHT, RUNS, counts_of, make_run

#: Hashing so much takes longer than anybody waits.
ENDLESS = 1 << 40


class Enough(Exception):
    pass


def raising(*_: Any) -> None:
    raise Enough


@pytest.fixture
def archive(tmp_path: Path) -> wavekeep.Archive:
    archive = wavekeep.Archive(tmp_path / "archive", create=True)
    archive.import_files([BLAST, DAMAGED, NIGHT])
    return archive


def endless_archive(folder: Path) -> wavekeep.Archive:
    """An archive with a run that cannot be hashed to its end."""
    path = make_run(folder / "long.dat", counts_of(range(2), range(10)))
    archive = wavekeep.Archive(folder / "archive", create=True)
    archive.import_files([path], adopt=True)
    os.truncate(path, ENDLESS)
    return archive


INTERRUPTED = """
# Jobs in the background of a shell are started with SIGINT ignored.
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import wavekeep
archive = wavekeep.Archive(sys.argv[1])
print('working', flush=True)
try:
    {call}
except KeyboardInterrupt:
    print('ended', flush=True)
"""


@pytest.mark.parametrize(
    "call",
    [
        "archive.verify()",
        "archive.import_files([sys.argv[2]], adopt=True)",
        "archive.import_files([sys.argv[2]])",
    ],
)
def test_control_c_ends_a_verification_and_an_import(call: str, tmp_path: Path) -> None:
    endless_archive(tmp_path)
    if "import" in call and "adopt" not in call:
        # A run of this name is there, and compared as far as it goes.
        (tmp_path / "archive" / tmp_path.name).mkdir(exist_ok=True)
        with open(tmp_path / "archive" / tmp_path.name / "long.dat", "wb") as file:
            file.write((tmp_path / "long.dat").open("rb").read(1000))
            file.truncate(ENDLESS)
    code = INTERRUPTED.format(call=call)
    command = [sys.executable, "-c", code, str(tmp_path / "archive"), str(tmp_path / "long.dat")]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "working\n"
    time.sleep(0.5)
    assert child.poll() is None
    os.kill(child.pid, signal.SIGINT)
    # Without an end it would take hours.
    assert child.communicate(timeout=60)[0] == "ended\n"


def test_an_exception_of_a_callback_ends_a_verification(archive: wavekeep.Archive) -> None:
    with pytest.raises(Enough):
        archive.verify(progress=raising)
    reported: list[tuple[int, int]] = []
    assert archive.verify(progress=lambda done, of: reported.append((done, of)))["findings"] == []
    assert reported[-1] == (3, 3) and [done for done, _ in reported] == sorted(done for done, _ in reported)


def test_an_exception_of_a_callback_ends_an_import(archive: wavekeep.Archive) -> None:
    with pytest.raises(Enough):
        archive.import_files([BLAST], each=raising)
    with pytest.raises(Enough):
        archive.import_files([BLAST], progress=raising)
    assert archive.verify()["findings"] == []


def test_an_exception_ends_a_verification_of_what_has_no_end(tmp_path: Path) -> None:
    archive = endless_archive(tmp_path)
    archive.import_files([BLAST])
    # The event is verified while the run is hashed.
    with pytest.raises(Enough):
        archive.verify(progress=raising)


def test_imports_verifications_and_saves_have_a_bar(
    archive: wavekeep.Archive, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    archive.import_files([BLAST, NIGHT], progress=True)
    assert "2 files" in capfd.readouterr().err
    archive.verify(progress=True)
    assert "3/3" in (err := capfd.readouterr().err) and "events" in err
    wavekeep.open_stream(RUNS / "basic.dat").save(tmp_path / "r.npy", progress=True)
    assert "20.0/20.0" in (err := capfd.readouterr().err) and "frames" in err
    counted: list[tuple[int, int]] = []
    archive.import_files([BLAST, NIGHT], progress=lambda done, of: counted.append((done, of)))
    assert counted == [(1, 0), (2, 0)]
