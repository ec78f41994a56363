"""Errors that a person can act on, of the types that one expects."""

from __future__ import annotations

import inspect
import os
import pickle
from pathlib import Path

import pytest

import wavekeep
from conftest import BLAST, ROOT, SAMPLES


def test_every_error_is_one_of_ours() -> None:
    kinds = [
        one
        for name in wavekeep.__all__
        if inspect.isclass(one := getattr(wavekeep, name)) and issubclass(one, Exception)
    ]
    ours = [kind for kind in kinds if kind is not wavekeep.DamageWarning]
    assert len(ours) > 15 and all(issubclass(kind, wavekeep.Error) for kind in ours)
    assert issubclass(wavekeep.DamageWarning, UserWarning)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as refused:
        wavekeep.open(tmp_path / "nowhere.dat0")
    error = refused.value
    assert isinstance(error, wavekeep.FileMissing)
    assert error.path == str(tmp_path / "nowhere.dat0") and error.errno == 2
    assert str(error).startswith(str(tmp_path))


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OSError) as refused:
            wavekeep.open(path)
        assert isinstance(refused.value, wavekeep.NotAFile)


def test_a_file_of_another_kind_says_what_it_begins_with() -> None:
    with pytest.raises(wavekeep.NotThisFormat) as refused:
        wavekeep.open(ROOT / "README.md")
    assert refused.value.path == str(ROOT / "README.md")
    assert refused.value.found == "23 20 77 61 76 65 6b 65"
    assert "Blastware" in str(refused.value.expected) and isinstance(refused.value, ValueError)


def test_a_malformed_file_says_where(tmp_path: Path) -> None:
    whole = bytearray((ROOT / "crates/gnz/tests/data/typical.gnz").read_bytes())
    whole[8] = ord("]")
    (tmp_path / "bad.gnz").write_bytes(whole)
    with pytest.raises(wavekeep.Malformed) as refused:
        wavekeep.open(tmp_path / "bad.gnz")
    assert refused.value.offset == 8
    (tmp_path / "M529LKIQ.7M0W").write_bytes(BLAST.read_bytes()[:30])
    with pytest.raises(wavekeep.Malformed) as refused:
        wavekeep.open(tmp_path / "M529LKIQ.7M0W")
    assert refused.value.offset is not None and refused.value.expected and refused.value.found


def test_a_limit_is_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "M529LKIQ.7M0W"
    path.write_bytes(BLAST.read_bytes()[:512])
    os.truncate(path, 1 << 30)
    with pytest.raises(wavekeep.Limit) as refused:
        wavekeep.open(path)
    assert refused.value.found == str(1 << 30)


def test_arguments_that_make_no_sense_are_value_errors() -> None:
    rec = wavekeep.open(BLAST)
    for frames in ("all", 5, (1, 2, 3), slice(0, 10, 2), range(0, 9, 3), ("a", "b")):
        with pytest.raises(ValueError):
            rec.read(frames=frames)  # type: ignore[arg-type]
    for time in (3, (1,), ("now", None)):
        with pytest.raises(ValueError):
            rec.read(time=time)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sensitive"):
        wavekeep.open(  # type: ignore[call-overload]
            SAMPLES / "M529LKIQ.7M0W", geophone_range="huge"
        )
    with pytest.raises(TypeError):
        wavekeep.open(5)  # type: ignore[call-overload]


def test_errors_can_be_pickled_and_keep_what_they_say() -> None:
    for kind in (wavekeep.Malformed, wavekeep.FileMissing, wavekeep.NoSuchChannel):
        error = pickle.loads(pickle.dumps(kind("gone", path="a.dat", offset=3)))
        assert (type(error), str(error), error.path, error.offset) == (kind, "gone", "a.dat", 3)
    report = wavekeep.Report(True, (wavekeep.Note("damage", "cut", "cut short"),))
    warning = pickle.loads(pickle.dumps(wavekeep.DamageWarning("cut", report)))
    assert str(warning) == "cut" and warning.report == report


def test_paths_of_every_kind_are_taken(tmp_path: Path) -> None:
    for path in (BLAST, str(BLAST), os.fsencode(BLAST)):
        assert len(wavekeep.open(path)) == 4
    odd = os.fsencode(tmp_path) + b"/M529LM\xff.DK0W"
    Path(os.fsdecode(odd)).write_bytes(BLAST.read_bytes())
    assert wavekeep.open(os.fsdecode(odd)).keys() == wavekeep.open(BLAST).keys()
