"""The DataWriter by the names of its control surface."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import RUNS, counts_of, frame, record
from wavekeep.smurf import DataWriter


def records_of(path: Path) -> list[tuple[int, int, int, bytes]]:
    """Flags, error, channel and payload of each record."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        size, flags, error, channel = struct.unpack_from("<IHBB", data, at)
        found.append((flags, error, channel, data[at + 8 : at + 4 + size]))
        at += 4 + size
    return found


@pytest.mark.parametrize("buffer", [0, 1000, 1 << 20])
def test_the_same_frames_give_the_same_bytes_as_rogues(buffer: int, tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "run.dat", BufferSize=buffer) as writer:
        for flags, error, channel, payload in records_of(RUNS / "basic.dat"):
            assert writer.write(payload, channel, flags, error) in ("written", "buffered")
        assert writer.FrameCount == 25
    assert (tmp_path / "run.dat").read_bytes() == (RUNS / "basic.dat").read_bytes()


def test_a_split_run_has_the_same_pieces_as_rogues(tmp_path: Path) -> None:
    writer = DataWriter(DataFile=str(tmp_path / "split.dat"), MaxFileSize=5000)
    writer.Open()
    pieces = [RUNS / f"split.dat.{number}" for number in range(1, 5)]
    for piece in pieces:
        for flags, error, channel, payload in records_of(piece):
            writer.write(payload, channel, flags, error)
    assert writer.TotalSize == sum(piece.stat().st_size for piece in pieces)
    assert writer.CurrentSize == pieces[-1].stat().st_size
    writer.Close()
    for piece in pieces:
        assert (tmp_path / piece.name).read_bytes() == piece.read_bytes()


def test_a_file_that_is_open_is_split_from_the_next_record_on(tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "run.dat") as writer:
        writer.write(b"x" * 92)
        writer.write(b"x" * 92)
        writer.MaxFileSize = 100
        writer.write(b"x" * 92)
        writer.write(b"x" * 92)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes == {"run.dat": 200, "run.dat.2": 100, "run.dat.3": 100}


def test_errored_frames_are_left_out_on_request(tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "e.dat", DropErrors=True) as writer:
        for flags, error, channel, payload in records_of(RUNS / "errors.dat"):
            assert writer.write(payload, channel, flags, error) == (
                "skipped" if error else "written"
            )
    assert (tmp_path / "e.dat").read_bytes() == (RUNS / "errors_dropped.dat").read_bytes()


def test_raw_mode_writes_payloads_alone(tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "raw.dat", RawMode=True) as writer:
        writer.write(b"one")
        assert writer.write(b"") == "skipped"
        writer.write(bytearray(b"two"))
    assert (tmp_path / "raw.dat").read_bytes() == b"onetwo"


def test_a_file_that_exists_is_refused_unless_overwriting_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "run.dat"
    path.write_bytes(b"precious" * 100)
    writer = DataWriter(DataFile=path)
    with pytest.raises(FileExistsError):
        writer.Open()
    assert writer.IsOpen is False and path.read_bytes() == b"precious" * 100
    writer.Overwrite = True
    writer.Open()
    writer.write(b"A: 1", channel=1)
    writer.Close()
    assert path.read_bytes() == record(b"A: 1", channel=1)


def test_the_surface_is_reached_by_attribute_and_by_name(tmp_path: Path) -> None:
    writer = DataWriter()
    names = {name for name, _, _ in DataWriter.controls()}
    assert {"DataFile", "IsOpen", "BufferSize", "Open", "Close", "AutoName"} <= names
    writer.set("MaxFileSize", np.int64(5000))
    assert writer.MaxFileSize == writer.get("MaxFileSize") == 5000
    assert {"FrameCount", "Open"} <= set(dir(writer))
    writer.DataFile = str(tmp_path / "x.dat")
    writer.command("AutoName")
    assert re.fullmatch(r"data_\d{8}_\d{6}\.dat", Path(str(writer.DataFile)).name)
    assert Path(str(writer.DataFile)).parent == tmp_path


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("IsOpen", True, ValueError),
        ("Volume", 3, AttributeError),
        ("MaxFileSize", -1, ValueError),
        ("MaxFileSize", 2**64, ValueError),
        ("MaxFileSize", 1.5, ValueError),
        ("DropErrors", 3, ValueError),
        ("DataFile", None, ValueError),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: Any, expected: type) -> None:
    writer = DataWriter()
    with pytest.raises(expected) as refused:
        setattr(writer, name, value)
    assert isinstance(refused.value, wavekeep.Error)
    assert not hasattr(writer, "Volume")


def test_a_frame_without_an_open_file_is_an_error(tmp_path: Path) -> None:
    writer = DataWriter()
    with pytest.raises(RuntimeError, match="open"):
        writer.write(b"x")
    with pytest.raises(RuntimeError, match="DataFile"):
        writer.Open()
    writer.DataFile = str(tmp_path / "no" / "run.dat")
    with pytest.raises(FileNotFoundError):
        writer.Open()


def test_a_record_larger_than_a_piece_is_refused_and_recording_goes_on(tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "p.dat", MaxFileSize=100) as writer:
        with pytest.raises(ValueError, match="MaxFileSize"):
            writer.write(bytes(200))
        assert writer.write(b"A: 1", channel=1) == "written" and writer.FrameCount == 1


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    samples = counts_of(range(5), range(30))
    with DataWriter(DataFile=tmp_path / "run.dat") as writer:
        for i in range(30):
            writer.write(frame(samples[:, i], 20 * i, 10**18 + i))
    t, phase, _ = wavekeep.smurf.read_stream_data(tmp_path / "run.dat")
    assert np.array_equal(phase, samples.astype(float) / 32768 * np.pi) and t[29] == 10**18 + 29
